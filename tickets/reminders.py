"""Reminders of deadlines: before it the unit, at it its head as well, after it the supervisors too.

One look takes in all open terms by one moment for each step, for every deadline of a place is
the end of a working day: a term whose deadline lies before "now and four working hours" is
within four working hours of it. `ticket_reminder` keeps a step from being sent twice for one
date; a date that was moved is reminded of anew. Of several steps that were missed (the house
stood still) only the last goes out, and it goes to everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    exists,
    func,
    insert,
    literal,
    select,
)

from db.models import ticket, ticket_event, ticket_reminder, ticket_term, unit
from tickets import clock, outbox
from tickets.place import Place
from workdays.days import Calendar

BATCH = 50
"""Terms in one transaction: others write between two of them, the road of a call among them."""
LOOK = 1000
"""Terms that one look names at most."""
UNITS_OWN = ("accept", "done", "rectify")
STANDING = ("suspended",)
MOST_NAME = 60


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: whom it reaches, of a term of a unit and of one of the hotline's own."""

    name: str
    template: str
    units: tuple[str, ...]
    own: tuple[str, ...]


BEFORE = Step("before", "reminder_before", ("unit",), ())
DUE = Step("due", "reminder_due", ("unit", "unit_head"), ("supervisors",))
AFTER = Step("after", "reminder_after", ("unit", "unit_head", "supervisors"), ("supervisors",))
STEPS = (AFTER, DUE, BEFORE)


@dataclass(frozen=True, slots=True)
class Span:
    """Deadlines after `after_ms` (None: however old) and up to `upto_ms` are at this step."""

    step: Step
    after_ms: int | None
    upto_ms: int


def spans(place: Place, calendar: Calendar, at_ms: int) -> tuple[Span, ...]:
    """Which deadlines are at which step at a moment; no deadline is at two."""
    clocks = place.settings.clocks
    hours = place.hours
    late = clock.back(calendar, hours, at_ms, clocks.remind_after_hours)
    soon = clock.ahead(calendar, hours, at_ms, clocks.remind_before_hours)
    return (
        Span(AFTER, None, late),
        Span(DUE, late, at_ms),
        Span(BEFORE, at_ms, soon),
    )


def waiting(conn: Connection, place: Place, at_ms: int, most: int = LOOK) -> list[int]:
    """The terms that are to be reminded of at `at_ms`, at most `most`, the latest step first.

    A read: looking through all open terms, and finding nothing, stops no writer.
    """
    found: list[int] = []
    for span in spans(place, place.calendar(conn), at_ms):
        if len(found) < most:
            rows = conn.execute(_due(span).limit(most - len(found)))
            found += [row.id for row in rows]
    return found


def remind(conn: Connection, place: Place, at_ms: int, term_ids: Sequence[int]) -> int:
    """Write the reminders of those of these terms that wait for one at `at_ms`; of how many.

    What changed since they were looked for counts: a term that ended, was moved or was reminded
    of meanwhile is passed over.
    """
    calendar = place.calendar(conn)
    count = 0
    for span in spans(place, calendar, at_ms):
        rows = conn.execute(_due(span).where(ticket_term.c.id.in_(term_ids))).all()
        if rows:
            _send(conn, place, calendar, span.step, rows, at_ms)
        count += len(rows)
    return count


def _due(span: Span) -> Any:
    term = ticket_term.c
    sent = exists(literal(1)).where(
        ticket_reminder.c.term_id == term.id,
        ticket_reminder.c.step == span.step.name,
        ticket_reminder.c.due_ms == term.due_ms,
    )
    return (
        select(
            term.id,
            term.ticket_id,
            term.kind,
            term.due_ms,
            func.coalesce(term.unit_id, ticket.c.unit_id).label("unit_id"),
            ticket.c.state,
            unit.c.name.label("unit"),
        )
        .join_from(ticket_term, ticket, ticket.c.id == term.ticket_id)
        .outerjoin(unit, unit.c.id == func.coalesce(term.unit_id, ticket.c.unit_id))
        .where(
            term.ended_ms.is_(None),
            _between(span),
            ticket.c.state.not_in(STANDING),
            ~sent,
        )
        .order_by(term.due_ms)
    )


def _between(span: Span) -> ColumnElement[bool]:
    upto = ticket_term.c.due_ms <= span.upto_ms
    return upto if span.after_ms is None else and_(upto, ticket_term.c.due_ms > span.after_ms)


def _send(
    conn: Connection,
    place: Place,
    calendar: Calendar,
    step: Step,
    rows: Sequence[Row[Any]],
    at_ms: int,
) -> None:
    conn.execute(
        insert(ticket_reminder),
        [
            {"term_id": row.id, "step": step.name, "due_ms": row.due_ms, "at_ms": at_ms}
            for row in rows
        ],
    )
    told = [(row, _addressed(step, row)) for row in rows]
    events = [
        {
            "ticket_id": row.ticket_id,
            "at_ms": at_ms,
            "kind": "reminded",
            "account_id": None,
            "detail": {"step": step.name, "kind": row.kind, "due_ms": row.due_ms, "to": whom},
        }
        for row, whom in told
        if whom
    ]
    if events:
        conn.execute(insert(ticket_event), events)
    drafts: list[outbox.Draft] = []
    # Many fall due at one moment: what is left is counted once for all of them.
    left = {
        due: clock.remaining(calendar, place.hours, at_ms, due) for due in {r.due_ms for r in rows}
    }
    for row, whom in told:
        args = _said(row, left[row.due_ms])
        for to in whom:
            key = f"term:{row.id}:{step.name}:{row.due_ms}:{to}"
            drafts.append(outbox.Draft(step.template, to, row.ticket_id, args, key))
    outbox.put_all(conn, place, drafts)


def _said(row: Row[Any], left: clock.Left) -> dict[str, Any]:
    """The facts of a reminder; nothing of who reported."""
    return {
        "unit": row.unit[:MOST_NAME] if row.unit else None,
        "due": row.due_ms,
        "kind": row.kind,
        "state": row.state,
        "late" if left.late else "left": clock.in_words(left),
    }


def _addressed(step: Step, row: Row[Any]) -> list[str]:
    if row.kind not in UNITS_OWN:
        return list(step.own)
    return [f"{to}:{row.unit_id}" if to.startswith("unit") else to for to in step.units]
