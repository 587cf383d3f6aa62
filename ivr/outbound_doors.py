"""A call of ours to a citizen, in the database: who is called, the beginning, the answer, the end.

The citizen's number is never seen here: it lies sealed at the call from which it is known, and
is sealed again at the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, select, update

from db.feed import publish
from db.models import call, call_event, missed_call, ticket
from floor import call_words, calls, legs, missed, seats
from floor.calls import Call
from floor.seats import Seat
from ivr import conversing
from recordings import catalogue
from tickets import contacts, store


class CannotDial(Exception):
    """This call can't be made; the text is the sentence for the screen."""


@dataclass(frozen=True, slots=True)
class Callee:
    """Whom to call, by what is known of his first call, or by what he left with his matter."""

    hash: str
    sealed: str
    masked: str
    line: str
    queue: str | None
    ticket_id: int | None
    missed_id: int | None


def find(conn: Connection, ticket_id: int | None, missed_id: int | None) -> Callee:
    """Whom a ticket or a missed call is about.

    Raises:
        CannotDial: there is no such thing, it has no caller, or he is on the line already.
    """
    callee = _of_ticket(conn, ticket_id) if missed_id is None else _of_missed(conn, missed_id)
    _not_on_the_line(conn, callee.hash)
    return callee


def _of_ticket(conn: Connection, ticket_id: int | None) -> Callee:
    """Whoever reported it: his own number goes before the one that he happened to call from."""
    if ticket_id is None:
        raise CannotDial("请从工单或未接来电回拨")
    found = conn.execute(select(ticket.c.call_id).where(ticket.c.id == ticket_id)).one_or_none()
    if found is None:
        raise CannotDial("没有这张工单")
    first = _first(conn, found.call_id, ticket_id, None)
    left = contacts.of_ticket(conn, ticket_id)
    if left and left.number_sealed and left.number_hash and left.number_masked:
        of_nobody = Callee("", "", "", "", None, ticket_id, None)
        return replace(
            first or of_nobody,
            hash=left.number_hash,
            sealed=left.number_sealed,
            masked=left.number_masked,
        )
    if first is None:
        raise CannotDial("没有来电号码，不能回拨")
    return first


def _of_missed(conn: Connection, missed_id: int) -> Callee:
    call_id = _missed(conn, missed_id)
    of_call = store.of_call(conn, call_id)
    found = _first(conn, call_id, of_call.id if of_call else None, missed_id)
    if found is None:
        raise CannotDial("没有来电号码，不能回拨")
    return found


def _first(
    conn: Connection, call_id: str | None, ticket_id: int | None, missed_id: int | None
) -> Callee | None:
    """The caller of this call."""
    first = conn.execute(select(call).where(call.c.id == call_id)).one_or_none()
    if first is None:
        return None
    return Callee(
        hash=first.caller_hash,
        sealed=first.caller_sealed,
        masked=first.caller_masked,
        line=first.line,
        queue=first.first_queue or first.queue,
        ticket_id=ticket_id,
        missed_id=missed_id,
    )


def _missed(conn: Connection, missed_id: int) -> str:
    columns = (missed_call.c.call_id, missed_call.c.state)
    found = conn.execute(select(*columns).where(missed_call.c.id == missed_id)).one_or_none()
    if found is None:
        raise CannotDial("没有这个未接来电")
    if found.state != "open":
        raise CannotDial("该未接来电已有人处理")
    return str(found.call_id)


def _not_on_the_line(conn: Connection, caller_hash: str) -> None:
    now = select(call.c.direction).where(
        call.c.caller_hash == caller_hash, call.c.ended_ms.is_(None)
    )
    found = conn.execute(now.limit(1)).scalar_one_or_none()
    if found == "in":
        raise CannotDial("该来电人正在来电中，请稍后再试")
    if found is not None:
        raise CannotDial("已有人正在呼叫该来电人")


