"""Steps of a call that touch several nouns at once, each in one transaction."""

from __future__ import annotations

import logging
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection

from floor import calls, seats
from floor.calls import Call
from floor.seats import Seat
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
    """The caller begins to wait."""
    return calls.step(conn, call_id, "queued", detail, queue=queue)


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
    seats.reserve(conn, seat_id, call_id)
    calls.add_leg(conn, channel, call_id, "seat", seat_id)
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
    calls.leg_ended(conn, channel, why)
    calls.note(conn, call_id, why, {"seat": seat_id})
    return calls.step(conn, call_id, "taken_back")


def answer(
    conn: Connection, call_id: str, seat_id: int, channel: str, bridge: str, zone: tzinfo
) -> tuple[Call, Seat]:
    """The agent picked up: the talk begins and with it the draft of a ticket."""
    seat = _pick_up(conn, seat_id)
    calls.leg_answered(conn, channel)
    row = calls.get(conn, call_id)
    if row is None:
        raise calls.NoSuchCall(call_id)
    ticket = store.of_call(conn, call_id) or store.draft(
        conn,
        call_id=call_id,
        source="call",
        caller_hash=row.caller_hash,
        caller_masked=row.caller_masked,
        account_id=seat.account_id,
        zone=zone,
    )
    if row.callback_ms is not None:
        calls.answered_after_all(conn, call_id)
    detail = {"seat": seat_id}
    return calls.step(conn, call_id, "answered", detail, bridge=bridge, ticket=ticket.id), seat


def _pick_up(conn: Connection, seat_id: int) -> Seat:
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
    calls.miss(conn, call_id, "message", row.queue)
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
    calls.miss(conn, call_id, "callback", row.queue)
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
        calls.miss(conn, row.id, "abandoned", None)
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
    """The call is over, whatever it was doing: its seat comes free, who gave up is kept.

    None when it had ended already.
    """
    row = calls.get(conn, call_id)
    if row is None or row.ended_ms is not None:
        return None
    if row.seat_id is not None:
        _free(conn, row, wrap_up_s)
    if reason == "abandoned_in_queue":
        calls.miss(conn, call_id, "abandoned", row.queue)
    return calls.end(conn, call_id, reason)


def _free(conn: Connection, row: Call, wrap_up_s: float) -> None:
    seat = seats.get(conn, row.seat_id) if row.seat_id is not None else None
    if seat is None or seat.call_id != row.id:
        return
    if seat.state == "talking":
        seats.end_call(conn, seat.id, wrap_up_s)
    elif seat.state in ("reserved", "ringing"):
        seats.release(conn, seat.id)
