"""The working calendar as people change it: seeded, a day set, a year's notice taken in.

It is read in `workdays`, which the lines and the floor ask as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from config.model import Settings
from db import marks
from db.models import calendar_day
from tickets.clock import Hours
from tickets.kept import keep
from workdays.days import COUNTRY, Day, Kind
from workdays.reading import STAMP, announced, days
from workdays.shipped import GUESSED, shipped


def hours(settings: Settings) -> Hours:
    """The working hours of the settings, in the place's zone."""
    set_to = settings.clocks
    return Hours(
        set_to.opens,
        set_to.lunch_from,
        set_to.lunch_to,
        set_to.closes,
        set_to.half_closes,
        ZoneInfo(settings.zone),
    )


def seed(conn: Connection) -> list[int]:
    """Write the shipped days of every year that the table does not have announced.

    Days that a person set stay. Returns the years that are announced by it.
    """
    # A guess is made, not kept: those that an earlier release wrote would outlive the notice.
    guesses = delete(calendar_day).where(
        calendar_day.c.source == GUESSED, calendar_day.c.announced.is_(False)
    )
    if conn.execute(guesses).rowcount:
        marks.stamp(conn, STAMP)
    rows = conn.execute(select(calendar_day.c.region, calendar_day.c.day, calendar_day.c.announced))
    have = {(row.region, row.day): row.announced for row in rows}
    out = {(region, int(day[:4])) for (region, day), known in have.items() if known}
    new = [
        day
        for day in shipped()
        if day.of not in out and (day.region, day.day.isoformat()) not in have
    ]
    if new:
        conn.execute(insert(calendar_day), [_row(day) for day in new])
        marks.stamp(conn, STAMP)
    return sorted({day.day.year for day in new if day.region == COUNTRY and day.announced})


def set_day(conn: Connection, by: int, region: str, day: date, kind: Kind, source: str) -> Day:
    """Set one day of a region. It does not announce a year: a notice as a whole does.

    Args:
        source: the document that says so, or the reason.
    """
    of_year = days(conn, region, day.year)
    known = [one for one in of_year if one.region == region]
    _write_shipped(conn, known)
    certain = region != COUNTRY or announced(of_year, day.year)
    made = Day(region, day, kind, source, certain)
    _drop(conn, region, [day])
    conn.execute(insert(calendar_day), _row(made))
    marks.stamp(conn, STAMP)
    before = next((one.kind for one in known if one.day == day), None)
    detail = {"region": region, "before": before, "kind": kind, "source": source}
    keep(conn, by, "calendar", day.isoformat(), "set", detail, {"region": region, "year": day.year})
    return made


class Change(NamedTuple):
    """A day that a notice changes; None: no notice names it, the weekday decides."""

    day: date
    before: Kind | None
    after: Kind | None


def changes(conn: Connection, region: str, year: int, named: dict[date, Kind]) -> list[Change]:
    """The days that a notice for this year would change, in their order; nothing is written."""
    before = _of_notice(conn, region, year, named)
    of = {day: Change(day, before[day].kind if day in before else None, named.get(day))
          for day in before.keys() | named.keys()}  # fmt: skip
    return [of[day] for day in sorted(of) if of[day].before != of[day].after]


def announce(
    conn: Connection, by: int, region: str, year: int, source: str, named: dict[date, Kind]
) -> int:
    """Take in a notice: the region's whole year, and what it says of the December before.

    Days that were there for that year go, as a notice names all of them. Returns how many differ.
    """
    changed = len(changes(conn, region, year, named))
    before = _of_notice(conn, region, year, named)
    lent = [one for one in days(conn, region, year - 1) if one.region == region]
    _write_shipped(conn, lent)
    after = {day: Day(region, day, kind, source, announced=True) for day, kind in named.items()}
    _drop(conn, region, before.keys() | after.keys())
    conn.execute(insert(calendar_day), [_row(day) for day in after.values()])
    marks.stamp(conn, STAMP)
    detail = {"region": region, "year": year, "source": source, "days": len(after)}
    detail["dropped"] = sorted(day.isoformat() for day in before.keys() - after.keys())
    keep(conn, by, "calendar", year, "announced", detail, {"region": region, "year": year})
    return changed


def _of_notice(
    conn: Connection, region: str, year: int, named: dict[date, Kind]
) -> dict[date, Day]:
    """The region's own days that a notice for this year takes the place of."""
    return {
        one.day: one
        for one in days(conn, region)
        if one.region == region and (one.day.year == year or one.day in named)
    }


def _write_shipped(conn: Connection, known: Iterable[Day]) -> None:
    """A year of which one day is written is written whole, for the table then speaks for it."""
    rows = conn.execute(select(calendar_day.c.region, calendar_day.c.day))
    have = {(row.region, row.day) for row in rows}
    new = [_row(day) for day in known if (day.region, day.day.isoformat()) not in have]
    if new:
        conn.execute(insert(calendar_day), new)


def _drop(conn: Connection, region: str, gone: Iterable[date]) -> None:
    conn.execute(
        delete(calendar_day).where(
            calendar_day.c.region == region,
            calendar_day.c.day.in_([day.isoformat() for day in gone]),
        )
    )


def _row(day: Day) -> dict[str, object]:
    return {
        "region": day.region,
        "day": day.day.isoformat(),
        "kind": day.kind,
        "source": day.source,
        "announced": day.announced,
    }
