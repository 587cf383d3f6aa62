"""The queue alone, with callers of cardboard on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from config.model import Settings
from db import Database
from db.feed import changes_since
from floor import seats
from floor.seats import NotNow, Seat
from ivr.inbox import Happening, InHand, Offered
from ivr.queue import Floor, Place
from tests.db.databases import new_sqlite
from tests.floor.furnishing import new_call_id, new_seat
from tests.ivr.house import of_queue, shipped
from tests.ivr.inline_db import InlineDatabase
from tests.ivr.virtual import calm, run


class Caller:
    """Waits, and keeps what he is offered; takes a seat when told to."""

    def __init__(self, hall: Hall, since_ms: int, *queues: str) -> None:
        self.id = new_call_id()
        self.hall = hall
        self.offers: list[int] = []
        self.place = Place(cast(InHand, self), since_ms, queues or ("business",))

    def put(self, happening: Happening) -> None:
        assert isinstance(happening, Offered)
        self.offers.append(happening.seat.id)

    def join(self) -> Seat | None:
        offered = self.hall.floor.join(self.place)
        if offered is not None:
            self.offers.append(offered.id)
        return offered

    def leave(self) -> None:
        self.hall.floor.leave(self.place)

    @property
    def offered(self) -> int | None:
        return self.place.offered

    async def takes(self) -> bool:
        """Reserve what is offered, as `Wait` does; False when somebody was quicker."""
        seat_id = self.offered
        assert seat_id is not None
        try:
            await self.hall.db.write(seats.reserve, seat_id, self.id)
        except NotNow:
            self.hall.floor.not_taken(self.place, seat_id)
            return False
        self.hall.floor.taken(self.place)
        return True

    async def is_not_answered(self) -> None:
        """The seat that was rung did not pick up."""
        seat_id = self.offered
        assert seat_id is not None
        await self.hall.db.write(seats.ring, seat_id)
        await self.hall.db.write(seats.not_answered, seat_id)
        self.hall.floor.not_taken(self.place, seat_id)


class Hall:
    """A floor and its database."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.db = InlineDatabase(url)
        self.floor = Floor(settings, cast(Database, self.db))

    def seat(self, **skills: int) -> int:
        """A seat that has just become available."""

        def furnish(conn: Connection) -> Seat:
            return seats.go_available(conn, new_seat(conn, skills or {"business": 1}).id)

        made: Seat = self.db.do(furnish)
        return made.id

    def caller(self, since_ms: int, *queues: str) -> Caller:
        return Caller(self, since_ms, *queues)


Scenario = Callable[[Hall], Coroutine[Any, Any, None]]


@pytest.fixture
def in_hall(tmp_path: Any) -> Callable[..., None]:
    def go(scenario: Scenario, settings: Settings | None = None, *, opened: bool = True) -> None:
        async def doing() -> None:
            hall = Hall(new_sqlite(tmp_path), settings or shipped())
            await hall.floor.start()
            if opened:
                hall.floor.open()
            try:
                await scenario(hall)
            finally:
                hall.floor.stop()
                await hall.db.close()

        run(doing)

    return go


