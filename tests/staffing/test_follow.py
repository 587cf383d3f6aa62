"""The rule at work on a database, in virtual time: calls wait, seats are called in, and go back."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from config.load import load
from config.model import Settings
from db.clock import now_ms
from db.feed import Change
from db.models import staffing_step
from floor import calls, loans, seats, staffing_doors
from floor.calling_in import Step
from ivr.staffing import Follower, follow_calls
from tests.db.databases import new_sqlite
from tests.floor.furnishing import new_call, person, seat_in
from tests.ivr import virtual
from tests.ivr.inline_db import InlineDatabase

SHIPPED = load(environ={})
RULE = replace(SHIPPED.staffing.rules[0], keep=1, most=2, longest_s=1800.0)
HOW = replace(SHIPPED.staffing, rules=(RULE,))
SETTINGS: Settings = replace(SHIPPED, staffing=HOW)


class House:
    """A floor of a few seats, and the rule that looks at it."""

    def __init__(self, db: InlineDatabase, settings: Settings = SETTINGS) -> None:
        self.db = db
        self.follower = Follower(settings, db)
        self.told: list[Change] = []
        db.feed.subscribe(self.told.extend)

    def seat(self, state: str = "available", queue: str = "general") -> int:
        return int(self.db.do(seat_in, state, skills={queue: 1}).id)

    def staffed(self) -> None:
        """Seats of its own, enough for the forecast, all in talks."""
        for _ in range(3):
            self.seat("talking", "business")

    def waits(self, queue: str = "business") -> str:
        row = self.db.do(new_call)
        self.db.do(calls.step, row.id, "queued", queue=queue)
        return str(row.id)

    def gives_up(self, call_id: str) -> None:
        self.db.do(calls.end, call_id, "abandoned_in_queue")

    def lent(self) -> list[int]:
        return [loan.seat_id for loan in self.db.now(loans.open_of)]

    def skills(self, seat_id: int) -> dict[str, int]:
        found = self.db.now(seats.get, seat_id)
        assert found is not None
        return dict(found.skills)

    def steps(self) -> list[tuple[str, str | None]]:
        return [(s["kind"], s["detail"].get("why")) for s in reversed(self.history())]

    def history(self) -> list[dict[str, Any]]:
        return list(self.db.now(staffing_doors.steps_of, "business"))

    async def looks(self, times: int = 1) -> None:
        """The rule looks; so many times, as far apart as it does."""
        for _ in range(times):
            await self.follower.look()
            await asyncio.sleep(HOW.every_s)


@asynccontextmanager
async def house(settings: Settings = SETTINGS) -> AsyncIterator[House]:
    directory = tempfile.mkdtemp(prefix="hl-staffing-")
    db = InlineDatabase(new_sqlite(Path(directory)))
    try:
        yield House(db, settings)
    finally:
        await db.close()
        shutil.rmtree(directory)


def test_given_a_caller_waits_when_the_limit_passes_then_a_seat_is_called_in_and_goes_back() -> (
    None
):
    async def story() -> None:
        async with house() as floor:
            first, second = floor.seat(), floor.seat()
            floor.staffed()
            caller = floor.waits()
            await floor.looks(2)
            assert floor.lent() == [], "the limit has not passed"
            await floor.looks()
            assert floor.lent() == [first]
            assert floor.skills(first) == {"general": 1, "business": RULE.level}
            assert floor.skills(second) == {"general": 1}, "one stays with its own"
            floor.gives_up(caller)
            await floor.looks(int(RULE.quiet_s / HOW.every_s))
            assert floor.lent() == [first], "the quiet time has not passed"
            await floor.looks()
            assert floor.lent() == []
            assert floor.skills(first) == {"general": 1}
            assert floor.steps()[0] == ("called_in", "wait")
            assert floor.steps()[-1][0] == "let_go"

    virtual.run(story)


def test_given_steps_then_each_is_a_row_and_a_change_with_what_was_seen() -> None:
    async def story() -> None:
        async with house() as floor:
            there = [floor.seat(), floor.seat()]
            floor.staffed()
            floor.waits()
            await floor.looks(4)
            (row,) = floor.history()
            assert row["detail"]["waiting"] == 1
            assert row["detail"]["longest_s"] >= RULE.wait_limit_s
            assert row["detail"]["staffed"] == 3
            told = [c for c in floor.told if c.topic == "staffing"]
            assert [(c.key, c.data["kind"]) for c in told] == [("business", "called_in")]
            assert told[0].data["seat_id"] in there
            assert [c.topic for c in floor.told][-2:] == ["seat", "staffing"]

    virtual.run(story)


def test_given_a_loan_when_its_longest_time_is_over_then_the_seat_goes_back_in_any_case() -> None:
    async def story() -> None:
        async with house() as floor:
            seats_there = [floor.seat() for _ in range(2)]
            floor.waits()
            await floor.looks(4)
            (lent,) = floor.lent()
            floor.db.do(
                staffing_doors.override, "business", "hold", None, floor.db.do(person, "supervisor")
            )
            await floor.looks(int(RULE.longest_s / HOW.every_s) + 1)
            assert floor.lent() == []
            assert floor.skills(lent) == {"general": 1}
            assert floor.steps()[-1] == ("let_go", "expired")
            assert set(seats_there) >= {lent}

    virtual.run(story)


@pytest.mark.parametrize("mode", ["off", "hold"])
def test_given_a_person_decides_then_the_rule_does_so_until_the_time_is_over(mode: str) -> None:
    async def story() -> None:
        async with house() as floor:
            for _ in range(3):
                floor.seat()
            floor.staffed()
            head = floor.db.do(person, "supervisor")
            floor.waits()
            await floor.looks(3)
            assert len(floor.lent()) == 1
            floor.db.do(staffing_doors.override, "business", mode, now_ms() + 60_000, head)
            await floor.looks(5)
            assert len(floor.lent()) == (0 if mode == "off" else 1)
            await floor.looks(12)
            assert len(floor.lent()) == 2, "the time is over: the caller still waits"
            kinds = [kind for kind, _ in floor.steps()]
            assert kinds.count("override") == 1
            (row,) = [row for row in floor.history() if row["kind"] == "override"]
            assert (row["account_id"], row["detail"]["mode"]) == (head, mode)

    virtual.run(story)


def test_given_a_person_sends_a_seat_back_then_the_rule_takes_another() -> None:
    async def story() -> None:
        async with house() as floor:
            there = [floor.seat() for _ in range(3)]
            floor.staffed()
            floor.waits()
            await floor.looks(3)
            (lent,) = floor.lent()
            head = floor.db.do(person, "supervisor")
            floor.db.do(loans.take_back, lent, "business", head)
            assert floor.told[-1].data["kind"] == "taken_back"
            await floor.looks(20)
            assert lent not in floor.lent()
            assert 0 < len(floor.lent()) <= RULE.most
            assert set(floor.lent()) < set(there)

    virtual.run(story)


def test_given_two_controllers_when_both_look_then_one_of_them_steps() -> None:
    async def story() -> None:
        async with house() as floor:
            for _ in range(4):
                floor.seat()
            floor.staffed()
            other = Follower(SETTINGS, floor.db)
            floor.waits()
            await asyncio.sleep(RULE.wait_limit_s)
            await asyncio.gather(floor.follower.look(), other.look())
            assert len(floor.lent()) == 1, "one caller, one seat"
            await asyncio.sleep(RULE.pause_s - 1)
            await asyncio.gather(floor.follower.look(), other.look())
            assert len(floor.lent()) == 1, "the pause holds for both"
            await asyncio.sleep(1)
            await asyncio.gather(floor.follower.look(), other.look())
            assert len(floor.lent()) == 2

    virtual.run(story)


def test_given_a_step_decided_on_what_is_no_more_then_nothing_is_done() -> None:
    async def story() -> None:
        async with house() as floor:
            one, own = floor.seat(), floor.seat(queue="business")
            until_ms = now_ms() + 60_000
            steps = [Step(own, "wait", until_ms), Step(999, "wait", until_ms), Step(one, "quiet")]
            assert floor.db.do(staffing_doors.carry_out, RULE, steps, 0, {}) == 0
            assert floor.history() == []
            seen = floor.db.now(staffing_doors.modes)["business"].stepped_ms
            come = [Step(one, "wait", until_ms)]
            assert floor.db.do(staffing_doors.carry_out, RULE, come, seen - 1, {}) == 0
            assert floor.db.do(staffing_doors.carry_out, RULE, come, seen, {}) == 1
            head = floor.db.do(person, "supervisor")
            floor.db.do(staffing_doors.override, "business", "off", None, head)
            seen = floor.db.now(staffing_doors.modes)["business"].stepped_ms
            two = [Step(floor.seat(), "wait", until_ms)]
            assert floor.db.do(staffing_doors.carry_out, RULE, two, seen, {}) == 0
            assert floor.lent() == [one]

    virtual.run(story)


def test_given_nonsense_when_a_person_decides_then_nothing_is_kept() -> None:
    async def story() -> None:
        async with house() as floor:
            head = floor.db.do(person, "supervisor")
            for mode, until_ms in (("maybe", None), ("off", now_ms())):
                with pytest.raises(ValueError):
                    floor.db.do(staffing_doors.override, "business", mode, until_ms, head)
            assert floor.db.now(staffing_doors.modes) == {}

    virtual.run(story)


def test_given_the_database_goes_away_then_the_rule_goes_on_when_it_is_back() -> None:
    async def story() -> None:
        async with house() as floor:
            floor.seat()
            floor.seat()
            floor.staffed()
            floor.waits()
            floor.db.away = True
            follow = asyncio.create_task(follow_calls(SETTINGS, floor.db))
            await asyncio.sleep(60)
            assert not follow.done()
            floor.db.away = False
            await asyncio.sleep(10)
            assert len(floor.lent()) == 1
            follow.cancel()
            await asyncio.gather(follow, return_exceptions=True)

    virtual.run(story)


def test_given_a_look_that_fails_then_the_next_one_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with house() as floor:
            floor.seat()
            floor.seat()
            floor.staffed()
            floor.waits()
            with monkeypatch.context() as patch:
                patch.setattr(staffing_doors, "situation", lambda *_: 1 / 0)
                follow = asyncio.create_task(follow_calls(SETTINGS, floor.db))
                await asyncio.sleep(20)
            assert not follow.done()
            assert "the staffing rule failed" in caplog.text
            await asyncio.sleep(20)
            assert len(floor.lent()) == 1
            follow.cancel()
            await asyncio.gather(follow, return_exceptions=True)

    virtual.run(story)


def test_given_the_rule_is_switched_off_in_the_settings_then_loans_still_end() -> None:
    async def story() -> None:
        off = replace(SETTINGS, staffing=replace(HOW, on=False))
        async with house(off) as floor:
            one = floor.seat()
            floor.waits()
            floor.db.do(loans.lend, one, "tax", 3, now_ms() + 20_000, kind="resident")
            await floor.looks(3)
            assert floor.lent() == [one]
            await floor.looks(3)
            assert floor.lent() == []
            assert floor.db.now(_steps) == 0

    virtual.run(story)


def _steps(conn: Connection) -> int:
    return len(conn.execute(select(staffing_step.c.id)).all())


def test_given_a_busy_queue_then_its_need_is_read_from_the_tables() -> None:
    async def story() -> None:
        async with house() as floor:
            for _ in range(6):
                floor.seat()
            for _ in range(30):
                floor.gives_up(floor.waits())
            needs = await floor.follower._outlooks.now()
            assert needs["business"].need_now >= 3
            assert needs["general"].need_now == 0
            await floor.looks(3)
            assert len(floor.lent()) == RULE.most
            assert floor.steps()[0] == ("called_in", "short")

    virtual.run(story)
