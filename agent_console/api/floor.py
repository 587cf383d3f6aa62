"""The floor at a glance: seats, queues, calls; `seq` is where `/live` goes on."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, select

from agent_console.api.call_shapes import Party
from agent_console.api.shown_seat import Seat, shown_to
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.live_messages import others_call, seats_of_call
from agent_console.operations import Operations
from agent_console.roles import HEADS, STAFF
from config.model import Settings
from db.feed import last_seq
from db.models import call
from floor import calls, seats

operations = Operations("floor")


class FloorQueue(msgspec.Struct, frozen=True):
    name: str
    label: str
    waiting: int
    longest_since_ms: int | None


class FloorCall(msgspec.Struct, frozen=True):
    """A call as the live `call` message shows it; `parties` and `hint` where they concern me."""

    call_id: str
    stage: str
    queue: str | None
    caller_masked: str
    seat_id: int | None
    started_ms: int
    queued_ms: int | None
    talk_ms: int | None
    held: bool
    recording_paused: bool
    ticket_id: int | None
    direction: str
    owner_seat_id: int | None
    state: str | None
    parties: list[Party]
    head: bool
    hint: str | None


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
    own = seats.of_account(conn, who.id)
    return Floor(
        seq,
        [shown_to(seat, who) for seat in seats.all_seats(conn)],
        _queues(conn, settings),
        _calls(conn, own.id if own else None, who),
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


def _calls(conn: Connection, seat_id: int | None, who: Account) -> list[FloorCall]:
    """The open calls of every Asterisk, oldest first."""
    machines = select(call.c.asterisk).where(call.c.ended_ms.is_(None)).distinct()
    found = [
        one for name in conn.execute(machines).scalars() for one in calls.open_calls(conn, name)
    ]
    shown = [one.shown() for one in sorted(found, key=lambda one: (one.started_ms, one.id))]
    return [
        msgspec.convert(
            one if who.role in HEADS or seat_id in seats_of_call(one) else others_call(one),
            FloorCall,
        )
        for one in shown
    ]
