"""Legs of calls: who was on the line, from when to when, why he went, and what he was doing.

A span is what a leg does for a while: talk, hold, consult or listen. Every duration that is
shown anywhere is a sum of spans, so a transfer counts no minute twice and loses none.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, update

from db.clock import now_ms
from db.models import leg, leg_span
from db.prepared import Prepared

_insert_leg = Prepared(
    insert(leg),
    inserts=(
        "id",
        "call_id",
        "role",
        "seat_id",
        "started_ms",
        "answered_ms",
        "kind",
        "label",
        "expert_id",
        "account_id",
    ),
)
_leg_answered = Prepared(
    update(leg)
    .where(leg.c.id == bindparam("leg_id"), leg.c.answered_ms.is_(None))
    .values(answered_ms=bindparam("at_ms"))
)
_leg_ended = Prepared(
    update(leg)
    .where(leg.c.id == bindparam("leg_id"), leg.c.ended_ms.is_(None))
    .values(ended_ms=bindparam("at_ms"), cause=bindparam("why"))
)
_legs_ended = Prepared(
    update(leg)
    .where(leg.c.call_id == bindparam("of_call"), leg.c.ended_ms.is_(None))
    .values(ended_ms=bindparam("at_ms"), cause=bindparam("why"))
)


def add(
    conn: Connection,
    leg_id: str,
    call_id: str,
    role: str,
    seat_id: int | None = None,
    answered_ms: int | None = None,
    *,
    kind: str | None = None,
    label: str | None = None,
    expert_id: int | None = None,
    account_id: int | None = None,
) -> None:
    """Somebody is being brought onto the call."""
    _insert_leg.run(
        conn,
        {
            "id": leg_id,
            "call_id": call_id,
            "role": role,
            "seat_id": seat_id,
            "started_ms": now_ms(),
            "answered_ms": answered_ms,
            "kind": kind,
            "label": label,
            "expert_id": expert_id,
            "account_id": account_id,
        },
    )


_begin_span = Prepared(
    insert(leg_span), inserts=("call_id", "leg_id", "seat_id", "what", "from_ms")
)
_end_span = Prepared(
    update(leg_span)
    .where(leg_span.c.leg_id == bindparam("of_leg"), leg_span.c.to_ms.is_(None))
    .values(to_ms=bindparam("at_ms"))
)
_end_spans = Prepared(
    update(leg_span)
    .where(leg_span.c.call_id == bindparam("of_call"), leg_span.c.to_ms.is_(None))
    .values(to_ms=bindparam("at_ms"))
)


def begin_span(conn: Connection, call_id: str, leg_id: str, seat_id: int | None, what: str) -> None:
    """From now on the leg does this: talk, hold, consult or listen."""
    span = {"call_id": call_id, "leg_id": leg_id, "seat_id": seat_id, "what": what}
    _begin_span.run(conn, {**span, "from_ms": now_ms()})


def end_span(conn: Connection, leg_id: str) -> None:
    """What the leg was doing is over."""
    _end_span.run(conn, {"of_leg": leg_id, "at_ms": now_ms()})


def end_spans(conn: Connection, call_id: str) -> None:
    """Nobody is talking on the call any more."""
    _end_spans.run(conn, {"of_call": call_id, "at_ms": now_ms()})


def answered(conn: Connection, leg_id: str) -> None:
    _leg_answered.run(conn, {"leg_id": leg_id, "at_ms": now_ms()})


def ended(conn: Connection, leg_id: str, cause: str) -> None:
    _leg_ended.run(conn, {"leg_id": leg_id, "at_ms": now_ms(), "why": cause})


def all_ended(conn: Connection, call_id: str, cause: str) -> None:
    """The call is over: every leg still open ends with it."""
    _legs_ended.run(conn, {"of_call": call_id, "at_ms": now_ms(), "why": cause})
