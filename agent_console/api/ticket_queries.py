"""What the console asks about tickets: pure selects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, func, or_, select

from agent_console.api.ticket_shapes import TicketQuery
from db.models import account, call_event, seat, ticket, ticket_event

TELEPHONE = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")

LISTED = (
    ticket.c.id, ticket.c.number, ticket.c.state, ticket.c.type, ticket.c.content_class,
    ticket.c.company, ticket.c.text, ticket.c.disposition, ticket.c.complete,
    account.c.name.label("agent_name"), ticket.c.caller_masked, ticket.c.created_ms,
    ticket.c.updated_ms,
)  # fmt: skip


def page(
    conn: Connection, query: TicketQuery, me: int, caller_hash: Callable[[str], str]
) -> tuple[list[Row[Any]], int]:
    """One page of the tickets that fit, newest first, and how many fit."""
    wanted = _wanted(query, me, caller_hash)
    total = conn.execute(select(func.count()).select_from(ticket).where(*wanted)).scalar_one()
    rows = conn.execute(
        _listed()
        .where(*wanted)
        .order_by(ticket.c.created_ms.desc(), ticket.c.id.desc())
        .limit(query.size)
        .offset((query.page - 1) * query.size)
    )
    return list(rows), total


def agent_name(conn: Connection, account_id: int | None) -> str | None:
    if account_id is None:
        return None
    return conn.execute(select(account.c.name).where(account.c.id == account_id)).scalar()


class Step(NamedTuple):
    """One line of a timeline."""

    at_ms: int
    kind: str
    who: str | None
    detail: dict[str, Any]


def timeline(conn: Connection, ticket_id: int, call_id: str | None) -> list[Step]:
    """Each step of the ticket and of its call, oldest first."""
    rows = conn.execute(
        select(ticket_event.c.at_ms, ticket_event.c.kind, account.c.name, ticket_event.c.detail)
        .outerjoin(account, account.c.id == ticket_event.c.account_id)
        .where(ticket_event.c.ticket_id == ticket_id)
        .order_by(ticket_event.c.id)
    )
    steps = [Step(*row) for row in rows]
    if call_id is not None:
        steps += _steps_of_call(conn, call_id)
    return sorted(steps, key=lambda step: step.at_ms)


def _steps_of_call(conn: Connection, call_id: str) -> list[Step]:
    """A call's events name who did it by account (`by`), or the seat that it happened to."""
    rows = conn.execute(
        select(call_event.c.at_ms, call_event.c.kind, call_event.c.detail)
        .where(call_event.c.call_id == call_id)
        .order_by(call_event.c.id)
    ).all()
    accounts = _names(conn, account, {row.detail.get("by") for row in rows})
    seats = _names(conn, seat, {row.detail.get("seat") for row in rows})
    return [
        Step(
            row.at_ms,
            row.kind,
            accounts.get(row.detail.get("by")) or seats.get(row.detail.get("seat")),
            row.detail,
        )
        for row in rows
    ]


def _names(conn: Connection, table: Table, ids: set[Any]) -> dict[Any, str]:
    wanted = {i for i in ids if isinstance(i, int)}
    if not wanted:
        return {}
    found = conn.execute(select(table.c.id, table.c.name).where(table.c.id.in_(wanted)))
    return {row.id: row.name for row in found}


def _listed() -> Select[Any]:
    return select(*LISTED).outerjoin(account, account.c.id == ticket.c.account_id)


def _wanted(
    query: TicketQuery, me: int, caller_hash: Callable[[str], str]
) -> list[ColumnElement[bool]]:
    wanted = [
        ticket.c[name] == getattr(query, name)
        for name in ("state", "type", "content_class", "disposition")
        if getattr(query, name)
    ]
    if query.mine:
        wanted.append(ticket.c.account_id == me)
    if query.incomplete:
        wanted.append(ticket.c.complete.is_(False))
    if query.from_ms is not None:
        wanted.append(ticket.c.created_ms >= query.from_ms)
    if query.to_ms is not None:
        wanted.append(ticket.c.created_ms < query.to_ms)
    words = query.q.split()
    return wanted + [_matches(word, caller_hash) for word in words]


def _matches(word: str, caller_hash: Callable[[str], str]) -> ColumnElement[bool]:
    """A word of the search: in the number, the company or the text, or a caller's whole number."""
    columns = (ticket.c.number, ticket.c.company, ticket.c.text)
    found = [column.icontains(word, autoescape=True) for column in columns]
    if TELEPHONE.fullmatch(word):
        found.append(ticket.c.caller_hash == caller_hash(word))
    return or_(*found)
