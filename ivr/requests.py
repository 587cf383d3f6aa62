"""Requests of persons at screens, brought to the call that they are about."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from db.clock import now_ms
from db.engine import Database
from db.feed import Change
from floor import calls, requests
from floor.requests import Request
from ivr.inbox import Asked, InHand

log = logging.getLogger("hotline.requests")

EXPIRE_MS = 10_000
"""A button pressed so long ago must not act any more."""


async def accept(db: Database, request: Request, **outcome: object) -> None:
    """It was done."""
    await db.write(requests.settle, request.id, "done", dict(outcome))


async def refuse(db: Database, request: Request, sentence: str) -> None:
    """It can't be done, and the screen says why."""
    await db.write(requests.settle, request.id, "refused", {"detail": sentence})


class Desk:
    """Takes the requests that concern this controller's calls.

    Args:
        dial: a person asks to call somebody; whichever controller is quickest does.
    """

    def __init__(
        self,
        db: Database,
        asterisk: str,
        find: Callable[[str], InHand | None],
        dial: Callable[[Request], None],
    ) -> None:
        self._dial = dial
        self._db = db
        self._asterisk = asterisk
        self._find = find

    def concerns(self, changes: Sequence[Change]) -> bool:
        """Whether a batch of the feed has new requests: for calls of ours, or of nobody."""
        return any(c.topic == "request" and c.data["state"] == "new" for c in changes)

    async def serve(self) -> None:
        """Take what waits. Called when the feed wakes us, and slowly in between."""
        await self._db.write(requests.forsake, now_ms() - EXPIRE_MS)
        for found in await self._db.read(requests.waiting):
            dials = found.verb == "dial"
            call = self._find(found.call_id or "")
            if call is None and not dials:
                await self._refuse_if_over(found)
                continue
            taken = await self._db.write(requests.take, found.id, self._asterisk)
            if taken is None:
                continue
            if call is not None:
                call.put(Asked(taken))
            else:
                self._dial(taken)

    async def _refuse_if_over(self, found: Request) -> None:
        """Another controller may have the call; one that has ended nobody has any more."""

        def over(conn: Connection) -> bool:
            row = calls.get(conn, found.call_id or "")
            return row is not None and row.ended_ms is not None

        if await self._db.read(over):
            await refuse(self._db, found, "通话已经结束")
