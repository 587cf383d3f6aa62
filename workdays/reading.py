"""The working calendar in the database, read with a cache.

A day of a region wins over one of a wider region, down to the whole country (""). A region's
code begins with those of the regions it lies in: 450902 in 4509 in 45. A year is announced when
its New Year's Day is, which every notice of the State Council names.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Connection, Engine, select

from db import marks
from db.models import calendar_day
from workdays.days import COUNTRY, Calendar, Day, Kind
from workdays.shipped import customary, shipped

STAMP = "calendar"
"""The mark that changes with every change of the calendar."""

_lock = threading.Lock()
_cache: weakref.WeakKeyDictionary[Engine, dict[str, tuple[int, Calendar]]] = (
    weakref.WeakKeyDictionary()
)


def load(conn: Connection, region: str) -> Calendar:
    """The calendar that holds in a region; read anew only when somebody changed a day."""
    stamp = marks.read(conn, STAMP)
    with _lock:
        known = _cache.setdefault(conn.engine, {}).get(region)
    if known is not None and known[0] == stamp:
        return known[1]
    made = calendar_of(region, days(conn, region))
    with _lock:
        _cache[conn.engine][region] = (stamp, made)
    return made


def days(conn: Connection, region: str, year: int | None = None) -> list[Day]:
    """The named days that hold in a region, widest region first.

    A year of a region that the table does not know yet has the shipped days.
    """
    rows = conn.execute(select(calendar_day).where(calendar_day.c.region.in_(_wider(region))))
    kept = [
        Day(row.region, date.fromisoformat(row.day), row.kind, row.source, row.announced)
        for row in rows
    ]
    there = {day.of for day in kept}
    found = kept + [day for day in _shipped(region) if day.of not in there]
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


@functools.cache
def without_database(region: str) -> Calendar:
    """What is known of a region before anything was read: the shipped days."""
    return calendar_of(region, sorted(_shipped(region), key=lambda day: len(day.region)))


def calendar_of(region: str, named: Sequence[Day]) -> Calendar:
    """The calendar that a region's named days make; later ones win over earlier ones."""
    guessed = customary(region, named)
    kinds: dict[date, Kind] = dict.fromkeys(guessed, "off")
    kinds |= {day.day: day.kind for day in named}
    certain = dict.fromkeys(guessed, False) | {day.day: day.announced for day in named}
    years = {day.day.year for day in named}
    return Calendar(
        kinds,
        frozenset(year for year in years if announced(named, year)),
        frozenset(day for day, known in certain.items() if not known),
    )


def _wider(region: str) -> list[str]:
    return [region[:length] for length in range(len(region) + 1)]


def _shipped(region: str) -> list[Day]:
    return [day for day in shipped() if region.startswith(day.region)]
