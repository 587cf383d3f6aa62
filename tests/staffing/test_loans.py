"""Lent skills: what counts, what comes back, what is kept of it. On both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection

from db import Database
from db.clock import now_ms
from db.feed import changes_since
from floor import loans, seats
from floor.loans import AlreadyOwn, Loan, NoSuchSeat, NotLent
from floor.seats import Seat
from tests.floor.furnishing import new_seat, person

HOUR_MS = 3600 * 1000


def skills_of(conn: Connection, seat_id: int) -> dict[str, int]:
    found = seats.get(conn, seat_id)
    assert found is not None
    return found.skills


def lend(conn: Connection, /, seat_id: int, queue: str, level: int = 5, **more: Any) -> Loan:
    until_ms = now_ms() + more.pop("last_ms", HOUR_MS)
    return loans.lend(conn, seat_id, queue, level, until_ms, **more)


async def test_given_a_loan_when_it_is_taken_back_then_the_seat_is_as_before(
    database: Database,
) -> None:
    seat = await database.write(new_seat, {"general": 1})
    by = await database.write(person, "supervisor")
    made = await database.write(lend, seat.id, "business", 5, by=by, reason="helping out")
    assert await database.read(skills_of, seat.id) == {"general": 1, "business": 5}
    assert await database.read(loans.open_of, seat.id) == [made]
    ended = await database.write(loans.take_back, seat.id, "business", by)
    assert await database.read(skills_of, seat.id) == {"general": 1}
    assert await database.read(loans.open_of) == []
    (kept,) = await database.read(loans.history_of, seat.id)
    assert kept == ended
    assert (kept.account_id, kept.ended_by, kept.ended_why) == (by, by, "taken_back")
    with pytest.raises(NotLent):
        await database.write(loans.take_back, seat.id, "business")


async def test_given_a_seat_of_that_skill_when_a_better_level_is_lent_then_its_own_comes_back(
    database: Database,
) -> None:
    seat = await database.write(new_seat, {"business": 4})
    with pytest.raises(AlreadyOwn):
        await database.write(lend, seat.id, "business", 4)
    await database.write(lend, seat.id, "business", 1)
    assert await database.read(skills_of, seat.id) == {"business": 1}
    await database.write(loans.take_back, seat.id, "business")
    assert await database.read(skills_of, seat.id) == {"business": 4}


async def test_given_a_loan_when_it_is_lent_again_then_the_new_time_and_level_count(
    database: Database,
) -> None:
    seat = await database.write(new_seat, {"general": 1})
    first = await database.write(lend, seat.id, "business", 5)
    second = await database.write(lend, seat.id, "business", 2, kind="resident", last_ms=9_000)
    assert await database.read(skills_of, seat.id) == {"general": 1, "business": 2}
    assert await database.read(loans.open_of) == [second]
    assert second.own_level is None
    before = (await database.read(loans.history_of, seat.id))[1]
    assert (before.id, before.ended_why) == (first.id, "taken_back")
    await database.write(loans.take_back, seat.id, "business")
    assert await database.read(skills_of, seat.id) == {"general": 1}


async def test_given_loans_when_their_time_is_over_then_the_sweep_ends_those_and_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = await database.write(new_seat, {"general": 1})
    await database.write(lend, seat.id, "business", 5, last_ms=1_000)
    await database.write(lend, seat.id, "tax", 5, last_ms=5_000)
    assert await database.write(loans.end_due) == []
    later = now_ms() + 2_000
    monkeypatch.setattr("floor.loans.now_ms", lambda: later)
    (ended,) = await database.write(loans.end_due)
    assert (ended.queue, ended.ended_why, ended.ended_ms) == ("business", "expired", later)
    assert await database.read(skills_of, seat.id) == {"general": 1, "tax": 5}
    assert await database.write(loans.end_due) == []


async def test_given_a_loan_when_own_skills_change_then_the_loan_stays_on_top(
    database: Database,
) -> None:
    seat = await database.write(new_seat, {"general": 1})
    await database.write(lend, seat.id, "business", 5)
    changed = await database.write(loans.set_skills, seat.id, {"tax": 2})
    assert changed.skills == {"tax": 2, "business": 5}
    await database.write(loans.set_skills, seat.id, {"tax": 2, "business": 7})
    assert await database.read(skills_of, seat.id) == {"tax": 2, "business": 5}
    await database.write(loans.take_back, seat.id, "business")
    assert await database.read(skills_of, seat.id) == {"tax": 2, "business": 7}


async def test_given_a_change_of_skills_then_the_feed_tells_the_seat_as_it_stands(
    database: Database,
) -> None:
    seat = await database.write(new_seat, {"general": 1})
    await database.write(lend, seat.id, "business", 5)
    await database.write(loans.take_back, seat.id, "business")
    told = [c.data for c in await database.read(changes_since, 0) if c.topic == "seat"]
    assert [Seat.of_shown(data).skills for data in told[-2:]] == [
        {"general": 1, "business": 5},
        {"general": 1},
    ]


async def test_given_two_processes_when_both_take_back_then_one_of_them_did(
    database: Database, another: Database
) -> None:
    seat = await database.write(new_seat, {"general": 1})
    await database.write(lend, seat.id, "business", 5)
    results = await asyncio.gather(
        *(db.write(loans.take_back, seat.id, "business") for db in (database, another)),
        return_exceptions=True,
    )
    assert {type(result) for result in results} == {Loan, NotLent}
    assert await database.read(skills_of, seat.id) == {"general": 1}


@pytest.mark.parametrize(
    ("level", "last_ms", "kind"), [(0, 1000, "manual"), (1, -1, "manual"), (1, 1000, "gift")]
)
async def test_given_nonsense_when_it_is_lent_then_nothing_changes(
    sqlite: Database, level: int, last_ms: int, kind: str
) -> None:
    seat = await sqlite.write(new_seat, {"general": 1})
    with pytest.raises(ValueError):
        await sqlite.write(lend, seat.id, "business", level, last_ms=last_ms, kind=kind)
    with pytest.raises(NoSuchSeat):
        await sqlite.write(lend, 999, "business")
    with pytest.raises(ValueError):
        await sqlite.write(loans.set_skills, seat.id, {"business": 0})
    assert await sqlite.read(skills_of, seat.id) == {"general": 1}
    assert await sqlite.read(loans.history_of, seat.id) == []
