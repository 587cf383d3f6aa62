"""What must not grow for ever: the change feed, keys of writes, recordings past their time."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from config.model import Settings
from db import feed
from db.clock import now_ms
from db.engine import Database, DatabaseUnavailable
from ivr.keeping import forget_keys
from recordings import catalogue

log = logging.getLogger("hotline.housekeeping")

EVERY_S = 3600.0
DAY_MS = 24 * 3600 * 1000


async def keep_house(settings: Settings, db: Database) -> None:
    """Runs for ever: once an hour, forget what is past its time."""
    while True:
        try:
            await db.write(feed.prune)
            await db.write(forget_keys)
            await forget_recordings(settings, db)
        except (DatabaseUnavailable, OSError):
            log.exception("could not tidy up; trying again in an hour")
        await asyncio.sleep(EVERY_S)


async def forget_recordings(settings: Settings, db: Database) -> int:
    """Remove the sound of recordings older than `recording.keep_days`; how many there were."""
    before_ms = now_ms() - settings.recording.keep_days * DAY_MS
    removed = 0
    while old := await db.read(catalogue.expired, before_ms):
        for recording in old:
            if recording.path is not None:
                await asyncio.to_thread(_remove, settings.vault / recording.path)
            await db.write(catalogue.expire, recording.id)
            removed += 1
    return removed


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
