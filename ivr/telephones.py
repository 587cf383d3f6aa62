"""Telephones of seats: which are there, told to the database, to the queue that serves
callers while no controller runs, and to the call that waits for one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from db.engine import DatabaseUnavailable
from floor import seats
from ivr import recovery
from ivr.ami import AmiError
from ivr.inbox import PhoneBack
from ivr.parts import Parts

log = logging.getLogger("hotline.controller")

SEAT_PREFIX = "seat-"
FALLBACK_QUEUE = "fallback"

LOOK_AGAIN_S = 0.3
"""Asterisk lists a telephone as offline for a moment after it came: mostly below 22 ms on a busy
machine, once above 50.
"""

Spawn = Callable[[Coroutine[Any, Any, Any], str], None]


class Telephones:
    """The telephones of all seats, as Asterisk has them.

    Args:
        spawn: begins a task of the controller's.
    """

    def __init__(self, parts: Parts, spawn: Spawn) -> None:
        self._parts = parts
        self._spawn = spawn
        self._turns: dict[int, asyncio.Lock] = {}
        self._asked: dict[int, bool] = {}
        """What was last to be written of each seat: the floor learns of it a moment later."""
        self._heard: Counter[int] = Counter()

    def changed(self, endpoint: str, reachable: bool) -> None:
        """Asterisk says that a telephone can be rung, or no longer (said at every call too)."""
        if not endpoint.startswith(SEAT_PREFIX):
            return
        seat = self._parts.floor.seat(int(endpoint.removeprefix(SEAT_PREFIX)))
        if seat is None:
            return
        self._heard[seat.id] += 1
        if self._asked.get(seat.id, seat.phone_ready) != reachable:
            self._asked[seat.id] = reachable
            self._spawn(self._set(endpoint, reachable), "telephone of a seat")
        elif reachable:
            self._tell_call(seat)

    async def settle(self) -> None:
        """See which telephones are there. Seats first: who registers meanwhile is not missed."""
        heard = self._heard.copy()
        known = await self._parts.db.read(seats.all_seats)
        online = await self._online()
        if any(seat.phone_ready and seat.endpoint not in online for seat in known):
            await asyncio.sleep(LOOK_AGAIN_S)
            online |= await self._online()
        for seat in known:
            ready = seat.endpoint in online
            # What Asterisk said since is newer than its list.
            if ready != seat.phone_ready and self._heard[seat.id] == heard[seat.id]:
                self._asked[seat.id] = ready
                await self._set(seat.endpoint, ready)

    async def _online(self) -> set[str]:
        listed = await self._parts.client.list_endpoints("PJSIP")
        return {endpoint.resource for endpoint in listed if endpoint.state == "online"}

    async def meet(self, endpoints: Sequence[str]) -> None:
        """Seats new to us: their telephones may have registered before we watched them."""
        await recovery.watch_phones(self._parts.client, endpoints)
        await self.settle()

    async def _set(self, endpoint: str, online: bool) -> None:
        seat_id = int(endpoint.removeprefix(SEAT_PREFIX))
        # One after the other: of two changes the later one must stand in the end.
        async with self._turns.setdefault(seat_id, asyncio.Lock()):
            try:
                # By the keeper: it looks for the database until it is back, and has us settle.
                seat = await self._parts.keeper.write(seats.set_phone, seat_id, online)
            except seats.NotNow:
                log.warning("a telephone of no seat registered")
                return
            except DatabaseUnavailable:
                self._asked.pop(seat_id, None)
                log.warning("seat %s: its telephone is looked at again with the database", seat_id)
                return
        if online:
            self._tell_call(seat)
        await self._serve_fallback(seat, online)

    def _tell_call(self, seat: seats.Seat) -> None:
        call = self._parts.directory.call(seat.call_id or "")
        if call is not None:
            call.put(PhoneBack(seat.id))

    async def _serve_fallback(self, seat: seats.Seat, online: bool) -> None:
        """For the time without a controller the dialplan rings seats by itself."""
        interface = f"PJSIP/{seat.endpoint}"
        ami = self._parts.ami
        try:
            if online:
                await ami.queue_add(FALLBACK_QUEUE, interface, seat.endpoint)
            else:
                await ami.queue_remove(FALLBACK_QUEUE, interface)
        except AmiError as error:
            log.info("seat %s in the fallback queue: %s", seat.id, error)
