"""Kept writes: what happens while the database is away is written once, in order, as of its time."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Connection, func, select

from db import Database
from db.clock import as_of, now_ms
from db.engine import DatabaseUnavailable
from db.feed import POLL_S, changes_since
from db.models import call_event, kept_write, seat_history
from floor import calls, seats
from floor.calls import Call
from floor.seats import NotNow
from ivr import keeping
from ivr.keeping import AT_ONCE, LOOK_AGAIN_S, PATIENCE_S, Keeper
from tests.db.databases import new_sqlite
from tests.floor.furnishing import new_call, new_seat
from tests.ivr.inline_db import InlineDatabase
from tests.ivr.virtual import DAWN_S, run
from tests.support.examples import examples


class Frail(InlineDatabase):
    """A database that can be away, slow, or commit and not live to say so."""

    unacknowledged = False

    def _run(self, call: Callable[[Connection], Any]) -> Any:
        done = super()._run(call)
        if self.unacknowledged:
            asyncio.get_running_loop().call_later(POLL_S, self._poll)
            raise DatabaseUnavailable("it broke at the commit")
        return done

    def _poll(self) -> None:
        """Read back what was committed and never told, as the real one's poll does."""
        if self.away:
            asyncio.get_running_loop().call_later(POLL_S, self._poll)
        else:
            self.feed.deliver(self.now(changes_since, self.feed.seq))

    def kinds(self, call_id: str) -> list[str]:
        """What the call's history says, in the order in which it was written."""
        e = call_event.c
        found = select(e.kind).where(e.call_id == call_id).order_by(e.id)
        return list(self.now(lambda conn: conn.execute(found).scalars().all()))

    def times_s(self, call_id: str) -> list[float]:
        """When each line of the history happened, in seconds of virtual time."""
        e = call_event.c
        found = select(e.at_ms).where(e.call_id == call_id).order_by(e.id)
        times = self.now(lambda conn: conn.execute(found).scalars().all())
        return [at_ms / 1000 - DAWN_S for at_ms in times]


class Bench:
    """A keeper that runs, and its database."""

    def __init__(self, db: Frail) -> None:
        self.db = db
        self.learned: list[Call] = []
        self.keeper = Keeper(cast(Database, db), self.learned.append)

    def new_call(self) -> Call:
        return cast(Call, self.db.do(new_call))

    async def notes(self, call: Call, kind: str) -> None:
        await self.keeper.keep(call.id, None, calls.note, call.id, kind)


Scenario = Callable[[Bench], Awaitable[None]]


def at_a_bench(scenario: Scenario) -> Callable[[], None]:
    @functools.wraps(scenario)
    def test() -> None:
        run(functools.partial(on_a_bench, scenario))

    del test.__wrapped__  # pytest would ask for the bench
    return test


async def on_a_bench(scenario: Scenario) -> None:
    with tempfile.TemporaryDirectory(prefix="hl-keep-") as name:
        bench = Bench(Frail(new_sqlite(Path(name))))
        running = asyncio.create_task(bench.keeper.run())
        try:
            await scenario(bench)
            assert not running.done(), "the keeper died"
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await bench.db.close()


# --- a door as of its time ---


def test_as_of_gives_a_door_its_time_and_takes_it_back() -> None:
    before = now_ms()
    with as_of(1234):
        assert now_ms() == 1234
        with as_of(99):
            assert now_ms() == 99
        assert now_ms() == 1234
    assert now_ms() >= before


def test_as_of_is_taken_back_when_the_door_fails() -> None:
    with pytest.raises(ValueError), as_of(1234):
        raise ValueError
    assert now_ms() != 1234


# --- with a database ---


@at_a_bench
async def test_with_a_database_the_doors_own_answer_comes_back(bench: Bench) -> None:
    call = bench.new_call()
    row = await bench.keeper.keep(call.id, call, calls.step, call.id, "recording_paused", {"by": 1})
    assert row.recording_paused
    assert bench.db.kinds(call.id) == ["arrived", "recording_paused"]
    assert not bench.keeper.waiting(call.id)
    assert bench.learned == []


