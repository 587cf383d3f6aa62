"""A conversation in the database: the whole object at its call, its legs, and what each did.

One door for each event: legs begin and end, seats are taken and come free, the time line
and the sums of times go on, all in one transaction.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection

from floor import calls, legs, seats
from floor.calls import Call
from ivr.conversation import Conversation, Leg, Note, activity
from knowledge import experts
from tickets import store

log = logging.getLogger("hotline.call")

ROLES = {"caller": "caller", "agent": "seat", "other": "party", "supervisor": "supervisor"}
AUTO = ("recall", "come_back", "supervise")
"""What a seat's telephone is rung for when its person expects it: it answers by itself."""


def kept(conversation: Conversation) -> dict[str, Any]:
    """As it is kept with the call, and as screens see it."""
    told: dict[str, Any] = msgspec.to_builtins(conversation)
    told["state"] = conversation.state
    for leg in told["legs"]:
        leg["auto"] = leg["purpose"] in AUTO
    return told


def read(row: Call) -> Conversation | None:
    """The conversation of a call, as it was kept."""
    if row.conversation is None:
        return None
    return msgspec.convert(row.conversation, Conversation)


def begin(conn: Connection, call_id: str, conversation: Conversation) -> None:
    """The first two are talking: their time begins."""
    for leg in conversation.legs:
        what = activity(conversation, leg)
        if what is not None:
            legs.begin_span(conn, call_id, leg.id, leg.seat_id, what)


def converse(
    conn: Connection,
    call_id: str,
    before: Conversation,
    after: Conversation,
    notes: list[Note],
    causes: dict[str, str],
    wrap_up_s: float,
) -> Call:
    """Write down what an event made of a conversation.

    Args:
        causes: why each leg that is gone went.
        wrap_up_s: for an agent who goes.

    Raises:
        seats.NotNow: a seat that was to be rung is not free. Nothing is written then.
    """
    _write_legs(conn, call_id, before, after, causes)
    _write_seats(conn, call_id, before, after, causes, wrap_up_s)
    _write_spans(conn, call_id, before, after)
    for note in notes:
        calls.note(conn, call_id, note.kind, dict(note.detail))
    row = _write_row(conn, call_id, after)
    _hand_ticket_over(conn, row, before, after)
    tell_experts(conn, _experts(before) ^ _experts(after))
    return row


def _experts(conversation: Conversation) -> set[int]:
    return {leg.expert_id for leg in conversation.legs if leg.expert_id is not None}


def tell_experts(conn: Connection, expert_ids: Iterable[int]) -> None:
    """Their lights change: they came onto a call, or are off it."""
    for expert_id in expert_ids:
        with contextlib.suppress(experts.NoSuchExpert):
            experts.tell(conn, expert_id)


def tell_all_experts(conn: Connection, row: Call) -> None:
    """The call let everybody go."""
    found = read(row)
    if found is not None:
        tell_experts(conn, _experts(found))


def _hand_ticket_over(
    conn: Connection, row: Call, before: Conversation, after: Conversation
) -> None:
    """Who has the call has its unfinished ticket."""
    if row.ticket_id is None or after.owner_seat in (None, before.owner_seat):
        return
    owner = seats.get(conn, after.owner_seat)
    if owner is not None:
        store.hand_over(conn, row.ticket_id, owner.account_id)


def _write_row(conn: Connection, call_id: str, after: Conversation) -> Call:
    agent = after.agent
    return calls.step(
        conn,
        call_id,
        "conversed",
        talk=kept(after),
        caller_held=after.caller.place == "held",
        seat=agent.seat_id if agent else None,
        seat_channel=agent.id if agent else None,
        owner=after.owner_seat,
    )


def _write_legs(
    conn: Connection,
    call_id: str,
    before: Conversation,
    after: Conversation,
    causes: dict[str, str],
) -> None:
    for leg in after.legs:
        was = before.leg(leg.id)
        if was is None:
            legs.add(
                conn,
                leg.id,
                call_id,
                ROLES[leg.role],
                leg.seat_id,
                kind=leg.kind or None,
                label=leg.label or None,
                expert_id=leg.expert_id,
                account_id=leg.account_id,
            )
        elif leg.answered and not was.answered:
            legs.answered(conn, leg.id)
    for leg in _gone(before, after):
        legs.ended(conn, leg.id, causes.get(leg.id, "ended"))


def _gone(before: Conversation, after: Conversation) -> list[Leg]:
    return [leg for leg in before.legs if after.leg(leg.id) is None]


def _write_spans(conn: Connection, call_id: str, before: Conversation, after: Conversation) -> None:
    for leg in before.legs:
        was = activity(before, leg)
        now = after.leg(leg.id)
        if was is not None and (now is None or activity(after, now) != was):
            legs.end_span(conn, leg.id)
    for leg in after.legs:
        what = activity(after, leg)
        earlier = before.leg(leg.id)
        if what is not None and (earlier is None or activity(before, earlier) != what):
            legs.begin_span(conn, call_id, leg.id, leg.seat_id, what)


def _write_seats(
    conn: Connection,
    call_id: str,
    before: Conversation,
    after: Conversation,
    causes: dict[str, str],
    wrap_up_s: float,
) -> None:
    for leg in _gone(before, after):
        if leg.seat_id is not None and not _still_has(after, leg.seat_id):
            wrap_up = wrap_up_s if leg.role == "agent" else 0.0
            free(conn, call_id, leg.seat_id, wrap_up, causes.get(leg.id, ""))
    lost = before.lost_seat
    if lost is not None and not _still_has(after, lost):
        free(conn, call_id, lost, 0.0, "lost")
    for leg in after.legs:
        was = before.leg(leg.id)
        if leg.seat_id is None:
            continue
        if was is None:
            _take(conn, call_id, leg)
        elif leg.answered and not was.answered:
            pick_up(conn, leg.seat_id)


def _still_has(conversation: Conversation, seat_id: int) -> bool:
    return conversation.lost_seat == seat_id or any(
        leg.seat_id == seat_id for leg in conversation.legs
    )


def _take(conn: Connection, call_id: str, leg: Leg) -> None:
    assert leg.seat_id is not None  # noqa: S101 - asked for by the caller
    seat = seats.get(conn, leg.seat_id)
    if seat is not None and seat.call_id == call_id and seat.state == "talking":
        # The page that was lost comes back: the seat was this call's all the time.
        return
    if leg.purpose in AUTO:
        seats.claim(conn, leg.seat_id, call_id)
    else:
        seats.reserve(conn, leg.seat_id, call_id)
    seats.ring(conn, leg.seat_id)


def pick_up(conn: Connection, seat_id: int) -> None:
    """Its telephone was answered; one that answers at once is quicker than the note of it."""
    seat = seats.get(conn, seat_id)
    if seat is not None and seat.state == "talking":
        return
    if seat is not None and seat.state == "reserved":
        seats.ring(conn, seat_id)
    seats.answer(conn, seat_id)


def free(conn: Connection, call_id: str, seat_id: int, wrap_up_s: float, cause: str) -> None:
    """The seat is on this call no more."""
    seat = seats.get(conn, seat_id)
    if seat is None or seat.call_id != call_id:
        return
    if cause == "lost":
        if seat.state in ("reserved", "ringing", "talking"):
            seats.cut_off(conn, seat_id, "phone_lost")
    elif seat.state == "talking":
        seats.end_call(conn, seat_id, wrap_up_s)
    elif seat.state == "ringing" and cause == "not_answered":
        seats.not_answered(conn, seat_id)
    elif seat.state in ("reserved", "ringing"):
        seats.release(conn, seat_id)
