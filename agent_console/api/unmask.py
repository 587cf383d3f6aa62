"""The reporter's name and number: put beside a ticket, and shown in clear for a reason.

No unit gets here, whatever it handles: it calls by a click and sees the masked number.
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from agent_console.api.fields import NO_NUL, RowPath
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.parts import Parts
from agent_console.problem import FieldError, Problem, forbidden, not_found, refused
from agent_console.roles import HEADS, STAFF
from tickets import contacts, people, scope, store
from tickets.contacts import Reporter

operations = Operations("reporters")

MAX_NAME = 50
MAX_NUMBER = 40
LEAST_REASON = 2
OVER = frozenset({"closed", "rejected", "merged", "terminated", "archived"})


class Reason(msgspec.Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=200, pattern=NO_NUL)]


class InClear(msgspec.Struct, frozen=True):
    """For the person who gave the reason; a screen shows it and keeps it nowhere."""

    name: str
    number: str


class ReporterEdit(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays as it was."""

    name: Annotated[str, Meta(max_length=MAX_NAME, pattern=NO_NUL)] | None = None
    number: Annotated[str, Meta(max_length=MAX_NUMBER, pattern=NO_NUL)] | None = None


class Contact(msgspec.Struct, frozen=True):
    name_masked: str
    number_masked: str
    has_number: bool


@operations.add(
    "POST",
    "/tickets/{id}/unmask",
    "Show the reporter in clear; the reason is kept",
    roles=STAFF,
    problems=(404, 409, 422, 429),
)
async def unmask_reporter(context: Context, *, path: RowPath, body: Reason) -> InClear:
    reason = body.reason.strip()
    if len(reason) < LEAST_REASON:
        sentence = "请写明查看的原因"
        raise Problem(
            422, sentence, code="reason-missing", errors=(FieldError("reason", sentence),)
        )
    opened = await context.parts.database.write(
        _open, context.parts, path.id, context.account, reason
    )
    return InClear(opened.name, opened.number)


@operations.add(
    "PUT",
    "/tickets/{id}/contact",
    "Put the reporter's name and number beside a ticket",
    roles=STAFF,
    problems=(404, 409, 422),
)
async def keep_contact(context: Context, *, path: RowPath, body: ReporterEdit) -> Contact:
    parts = context.parts
    reporter = reporter_of(parts, body.name or "", body.number or "")
    return await parts.database.write(_keep, parts, path.id, context.account, reporter)


def reporter_of(parts: Parts, name: str, number: str, field: str = "number") -> Reporter:
    """What a person typed, as it may lie in rows; 422 for a number that nobody can have."""
    sealed = contacts.name_sealed(parts.sealer, name)
    if not number.strip():
        return Reporter(sealed)
    kept = parts.keep_number(number)
    if kept is None:
        sentence = "这个号码无法拨打，请核对后再试"
        raise Problem(422, sentence, code="no-such-number", errors=(FieldError(field, sentence),))
    return Reporter(sealed, kept.sealed, parts.caller_hash(number), kept.masked)


def shown(parts: Parts, conn: Connection, ticket_id: int) -> Contact:
    """The reporter as every screen shows him."""
    found = contacts.masked(parts.sealer, contacts.of_ticket(conn, ticket_id))
    return Contact(found.name_masked, found.number_masked, found.has_number)


def _open(
    conn: Connection, parts: Parts, ticket_id: int, who: Account, reason: str
) -> contacts.Opened:
    _concerned(conn, ticket_id, who)
    try:
        return contacts.open_contact(
            conn,
            parts.sealer,
            ticket_id,
            who.id,
            reason,
            most_an_hour=parts.settings.intake.unmask_an_hour,
        )
    except contacts.NoReporter:
        raise refused("没有登记来电人信息", "no-reporter") from None
    except contacts.TooMany as many:
        minutes = math.ceil(many.wait_ms / 60_000)
        raise Problem(
            429,
            f"一小时内查看次数已到上限，请在 {minutes} 分钟后再试",
            code="slow-down",
            headers={"Retry-After": str(math.ceil(many.wait_ms / 1000))},
        ) from None


def _keep(
    conn: Connection, parts: Parts, ticket_id: int, who: Account, reporter: Reporter
) -> Contact:
    found = _concerned(conn, ticket_id, who)
    if found.state in OVER:
        raise refused("工单已经结束，不能再修改来电人信息", "ticket-over")
    given = [
        word
        for word, value in (("name", reporter.name_sealed), ("number", reporter.number_sealed))
        if value is not None
    ]
    if given:
        contacts.keep(conn, ticket_id, reporter)
        store.note(conn, ticket_id, "contact_kept", who.id, {"what": given})
    return shown(parts, conn, ticket_id)


def _concerned(conn: Connection, ticket_id: int, who: Account) -> store.Ticket:
    """The ticket, if its reporter is this person's business: her own, or by a duty of hers."""
    found = store.get(conn, ticket_id)
    actor = people.actor_of(conn, who.id, who.role)
    if found is None or not scope.may_see(conn, actor, ticket_id):
        raise not_found("这张工单")
    own = found.account_id == who.id
    if not own and not actor.duties and who.role not in HEADS - {"admin"}:
        raise forbidden("只有经办这张工单的人员可以查看或修改来电人信息", "not-concerned")
    return found
