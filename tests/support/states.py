"""The states of a call as a table: how to get into each, and how it goes on from there.

For tests in which the same thing happens (a kill, a cut) to calls in every state at once: one
copy for a file, one blow for the whole table.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from config.model import Settings
from floor import seats
from hotline.testphone import Citizen, SeatCall
from tests.support.copy import Copy, SeatAt, with_queue
from tests.support.steps import ask, hear_each_other, hears

STATES = ("held", "talking", "ringing", "waiting", "menu", "greeting")
"""In the order in which they are entered: who waits must find no free seat, and a greeting is
over soon."""

WITH_A_SEAT = ("held", "talking", "ringing")

GAVE_UP = {
    "greeting": "abandoned_in_menu",
    "menu": "abandoned_in_menu",
    "waiting": "abandoned_in_queue",
    "ringing": "abandoned_in_queue",
    "talking": "caller_hung_up",
    "held": "caller_hung_up",
}
"""How a call ends whose caller hangs up in that state."""


def patient(settings: Settings) -> Settings:
    """Nothing ends by itself while the rest of the table is set up, on however busy a machine:
    telephones ring on, menus wait for their key, and nobody is told his position."""
    calm = with_queue(
        settings,
        "business",
        ring_s=60.0,
        max_wait_s=600.0,
        announce_first_s=300.0,
        announce_every_s=300.0,
    )
    return replace(calm, lines=tuple(replace(line, key_wait_s=60.0) for line in calm.lines))


@dataclass(slots=True)
class Scene:
    """One call in its state. `call` is the seat's side, once its telephone has rung."""

    copy: Copy
    state: str
    seat: SeatAt
    citizen: Citizen
    call: SeatCall | None = None

    @property
    def seat_call(self) -> SeatCall:
        assert self.call is not None, "no seat has been rung"
        return self.call

    async def chooses(self) -> None:
        """The caller presses his key, if he has not yet, and waits."""
        if self.state in ("menu", "greeting"):
            await self.citizen.press("1")
            await self.copy.call_of(self.citizen, stage="waiting")
            self.state = "waiting"

    async def goes_on(self) -> None:
        """From its state to two people who hear each other."""
        await self.chooses()
        if self.state == "waiting":
            await self.seat.go_available()
            self.call = await self.seat.rung(20)
        if self.state == "held":
            row = await self.copy.call_of(self.citizen, stage="talking")
            assert (await ask(self.copy, self.seat, row.id, "resume")).state == "done"
        if self.state in ("ringing", "waiting"):
            await self.seat_call.answer()
            await self.copy.call_of(self.citizen, stage="talking")
        self.state = "talking"

    async def hears(self) -> None:
        """The two hear each other."""
        await hear_each_other(self.citizen, self.seat_call)

    async def ends(self) -> None:
        """The agent hangs up, and the record is whole."""
        await self.seat_call.hang_up()
        await self.citizen.ended()
        await self.copy.complete(self.citizen, "agent_hung_up")
        await self.seat.is_in("available")


@asynccontextmanager
async def in_state(copy: Copy, state: str) -> AsyncIterator[Scene]:
    """A citizen's call in that state, and a seat on duty: rung only from `ringing` on."""
    async with (
        on_duty(copy, available=state in WITH_A_SEAT) as seat,
        copy.citizen() as citizen,
    ):
        scene = Scene(copy, state, seat, citizen)
        await hears(copy, citizen, "menu" if state == "menu" else "greeting")
        if state == "menu":
            await copy.call_of(citizen, stage="menu")
        elif state != "greeting":
            await citizen.press("1")
            await copy.call_of(citizen, stage="waiting")
        if state in WITH_A_SEAT:
            scene.call = await seat.rung()
            await seat.is_in("ringing")
        if state in ("talking", "held"):
            await scene.seat_call.answer()
            row = await copy.call_of(citizen, stage="talking")
            if state == "held":
                assert (await ask(copy, seat, row.id, "hold")).state == "done"
        yield scene


@asynccontextmanager
async def in_states(copy: Copy, states: Iterable[str] = STATES) -> AsyncIterator[list[Scene]]:
    """A call in each of the states, at one time, in the order of the table."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(in_state(copy, state))
            for state in STATES
            if state in states
        ]


async def all_go_on(scenes: list[Scene]) -> None:
    """Each comes to its talk, who waited longest first, and each talk to its end."""
    # Keys at once: neither menu nor greeting waits for long.
    for scene in sorted(scenes, key=lambda one: one.state != "waiting"):
        await scene.chooses()
    for scene in sorted(scenes, key=lambda one: one.state == "waiting"):
        await scene.goes_on()
    await asyncio.gather(*(scene.hears() for scene in scenes))
    await asyncio.gather(*(scene.ends() for scene in scenes))


@asynccontextmanager
async def on_duty(copy: Copy, *, available: bool = True) -> AsyncIterator[SeatAt]:
    """A seat for one test; at its end nobody sits there any more."""
    seat = await copy.seat(available=available)
    try:
        yield seat
    finally:
        await copy.db.write(_leave, seat.id)


def _leave(conn: Connection, seat_id: int) -> None:
    found = seats.get(conn, seat_id)
    if found is not None and found.state != "offline":
        seats.go_offline(conn, seat_id)
