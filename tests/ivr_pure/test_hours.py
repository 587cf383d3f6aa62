"""Open or closed, read by hand off the announced calendars of 2025 and 2026, and by a place's own
days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.model import Hours
from ivr import hours as line_hours
from ivr.hours import Reason, Staffing
from workdays.days import Calendar, Kind
from workdays.reading import without_database

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = Hours(
    name="office",
    opens=time(8, 30),
    closes=time(17, 30),
    weekdays=(1, 2, 3, 4, 5),
    follow_public_holidays=True,
    closed_on=(),
    closed_greeting="closed",
    closed_queue=None,
)


COUNTRY = without_database("")
HALF_CLOSES = time(12)


def staffing(hours: Hours, moment: datetime, calendar: Calendar = COUNTRY) -> Staffing:
    return line_hours.staffing(hours, moment, calendar, HALF_CLOSES)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("moment", "open_", "reason"),
    [
        # 春节 2026: off from Sunday 15 to Monday 23 February; Saturdays 14 and 28 are made up
        ("2026-02-13 10:00", True, "open"),
        ("2026-02-14 10:00", True, "make_up_day"),
        ("2026-02-14 18:00", False, "after_closing"),
        ("2026-02-15 10:00", False, "holiday"),
        ("2026-02-16 10:00", False, "holiday"),
        ("2026-02-17 10:00", False, "holiday"),
        ("2026-02-23 10:00", False, "holiday"),
        ("2026-02-24 10:00", True, "open"),
        ("2026-02-28 08:29", False, "before_opening"),
        ("2026-02-28 08:30", True, "make_up_day"),
        # 国庆 2026: off from Thursday 1 to Wednesday 7 October; made up 20 September, 10 October
        ("2026-09-20 09:00", True, "make_up_day"),
        ("2026-09-27 09:00", False, "holiday"),  # 中秋
        ("2026-09-30 17:29", True, "open"),
        ("2026-09-30 17:30", False, "after_closing"),
        ("2026-10-01 10:00", False, "holiday"),
        ("2026-10-07 10:00", False, "holiday"),
        ("2026-10-08 10:00", True, "open"),
        ("2026-10-10 10:00", True, "make_up_day"),
        ("2026-10-11 10:00", False, "day_off"),
        # 国庆 and 中秋 2025 in one: off from 1 to 8 October; made up 28 September, 11 October
        ("2025-09-28 10:00", True, "make_up_day"),
        ("2025-10-08 10:00", False, "holiday"),
        ("2025-10-11 10:00", True, "make_up_day"),
        ("2025-10-12 10:00", False, "day_off"),
    ],
)
def test_calendar_decides(moment: str, open_: bool, reason: Reason) -> None:
    assert staffing(OFFICE, at(moment)) == Staffing(open_, reason)


@pytest.mark.parametrize(
    ("moment", "open_", "reason"),
    [
        ("2031-01-01 10:00", False, "holiday"),  # the law needs no notice
        ("2031-01-02 10:00", True, "open"),
        ("2031-01-23 10:00", False, "holiday"),  # 春节, by the lunar calendar
        ("2031-01-04 10:00", False, "day_off"),
        ("2031-01-06 07:00", False, "before_opening"),
    ],
)
def test_year_not_announced_goes_by_weekdays_and_the_law_and_says_so(
    moment: str, open_: bool, reason: Reason
) -> None:
    assert staffing(OFFICE, at(moment)) == Staffing(open_, reason, provisional=True)


def test_line_that_ignores_holidays_is_never_provisional() -> None:
    hours = replace(OFFICE, follow_public_holidays=False)
    assert staffing(hours, at("2026-10-01 10:00")) == Staffing(True, "open")
    assert staffing(hours, at("2026-10-10 10:00")) == Staffing(False, "day_off")
    assert staffing(hours, at("2031-01-01 10:00")) == Staffing(True, "open")


def test_day_named_by_the_place_is_closed_even_when_made_up() -> None:
    hours = replace(OFFICE, closed_on=(date(2026, 10, 10),))
    assert staffing(hours, at("2026-10-10 10:00")) == Staffing(False, "closed_on")


def test_day_of_a_region_wins_over_the_country() -> None:
    guangxi = without_database("450900")
    for day in ("2026-04-17 10:00", "2026-04-20 10:00"):  # 三月三
        assert staffing(OFFICE, at(day), guangxi) == Staffing(False, "holiday")
        assert staffing(OFFICE, at(day)) == Staffing(True, "open")


def test_days_that_the_place_set_are_followed() -> None:
    named: dict[date, Kind] = {
        date(2026, 4, 22): "off",
        date(2026, 4, 25): "work",
        date(2026, 10, 1): "work",
    }
    place = Calendar({**COUNTRY.days, **named}, COUNTRY.announced_years)
    assert staffing(OFFICE, at("2026-04-22 10:00"), place) == Staffing(False, "holiday")
    assert staffing(OFFICE, at("2026-04-25 10:00"), place) == Staffing(True, "make_up_day")
    assert staffing(OFFICE, at("2026-10-01 10:00"), place) == Staffing(True, "open")


@pytest.mark.parametrize(
    ("moment", "open_", "reason"),
    [
        ("2026-04-22 08:29", False, "before_opening"),
        ("2026-04-22 11:59", True, "open"),
        ("2026-04-22 12:00", False, "after_closing"),
        ("2026-04-25 11:59", True, "make_up_day"),
        ("2026-04-25 12:00", False, "after_closing"),
    ],
)
def test_a_half_day_ends_when_half_days_do(moment: str, open_: bool, reason: Reason) -> None:
    halves = Calendar({date(2026, 4, 22): "half", date(2026, 4, 25): "half"}, frozenset({2026}))
    assert staffing(OFFICE, at(moment), halves) == Staffing(open_, reason)


def test_a_line_that_closes_before_a_half_day_ends_keeps_its_time() -> None:
    mornings = replace(OFFICE, closes=time(11))
    halves = Calendar({date(2026, 4, 22): "half"}, frozenset({2026}))
    assert staffing(mornings, at("2026-04-22 10:59"), halves).open
    assert not staffing(mornings, at("2026-04-22 11:00"), halves).open
    all_day = replace(OFFICE, opens=time(), closes=time.max)
    assert not staffing(all_day, at("2026-04-22 12:00"), halves).open


def test_a_line_that_ignores_holidays_ignores_half_days() -> None:
    halves = Calendar({date(2026, 4, 22): "half"}, frozenset({2026}))
    hours = replace(OFFICE, follow_public_holidays=False)
    assert staffing(hours, at("2026-04-22 15:00"), halves) == Staffing(True, "open")


def test_line_open_until_midnight_is_open_in_its_last_moment() -> None:
    hours = replace(OFFICE, closes=time.max)
    assert staffing(hours, at("2026-09-30 23:59:59.999999")).open


def test_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        staffing(OFFICE, datetime(2026, 9, 30, 10))  # noqa: DTZ001 - the case


@given(st.datetimes(timezones=st.just(ZONE)))
def test_every_moment_has_an_answer_that_agrees_with_itself(moment: datetime) -> None:
    answer = staffing(OFFICE, moment)
    assert answer.open == (answer.reason in ("open", "make_up_day"))
