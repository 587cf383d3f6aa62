"""A controller as the console sees it: takes requests through the feed and settles them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Self

from db import Change, Database
from floor import requests

DIALLED = "d" * 32
"""The call that it says to have made."""


class FakeController:
    """Settles every request; `sentence` refuses with it, `takes_only` never answers."""

    def __init__(self, database: Database) -> None:
        self.sentence: str | None = None
        self.takes_only = False
        self.took: list[requests.Request] = []
        self._database = database
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stop = database.feed.subscribe(self._told)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop()
        assert self._task
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _told(self, changes: Sequence[Change]) -> None:
        if any(c.topic == "request" and c.data["state"] == "new" for c in changes):
            self._wake.set()

    async def _serve(self) -> None:
        while True:
            for found in await self._database.read(requests.waiting):
                taken = await self._database.write(requests.take, found.id, "a1")
                if taken is None:
                    continue
                self.took.append(taken)
                if not self.takes_only:
                    await self._settle(taken)
            await self._wake.wait()
            self._wake.clear()

    async def _settle(self, request: requests.Request) -> None:
        state = "refused" if self.sentence else "done"
        outcome: dict[str, Any] = {"detail": self.sentence} if self.sentence else {}
        if request.verb == "dial" and not self.sentence:
            outcome = {"call_id": DIALLED}
        await self._database.write(requests.settle, request.id, state, outcome)
