"""What a person's request means: the event of the conversation that it brings about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dialplan.phones import GONE_CAUSE
from floor import seats
from floor.requests import Request
from ivr import ari
from ivr.call import LiveCall
from ivr.conversation import HUNG_UP, Conversation, Event, Leg, Refused
from ivr.conversation_table import TABLE
from ivr.targets import Way, find

NEEDS_TARGET = ("consult", "invite", "transfer", "emergency")
OWN_SEAT = ("listen", "whisper", "barge", "take_over", "stop", "come_back")
"""Verbs for which the telephone of the person who asks is rung, or looked for."""


@dataclass(frozen=True, slots=True)
class Press:
    """An event, the way to ring its target, and the channel to hang up when it is done."""

    event: Event
    way: Way | None = None
    hang_up: str | None = None


async def read(call: LiveCall, now: Conversation, request: Request) -> Press | None:
    """What was asked for, in this conversation; None when it is about nothing that is there.

    Raises:
        Refused: nobody knows such a verb, or whom it names can't be reached.
    """
    verb, args, account = request.verb, request.args, request.account_id
    if verb == "phone_gone":
        return await _phone_gone(call, now, account)
    if verb not in TABLE:
        raise Refused("不支持的操作")
    hers = next((leg for leg in now.legs if leg.account_id == account), None)
    if verb == "hang_up" and hers is not None and hers.role != "agent":
        return _leaves(hers)
    if verb in NEEDS_TARGET:
        return await _towards(call, now, verb, args, account)
    if verb not in OWN_SEAT:
        return Press(Event(verb, leg=str(args.get("leg") or ""), account=account))
    seat = await call.parts.db.read(seats.of_account, account)
    return Press(
        Event(
            verb,
            leg=ari.new_id("seat"),
            account=account,
            seat=seat.id if seat else None,
            label=seat.name if seat else "",
        )
    )


async def _towards(
    call: LiveCall, now: Conversation, verb: str, args: dict[str, Any], account: int
) -> Press:
    cell = TABLE[verb][now.state]
    if isinstance(cell, str):
        # Not worth looking anybody up.
        raise Refused(cell)
    target, way = await find(call, verb, args)
    return Press(Event(verb, leg=ari.new_id("party"), target=target, account=account), way)


async def _phone_gone(call: LiveCall, now: Conversation, account: int) -> Press | None:
    """A page said good-bye, or a new one asks for the telephone: that line is dead."""
    seat = await call.parts.db.read(seats.of_account, account)
    leg = next((one for one in now.legs if seat and one.seat_id == seat.id), None)
    if leg is None or not leg.answered:
        return None
    if leg.role == "agent":
        return Press(Event("agent_lost", leg=leg.id))
    # He did not hang up: a caller who was alone with him is not let go for it.
    return _leaves(leg, GONE_CAUSE)


def _leaves(leg: Leg, cause: int = HUNG_UP) -> Press:
    """Somebody beside the agent goes: only his own leg ends."""
    event = "supervisor_gone" if leg.role == "supervisor" else "party_gone"
    spare = ari.new_id("seat")
    return Press(Event(event, leg=leg.id, cause=cause, spare=spare), hang_up=leg.id)
