"""Waiting for what the controller makes of a request: woken by the feed, or by a poll."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from db import Change, Database
from floor import requests
from floor.requests import Request

LIMIT_S = 5.0
POLL_S = 0.5
SETTLED = ("done", "refused")


class Outcomes:
    """Hands the outcome of a request to whoever pressed the button."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, asyncio.Event] = {}
        self._stop = database.feed.subscribe(self._told)

    def close(self) -> None:
        self._stop()

    async def ask(
        self, account_id: int, call_id: str | None, verb: str, args: dict[str, object],
        limit_s: float = LIMIT_S,
    ) -> Request:  # fmt: skip
        """Put a request and wait until it is settled, at most `limit_s`.

        Returns:
            The request as it stands then: `new` or `taken` when the time was over.
        """
        put = await self._database.write(requests.put, account_id, call_id, verb, args)
        told = self._waiting[str(put.id)] = asyncio.Event()
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    found = await self._database.read(requests.get, put.id)
                    if found is not None and found.state in SETTLED:
                        return found
                    await _woken(told)
        except TimeoutError:
            # Nobody took it: what was pressed then must not act later.
            await self._database.write(requests.forsake, put.created_ms + 1)
            return await self._database.read(requests.get, put.id) or put
        finally:
            del self._waiting[str(put.id)]

    def _told(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.topic == "request" and (told := self._waiting.get(change.key)):
                told.set()


async def _woken(told: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(POLL_S):
            await told.wait()
    except TimeoutError:
        return
    finally:
        told.clear()
