"""Skills lent to a seat until a time, and the seat's own skills.

An expert takes a seat of a queue for a day (驻场), the staffing rule calls a seat in, a supervisor
helps out by hand: one door for all. What counts stands in `seat.skills`, so that the feed tells the
queue at once; the loan's row remembers what the seat had of its own, and when and why it ended.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, insert, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import seat, skill_loan
from floor import seats
from floor.seats import Seat

KINDS = {"manual": "班长调配", "resident": "专家驻场", "staffing": "自动调配"}

ENDINGS = {
    "expired": "到期",
    "taken_back": "收回",
    "quiet": "来电回落",
    "override": "人工干预",
}

TRIES = 5
"""A seat that moves meanwhile is read again; more often than this nobody moves."""


class Loan(msgspec.Struct, frozen=True, gc=False):
    """A skill lent. `own_level` is what the seat goes back to; None: it has no such skill."""

    id: int
    seat_id: int
    queue: str
    level: int
    own_level: int | None
    kind: str
    account_id: int | None
    reason: str
    from_ms: int
    until_ms: int
    ended_ms: int | None
    ended_why: str | None
    ended_by: int | None


class NoSuchSeat(Exception):
    """There is no seat of that id."""


class AlreadyOwn(Exception):
    """The seat has this skill as its own, as good or better."""


class NotLent(Exception):
    """Nothing of that queue is lent to the seat (any more)."""


class Moved(Exception):
    """The seat changed again and again while its skills were being changed."""


_columns = [skill_loan.c[name] for name in Loan.__struct_fields__]
_open = select(*_columns).where(skill_loan.c.open).order_by(skill_loan.c.id)


def open_of(conn: Connection, seat_id: int | None = None) -> list[Loan]:
    """What is lent now: to one seat, or to all."""
    asked = _open if seat_id is None else _open.where(skill_loan.c.seat_id == seat_id)
    return [Loan(*row) for row in conn.execute(asked)]


def history_of(conn: Connection, seat_id: int, most: int = 100) -> list[Loan]:
    """What was lent to a seat, the newest first."""
    asked = select(*_columns).where(skill_loan.c.seat_id == seat_id)
    rows = conn.execute(asked.order_by(skill_loan.c.id.desc()).limit(most))
    return [Loan(*row) for row in rows]


def lend(
    conn: Connection,
    seat_id: int,
    queue: str,
    level: int,
    until_ms: int,
    *,
    kind: str = "manual",
    by: int | None = None,
    reason: str = "",
) -> Loan:
    """Lend a skill until a time; a loan that is open already gets this level and time.

    Args:
        by: the account that lends; None for the staffing rule.

    Raises:
        NoSuchSeat, AlreadyOwn, ValueError (a time that is over, a level below 1).
    """
    at_ms = now_ms()
    if until_ms <= at_ms or level < 1 or kind not in KINDS:
        raise ValueError("a loan ends in the future, its level is 1 or more, its kind is known")
    before = _of_queue(conn, seat_id, queue)
    found = seats.get(conn, seat_id)
    if found is None:
        raise NoSuchSeat(seat_id)
    own = found.skills.get(queue) if before is None else before.own_level
    if own is not None and own <= level:
        raise AlreadyOwn(queue)
    if before is not None:
        _close(conn, before, "taken_back", by, at_ms)
    row = conn.execute(
        insert(skill_loan).returning(*_columns),
        {
            "seat_id": seat_id,
            "queue": queue,
            "level": level,
            "own_level": own,
            "kind": kind,
            "account_id": by,
            "reason": reason,
            "from_ms": at_ms,
            "until_ms": until_ms,
            "open": True,
        },
    ).one()
    _change(conn, seat_id, lambda skills: {**skills, queue: level})
    if by is not None:
        tell(conn, queue, "lent", seat_id, until_ms)
    return Loan(*row)


def take_back(
    conn: Connection, seat_id: int, queue: str, by: int | None = None, why: str = "taken_back"
) -> Loan:
    """End a loan before its time; the seat has its own skills again.

    Raises:
        NotLent: it had ended already.
    """
    found = _of_queue(conn, seat_id, queue)
    if found is None:
        raise NotLent(queue)
    ended = _close(conn, found, why, by, now_ms())
    _return(conn, ended)
    if by is not None:
        tell(conn, queue, "taken_back", seat_id, None)
    return ended


def end_due(conn: Connection) -> list[Loan]:
    """The sweep: end what is past its time."""
    at_ms = now_ms()
    due = [Loan(*row) for row in conn.execute(_open.where(skill_loan.c.until_ms <= at_ms))]
    ended = [_close(conn, loan, "expired", None, at_ms) for loan in due]
    for loan in ended:
        _return(conn, loan)
    return ended


def sent_back(conn: Connection, since_ms: int) -> dict[str, frozenset[int]]:
    """Seats that the rule had called in and a person has sent back since then, by queue."""
    loan = skill_loan.c
    rows = conn.execute(
        select(loan.queue, loan.seat_id).where(
            loan.kind == "staffing", loan.ended_by.is_not(None), loan.ended_ms >= since_ms
        )
    )
    found: dict[str, set[int]] = {}
    for queue, seat_id in rows:
        found.setdefault(queue, set()).add(seat_id)
    return {queue: frozenset(seats_of) for queue, seats_of in found.items()}


def tell(
    conn: Connection, queue: str, kind: str, seat_id: int | None, until_ms: int | None
) -> None:
    """Say on the feed that the staffing of a queue is another one now."""
    data = {"queue": queue, "kind": kind, "seat_id": seat_id, "until_ms": until_ms}
    publish(conn, "staffing", queue, data)


def set_skills(conn: Connection, seat_id: int, skills: dict[str, int]) -> Seat:
    """The seat's own skills from now on; what is lent to it stays on top.

    Raises:
        NoSuchSeat, ValueError (a level below 1).
    """
    if any(level < 1 for level in skills.values()):
        raise ValueError("a level is 1 or more")
    shown = dict(skills)
    for loan in open_of(conn, seat_id):
        own = skills.get(loan.queue)
        conn.execute(update(skill_loan).where(skill_loan.c.id == loan.id).values(own_level=own))
        shown[loan.queue] = loan.level if own is None else min(own, loan.level)
    return _change(conn, seat_id, lambda _: shown)


def _of_queue(conn: Connection, seat_id: int, queue: str) -> Loan | None:
    asked = _open.where(skill_loan.c.seat_id == seat_id, skill_loan.c.queue == queue)
    row = conn.execute(asked).one_or_none()
    return Loan(*row) if row else None


def _close(conn: Connection, loan: Loan, why: str, by: int | None, at_ms: int) -> Loan:
    row = conn.execute(
        update(skill_loan)
        .where(skill_loan.c.id == loan.id, skill_loan.c.open)
        .values(open=None, ended_ms=at_ms, ended_why=why, ended_by=by)
        .returning(*_columns)
    ).one_or_none()
    if row is None:
        raise NotLent(loan.queue)
    return Loan(*row)


def _return(conn: Connection, loan: Loan) -> Seat:
    def without(skills: dict[str, int]) -> dict[str, int]:
        left = {queue: level for queue, level in skills.items() if queue != loan.queue}
        return left if loan.own_level is None else {**left, loan.queue: loan.own_level}

    return _change(conn, loan.seat_id, without)


def _change(conn: Connection, seat_id: int, to: Callable[[dict[str, int]], dict[str, int]]) -> Seat:
    """Compare-and-set of a seat's skills by its version, and tell the feed."""
    for _ in range(TRIES):
        row = conn.execute(
            select(seat.c.skills, seat.c.version).where(seat.c.id == seat_id)
        ).one_or_none()
        if row is None:
            raise NoSuchSeat(seat_id)
        changed = conn.execute(
            update(seat)
            .where(seat.c.id == seat_id, seat.c.version == row.version)
            .values(skills=to(row.skills), version=row.version + 1)
        )
        if changed.rowcount:
            break
    else:
        raise Moved(seat_id)
    found = seats.get(conn, seat_id)
    if found is None:
        raise NoSuchSeat(seat_id)
    publish(conn, "seat", seat_id, found.shown())
    return found
