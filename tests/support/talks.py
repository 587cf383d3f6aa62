"""Every state of a conversation at one time, in one copy: for a blow that strikes them all.

A table: how each state is entered, who must hear whom in it, and how it goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from config.model import Settings
from floor import calls, seats
from hotline.testphone import Citizen, SeatCall
from tests.support.conversing import (
    CALLER_HZ,
    EXPERT_HZ,
    Scene,
    Voice,
    at_number,
    party,
    spans_of,
    they_hear,
)
from tests.support.copy import WITHIN_S, Copy, SeatAt
from tests.support.states import on_duty, patient
from tests.support.steps import hears
from tests.support.tones import SEAT_HZ

ASKED = {
    "asking": "consult",
    "consulting": "consult",
    "aside": "consult",
    "left": "consult",
    "returning": "consult",
    "inviting": "invite",
    "conference": "invite",
    "handing": "transfer",
}
"""States with somebody else, and the button by which he is asked for."""

ANSWERED = ("consulting", "aside", "conference", "left", "returning")
THEN = {
    "held": ["hold"],
    "aside": ["swap"],
    "left": ["leave"],
    "returning": ["leave", "come_back"],
    "recalling": ["phone_gone"],
}
"""What is pressed once everybody is there."""

HEARD = {
    "talking": {"caller": "a", "agent": "c"},
    "held": {"caller": "", "agent": ""},
    "asking": {"caller": "", "agent": ""},
    "consulting": {"caller": "", "agent": "e", "expert": "a"},
    "aside": {"caller": "a", "agent": "c", "expert": ""},
    "inviting": {"caller": "a", "agent": "c"},
    "conference": {"caller": "ae", "agent": "ce", "expert": "ac"},
    "left": {"caller": "e", "expert": "c"},
    "returning": {"caller": "e", "expert": "c"},
}
"""Who hears whom; in the states that are missing the caller is alone."""

RUNG = ("asking", "inviting", "handing")
"""Somebody outside is being rung."""

HER_OWN = ("recalling", "returning")
"""The agent's own telephone is being rung."""

TALK_STATES = (*HEARD, "handing", "recalling")
"""All but `lost`: these telephones have a fixed address and are never away (tests/ivr has it)."""


def long_lasting(settings: Settings) -> Settings:
    """Nothing that rings or waits gives up while the table is set up."""
    kept = patient(settings)
    patience = {"consult_ring_s": 600.0, "transfer_ring_s": 600.0, "lost_seat_s": 600.0}
    return replace(kept, talk=replace(kept.talk, **patience))  # type: ignore[arg-type]


@dataclass(slots=True)
class Talk:
    """A call in its state. `desk` is the other's telephone, once it has rung."""

    state: str
    scene: Scene
    number: str
    desk: SeatCall | None = None

    @property
    def copy(self) -> Copy:
        return self.scene.copy

    @property
    def other(self) -> SeatCall:
        assert self.desk is not None, "nobody else was asked for"
        return self.desk

    async def asks(self) -> None:
        """The button by which somebody else is rung, if the state has somebody else."""
        if self.state in ASKED:
            target = at_number(self.copy, self.number)
            await self.scene.press(ASKED[self.state], target=target)

    async def answers(self) -> None:
        """He picks up, hears that the call is recorded, and is on the line."""
        if self.state in ANSWERED:
            await self.picks_up()

    async def picks_up(self) -> None:
        await self.other.answer()
        await party(self.copy, self.scene.id, role="other", place="in")

    async def then(self) -> None:
        """The buttons that lead from there into the state."""
        for verb in THEN.get(self.state, ()):
            await self.scene.press(verb)
        await self.scene.is_(self.state)

    async def still(self) -> None:
        """It is in its state, and everybody hears whom he should and nobody else."""
        if self.state in HEARD:
            await self.scene.is_(self.state)
            await they_hear(self.copy, self.voices(), HEARD[self.state])
        else:
            await self.scene.music(self.scene.caller)

    def voices(self) -> dict[str, Voice]:
        """Those who are on the line, each with a pitch of his own."""
        everybody = {
            "caller": lambda: Voice(self.scene.caller.media, CALLER_HZ),
            "agent": lambda: Voice(self.scene.agent.media, SEAT_HZ),
            "expert": lambda: Voice(self.other.media, EXPERT_HZ),
        }
        return {name: everybody[name]() for name in HEARD[self.state]}

    async def rings_on(self) -> None:
        """Whoever was being rung can pick up all the same, and is on the line."""
        if self.state in RUNG:
            await self.picks_up()

    async def she_is_back(self) -> None:
        """The agent picks up, and is back on her call."""
        if self.state in HER_OWN:
            await self.scene.agent.answer()
            await party(self.copy, self.scene.id, role="agent", place="in")

    async def ends(self) -> None:
        """The caller hangs up: nobody stays on the line, and the record is whole."""
        await self.scene.caller.hang_up()
        row = await self.copy.complete(self.scene.caller, "caller_hung_up")
        assert all(span.to_ms is not None for span in await spans_of(self.copy, row.id))
        if self.desk is not None:
            await self.desk.ended()
        await self.scene.seat.is_in("available", "offline")


