"""Other people's seats, for the supervisors: state, ghosts, skills lent. Each act is kept."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from agent_console import auth, pages
from agent_console.api.fields import Code, Moment, RowId, RowPath
from agent_console.api.seat import moved
from agent_console.api.shown_seat import Seat, shown
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem, not_found, refused
from agent_console.roles import EXPERTS, HEADS
from db import audit
from floor import calls, loans, seats

operations = Operations("seats")

SIGNED_OUT = "signed_out"
SET_BY_HEAD = "set_by_head"


class SetState(msgspec.Struct, forbid_unknown_fields=True):
    """`reason` belongs to paused, and is needed there."""

    state: Literal["available", "paused", "offline"]
    reason: Code | None = None


class Lend(msgspec.Struct, forbid_unknown_fields=True):
    """A skill for a time: an expert takes a seat of a queue for a day (驻场), or one helps out."""

    queue: Code
    until_ms: Moment
    level: Annotated[int, Meta(ge=1, le=9)] = 1


class LoanPath(msgspec.Struct, forbid_unknown_fields=True):
    id: RowId
    queue: Code


@operations.add(
    "POST", "/seats/{id}/state", "Set a seat's state", roles=HEADS, problems=(404, 409, 422)
)
async def set_seat_state(context: Context, *, path: RowPath, body: SetState) -> Seat:
    reasons = {choice.code for choice in context.parts.settings.pause_reasons}
    if (body.state == "paused") != (body.reason is not None) or body.reason not in {*reasons, None}:
        errors = (FieldError("reason", "示忙时请选择原因，其他状态不填写"),)
        raise Problem(422, "请选择示忙原因", code="unknown-reason", errors=errors)
    return shown(
        await context.parts.database.write(
            _set_state, path.id, context.account, body.state, body.reason
        )
    )


@operations.add(
    "POST", "/seats/{id}/sign-out", "Sign a ghost out", roles=HEADS, problems=(404, 409)
)
async def sign_seat_out(context: Context, *, path: RowPath) -> Seat:
    seat, sessions = await context.parts.database.write(_sign_out, path.id, context.account)
    for session_id in sessions:
        await context.services.hub.end_session(session_id)
        await context.services.sip.end_session(session_id)
    await context.services.phones.remove(seat.endpoint)
    return shown(seat)


@operations.add(
    "POST", "/seats/{id}/skills", "Lend a seat a skill", roles=HEADS, problems=(404, 409, 422)
)
async def lend_skill(context: Context, *, path: RowPath, body: Lend) -> Seat:
    if body.queue not in {queue.name for queue in context.parts.settings.queues}:
        raise _mistake("queue", "没有这个队列")
    return shown(await context.parts.database.write(_lend, path.id, context.account, body))


@operations.add(
    "DELETE", "/seats/{id}/skills/{queue}", "Take a skill back", roles=HEADS, problems=(404, 409)
)
async def take_skill_back(context: Context, *, path: LoanPath) -> Seat:
    return shown(
        await context.parts.database.write(_take_back, path.id, path.queue, context.account)
    )


def _lend(conn: Connection, seat_id: int, who: Account, body: Lend) -> seats.Seat:
    found = _seat(conn, seat_id)
    kind = "resident" if auth.role_of(conn, found.account_id) in EXPERTS else "manual"
    try:
        loans.lend(conn, seat_id, body.queue, body.level, body.until_ms, kind=kind, by=who.id)
    except loans.AlreadyOwn:
        raise refused("这个座席已经有这项技能", "already-own") from None
    except loans.Moved:
        raise refused("这个座席正在变化，请再试一次", "seat-moved") from None
    except ValueError:
        raise _mistake("until_ms", "结束时间应在现在之后") from None
    audit.note(
        conn, who.id, "lend", f"seat:{seat_id}",
        {"queue": body.queue, "level": body.level, "until_ms": body.until_ms, "kind": kind},
    )  # fmt: skip
    return _seat(conn, seat_id)


def _take_back(conn: Connection, seat_id: int, queue: str, who: Account) -> seats.Seat:
    _seat(conn, seat_id)
    try:
        loans.take_back(conn, seat_id, queue, who.id)
    except loans.NotLent:
        raise refused("这项技能不是调配来的，或已经收回", "not-lent") from None
    except loans.Moved:
        raise refused("这个座席正在变化，请再试一次", "seat-moved") from None
    audit.note(conn, who.id, "take_back", f"seat:{seat_id}", {"queue": queue})
    return _seat(conn, seat_id)


def _mistake(field: str, sentence: str) -> Problem:
    return Problem(422, sentence, code="unknown-choice", errors=(FieldError(field, sentence),))


def _set_state(
    conn: Connection, seat_id: int, who: Account, state: str, reason: str | None
) -> seats.Seat:
    found = _seat(conn, seat_id)
    audit.note(conn, who.id, "seat_state", f"seat:{seat_id}", {"to": state, "from": found.state})
    if found.state == state and state != "paused":
        return found
    if state == "paused":
        return moved(conn, seats.pause, seat_id, reason)
    if state == "offline":
        return moved(conn, seats.go_offline, seat_id, SET_BY_HEAD)
    if not found.phone_ready:
        raise refused("这个座席的话机尚未注册，不能置为示闲", "phone-not-ready")
    return moved(conn, seats.go_available, seat_id)


def _sign_out(conn: Connection, seat_id: int, who: Account) -> tuple[seats.Seat, list[str]]:
    """End the sign-ins of the seat's account; what it was doing ends with its call.

    A caller who is with the ghost is not left in silence: the controller is told as when a
    page says good-bye. A seat that waits for a call long over comes free at once.
    """
    found = _seat(conn, seat_id)
    if found.account_id == who.id:
        raise refused("请用右上角的退出登录", "own-seat")
    sessions = auth.close_all_of(conn, found.account_id)
    audit.note(conn, who.id, "sign_out", f"seat:{seat_id}", {"from": found.state})
    if found.state not in pages.IN_A_CALL:
        return moved(conn, seats.go_offline, seat_id, SIGNED_OUT), sessions
    call = calls.get(conn, found.call_id or "")
    if call is None or call.ended_ms is not None:
        return moved(conn, seats.cut_off, seat_id, SIGNED_OUT), sessions
    pages.telephone_gone(conn, found)
    return moved(conn, seats.go_offline, seat_id, SIGNED_OUT), sessions


def _seat(conn: Connection, seat_id: int) -> seats.Seat:
    found = seats.get(conn, seat_id)
    if found is None:
        raise not_found("这个座席")
    return found
