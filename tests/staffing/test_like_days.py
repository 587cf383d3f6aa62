"""Holidays and make-up days in the forecast, by hand on the wall calendar of autumn 2026."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from config.load import load
from config.model import Settings
from db import Database
from db.models import call
from floor import like_days, outlook
from floor.outlook import Weeks, read_weeks
from tests.floor.furnishing import new_call, person
from tickets import calendar
from workdays.days import Calendar, Kind
from workdays.reading import without_database

COUNTRY = without_database("")
SETTINGS = load(environ={})
ZONE = ZoneInfo(SETTINGS.zone)
NOON_MS = int(dt.datetime(2026, 11, 24, 12, tzinfo=ZONE).timestamp()) * 1000
HOUR = 60 // SETTINGS.staffing.interval_minutes
TODAY_FROM = HOUR
"""The profile begins an hour before midnight: the last minutes reach back."""


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


@pytest.mark.parametrize(
    ("of", "like"),
    [
        ("09-30", 3),  # an ordinary Wednesday
        ("10-01", 7),  # 国庆, a Thursday
        ("10-03", 7),  # its Saturday, named by the notice as well
        ("10-10", 5),  # a make-up Saturday
        ("09-20", 1),  # a make-up Sunday
        ("10-17", 6),  # an ordinary Saturday
    ],
)
def test_what_a_day_goes_like(of: str, like: int) -> None:
    assert like_days.goes_like(COUNTRY, day(of)) == like


def test_a_half_day_of_the_week_goes_like_its_weekday() -> None:
    halves = Calendar({day("11-24"): "half", day("11-28"): "half"}, frozenset({2026}))
    assert like_days.goes_like(halves, day("11-24")) == 2
    assert like_days.goes_like(halves, day("11-28")) == 5


@pytest.mark.parametrize(
    ("of", "past"),
    [
        # 8 October is a Thursday; the Thursday before was 国庆.
        ("10-08", ["09-24", "09-17", "09-10", "09-03"]),
        # 1 October goes like Sundays: 27 September is one (of 中秋), the 20th was worked.
        ("10-01", ["09-27", "09-13", "09-06", "08-30"]),
        # Friday 9 October's own Fridays: 2 October and 25 September (中秋) were off.
        ("10-09", ["09-18", "09-11", "09-04", "08-28"]),
        # A make-up Saturday, by Fridays.
        ("10-10", ["09-18", "09-11", "09-04", "08-28"]),
        # Saturday 17 October: the 10th was worked, the 3rd and 26 September were holidays.
        ("10-17", ["09-19", "09-12", "09-05", "08-29"]),
        # An ordinary week in November.
        ("11-24", ["11-17", "11-10", "11-03", "10-27"]),
    ],
)
def test_which_past_days_tell_of_a_day(of: str, past: list[str]) -> None:
    assert like_days.before(COUNTRY, day(of), 4) == [day(one) for one in past]


def test_given_a_year_of_holidays_then_there_are_days_all_the_same() -> None:
    off: dict[date, Kind] = {date(2026, 1, 1) + timedelta(n): "off" for n in range(365)}
    always = Calendar(off, frozenset({2026}))
    assert len(like_days.before(always, day("11-24"), 4)) == 4
    assert like_days.before(COUNTRY, day("11-24"), 0) == []


@given(st.dates(date(2020, 3, 1), date(2060, 1, 1)), st.integers(1, 26))
def test_past_days_are_over_when_the_day_before_begins_and_each_counts_once(
    of: date, weeks: int
) -> None:
    past = like_days.before(COUNTRY, of, weeks)
    assert len(set(past)) == len(past) == weeks
    assert all(one <= of - timedelta(2) for one in past)
    assert len({one.isoweekday() for one in past}) == 1


# --- read from the tables ---


def came(conn: Connection, at: str, count: int) -> None:
    """So many callers asked for a person in the interval that begins then."""
    at_ms = int(dt.datetime.fromisoformat(f"2026-{at}").replace(tzinfo=ZONE).timestamp()) * 1000
    for _ in range(count):
        made = new_call(conn)
        conn.execute(
            update(call)
            .where(call.c.id == made.id)
            .values(started_ms=at_ms, queued_ms=at_ms, first_queue="business")
        )


async def weeks_of(database: Database, today: str) -> Weeks:
    return await database.read(read_weeks, SETTINGS, day(today), COUNTRY)


def at_ten(weeks: Weeks, days_on: int = 0) -> list[int]:
    """The counts of ten o'clock in each week, today or so many days on."""
    place = TODAY_FROM + (24 * days_on + 10) * HOUR
    return [week[place] for week in weeks.of("business").weeks]


