"""Calls: the one at my seat, one with its history, and what can be asked of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, Row

from agent_console.api import call_queries as queries
from agent_console.api.fields import CallId, CallPath, head
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem, forbidden, not_found, refused
from agent_console.roles import HEADS, STAFF
from config.model import Settings
from floor import calls, seats
from recordings import catalogue

operations = Operations("calls")

Verb = Literal["hold", "resume", "hang_up", "pause_recording", "resume_recording", "send_digits"]
EXPIRED = "expired"
"""What a request is settled with that nobody took in time (`floor.requests.forsake`)."""


class CardRecording(msgspec.Struct, frozen=True):
    id: int
    state: str
    paused: bool
    problem: str | None


class EarlierCall(msgspec.Struct, frozen=True):
    call_id: str
    started_ms: int
    queue_label: str | None
    end_reason: str | None
    seat_name: str | None
    ticket_id: int | None
    ticket_number: str | None


class EarlierTicket(msgspec.Struct, frozen=True):
    id: int
    number: str
    state: str
    type: str | None
    company: str
    text_head: str
    created_ms: int


class CallCard(msgspec.Struct, frozen=True):
    """What pops up with a call."""

    call_id: str
    stage: str
    line: str
    line_label: str
    queue: str | None
    queue_label: str | None
    caller_masked: str
    started_ms: int
    queued_ms: int | None
    talk_ms: int | None
    ended_ms: int | None
    ticket_id: int | None
    held: bool
    recording: CardRecording | None
    earlier_calls: list[EarlierCall]
    earlier_tickets: list[EarlierTicket]


class CallEvent(msgspec.Struct, frozen=True):
    at_ms: int
    kind: str
    detail: dict[str, Any]


class Leg(msgspec.Struct, frozen=True):
    id: str
    role: str
    seat_name: str | None
    started_ms: int
    answered_ms: int | None
    ended_ms: int | None
    cause: str | None


class CallWithHistory(msgspec.Struct, frozen=True):
    call_id: str
    stage: str
    line: str
    line_label: str
    queue: str | None
    queue_label: str | None
    caller_masked: str
    seat_id: int | None
    started_ms: int
    queued_ms: int | None
    talk_ms: int | None
    ended_ms: int | None
    end_reason: str | None
    held: bool
    recording_paused: bool
    ticket_id: int | None
    ticket_number: str | None
    events: list[CallEvent]
    legs: list[Leg]


class Digits(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`digits` belongs to send_digits, and to nothing else."""

    digits: Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[0-9A-D*#]+$")] | None = (
        None
    )


class CallRequest(msgspec.Struct, forbid_unknown_fields=True):
    verb: Verb
    args: Digits = Digits()


class Outcome(msgspec.Struct, frozen=True):
    outcome: str


@operations.add("GET", "/calls/current", "The call at my seat", roles=STAFF)
async def read_current_call(context: Context) -> CallCard | None:
    parts = context.parts
    unknown = parts.caller_hash("")
    return await parts.database.read(_current, parts.settings, context.account.id, unknown)


@operations.add(
    "GET", "/calls/{call_id}", "One call with its history", roles=STAFF, problems=(404,)
)
async def read_call(context: Context, *, path: CallPath) -> CallWithHistory:
    database, settings = context.parts.database, context.parts.settings
    found = await database.read(_with_history, settings, path.call_id, context.account)
    if found is None:
        raise not_found("这次通话")
    return found


@operations.add(
    "POST",
    "/calls/{call_id}/requests",
    "Ask something of my call: hold, hang up, digits …",
    roles=STAFF,
    problems=(404, 409, 422, 504),
)
async def request_of_call(context: Context, *, path: CallPath, body: CallRequest) -> Outcome:
    if (body.verb == "send_digits") != (body.args.digits is not None):
        errors = (FieldError("args.digits", "仅在发送按键时填写，且必填"),)
        raise Problem(422, "请检查按键", code="digits", errors=errors)
    await context.parts.database.read(_may_ask, path.call_id, context.account)
    args: dict[str, object] = {"digits": body.args.digits} if body.args.digits else {}
    settled = await context.services.outcomes.ask(context.account.id, path.call_id, body.verb, args)
    outcome = settled.outcome or {}
    if settled.state == "done":
        return Outcome(str(outcome.get("outcome", "done")))
    if settled.state == "refused" and outcome.get("detail") != EXPIRED:
        raise refused(str(outcome.get("detail") or "现在不能这样做"), "request-refused")
    raise Problem(504, "话务控制没有及时响应，请再试一次", code="no-controller")


def _current(
    conn: Connection, settings: Settings, account_id: int, unknown: str
) -> CallCard | None:
    seat = seats.of_account(conn, account_id)
    row = queries.row_of(conn, seat.call_id) if seat and seat.call_id else None
    return None if row is None else _card(conn, settings, row, unknown)


def _card(conn: Connection, settings: Settings, row: Row[Any], unknown: str) -> CallCard:
    # Callers who withhold their number have nothing in common.
    known = row.caller_hash != unknown
    recorded = catalogue.of_call(conn, row.id)
    return CallCard(
        call_id=row.id,
        stage=row.stage,
        line=row.line,
        line_label=line_label(settings, row.line),
        queue=row.queue,
        queue_label=queue_label(settings, row.queue),
        caller_masked=row.caller_masked,
        started_ms=row.started_ms,
        queued_ms=row.queued_ms,
        talk_ms=row.talk_ms,
        ended_ms=row.ended_ms,
        ticket_id=row.ticket_id,
        held=row.held,
        recording=CardRecording(
            recorded.id, recorded.state, row.recording_paused, problem_words(recorded.problem)
        )
        if recorded
        else None,
        earlier_calls=_earlier_calls(conn, settings, row) if known else [],
        earlier_tickets=_earlier_tickets(conn, row) if known else [],
    )


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
    same = {
        name: getattr(row, name)
        for name in CallWithHistory.__struct_fields__
        if hasattr(row, name) and name != "call_id"
    }
    return CallWithHistory(
        call_id=row.id,
        line_label=line_label(settings, row.line),
        queue_label=queue_label(settings, row.queue),
        events=[CallEvent(e.at_ms, e.kind, e.detail) for e in queries.events_of(conn, call_id)],
        legs=[
            Leg(g.id, g.role, g.seat_name, g.started_ms, g.answered_ms, g.ended_ms, g.cause)
            for g in queries.legs_of(conn, call_id)
        ],
        **same,
    )


def _may_ask(conn: Connection, call_id: CallId, who: Account) -> None:
    """Only the seat on the call asks something of it."""
    found = calls.get(conn, call_id)
    if found is None:
        raise not_found("这次通话")
    seat = seats.of_account(conn, who.id)
    if seat is None or found.seat_id != seat.id:
        raise forbidden("这不是您的通话")
    if found.ended_ms is not None:
        raise refused("通话已经结束", "call-ended")


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
