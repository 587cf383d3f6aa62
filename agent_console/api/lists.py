"""The three living lists: poor ratings, responsibilities, rectifications (Q二(二)4)."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import Connection, func, select

from agent_console.api.fields import Page, Size, head
from agent_console.api.ticket_parts import Left
from agent_console.api.ticket_view import Seer
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.roles import DESKS
from db.models import ticket, ticket_list, unit
from tickets import classes, scope

operations = Operations("lists")


class ListPath(msgspec.Struct, forbid_unknown_fields=True):
    name: Literal["poor", "responsibility", "rectification"]


class ListQuery(msgspec.Struct, forbid_unknown_fields=True):
    open: bool = True
    """False: those that are off the list again."""
    page: Page = 1
    size: Size = 20


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    ticket_id: int
    number: str
    unit_id: int | None
    unit_name: str | None
    round: int
    opened_ms: int
    closed_ms: int | None
    note: str
    state: str
    company: str
    text_head: str
    class_label: str | None
    stars: int | None
    due_ms: int | None
    due_kind: str | None
    due_provisional: bool
    left: Left | None


class EntryPage(msgspec.Struct, frozen=True):
    items: list[Entry]
    total: int
    page: int
    size: int


@operations.add("GET", "/lists/{name}", "One of the three lists", roles=DESKS)
async def read_list(context: Context, *, path: ListPath, query: ListQuery) -> EntryPage:
    return await context.parts.database.read(_page, Seer.of(context), path.name, query)


def _page(conn: Connection, seer: Seer, name: str, query: ListQuery) -> EntryPage:
    entry = ticket_list.c
    closed = entry.closed_ms.is_(None) if query.open else entry.closed_ms.is_not(None)
    wanted = (entry.list == name, closed, scope.visible(seer.actor(conn)))
    joined = ticket_list.join(ticket, ticket.c.id == entry.ticket_id)
    total = conn.execute(select(func.count()).select_from(joined).where(*wanted)).scalar_one()
    rows = conn.execute(
        select(
            entry.id, entry.ticket_id, ticket.c.number, entry.unit_id,
            unit.c.name.label("unit_name"), entry.round, entry.opened_ms, entry.closed_ms,
            entry.note, ticket.c.state, ticket.c.company, ticket.c.text, ticket.c.content_class,
            ticket.c.stars, ticket.c.due_ms, ticket.c.due_kind, ticket.c.due_provisional,
        )
        .select_from(joined.outerjoin(unit, unit.c.id == entry.unit_id))
        .where(*wanted)
        .order_by(entry.opened_ms.desc(), entry.id.desc())
        .limit(query.size)
        .offset((query.page - 1) * query.size)
    )  # fmt: skip
    labels, watch = classes.all_labels(conn), seer.watch(conn)
    items = []
    for row in rows:
        values = dict(row._mapping)
        text, code = values.pop("text"), values.pop("content_class")
        items.append(
            Entry(
                **values,
                text_head=head(text),
                class_label=labels.get(code),
                left=watch.left(row.due_ms),
            )
        )
    return EntryPage(items, total, query.page, query.size)
