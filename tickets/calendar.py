"""The working calendar in the database: read with a cache, seeded, changed by people.

A day of a region wins over one of a wider region, down to the whole country (""). A region's
code begins with those of the regions it lies in: 450902 in 4509 in 45. A year is announced when
its New Year's Day is, which every notice of the State Council names.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, delete, insert, select

from config.model import Settings
from db.models import calendar_day
from tickets import marks
from tickets.calendar_days import COUNTRY, Day, shipped
from tickets.clock import Calendar, Hours, Kind
from tickets.kept import keep

STAMP = "calendar"

_lock = threading.Lock()
_cache: weakref.WeakKeyDictionary[Engine, dict[str, tuple[int, Calendar]]] = (
    weakref.WeakKeyDictionary()
)


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


def load(conn: Connection, region: str) -> Calendar:
    """The calendar that holds in a region; read anew only when somebody changed a day."""
    stamp = marks.read(conn, STAMP)
    with _lock:
        known = _cache.setdefault(conn.engine, {}).get(region)
    if known is not None and known[0] == stamp:
        return known[1]
    made = _calendar(days(conn, region))
    with _lock:
        _cache[conn.engine][region] = (stamp, made)
    return made


def days(conn: Connection, region: str, year: int | None = None) -> list[Day]:
    """The named days that hold in a region, widest region first.

    A year of a region that the table does not know yet has the shipped days.
    """
    wider = [region[:length] for length in range(len(region) + 1)]
    rows = conn.execute(select(calendar_day).where(calendar_day.c.region.in_(wider)))
    kept = [
        Day(row.region, date.fromisoformat(row.day), row.kind, row.source, row.announced)
        for row in rows
    ]
    there = {day.of for day in kept}
    found = kept + [day for day in shipped() if day.region in wider and day.of not in there]
    found.sort(key=lambda day: (len(day.region), day.day))
    return [day for day in found if year is None or day.day.year == year]


def regions(conn: Connection, own: str) -> list[str]:
    """The regions that have days of their own, and the place's: the country first."""
    written = set(conn.execute(select(calendar_day.c.region).distinct()).scalars())
    return sorted(written | {day.region for day in shipped()} | {own})


def announced(named: Iterable[Day], year: int) -> bool:
    """Whether the notice for the whole country is out for that year."""
    return any(
        day.region == COUNTRY and day.announced and day.day == date(year, 1, 1) for day in named
    )


def seed(conn: Connection) -> list[int]:
    """Write the shipped days of every year that the table does not have announced.

    Days that a person set stay. Returns the years that are announced by it.
    """
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


def announce(
    conn: Connection, by: int, region: str, year: int, source: str, named: dict[date, Kind]
) -> int:
    """Take in a notice: the region's whole year, and what it says of the December before.

    Days that were there for that year go, as a notice names all of them. Returns how many differ.
    """
    before = {
        one.day: one
        for one in days(conn, region)
        if one.region == region and (one.day.year == year or one.day in named)
    }
    lent = [one for one in days(conn, region, year - 1) if one.region == region]
    _write_shipped(conn, lent)
    after = {day: Day(region, day, kind, source, announced=True) for day, kind in named.items()}
    _drop(conn, region, before.keys() | after.keys())
    conn.execute(insert(calendar_day), [_row(day) for day in after.values()])
    marks.stamp(conn, STAMP)
    changed = sum(
        (before[day].kind if day in before else None) != (after[day].kind if day in after else None)
        for day in before.keys() | after.keys()
    )
    detail = {"region": region, "year": year, "source": source, "days": len(after)}
    detail["dropped"] = sorted(day.isoformat() for day in before.keys() - after.keys())
    keep(conn, by, "calendar", year, "announced", detail, {"region": region, "year": year})
    return changed


def _calendar(named: list[Day]) -> Calendar:
    kinds = {day.day: day.kind for day in named}
    certain = {day.day: day.announced for day in named}
    years = {day.day.year for day in named}
    return Calendar(
        kinds,
        frozenset(year for year in years if announced(named, year)),
        frozenset(day for day, known in certain.items() if not known),
    )


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
