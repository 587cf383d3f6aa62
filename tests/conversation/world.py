"""Every conversation that can come to be in a small world, found by trying every event.

Two others at most, one supervisor, one colleague: small enough to try everything, large
enough that every cell of the table is reached in each of its sub-cases.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ivr import conversation as c
from ivr.conversation import Conversation, Event, Leg, Outcome, Refused, Target
from ivr.conversation_table import decide

OWNER, COLLEAGUE, SUPERVISOR, STRANGER = 1, 2, 90, 91
BUSY, GONE, UNKNOWN = 17, 44, 0

SEAT = Target("seat", str(COLLEAGUE), "座席2", COLLEAGUE, account_id=102)
EXPERT = Target("expert", "7", "张三（市场监管局）", expert_id=7)
POLICE = Target("emergency", "110", "110")
QUEUE = Target("queue", "enquiry", "政策咨询")

NEEDS_TARGET = ("consult", "invite", "transfer")
SUPERVISING = ("listen", "whisper", "barge", "take_over", "stop")
ABOUT_A_LEG = ("mute", "unmute", "drop")
OF_OTHERS = ("party_answered", "party_ready", "party_gone")


def first_two() -> Conversation:
    """Caller and agent, as every talk begins."""
    return Conversation(
        legs=(
            Leg("caller", "caller", "in", label="138****0001", answered=True),
            Leg("agent", "agent", "in", "seat", "座席1", OWNER, account_id=101, answered=True),
        ),
        owner_seat=OWNER,
        owner_label="座席1",
    )


def free_id(conversation: Conversation, kind: str) -> str:
    """A name that no leg has: the lowest, so that equal conversations are found equal."""
    return next(f"{kind}{n}" for n in range(9) if conversation.leg(f"{kind}{n}") is None)


def events(conversation: Conversation) -> Iterator[Event]:
    """Everything that can be asked for, or happen, in this conversation."""
    yield from pressed(conversation)
    yield from supervised(conversation)
    yield from happened(conversation)


def pressed(now: Conversation) -> Iterator[Event]:
    """The agent's buttons, those that make no sense among them."""
    new = free_id(now, "other")
    for name in ("hold", "resume", "cancel", "back", "swap", "join", "leave", "hang_up"):
        yield Event(name, account=101)
    yield Event("come_back", leg=free_id(now, "agent"), account=101)
    yield Event("emergency", leg=new, target=POLICE, account=101)
    for name in NEEDS_TARGET:
        for target in (SEAT, EXPERT, None, *((QUEUE,) if name == "transfer" else ())):
            yield Event(name, leg=new, target=target, account=101)
    for name in ABOUT_A_LEG:
        for leg_id in (*(leg.id for leg in now.legs), "nobody"):
            yield Event(name, leg=leg_id, account=101)


def supervised(now: Conversation) -> Iterator[Event]:
    """A supervisor's buttons, and those of one who has no seat."""
    for name in SUPERVISING:
        for seat in (SUPERVISOR, None):
            yield Event(name, leg=free_id(now, "super"), seat=seat, account=190, label="班长")


def happened(now: Conversation) -> Iterator[Event]:
    """What telephones and clocks do: to whoever is there, as far as it can happen to him."""
    spare = free_id(now, "agent")
    for leg in now.legs:
        if leg.role == "other":
            for cause in (c.HUNG_UP, c.NO_ANSWER, BUSY, GONE):
                yield Event("party_gone", leg=leg.id, cause=cause, spare=spare)
            yield Event("party_answered", leg=leg.id)
            yield Event("party_ready", leg=leg.id)
        if leg.role == "supervisor":
            yield Event("supervisor_answered", leg=leg.id)
            yield Event("supervisor_gone", leg=leg.id, cause=c.HUNG_UP)
            yield Event("supervisor_gone", leg=leg.id, cause=c.NO_ANSWER)
        if leg.role == "agent" and leg.place == "ringing":
            yield Event("agent_answered", leg=leg.id)
            for cause in (c.NO_ANSWER, BUSY, UNKNOWN):
                yield Event("agent_not_answered", leg=leg.id, cause=cause)
        if leg.role == "agent" and leg.place == "in":
            yield Event("agent_gone", leg=leg.id)
            yield Event("agent_lost", leg=leg.id, cause=GONE)
    if now.lost_seat is not None:
        yield Event("agent_back", spare=spare)
        yield Event("grace_over", cause=c.NO_ANSWER, spare=spare)
    yield Event("caller_gone", leg=now.caller.id)


def late(now: Conversation) -> Iterator[Event]:
    """What comes too late, or was never for us: it must not do anything."""
    for name in (*OF_OTHERS, "supervisor_answered", "supervisor_gone", "agent_answered"):
        yield Event(name, leg="nobody", spare=free_id(now, "agent"))


def is_over(outcome: Outcome) -> bool:
    """Whether the conversation ends here: the call does, or its caller waits again."""
    return any(isinstance(action, (c.End, c.Requeue)) for action in outcome.actions)


@dataclass(frozen=True, slots=True)
class Step:
    """An event in a conversation, and what came of it: an outcome, or a refusal's sentence."""

    before: Conversation
    event: Event
    came_of_it: Outcome | str


def step(before: Conversation, event: Event) -> Step:
    try:
        return Step(before, event, decide(before, event, 0))
    except Refused as refusal:
        return Step(before, event, str(refusal))


def of_interest(conversation: Conversation) -> bool:
    """Inside the small world: two others at most; a supervisor or a mute beside one at most."""
    others = len(conversation.others())
    besides = len(conversation.supervisors) + sum(leg.muted for leg in conversation.legs)
    return others <= 2 and besides <= (1 if others < 2 else 0)


def shape(conversation: Conversation) -> object:
    """What a conversation is, whatever its legs are called: of two alike one is tried."""
    legs = sorted(
        (leg.role, leg.place, leg.kind, leg.seat_id or 0, leg.muted, leg.answered)
        for leg in conversation.legs
    )
    return (*legs, conversation.owner_seat, conversation.lost_seat)


@functools.cache
def everything() -> tuple[Step, ...]:
    """Every event in every conversation of the small world."""
    start = first_two()
    seen = {shape(start)}
    steps: list[Step] = []
    ahead = deque([start])
    while ahead:
        before = ahead.popleft()
        for event in events(before):
            made = step(before, event)
            steps.append(made)
            if isinstance(made.came_of_it, str) or is_over(made.came_of_it):
                continue
            after = made.came_of_it.conversation
            if shape(after) not in seen and of_interest(after):
                seen.add(shape(after))
                ahead.append(after)
    return tuple(steps)


def conversations() -> tuple[Conversation, ...]:
    """Every conversation of the small world, once."""
    return tuple(dict.fromkeys(made.before for made in everything()))


def without(conversation: Conversation, leg_id: str) -> Conversation:
    legs = tuple(leg for leg in conversation.legs if leg.id != leg_id)
    return replace(conversation, legs=legs)