@at_a_bench
async def test_what_the_door_raises_is_raised(bench: Bench) -> None:
    seat = bench.db.do(new_seat)
    call = bench.new_call()
    with pytest.raises(NotNow):
        await bench.keeper.keep(call.id, seat, seats.ring, seat.id)
    assert not bench.keeper.waiting(call.id)


# --- without one ---


@at_a_bench
async def test_given_database_away_when_steps_happen_then_they_are_written_in_order_as_of_then(
    bench: Bench,
) -> None:
    call = bench.new_call()
    await asyncio.sleep(10)
    bench.db.away = True
    row = await bench.keeper.keep(
        call.id, replace(call, recording_paused=True), calls.step, call.id, "recording_paused", {}
    )
    assert row.recording_paused
    await asyncio.sleep(5)
    row = await bench.keeper.keep(
        call.id, replace(row, recording_paused=False), calls.step, call.id, "recording_resumed", {}
    )
    assert not row.recording_paused
    await asyncio.sleep(30)
    await bench.notes(call, "digits")
    assert bench.keeper.waiting(call.id)
    bench.db.away = False
    await bench.keeper.back()
    assert bench.db.kinds(call.id) == ["arrived", "recording_paused", "recording_resumed", "digits"]
    assert bench.db.times_s(call.id) == [0, 10, 15, 45]
    assert not bench.keeper.waiting(call.id)


@at_a_bench
async def test_given_database_away_when_seat_comes_free_then_its_time_is_the_true_one(
    bench: Bench,
) -> None:
    call = bench.new_call()
    seat = bench.db.do(new_seat)
    bench.db.do(seats.go_available, seat.id)
    bench.db.do(seats.reserve, seat.id, call.id)
    await asyncio.sleep(3)
    bench.db.away = True
    await bench.keeper.keep(call.id, seat, seats.release, seat.id)
    await asyncio.sleep(60)
    bench.db.away = False
    await bench.keeper.back()
    freed = bench.db.now(seats.get, seat.id)
    assert freed.state == "available"
    assert freed.since_ms == (DAWN_S + 3) * 1000
    at_ms = select(func.max(seat_history.c.at_ms)).where(seat_history.c.seat_id == seat.id)
    assert bench.db.now(lambda conn: conn.execute(at_ms).scalar_one()) == freed.since_ms


@at_a_bench
async def test_given_commit_that_was_acknowledged_to_nobody_then_it_is_made_once(
    bench: Bench,
) -> None:
    call = bench.new_call()
    bench.db.unacknowledged = True
    await bench.notes(call, "digits")
    await asyncio.sleep(2)  # and again, at least once
    await bench.notes(call, "position_told")
    await asyncio.sleep(2)
    bench.db.unacknowledged = False
    await bench.keeper.back()
    assert bench.db.kinds(call.id) == ["arrived", "digits", "position_told"]


@at_a_bench
async def test_given_database_slow_when_a_step_happens_then_the_call_goes_on_and_it_is_made_once(
    bench: Bench,
) -> None:
    call = bench.new_call()
    bench.db.latency_s = 30.0
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bench.notes(call, "digits")
    assert loop.time() - began == PATIENCE_S
    await bench.notes(call, "position_told")
    assert loop.time() - began == PATIENCE_S
    await bench.keeper.back()
    assert bench.db.kinds(call.id) == ["arrived", "digits", "position_told"]


@at_a_bench
async def test_given_two_calls_and_one_seat_then_what_one_frees_the_other_gets(
    bench: Bench,
) -> None:
    first, second = bench.new_call(), bench.new_call()
    seat = bench.db.do(new_seat)
    bench.db.do(seats.go_available, seat.id)
    bench.db.do(seats.reserve, seat.id, first.id)
    bench.db.away = True
    await bench.keeper.keep(first.id, seat, seats.release, seat.id)
    await bench.keeper.keep(second.id, seat, seats.reserve, seat.id, second.id)
    bench.db.away = False
    await bench.keeper.back()
    assert bench.db.now(seats.get, seat.id).call_id == second.id


