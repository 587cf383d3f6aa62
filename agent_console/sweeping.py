"""The sweep: deadlines are reminded of, the calendar's changes reach open terms, the old goes
to the archive. Of several consoles one sweeps at a time; an outage is waited out."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time

from agent_console import waiting_files
from agent_console.parts import Parts
from db import marks
from db.engine import DatabaseUnavailable
from tickets import archiving, calendar, digest_reminder, recompute, reminders
from tickets.place import Place

log = logging.getLogger("hotline.console.sweep")

TURN = "sweep"
LEASE_MS = 120_000
"""Whoever sweeps and falls silent for so long is followed by another console."""
STOP_S = 2.0
ARCHIVE_EVERY_S = 600.0
"""The archive is in no hurry, and looks at every ticket that ended."""
TIDY_EVERY_S = 600.0


class Sweeper:
    """The sweep of one console. `keep` runs until it is cancelled."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._place = Place(parts.settings)
        self._who = secrets.randbelow(marks.MOST) + 1
        self._seeded = False
        self._archive_at = 0.0
        self._tidy_at = 0.0

    async def keep(self) -> None:
        """Sweep again and again."""
        every_s = self._parts.settings.clocks.sweep_every_s
        try:
            while True:
                try:
                    await self.sweep()
                except DatabaseUnavailable:
                    log.warning("deadlines could not be looked through; trying again")
                await asyncio.sleep(every_s)
        finally:
            await self._let_go()

    async def sweep(self) -> bool:
        """One look through everything; False when it is another console's turn.

        A part that fails takes nothing from the others, and is tried again with the next look.
        """
        if not await self._turn():
            return False
        parts = (self._seed, self._calendar, self._remind, self._gather, self._archive, self._tidy)
        for part in parts:
            try:
                await part()
            except DatabaseUnavailable:
                raise
            except Exception:
                log.exception("a part of the sweep failed: %s", part.__name__)
        return True

    async def _turn(self) -> bool:
        now_ms = self._parts.now_ms()
        return await self._parts.database.write(marks.claim, TURN, self._who, now_ms, LEASE_MS)

    async def _let_go(self) -> None:
        try:
            async with asyncio.timeout(STOP_S):
                await self._parts.database.write(marks.let_go, TURN, self._who)
        except (DatabaseUnavailable, TimeoutError):
            log.info("the turn to sweep ends by itself")

    async def _seed(self) -> None:
        """The days that came with this release, once."""
        if self._seeded:
            return
        years = await self._parts.database.write(calendar.seed)
        self._seeded = True
        if years:
            log.info("days off were written for %d to %d", years[0], years[-1])

    async def _calendar(self) -> None:
        """A year was announced, and whoever did it did not come to the end of all terms."""
        database = self._parts.database
        if await database.read(recompute.unsettled, self._parts.now_ms()):
            moved = await recompute.everything(database, self._place)
            log.info("the calendar changed: %d terms moved", moved)

    async def _remind(self) -> None:
        database, place = self._parts.database, self._place
        found = [0] * reminders.LOOK
        while len(found) == reminders.LOOK:
            found = await database.read(reminders.waiting, place, self._parts.now_ms())
            for first in range(0, len(found), reminders.BATCH):
                if not await self._turn():
                    return
                some = found[first : first + reminders.BATCH]
                await database.write(reminders.remind, place, self._parts.now_ms(), some)

    async def _gather(self) -> None:
        """A month is over, and what was suggested in it waits to be gathered."""
        database, place, now_ms = self._parts.database, self._place, self._parts.now_ms()
        if await database.read(digest_reminder.is_due, place, now_ms):
            await database.write(digest_reminder.tell, place, now_ms)

    async def _tidy(self) -> None:
        """Files of public forms that were never sent."""
        if time.monotonic() < self._tidy_at:
            return
        gone = await asyncio.to_thread(waiting_files.clean, self._parts.settings.attached)
        if gone:
            log.info("files of %d forms that were never sent are gone", gone)
        self._tidy_at = time.monotonic() + TIDY_EVERY_S

    async def _archive(self) -> None:
        """Move 25, ticket by ticket."""
        if time.monotonic() < self._archive_at:
            return
        database, place = self._parts.database, self._place
        ready = [(0, 0)]
        while ready and await self._turn():
            now_ms, last_id = self._parts.now_ms(), ready[-1][0]
            ready = await database.read(archiving.ready, place, now_ms, last_id)
            for ticket_id, version in ready:
                await database.write(archiving.archive, place, ticket_id, version)
        self._archive_at = time.monotonic() + ARCHIVE_EVERY_S
