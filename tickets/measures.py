"""The measures of the closed loop over a span of time, by the formulas of design/tickets.md.

Each is a share: what came right of what counted. Nothing counted gives no rate, never 100 %.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)

from db.models import ticket, ticket_rating, ticket_term
from tickets.duplicates import DAY_MS, NOT_COUNTED
from tickets.rules.states import POOR

CLOSED = ("closed", "archived", "terminated")


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`; `rate` is None when nothing counted."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Measures:
    """Over one span: 响应率 按期办结率 一次性化解率 办结满意率 参评率 办理率."""

    response: Share
    on_time: Share
    first_contact: Share
    satisfied: Share
    rated: Share
    handled: Share


def measured(conn: Connection, from_ms: int, to_ms: int, now_ms: int, repeat_days: int) -> Measures:
    """The measures from `from_ms` (included) to `to_ms` (not).

    Args:
        now_ms: what falls due later has not fallen due.
        repeat_days: natural days within which the same matter again is a repeat.
    """
    satisfied, rated = _ratings(conn, from_ms, to_ms)
    return Measures(
        response=_in_time(conn, "accept", from_ms, to_ms, now_ms),
        on_time=_in_time(conn, "done", from_ms, to_ms, now_ms),
        first_contact=_first_contact(conn, from_ms, to_ms, repeat_days),
        satisfied=satisfied,
        rated=rated,
        handled=_handled(conn, from_ms, to_ms),
    )


def _in_time(conn: Connection, kind: str, from_ms: int, to_ms: int, now_ms: int) -> Share:
    """Met in time ÷ fell due, open ones included; `due_ms` has the approved extension in it.

    A term that ended without a judgement (withdrawn, returned) counts nowhere.
    """
    term = ticket_term.c
    fell_due = and_(
        term.kind == kind,
        term.due_ms >= from_ms,
        term.due_ms < min(to_ms, now_ms),
        or_(term.met.is_not(None), term.ended_ms.is_(None)),
    )
    return _share(conn, term.met.is_(True), fell_due)


def _ratings(conn: Connection, from_ms: int, to_ms: int) -> tuple[Share, Share]:
    """Three stars or more ÷ valid ratings; valid ratings ÷ all who were asked."""
    rating = ticket_rating.c
    asked = and_(rating.at_ms >= from_ms, rating.at_ms < to_ms)
    valid = rating.stars.is_not(None)
    satisfied = _share(conn, rating.stars > POOR, and_(asked, valid))
    return satisfied, _share(conn, valid, asked)


def _handled(conn: Connection, from_ms: int, to_ms: int) -> Share:
    """Closed ÷ received: of what was taken in during the span; drafts, refused, merged aside."""
    t = ticket.c
    received = and_(t.created_ms >= from_ms, t.created_ms < to_ms, t.state.not_in(NOT_COUNTED))
    return _share(conn, t.state.in_(CLOSED), received)


def _first_contact(conn: Connection, from_ms: int, to_ms: int, repeat_days: int) -> Share:
    """Round 1, never returned, three stars or more, no repeat ÷ first-round follow-ups made.

    A repeat is a later ticket of the same number and class within `repeat_days` of the rating.
    """
    rating, own = ticket_rating.c, ticket.c
    later = ticket.alias("later")
    repeated = exists().where(
        later.c.caller_hash == own.caller_hash,
        later.c.content_class == own.content_class,
        later.c.created_ms > own.created_ms,
        later.c.created_ms < rating.at_ms + repeat_days * DAY_MS,
        later.c.state.not_in(NOT_COUNTED),
        later.c.id != own.id,
    )
    made = and_(
        rating.at_ms >= from_ms,
        rating.at_ms < to_ms,
        rating.round == 1,
        rating.rectified.is_(False),
    )
    settled = and_(rating.stars > POOR, own.round <= 1, own.returned == 0, ~repeated)
    found = select(func.count(), func.sum(cast(case((settled, 1), else_=0), Integer)))
    joined = ticket_rating.join(ticket, own.id == rating.ticket_id)
    whole, part = conn.execute(found.select_from(joined).where(made)).one()
    return Share(int(part or 0), int(whole))


def _share(conn: Connection, right: ColumnElement[bool], counted: ColumnElement[bool]) -> Share:
    found = select(func.count(), func.sum(case((right, 1), else_=0))).where(counted)
    whole, part = conn.execute(found).one()
    return Share(int(part or 0), int(whole))
