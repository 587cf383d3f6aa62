"""Which units a change of a ticket is told to: those that have it, and those that had it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from db.models import ticket, ticket_assist, ticket_term


@dataclass(slots=True)
class Reach:
    """Units of one ticket: `now` may see it, `before` had it, `against` is complained of."""

    now: set[int] = field(default_factory=set)
    before: set[int] = field(default_factory=set)
    against: int | None = None


def reaches(conn: Connection, ticket_ids: Iterable[int]) -> dict[int, Reach]:
    """The units of these tickets as they stand now (as `tickets.scope` has it)."""
    ids = sorted(set(ticket_ids))
    if not ids:
        return {}
    t, assist, term = ticket.c, ticket_assist.c, ticket_term.c
    found: dict[int, Reach] = {}
    leads = select(t.id, t.unit_id, t.complained_unit_id).where(t.id.in_(ids))
    for ticket_id, unit_id, against in conn.execute(leads):
        found[ticket_id] = Reach({unit_id} - {None}, set(), against)
    parts = select(assist.ticket_id, assist.unit_id).where(assist.ticket_id.in_(ids))
    for ticket_id, unit_id in conn.execute(parts):
        found[ticket_id].now.add(unit_id)
    terms = select(term.ticket_id, term.unit_id).where(
        term.ticket_id.in_(ids), term.unit_id.is_not(None)
    )
    for ticket_id, unit_id in conn.execute(terms.distinct()):
        found[ticket_id].before.add(unit_id)
    return found
