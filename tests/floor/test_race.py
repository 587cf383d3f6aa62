"""Two controllers on one database: whoever is second is told so."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, func, select

from db import Database
from db.models import seat_history
from floor import requests, seats
from floor.requests import Request
from floor.seats import NotNow, Seat
from tests.db.databases import within
from tests.floor.furnishing import new_call, new_call_id, person, seat_in


def reservations(conn: Connection, seat_id: int) -> int:
    h = seat_history.c
    return int(
        conn.execute(
            select(func.count()).where(h.seat_id == seat_id, h.to_state == "reserved")
        ).scalar_one()
    )


def free_seat(conn: Connection) -> Seat:
    return seat_in(conn, "available")


async def test_only_one_of_two_controllers_takes_a_seat(
    database: Database, another: Database
) -> None:
    for _ in range(20):
        seat = await database.write(free_seat)
        ours, theirs = new_call_id(), new_call_id()
        outcomes = await within(
            asyncio.gather(
                database.write(seats.reserve, seat.id, ours),
                another.write(seats.reserve, seat.id, theirs),
                return_exceptions=True,
            )
        )
        won = [o for o in outcomes if isinstance(o, Seat)]
        lost = [o for o in outcomes if isinstance(o, NotNow)]
        assert (len(won), len(lost)) == (1, 1)
        assert lost[0].seat == won[0] == await another.read(seats.get, seat.id)
        assert won[0].call_id in (ours, theirs)
        assert await database.read(reservations, seat.id) == 1


async def test_many_calls_for_few_seats_share_them_out(
    database: Database, another: Database
) -> None:
    free = [await database.write(free_seat) for _ in range(3)]

    async def try_all(by: Database) -> list[int]:
        call_id, taken = new_call_id(), []
        for seat in free:
            try:
                taken.append((await by.write(seats.reserve, seat.id, call_id)).id)
            except NotNow:
                continue
        return taken

    taken = await within(asyncio.gather(*(try_all(by) for by in (database, another) * 8)))
    assert sorted(seat for seats_of_one in taken for seat in seats_of_one) == [s.id for s in free]


async def test_a_request_is_taken_once(database: Database, another: Database) -> None:
    def ask(conn: Connection) -> Request:
        return requests.put(conn, person(conn), new_call(conn).id, "hold", {})

    for _ in range(10):
        asked = await database.write(ask)
        outcomes = await within(
            asyncio.gather(
                database.write(requests.take, asked.id, "here"),
                another.write(requests.take, asked.id, "there"),
            )
        )
        (taken,) = [o for o in outcomes if o is not None]
        assert (taken.id, taken.state, taken.verb) == (asked.id, "taken", "hold")
