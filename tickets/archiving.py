"""What ended a set time ago goes to the archive (move 25 of the table)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from db.models import ticket
from tickets import moving
from tickets.place import Place
from tickets.rules.decide import Refused
from tickets.rules.table import BY_NAME
from tickets.store import NoSuchTicket, Outdated

BATCH = 100
DAY_MS = 86_400_000


def ready(conn: Connection, place: Place, at_ms: int, after: int = 0) -> list[tuple[int, int]]:
    """Tickets for the archive after the one of id `after`, with their versions; at most `BATCH`."""
    ended = at_ms - place.periods(conn)["archive_days"] * DAY_MS
    rows = conn.execute(
        select(ticket.c.id, ticket.c.version)
        .where(
            ticket.c.state.in_(BY_NAME["archive"].sources),
            ticket.c.closed_ms <= ended,
            ticket.c.id > after,
        )
        .order_by(ticket.c.id)
        .limit(BATCH)
    )
    return [(row.id, row.version) for row in rows]


def archive(conn: Connection, place: Place, ticket_id: int, version: int) -> bool:
    """Put one away; False when it changed meanwhile: a later look sees it anew."""
    try:
        moving.archive(conn, place, ticket_id, version)
    except (NoSuchTicket, Outdated, Refused):
        return False
    return True
