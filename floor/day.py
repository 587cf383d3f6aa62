"""The figures of a day as the tables have them: where the board begins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from db.feed import last_seq
from db.models import call, call_event, leg, seat_history
from floor import seats
from floor.figures import TIMED, Day
from floor.history import LONGEST_MENU_MS

AGENTS = ("seat", "agent")
"""Roles of legs whose seats serve the caller."""


def read_day(
    conn: Connection, queues: Mapping[str, str], date: dt.date, zone: dt.tzinfo, at_ms: int
) -> tuple[int, Day]:
    """A day so far, and the number of the newest change that it holds for sure.

    Args:
        queues: name and label of each queue.
        at_ms: now.
    """
    seq = last_seq(conn)
    day = Day(queues, date, zone)
    agents = _agents(conn, day)
    first = _first_queues(conn, day)
    for row in conn.execute(_calls(day)).mappings():
        parties = [{"role": "agent", "seat_id": seat} for seat in agents.get(row["call_id"], ())]
        began = first.get(row["call_id"], row["first_queue"])
        day.see_call({**row, "first_queue": began, "parties": parties}, at_ms)
    for seat_id, call_id, state, lasted_ms in conn.execute(_times(day)):
        day.time(seat_id, call_id, state, lasted_ms)
    day.furnish(seat.shown() for seat in seats.all_seats(conn))
    return seq, day


def _of_day(day: Day) -> ColumnElement[bool]:
    return (
        (call.c.started_ms >= day.from_ms - LONGEST_MENU_MS)
        & (call.c.started_ms < day.to_ms)
        & (call.c.queued_ms >= day.from_ms)
    )


def _calls(day: Day) -> Any:
    """Today's calls, and whoever waits since yesterday."""
    return select(
        call.c.id.label("call_id"),
        call.c.direction,
        call.c.stage,
        call.c.queue,
        call.c.first_queue,
        call.c.queued_ms,
        call.c.waiting_ms,
        call.c.talk_ms,
        call.c.ended_ms,
        call.c.end_reason,
        call.c.seat_id,
        call.c.owner_seat_id,
    ).where(or_(_of_day(day), call.c.ended_ms.is_(None)))


def _agents(conn: Connection, day: Day) -> dict[str, list[int]]:
    rows = conn.execute(
        select(leg.c.call_id, leg.c.seat_id)
        .join(call, call.c.id == leg.c.call_id)
        .where(
            or_(_of_day(day), call.c.ended_ms.is_(None)),
            leg.c.role.in_(AGENTS),
            leg.c.seat_id.is_not(None),
        )
    )
    found: dict[str, list[int]] = {}
    for call_id, seat_id in rows:
        found.setdefault(call_id, []).append(seat_id)
    return found


def _first_queues(conn: Connection, day: Day) -> dict[str, str]:
    """Where those were first offered who were handed on to a queue after a talk."""
    returned = (
        select(call_event.c.call_id)
        .join(call, call.c.id == call_event.c.call_id)
        .where(_of_day(day), call_event.c.kind == "returned")
    )
    rows = conn.execute(
        select(call_event.c.call_id, call_event.c.detail)
        .where(call_event.c.call_id.in_(returned), call_event.c.kind == "queued")
        .order_by(call_event.c.id.desc())
    )
    return {call_id: detail["queue"] for call_id, detail in rows if "queue" in detail}


def _times(day: Day) -> Any:
    """How long seats were in the states whose time counts, for which call."""
    following = func.lead(seat_history.c.at_ms).over(
        partition_by=seat_history.c.seat_id, order_by=(seat_history.c.at_ms, seat_history.c.id)
    )
    moves = (
        select(
            seat_history.c.seat_id,
            seat_history.c.call_id,
            seat_history.c.to_state,
            (following - seat_history.c.at_ms).label("lasted_ms"),
        )
        .where(seat_history.c.at_ms >= day.from_ms, seat_history.c.at_ms < day.to_ms)
        .subquery()
    )
    return select(moves.c.seat_id, moves.c.call_id, moves.c.to_state, moves.c.lasted_ms).where(
        moves.c.to_state.in_(TIMED), moves.c.lasted_ms.is_not(None)
    )
