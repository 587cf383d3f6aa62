"""Steps that touch several nouns at once: whole or not at all, alike on both databases."""

from __future__ import annotations

import functools
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert, select

from db import Database
from db.clock import now_ms
from db.models import blocked_number, call_event, leg, missed_call, recording, ticket
from floor import calls, seats
from floor.calls import Call
from floor.seats import NotNow, Seat
from ivr import doors
from tests.floor.furnishing import ASTERISK, new_call_id, seat_in

ZONE = ZoneInfo("Asia/Shanghai")


def caller(call_id: str, **other: Any) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "asterisk": ASTERISK,
        "line": "main",
        "trunk": "local",
        "caller_hash": "h1",
        "caller_sealed": "sealed",
        "caller_masked": "138****0001",
        "channel": f"in-{call_id}",
        **other,
    }


def arrived(conn: Connection) -> Call:
    row, _ = doors.arrive(conn, **caller(new_call_id()))
    return row


def ringing(conn: Connection) -> tuple[Call, Seat, str]:
    """A caller for whom a seat rings."""
    seat = seat_in(conn, "available")
    row = arrived(conn)
    channel = f"seat-{row.id}"
    doors.queue_up_and_offer(conn, row.id, "business", {"key": "1"}, seat.id, channel)
    seats.ring(conn, seat.id)
    return _get(conn, row.id), _seat(conn, seat.id), channel


def talking(conn: Connection) -> tuple[Call, Seat, str]:
    row, seat, channel = ringing(conn)
    answered, picked_up = doors.answer(conn, row.id, seat.id, channel, f"br-{row.id}", ZONE)
    return answered, picked_up, channel


def _get(conn: Connection, call_id: str) -> Call:
    row = calls.get(conn, call_id)
    assert row is not None
    return row


def _seat(conn: Connection, seat_id: int) -> Seat:
    seat = seats.get(conn, seat_id)
    assert seat is not None
    return seat


def kinds(conn: Connection, call_id: str) -> list[str]:
    e = call_event.c
    return list(conn.execute(select(e.kind).where(e.call_id == call_id).order_by(e.id)).scalars())


def missed(conn: Connection, call_id: str) -> list[tuple[str, str]]:
    m = missed_call.c
    return [(k, s) for k, s in conn.execute(select(m.kind, m.state).where(m.call_id == call_id))]


async def test_arriving_begins_call_leg_and_recording(database: Database) -> None:
    def go(conn: Connection) -> None:
        row, blocked = doors.arrive(conn, **caller(new_call_id()))
        assert not blocked
        assert conn.execute(select(recording.c.state)).scalar_one() == "running"
        assert conn.execute(select(leg.c.role)).scalar_one() == "caller"
        assert kinds(conn, row.id) == ["arrived"]

    await database.write(go)


async def test_a_blocked_number_is_said_at_its_arrival(database: Database) -> None:
    def go(conn: Connection) -> None:
        conn.execute(
            insert(blocked_number),
            {
                "caller_hash": "h1",
                "caller_masked": "138****0001",
                "reason": "nuisance",
                "since_ms": now_ms(),
                "until_ms": now_ms() + 60_000,
            },
        )
        assert doors.arrive(conn, **caller(new_call_id()))[1]
        assert not doors.arrive(conn, **caller(new_call_id(), caller_hash="h2"))[1]

    await database.write(go)


async def test_the_whole_road(database: Database) -> None:
    def go(conn: Connection) -> None:
        row, seat, channel = talking(conn)
        assert (row.stage, row.seat_id, row.seat_channel) == ("talking", seat.id, channel)
        assert (seat.state, seat.call_id) == ("talking", row.id)
        (draft,) = conn.execute(select(ticket).where(ticket.c.call_id == row.id)).all()
        assert (draft.state, draft.account_id, draft.id) == (
            "draft",
            seat.account_id,
            row.ticket_id,
        )
        ended = doors.end(conn, row.id, "caller_hung_up", 60.0)
        assert ended is not None
        assert _seat(conn, seat.id).state == "wrap_up"
        assert kinds(conn, row.id) == ["arrived", "queued", "offered", "answered", "ended"]
        assert missed(conn, row.id) == []
        assert doors.end(conn, row.id, "failed", 0.0) is None, "it ends once"

    await database.write(go)


async def test_a_seat_that_is_taken_leaves_the_caller_queued(database: Database) -> None:
    def go(conn: Connection) -> None:
        seat = seat_in(conn, "reserved")
        row = arrived(conn)
        queued, won = doors.queue_up_and_offer(conn, row.id, "business", {}, seat.id, "ch")
        assert (queued.stage, won, queued.seat_id) == ("waiting", False, None)
        assert kinds(conn, row.id) == ["arrived", "queued"]
        assert len(conn.execute(select(leg.c.id)).all()) == 1

    await database.write(go)