@at_a_bench
async def test_given_one_write_refused_afterwards_then_the_others_are_made(bench: Bench) -> None:
    call, other = bench.new_call(), bench.new_call()
    seat = bench.db.do(new_seat)
    bench.db.away = True
    await bench.notes(call, "digits")
    await bench.keeper.keep(call.id, seat, seats.ring, seat.id)  # it is offline: refused
    await bench.notes(call, "position_told")
    await bench.notes(other, "digits")
    bench.db.away = False
    await bench.keeper.back()
    assert bench.db.kinds(call.id) == ["arrived", "digits", "position_told"]
    assert bench.db.kinds(other.id) == ["arrived", "digits"]
    assert bench.db.now(seats.get, seat.id).state == "offline"


@at_a_bench
async def test_given_more_than_fit_into_one_commit_then_all_are_made_in_order(
    bench: Bench,
) -> None:
    made = [bench.new_call(), bench.new_call()]
    bench.db.away = True
    kinds = [f"note-{n}" for n in range(2 * AT_ONCE + 3)]
    for kind in kinds:
        for call in made:
            await bench.notes(call, kind)
    bench.db.away = False
    await bench.keeper.back()
    for call in made:
        assert bench.db.kinds(call.id) == ["arrived", *kinds]


@at_a_bench
async def test_given_all_is_written_then_the_call_learns_its_row_once(bench: Bench) -> None:
    call, other = bench.new_call(), bench.new_call()
    bench.db.away = True
    await bench.keeper.keep(call.id, call, calls.step, call.id, "ticket", ticket=77)
    await bench.notes(call, "digits")
    await bench.notes(other, "digits")
    assert bench.learned == []
    bench.db.away = False
    await bench.keeper.back()
    assert {row.id: row.ticket_id for row in bench.learned} == {call.id: 77, other.id: None}
    assert len(bench.learned) == 2


@at_a_bench
async def test_given_writes_while_the_old_ones_are_made_then_they_come_after_them(
    bench: Bench,
) -> None:
    call = bench.new_call()
    bench.db.away = True
    await bench.notes(call, "digits")
    bench.db.away = False
    bench.db.latency_s = 1.0
    await asyncio.sleep(LOOK_AGAIN_S + 0.1)  # the first is under way
    await bench.notes(call, "position_told")
    assert bench.keeper.waiting(call.id)
    await bench.keeper.back()
    assert bench.db.kinds(call.id) == ["arrived", "digits", "position_told"]
    assert [row.id for row in bench.learned] == [call.id]


# --- what can't be assumed ---


@at_a_bench
async def test_given_database_away_when_the_answer_matters_then_it_is_refused_at_once(
    bench: Bench,
) -> None:
    seat = bench.db.do(new_seat)
    bench.db.away = True
    with pytest.raises(DatabaseUnavailable):
        await bench.keeper.write(seats.go_available, seat.id)
    bench.db.away = False
    with pytest.raises(DatabaseUnavailable):  # nobody has seen yet that it is back
        await bench.keeper.write(seats.go_available, seat.id)
    await bench.keeper.back()
    assert (await bench.keeper.write(seats.go_available, seat.id)).state == "available"


@at_a_bench
async def test_who_waits_for_the_database_hears_when_all_is_written(bench: Bench) -> None:
    call = bench.new_call()
    heard: list[list[str]] = []
    bench.keeper.on_back(lambda: heard.append(bench.db.kinds(call.id)))
    await bench.keeper.back()
    bench.db.away = True
    await bench.notes(call, "digits")
    waiting = asyncio.create_task(bench.keeper.back())
    await asyncio.sleep(60)
    assert not waiting.done()
    assert heard == []
    bench.db.away = False
    await waiting
    assert heard == [["arrived", "digits"]]


@at_a_bench
async def test_before_the_end_what_is_kept_is_written(bench: Bench) -> None:
    call = bench.new_call()
    keeper = Keeper(cast(Database, bench.db))  # nobody runs it any more
    bench.db.away = True
    await keeper.keep(call.id, None, calls.note, call.id, "digits")
    bench.db.away = False
    await keeper.finish(3.0)
    assert bench.db.kinds(call.id) == ["arrived", "digits"]


@at_a_bench
async def test_given_database_stays_away_then_the_end_waits_for_it_no_longer_than_it_may(
    bench: Bench,
) -> None:
    call = bench.new_call()
    keeper = Keeper(cast(Database, bench.db))
    bench.db.away = True
    await keeper.keep(call.id, None, calls.note, call.id, "digits")
    began = asyncio.get_running_loop().time()
    await keeper.finish(3.0)
    assert asyncio.get_running_loop().time() - began == 3.0
    bench.db.away = False
    assert bench.db.kinds(call.id) == ["arrived"]


