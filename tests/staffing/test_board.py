"""The board in a running console: right at start, kept by the feed, told to heads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection

from agent_console.board import Board
from config.model import Settings
from db import Database
from floor import calls, seats
from tests.console.clock import Clock
from tests.console.conftest import (
    asterisk,
    clock,
    database,
    database_url,
    dist,
    house,
    migrated,
    server,
    settings,
)
from tests.console.house import LIMIT_S, Browser, House, arrive, call_id, serve, talk, until

__all__ = [
    "asterisk",
    "clock",
    "database",
    "database_url",
    "dist",
    "house",
    "migrated",
    "server",
    "settings",
]

KEY = "0123456789abcdef-wall"


def wait_in(conn: Connection, n: int, queue: str = "business") -> None:
    arrive(conn, n)
    calls.step(conn, call_id(n), "queued", queue=queue)


def give_up(conn: Connection, n: int) -> None:
    calls.end(conn, call_id(n), "abandoned_in_queue")


def finish(conn: Connection, seat_id: int, n: int) -> None:
    seats.end_call(conn, seat_id, 60.0)
    calls.end(conn, call_id(n), "caller_hung_up")


async def figures_of(house: House, queue: str = "business") -> dict[str, Any]:
    head = await house.signed_in("supervisor")
    answer = await head.get("/floor/figures")
    assert answer.status == 200, answer.body
    return next(q for q in answer.json["queues"] if q["name"] == queue)


async def shows(house: House, **expected: Any) -> dict[str, Any]:
    """Wait until the board shows this."""
    found: dict[str, Any] = {}

    async def there() -> bool:
        found.update(await figures_of(house))
        return expected.items() <= found.items()

    try:
        await until(there)
    except TimeoutError:
        raise AssertionError(f"{found} never came to be {expected}") from None
    return found


async def figures_told(
    socket: aiohttp.ClientWebSocketResponse, fits: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Read until a message of the topic fits."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            said = json.loads(await socket.receive_str())
            if said.get("topic") == "figures" and fits(said["data"]):
                return dict(said)


async def test_given_a_busy_day_when_calls_come_and_go_then_the_figures_follow(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id, 1)
    await house.do(wait_in, 2)
    found = await shows(house, offered=2, answered=1, waiting=1)
    assert found["connect_rate"] == 1.0
    assert found["seats"] == {"free": 0, "busy": 1, "paused": 0}
    assert found["longest_since_ms"] is not None
    await house.do(give_up, 2)
    found = await shows(house, offered=2, answered=1, abandoned=1, waiting=0)
    assert found["connect_rate"] == 0.5
    await house.do(finish, agent.seat_id, 1)
    found = await shows(house, answered=1, abandoned=1)
    assert sum(hour["offered"] for hour in found["by_hour"]) == 2


async def test_given_a_day_in_the_tables_when_the_console_starts_anew_then_it_says_the_same(
    house: House, settings: Settings, database: Database, dist: Path, clock: Clock
) -> None:
    agent = await house.signed_in("agent")
    for n in (1, 2):
        await house.do(talk, agent.seat_id, agent.account_id, n)
        await house.do(finish, agent.seat_id, n)
        await house.do(seats.end_wrap_up, agent.seat_id)
    await house.do(wait_in, 3)
    await house.do(wait_in, 4, "general")
    await house.do(give_up, 3)
    before = await shows(house, offered=3, answered=2, abandoned=1)
    parts = house.console.services.parts
    again = Board(parts, house.console.services.hub)
    keeping = asyncio.create_task(again.keep())
    try:
        await until(lambda: again._day is not None)
        (business, general) = again.figures().queues
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    same = {name: getattr(business, name) for name in before if name not in ("seats", "by_hour")}
    assert same == {name: before[name] for name in same}
    assert (general.waiting, general.offered) == (1, 1)


@pytest.mark.slow
async def test_given_a_head_and_an_agent_at_their_screens_when_somebody_waits_then_the_head_is_told(
    house: House,
) -> None:
    head, agent = await house.signed_in("supervisor"), await house.signed_in("agent")
    of_head, of_agent = await head.live(), await agent.live()
    await house.do(wait_in, 1)
    said = await figures_told(of_head, lambda data: data["queues"][0]["waiting"] == 1)
    assert said["data"]["day"] == said["key"]
    await house.do(give_up, 1)
    later = await figures_told(of_head, lambda data: data["queues"][0]["abandoned"] == 1)
    seq = house.console.services.parts.database.feed.seq
    assert said["seq"] <= later["seq"] <= seq, "it moves no screen beyond the feed"
    topics = set()
    async with asyncio.timeout(LIMIT_S):
        while True:
            heard = json.loads(await of_agent.receive_str())
            topics.add(heard.get("topic"))
            if heard.get("seq") == seq and heard["type"] == "change":
                break
    assert "figures" not in topics


async def test_given_a_limit_when_callers_wait_then_there_is_an_alarm_until_they_do_not(
    house: House, clock: Clock
) -> None:
    head = await house.signed_in("supervisor")
    for n in (1, 2, 3):
        await house.do(wait_in, n)
    await shows(house, waiting=3)

    async def alarms() -> set[tuple[str, str]]:
        answer = await head.get("/floor/figures")
        return {(a["code"], a["level"]) for a in answer.json["alarms"] if a["queue"] == "business"}

    assert ("waiting", "amber") in await alarms()
    assert ("longest_wait", "red") not in await alarms()
    clock.pass_s(61)
    assert ("longest_wait", "red") in await alarms()
    for n in (1, 2, 3):
        await house.do(give_up, n)
    await shows(house, waiting=0, abandoned=3)
    assert {code for code, _ in await alarms()} <= {"no_free_seat"}


@pytest.fixture
async def walled(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> AsyncIterator[House]:
    keyed = replace(settings, console=replace(settings.console, wall_key=KEY))
    async with serve(keyed, database, dist, clock) as ready:
        yield ready


async def test_given_a_wall_with_the_key_then_it_reads_figures_and_nothing_else(
    walled: House,
) -> None:
    wall = walled.browser()

    async def ready() -> bool:
        return (await wall.get(f"/floor/figures?key={KEY}")).status == 200

    await until(ready)
    for path in ("/floor/staffing", "/floor"):
        assert (await wall.get(path)).status == 401
    wrong = await wall.get("/floor/figures?key=0123456789abcdef-wall-")
    assert (wrong.status, wrong.problem) == (401, "wrong-wall-key")
    assert (await wall.get("/floor/figures")).status == 401


async def test_given_no_key_is_set_then_none_opens(house: House) -> None:
    await shows(house, offered=0)
    for key in ("", "None", KEY):
        assert (await house.browser().get(f"/floor/figures?key={key}")).status == 401
    for login, status in (("agent", 403), ("unit", 403), ("supervisor", 200), ("admin", 200)):
        person: Browser = await house.signed_in(login)
        assert (await person.get("/floor/figures")).status == status, login
