"""Tickets that may be the same matter: offered while the agent types (merging is a move)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from agent_console.api.fields import NO_NUL, Code, RowId, RowPath, head
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import not_found
from agent_console.roles import STAFF
from config.model import Settings
from db.models import ticket
from tickets import credit_code, duplicates, periods, units
from tickets.duplicates import Alike, Matter
from tickets.rules import MAX_COMPANY, MAX_TEXT
from tickets.rules.states import STATES

operations = Operations("tickets")

WHY = {"same_number": "同一来电号码", "same_company": "同一企业", "same_words": "内容相近"}


class Typed(msgspec.Struct, forbid_unknown_fields=True):
    """The form as it stands; of `ticket_id` the caller is taken, and it is not offered itself."""

    text: Annotated[str, Meta(max_length=MAX_TEXT, pattern=NO_NUL)] = ""
    company: Annotated[str, Meta(max_length=MAX_COMPANY, pattern=NO_NUL)] = ""
    credit_code: Annotated[str, Meta(max_length=64, pattern=NO_NUL)] | None = None
    content_class: Code | None = None
    ticket_id: RowId | None = None


class AlikeTicket(msgspec.Struct, frozen=True):
    """`score`: likeness of the wording, 0 to 1."""

    id: int
    number: str
    state: str
    state_label: str
    why: str
    why_label: str
    score: float
    content_class: str | None
    company: str
    text_head: str
    created_ms: int
    unit_name: str | None


class AlikeTickets(msgspec.Struct, frozen=True):
    """`repeats`: earlier tickets of the same number or company and class, closed ones too."""

    items: list[AlikeTicket]
    repeats: int


@operations.add("GET", "/tickets/{id}/alike", "What is like it", roles=STAFF, problems=(404,))
async def read_alike(context: Context, *, path: RowPath) -> AlikeTickets:
    parts = context.parts
    return await parts.database.read(_of_ticket, parts.settings, path.id, parts.now_ms())


@operations.add(
    "POST", "/tickets/alike", "What is like what is typed", roles=STAFF, problems=(404,)
)
async def find_alike(context: Context, *, body: Typed) -> AlikeTickets:
    parts = context.parts
    return await parts.database.read(_of_form, parts.settings, body, parts.now_ms())


def _of_ticket(conn: Connection, settings: Settings, ticket_id: int, now_ms: int) -> AlikeTickets:
    row = conn.execute(ticket.select().where(ticket.c.id == ticket_id)).one_or_none()
    if row is None:
        raise not_found("这张工单")
    return _offered(conn, settings, duplicates.matter_of(row), row.created_ms, now_ms)


def _of_form(conn: Connection, settings: Settings, body: Typed, now_ms: int) -> AlikeTickets:
    caller, before_ms = None, now_ms
    if body.ticket_id is not None:
        row = conn.execute(ticket.select().where(ticket.c.id == body.ticket_id)).one_or_none()
        if row is None:
            raise not_found("这张工单")
        caller, before_ms = duplicates.matter_of(row).caller_hash, row.created_ms
    code = credit_code.clean(body.credit_code or "")
    matter = Matter(
        caller, code or None, body.company, body.text, body.content_class, body.ticket_id
    )
    return _offered(conn, settings, matter, before_ms, now_ms)


def _offered(
    conn: Connection, settings: Settings, matter: Matter, before_ms: int, now_ms: int
) -> AlikeTickets:
    found = duplicates.alike(conn, matter, now_ms)
    names = units.names(conn)
    days = periods.current(conn, settings)["repeat_days"]
    earlier = duplicates.earlier(conn, matter, before_ms, days)
    return AlikeTickets([_shown(one, names) for one in found], earlier)


def _shown(one: Alike, names: dict[int, str]) -> AlikeTicket:
    return AlikeTicket(
        one.id, one.number, one.state, STATES[one.state], one.why, WHY[one.why], one.score,
        one.content_class, one.company, head(one.text), one.created_ms,
        names.get(one.unit_id or 0),
    )  # fmt: skip