def test_order_is_by_waiting_time_not_by_arrival(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        late, early, middle = (hall.caller(at) for at in (300, 100, 200))
        for caller in (late, early, middle):
            caller.join()
        assert [hall.floor.position(c.place) for c in (early, middle, late)] == [1, 2, 3]
        hall.seat()
        assert (early.offered is not None, middle.offered, late.offered) == (True, None, None)

    in_hall(scenario)


def test_a_free_seat_is_offered_to_one_and_once(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        first, second = hall.caller(1), hall.caller(2)
        seat = hall.seat()
        assert first.join() is not None
        assert second.join() is None
        hall.db.do(seats.set_phone, seat, True)
        hall.floor.on_changes(())
        assert second.offers == []
        assert await first.takes()
        await calm()
        assert (first.offers, second.offers) == ([seat], [])

    in_hall(scenario)


def test_each_of_several_seats_goes_to_another(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        callers = [hall.caller(n) for n in range(3)]
        for caller in callers:
            caller.join()
        wanted = [hall.seat() for _ in range(2)]
        assert [c.offered for c in callers] == [*wanted, None]

    in_hall(scenario)


def test_a_seat_with_two_skills_serves_the_longest_waiting_of_both(
    in_hall: Callable[..., None],
) -> None:
    async def scenario(hall: Hall) -> None:
        general, business = hall.caller(1, "general"), hall.caller(2, "business")
        business.join()
        general.join()
        seat = hall.seat(business=1, general=1)
        assert (general.offered, business.offered) == (seat, None)

    in_hall(scenario)


def test_when_the_offered_leaves_the_seat_goes_to_the_next(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        first, second = hall.caller(1), hall.caller(2)
        first.join()
        second.join()
        seat = hall.seat()
        first.leave()
        assert (first.offered, second.offered) == (None, seat)
        assert await second.takes()
        first.leave()
        assert hall.floor.waiting == 1

    in_hall(scenario)


def test_when_the_offered_leaves_after_the_seat_went_nobody_gets_it(
    in_hall: Callable[..., None],
) -> None:
    async def scenario(hall: Hall) -> None:
        first, second = hall.caller(1), hall.caller(2)
        first.join()
        second.join()
        seat = hall.seat()
        hall.db.do(seats.pause, seat, "meal")
        first.leave()
        assert second.offered is None

    in_hall(scenario)


def test_a_seat_taken_by_another_controller_costs_one_try(in_hall: Callable[..., None]) -> None:
    """The mirror is stale: the change has not been told yet. The next free seat is offered."""

    async def scenario(hall: Hall) -> None:
        caller = hall.caller(1)
        stale, fresh = hall.seat(), hall.seat()
        caller.join()
        assert caller.offered == stale
        untold, hall.db.feed._listeners = hall.db.feed._listeners, []
        hall.db.do(seats.reserve, stale, new_call_id())
        tries = 0
        while not await caller.takes():
            tries += 1
            assert tries < 5, "the same seat is tried again and again"
        assert caller.offered == fresh
        hall.db.feed._listeners = untold

    in_hall(scenario)


def test_a_seat_that_came_back_meanwhile_is_not_forgotten(in_hall: Callable[..., None]) -> None:
    """Taken by another, given back and told of, all before our try is known to have failed."""

    async def scenario(hall: Hall) -> None:
        caller = hall.caller(1)
        seat = hall.seat()
        caller.join()
        untold, hall.db.feed._listeners = hall.db.feed._listeners, []
        before = hall.db.feed.seq
        hall.db.do(seats.reserve, seat, new_call_id())
        with pytest.raises(NotNow):
            hall.db.do(seats.reserve, seat, caller.id)
        hall.db.do(seats.release, seat)
        hall.db.feed._listeners = untold
        hall.floor.on_changes(hall.db.now(changes_since, before))
        hall.floor.not_taken(caller.place, seat)
        assert caller.offers == [seat, seat]

    in_hall(scenario)


def test_a_seat_that_did_not_answer_is_not_offered_again(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        caller = hall.caller(1)
        silent = hall.seat()
        await asyncio.sleep(1)
        other = hall.seat()
        caller.join()
        assert await caller.takes()
        await caller.is_not_answered()
        assert caller.offers == [silent, other]
        assert await caller.takes()
        await caller.is_not_answered()
        assert caller.offered is None
        hall.db.do(seats.go_available, silent)
        assert caller.offered == silent, "it is back"

    in_hall(scenario)


def test_nothing_is_offered_before_the_opening(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        late, early = hall.caller(2), hall.caller(1)
        one = hall.seat()
        assert late.join() is None
        two = hall.seat()
        assert late.offered is None
        assert early.join() is None
        hall.floor.widen(late.place, "general")
        assert late.offered is None
        hall.floor.open()
        assert {early.offered, late.offered} == {one, two}
        assert early.offered == one, "the longest idle for who waited longest"

    in_hall(scenario, opened=False)


def test_before_the_opening_a_seat_given_back_is_offered_to_nobody(
    in_hall: Callable[..., None],
) -> None:
    """A ringing seat taken over from before a restart; older callers may yet come."""

    async def scenario(hall: Hall) -> None:
        young = hall.caller(200)
        seat = hall.seat()
        young.place.offered = 999
        young.join()
        hall.floor.not_taken(young.place, 999)
        assert young.offered is None
        old = hall.caller(100)
        old.join()
        hall.floor.open()
        assert (old.offered, young.offered) == (seat, None)

    in_hall(scenario, opened=False)


def test_an_overflow_widens_and_keeps_the_own_queue(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        caller, young = hall.caller(1), hall.caller(2, "general")
        caller.join()
        young.join()
        hall.floor.widen(caller.place, "general")
        hall.floor.widen(caller.place, "general")
        assert caller.place.queues == ("business", "general")
        helping = hall.seat(general=1)
        assert (caller.offered, young.offered) == (helping, None)
        own = hall.seat(business=1)
        assert young.offers == []
        caller.leave()
        assert young.offers == [helping]
        assert hall.caller(3).join() is not None
        assert own

    in_hall(scenario)


def test_a_widened_caller_gets_a_seat_that_is_free_already(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        caller = hall.caller(1)
        caller.join()
        helping = hall.seat(general=1)
        assert caller.offers == []
        hall.floor.widen(caller.place, "general")
        assert caller.offers == [helping]

    in_hall(scenario)


@pytest.mark.parametrize("change", ["pause", "go_offline", "phone_lost", "reserve"])
def test_a_seat_that_is_not_free_any_more_is_offered_to_nobody(
    in_hall: Callable[..., None], change: str
) -> None:
    async def scenario(hall: Hall) -> None:
        seat = hall.seat()
        match change:
            case "pause":
                hall.db.do(seats.pause, seat, "meal")
            case "phone_lost":
                hall.db.do(seats.set_phone, seat, False)
            case "reserve":
                hall.db.do(seats.reserve, seat, new_call_id())
            case _:
                hall.db.do(seats.go_offline, seat)
        caller = hall.caller(1)
        assert caller.join() is None

    in_hall(scenario)


def test_seats_of_before_the_start_are_known(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        seat = hall.seat()
        again = Floor(shipped(), cast(Database, hall.db))
        await again.start()
        again.open()
        caller = hall.caller(1)
        offered = again.join(caller.place)
        assert offered is not None
        assert offered.id == seat
        again.stop()

    in_hall(scenario)


def test_wrap_up_over_before_the_start_is_ended_at_once(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        seat = hall.seat()
        for door in (lambda c, s: seats.reserve(c, s, new_call_id()), seats.ring, seats.answer):
            hall.db.do(door, seat)
        hall.db.do(seats.end_call, seat, 30.0)
        hall.floor.stop()
        await asyncio.sleep(60)
        assert hall.db.now(seats.get, seat).state == "wrap_up"
        again = Floor(shipped(), cast(Database, hall.db))
        await again.start()
        await asyncio.sleep(0.1)
        assert hall.db.now(seats.get, seat).state == "available"
        again.stop()

    in_hall(scenario)


def test_the_strategy_is_the_queues(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        hall.seat(business=2)
        await asyncio.sleep(10)
        best = hall.seat(business=1)
        caller = hall.caller(1)
        caller.join()
        assert caller.offered == best

    in_hall(scenario, of_queue("business", strategy="skill_level"))


def test_expected_wait_learns_from_the_talks(in_hall: Callable[..., None]) -> None:
    async def scenario(hall: Hall) -> None:
        caller = hall.caller(1)
        caller.join()
        assert hall.floor.expected_wait_s(caller.place) is None, "nobody is there"
        hall.seat()
        first = hall.floor.expected_wait_s(caller.place)
        for _ in range(100):
            hall.floor.talked("business", 20.0)
        learnt = hall.floor.expected_wait_s(caller.place)
        assert first is not None
        assert learnt is not None
        assert 50.0 <= learnt <= 51.0 < first

    in_hall(scenario)
