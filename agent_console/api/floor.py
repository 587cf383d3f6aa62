"""The floor at a glance: seats, queues, calls; `seq` is where `/live` goes on."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, select

from agent_console.api.shown_seat import Seat, shown_to
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.roles import STAFF
from config.model import Settings
from db.feed import last_seq
from db.models import call
from floor import seats

operations = Operations("floor")


class FloorQueue(msgspec.Struct, frozen=True):
    name: str
    label: str
    waiting: int
    longest_since_ms: int | None


class FloorCall(msgspec.Struct, frozen=True):
    call_id: str
    stage: str
    queue: str | None
    queued_ms: int | None
    seat_id: int | None


class Floor(msgspec.Struct, frozen=True):
    seq: int
    seats: list[Seat]
    queues: list[FloorQueue]
    calls: list[FloorCall]


@operations.add("GET", "/floor", "Seats, queues and calls now", roles=STAFF)
async def read_floor(context: Context) -> Floor:
    return await context.parts.database.read(_floor, context.parts.settings, context.account)


def _floor(conn: Connection, settings: Settings, who: Account) -> Floor:
    # The number first: what happens while the rest is read is told again by /live.
    seq = last_seq(conn)
    return Floor(
        seq,
        [shown_to(seat, who) for seat in seats.all_seats(conn)],
        _queues(conn, settings),
        _calls(conn),
    )


def _queues(conn: Connection, settings: Settings) -> list[FloorQueue]:
    rows = conn.execute(
        select(call.c.queue, func.count(), func.min(call.c.queued_ms))
        .where(call.c.ended_ms.is_(None), call.c.stage == "waiting")
        .group_by(call.c.queue)
    )
    waiting = {name: (count, since) for name, count, since in rows}
    return [
        FloorQueue(queue.name, queue.label, *waiting.get(queue.name, (0, None)))
        for queue in settings.queues
    ]


def _calls(conn: Connection) -> list[FloorCall]:
    rows = conn.execute(
        select(call.c.id, call.c.stage, call.c.queue, call.c.queued_ms, call.c.seat_id)
        .where(call.c.ended_ms.is_(None))
        .order_by(call.c.started_ms)
    )
    return [FloorCall(*row) for row in rows]
