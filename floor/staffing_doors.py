"""Doors of the staffing rule: what it sees, its steps, and what a person has set.

Each step is a row of `staffing_step` and a change of the topic `staffing`, beside the seat's own.
Two controllers never step at once: a step is a compare-and-set of when the rule stepped last.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from config.model import CallIn
from db import audit
from db.clock import now_ms
from db.models import account, call, staffing_rule, staffing_step
from floor import loans, seats
from floor.calling_in import Step, Waiting, is_of
from floor.loans import Loan
from floor.seats import Seat

log = logging.getLogger("hotline.staffing")

MODES = {"auto": "自动", "off": "停用", "hold": "保持现状"}

STEPS = {
    "called_in": "调入",
    "let_go": "退回",
    "override": "人工设置",
}


SENT_BACK_MS = 3600 * 1000
"""Who was sent back by a person is left alone for so long."""


class Mode(msgspec.Struct, frozen=True):
    """What holds for a queue: set by `by` (a name) until `until_ms`; None: until further notice."""

    queue: str
    mode: str = "auto"
    until_ms: int | None = None
    by: str | None = None
    stepped_ms: int = 0


class Situation(msgspec.Struct, frozen=True):
    """The floor as the rule sees it."""

    waiting: dict[str, Waiting]
    seats: list[Seat]
    loans: list[Loan]
    modes: dict[str, Mode]
    sent_back: dict[str, frozenset[int]]
    """Whom a person has sent back lately: the rule does not call her in again."""

    def mode_of(self, queue: str) -> Mode:
        return self.modes.get(queue) or Mode(queue)


_since = func.coalesce(call.c.waiting_ms, call.c.queued_ms)


def situation(conn: Connection) -> Situation:
    """Who waits, which seats there are, what is lent and what was set."""
    rows = conn.execute(
        select(call.c.queue, _since).where(
            call.c.ended_ms.is_(None), call.c.stage == "waiting", _since.is_not(None)
        )
    )
    waiting: dict[str, list[int]] = {}
    for queue, since_ms in rows:
        waiting.setdefault(queue, []).append(since_ms)
    return Situation(
        {queue: Waiting(tuple(since)) for queue, since in waiting.items()},
        seats.all_seats(conn),
        loans.open_of(conn),
        modes(conn),
        loans.sent_back(conn, now_ms() - SENT_BACK_MS),
    )


def modes(conn: Connection) -> dict[str, Mode]:
    """What persons have set, by queue; what is past its time counts no longer."""
    at_ms = now_ms()
    rule = staffing_rule.c
    rows = conn.execute(
        select(rule.queue, rule.mode, rule.until_ms, account.c.name, rule.stepped_ms).select_from(
            staffing_rule.outerjoin(account, account.c.id == rule.account_id)
        )
    )
    found = [Mode(*row) for row in rows]
    return {
        mode.queue: mode
        if mode.until_ms is None or mode.until_ms > at_ms
        else Mode(mode.queue, stepped_ms=mode.stepped_ms)
        for mode in found
    }


def override(
    conn: Connection, queue: str, mode: str, until_ms: int | None, account_id: int
) -> Mode:
    """A person decides: `auto` lets the rule work, `hold` leaves everything as it is, `off` calls
    nobody in and lets go who was called in.

    Raises:
        ValueError: no such mode, or a time that is over.
    """
    at_ms = now_ms()
    if mode not in MODES or (until_ms is not None and until_ms <= at_ms):
        raise ValueError("a known mode, until a time to come")
    _row_of(conn, queue)
    conn.execute(
        update(staffing_rule)
        .where(staffing_rule.c.queue == queue)
        .values(mode=mode, until_ms=until_ms, account_id=account_id, set_ms=at_ms)
    )
    detail = {"mode": mode, "until_ms": until_ms}
    _keep(conn, queue, "override", None, detail, account_id)
    audit.note(conn, account_id, "staffing", f"queue:{queue}", detail)
    return modes(conn)[queue]


def carry_out(
    conn: Connection,
    rule: CallIn,
    steps: Sequence[Step],
    seen_ms: int,
    detail: dict[str, Any],
) -> int:
    """Do what the rule decided; how many steps were done.

    None when another controller has stepped since `seen_ms`, or a person has set the mode to
    something that forbids it: then it is looked at anew. A seat that can't be lent, or had gone
    back already, is passed over.
    """
    _row_of(conn, rule.queue)
    at_ms = now_ms()
    won = conn.execute(
        update(staffing_rule)
        .where(staffing_rule.c.queue == rule.queue, staffing_rule.c.stepped_ms == seen_ms)
        .values(stepped_ms=max(at_ms, seen_ms + 1))
    )
    if not won.rowcount:
        return 0
    mode = modes(conn)[rule.queue].mode
    room = rule.most - sum(is_of(rule, loan) for loan in loans.open_of(conn))
    done = 0
    for step in steps:
        if step.until_ms is None:
            done += _let_go(conn, rule.queue, step, detail)
            room += 1
        elif mode == "auto" and room > 0:
            done += _call_in(conn, rule, step, detail)
            room -= 1
    return done


def sweep(conn: Connection) -> int:
    """Loans past their time end, whoever made them; how many."""
    ended = loans.end_due(conn)
    for loan in ended:
        if loan.kind == "staffing":
            _keep(conn, loan.queue, "let_go", loan.seat_id, {"why": "expired"})
        else:
            loans.tell(conn, loan.queue, "let_go", loan.seat_id, None)
    return len(ended)


def steps_of(conn: Connection, queue: str, most: int = 50) -> list[dict[str, Any]]:
    """What was done for a queue, the newest first."""
    step = staffing_step.c
    rows = conn.execute(
        select(step.at_ms, step.kind, step.seat_id, step.account_id, step.detail)
        .where(step.queue == queue)
        .order_by(step.id.desc())
        .limit(most)
    )
    return [dict(row._mapping) for row in rows]


def _call_in(conn: Connection, rule: CallIn, step: Step, detail: dict[str, Any]) -> int:
    assert step.until_ms is not None  # noqa: S101 - what tells a call-in from a letting go
    try:
        loans.lend(
            conn, step.seat_id, rule.queue, rule.level, step.until_ms,
            kind="staffing", reason=step.why,
        )  # fmt: skip
    except (loans.AlreadyOwn, loans.NoSuchSeat):
        log.info("seat %s can't be called in for %s", step.seat_id, rule.queue)
        return 0
    told = {**detail, "why": step.why, "until_ms": step.until_ms}
    _keep(conn, rule.queue, "called_in", step.seat_id, told)
    return 1


def _let_go(conn: Connection, queue: str, step: Step, detail: dict[str, Any]) -> int:
    try:
        loans.take_back(conn, step.seat_id, queue, why=step.why)
    except loans.NotLent:
        log.info("seat %s had gone back already", step.seat_id)
        return 0
    _keep(conn, queue, "let_go", step.seat_id, {**detail, "why": step.why})
    return 1


def _row_of(conn: Connection, queue: str) -> None:
    """The queue's own row, made when it is first needed."""
    found = select(staffing_rule.c.queue).where(staffing_rule.c.queue == queue)
    if conn.execute(found).one_or_none() is None:
        conn.execute(insert(staffing_rule), {"queue": queue, "mode": "auto", "stepped_ms": 0})


def _keep(
    conn: Connection,
    queue: str,
    kind: str,
    seat_id: int | None,
    detail: dict[str, Any],
    account_id: int | None = None,
) -> None:
    conn.execute(
        insert(staffing_step),
        {
            "at_ms": now_ms(),
            "queue": queue,
            "kind": kind,
            "seat_id": seat_id,
            "account_id": account_id,
            "detail": detail,
        },
    )
    loans.tell(conn, queue, kind, seat_id, detail.get("until_ms"))
