"""The sweep: one console at a time, through an outage, and past a part that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from agent_console.parts import Parts
from agent_console.sweeping import LEASE_MS, TURN, Sweeper
from config.model import Settings
from db import Database, connect, marks
from db.engine import DatabaseUnavailable
from db.models import calendar_day, mark
from tests.console.clock import Clock, StillClock
from tests.console.house import SEALER, caller_hash, keep_number, until
from tickets import calendar, recompute, reminders
from workdays import reading

ON_BOTH = True

Door = Callable[..., Any]


class Weather:
    """A database that is away while a test says so, and counts the doors that were asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = False
        self.broken: Door | None = None
        self.asked: list[str] = []

    async def read(self, fn: Door, /, *args: Any) -> Any:
        return await self._ask(self._database.read, fn, *args)

    async def write(self, fn: Door, /, *args: Any) -> Any:
        return await self._ask(self._database.write, fn, *args)

    async def _ask(self, way: Callable[..., Any], fn: Door, *args: Any) -> Any:
        self.asked.append(fn.__name__)
        if self.away:
            raise DatabaseUnavailable("made up")
        if fn is self.broken:
            raise RuntimeError("made up")
        return await way(fn, *args)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, clocks=replace(settings.clocks, sweep_every_s=0.01))


@pytest.fixture
async def another(database_url: str, database: Database) -> AsyncIterator[Database]:
    opened = await connect(database_url)
    yield opened
    await opened.close()


def parts(settings: Settings, database: Any, clock: Clock) -> Parts:
    return Parts(
        settings, database, "made-up", caller_hash, keep_number, SEALER, now_ms=clock,
        web=Path("nowhere"),
    )  # fmt: skip


async def test_given_two_consoles_then_one_sweeps_until_it_falls_silent(
    settings: Settings, database: Database, another: Database
) -> None:
    clock = StillClock()
    one = Sweeper(parts(settings, database, clock))
    other = Sweeper(parts(settings, another, clock))
    assert await one.sweep()
    assert not await other.sweep()
    assert await one.sweep()
    clock.pass_s(LEASE_MS / 1000 - 1)
    assert not await other.sweep()
    clock.pass_s(2)
    assert await other.sweep()
    assert not await one.sweep()


async def test_given_a_console_that_stops_then_the_other_need_not_wait(
    settings: Settings, database: Database, another: Database, clock: Clock
) -> None:
    one = Sweeper(parts(settings, database, clock))
    other = Sweeper(parts(settings, another, clock))
    keeping = asyncio.create_task(one.keep())
    await until(lambda: _turn_taken(database, clock))
    assert not await other.sweep()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert await other.sweep()


async def _turn_taken(database: Database, clock: Clock) -> bool:
    until_ms = await database.read(lambda conn: conn.execute(
        select(mark.c.at_ms).where(mark.c.name == TURN)).scalar())  # fmt: skip
    return until_ms is not None and until_ms > clock()


async def test_given_an_outage_then_the_sweep_goes_on_after_it(
    settings: Settings, database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    weather = Weather(database)
    weather.away = True
    sweeper = Sweeper(parts(settings, weather, clock))
    with caplog.at_level(logging.WARNING, "hotline.console.sweep"):
        keeping = asyncio.create_task(sweeper.keep())
        await until(lambda: len(weather.asked) > 2)
        assert set(weather.asked) == {"claim"}
        weather.away = False
        await until(lambda: "waiting" in weather.asked)
        weather.away = True
        asked = len(weather.asked)
        await until(lambda: len(weather.asked) > asked + 1)
        assert not keeping.done()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    assert "could not be looked through" in caplog.text


async def test_given_a_part_that_fails_then_it_is_told_and_the_others_are_done(
    settings: Settings, database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    weather = Weather(database)
    weather.broken = calendar.seed
    sweeper = Sweeper(parts(settings, weather, clock))
    assert await sweeper.sweep()
    assert "a part of the sweep failed: _seed" in caplog.text
    assert {"unsettled", "waiting", "ready"} <= set(weather.asked)
    weather.broken = None
    await sweeper.sweep()
    assert await database.read(_days) > 200


def _days(conn: Any) -> int:
    count: int = conn.execute(select(func.count()).select_from(calendar_day)).scalar_one()
    return count


async def test_given_a_calendar_that_changed_then_open_terms_are_settled_once(
    settings: Settings, database: Database, clock: Clock
) -> None:
    weather = Weather(database)
    sweeper = Sweeper(parts(settings, weather, clock))
    await sweeper.sweep()
    clock.pass_s(recompute.GRACE_MS / 1000)
    await sweeper.sweep()
    assert not await database.read(recompute.unsettled, clock())
    await database.write(marks.stamp, reading.STAMP)
    weather.asked.clear()
    clock.ahead_ms = 0
    await sweeper.sweep()
    assert "recompute" not in weather.asked
    clock.pass_s(recompute.GRACE_MS / 1000)
    await sweeper.sweep()
    assert "recompute" in weather.asked
    weather.asked.clear()
    await sweeper.sweep()
    assert "recompute" not in weather.asked


async def test_given_nothing_due_then_a_look_writes_nothing_but_its_turn(
    settings: Settings, database: Database, clock: Clock
) -> None:
    weather = Weather(database)
    sweeper = Sweeper(parts(settings, weather, clock))
    await sweeper.sweep()
    weather.asked.clear()
    await sweeper.sweep()
    assert weather.asked == ["claim", "unsettled", "waiting", "is_due"]


async def test_given_more_than_a_look_names_then_the_sweep_goes_on_until_all_are_sent(
    settings: Settings, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "BATCH", 2)
    monkeypatch.setattr(reminders, "LOOK", 5)
    left = list(range(13))
    sent: list[list[int]] = []

    def waiting(_conn: Any, _place: Any, _at_ms: int) -> list[int]:
        return left[:5]

    def remind(_conn: Any, _place: Any, _at_ms: int, some: list[int]) -> int:
        sent.append(some)
        del left[: len(some)]
        return len(some)

    monkeypatch.setattr(reminders, "waiting", waiting)
    monkeypatch.setattr(reminders, "remind", remind)
    await Sweeper(parts(settings, database, clock)).sweep()
    assert sent == [[0, 1], [2, 3], [4], [5, 6], [7, 8], [9], [10, 11], [12]]


async def test_given_another_console_s_turn_meanwhile_then_the_rest_is_its(
    settings: Settings, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeper = Sweeper(parts(settings, database, clock))
    sent: list[list[int]] = []

    def remind(_conn: Any, _place: Any, _at_ms: int, some: list[int]) -> int:
        sent.append(some)
        monkeypatch.setattr(marks, "claim", lambda *_: False)
        return len(some)

    monkeypatch.setattr(reminders, "BATCH", 2)
    monkeypatch.setattr(reminders, "waiting", lambda *_: [1, 2, 3, 4])
    monkeypatch.setattr(reminders, "remind", remind)
    await sweeper.sweep()
    assert sent == [[1, 2]]
