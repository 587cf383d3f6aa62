"""The forecast of every queue, read from the database and kept for a while.

Past weeks are read once a day, the last minutes at most every `FRESH_S`: the rule and the screens
may ask as often as they like.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from sqlalchemy import Connection

from config.model import Settings
from db.clock import now_ms
from db.engine import Database
from floor import history
from floor.staffing import HOUR_MS, MINUTE_MS, WEEK_MS, History, Outlook, Seen, Times, outlook

FRESH_S = 30.0
TIMES_BACK_MS = 2 * HOUR_MS
"""Talks and wrap-ups of so far back are today's."""
DAY_HOURS = 48
"""Today and tomorrow: what lies ahead may reach beyond midnight."""


@dataclass(frozen=True, slots=True)
class Weeks:
    """The past weeks of all queues around one day."""

    from_ms: int
    slot_ms: int
    counts: tuple[dict[str, tuple[int, ...]], ...]
    talks: dict[str, Times]

    def of(self, queue: str) -> History:
        slots = tuple(week.get(queue, ()) for week in self.counts)
        longest = max((len(week) for week in slots), default=0)
        filled = tuple(week or (0,) * longest for week in slots)
        return History(self.from_ms, self.slot_ms, filled)


class Outlooks:
    """Forecasts for whoever asks."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._zone = zoneinfo.ZoneInfo(settings.zone)
        self._weeks: Weeks | None = None
        self._found: dict[str, Outlook] = {}
        self._read_ms = 0

    async def now(self) -> dict[str, Outlook]:
        """The forecast of each queue, at most `FRESH_S` old. Raises DatabaseUnavailable."""
        at_ms = now_ms()
        if self._found and 0 <= at_ms - self._read_ms < FRESH_S * 1000:
            return self._found
        from_ms = self._begins_ms(at_ms)
        if self._weeks is None or self._weeks.from_ms != from_ms:
            self._weeks = await self._db.read(read_weeks, self._settings, from_ms)
        weeks = self._weeks
        seen = await self._db.read(read_seen, self._settings, at_ms, weeks.talks)
        how = self._settings.staffing
        self._found = {
            queue.name: outlook(
                at_ms, weeks.of(queue.name), seen[queue.name], queue.wrap_up_s / 2, how
            )
            for queue in self._settings.queues
        }
        self._read_ms = at_ms
        return self._found

    def _begins_ms(self, at_ms: int) -> int:
        """Where the intervals begin: at midnight, less what the last minutes reach back."""
        today = dt.datetime.fromtimestamp(at_ms / 1000, self._zone).date()
        midnight = dt.datetime.combine(today, dt.time(), self._zone)
        return int(midnight.timestamp()) * 1000 - _back_ms(self._settings)


def read_weeks(conn: Connection, settings: Settings, from_ms: int) -> Weeks:
    """Count the past weeks, each around the same weekday."""
    how = settings.staffing
    slot_ms = how.interval_minutes * MINUTE_MS
    slots = (_back_ms(settings) + DAY_HOURS * HOUR_MS) // slot_ms
    begins = [from_ms - k * WEEK_MS for k in range(1, how.history_weeks + 1)]
    counts = tuple(history.arrivals_by_slot(conn, begin, slot_ms, slots) for begin in begins)
    talks: dict[str, Times] = {}
    for begin in begins:
        for queue, times in history.talks(conn, begin, begin + slots * slot_ms).items():
            before = talks.get(queue, Times())
            talks[queue] = Times(before.count + times.count, before.total_s + times.total_s)
    return Weeks(from_ms, slot_ms, counts, talks)


def read_seen(
    conn: Connection, settings: Settings, at_ms: int, past: dict[str, Times]
) -> dict[str, Seen]:
    """What each queue has seen lately."""
    window_ms = settings.staffing.recent_minutes * MINUTE_MS
    came = history.arrivals(conn, at_ms - window_ms, at_ms + 1)
    talks = history.talks(conn, at_ms - TIMES_BACK_MS, at_ms + 1)
    wrap_ups = history.wrap_ups(conn, at_ms - TIMES_BACK_MS, at_ms + 1)
    return {
        queue.name: Seen(
            came.get(queue.name, 0),
            window_ms / 1000,
            talks.get(queue.name, Times()),
            wrap_ups.get(queue.name, Times()),
            past.get(queue.name, Times()),
        )
        for queue in settings.queues
    }


def _back_ms(settings: Settings) -> int:
    """How far the last minutes reach back, in whole hours."""
    return -(-settings.staffing.recent_minutes // 60) * HOUR_MS
