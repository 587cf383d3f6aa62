"""Whether all parts are well: Asterisk, a controller, the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

import msgspec
from sqlalchemy import Connection, text

from agent_console.phones import Away, Phones
from db import Database
from db.engine import DatabaseUnavailable
from floor import controllers

log = logging.getLogger("hotline.console.health")

LIMIT_S = 3.0


class Part(msgspec.Struct, frozen=True):
    ok: bool
    detail: str


class Healthy(msgspec.Struct, frozen=True):
    """The answer of /healthz."""

    status: str
    asterisk: Part
    controller: Part
    database: Part

    @property
    def ok(self) -> bool:
        return self.asterisk.ok and self.controller.ok and self.database.ok


class Health:
    """Looks at each part, all at once, with a limit."""

    def __init__(self, database: Database, phones: Phones) -> None:
        self._database = database
        self._phones = phones

    async def look(self) -> Healthy:
        asterisk, controller, database = await asyncio.gather(
            _limited(self._asterisk()), _limited(self._controller()), _limited(self._reachable())
        )
        well = asterisk.ok and controller.ok and database.ok
        return Healthy("ok" if well else "unwell", asterisk, controller, database)

    async def _asterisk(self) -> Part:
        try:
            await self._phones.ping()
        except Away:
            return Part(False, "Asterisk does not answer on its HTTP port")
        return Part(True, "answers")

    async def _controller(self) -> Part:
        beats = await self._database.read(controllers.all_of)
        if any(beat.alive() for beat in beats):
            return Part(True, "ready")
        if not beats:
            return Part(False, "no controller has started")
        newest = max(beats, key=lambda beat: beat.beat_ms)
        if newest.state != "ready":
            return Part(
                False, f"{newest.state}: {newest.detail}" if newest.detail else newest.state
            )
        return Part(False, "no sign of life from any controller")

    async def _reachable(self) -> Part:
        await self._database.read(_one)
        return Part(True, self._database.dialect)


def _one(conn: Connection) -> None:
    conn.execute(text("SELECT 1"))


async def _limited(look: Awaitable[Part]) -> Part:
    try:
        async with asyncio.timeout(LIMIT_S):
            return await look
    except TimeoutError:
        return Part(False, f"no answer within {LIMIT_S:g} s")
    except DatabaseUnavailable:
        return Part(False, "the database does not answer")