@asynccontextmanager
async def talks(copy: Copy, states: Sequence[str] = TALK_STATES) -> AsyncIterator[list[Talk]]:
    """A conversation in each of the states, at one time."""
    async with AsyncExitStack() as stack:
        talking = await _talking(copy, stack, len(states))
        made = [
            Talk(state, scene, f"138000095{number:02d}")
            for number, (state, scene) in enumerate(zip(states, talking, strict=True))
        ]
        # Together: a button of another process is seen with the next look at the feed.
        await asyncio.gather(*(talk.asks() for talk in made))
        for talk in made:
            if talk.state in ASKED:
                talk.desk = await copy.outside.rung(talk.number)
        await asyncio.gather(*(talk.answers() for talk in made))
        await asyncio.gather(*(talk.then() for talk in made))
        await her_own_rings(copy, [talk for talk in made if talk.state in HER_OWN])
        yield made


async def her_own_rings(copy: Copy, expected: Sequence[Talk]) -> None:
    """The agents' telephones of these calls ring, in whatever order."""
    by_endpoint = {talk.scene.seat.endpoint: talk for talk in expected}
    while by_endpoint:
        call = await copy.telephones.rung(20)
        by_endpoint.pop(call.endpoint).scene.agent = call


async def _talking(copy: Copy, stack: AsyncExitStack, many: int) -> list[Scene]:
    """So many talks that began at one time."""
    people = [await stack.enter_async_context(on_duty(copy, available=False)) for _ in range(many)]
    citizens = [await stack.enter_async_context(copy.citizen()) for _ in range(many)]
    await asyncio.gather(*(_waits(copy, citizen) for citizen in citizens))
    for seat in people:
        await seat.go_available()
    rung = [await copy.telephones.rung() for _ in people]
    await asyncio.gather(*(call.answer() for call in rung))
    return [await _scene(copy, people, citizens, call) for call in rung]


async def _waits(copy: Copy, citizen: Citizen) -> None:
    await hears(copy, citizen, "greeting", within_s=20)
    await citizen.press("1")
    await copy.call_of(citizen, stage="waiting")


async def _scene(
    copy: Copy, people: Sequence[SeatAt], citizens: Sequence[Citizen], call: SeatCall
) -> Scene:
    """Who has come together with whom."""
    seat = next(seat for seat in people if seat.endpoint == call.endpoint)

    def talk(conn: Connection) -> tuple[str, str] | None:
        found = seats.get(conn, seat.id)
        row = calls.get(conn, found.call_id) if found and found.call_id else None
        return (row.id, row.caller_hash) if row and row.talk_state else None

    call_id, caller = await copy.until(talk, WITHIN_S, "the talk has begun")
    citizen = next(one for one in citizens if copy.hash_of(one) == caller)
    return Scene(copy, seat, citizen, call, call_id)
