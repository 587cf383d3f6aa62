"""Steps of a conversation of several people: who is asked, what is pressed, who hears whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from db.models import leg, leg_span
from floor import calls
from floor.calls import Call
from floor.requests import Request
from hotline import wiring
from hotline.testphone import Citizen, SeatCall, hearing
from hotline.testphone.media import RtpPeer
from ivr import numbers
from knowledge import experts
from tests.support.copy import WITHIN_S, Copy, SeatAt
from tests.support.steps import ask, talking

DEPARTMENT = "市场监管局"
CALLER_HZ, EXPERT_HZ, AGENT_HZ, SECOND_HZ = 2330.0, 2520.0, 2680.0, 3200.0
"""Pitches that no announcement has, and no chord of the music: that one must not be a voice. What
was said before a scene began has other ones, so a recording tells the two apart."""
EXPERT = "13800009001"
SECOND = "13800009002"

HEARD_S = 0.4
"""A tone heard for so long is a voice on the line; a stray packet is not."""
SHARE = 0.1
"""Of the power of what is heard: four voices at once have a quarter each."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody on the line, and the one pitch that is his."""

    media: RtpPeer
    hz: float


@dataclass(frozen=True, slots=True)
class Span:
    """What a leg was doing from when to when (epoch milliseconds)."""

    role: str
    label: str | None
    seat_id: int | None
    what: str
    from_ms: int
    to_ms: int | None


class Scene:
    """A talk that has begun: a caller, the agent of a seat, and what they do from here."""

    def __init__(
        self, copy: Copy, seat: SeatAt, caller: Citizen, agent: SeatCall, call_id: str
    ) -> None:
        self.copy = copy
        self.seat = seat
        self.caller = caller
        self.agent = agent
        self.id = call_id

    async def press(self, verb: str, seat: SeatAt | None = None, **args: object) -> Request:
        """A button that must do its work; the agent's own unless another seat is named."""
        asked = await ask(self.copy, seat or self.seat, self.id, verb, **args)
        assert asked.state == "done", f"{verb}: {asked.outcome}\n{self.copy.log()}"
        return asked

    async def refused(self, verb: str, seat: SeatAt | None = None, **args: object) -> str:
        """A button that must be refused; the sentence on the screen."""
        asked = await ask(self.copy, seat or self.seat, self.id, verb, **args)
        assert asked.state == "refused", f"{verb} was not refused: {asked.outcome}"
        assert asked.outcome is not None
        return str(asked.outcome["detail"])

    async def is_(self, *states: str, within_s: float = WITHIN_S) -> Call:
        return await in_state(self.copy, self.id, *states, within_s=within_s)

    async def rings(
        self, verb: str = "consult", number: str = EXPERT, name: str = "张三"
    ) -> SeatCall:
        """The agent asks for an expert of the directory; the call that rings at his desk."""
        expert_id = await expert(self.copy, name, number)
        await self.press(verb, target={"kind": "expert", "value": expert_id})
        return await self.copy.outside.rung(number)

    async def brings(
        self, verb: str = "consult", number: str = EXPERT, name: str = "张三"
    ) -> SeatCall:
        """He is rung, picks up, hears that the call is recorded, and is on the line."""
        call = await self.rings(verb, number, name)
        await call.answer()
        await noticed(self.copy, call)
        await party(self.copy, self.id, role="other", label=f"{name}（{DEPARTMENT}）", place="in")
        return call

    def voices(self, **others: SeatCall) -> dict[str, Voice]:
        """Everybody with a pitch of his own: caller, agent, and the outside ones named."""
        found = {
            "caller": Voice(self.caller.media, CALLER_HZ),
            "agent": Voice(self.agent.media, AGENT_HZ),
        }
        for (name, call), hz in zip(others.items(), (EXPERT_HZ, SECOND_HZ), strict=False):
            found[name] = Voice(call.media, hz)
        return found

    async def hear(self, expected: Mapping[str, str], **others: SeatCall) -> None:
        """See `they_hear`."""
        await they_hear(self.copy, self.voices(**others), expected)

    async def music(self, call: Citizen | SeatCall) -> None:
        """He hears the music of those who wait."""
        await call.media.hears_sound(WITHIN_S)