@at_a_bench
async def test_keys_are_forgotten_after_a_day(bench: Bench) -> None:
    call = bench.new_call()
    count = select(func.count()).select_from(kept_write)
    await bench.notes(call, "digits")
    await asyncio.sleep(3600)
    bench.db.do(keeping.forget_keys)
    assert bench.db.now(lambda conn: conn.execute(count).scalar_one()) == 1
    with as_of(now_ms() + keeping.KEYS_KEPT_MS):
        bench.db.do(keeping.forget_keys)
    assert bench.db.now(lambda conn: conn.execute(count).scalar_one()) == 0


# --- any weather ---

WEATHER = st.sampled_from(["there", "away", "unacknowledged", "slow"])
STEP = st.tuples(WEATHER, st.integers(0, 2), st.floats(0, 4))


@given(st.lists(STEP, min_size=1, max_size=25))
@hypothesis_settings(max_examples=examples(40))
def test_in_any_weather_every_write_is_made_once_and_in_order(
    steps: list[tuple[str, int, float]],
) -> None:
    async def story(bench: Bench) -> None:
        made = [bench.new_call() for _ in range(3)]
        wanted: dict[str, list[str]] = {call.id: ["arrived"] for call in made}
        tasks = []
        for number, (weather, at, pause_s) in enumerate(steps):
            bench.db.away = weather == "away"
            bench.db.unacknowledged = weather == "unacknowledged"
            bench.db.latency_s = 5.0 if weather == "slow" else 0.0
            call = made[at]
            wanted[call.id].append(f"note-{number}")
            tasks.append(asyncio.create_task(bench.notes(call, f"note-{number}")))
            await asyncio.sleep(pause_s)
        bench.db.away = bench.db.unacknowledged = False
        bench.db.latency_s = 0.0
        await asyncio.gather(*tasks)
        await bench.keeper.back()
        assert {call.id: bench.db.kinds(call.id) for call in made} == wanted
        assert not any(bench.keeper.waiting(call.id) for call in made)

    run(functools.partial(on_a_bench, story))


# --- the real databases ---


async def both(*doing: Coroutine[Any, Any, Any]) -> list[Any]:
    async with asyncio.timeout(20):
        return list(await asyncio.gather(*doing))


async def test_a_kept_write_is_made_once_on_either_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await database.write(new_call)
    keeper = Keeper(database)
    real = database.write

    async def committed_and_gone(*args: Any, **kwargs: Any) -> Any:
        await real(*args, **kwargs)
        raise DatabaseUnavailable("nobody heard of the commit")

    with monkeypatch.context() as patched:
        patched.setattr(database, "write", committed_and_gone)
        with as_of(1_000):
            await keeper.keep(call.id, None, calls.note, call.id, "digits")
            await keeper.keep(call.id, None, calls.note, call.id, "position_told")
    running = asyncio.create_task(keeper.run())
    await both(keeper.back())
    running.cancel()
    e = call_event.c
    found = select(e.kind, e.at_ms).where(e.call_id == call.id).order_by(e.id)
    rows = await database.read(lambda conn: conn.execute(found).all())
    assert [tuple(row) for row in rows[1:]] == [("digits", 1_000), ("position_told", 1_000)]


async def test_a_refused_one_takes_no_other_with_it_on_either_database(database: Database) -> None:
    call = await database.write(new_call)
    seat = await database.write(new_seat)
    keeper = Keeper(database)
    keeper._lose("the test says so")
    await keeper.keep(call.id, None, calls.note, call.id, "digits")
    await keeper.keep(call.id, seat, seats.ring, seat.id)
    await keeper.keep(call.id, None, calls.note, call.id, "position_told")
    await both(keeper.finish(20))
    e = call_event.c
    found = select(e.kind).where(e.call_id == call.id).order_by(e.id)
    kinds = await database.read(lambda conn: conn.execute(found).scalars().all())
    assert kinds == ["arrived", "digits", "position_told"]
