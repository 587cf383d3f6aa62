"""Other people's seats, for the supervisors: state, ghosts, skills lent. Each act is kept."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import Connection

from agent_console import auth, pages
from agent_console.api.fields import Code, RowPath
from agent_console.api.seat import moved
from agent_console.api.shown_seat import Seat, shown
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem, not_found, refused
from agent_console.roles import HEADS
from floor import audit, calls, seats

operations = Operations("seats")

SIGNED_OUT = "signed_out"
SET_BY_HEAD = "set_by_head"


class SetState(msgspec.Struct, forbid_unknown_fields=True):
    """`reason` belongs to paused, and is needed there."""

    state: Literal["available", "paused", "offline"]
    reason: Code | None = None


class NoBody(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing is said besides."""


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
