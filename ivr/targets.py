"""Whom a person wants on the line: found in the database, with the way to ring him."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from db.sealed import CannotOpen
from floor import calls, seats
from ivr import dialling
from ivr.call import LiveCall
from ivr.conversation import Refused, Target
from knowledge import experts


@dataclass(frozen=True, slots=True)
class Way:
    """How to ring somebody. Both texts may hold a number: neither belongs in a log line."""

    endpoint: str
    caller_id: str
    ring_s: int


NOWHERE = Way("", "", 0)
"""A queue is not rung."""


async def find(call: LiveCall, verb: str, args: dict[str, Any]) -> tuple[Target, Way]:
    """Read `args` as the console writes them, and find the way.

    Raises:
        Refused: there is no such queue, seat, expert or number, or it can't be reached.
    """
    settings = call.parts.settings
    if verb == "emergency":
        return await _emergency(call, str(args.get("number", "")))
    asked = args.get("target") or {}
    kind, value = asked.get("kind"), asked.get("value")
    talk = settings.talk
    ring_s = math.ceil(talk.transfer_ring_s if verb == "transfer" else talk.consult_ring_s)
    if kind == "queue":
        queue = next((q for q in settings.queues if q.name == value), None)
        if queue is None:
            raise Refused("没有这个队列")
        return Target("queue", queue.name, queue.label), NOWHERE
    if kind == "seat":
        return await _seat(call, _number(value), ring_s)
    if kind == "expert":
        return await _expert(call, _number(value), ring_s)
    if kind == "number":
        number = _open(call, str(asked.get("sealed", "")))
        return Target("number", "", str(asked.get("masked", ""))), _outside(call, number, ring_s)
    raise Refused("请选择专家、座席、队列或号码")


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdigit():
        raise Refused("请选择专家、座席、队列或号码")
    return int(value)


async def _emergency(call: LiveCall, number: str) -> tuple[Target, Way]:
    talk = call.parts.settings.talk
    if number not in talk.emergency:
        raise Refused("没有这个紧急号码")
    # They must see who is in need, not us.
    sealed = await call.parts.db.read(calls.sealed_number, call.id)
    shown = _open(call, sealed) if sealed else ""
    way = _outside(call, number, math.ceil(talk.consult_ring_s), shown)
    return Target("emergency", number, number), way


async def _seat(
    call: LiveCall, seat_id: int, ring_s: int, label: str = "", expert_id: int | None = None
) -> tuple[Target, Way]:
    def look(conn: Connection) -> seats.Seat | None:
        return seats.get(conn, seat_id)

    seat = await call.parts.db.read(look)
    if seat is None:
        raise Refused("没有这个席位")
    if seat.state != "available" or not seat.phone_ready:
        raise Refused(f"对方席位现在不能接听（{seats.LABELS[seat.state]}）")
    target = Target(
        "seat" if expert_id is None else "expert",
        str(expert_id or seat.id),
        label or seat.name,
        seat.id,
        expert_id,
        seat.account_id,
    )
    return target, Way(f"PJSIP/{seat.endpoint}", call.row.caller_masked, ring_s)


async def _expert(call: LiveCall, expert_id: int, ring_s: int) -> tuple[Target, Way]:
    found = await call.parts.db.read(experts.reach, expert_id)
    if found is None:
        raise Refused("没有这位专家")
    if found.ring == "seat" and found.seat_id is not None:
        return await _seat(call, found.seat_id, ring_s, found.label, expert_id)
    if found.number_sealed is None:
        raise Refused("这位专家没有登记电话")
    number = _open(call, found.number_sealed)
    way = _outside(call, number, ring_s)
    return Target("expert", str(expert_id), found.label, None, expert_id), way


def _open(call: LiveCall, sealed: str) -> str:
    try:
        return call.parts.sealer.open(sealed)
    except CannotOpen:
        raise Refused("这个号码无法拨打，请核对") from None


def _outside(call: LiveCall, number: str, ring_s: int, shown: str = "") -> Way:
    try:
        dialled = dialling.dial(call.parts.settings, number, shown=shown)
    except dialling.CannotDial:
        raise Refused("这个号码无法拨打，请核对") from None
    return Way(dialled.endpoint, dialled.caller_id, ring_s)
