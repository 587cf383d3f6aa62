"""A ticket as the rules see it, read from the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from db.models import (
    call,
    ticket,
    ticket_ask,
    ticket_assist,
    ticket_contact,
    ticket_paper,
    ticket_term,
    unit,
)
from tickets import clock, people
from tickets.place import Place
from tickets.rules.facts import Ask, Assist, Facts, Known, Paper
from tickets.rules.fields import LARGEST
from tickets.rules.table import Move

WRITTEN = ("web", "intake")
"""Sources of tickets that no agent filled in."""
_COPIED = (
    "id", "state", "account_id", "type", "content_class", "text", "company", "credit_code", "disposition",
    "unit_id", "complained_unit_id", "difficulty", "round", "ruled", "rectified", "special",
    "returned", "extended", "tries", "stars", "due_ms", "due_kind", "closed_ms",
)  # fmt: skip


def row_of(conn: Connection, ticket_id: int) -> Row[Any] | None:
    """The whole row of a ticket."""
    return conn.execute(select(ticket).where(ticket.c.id == ticket_id)).one_or_none()


def facts(conn: Connection, place: Place, row: Row[Any], now_ms: int) -> Facts:
    """What the rules look at, of a ticket's row and of what hangs on it."""
    return Facts(
        **{name: getattr(row, name) for name in _COPIED},
        now_ms=now_ms,
        today=place.hours.day_of(now_ms).isoformat(),
        # Who wrote by himself is classed by the dispatcher.
        needs_class=row.source not in WRITTEN and place.needs_class(row.disposition),
        barred=people.lineage(conn, row.complained_unit_id),
        has_contact=_has_contact(conn, row),
        contacted=row.contacted_ms is not None,
        return_by_ms=_return_by_ms(conn, place, row),
        assists=_assists(conn, row.id),
        asks=_asks(conn, row.id),
        papers=papers(conn, row.id),
    )


def known(conn: Connection, move: Move | None, form: Mapping[str, Any]) -> Known:
    """Units and tickets that a form points at."""
    units: set[int] = set()
    tickets: set[int] = set()
    for field in move.fields if move else ():
        value = form.get(field.name)
        wanted = value if isinstance(value, list) else [value]
        ids = {v for v in wanted if type(v) is int and 0 < v <= LARGEST}
        if field.kind in ("unit", "units"):
            units |= ids
        elif field.kind == "ticket":
            tickets |= ids
    opened = select(unit.c.id, unit.c.open).where(unit.c.id.in_(units))
    states = select(ticket.c.id, ticket.c.state).where(ticket.c.id.in_(tickets))
    return Known(
        {row.id: row.open for row in conn.execute(opened)} if units else {},
        {row.id: row.state for row in conn.execute(states)} if tickets else {},
    )


def papers(conn: Connection, ticket_id: int) -> tuple[Paper, ...]:
    """The papers of a ticket, oldest first."""
    paper = ticket_paper.c
    rows = conn.execute(
        select(paper.id, paper.kind, paper.state, paper.round, paper.body)
        .where(paper.ticket_id == ticket_id)
        .order_by(paper.id)
    )
    return tuple(Paper(*row) for row in rows)


def _asks(conn: Connection, ticket_id: int) -> tuple[Ask, ...]:
    rows = conn.execute(
        select(ticket_ask.c.id, ticket_ask.c.kind, ticket_ask.c.form).where(
            ticket_ask.c.ticket_id == ticket_id, ticket_ask.c.open.is_(True)
        )
    )
    return tuple(Ask(*row) for row in rows)


def _assists(conn: Connection, ticket_id: int) -> tuple[Assist, ...]:
    rows = conn.execute(
        select(ticket_assist.c.unit_id, ticket_assist.c.done_ms)
        .where(ticket_assist.c.ticket_id == ticket_id)
        .order_by(ticket_assist.c.unit_id)
    )
    return tuple(Assist(unit_id, done is not None) for unit_id, done in rows)


def _has_contact(conn: Connection, row: Row[Any]) -> bool:
    """Whether the reporter can be reached: by what he left, or by the call he made."""
    kept = exists().where(
        ticket_contact.c.ticket_id == row.id, ticket_contact.c.number_sealed.is_not(None)
    )
    called = select(call.c.caller_masked).where(call.c.id == row.call_id).scalar_subquery()
    found, masked = conn.execute(select(kept, called)).one()
    # A withheld number is sealed like any other, but shows no digit.
    return bool(found) or any(letter.isdigit() for letter in masked or "")


def _return_by_ms(conn: Connection, place: Place, row: Row[Any]) -> int | None:
    """Until when the unit may ask to give a ticket back: its own period from the delivery."""
    if row.state != "to_accept":
        return None
    began = conn.execute(
        select(ticket_term.c.from_ms).where(
            ticket_term.c.ticket_id == row.id,
            ticket_term.c.kind == "accept",
            ticket_term.c.ended_ms.is_(None),
        )
    ).scalar()
    if began is None:
        return None
    days = place.periods(conn)["return_days"]
    return clock.deadline(place.calendar(conn), place.hours, began, days).ms