async def test_given_a_holiday_then_the_sundays_tell_of_it_and_of_the_next_day_its_own(
    database: Database,
) -> None:
    def past(conn: Connection) -> None:
        for n, at in enumerate(("09-24", "09-27", "09-13", "10-01", "09-23"), 1):
            came(conn, f"{at} 10:00", n)

    await database.write(past)
    # Thursday 1 October, a holiday; 30 September, the day before, an ordinary Wednesday.
    assert at_ten(await weeks_of(database, "10-01")) == [2, 3, 0, 0]
    eve = await weeks_of(database, "09-30")
    assert at_ten(eve) == [5, 0, 0, 0]
    assert at_ten(eve, 1) == [2, 3, 0, 0]
    # Thursday 8 October: not told by 国庆, but by the Thursday before it.
    assert at_ten(await weeks_of(database, "10-08")) == [1, 0, 0, 0]


async def test_given_an_ordinary_week_then_each_part_is_where_the_day_before_it_was(
    database: Database,
) -> None:
    def past(conn: Connection) -> None:
        for n, at in enumerate(("16 23:15", "17 00:00", "17 10:00", "17 23:45", "18 10:00"), 1):
            came(conn, f"11-{at}", n)

    await database.write(past)
    weeks = await weeks_of(database, "11-24")
    begins = dt.datetime.combine(day("11-23"), dt.time(23), ZONE)
    assert weeks.from_ms == int(begins.timestamp()) * 1000
    (newest, *others) = weeks.of("business").weeks
    assert {n: count for n, count in enumerate(newest) if count} == {
        1: 1,
        TODAY_FROM: 2,
        TODAY_FROM + 10 * HOUR: 3,
        TODAY_FROM + 24 * HOUR - 1: 4,
        TODAY_FROM + 34 * HOUR: 5,
    }
    assert len(newest) == 49 * HOUR
    assert not any(any(week) for week in others)


async def test_given_no_history_is_wanted_then_none_is_read(database: Database) -> None:
    none = replace(SETTINGS, staffing=replace(SETTINGS.staffing, history_weeks=0))
    weeks = await database.read(read_weeks, none, day("11-24"), COUNTRY)
    assert weeks.of("business").weeks == ()


async def test_given_a_changed_calendar_then_the_past_is_read_anew_and_else_once_a_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Calendar] = []

    def reads(conn: Connection, settings: Settings, today: date, known: Calendar) -> Weeks:
        read.append(known)
        return read_weeks(conn, settings, today, known)

    monkeypatch.setattr(outlook, "FRESH_S", 0.0)
    monkeypatch.setattr(outlook, "read_weeks", reads)
    monkeypatch.setattr(outlook, "now_ms", lambda: NOON_MS)
    outlooks = outlook.Outlooks(SETTINGS, database)
    await outlooks.now()
    await outlooks.now()
    assert [known.kind(day("11-24")) for known in read] == ["work"]
    by = await database.write(person)
    await database.write(calendar.set_day, by, "", day("11-24"), "off", "通知")
    await outlooks.now()
    assert [known.kind(day("11-24")) for known in read] == ["work", "off"]
