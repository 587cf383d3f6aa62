"""The place's working days as the lines ask for them: in memory, so that no call waits for a read.

Read at the start, again when the feed tells of a change, and looked at every `LOOK_S` beside that,
for what is written at a console's start is not told. While the database is away the last known
calendar holds; before the first read, the shipped days.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from config.model import Settings
from db.engine import Database, DatabaseUnavailable
from db.feed import Change
from workdays import reading

log = logging.getLogger("hotline.workdays")

TOPIC = "calendar"
LOOK_S = 30.0


class WorkingDays:
    """`calendar` is what is known now."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._region = settings.clocks.region
        self._db = db
        self._bell = asyncio.Event()
        self.calendar = reading.without_database(self._region)

    def on_changes(self, changes: Sequence[Change]) -> None:
        """Listens to the feed."""
        if any(change.topic == TOPIC for change in changes):
            self._bell.set()

    async def read(self) -> None:
        """Read the calendar, if it changed; without a database the last known one stays."""
        try:
            self.calendar = await self._db.read(reading.load, self._region)
        except DatabaseUnavailable as error:
            log.warning("the working days could not be read, the last known hold: %s", error)

    async def keep(self) -> None:
        """Follow the changes until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._bell.wait()
            except TimeoutError:
                log.debug("looking for a changed calendar")
            self._bell.clear()
            await self.read()
