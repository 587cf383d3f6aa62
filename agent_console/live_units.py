"""What units' screens are told: their tickets, their own seat, and words of the place.

Whose a ticket is stands in the database alone, so these screens are told a moment later than the
floor's, in the same order. A unit that lost a ticket is told that it is gone, and nothing else
of it; one that a ticket complains of is told nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import Connection

from agent_console.auth import Account
from agent_console.live_messages import OF_EVERYBODY, Said, Watcher, encode, frame
from db import Database
from db.engine import DatabaseUnavailable
from db.feed import last_seq
from floor import seats
from tickets import people
from tickets.told import Reach, reaches

log = logging.getLogger("hotline.console.live")

CHANGE_SCOPES = frozenset({"person", "unit"})
"""After such a change a person's units may be others: her screen comes back and asks anew."""

OF_HER_SEAT = frozenset({"seat", "call"})
"""A person of a unit may have a telephone: her own seat and what is on it, no other."""

Tell = Callable[[Sequence[Said], Mapping[int, Reach]], None]


def watcher_of(conn: Connection, who: Account) -> Watcher:
    """Who watches, as the database has her now."""
    # First: a change that comes between the readings is then told, never missed.
    as_of = last_seq(conn)
    seat = seats.of_account(conn, who.id)
    actor = people.actor_of(conn, who.id, who.role)
    return Watcher(who.id, who.role, seat.id if seat else None, actor.unit_ids, as_of)


def moves(one: Said, watcher: Watcher) -> bool:
    """Whether this watcher's units may be others after a change of `CHANGE_SCOPES`."""
    if one.change.seq <= watcher.as_of:
        return False
    return one.change.topic == "unit" or one.change.key == str(watcher.account_id)


def tickets_in(said: Iterable[Said]) -> list[int]:
    """The tickets that these changes are about."""
    return [int(one.change.key) for one in said if one.change.topic == "ticket"]


def text_for(one: Said, watcher: Watcher, known: Mapping[int, Reach]) -> bytes:
    """The message for a unit's screen; empty when it is nothing to it. Pure."""
    change = one.change
    if change.topic in OF_EVERYBODY:
        return one.whole()
    if change.topic in OF_HER_SEAT and one.is_private and one.is_for(watcher):
        return one.whole()
    if change.topic != "ticket":
        return b""
    reach = known.get(int(change.key))
    if reach is None or reach.against in watcher.unit_ids:
        return b""
    if reach.now & watcher.unit_ids:
        return one.whole()
    if reach.before & watcher.unit_ids:
        return encode(change, {"id": int(change.key), "gone": True})
    return b""


def frames(said: Sequence[Said], watcher: Watcher, known: Mapping[int, Reach]) -> bytes:
    return b"".join(frame(text_for(one, watcher, known)) for one in said)


class UnitLane:
    """Looks up whose the changed tickets are, batch after batch, and has them told.

    `tell` runs on the loop with each batch; `lost` when the database did not answer.
    """

    def __init__(self, database: Database, tell: Tell, lost: Callable[[], None]) -> None:
        self._database = database
        self._tell = tell
        self._lost = lost
        self._waiting: list[Said] = []
        self._task: asyncio.Task[None] | None = None

    def put(self, said: Sequence[Said]) -> None:
        """Have these told, after all that was put before."""
        self._waiting += said
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="console-live-units")

    async def look_up(self, said: Sequence[Said]) -> dict[int, Reach]:
        return await self._database.read(reaches, tickets_in(said))

    async def stop(self) -> None:
        """What still waits is told again when the screens come back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._waiting:
                said, self._waiting = self._waiting, []
                self._tell(said, await self.look_up(said))
        except DatabaseUnavailable:
            log.warning("units' screens could not be told; they come back and resume")
            self._waiting.clear()
            self._lost()
        finally:
            self._task = None
