"""Calls: the one at my seat, and one with its history."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from agent_console.api import call_queries as queries
from agent_console.api.call_shapes import (
    Asked,
    CallCard,
    CallEvent,
    CallWithHistory,
    CardRecording,
    EarlierCall,
    EarlierTicket,
    Leg,
    Party,
    Span,
)
from agent_console.api.fields import CallPath, head
from agent_console.api.outcomes import sentence_of
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import forbidden, not_found
from agent_console.roles import EVERYBODY, HEADS, STAFF
from config.model import Settings
from floor import calls, seats
from recordings import catalogue

operations = Operations("calls")


@operations.add("GET", "/calls/current", "The call at my seat", roles=EVERYBODY)
async def read_current_call(context: Context) -> CallCard | None:
    parts = context.parts
    return await parts.database.read(
        _current, parts.settings, context.account, parts.caller_hash("")
    )


@operations.add(
    "GET", "/calls/{call_id}", "One call with its history", roles=STAFF, problems=(404,)
)
async def read_call(context: Context, *, path: CallPath) -> CallWithHistory:
    database, settings = context.parts.database, context.parts.settings
    found = await database.read(_with_history, settings, path.call_id, context.account)
    if found is None:
        raise not_found("这次通话")
    return found


def _current(conn: Connection, settings: Settings, who: Account, unknown: str) -> CallCard | None:
    seat = seats.of_account(conn, who.id)
    if seat is None or seat.call_id is None:
        return None
    found, row = calls.get(conn, seat.call_id), queries.row_of(conn, seat.call_id)
    if found is None or row is None:
        return None
    # Callers who withhold their number have nothing in common; what else a reporter brought
    # forward is not for the unit that handles one matter of his.
    known = row.caller_hash != unknown and who.role != "unit"
    return _card(conn, settings, row, found, seat, known)


def _card(
    conn: Connection, settings: Settings, row: Row[Any], found: calls.Call, seat: seats.Seat,
    known: bool,
) -> CallCard:  # fmt: skip
    recorded = catalogue.of_call(conn, row.id)
    mine = [party for party in found.parties if party["seat_id"] == seat.id]
    return CallCard(
        **_same(row, CallCard),
        call_id=row.id,
        line_label=line_label(settings, row.line),
        queue_label=queue_label(settings, row.queue),
        state=found.talk_state,
        parties=parties(found),
        is_owner=found.owner_seat_id == seat.id,
        my_leg=mine[-1]["leg"] if mine else None,
        auto_answer=answers_by_itself(found, seat),
        recording=CardRecording(
            recorded.id, recorded.state, row.recording_paused, problem_words(recorded.problem)
        )
        if recorded
        else None,
        earlier_calls=_earlier_calls(conn, settings, row) if known else [],
        earlier_tickets=_earlier_tickets(conn, row) if known else [],
    )


def answers_by_itself(found: calls.Call, seat: seats.Seat) -> bool:
    """Whether this seat's ringing telephone was rung for its own person, who waits for it.

    So it is when she called out (her telephone is rung first), comes back, or listens in.
    """
    if seat.call_id != found.id:
        return False
    calls_out = found.direction == "out" and found.owner_seat_id == seat.id
    # Her telephone may ring a moment before the seat is known to be ringing.
    if calls_out and seat.state in ("reserved", "ringing"):
        return True
    # Who comes back after a lost page has been in the talk all the time, by her state.
    return any(
        party["auto"]
        for party in found.parties
        if party["seat_id"] == seat.id and party["place"] == "ringing"
    )


def parties(found: calls.Call) -> list[Party]:
    """Who is on the call now."""
    return [msgspec.convert(party, Party) for party in found.parties]


def _same(row: Row[Any], struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The columns of a call that a struct shows under their own names."""
    made = ("call_id", "parties", "requests")
    return {
        name: getattr(row, name)
        for name in struct.__struct_fields__
        if hasattr(row, name) and name not in made
    }


def _earlier_calls(conn: Connection, settings: Settings, row: Row[Any]) -> list[EarlierCall]:
    return [
        EarlierCall(
            c.id, c.started_ms, queue_label(settings, c.queue), c.end_reason, c.seat_name,
            c.ticket_id, c.ticket_number,
        )
        for c in queries.earlier_calls(conn, row.caller_hash, row.id)
    ]  # fmt: skip


def _earlier_tickets(conn: Connection, row: Row[Any]) -> list[EarlierTicket]:
    return [
        EarlierTicket(t.id, t.number, t.state, t.type, t.company, head(t.text), t.created_ms)
        for t in queries.earlier_tickets(conn, row.caller_hash, row.ticket_id)
    ]


def _with_history(
    conn: Connection, settings: Settings, call_id: str, who: Account
) -> CallWithHistory | None:
    row = queries.row_of(conn, call_id)
    if row is None:
        return None
    if who.role not in HEADS and not queries.took_part(conn, call_id, who.id):
        raise forbidden("只能查看自己接听的通话")
    found = calls.get(conn, call_id)
    if found is None:
        return None
    return CallWithHistory(
        **_same(row, CallWithHistory),
        call_id=row.id,
        line_label=line_label(settings, row.line),
        queue_label=queue_label(settings, row.queue),
        state=found.talk_state,
        parties=parties(found),
        events=[CallEvent(e.at_ms, e.kind, e.detail) for e in queries.events_of(conn, call_id)],
        legs=[
            Leg(
                g.id, g.role, g.kind, g.label, g.seat_name, g.started_ms, g.answered_ms,
                g.ended_ms, g.cause,
            )
            for g in queries.legs_of(conn, call_id)
        ],
        spans=[
            Span(s.leg_id, s.name, s.what, s.from_ms, s.to_ms)
            for s in queries.spans_of(conn, call_id)
        ],
        requests=[
            Asked(r.created_ms, r.verb, r.name, r.state, sentence_of(r.outcome))
            for r in queries.requests_of(conn, call_id)
        ],
    )  # fmt: skip


def line_label(settings: Settings, name: str) -> str:
    return next((line.label for line in settings.lines if line.name == name), name)


def queue_label(settings: Settings, name: str | None) -> str | None:
    """The queue's label; its name when the settings know it no more."""
    if name is None:
        return None
    return next((q.label for q in settings.queues if q.name == name), name)


def problem_words(problem: str | None) -> str | None:
    """What is wrong with a recording, in words."""
    return catalogue.PROBLEMS.get(problem, "录音异常") if problem else None