@asynccontextmanager
async def scene(copy: Copy, seat: SeatAt | None = None) -> AsyncIterator[Scene]:
    """A caller and an agent who talk; everybody who is left hangs up at the end."""
    assert max(copy.pitch.values()) < CALLER_HZ - 50, "an announcement sounds like a person"
    chosen = seat or await copy.seat()
    async with talking(copy, chosen) as (caller, agent):
        row = await in_state_of(copy, caller)
        yield Scene(copy, chosen, caller, agent, row.id)


async def in_state_of(copy: Copy, caller: Citizen) -> Call:
    """The caller's call, once its conversation has begun."""
    return await copy.until(
        lambda conn: _talked(copy.newest_of(conn, caller)), what="the conversation has begun"
    )


def _talked(row: Call | None) -> Call | None:
    return row if row is not None and row.talk_state is not None else None


def _records_are_whole(conn: Connection) -> None:
    """Every leg has ended and says why; what each did is closed, one after the other."""
    legs = {row.id: row for row in conn.execute(select(leg))}
    assert all(one.ended_ms is not None and one.cause for one in legs.values()), legs
    until: dict[str, int] = {}
    for span in conn.execute(select(leg_span).order_by(leg_span.c.leg_id, leg_span.c.id)):
        assert span.to_ms is not None, f"still open: {span}"
        earliest = until.get(span.leg_id, legs[span.leg_id].started_ms)
        assert earliest <= span.from_ms <= span.to_ms, span
        until[span.leg_id] = span.to_ms


async def everybody_goes(copy: Copy) -> None:
    """After a test: every call has ended, every seat goes home, nothing rings any more."""
    await copy.everybody_goes()
    copy.outside.forget()
    await copy.db.read(_records_are_whole)


# --- people ---


async def expert(
    copy: Copy, name: str = "张三", number: str = "", *, seat: SeatAt | None = None, **more: object
) -> int:
    """An entry of the directory: a telephone outside, or a seat of ours; its id."""
    sealer = wiring.sealer(copy.settings)
    where: dict[str, object] = {"ring": "seat", "seat_id": seat.id} if seat else {
        "ring": "number",
        "number_sealed": sealer.seal(number),
        "number_masked": numbers.masked(number),
    }  # fmt: skip
    fields = {"name": name, "department": DEPARTMENT, "topics": [], "on_duty": True, **where}

    def enter(conn: Connection) -> int:
        return experts.create(conn, **{**fields, **more}).expert.id

    return await copy.db.write(enter)


def at_number(copy: Copy, number: str) -> dict[str, object]:
    """The target that the console makes of a typed number: sealed, never in clear."""
    sealed = wiring.sealer(copy.settings).seal(number)
    return {"kind": "number", "sealed": sealed, "masked": numbers.masked(number)}


# --- what is known of the call ---


async def in_state(copy: Copy, call_id: str, *states: str, within_s: float = WITHIN_S) -> Call:
    """Wait until the conversation is in one of the states."""

    def look(conn: Connection) -> Call | None:
        found = calls.get(conn, call_id)
        return found if found is not None and found.talk_state in states else None

    try:
        return await copy.until(look, within_s, f"conversation is {' or '.join(states)}")
    except AssertionError as error:
        found = await copy.db.read(calls.get, call_id)
        state = (found.talk_state, found.parties) if found else None
        raise AssertionError(f"{error}\nit is {state}, {await copy.events_of(call_id)}") from None


async def party(
    copy: Copy, call_id: str, within_s: float = WITHIN_S, **wanted: object
) -> dict[str, Any]:
    """Wait for a participant whose fields are as wanted (`role="other", place="in"`)."""

    def look(conn: Connection) -> dict[str, Any] | None:
        found = calls.get(conn, call_id)
        fitting = (
            one
            for one in (found.parties if found else [])
            if all(one[name] == value for name, value in wanted.items())
        )
        return next(fitting, None)

    return await copy.until(look, within_s, f"a party with {wanted}")


