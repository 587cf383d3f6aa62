"""A seat of the demonstration's own: a telephone of ours in the place of an agent who is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from config.model import Settings
from db import Database
from dialplan.phones import Pushed, wired_phone
from dialplan.secrets import ari_password
from floor import seats
from hotline.demo.story import HinderedError
from hotline.testphone import SeatCall, Seats
from hotline.testphone.alaw import Samples

log = logging.getLogger("hotline.demo")

REQUEST_LIMIT_S = 5.0
WRAP_UP_LIMIT_S = 10.0
LOOK_EVERY_S = 0.1


class DemoSeat:
    """The telephone; it answers once it rings."""

    def __init__(self, phones: Seats, endpoint: str) -> None:
        self._phones = phones
        self._endpoint = endpoint
        self._call: SeatCall | None = None

    async def answer(self, within_s: float) -> None:
        """Wait for the ringing, let it ring for a moment, pick up."""
        try:
            self._call = await self._phones.rung(within_s)
        except TimeoutError:
            raise HinderedError(f"No seat was rung within {within_s:.0f} s.") from None
        await asyncio.sleep(1.0)
        await self._call.answer()

    def say(self, sound: Samples) -> None:
        if self._call is not None:
            self._call.media.say(sound)


@asynccontextmanager
async def answering(settings: Settings, database: Database, queue: str) -> AsyncIterator[DemoSeat]:
    """Put a seat that nobody uses to work for the length of the block, then leave it offline.

    Raises HinderedError when every seat of the queue is in use.
    """
    idle = [
        seat
        for seat in await database.read(seats.all_seats)
        if queue in seat.skills and seat.state == "offline"
    ]
    if not idle:
        raise HinderedError(f"Every seat of the queue {queue} is in use: no need for one of mine.")
    seat = idle[-1]
    target = (settings.asterisk.host, settings.asterisk.sip_port)
    async with Seats(target) as phones:
        pushed = wired_phone(
            settings.asterisk, seat.endpoint, phones.contact(seat.endpoint), context="from-seat"
        )
        await _tell_asterisk(settings, "PUT", pushed)
        await database.write(seats.set_phone, seat.id, True)
        await database.write(seats.go_available, seat.id)
        try:
            yield DemoSeat(phones, seat.endpoint)
        finally:
            await _leave(database, seat.id)
            await _tell_asterisk(settings, "DELETE", pushed[::-1])


async def _leave(database: Database, seat_id: int) -> None:
    """End the wrap-up as soon as it has begun, and sign the seat off."""
    try:
        async with asyncio.timeout(WRAP_UP_LIMIT_S):
            while await _is_busy(database, seat_id):  # noqa: ASYNC110 - another process's row
                await asyncio.sleep(LOOK_EVERY_S)
        await database.write(seats.set_phone, seat_id, False)
        await database.write(seats.go_offline, seat_id)
    except (TimeoutError, seats.NotNow):
        log.warning("the demonstration's seat could not be signed off")


async def _is_busy(database: Database, seat_id: int) -> bool:
    seat = await database.read(seats.get, seat_id)
    return seat is not None and seat.state in ("reserved", "ringing", "talking")


async def _tell_asterisk(settings: Settings, method: str, objects: Sequence[Pushed]) -> None:
    asterisk = settings.asterisk
    async with aiohttp.ClientSession(
        auth=aiohttp.BasicAuth(asterisk.user, ari_password(settings)),
        timeout=aiohttp.ClientTimeout(total=REQUEST_LIMIT_S),
    ) as session:
        for one in objects:
            address = f"http://{asterisk.host}:{asterisk.http_port}/ari/{one.path}"
            body = one.body if method == "PUT" else None
            async with session.request(method, address, json=body) as answer:
                if method == "PUT" and not answer.ok:
                    raise HinderedError(f"Asterisk refused the telephone ({answer.status}).")
