"""Terms computed again when the calendar changed: of open tickets alone, the old date kept.

A provisional term becomes what the announced year makes of it, a term that was certain moves for a
day within it that was corrected: both only to a later day, for nobody loses time that was promised.
`first_due_ms` stays for good, and the history has each step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, insert, or_, select, update

from db import Database, marks
from db.clock import now_ms
from db.feed import publish
from db.models import ticket, ticket_event, ticket_term
from tickets import store
from tickets.clock import Due, Hours, computed_again
from tickets.place import Place
from workdays.days import Calendar
from workdays.reading import STAMP

BATCH = 200
"""Terms in one transaction: others write between two of them."""
SETTLED = "calendar_settled"
GRACE_MS = 60_000
"""Whoever changed the calendar computes the terms again and says how many moved: nobody else does so
meanwhile. So long is more than they take."""

_move = (
    update(ticket_term)
    .where(ticket_term.c.id == bindparam("of"))
    .values(due_ms=bindparam("new_ms"), days=bindparam("of_days"), provisional=bindparam("unsure"))
)
_mirror = (
    update(ticket)
    .where(ticket.c.id == bindparam("of"), ticket.c.due_ms.is_not(None))
    .values(
        due_ms=bindparam("new_ms"),
        due_kind=bindparam("new_kind"),
        due_provisional=bindparam("unsure"),
    )
)


@dataclass(frozen=True, slots=True)
class Batch:
    """How far a look has come (None: to the end), and how many terms it changed."""

    last_id: int | None
    changed: int


@dataclass(frozen=True, slots=True)
class Step:
    """A term as it was, and its end and days from now on."""

    row: Row[Any]
    due: Due
    days: int


async def everything(database: Database, place: Place, touched: date | None = None) -> int:
    """Compute again all that the calendar may have changed; returns how many terms moved.

    Args:
        touched: a day that was corrected in a year that was announced before.
    """
    stamp = await database.read(marks.read, STAMP)
    changed, after = 0, 0
    while True:
        batch = await database.write(recompute, place, after, touched)
        changed += batch.changed
        if batch.last_id is None:
            break
        after = batch.last_id
    await database.write(marks.put, SETTLED, stamp)
    return changed


def unsettled(conn: Connection, at_ms: int) -> bool:
    """Whether the calendar changed, and whoever did it has not come to the end of all terms."""
    if marks.read(conn, STAMP) == marks.read(conn, SETTLED):
        return False
    return marks.set_ms(conn, STAMP) + GRACE_MS <= at_ms


def recompute(conn: Connection, place: Place, after: int = 0, touched: date | None = None) -> Batch:
    """The next terms after the one of id `after`."""
    rows = conn.execute(
        select(ticket_term)
        .where(ticket_term.c.ended_ms.is_(None), ticket_term.c.id > after, _may(place, touched))
        .order_by(ticket_term.c.id)
        .limit(BATCH)
    ).all()
    known, hours = place.calendar(conn), place.hours
    moved = [step for row in rows if (step := _step(known, hours, row)) is not None]
    if moved:
        _write(conn, moved)
    return Batch(rows[-1].id if len(rows) == BATCH else None, len(moved))


def _step(known: Calendar, hours: Hours, row: Row[Any]) -> Step | None:
    """What the calendar makes of a term; None when it leaves it."""
    told = Due(row.due_ms, row.provisional)
    made = computed_again(
        known, hours, told, from_ms=row.from_ms, days=row.days, natural_days=row.natural
    )
    return None if made is None else Step(row, *made)


def _may(place: Place, touched: date | None) -> Any:
    """What a change of the calendar can move."""
    if touched is None:
        return ticket_term.c.provisional.is_(True)
    hours = place.hours
    begins = hours.at(touched, hours.opens.min)
    # The day a term begins on does not count; all later ones to its end do.
    within = and_(ticket_term.c.from_ms < begins, ticket_term.c.due_ms >= begins)
    return or_(ticket_term.c.provisional.is_(True), within)


def _write(conn: Connection, moved: list[Step]) -> None:
    conn.execute(
        _move,
        [
            {
                "of": step.row.id,
                "new_ms": step.due.ms,
                "of_days": step.days,
                "unsure": step.due.provisional,
            }
            for step in moved
        ],
    )
    at_ms = now_ms()
    events = [
        {
            "ticket_id": step.row.ticket_id,
            "at_ms": at_ms,
            "kind": "term_changed",
            "account_id": None,
            "detail": {
                "kind": step.row.kind,
                "before_ms": step.row.due_ms,
                "after_ms": step.due.ms,
                "provisional": step.due.provisional,
            },
        }
        for step in moved
    ]
    conn.execute(insert(ticket_event), events)
    _show(conn, sorted({step.row.ticket_id for step in moved}))


def _show(conn: Connection, ids: list[int]) -> None:
    """Tickets show their open term that ends first; one whose clock stands shows none."""
    first: dict[int, Row[Any]] = {}
    terms = (
        select(ticket_term)
        .where(ticket_term.c.ticket_id.in_(ids), ticket_term.c.ended_ms.is_(None))
        .order_by(ticket_term.c.due_ms, ticket_term.c.id)
    )
    for term in conn.execute(terms):
        first.setdefault(term.ticket_id, term)
    # No new version: what a person has typed meanwhile is not about the date.
    conn.execute(
        _mirror,
        [
            {"of": of, "new_ms": term.due_ms, "new_kind": term.kind, "unsure": term.provisional}
            for of, term in first.items()
        ],
    )
    for found in conn.execute(select(ticket).where(ticket.c.id.in_(ids)).order_by(ticket.c.id)):
        # Pages of this version read it again all the same.
        told = store.of_row(found).told() | {"reckoned": True}
        publish(conn, "ticket", found.id, told)
