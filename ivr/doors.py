"""Steps of a call that touch several nouns at once, each in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection

from db.clock import now_ms
from floor import calls, legs, missed, seats
from floor.calls import Call
from floor.seats import Seat
from ivr import conversing
from ivr.conversation import Conversation, Leg
from recordings import catalogue
from tickets import store

log = logging.getLogger("hotline.call")

REACHED_NOBODY = ("abandoned_in_menu", "abandoned_in_queue", "message_left")


def arrive(conn: Connection, /, **caller: Any) -> tuple[Call, bool]:
    """A call came in: begin it and its recording. Says whether its number is blocked."""
    row = calls.begin(conn, **caller)
    catalogue.begin(conn, row.id)
    return row, calls.is_blocked(conn, row.caller_hash)


def queue_up(conn: Connection, call_id: str, queue: str, detail: dict[str, Any]) -> Call:
    """The caller begins to wait. The row may later name another queue, this event never does."""
    return calls.step(conn, call_id, "queued", {"queue": queue, **detail}, queue=queue)


def queue_up_and_offer(
    conn: Connection, call_id: str, queue: str, detail: dict[str, Any], seat_id: int, channel: str
) -> tuple[Call, bool]:
    """The caller begins to wait, and a free seat is his if nobody else was quicker."""
    row = queue_up(conn, call_id, queue, detail)
    try:
        return offer(conn, call_id, seat_id, channel), True
    except seats.NotNow:
        return row, False


def offer(conn: Connection, call_id: str, seat_id: int, channel: str) -> Call:
    """Take a seat for a call and note the leg that is about to be rung.

    Raises:
        seats.NotNow: the seat is taken, or gone.
    """
    try:
        seats.reserve(conn, seat_id, call_id)
    except seats.NotNow as taken:
        # Made once already, and nobody was told: the database went away with the answer.
        if taken.seat is None or (taken.seat.state, taken.seat.call_id) != ("reserved", call_id):
            raise
    legs.add(conn, channel, call_id, "seat", seat_id)
    return calls.step(
        conn, call_id, "offered", {"seat": seat_id}, seat=seat_id, seat_channel=channel
    )


def take_back(conn: Connection, call_id: str, seat_id: int, channel: str, why: str) -> Call:
    """The seat did not pick up (`why` is an event kind); the caller waits on, in his place."""
    seat = seats.get(conn, seat_id)
    if seat is None or seat.call_id != call_id:
        log.info("seat %s had moved on already", seat_id)
    elif why == "unreachable":
        seats.cut_off(conn, seat_id, "phone_lost")
    elif seat.state == "reserved":
        # We died before it was rung: it is not to blame.
        seats.release(conn, seat_id)
    elif seat.state == "ringing":
        seats.not_answered(conn, seat_id)
    legs.ended(conn, channel, why)
    calls.note(conn, call_id, why, {"seat": seat_id})
    return calls.step(conn, call_id, "taken_back")


def answer(
    conn: Connection, call_id: str, seat_id: int, channel: str, bridge: str, zone: tzinfo
) -> tuple[Call, Seat]:
    """The agent picked up: the talk begins and with it the draft of a ticket.

    A caller who was talking before keeps his ticket; who answers now has it from here on.
    """
    seat = _pick_up(conn, call_id, seat_id)
    legs.answered(conn, channel)
    row = calls.get(conn, call_id)
    if row is None:
        raise calls.NoSuchCall(call_id)
    ticket_id = row.ticket_id
    if ticket_id is None:
        found = store.of_call(conn, call_id) or store.draft(
            conn,
            call_id=call_id,
            source="call",
            caller_hash=row.caller_hash,
            caller_masked=row.caller_masked,
            account_id=seat.account_id,
            zone=zone,
        )
        ticket_id = found.id
    if row.callback_ms is not None:
        missed.answered_after_all(conn, call_id)
    if row.talk_ms is not None:
        store.hand_over(conn, ticket_id, seat.account_id)
    talk = first_two(row.channel, channel, seat, row.caller_masked)
    conversing.begin(conn, call_id, talk)
    moved = calls.step(
        conn,
        call_id,
        "answered",
        {"seat": seat_id},
        bridge=bridge,
        ticket=ticket_id,
        talk=conversing.kept(talk),
        owner=seat_id,
    )
    return moved, seat


def first_two(caller: str, channel: str, seat: Seat, masked: str) -> Conversation:
    """Caller and agent, as a conversation begins."""
    at_ms = now_ms()
    return Conversation(
        legs=(
            Leg(caller, "caller", "in", label=masked, answered=True, since_ms=at_ms),
            Leg(
                channel,
                "agent",
                "in",
                kind="seat",
                label=seat.name,
                seat_id=seat.id,
                account_id=seat.account_id,
                answered=True,
                since_ms=at_ms,
            ),
        ),
        owner_seat=seat.id,
        owner_label=seat.name,
    )


def _pick_up(conn: Connection, call_id: str, seat_id: int) -> Seat:
    seat = seats.get(conn, seat_id)
    if seat is not None and seat.state == "talking" and seat.call_id == call_id:
        # A call that we make: the agent was on the line before the citizen.
        return seat
    try:
        return seats.answer(conn, seat_id)
    except seats.NotNow as early:
        # A telephone that answers at once is quicker than the note that it rings.
        if early.seat is None or early.seat.state != "reserved":
            raise
    seats.ring(conn, seat_id)
    return seats.answer(conn, seat_id)


def leave_message(conn: Connection, call_id: str, zone: tzinfo) -> Call:
    """The caller speaks to the machine; what he says becomes a ticket nobody owns yet."""
    row = calls.step(conn, call_id, "message")
    missed.miss(conn, call_id, "message", row.queue)
    ticket = store.of_call(conn, call_id) or store.draft(
        conn,
        call_id=call_id,
        source="message",
        caller_hash=row.caller_hash,
        caller_masked=row.caller_masked,
        account_id=None,
        zone=zone,
    )
    return calls.step(conn, call_id, "ticket", ticket=ticket.id)


def ask_callback(conn: Connection, call_id: str) -> Call:
    """The caller asks to be rung back, and keeps his place as long as he stays."""
    row = calls.step(conn, call_id, "callback")
    missed.miss(conn, call_id, "callback", row.queue)
    return row


def lose_seat(conn: Connection, call_id: str) -> Call:
    """The call goes on without the seat it had, if it had one."""
    row = calls.get(conn, call_id)
    if row is None:
        raise calls.NoSuchCall(call_id)
    if row.seat_id is None:
        return row
    _free(conn, row, 0.0)
    return calls.step(conn, call_id, "taken_back")


def requeue(conn: Connection, call_id: str, queue: str) -> Call:
    """The caller waits again, with the time he had waited before."""
    return calls.step(conn, call_id, "requeued", queue=queue)


def adopt(conn: Connection, seat_id: int | None, zone: tzinfo, /, **caller: Any) -> Call:
    """A call that lived and ended in the fallback's hands: write it down after the fact.

    Who was answered gets a draft for his agent to fill in; who was not is rung back.
    """
    row = calls.begin(conn, **caller)
    catalogue.begin(conn, row.id)
    seat = seats.get(conn, seat_id) if seat_id is not None else None
    calls.note(conn, row.id, "fallback", {"seat": seat.id} if seat else {})
    if seat is None:
        missed.miss(conn, row.id, "abandoned", None)
    else:
        ticket = store.draft(
            conn,
            call_id=row.id,
            source="call",
            caller_hash=row.caller_hash,
            caller_masked=row.caller_masked,
            account_id=seat.account_id,
            zone=zone,
        )
        calls.step(conn, row.id, "ticket", ticket=ticket.id)
    return calls.end(conn, row.id, "fallback")


def end(conn: Connection, call_id: str, reason: str, wrap_up_s: float) -> Call | None:
    """The call is over, whatever it was doing: its seats come free, who gave up is kept.

    None when it had ended already.
    """
    row = calls.get(conn, call_id)
    if row is None or row.ended_ms is not None:
        return None
    _free(conn, row, wrap_up_s)
    if reason == "abandoned_in_queue":
        missed.miss(conn, call_id, "abandoned", row.queue)
    ended = calls.end(conn, call_id, reason)
    conversing.tell_all_experts(conn, row)
    return ended


def back_to_queue(
    conn: Connection,
    call_id: str,
    queue: str,
    to_head: bool,
    told_next: str | None,
    causes: dict[str, str],
    wrap_up_s: float,
) -> Call:
    """The caller leaves a conversation to wait (again); everybody else is off the call."""
    row = calls.get(conn, call_id)
    if row is None:
        raise calls.NoSuchCall(call_id)
    for leg_id, cause in causes.items():
        legs.ended(conn, leg_id, cause)
    legs.end_spans(conn, call_id)
    _free(conn, row, wrap_up_s, causes)
    calls.step(conn, call_id, "taken_back")
    detail = {"queue": queue, "head": to_head}
    returned = calls.step(
        conn, call_id, "returned", detail, queue=queue, to_head=to_head, told_next=told_next
    )
    conversing.tell_all_experts(conn, row)
    return returned


def _free(
    conn: Connection, row: Call, wrap_up_s: float, causes: Mapping[str, str] | None = None
) -> None:
    talk = conversing.read(row)
    why = (
        {leg.seat_id: causes[leg.id] for leg in talk.legs if leg.id in causes}
        if talk is not None and causes
        else {}
    )
    lost = talk.lost_seat if talk is not None else None
    agent = talk.agent.seat_id if talk is not None and talk.agent is not None else row.seat_id
    for seat in seats.on_call(conn, row.id):
        was_lost = seat.id == lost and seat.id != row.seat_id
        cause = "lost" if was_lost else why.get(seat.id, "")
        wrap_up = wrap_up_s if seat.id == agent else 0.0
        conversing.free(conn, row.id, seat.id, wrap_up, cause)
