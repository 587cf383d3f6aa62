"""A real SQLite database run on the loop itself, so that time can be virtual.

As `db.sqlite` does: doors in the order in which they were asked for, each in a savepoint, the
feed told after the commit and before whoever asked goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from db.engine import DatabaseUnavailable
from db.feed import Change, Feed, last_seq
from db.sqlite import make_engine


class InlineDatabase:
    """`latency_s` is how long a commit takes, in virtual time."""

    dialect = "sqlite"

    def __init__(self, url: str, latency_s: float = 0.0) -> None:
        self.feed = Feed()
        self.latency_s = latency_s
        self.away = False
        self._engine = make_engine(url)
        self._conn = self._engine.connect()
        self._jobs: deque[tuple[asyncio.Future[Any], Callable[[Connection], Any]]] = deque()
        self.feed.seq = last_seq(self._conn)
        self._conn.rollback()

    async def write(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        if self.away:
            raise DatabaseUnavailable("away")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._jobs.append((future, lambda conn: fn(conn, *args, **kwargs)))
        loop.call_later(self.latency_s, self._commit_one)
        return await future

    async def read(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(self.latency_s)
        return self.now(fn, *args, **kwargs)

    def now(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Look without a loop; nothing is kept."""
        if self.away:
            raise DatabaseUnavailable("away")
        try:
            return fn(self._conn, *args, **kwargs)
        finally:
            self._conn.rollback()

    def do(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A door at once, without a loop."""
        result, changes = self._run(lambda conn: fn(conn, *args, **kwargs))
        self.feed.deliver_own(changes)
        return result

    async def close(self) -> None:
        self._conn.close()
        self._engine.dispose()

    def die(self) -> None:
        """As the process that had it open was killed: what was asked and not done never is."""
        self.away = True
        for future, _ in self._jobs:
            future.cancel()
        self._jobs.clear()

    def _commit_one(self) -> None:
        if not self._jobs:
            return
        future, call = self._jobs.popleft()
        changes: list[Change] = []
        try:
            result, changes = self._run(call)
        except Exception as error:  # noqa: BLE001 - it is handed to whoever asked
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(result)
        self.feed.deliver_own(changes)

    def _run(self, call: Callable[[Connection], Any]) -> tuple[Any, list[Change]]:
        if self.away:
            raise DatabaseUnavailable("away")
        published: list[Change] = []
        self._conn.info["published"] = published
        self._conn.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            result = call(self._conn)
        except BaseException:
            self._conn.rollback()
            raise
        self._conn.commit()
        return result, published
