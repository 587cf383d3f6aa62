"""Any interleaving of callers, seats, and another process that takes seats or changes them.

Never is one seat offered to two; never does a free seat of the skill stand beside a caller who
waits for it; and who waited longer is served first.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from db.feed import changes_since
from floor import seats
from floor.seats import NotNow, Seat
from tests.db.databases import new_sqlite
from tests.floor.furnishing import new_call_id
from tests.ivr.house import shipped
from tests.ivr.inline_db import InlineDatabase
from tests.ivr.test_queue import Caller, Hall
from tests.ivr.virtual import VirtualLoop, WallClock
from tests.support.examples import examples

T = TypeVar("T")
SKILLS = ({"business": 1}, {"general": 1}, {"business": 2, "general": 1})
QUEUES = (("business",), ("general",))
pick = st.integers(0, 5)


class HallMachine(RuleBasedStateMachine):
    """Callers join, take, leave; seats come and go; all in one process."""

    hall: Hall

    @initialize()
    def open_hall(self) -> None:
        self.stack = contextlib.ExitStack()
        directory = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="hl-hall-"))
        wall = WallClock()
        self.stack.enter_context(patch("db.clock.time", wall))
        self.loop = wall.loop = VirtualLoop()
        self.stack.callback(self.loop.close)
        url = new_sqlite(Path(directory))
        self.waiting: list[Caller] = []
        self.taken: list[Caller] = []
        self.seats: list[int] = []
        self.arrivals = 0
        self.before: dict[str, int | None] = {}
        self.hall = self.do(self.build(url))
        self.other = InlineDatabase(url)

    async def build(self, url: str) -> Hall:
        hall = Hall(url, shipped())
        await hall.floor.start()
        hall.floor.open()
        return hall

    def teardown(self) -> None:
        if hasattr(self, "hall"):
            self.hall.floor.stop()
            self.do(self.hall.db.close())
            self.do(self.other.close())
            self.stack.close()

    def do(self, doing: Coroutine[Any, Any, T]) -> T:
        """Do it, and half a second later everything that follows from it has happened."""

        async def whole() -> T:
            result = await doing
            await asyncio.sleep(0.5)
            return result

        return self.loop.run_until_complete(whole())

    def seat_does(self, door: Any, *args: Any, database: InlineDatabase | None = None) -> None:
        async def doing() -> None:
            with contextlib.suppress(NotNow):
                (database or self.hall.db).do(door, *args)

        self.do(doing())

    # --- seats ---

    @rule(skills=st.sampled_from(SKILLS))
    def a_seat_comes(self, skills: dict[str, int]) -> None:
        if len(self.seats) < 4:

            async def doing() -> int:
                return self.hall.seat(**skills)

            self.seats.append(self.do(doing()))

    @precondition(lambda self: self.seats)
    @rule(
        at=pick,
        door=st.sampled_from([seats.go_available, seats.go_offline, seats.end_wrap_up]),
    )
    def a_person_moves(self, at: int, door: Any) -> None:
        self.seat_does(door, self.seats[at % len(self.seats)])

    @precondition(lambda self: self.seats)
    @rule(at=pick)
    def a_person_pauses(self, at: int) -> None:
        self.seat_does(seats.pause, self.seats[at % len(self.seats)], "meal")

    @precondition(lambda self: self.seats)
    @rule(at=pick, ready=st.booleans())
    def a_telephone_changes(self, at: int, ready: bool) -> None:
        self.seat_does(seats.set_phone, self.seats[at % len(self.seats)], ready)

    # --- callers ---

    @rule(queues=st.sampled_from(QUEUES), earlier=st.booleans())
    def a_caller_joins(self, queues: tuple[str, ...], earlier: bool) -> None:
        """Some had waited before a restart: they belong further to the front."""
        self.arrivals += 1
        caller = self.hall.caller(500 - self.arrivals if earlier else 500 + self.arrivals, *queues)
        self.waiting.append(caller)

        async def doing() -> None:
            caller.join()

        self.do(doing())

    @precondition(lambda self: self.waiting)
    @rule(at=pick)
    def a_caller_takes_what_is_offered(self, at: int) -> None:
        caller = self.waiting[at % len(self.waiting)]
        if caller.offered is not None and self.do(caller.takes()):
            self.waiting.remove(caller)
            self.taken.append(caller)

    @precondition(lambda self: self.waiting or self.taken)
    @rule(at=pick)
    def a_caller_leaves(self, at: int) -> None:
        everybody = self.waiting + self.taken
        caller = everybody[at % len(everybody)]

        async def doing() -> None:
            seat_id = caller.offered
            caller.leave()
            if caller in self.taken and seat_id is not None:
                with contextlib.suppress(NotNow):
                    await self.hall.db.write(seats.release, seat_id)

        self.do(doing())
        (self.waiting if caller in self.waiting else self.taken).remove(caller)

    @precondition(lambda self: self.taken)
    @rule(at=pick)
    def a_seat_does_not_answer(self, at: int) -> None:
        caller = self.taken[at % len(self.taken)]
        self.do(caller.is_not_answered())
        self.taken.remove(caller)
        self.waiting.append(caller)

    @precondition(lambda self: self.taken)
    @rule(at=pick, wrap_up_s=st.sampled_from([0.0, 0.2, 60.0]))
    def a_seat_answers_and_they_talk(self, at: int, wrap_up_s: float) -> None:
        caller = self.taken.pop(at % len(self.taken))
        seat_id = caller.offered

        async def doing() -> None:
            assert seat_id is not None
            await self.hall.db.write(seats.ring, seat_id)
            await self.hall.db.write(seats.answer, seat_id)
            caller.leave()
            await self.hall.db.write(seats.end_call, seat_id, wrap_up_s)

        self.do(doing())

    @precondition(lambda self: self.waiting)
    @rule(at=pick, queue=st.sampled_from(["business", "general"]))
    def a_caller_overflows(self, at: int, queue: str) -> None:
        caller = self.waiting[at % len(self.waiting)]

        async def doing() -> None:
            self.hall.floor.widen(caller.place, queue)

        self.do(doing())

    # --- what always holds ---

    def free_seats(self) -> list[Seat]:
        offered = {c.offered for c in self.waiting}
        return [
            seat
            for seat in self.hall.db.now(seats.all_seats)
            if seat.state == "available" and seat.phone_ready and seat.id not in offered
        ]

    def told_everything(self) -> bool:
        return True

    @invariant()
    def no_seat_is_offered_to_two(self) -> None:
        if hasattr(self, "hall") and self.told_everything():
            offered = [c.offered for c in self.waiting + self.taken if c.offered is not None]
            assert len(offered) == len(set(offered))

    @invariant()
    def an_offered_seat_has_the_skill(self) -> None:
        if not hasattr(self, "hall"):
            return
        skills = {seat.id: seat.skills for seat in self.hall.db.now(seats.all_seats)}
        for caller in self.waiting + self.taken:
            if caller.offered is not None:
                assert set(skills[caller.offered]) & set(caller.place.queues)

    @invariant()
    def no_free_seat_stands_beside_a_waiting_caller(self) -> None:
        if not hasattr(self, "hall") or not self.told_everything():
            return
        for caller in self.waiting:
            if caller.offered is None:
                for seat in self.free_seats():
                    assert not set(seat.skills) & set(caller.place.queues)

    @invariant()
    def nobody_is_overtaken(self) -> None:
        """A seat newly offered goes to whoever has waited longest of those it can serve."""
        if not hasattr(self, "hall"):
            return
        skills = {seat.id: set(seat.skills) for seat in self.hall.db.now(seats.all_seats)}
        for caller in self.waiting:
            if caller.offered is None or caller.offered == self.before.get(caller.id, -1):
                continue
            for other in self.waiting:
                if other.offered is None and self.before.get(other.id, -1) is None:
                    served = skills[caller.offered] & set(other.place.queues)
                    assert not served or other.place.order > caller.place.order
        self.before = {caller.id: caller.offered for caller in self.waiting}

    @invariant()
    def a_seat_in_a_call_is_that_of_its_caller(self) -> None:
        if not hasattr(self, "hall"):
            return
        for caller in self.taken:
            seat = self.hall.db.now(seats.get, caller.offered)
            assert seat.call_id == caller.id


class TwoProcessesMachine(HallMachine):
    """Another controller takes seats, and this one hears of it late."""

    @precondition(lambda self: self.seats)
    @rule(at=pick)
    def another_takes_a_seat(self, at: int) -> None:
        seat_id = self.seats[at % len(self.seats)]
        self.seat_does(seats.reserve, seat_id, new_call_id(), database=self.other)

    @precondition(lambda self: self.seats)
    @rule(at=pick, door=st.sampled_from([seats.go_available, seats.go_offline]))
    def a_person_moves_elsewhere(self, at: int, door: Any) -> None:
        self.seat_does(door, self.seats[at % len(self.seats)], database=self.other)

    @precondition(lambda self: self.seats)
    @rule(at=pick)
    def another_gives_a_seat_back(self, at: int) -> None:
        seat = self.hall.db.now(seats.get, self.seats[at % len(self.seats)])
        if seat.state == "reserved" and seat.call_id not in {c.id for c in self.taken}:
            self.seat_does(seats.release, seat.id, database=self.other)

    @rule()
    def the_feed_is_read(self) -> None:
        async def doing() -> None:
            feed = self.hall.db.feed
            feed.deliver(self.hall.db.now(changes_since, feed.seq))

        self.do(doing())

    @rule()
    def everybody_tries_what_is_offered(self) -> None:
        """A seat is tried twice at most, however late the feed is: once more if it was told of."""
        for caller in list(self.waiting):
            for _ in range(2 * len(self.seats) + 1):
                if caller.offered is None:
                    break
                if self.do(caller.takes()):
                    self.waiting.remove(caller)
                    self.taken.append(caller)
                    break
            else:
                raise AssertionError("the same seats are tried again and again")

    def told_everything(self) -> bool:
        return not self.hall.db.now(changes_since, self.hall.db.feed.seq)

    @invariant()
    def no_seat_is_offered_to_two(self) -> None:
        """What is heard late may be offered twice; the database gives it to one."""
        if hasattr(self, "hall"):
            held = [c.offered for c in self.taken]
            assert len(held) == len(set(held))


LIMITS = hypothesis_settings(max_examples=examples(60), stateful_step_count=40)
HallMachine.TestCase.settings = LIMITS
TwoProcessesMachine.TestCase.settings = LIMITS
TestOneProcess = pytest.mark.slow(HallMachine.TestCase)
TestTwoProcesses = pytest.mark.slow(TwoProcessesMachine.TestCase)
