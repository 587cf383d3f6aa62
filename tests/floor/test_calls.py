"""A call's way in the database: each step moves the row, writes its line and tells the feed."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from db import Database
from db.clock import now_ms
from db.feed import Change, changes_since
from db.models import blocked_number, call_event, leg, missed_call
from floor import calls, legs, missed
from floor.call_words import END_REASONS, EVENT_KINDS, STAGES
from floor.calls import Call, NoSuchCall
from tests.floor.furnishing import ASTERISK, new_call, new_call_id, new_seat, person

TALK = {
    "state": "held",
    "legs": [
        {
            "id": "ch-1",
            "role": "caller",
            "kind": "",
            "label": "138****0001",
            "seat_id": None,
            "expert_id": None,
            "place": "held",
            "muted": False,
            "auto": False,
            "since_ms": 1,
        }
    ],
}

# Kind of step → what it needs, the stage it leads to (None: as before), the columns it changes.
STEPS: dict[str, tuple[dict[str, Any], str | None, dict[str, Any]]] = {
    "menu": ({}, "menu", {}),
    "queued": (
        {"queue": "business"},
        "waiting",
        {
            "queue": "business",
            "first_queue": "business",
            "queued_ms": "now",
            "waiting_ms": "now",
        },
    ),
    "returned": (
        {"queue": "general", "to_head": True, "told_next": "座席掉线"},
        "waiting",
        {
            "queue": "general",
            "first_queue": "general",
            "queued_ms": "now",
            "waiting_ms": "now",
            "head": True,
            "hint": "座席掉线",
        },
    ),
    "moved": (
        {"queue": "general", "to_head": True},
        None,
        {"queue": "general", "first_queue": "general", "head": True},
    ),
    "requeued": ({"queue": "general"}, "waiting", {"queue": "general"}),
    "overflow": ({"queue": "general"}, "waiting", {"queue": "general"}),
    "offered": (
        {"seat": "seat", "seat_channel": "ch-seat"},
        None,
        {"seat_id": "seat", "seat_channel": "ch-seat"},
    ),
    "taken_back": ({}, None, {"seat_id": None, "seat_channel": None}),
    "answered": (
        {"bridge": "br", "ticket": 5, "talk": TALK, "owner": "seat"},
        "talking",
        {
            "bridge": "br",
            "ticket_id": 5,
            "talk_ms": "now",
            "conversation": TALK,
            "owner_seat_id": "seat",
        },
    ),
    "conversed": (
        {
            "talk": TALK,
            "caller_held": True,
            "seat": "seat",
            "seat_channel": "ch-seat",
            "owner": "seat",
        },
        None,
        {
            "conversation": TALK,
            "held": True,
            "seat_id": "seat",
            "seat_channel": "ch-seat",
            "owner_seat_id": "seat",
        },
    ),
    "recording_paused": ({}, None, {"recording_paused": True}),
    "recording_resumed": ({}, None, {"recording_paused": False}),
    "callback": ({}, None, {"callback_ms": "now"}),
    "message": ({}, "message", {"seat_id": None, "seat_channel": None}),
    "ticket": ({"ticket": 5}, None, {"ticket_id": 5}),
    "channel": ({"new_channel": "ch-other"}, None, {"channel": "ch-other"}),
    "ended": (
        {"why": "lost"},
        "ended",
        {"ended_ms": "now", "end_reason": "lost", "held": False},
    ),
}


def events(conn: Connection, call_id: str) -> list[tuple[str, dict[str, Any]]]:
    e = call_event.c
    found = select(e.kind, e.detail).where(e.call_id == call_id).order_by(e.id)
    return [(kind, detail) for kind, detail in conn.execute(found)]


def legs_of(conn: Connection, call_id: str) -> dict[str, Any]:
    found = conn.execute(select(leg).where(leg.c.call_id == call_id)).mappings()
    return {row["id"]: dict(row) for row in found}


def missed_of(conn: Connection, call_id: str) -> list[tuple[str, str | None, str]]:
    m = missed_call.c
    found = select(m.kind, m.queue, m.state).where(m.call_id == call_id)
    return [(kind, queue, state) for kind, queue, state in conn.execute(found)]


def told(conn: Connection, topic: str) -> list[Change]:
    return [c for c in changes_since(conn, 0, 1_000_000) if c.topic == topic]


async def test_a_call_begins_with_its_caller(database: Database) -> None:
    before = now_ms()
    call = await database.write(new_call)
    assert (call.stage, call.queue, call.seat_id, call.ended_ms) == ("greeting", None, None, None)
    assert not call.held
    assert not call.recording_paused
    assert before <= call.started_ms <= now_ms()
    assert await database.read(calls.get, call.id) == call
    (caller,) = (await database.read(legs_of, call.id)).values()
    assert (caller["id"], caller["role"], caller["ended_ms"]) == (call.channel, "caller", None)
    assert caller["answered_ms"] is not None
    assert await database.read(events, call.id) == [("arrived", {"line": "main"})]
    (change,) = await database.read(told, "call")
    assert change.data == call.shown()
    assert set(call.shown()) & {"caller_hash", "caller_sealed", "channel"} == set()


def test_the_table_has_every_step() -> None:
    assert set(STEPS) == set(calls._steps)
    assert {stage for _, stage, _ in STEPS.values() if stage} == set(STAGES) - {
        "greeting",
        "dialling",
    }


def take_step(kind: str, conn: Connection) -> None:
    needs, stage, changed = STEPS[kind]
    seat_id = new_seat(conn).id
    values: dict[str, Any] = {k: seat_id if v == "seat" else v for k, v in needs.items()}
    before = new_call(conn)
    lines = len(events(conn, before.id))
    at_ms = now_ms()
    after = calls.step(conn, before.id, kind, {"x": 1}, **values)
    assert after == calls.get(conn, before.id)
    assert after.stage == (stage or before.stage)
    for name in Call.__struct_fields__:
        if name == "stage" or name not in changed:
            continue
        found, wanted = getattr(after, name), changed[name]
        if wanted == "now":
            assert at_ms <= found <= now_ms(), name
        else:
            assert found == (seat_id if wanted == "seat" else wanted), name
    others = set(Call.__struct_fields__) - set(changed) - {"stage"}
    assert {n: getattr(after, n) for n in others} == {n: getattr(before, n) for n in others}
    assert told(conn, "call")[-1].data == after.shown()
    written = events(conn, before.id)[lines:]
    assert written == ([(kind, {"x": 1})] if kind in EVENT_KINDS else [])


@pytest.mark.parametrize("kind", STEPS)
async def test_each_step(database: Database, kind: str) -> None:
    await database.write(functools.partial(take_step, kind))


def refuses_step(kind: str, conn: Connection) -> None:
    needs, _, _ = STEPS[kind]
    ended = calls.end(conn, new_call(conn).id, "caller_hung_up")
    seat_id = new_seat(conn).id
    values: dict[str, Any] = {k: seat_id if v == "seat" else v for k, v in needs.items()}
    lines, changes = events(conn, ended.id), told(conn, "call")
    for call_id in (ended.id, new_call_id()):
        with pytest.raises(NoSuchCall):
            calls.step(conn, call_id, kind, **values)
    assert calls.get(conn, ended.id) == ended
    assert events(conn, ended.id) == lines
    assert told(conn, "call") == changes


@pytest.mark.parametrize("kind", STEPS)
async def test_no_step_after_the_end_or_without_a_call(sqlite: Database, kind: str) -> None:
    await sqlite.write(functools.partial(refuses_step, kind))


def end_whole(reason: str, conn: Connection) -> None:
    seat = new_seat(conn)
    call = new_call(conn)
    calls.step(conn, call.id, "queued", queue="business")
    legs.add(conn, "ch-no", call.id, "seat", seat.id)
    legs.ended(conn, "ch-no", "not_answered")
    legs.add(conn, "ch-yes", call.id, "seat", seat.id)
    legs.answered(conn, "ch-yes")
    calls.step(
        conn,
        call.id,
        "conversed",
        talk=TALK,
        caller_held=True,
        seat=seat.id,
        seat_channel="ch-seat",
        owner=seat.id,
    )
    ended = calls.end(conn, call.id, reason)
    assert (ended.stage, ended.end_reason, ended.held) == ("ended", reason, False)
    assert ended.ended_ms is not None
    assert ended.ended_ms >= call.started_ms
    found = legs_of(conn, call.id)
    assert {i: (row["ended_ms"] is not None, row["cause"]) for i, row in found.items()} == {
        call.channel: (True, reason),
        "ch-no": (True, "not_answered"),
        "ch-yes": (True, reason),
    }
    assert found["ch-no"]["answered_ms"] is None
    assert found["ch-yes"]["answered_ms"] is not None
    assert events(conn, call.id)[-1] == ("ended", {"reason": reason})
    assert calls.open_calls(conn, ASTERISK) == []
    with pytest.raises(NoSuchCall):
        calls.end(conn, call.id, "failed")


@pytest.mark.parametrize("reason", END_REASONS)
async def test_the_record_is_complete_whatever_the_end(database: Database, reason: str) -> None:
    await database.write(functools.partial(end_whole, reason))


async def test_open_calls_are_those_of_one_asterisk(database: Database) -> None:
    ours = await database.write(new_call)
    theirs = await database.write(functools.partial(new_call, asterisk="other:8088/hotline"))
    gone = await database.write(new_call)
    await database.write(calls.end, gone.id, "caller_hung_up")
    assert await database.read(calls.open_calls, ASTERISK) == [ours]
    assert await database.read(calls.open_calls, "other:8088/hotline") == [theirs]
    assert await database.read(calls.get, "no such call") is None


async def test_a_note_changes_nothing_but_the_time_line(database: Database) -> None:
    call = await database.write(new_call)
    await database.write(calls.note, call.id, "wrong_key")
    assert (await database.read(events, call.id))[-1] == ("wrong_key", {})
    assert await database.read(calls.get, call.id) == call
    assert len(await database.read(told, "call")) == 1


# --- who is to be rung back ---


def miss_in_turn(kinds: tuple[str, ...], conn: Connection) -> list[tuple[str, str | None, str]]:
    call = new_call(conn)
    for kind in kinds:
        if kind == "answered":
            missed.answered_after_all(conn, call.id)
        else:
            missed.miss(conn, call.id, kind, "business")
        (row,) = conn.execute(
            select(missed_call.c.id, missed_call.c.state).where(missed_call.c.call_id == call.id)
        )
        newest = told(conn, "missed")[-1]
        assert newest.data == {"id": row.id, "state": row.state}, "the feed says what is written"
    return missed_of(conn, call.id)


@pytest.mark.parametrize(
    ("kinds", "kept", "state"),
    [
        (("abandoned",), "abandoned", "open"),
        (("callback",), "callback", "open"),
        (("message",), "message", "open"),
        # He is one caller to be rung back, and what he asked for is what stays known of him.
        (("callback", "abandoned"), "callback", "open"),
        (("callback", "message"), "message", "open"),
        (("callback", "answered"), "callback", "done"),
        (("abandoned", "abandoned"), "abandoned", "open"),
        # Answered, lost again by our fault, and given up: he is to be rung back after all.
        (("callback", "answered", "abandoned"), "callback", "open"),
        (("callback", "answered", "message"), "message", "open"),
    ],
)
async def test_a_caller_who_reached_nobody_is_kept_once(
    database: Database, kinds: tuple[str, ...], kept: str, state: str
) -> None:
    found = await database.write(functools.partial(miss_in_turn, kinds))
    assert found == [(kept, "business", state)]


async def test_a_missed_call_is_seen_to_once(database: Database) -> None:
    def miss(conn: Connection) -> tuple[int, int]:
        call = new_call(conn)
        missed.miss(conn, call.id, "abandoned", None)
        return conn.execute(select(missed_call.c.id)).scalar_one(), person(conn)

    missed_id, account_id = await database.write(miss)
    assert await database.write(missed.done, missed_id, account_id, "已回电")
    assert not await database.write(missed.done, missed_id, account_id, "again")
    assert not await database.write(missed.done, 999, account_id, None)
    (row,) = await database.read(lambda conn: conn.execute(select(missed_call)).all())
    assert (row.state, row.done_by, row.note) == ("done", account_id, "已回电")
    assert row.done_ms is not None
    assert [c.data["state"] for c in await database.read(told, "missed")] == ["open", "done"]


# --- whom we do not take calls from ---


@pytest.mark.parametrize(
    ("until", "blocked"), [(None, True), (60_000, True), (0, False), (-60_000, False)]
)
async def test_a_number_is_blocked_until_its_time(
    database: Database, until: int | None, blocked: bool
) -> None:
    def block(conn: Connection) -> None:
        conn.execute(
            insert(blocked_number),
            {
                "caller_hash": "h1",
                "caller_masked": "138****0001",
                "reason": "nuisance",
                "since_ms": now_ms(),
                "until_ms": None if until is None else now_ms() + until,
            },
        )

    await database.write(block)
    assert await database.read(calls.is_blocked, "h1") is blocked
    assert not await database.read(calls.is_blocked, "h2")
