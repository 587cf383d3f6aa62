"""Calling back: from a ticket or from a missed call, without anybody seeing the number."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from agent_console.api.call_requests import KEPT, refuse
from agent_console.api.fields import CallId, RowId
from agent_console.api.outcomes import outcome_of
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.pages import IN_A_CALL
from agent_console.parts import Parts
from agent_console.problem import FieldError, Problem, forbidden, not_found, refused
from agent_console.roles import EVERYBODY
from db.models import call, missed_call, ticket
from floor import seats
from tickets import contacts, people, scope

operations = Operations("calls")

VERB = "dial"


class CallBack(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Whom to call back: the caller of a ticket, or of a missed call. One of the two."""

    ticket_id: RowId | None = None
    missed_id: RowId | None = None


class Dialled(msgspec.Struct, frozen=True):
    call_id: CallId


@operations.add(
    "POST", "/outbound", "Call a citizen back", roles=EVERYBODY, problems=(404, 409, 422, 504)
)
async def call_back(context: Context, *, body: CallBack) -> Dialled:
    parts, who = context.parts, context.account
    args: dict[str, Any] = msgspec.to_builtins(body)
    try:
        await parts.database.read(_allowed, parts, who, body)
    except Problem as problem:
        if problem.status in KEPT:
            await parts.database.write(refuse, who.id, None, VERB, args, problem.detail)
        raise
    settled = await context.services.outcomes.ask(who.id, None, VERB, args)
    return Dialled(str(outcome_of(settled)["call_id"]))


def _allowed(conn: Connection, parts: Parts, who: Account, body: CallBack) -> None:
    """Raises the problem that says why not."""
    if (body.ticket_id is None) == (body.missed_id is None):
        errors = (FieldError("ticket_id", "请选择工单或未接来电中的一个"),)
        raise Problem(422, "请选择要回拨的工单或未接来电", code="one-of-two", errors=errors)
    _hers(conn, who, body)
    caller_hash = _caller(conn, body)
    if caller_hash == parts.caller_hash(""):
        raise refused("来电人没有显示号码，无法回拨", "number-withheld")
    seat = seats.of_account(conn, who.id)
    if seat is None:
        raise forbidden("您没有座席，不能外呼", "no-seat")
    if seat.state in IN_A_CALL:
        raise refused("您正在通话中，请先结束通话", "on-a-call")
    if not seat.phone_ready:
        raise refused("您的话机尚未注册，请检查网络后再试", "phone-not-ready")


def _hers(conn: Connection, who: Account, body: CallBack) -> None:
    """A unit calls whoever reported what it handles, and nobody else (保密)."""
    if who.role != "unit":
        return
    if body.ticket_id is None:
        raise forbidden("您的角色没有这项权限")
    if not scope.may_see(conn, people.actor_of(conn, who.id, who.role), body.ticket_id):
        raise not_found("这张工单")


def _caller(conn: Connection, body: CallBack) -> str:
    """The hash of the number that is to be called: the reporter's own, else the caller's."""
    if body.ticket_id is not None:
        left = contacts.of_ticket(conn, body.ticket_id)
        if left is not None and left.number_hash is not None:
            return left.number_hash
        found = (
            select(ticket.c.id, call.c.caller_hash)
            .outerjoin(call, call.c.id == ticket.c.call_id)
            .where(ticket.c.id == body.ticket_id)
        )
        what = "这张工单"
    else:
        found = (
            select(missed_call.c.id, call.c.caller_hash)
            .join(call, call.c.id == missed_call.c.call_id)
            .where(missed_call.c.id == body.missed_id)
        )
        what = "这条未接来电"
    row = conn.execute(found).one_or_none()
    if row is None:
        raise not_found(what)
    if row.caller_hash is None:
        raise refused("这张工单没有登记可以回拨的号码", "no-number")
    caller_hash: str = row.caller_hash
    return caller_hash
