"""What happens to live calls, written down even when the database is away for a while.

A call does not wait for the database: `keep` answers with what the write would have made of
the row, remembers the write with the time at which it happened, and makes it when the
database is back: all in the order in which they happened, each exactly once. Why there is a
key for each, and what is not kept so: docs/decisions/0007-kept-writes.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from sqlalchemy import Connection, bindparam, delete, insert, select

from db.clock import as_of, now_ms
from db.engine import Database, DatabaseUnavailable, Door
from db.models import kept_write
from db.prepared import Prepared
from floor import calls
from floor.calls import Call

log = logging.getLogger("hotline.keeping")
P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 2.0
"""A call waits so long for a write at most; then it goes on and the write is kept."""

LOOK_AGAIN_S = 0.5
"""How often a database that is away is asked whether it is back."""

AT_ONCE = 50
"""So many kept writes go into one commit: those of a minute are through in seconds."""

KEYS_KEPT_MS = 24 * 3600 * 1000
"""Longer than any controller waits for its database: until then a key may be asked for."""

_name = Prepared(insert(kept_write), inserts=("key", "at_ms"))
_named = Prepared(
    select(kept_write.c.key).where(kept_write.c.key == bindparam("key")), [kept_write.c.key]
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A write and the moment it belongs to. Its key stands in the database once it is made."""

    key: str
    call_id: str
    at_ms: int
    door: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def make(self, conn: Connection) -> Any:
        """Run the door as of its moment, with its key in the same transaction."""
        _name.run(conn, {"key": self.key, "at_ms": self.at_ms})
        with as_of(self.at_ms):
            return self.door(conn, *self.args, **self.kwargs)


class Keeper:
    """The writes of one controller's calls.

    Args:
        learned: told, on the loop, of a call whose last kept write went through, with its row
            as the database has it: what only the database gives (a ticket's number) is in it.
    """

    def __init__(self, db: Database, learned: Callable[[Call], None] | None = None) -> None:
        self._db = db
        self._learned = learned
        self._name = secrets.token_hex(8)
        self._numbers = itertools.count()
        self._kept: deque[Kept] = deque()
        self._of_call: Counter[str] = Counter()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._listeners: list[Callable[[], None]] = []
        self._away = asyncio.Event()
        self._there = asyncio.Event()
        self._there.set()
        self._writing = asyncio.Lock()

    # --- for calls ---

    async def keep(
        self, call_id: str, assume: T, door: Door[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a door of a call's; without a database, take `assume` for its answer.

        Raises what the door raises, never DatabaseUnavailable.
        """
        key = f"{self._name}-{next(self._numbers)}"
        write = Kept(key, call_id, now_ms(), door, args, kwargs)
        turn = self._turns.setdefault(call_id, asyncio.Lock())
        async with turn:
            if not self._away.is_set():
                limit = asyncio.timeout(PATIENCE_S)
                try:
                    async with limit:
                        made: T = await self._db.write(write.make)
                        return made
                except DatabaseUnavailable as error:
                    self._lose(str(error))
                except TimeoutError:
                    if not limit.expired():
                        raise
                    # It may still be made: then its key says so.
                    self._lose("too slow")
            self._kept.append(write)
            self._of_call[call_id] += 1
            return assume

    async def write(self, door: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a door whose answer nobody can assume: whether a seat is to be had, say.

        Raises:
            DatabaseUnavailable: at once while the database is known to be away.
        """
        if self._away.is_set():
            raise DatabaseUnavailable("away")
        try:
            return await self._db.write(door, *args, **kwargs)
        except DatabaseUnavailable as error:
            self._lose(str(error))
            raise

    async def back(self) -> None:
        """Wait until the database answers and everything kept is written."""
        await self._there.wait()

    @property
    def away(self) -> bool:
        """Whether the database is known to be away, or kept writes are still being made."""
        return self._away.is_set()

    def waiting(self, call_id: str) -> bool:
        """Whether writes of this call are still to be made."""
        return call_id in self._of_call

    def on_back(self, listener: Callable[[], None]) -> None:
        """Have it called whenever the database is back and everything kept is written."""
        self._listeners.append(listener)

    # --- for the controller ---

    async def run(self) -> None:
        """Runs for ever: whenever the database went away, wait for it and write what was kept."""
        while True:
            await self._away.wait()
            await self._catch_up()

    async def finish(self, within_s: float) -> None:
        """Before the end: write what is kept, if the database comes back in time."""
        if not self._away.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._catch_up()
        if self._kept:
            log.error("the database did not come back; %s writes are lost", len(self._kept))

    def _lose(self, why: str) -> None:
        if not self._away.is_set():
            log.error("the database is away (%s); calls go on, what happens is kept", why)
            self._away.set()
            self._there.clear()

    async def _catch_up(self) -> None:
        async with self._writing:
            many = 0
            while self._away.is_set():
                try:
                    many += await self._write_some()
                except DatabaseUnavailable:
                    await asyncio.sleep(LOOK_AGAIN_S)
                    continue
                if not self._kept:
                    self._away.clear()
                    self._there.set()
                    log.warning("the database is back; %s kept writes were made", many)
                    for listener in self._listeners:
                        listener()

    async def _write_some(self) -> int:
        """One commit of the oldest; with none kept, it shows whether the database is there."""
        oldest = tuple(self._kept)[:AT_ONCE]
        try:
            self._done(oldest, await self._db.write(_make_all, oldest))
        except DatabaseUnavailable:
            raise
        except Exception:
            # One of them is refused; which, shows when each has a commit of its own.
            log.exception("kept writes are made one by one")
            for one in oldest:
                await self._write_alone(one)
        return len(oldest)

    async def _write_alone(self, one: Kept) -> None:
        try:
            rows = await self._db.write(_make_all, (one,))
        except DatabaseUnavailable:
            raise
        except Exception:
            # The database has it otherwise than we assumed: the others of the call still count.
            log.exception("call %s: %s was refused afterwards", one.call_id, one.door.__name__)
            rows = []
        self._done((one,), rows)

    def _done(self, made: Sequence[Kept], rows: Sequence[Call]) -> None:
        for one in made:
            self._kept.popleft()
            self._of_call[one.call_id] -= 1
        for call_id in {one.call_id for one in made}:
            if not self._of_call[call_id]:
                del self._of_call[call_id]
        for row in rows:
            if self._learned is not None and row.id not in self._of_call:
                self._learned(row)


def _make_all(conn: Connection, writes: Sequence[Kept]) -> list[Call]:
    """Make those that were not made yet; the rows of their calls as they are then."""
    for write in writes:
        if _named.one(conn, {"key": write.key}) is None:
            write.make(conn)
    rows = (calls.get(conn, call_id) for call_id in {write.call_id for write in writes})
    return [row for row in rows if row is not None]


def forget_keys(conn: Connection) -> None:
    """Forget the keys of writes that nobody can ask for any more."""
    conn.execute(delete(kept_write).where(kept_write.c.at_ms < now_ms() - KEYS_KEPT_MS))