async def test_an_offer_of_a_seat_that_is_gone_leaves_nothing(database: Database) -> None:
    row, seat = await database.write(lambda conn: (arrived(conn), seat_in(conn, "paused")))
    with pytest.raises(NotNow):
        await database.write(doors.offer, row.id, seat.id, "ch")
    assert await database.read(calls.get, row.id) == row
    assert await database.read(seats.get, seat.id) == seat


async def test_an_offer_for_a_call_that_ended_takes_no_seat(database: Database) -> None:
    def prepare(conn: Connection) -> tuple[Call, Seat]:
        row = arrived(conn)
        doors.end(conn, row.id, "abandoned_in_menu", 0.0)
        return row, seat_in(conn, "available")

    row, seat = await database.write(prepare)
    with pytest.raises(calls.NoSuchCall):
        await database.write(doors.offer, row.id, seat.id, "ch")
    assert await database.read(seats.get, seat.id) == seat


@pytest.mark.parametrize(
    ("why", "state", "seat_state"),
    [
        ("not_answered", "ringing", "no_answer"),
        ("refused", "ringing", "no_answer"),
        ("unreachable", "ringing", "offline"),
        ("unreachable", "reserved", "offline"),
        ("not_answered", "reserved", "available"),
    ],
)
async def test_a_seat_that_does_not_pick_up_is_taken_back(
    database: Database, why: str, state: str, seat_state: str
) -> None:
    def go(conn: Connection) -> None:
        seat = seat_in(conn, "available")
        row = arrived(conn)
        doors.queue_up_and_offer(conn, row.id, "business", {}, seat.id, "ch")
        if state == "ringing":
            seats.ring(conn, seat.id)
        waiting = doors.take_back(conn, row.id, seat.id, "ch", why)
        assert (waiting.stage, waiting.seat_id, waiting.seat_channel) == ("waiting", None, None)
        assert (_seat(conn, seat.id).state, _seat(conn, seat.id).call_id) == (seat_state, None)
        (seat_leg,) = conn.execute(select(leg).where(leg.c.id == "ch")).all()
        assert (seat_leg.cause, seat_leg.answered_ms) == (why, None)
        assert seat_leg.ended_ms is not None
        assert kinds(conn, row.id)[-1] == why

    await database.write(go)


async def test_taking_back_does_not_touch_another_calls_seat(database: Database) -> None:
    def go(conn: Connection) -> None:
        row, seat, channel = ringing(conn)
        seats.release(conn, seat.id)
        seats.reserve(conn, seat.id, "f" * 32)
        before = seats.ring(conn, seat.id)
        doors.take_back(conn, row.id, seat.id, channel, "not_answered")
        assert _seat(conn, seat.id) == before

    await database.write(go)


async def test_a_telephone_may_answer_before_it_is_noted_that_it_rings(database: Database) -> None:
    def go(conn: Connection) -> None:
        seat = seat_in(conn, "available")
        row = arrived(conn)
        doors.queue_up_and_offer(conn, row.id, "business", {}, seat.id, "ch")
        _, picked_up = doors.answer(conn, row.id, seat.id, "ch", "br", ZONE)
        assert picked_up.state == "talking"

    await database.write(go)


@pytest.mark.parametrize("state", ["available", "paused", "wrap_up", "no_answer", "offline"])
async def test_a_seat_that_is_not_rung_can_not_pick_up(database: Database, state: str) -> None:
    row, seat = await database.write(lambda conn: (arrived(conn), seat_in(conn, state)))
    with pytest.raises(NotNow):
        await database.write(doors.answer, row.id, seat.id, "ch", "br", ZONE)
    assert await database.read(seats.get, seat.id) == seat
    assert await database.read(lambda c: c.execute(select(ticket.c.id)).all()) == []


async def test_a_second_answer_keeps_the_first_ticket(database: Database) -> None:
    """The first talk failed, the caller came back into his place and another seat picked up."""

    def go(conn: Connection) -> None:
        row, first, _ = talking(conn)
        lost = doors.lose_seat(conn, row.id)
        assert (lost.seat_id, lost.stage) == (None, "talking")
        assert _seat(conn, first.id).state == "available"
        assert doors.lose_seat(conn, row.id) == lost
        doors.requeue(conn, row.id, "business")
        second = seat_in(conn, "available")
        doors.offer(conn, row.id, second.id, "ch2")
        again, _ = doors.answer(conn, row.id, second.id, "ch2", "br2", ZONE)
        assert again.ticket_id == row.ticket_id
        assert len(conn.execute(select(ticket.c.id)).all()) == 1

    await database.write(go)


