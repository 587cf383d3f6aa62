"""Which tickets a person may see, as a condition of SQL: for lists, reading, files and exports.

A unit sees what it handles or assists with, and never one that complains of it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, or_, select, true

from db.models import ticket, ticket_assist
from tickets.rules.facts import Actor


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition on `ticket` that holds for what this person may see."""
    return or_(*branches(actor)) if actor.role == "unit" else true()


def branches(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """The same as alternatives, each with an index that leads to it; () for who sees all."""
    if actor.role != "unit":
        return ()
    mine = sorted(actor.unit_ids)
    against_others = or_(
        ticket.c.complained_unit_id.is_(None), ticket.c.complained_unit_id.not_in(mine)
    )
    assisting = select(ticket_assist.c.ticket_id).where(ticket_assist.c.unit_id.in_(mine))
    return (
        ticket.c.unit_id.in_(mine) & against_others,
        ticket.c.id.in_(assisting) & against_others,
    )


def may_see(conn: Connection, actor: Actor, ticket_id: int) -> bool:
    found = select(ticket.c.id).where(ticket.c.id == ticket_id, visible(actor))
    return conn.execute(found).first() is not None
