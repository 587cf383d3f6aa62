"""The board: the day's figures and alarms in memory, right within a second.

It reads the day from the tables once, and from then on only listens to the feed: no query a change,
however busy the floor is. At most every `EVERY_S` the screens of heads are told what is new.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import zoneinfo
from collections.abc import Sequence

import msgspec

from agent_console.live import Hub
from agent_console.parts import Parts
from agent_console.problem import unavailable
from db import Change
from db.engine import DatabaseUnavailable
from floor.alarms import Alarm, raised
from floor.day import read_day
from floor.figures import Day, QueueFigures

log = logging.getLogger("hotline.console.board")

EVERY_S = 0.8
"""Screens are told within this time; time alone can raise an alarm as well."""


class Figures(msgspec.Struct, frozen=True):
    """The figures of `day` (2026-11-22) at `at_ms`."""

    at_ms: int
    day: str
    queues: list[QueueFigures]
    alarms: list[Alarm]


class Board:
    """Keeps the figures while `keep` runs."""

    def __init__(self, parts: Parts, hub: Hub) -> None:
        self._parts = parts
        self._hub = hub
        self._zone = zoneinfo.ZoneInfo(parts.settings.zone)
        self._queues = {queue.name: queue.label for queue in parts.settings.queues}
        self._day: Day | None = None
        self._missed: list[Change] = []
        self._told: Figures | None = None

    async def keep(self) -> None:
        """Read the day, follow the feed, tell the screens; runs until cancelled."""
        stop = self._parts.database.feed.subscribe(self._on_changes)
        try:
            while True:
                if self._day is None or self._parts.now_ms() >= self._day.to_ms:
                    await self._read()
                self._tell()
                await asyncio.sleep(EVERY_S)
        finally:
            stop()

    def figures(self) -> Figures:
        """The figures now. Raises Problem 503 while the day has not been read."""
        if self._day is None:
            raise unavailable("统计数据正在准备，请稍候", "figures-not-ready")
        at_ms = self._parts.now_ms()
        settings = self._parts.settings
        guess_s = max((queue.wrap_up_s for queue in settings.queues), default=0.0) / 2
        queues = self._day.figures(settings.staffing.first_talk_s, guess_s)
        alarms = raised(queues, self._day, settings.alarms, at_ms)
        return Figures(at_ms, self._day.date.isoformat(), queues, alarms)

    async def _read(self) -> None:
        """Begin with the tables; what the feed says meanwhile comes on top."""
        self._day, self._missed = None, []
        at_ms = self._parts.now_ms()
        date = dt.datetime.fromtimestamp(at_ms / 1000, self._zone).date()
        read = self._parts.database.read
        try:
            seq, day = await read(read_day, self._queues, date, self._zone, at_ms)
        except DatabaseUnavailable:
            log.warning("the day's figures could not be read; trying again")
            return
        _see(day, [change for change in self._missed if change.seq > seq])
        self._day, self._missed = day, []

    def _on_changes(self, changes: Sequence[Change]) -> None:
        if self._day is None:
            self._missed += changes
            return
        _see(self._day, changes)

    def _tell(self) -> None:
        """Say what is new, if anything is."""
        if self._day is None:
            return
        now = self.figures()
        before = self._told
        if before is None or (now.queues, now.alarms, now.day) != (
            before.queues,
            before.alarms,
            before.day,
        ):
            self._told = now
            self._hub.tell("figures", now.day, msgspec.to_builtins(now))


def _see(day: Day, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.topic == "call":
            day.see_call(change.data, change.at_ms)
        elif change.topic == "seat":
            day.see_seat(change.data, change.at_ms)