def begin(
    conn: Connection,
    account_id: int,
    callee: Callee,
    *,
    call_id: str,
    asterisk: str,
    trunk: str,
    channel: str,
    seat_channel: str,
) -> tuple[Call, Seat]:
    """The agent's seat is taken and the call stands, before any telephone rings.

    `channel` and `seat_channel` are the ids which the two telephones' channels will have.

    Raises:
        CannotDial: the agent has no seat or no telephone, is on a call; or another was quicker.
    """
    _not_on_the_line(conn, callee.hash)
    if callee.missed_id is not None:
        _missed(conn, callee.missed_id)
    seat = seats.of_account(conn, account_id)
    if seat is None:
        raise CannotDial("您没有席位，不能外呼")
    if not seat.phone_ready:
        raise CannotDial("您的话机没有就绪，不能外呼")
    calls.begin(
        conn,
        call_id=call_id,
        asterisk=asterisk,
        line=callee.line,
        trunk=trunk,
        caller_hash=callee.hash,
        caller_sealed=callee.sealed,
        caller_masked=callee.masked,
        channel=channel,
        direction="out",
        stage="dialling",
        owner_seat_id=seat.id,
        queue=callee.queue,
        ticket_id=callee.ticket_id,
    )
    try:
        seat = seats.claim(conn, seat.id, call_id)
    except seats.NotNow:
        raise CannotDial("您正在通话中，不能外呼") from None
    legs.add(conn, seat_channel, call_id, "seat", seat.id)
    detail = {"seat": seat.id, "missed": callee.missed_id}
    row = calls.step(conn, call_id, "offered", detail, seat=seat.id, seat_channel=seat_channel)
    return row, seat


def seat_answered(conn: Connection, call_id: str, seat_id: int, seat_channel: str) -> None:
    """Her telephone is up; the citizen's is about to ring."""
    seat = seats.get(conn, seat_id)
    if seat is not None and seat.call_id == call_id:
        conversing.pick_up(conn, seat_id)
    legs.answered(conn, seat_channel)


def callee_answered(conn: Connection, call_id: str, channel: str) -> None:
    """The citizen picked up and is being recorded: whoever was to be rung back, was.

    Told again after a restart, it changes nothing.
    """
    if was_answered(conn, call_id):
        return
    legs.answered(conn, channel)
    catalogue.begin(conn, call_id)
    calls.note(conn, call_id, "callee_answered")
    missed_id = _tried(conn, call_id)
    row = calls.get(conn, call_id)
    seat = seats.get(conn, row.seat_id) if row is not None and row.seat_id else None
    if missed_id is not None and seat is not None:
        missed.done(conn, missed_id, seat.account_id, "回电：已接通")


def not_reached(conn: Connection, call_id: str, reason: str) -> None:
    """The try is noted at the missed call, which stays to be seen to."""
    missed_id = _tried(conn, call_id)
    if missed_id is None:
        return
    noted = conn.execute(
        update(missed_call)
        .where(missed_call.c.id == missed_id, missed_call.c.state == "open")
        .values(note=f"回电：{call_words.END_REASONS[reason]}")
        .returning(missed_call.c.id)
    ).one_or_none()
    if noted is not None:
        publish(conn, "missed", missed_id, {"id": missed_id, "state": "open"})


def _tried(conn: Connection, call_id: str) -> int | None:
    """The missed call that this call was made for."""
    found = select(call_event.c.detail).where(
        call_event.c.call_id == call_id, call_event.c.kind == "offered"
    )
    for detail in conn.execute(found).scalars():
        if (missed_id := detail.get("missed")) is not None:
            return int(missed_id)
    return None


def sealed(conn: Connection, call_id: str) -> str:
    """The number of the call's citizen, sealed."""
    number: str = conn.execute(
        select(call.c.caller_sealed).where(call.c.id == call_id)
    ).scalar_one()
    return number


def was_dialled(conn: Connection, call_id: str) -> bool:
    """Whether the citizen's telephone was rung (or was about to be)."""
    return _has(conn, call_id, "callee_rung")


def was_answered(conn: Connection, call_id: str) -> bool:
    """Whether the citizen is known to have picked up."""
    return _has(conn, call_id, "callee_answered")


def _has(conn: Connection, call_id: str, kind: str) -> bool:
    found = select(call_event.c.id).where(
        call_event.c.call_id == call_id, call_event.c.kind == kind
    )
    return conn.execute(found.limit(1)).first() is not None
