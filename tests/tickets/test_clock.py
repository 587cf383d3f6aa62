"""Terms in working days: cases counted by hand on the wall calendar of 2026."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from config.load import DEFAULT, load
from tickets import clock
from tickets.clock import Due, Hours, Left
from workdays.days import Calendar, Kind
from workdays.reading import without_database

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = Hours(time(8, 30), time(12), time(14, 30), time(17, 30), time(12), ZONE)
NO_LUNCH = Hours(time(9), time(12), time(12), time(17), time(12), ZONE)


def as_of(year: int) -> Calendar:
    """The whole country while no notice after that of `year` is out."""
    known = without_database("")
    return Calendar(
        {day: kind for day, kind in known.days.items() if day.year <= year},
        frozenset(one for one in known.announced_years if one <= year),
    )


COUNTRY = without_database("")
LAST_KNOWN = as_of(2026)
GUANGXI = without_database("450900")


def ms(moment: str) -> int:
    """A moment of Beijing, `2026-02-12 10:00`; a day alone is its end of business."""
    moment = moment if " " in moment else f"{moment} 17:30"
    return int(datetime.fromisoformat(moment).replace(tzinfo=ZONE).timestamp()) * 1000


def due(moment: str, days: int, calendar: Calendar = COUNTRY) -> Due:
    return clock.deadline(calendar, HOURS, ms(moment), days)


@pytest.mark.parametrize(
    ("begins", "days", "ends"),
    [
        # An ordinary week: the day of delivery does not count, whatever its hour.
        ("2026-03-10 00:00", 1, "2026-03-11"),
        ("2026-03-10 23:59", 1, "2026-03-11"),
        ("2026-03-13 09:00", 1, "2026-03-16"),
        ("2026-03-14 09:00", 1, "2026-03-16"),
        # 春节 2026: 15 to 23 February off, 14 and 28 February (Saturdays) worked.
        ("2026-02-12 10:00", 1, "2026-02-13"),
        ("2026-02-12 10:00", 2, "2026-02-14"),
        ("2026-02-12 10:00", 3, "2026-02-24"),
        ("2026-02-12 10:00", 7, "2026-02-28"),
        ("2026-02-12 10:00", 8, "2026-03-02"),
        ("2026-02-18 10:00", 1, "2026-02-24"),
        # 国庆 2026: 20 September (Sunday) and 10 October (Saturday) worked, 中秋 25 to 27
        # September and 1 to 7 October off.
        ("2026-09-18 10:00", 1, "2026-09-20"),
        ("2026-09-18 10:00", 5, "2026-09-24"),
        ("2026-09-18 10:00", 6, "2026-09-28"),
        ("2026-09-30 10:00", 1, "2026-10-08"),
        ("2026-09-30 10:00", 3, "2026-10-10"),
        ("2026-09-30 10:00", 4, "2026-10-12"),
        # 元旦 2026: 1 to 3 January off, Sunday the 4th worked.
        ("2025-12-31 10:00", 1, "2026-01-04"),
    ],
)
def test_given_the_days_of_2026_when_counted_by_hand_then_the_same_day(
    begins: str, days: int, ends: str
) -> None:
    assert due(begins, days) == Due(ms(ends), provisional=False)


@pytest.mark.parametrize(
    ("begins", "days", "country", "guangxi"),
    [
        # 三月三 of 2026: Friday 17 and Monday 20 April, in Guangxi alone.
        ("2026-04-16 10:00", 1, "2026-04-17", "2026-04-21"),
        ("2026-04-16 10:00", 5, "2026-04-23", "2026-04-27"),
        ("2026-04-10 10:00", 5, "2026-04-17", "2026-04-21"),
        ("2026-04-21 10:00", 1, "2026-04-22", "2026-04-22"),
    ],
)
def test_given_san_yue_san_then_only_its_region_has_the_days_off(
    begins: str, days: int, country: str, guangxi: str
) -> None:
    assert due(begins, days).ms == ms(country)
    assert due(begins, days, GUANGXI).ms == ms(guangxi)


def test_given_2028_not_announced_then_weekdays_and_the_law_decide_and_the_date_says_so() -> None:
    calendar = Calendar({date(2027, 1, 1): "off"}, frozenset({2026, 2027}))
    certain = clock.deadline(calendar, HOURS, ms("2027-12-24 10:00"), 1)
    assert certain == Due(ms("2027-12-27"), provisional=False)
    # 元旦 of 2028 may still take 31 December, or give the weekend before for it.
    lent = clock.deadline(calendar, HOURS, ms("2027-12-24 10:00"), 2)
    assert lent == Due(ms("2027-12-28"), provisional=True)
    beyond = clock.deadline(calendar, HOURS, ms("2027-12-30 10:00"), 2)
    # New Year's Day is a Saturday, made good on Monday the 3rd.
    assert beyond == Due(ms("2028-01-04"), provisional=True)


@pytest.mark.parametrize(
    ("begins", "days", "ends"),
    [
        # 春节 2027: 除夕 on Friday 5 February, 初一 to 初三 until Monday; Saturday and Sunday are
        # made good on the 9th and 10th.
        ("2027-02-03 10:00", 1, "2027-02-04"),
        ("2027-02-03 10:00", 2, "2027-02-11"),
        ("2027-02-04 10:00", 2, "2027-02-12"),
        ("2027-02-04 10:00", 3, "2027-02-15"),
        # 清明 on Monday 5 April; 端午 on Wednesday 9 June; 中秋 on Wednesday 15 September.
        ("2027-04-02 10:00", 1, "2027-04-06"),
        ("2027-06-08 10:00", 1, "2027-06-10"),
        ("2027-09-14 10:00", 1, "2027-09-16"),
        # 劳动节 2027: Saturday and Sunday, made good on Monday and Tuesday.
        ("2027-04-30 10:00", 1, "2027-05-05"),
        # 劳动节 2028: Monday and Tuesday.
        ("2028-04-28 10:00", 1, "2028-05-03"),
        # 国庆 2028: Sunday to Tuesday, and 中秋 is the Tuesday: Wednesday and Thursday.
        ("2028-09-29 10:00", 1, "2028-10-06"),
    ],
)
def test_given_no_notice_then_the_days_of_the_law_are_off_all_the_same(
    begins: str, days: int, ends: str
) -> None:
    assert due(begins, days, LAST_KNOWN) == Due(ms(ends), provisional=True)


def test_given_a_year_announced_but_not_san_yue_san_then_only_terms_across_it_are_provisional() -> (
    None
):
    known = GUANGXI.announced_years | {2027}
    calendar = Calendar(GUANGXI.days, known, GUANGXI.uncertain)
    assert due("2027-04-08 10:00", 1, calendar) == Due(ms("2027-04-13"), provisional=True)
    assert not due("2027-04-13 10:00", 1, calendar).provisional
    assert not due("2027-04-07 10:00", 1, calendar).provisional


def test_given_a_half_day_then_it_counts_and_ends_early() -> None:
    calendar = Calendar({date(2026, 3, 11): "half"}, frozenset({2026}))
    assert due("2026-03-10 10:00", 1, calendar).ms == ms("2026-03-11 12:00")
    assert due("2026-03-10 10:00", 2, calendar).ms == ms("2026-03-12")


@pytest.mark.parametrize(
    ("begins", "days", "ends"),
    [
        ("2026-03-10 10:00", 30, "2026-04-09"),
        # 4 April is 清明, off until the 6th: forward to the 7th (民法典 203).
        ("2026-03-05 10:00", 30, "2026-04-07"),
        # 90 days from 3 July: 1 October, forward past 国庆.
        ("2026-07-03 10:00", 90, "2026-10-08"),
        # A make-up Saturday is a working day.
        ("2026-01-15 10:00", 30, "2026-02-14"),
    ],
)
def test_given_natural_days_then_a_day_off_at_the_end_falls_forward(
    begins: str, days: int, ends: str
) -> None:
    assert clock.natural(COUNTRY, HOURS, ms(begins), days) == Due(ms(ends), provisional=False)


@pytest.mark.parametrize("days", [0, -1])
def test_given_no_days_then_it_is_refused(days: int) -> None:
    for count in (clock.deadline, clock.natural):
        with pytest.raises(ValueError, match="at least one day"):
            count(COUNTRY, HOURS, ms("2026-03-10 10:00"), days)


def test_given_a_calendar_without_working_days_then_it_is_refused() -> None:
    class Never(Calendar):
        def kind(self, day: date) -> Kind:
            return "off"

    for count in (clock.deadline, clock.natural, clock.ahead, clock.back):
        with pytest.raises(ValueError, match="no such working day"):
            count(Never(), HOURS, ms("2026-03-10 10:00"), 1)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ((time(9), time(8), time(13), time(17), time(12)), "not in order"),
        ((time(9), time(12), time(11), time(17), time(12)), "not in order"),
        ((time(9), time(12), time(17), time(17), time(12)), "not in order"),
        ((time(9), time(12), time(13), time(17), time(9)), "half day"),
        ((time(9), time(12), time(13), time(17), time(18)), "half day"),
    ],
)
def test_given_hours_out_of_order_then_they_are_refused(
    times: tuple[time, time, time, time, time], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Hours(*times, ZONE)


@pytest.mark.parametrize(
    ("now", "ends", "left"),
    [
        # The morning's last hour, lunch left out, and the afternoon's three.
        ("2026-03-10 11:00", "2026-03-10", Left(0, 4, 0, late=False)),
        ("2026-03-10 12:00", "2026-03-10", Left(0, 3, 0, late=False)),
        ("2026-03-10 13:10", "2026-03-10", Left(0, 3, 0, late=False)),
        ("2026-03-10 17:29", "2026-03-10", Left(0, 0, 1, late=False)),
        ("2026-03-10 17:30", "2026-03-10", Left(0, 0, 0, late=False)),
        # What is left of today, and whole days behind it; nights and weekends do not count.
        ("2026-03-10 16:00", "2026-03-12", Left(2, 1, 30, late=False)),
        ("2026-03-13 18:00", "2026-03-16", Left(1, 0, 0, late=False)),
        ("2026-03-14 08:00", "2026-03-16", Left(1, 0, 0, late=False)),
        # Late: a day at 18:00 has not begun to count, the next morning has.
        ("2026-03-10 18:00", "2026-03-10", Left(0, 0, 0, late=True)),
        ("2026-03-11 09:15", "2026-03-10", Left(0, 0, 45, late=True)),
        ("2026-03-11 17:30", "2026-03-10", Left(1, 0, 0, late=True)),
        ("2026-03-17 08:00", "2026-03-13", Left(1, 0, 0, late=True)),
        # The hours of a place were changed: parts of two days add up to a whole one of 6 h 30.
        ("2026-03-10 14:00", "2026-03-11 15:30", Left(1, 1, 0, late=False)),
    ],
)
def test_given_now_and_a_deadline_then_what_is_left_in_working_time(
    now: str, ends: str, left: Left
) -> None:
    assert clock.remaining(COUNTRY, HOURS, ms(now), ms(ends)) == left


def test_given_a_half_day_then_what_is_left_of_it_ends_with_it() -> None:
    calendar = Calendar({date(2026, 3, 11): "half"}, frozenset({2026}))
    ends = ms("2026-03-11 12:00")
    assert clock.remaining(calendar, HOURS, ms("2026-03-11 10:00"), ends) == Left(0, 2, 0, False)
    assert clock.remaining(calendar, HOURS, ms("2026-03-10 16:30"), ends) == Left(1, 1, 0, False)
    afternoon = Hours(time(8, 30), time(12), time(14, 30), time(17, 30), time(15, 30), ZONE)
    ends = clock.deadline(calendar, afternoon, ms("2026-03-10 10:00"), 1).ms
    assert clock.remaining(calendar, afternoon, ms("2026-03-11 11:00"), ends) == Left(
        0, 2, 0, late=False
    )


def test_given_no_lunch_break_then_the_day_is_one_span() -> None:
    assert clock.remaining(COUNTRY, NO_LUNCH, ms("2026-03-10 11:30"), ms("2026-03-10 17:00")) == (
        Left(0, 5, 30, late=False)
    )


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (Left(2, 3, 20, late=False), "2 个工作日 3 小时"),
        (Left(1, 0, 5, late=False), "1 个工作日"),
        (Left(0, 3, 20, late=False), "3 小时 20 分钟"),
        (Left(0, 0, 40, late=True), "40 分钟"),
        (Left(0, 0, 0, late=True), "不足 1 分钟"),
    ],
)
def test_given_what_is_left_then_in_words(left: Left, said: str) -> None:
    assert clock.in_words(left) == said


def test_given_a_suspension_then_the_days_that_were_left_follow_it() -> None:
    """Five days from 9 March; stopped on the 11th with three left, resumed on the 20th."""
    ends = due("2026-03-09 10:00", 5).ms
    assert ends == ms("2026-03-16")
    left = clock.working_days_between(COUNTRY, HOURS, ms("2026-03-11 15:00"), ends)
    assert left == 3
    assert due("2026-03-20 09:00", left).ms == ms("2026-03-25")


@pytest.mark.parametrize(
    ("count", "moment", "hours", "expected"),
    [
        (clock.ahead, "2026-03-10 09:00", 4, "2026-03-10 15:30"),
        (clock.ahead, "2026-03-10 14:30", 3, "2026-03-10 17:30"),
        (clock.ahead, "2026-03-10 15:30", 4, "2026-03-11 10:30"),
        (clock.ahead, "2026-03-13 18:00", 4, "2026-03-16 15:00"),
        (clock.back, "2026-03-16 15:00", 4, "2026-03-16 08:30"),
        (clock.back, "2026-03-16 10:30", 4, "2026-03-13 15:30"),
        (clock.back, "2026-03-15 10:00", 1, "2026-03-13 16:30"),
    ],
)
def test_given_working_hours_then_the_moment_so_many_away(
    count: object, moment: str, hours: int, expected: str
) -> None:
    assert callable(count)
    assert count(COUNTRY, HOURS, ms(moment), hours) == ms(expected)


# --- docs/clocks.md ---

DOCS = (DEFAULT.parents[1] / "docs" / "clocks.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^\| (?:\w{3} (\S+ \d\d:\d\d)|the same, region 45…) \| (\d+)( natural)? "
    r"\| \w{3} (?:(\d{4})-)?(\d\d-\d\d)(?: 17:30)?(, provisional)? \|",
    re.MULTILINE,
)


def test_the_worked_examples_of_the_docs_are_what_the_clock_says() -> None:
    told = EXAMPLE.findall(DOCS)
    assert len(told) == 9
    begins = ""
    for begin, days, is_natural, year, day, provisional in told:
        calendar = COUNTRY if begin else GUANGXI
        begins = begin or begins
        if begins.startswith("2027"):
            announced = {2027} if year == "2028" else set()
            calendar = Calendar(LAST_KNOWN.days, LAST_KNOWN.announced_years | announced)
        count = clock.natural if is_natural else clock.deadline
        expected = Due(ms(f"{year or begins[:4]}-{day}"), provisional=bool(provisional))
        assert count(calendar, HOURS, ms(begins), int(days)) == expected, (begins, days)


def test_the_periods_of_the_docs_are_the_shipped_ones() -> None:
    shipped_ones = load(DEFAULT, environ={}).clocks.periods
    for names, figures in re.findall(r"^\| (`\w+_days`[^|]*) \| ([\d, ]+) \|", DOCS, re.MULTILINE):
        told = zip(re.findall(r"`(\w+)`", names), figures.split(", "), strict=True)
        assert {name: int(figure) for name, figure in told}.items() <= shipped_ones.items()
