"""Numbers in order: of tickets by day, of papers by year. Gapless, for they lie in the same
transaction as what they number, and writers take turns (db.engine).
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from sqlalchemy import Connection, bindparam, insert, update

from db.models import ticket_day
from db.prepared import Prepared

_next = Prepared(
    update(ticket_day)
    .where(ticket_day.c.day == bindparam("of_day"))
    .values(last=ticket_day.c.last + 1)
    .returning(ticket_day.c.last),
    [ticket_day.c.last],
)


def next_of(conn: Connection, series: str) -> int:
    """The next number of a series, from 1."""
    row = _next.one(conn, {"of_day": series})
    if row is None:
        # Nobody else can be beginning the same series.
        conn.execute(insert(ticket_day), {"day": series, "last": 1})
        return 1
    found: int = row[0]
    return found


def day_of(at_ms: int, zone: tzinfo) -> str:
    """The day of a moment, YYYYMMDD."""
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y%m%d")


def next_number(conn: Connection, at_ms: int, zone: tzinfo) -> str:
    """The day's next number of a ticket, YYYYMMDD-NNNNN."""
    day = day_of(at_ms, zone)
    return f"{day}-{next_of(conn, day):05d}"
