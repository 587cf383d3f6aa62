"""The terms of a ticket (签收, 办结 …) as rows: begun, met, moved; the ticket shows the open one.

N working days end with the Nth working day after the delivery; a law's own period wins where
the class names one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from db.models import ticket_term
from tickets import classes, clock
from tickets.clock import Due
from tickets.place import Place
from tickets.rules.effects import Effects, NewTerm


class Terms:
    """The terms of one ticket in one transaction, at one moment."""

    def __init__(self, conn: Connection, place: Place, row: Row[Any], at_ms: int) -> None:
        self._conn = conn
        self._place = place
        self._row = row
        self._at_ms = at_ms

    def apply(self, effects: Effects, round_: int, unit_id: int | None) -> dict[str, Any]:
        """Carry out what a move says of terms; returns the ticket's columns that follow."""
        for kind in effects.met:
            self._end(kind, judged=True)
        for kind in effects.void:
            self._end(kind, judged=False)
        for new in effects.begin:
            self._begin(new, round_, unit_id)
        if effects.reopen:
            self._reopen()
        if effects.extend_days:
            self._extend(effects.extend_days)
        left = self._row.left_days
        if effects.pause:
            left = self._left()
        if effects.resume:
            self._resume(left)
            left = None
        return {"left_days": left, **self._shown(paused=left is not None)}

    def due_of(self, new: NewTerm, difficulty_class: str | None) -> tuple[Due, int, bool]:
        """When a term that begins now ends, its days, and whether they are natural days."""
        legal = classes.legal(self._conn, difficulty_class) if difficulty_class else None
        calendar, hours = self._place.calendar(self._conn), self._place.hours
        if legal and new.kind == "done" and legal.handle_days:
            due = clock.natural(calendar, hours, self._at_ms, legal.handle_days)
            return due, legal.handle_days, True
        days = self._place.periods(self._conn)[new.period]
        if legal and new.kind == "dispatch" and legal.pass_on_days:
            days = legal.pass_on_days
        return clock.deadline(calendar, hours, self._at_ms, days), days, False

    def _begin(self, new: NewTerm, round_: int, unit_id: int | None) -> None:
        due, days, natural = self.due_of(new, self._row.content_class)
        of_unit = new.kind in ("accept", "done", "rectify")
        self._conn.execute(
            insert(ticket_term),
            {
                "ticket_id": self._row.id,
                "kind": new.kind,
                "round": round_,
                "unit_id": unit_id if of_unit else None,
                "from_ms": self._at_ms,
                "days": days,
                "natural": natural,
                "due_ms": due.ms,
                "first_due_ms": due.ms,
                "provisional": due.provisional,
            },
        )

    def _open(self, kind: str) -> Any:
        return and_(
            ticket_term.c.ticket_id == self._row.id,
            ticket_term.c.kind == kind,
            ticket_term.c.ended_ms.is_(None),
        )

    def _end(self, kind: str, *, judged: bool) -> None:
        met = ticket_term.c.due_ms >= self._at_ms if judged else None
        self._conn.execute(
            update(ticket_term).where(self._open(kind)).values(ended_ms=self._at_ms, met=met)
        )

    def _reopen(self) -> None:
        """What was sent back is to be done by the same date as before."""
        last = (
            select(ticket_term.c.id)
            .where(ticket_term.c.ticket_id == self._row.id, ticket_term.c.kind == "done")
            .order_by(ticket_term.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        self._conn.execute(
            update(ticket_term).where(ticket_term.c.id == last).values(ended_ms=None, met=None)
        )

    def _done(self) -> Row[Any] | None:
        return self._conn.execute(select(ticket_term).where(self._open("done"))).one_or_none()

    def _move_to(self, term: Row[Any], due: Due, days: int, *, natural: bool) -> None:
        """A term always ends `days` after it began, so that it can be computed again."""
        self._conn.execute(
            update(ticket_term)
            .where(ticket_term.c.id == term.id)
            .values(due_ms=due.ms, days=days, natural=natural, provisional=due.provisional)
        )

    def extended(self, days: int) -> tuple[Due, int, bool] | None:
        """The handling's end after so many working days more, at most what the law gives.

        Returns the end, its days from the beginning and whether they are natural ones; None when
        no handling is under way.
        """
        term = self._done()
        if term is None:
            return None
        calendar, hours = self._place.calendar(self._conn), self._place.hours
        due = clock.deadline(calendar, hours, term.due_ms, days)
        code = self._row.content_class
        legal = classes.legal(self._conn, code) if code else None
        if legal and legal.handle_most_days:
            most = clock.natural(calendar, hours, term.from_ms, legal.handle_most_days)
            if most.ms < due.ms:
                return most, legal.handle_most_days, True
        return due, self._days_to(term, due), term.natural

    def _extend(self, days: int) -> None:
        term, further = self._done(), self.extended(days)
        if term is not None and further is not None:
            due, total, natural = further
            self._move_to(term, due, total, natural=natural)

    def _days_to(self, term: Row[Any], due: Due) -> int:
        """How many days of the term's own sort lie between its beginning and a later end."""
        calendar, hours = self._place.calendar(self._conn), self._place.hours
        return clock.days_until(calendar, hours, term.from_ms, due.ms, natural_days=term.natural)

    def _left(self) -> int:
        """Working days that are left when the clock stops; -1 when the term was over already."""
        term = self._done()
        if term is None or term.due_ms < self._at_ms:
            return -1
        calendar, hours = self._place.calendar(self._conn), self._place.hours
        return clock.working_days_between(calendar, hours, self._at_ms, term.due_ms)

    def _resume(self, left: int | None) -> None:
        term = self._done()
        if term is None or left is None or left < 0:
            return
        calendar, hours = self._place.calendar(self._conn), self._place.hours
        due = clock.deadline(calendar, hours, self._at_ms, max(left, 1))
        if due.ms > term.due_ms:
            self._move_to(term, due, self._days_to(term, due), natural=term.natural)

    def _shown(self, *, paused: bool) -> dict[str, Any]:
        """The open term that ends first, as the ticket shows it."""
        first = None
        if not paused:
            first = self._conn.execute(
                select(ticket_term.c.kind, ticket_term.c.due_ms, ticket_term.c.provisional)
                .where(ticket_term.c.ticket_id == self._row.id, ticket_term.c.ended_ms.is_(None))
                .order_by(ticket_term.c.due_ms, ticket_term.c.id)
                .limit(1)
            ).one_or_none()
        return {
            "due_ms": first.due_ms if first else None,
            "due_kind": first.kind if first else None,
            "due_provisional": bool(first and first.provisional),
        }
