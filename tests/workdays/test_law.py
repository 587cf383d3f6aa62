"""The law's days off, held against every notice since 2014 and against known dates until 2050."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from workdays import law
from workdays.shipped import THIRD_OF_THIRD

ONE = timedelta(1)
# 初一 as printed almanacs have it.
NEW_YEARS = [
    "2027-02-06",
    "2028-01-26",
    "2029-02-13",
    "2030-02-03",
    "2031-01-23",
    "2032-02-11",
    "2033-01-31",
    "2034-02-19",
    "2035-02-08",
    "2036-01-28",
    "2037-02-15",
    "2038-02-04",
    "2039-01-24",
    "2040-02-12",
    "2041-02-01",
    "2042-01-22",
    "2043-02-10",
    "2044-01-30",
    "2045-02-17",
    "2046-02-06",
    "2047-01-26",
    "2048-02-14",
    "2049-02-02",
    "2050-01-23",
]
NAMES = {
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明",
    "Dragon Boat Festival": "端午",
    "Mid-autumn Festival": "中秋",
}


def by_lunar(year: int) -> dict[str, set[date]]:
    """The law's days that move with the moon or the sun's term, by what their month can be."""
    days = {day for day in law.holidays(year) if (day.month, day.day) not in law.FIXED}
    spring = {day for day in days if day.month < 3}
    qingming = {day for day in days if (day.month, day.day) in {(4, 4), (4, 5), (4, 6)}}
    dragon = {day for day in days if day.month in (5, 6)}
    autumn = days - spring - qingming - dragon
    return {"春节": spring, "清明": qingming, "端午": dragon, "中秋": autumn}


@pytest.mark.parametrize("year", range(2014, 2027))
def test_every_notice_names_the_days_of_the_law(year: int) -> None:
    """Under the names that the notices give them; 除夕 was not in the law from 2014 to 2024."""
    for name, days in by_lunar(year).items():
        for day in sorted(days)[1 if name == "春节" and year < 2025 else 0 :]:
            assert day in chinese_calendar.holidays, day
            detail = chinese_calendar.holidays[day]
            # 中秋 within 国庆 goes by the longer one's name.
            assert NAMES.get(detail, "国庆" if day.month == 10 else detail) in (name, "国庆"), day


@pytest.mark.parametrize("year", [*range(2016, 2020), *range(2021, 2027)])
def test_a_year_has_as_many_weekdays_off_as_its_notice_comes_to(year: int) -> None:
    """Long holidays are made of weekends and make-up days; what is left is what the law gives.

    Two days fewer before the amendment of 2024. Left out: 2015 (3 September) and 2020 (a longer
    春节), both given once beside the law.
    """
    off = sum(day.isoweekday() < 6 for day in chinese_calendar.holidays if day.year == year)
    made_up = sum(day.year == year for day in chinese_calendar.workdays)
    ours = sum(day.isoweekday() < 6 for day in law.days_off(year))
    assert off - made_up == ours - (2 if year < 2025 else 0)


@pytest.mark.parametrize("year", [2025, 2026])
def test_under_the_law_as_it_is_every_holiday_itself_is_off_by_the_notice(year: int) -> None:
    assert set(law.holidays(year)) <= {day for day in chinese_calendar.holidays if day.year == year}


@pytest.mark.parametrize("new_year", [date.fromisoformat(day) for day in NEW_YEARS])
def test_spring_festival_is_the_eve_and_three_days(new_year: date) -> None:
    assert by_lunar(new_year.year)["春节"] == {new_year + n * ONE for n in (-1, 0, 1, 2)}


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2027, "04-05 06-09 09-15"),
        (2028, "04-04 05-28"),  # 中秋 is 3 October
        (2029, "04-04 06-16 09-22"),
        (2030, "04-05 06-05 09-12"),
        (2033, "04-04 06-01 09-08"),
        (2038, "04-05 06-07 09-13"),
        (2044, "04-04 05-31 10-05"),
        (2050, "04-04 06-23 09-30"),
    ],
)
def test_the_other_days_of_the_moon_as_known(year: int, days: str) -> None:
    found = by_lunar(year)
    ours = sorted(found["清明"] | found["端午"] | found["中秋"])
    assert " ".join(f"{day:%m-%d}" for day in ours) == days


@pytest.mark.parametrize("year", range(2025, law.LAST_YEAR + 1))
def test_a_year_has_thirteen_weekdays_off_however_they_fall(year: int) -> None:
    off = law.days_off(year)
    assert len(law.holidays(year)) == 13
    assert set(law.holidays(year)) <= off
    assert sum(day.isoweekday() < 6 for day in off) == 13
    assert {day.year for day in off} == {year}


def test_beyond_the_lunar_calendar_the_days_of_the_sun_are_left() -> None:
    assert date(2101, 10, 1) in law.days_off(2101)
    assert sum(day.isoweekday() < 6 for day in law.days_off(2101)) == 6
    assert law.third_of_third(2101) == ()
    for year in (1, 1899, 9999):
        assert date(year, 10, 1) in law.days_off(year)


def test_third_of_third_is_near_what_was_named() -> None:
    for year, (_, named) in THIRD_OF_THIRD.items():
        guess = law.third_of_third(year)
        assert len(guess) == len(named) == 2
        assert abs(guess[0] - named[0]) <= timedelta(3)
    assert law.third_of_third(2027) == (date(2027, 4, 9), date(2027, 4, 12))
    assert law.third_of_third(2028) == (date(2028, 3, 28), date(2028, 3, 29))
    # 初三 on a Sunday: the next working day, and the one after it.
    assert law.third_of_third(2026) == (date(2026, 4, 20), date(2026, 4, 21))
