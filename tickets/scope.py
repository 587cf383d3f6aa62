"""Which tickets a person may see, as a condition of SQL: for lists, reading, files and exports.

A unit sees what it handles or assists with, and never one that complains of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, exists, literal, or_, select, true

from db.models import ticket, ticket_assist
from tickets.rules.facts import Actor


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition on `ticket` that holds for what this person may see.

    For tickets that something else leads to: whether a unit assists is asked of each by itself.
    """
    if actor.role != "unit":
        return true()
    mine = sorted(actor.unit_ids)
    assists = exists(literal(1)).where(
        ticket_assist.c.ticket_id == ticket.c.id, ticket_assist.c.unit_id.in_(mine)
    )
    return _not_against(mine) & or_(ticket.c.unit_id.in_(mine), assists)


def branches(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """The same as alternatives, each with an index that leads to it; () for who sees all."""
    if actor.role != "unit":
        return ()
    mine = sorted(actor.unit_ids)
    assisting = select(ticket_assist.c.ticket_id).where(ticket_assist.c.unit_id.in_(mine))
    against = _not_against(mine)
    return ticket.c.unit_id.in_(mine) & against, ticket.c.id.in_(assisting) & against


def _not_against(units: Sequence[int]) -> ColumnElement[bool]:
    complained = ticket.c.complained_unit_id
    return or_(complained.is_(None), complained.not_in(units))


def may_see(conn: Connection, actor: Actor, ticket_id: int) -> bool:
    found = select(ticket.c.id).where(ticket.c.id == ticket_id, visible(actor))
    return conn.execute(found).first() is not None