async def test_a_message_is_a_ticket_of_nobody_and_a_caller_to_ring_back(
    database: Database,
) -> None:
    def go(conn: Connection) -> None:
        row = arrived(conn)
        doors.queue_up(conn, row.id, "business", {})
        left = doors.leave_message(conn, row.id, ZONE)
        again = doors.leave_message(conn, row.id, ZONE)
        assert left.stage == again.stage == "message"
        (made,) = conn.execute(select(ticket)).all()
        assert (made.source, made.account_id, made.id) == ("message", None, left.ticket_id)
        assert missed(conn, row.id) == [("message", "open")]

    await database.write(go)


async def test_a_callback_that_was_answered_is_done(database: Database) -> None:
    def go(conn: Connection) -> None:
        row, seat, channel = ringing(conn)
        assert doors.ask_callback(conn, row.id).callback_ms is not None
        assert missed(conn, row.id) == [("callback", "open")]
        doors.answer(conn, row.id, seat.id, channel, "br", ZONE)
        assert missed(conn, row.id) == [("callback", "done")]

    await database.write(go)


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("abandoned_in_queue", [("abandoned", "open")]),
        ("abandoned_in_menu", []),
        ("lost", []),
        ("blocked", []),
    ],
)
async def test_who_gave_up_in_the_queue_is_to_be_rung_back(
    database: Database, reason: str, kept: list[tuple[str, str]]
) -> None:
    def go(conn: Connection) -> None:
        row = arrived(conn)
        doors.queue_up(conn, row.id, "business", {})
        doors.end(conn, row.id, reason, 0.0)
        assert missed(conn, row.id) == kept

    await database.write(go)


@pytest.mark.parametrize(
    ("state", "wrap_up_s", "after"),
    [
        ("reserved", 60.0, "available"),
        ("ringing", 60.0, "available"),
        ("talking", 60.0, "wrap_up"),
        ("talking", 0.0, "available"),
    ],
)
async def test_at_the_end_the_seat_comes_free(
    database: Database, state: str, wrap_up_s: float, after: str
) -> None:
    def go(conn: Connection) -> None:
        seat = seat_in(conn, "available")
        row = arrived(conn)
        doors.queue_up_and_offer(conn, row.id, "business", {}, seat.id, "ch")
        if state != "reserved":
            seats.ring(conn, seat.id)
        if state == "talking":
            doors.answer(conn, row.id, seat.id, "ch", "br", ZONE)
        doors.end(conn, row.id, "lost", wrap_up_s)
        assert _seat(conn, seat.id).state == after

    await database.write(go)


async def test_the_end_does_not_touch_a_seat_that_has_another_call(database: Database) -> None:
    def go(conn: Connection) -> None:
        row, seat, _ = ringing(conn)
        seats.release(conn, seat.id)
        other = seats.reserve(conn, seat.id, "f" * 32)
        doors.end(conn, row.id, "abandoned_in_queue", 60.0)
        assert _seat(conn, seat.id) == other

    await database.write(go)


@pytest.mark.parametrize("door", [doors.lose_seat, doors.ask_callback])
async def test_a_call_that_does_not_exist(database: Database, door: Any) -> None:
    with pytest.raises(calls.NoSuchCall):
        await database.write(door, "f" * 32)
    assert await database.write(doors.end, "f" * 32, "lost", 0.0) is None


@pytest.mark.parametrize("served", [True, False])
async def test_a_call_of_the_fallback_is_written_down_afterwards(
    database: Database, served: bool
) -> None:
    def go(conn: Connection) -> None:
        seat = seat_in(conn, "available")
        began = now_ms() - 60_000
        whole = caller(new_call_id(), started_ms=began)
        row = doors.adopt(conn, seat.id if served else None, ZONE, **whole)
        assert (row.stage, row.end_reason, row.started_ms) == ("ended", "fallback", began)
        assert kinds(conn, row.id) == ["arrived", "fallback", "ended"]
        assert missed(conn, row.id) == ([] if served else [("abandoned", "open")])
        owners = list(conn.execute(select(ticket.c.account_id)).scalars())
        assert owners == ([seat.account_id] if served else [])
        assert _seat(conn, seat.id) == seat

    await database.write(go)


async def test_a_seat_of_the_fallback_that_nobody_knows(database: Database) -> None:
    row = await database.write(
        functools.partial(doors.adopt, **caller(new_call_id())), 999_999, ZONE
    )
    assert row.end_reason == "fallback"
    assert await database.read(missed, row.id) == [("abandoned", "open")]
