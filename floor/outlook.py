"""The forecast of every queue, read from the database and kept for a while.

Past weeks are read once a day and when the working calendar changed, the last minutes at most every
`FRESH_S`: the rule and the screens may ask as often as they like.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from sqlalchemy import Connection

from config.model import Settings
from db.clock import now_ms
from db.engine import Database
from floor import history, like_days
from floor.staffing import HOUR_MS, MINUTE_MS, History, Outlook, Seen, Times, outlook
from workdays import reading
from workdays.days import Calendar

FRESH_S = 30.0
TIMES_BACK_MS = 2 * HOUR_MS
"""Talks and wrap-ups of so far back are today's."""
DAY_HOURS = 24
ONE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Weeks:
    """The past days that tell of one day, of the hours before it and of the day after it."""

    calendar: Calendar
    from_ms: int
    slot_ms: int
    counts: tuple[dict[str, tuple[int, ...]], ...]
    talks: dict[str, Times]

    def of(self, queue: str) -> History:
        return History(self.from_ms, self.slot_ms, tuple(week[queue] for week in self.counts))


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
        today = dt.datetime.fromtimestamp(at_ms / 1000, self._zone).date()
        from_ms = _begins_ms(self._settings, today)
        weeks, region = self._weeks, self._settings.clocks.region
        calendar = await self._db.read(reading.load, region)
        if weeks is None or (weeks.from_ms, weeks.calendar) != (from_ms, calendar):
            weeks = self._weeks = await self._db.read(read_weeks, self._settings, today, calendar)
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


def read_weeks(conn: Connection, settings: Settings, today: dt.date, calendar: Calendar) -> Weeks:
    """Count the past days that are like today, and like the day before and after it.

    What lies ahead may reach beyond midnight, and the last minutes before it.
    """
    how = settings.staffing
    slot_ms = how.interval_minutes * MINUTE_MS
    back_h = _back_ms(settings) // HOUR_MS
    parts = [
        (today - ONE, DAY_HOURS - back_h, back_h),
        (today, 0, DAY_HOURS),
        (today + ONE, 0, DAY_HOURS),
    ]
    weeks: list[dict[str, tuple[int, ...]]] = [{} for _ in range(how.history_weeks)]
    talks: dict[str, Times] = {}
    for day, from_h, hours in parts:
        slots = hours * HOUR_MS // slot_ms
        for week, past in zip(weeks, like_days.before(calendar, day, len(weeks)), strict=True):
            begin = _midnight_ms(settings, past) + from_h * HOUR_MS
            _append(week, history.arrivals_by_slot(conn, begin, slot_ms, slots), settings, slots)
            for queue, times in history.talks(conn, begin, begin + slots * slot_ms).items():
                known = talks.get(queue, Times())
                talks[queue] = Times(known.count + times.count, known.total_s + times.total_s)
    return Weeks(calendar, _begins_ms(settings, today), slot_ms, tuple(weeks), talks)


def _append(
    week: dict[str, tuple[int, ...]],
    counted: dict[str, tuple[int, ...]],
    settings: Settings,
    slots: int,
) -> None:
    """One more part of a week, of every queue."""
    for queue in settings.queues:
        week[queue.name] = week.get(queue.name, ()) + counted.get(queue.name, (0,) * slots)


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


def _begins_ms(settings: Settings, today: dt.date) -> int:
    """Where the intervals begin: at midnight, less what the last minutes reach back."""
    return _midnight_ms(settings, today) - _back_ms(settings)


def _midnight_ms(settings: Settings, day: dt.date) -> int:
    midnight = dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(settings.zone))
    return int(midnight.timestamp()) * 1000
