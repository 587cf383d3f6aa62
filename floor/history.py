"""What the tables of the past say about calls and times, counted by the database.

A call counts for the queue in which it first asked for a person (`first_queue`), however it was
helped over later. A talk is the time of seats with it (talk, hold and consultation, from the spans
of its legs), so that a call handed on counts for each seat the time that it took.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from db.models import call, leg_span, seat_history
from floor.staffing import Times

LONGEST_MENU_MS = 3600 * 1000
"""Nobody is in greeting and menu for longer: how far `started_ms` may lie before `queued_ms`."""
SEATS_TIME = ("talk", "hold", "consult")


def arrivals(conn: Connection, from_ms: int, to_ms: int) -> dict[str, int]:
    """Callers who asked for a person between two moments, by queue."""
    rows = conn.execute(
        select(call.c.first_queue, func.count())
        .where(*_queued(from_ms, to_ms))
        .group_by(call.c.first_queue)
    )
    return {queue: count for queue, count in rows if queue is not None}


def arrivals_by_slot(
    conn: Connection, from_ms: int, slot_ms: int, slots: int
) -> dict[str, tuple[int, ...]]:
    """The same in intervals of equal length, by queue."""
    to_ms = from_ms + slot_ms * slots
    place = ((call.c.queued_ms - from_ms) // slot_ms).label("place")
    rows = conn.execute(
        select(call.c.first_queue, place, func.count())
        .where(*_queued(from_ms, to_ms))
        .group_by(call.c.first_queue, place)
    )
    counted: dict[str, list[int]] = {}
    for queue, at, count in rows:
        if queue is not None:
            counted.setdefault(queue, [0] * slots)[at] = count
    return {queue: tuple(counts) for queue, counts in counted.items()}


def talks(conn: Connection, from_ms: int, to_ms: int) -> dict[str, Times]:
    """How long seats were with the calls that came between two moments and are over, by queue."""
    spans = (
        select(func.sum(leg_span.c.to_ms - leg_span.c.from_ms))
        .where(
            leg_span.c.call_id == call.c.id,
            leg_span.c.seat_id.is_not(None),
            leg_span.c.what.in_(SEATS_TIME),
        )
        .correlate(call)
        .scalar_subquery()
    )
    talk_ms = func.coalesce(spans, call.c.ended_ms - call.c.talk_ms)
    rows = conn.execute(
        select(call.c.first_queue, func.count(), func.sum(talk_ms))
        .where(*_queued(from_ms, to_ms), call.c.talk_ms.is_not(None), call.c.ended_ms.is_not(None))
        .group_by(call.c.first_queue)
    )
    return _times(rows)


def wrap_ups(conn: Connection, from_ms: int, to_ms: int) -> dict[str, Times]:
    """How long the wrap-ups lasted that began and ended between two moments, by queue."""
    following = func.lead(seat_history.c.at_ms).over(
        partition_by=seat_history.c.seat_id, order_by=(seat_history.c.at_ms, seat_history.c.id)
    )
    moves = (
        select(
            seat_history.c.to_state,
            seat_history.c.call_id,
            (following - seat_history.c.at_ms).label("lasted_ms"),
        )
        .where(seat_history.c.at_ms >= from_ms, seat_history.c.at_ms < to_ms)
        .subquery()
    )
    rows = conn.execute(
        select(call.c.first_queue, func.count(), func.sum(moves.c.lasted_ms))
        .join(call, call.c.id == moves.c.call_id)
        .where(
            moves.c.to_state == "wrap_up",
            moves.c.lasted_ms.is_not(None),
            call.c.direction == "in",
        )
        .group_by(call.c.first_queue)
    )
    return _times(rows)


def _queued(from_ms: int, to_ms: int) -> tuple[ColumnElement[bool], ...]:
    return (
        call.c.direction == "in",
        # The index is that of the beginning.
        call.c.started_ms >= from_ms - LONGEST_MENU_MS,
        call.c.started_ms < to_ms,
        call.c.queued_ms >= from_ms,
        call.c.queued_ms < to_ms,
    )


def _times(rows: Iterable[Any]) -> dict[str, Times]:
    return {
        queue: Times(int(count), float(total_ms) / 1000.0)
        for queue, count, total_ms in rows
        if queue is not None
    }