async def legs_of(copy: Copy, call_id: str) -> list[tuple[str, str | None, str | None]]:
    """Role, label and cause of each leg in the order of time; every one must have ended."""
    statement = (
        select(leg.c.role, leg.c.label, leg.c.cause, leg.c.ended_ms)
        .where(leg.c.call_id == call_id)
        .order_by(leg.c.started_ms, leg.c.id)
    )
    rows = await copy.db.read(lambda conn: conn.execute(statement).all())
    assert all(row.ended_ms is not None for row in rows), f"a leg is still open: {rows}"
    return [(row.role, row.label, row.cause) for row in rows]


async def spans_of(copy: Copy, call_id: str) -> list[Span]:
    """What everybody did, in order. A call that has ended must have no open span."""
    statement = (
        select(
            leg.c.role, leg.c.label, leg_span.c.seat_id, leg_span.c.what,
            leg_span.c.from_ms, leg_span.c.to_ms,
        )
        .join(leg, leg.c.id == leg_span.c.leg_id)
        .where(leg_span.c.call_id == call_id)
        .order_by(leg_span.c.from_ms, leg_span.c.id)
    )  # fmt: skip
    rows = await copy.db.read(lambda conn: conn.execute(statement).all())
    return [Span(*row) for row in rows]


def add_up(spans: list[Span], what: str, seat_id: int | None = None) -> int:
    """Milliseconds of that kind, of one seat or of everybody without one."""
    return sum(
        (span.to_ms or 0) - span.from_ms
        for span in spans
        if span.what == what and span.seat_id == seat_id
    )


async def gone(copy: Copy, call_id: str, leg_id: str) -> None:
    """Wait until that leg is no longer on the call."""

    def look(conn: Connection) -> bool:
        found = calls.get(conn, call_id)
        return found is not None and all(one["leg"] != leg_id for one in found.parties)

    await copy.until(look, what="a leg is gone")


# --- who hears whom ---


async def noticed(copy: Copy, call: SeatCall) -> None:
    """Who picked up hears the notice. It may be over before we know that he is on the line."""
    await call.hears_tone(copy.pitch["expert_notice"], WITHIN_S, since=call.rung_at)


async def they_hear(copy: Copy, people: Mapping[str, Voice], expected: Mapping[str, str]) -> None:
    """Everybody speaks at once: each must hear those named for him, and nobody else.

    `expected` is a word a person, of the first letters of those he hears: {"caller": "ae"}.
    """
    start = next(iter(people.values())).media.now()
    for one in people.values():
        one.media.hush()
        one.media.say_tone(one.hz, 2 * WITHIN_S)

    def heard(pair: tuple[str, str]) -> bool:
        listener, speaker = pair
        sound = people[listener].media.heard(start)
        return hearing.tone_seconds(sound, people[speaker].hz, SHARE) >= HEARD_S

    pairs = [(listener, speaker) for listener in expected for speaker in people]
    pairs = [(listener, speaker) for listener, speaker in pairs if listener != speaker]
    wanted = [(who, whom) for who, whom in pairs if whom[0] in expected[who]]
    try:
        for pair in wanted:
            await people[pair[0]].media.hears(lambda pair=pair: heard(pair), WITHIN_S)  # type: ignore[misc]
        if len(wanted) < len(pairs):
            # That nobody else is heard takes as long to know as a voice takes to be one.
            await asyncio.sleep(HEARD_S + 0.2)
    except TimeoutError:
        missing = [pair for pair in wanted if not heard(pair)]
        raise AssertionError(f"not heard (who, whom): {missing}\n{copy.log()}") from None
    finally:
        for one in people.values():
            one.media.hush()
    wrong = [pair for pair in pairs if pair not in wanted and heard(pair)]
    assert not wrong, f"heard though it must not be (who, whom): {wrong}"
