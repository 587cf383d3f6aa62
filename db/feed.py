"""The change feed: what happened, in order, for everybody who watches.

A door calls `publish` inside its transaction; readers get the changes after the
commit, each once, in the order of `seq`. NOTIFY (or the writer itself) wakes, a slow
poll guarantees.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from db.clock import now_ms
from db.models.feed import change
from db.prepared import Prepared

log = logging.getLogger("hotline.feed")

POLL_S = 2.0
"""How long a change of another process may stay unseen when no wake-up came through."""

KEEP_MS = 24 * 3600 * 1000
PAGE = 1000


class Change(msgspec.Struct, frozen=True, gc=False):
    """One change: `data` holds nothing personal and may go to a screen as it is."""

    seq: int
    at_ms: int
    topic: str
    key: str
    data: dict[str, Any]


_insert = Prepared(
    insert(change), returns=[change.c.seq], inserts=("at_ms", "topic", "key", "data")
)
_since = (
    select(change.c.seq, change.c.at_ms, change.c.topic, change.c.key, change.c.data)
    .where(change.c.seq > bindparam("seq"))
    .order_by(change.c.seq)
    .limit(bindparam("most"))
)


def publish(conn: Connection, topic: str, key: str | int, data: dict[str, Any]) -> None:
    """Tell every watcher, when and only when this transaction commits."""
    at_ms = now_ms()
    values = {"at_ms": at_ms, "topic": topic, "key": str(key), "data": data}
    (seq,) = _insert.rows(conn, values)[0]
    published: list[Change] | None = conn.info.get("published")
    if published is not None:
        published.append(Change(seq, at_ms, topic, str(key), data))


def publish_all(conn: Connection, topic: str, said: Mapping[int, dict[str, Any]]) -> None:
    """The same of many rows of one topic, by their ids, in a few statements."""
    if not said:
        return
    at_ms = now_ms()
    rows = [
        {"at_ms": at_ms, "topic": topic, "key": str(key), "data": data}
        for key, data in said.items()
    ]
    # In whatever order the database numbered them: all of them are of one moment.
    told = conn.execute(insert(change).returning(change.c.seq, change.c.key), rows)
    published: list[Change] | None = conn.info.get("published")
    if published is not None:
        published += [
            Change(row.seq, at_ms, topic, row.key, said[int(row.key)])
            for row in sorted(told, key=lambda row: row.seq)
        ]


def changes_since(conn: Connection, seq: int, most: int = PAGE) -> list[Change]:
    """The changes after `seq`, oldest first, at most `most` of them."""
    return [Change(*row) for row in conn.execute(_since, {"seq": seq, "most": most})]


def last_seq(conn: Connection) -> int:
    """The number of the newest change; 0 when there is none."""
    newest: int = conn.execute(select(func.coalesce(func.max(change.c.seq), 0))).scalar_one()
    return newest


def oldest_seq(conn: Connection) -> int:
    """The number of the oldest change still kept; 0 when there is none."""
    oldest: int = conn.execute(select(func.coalesce(func.min(change.c.seq), 0))).scalar_one()
    return oldest


def prune(conn: Connection) -> int:
    """Forget changes older than a day; the newest stays, so that numbers never start again."""
    newest = last_seq(conn)
    gone = conn.execute(
        delete(change).where(change.c.at_ms < now_ms() - KEEP_MS, change.c.seq < newest)
    )
    return gone.rowcount


Listener = Callable[[Sequence[Change]], None]


class Feed:
    """Hands changes to listeners of this process, in order, none twice, none left out.

    Listeners are called on the event loop and must not block. One that raises is
    logged and stays subscribed: a fault of one screen is not the others'.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._listeners: list[Listener] = []
        self._wake = asyncio.Event()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every batch from now on; returns the way to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def wake(self) -> None:
        """Another process says that there is something new."""
        self._wake.set()

    def deliver_own(self, changes: Sequence[Change]) -> None:
        """Hand out what this process just wrote, unless another process wrote in between.

        Only for databases whose numbers have no gaps: there a gap means a foreign
        change that must come first, so everything is read back instead.
        """
        if changes and changes[0].seq == self.seq + 1:
            self.deliver(changes)
        elif changes:
            self.wake()

    def deliver(self, changes: Sequence[Change]) -> None:
        """Hand out what is newer than what was handed out already."""
        fresh = [c for c in changes if c.seq > self.seq]
        if not fresh:
            return
        self.seq = fresh[-1].seq
        for listener in tuple(self._listeners):
            try:
                listener(fresh)
            except Exception:
                log.exception("a listener of the change feed failed")

    async def woken(self) -> None:
        """Wait for a wake-up, at most `POLL_S`."""
        try:
            async with asyncio.timeout(POLL_S):
                await self._wake.wait()
        except TimeoutError:
            return
        finally:
            self._wake.clear()
