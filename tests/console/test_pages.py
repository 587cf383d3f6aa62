"""A page that is gone in a call is told to the controller; one that comes again is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from config.model import Settings
from db import Database
from db.models import request
from floor import seats
from tests.console.clock import Clock
from tests.console.house import Browser, House, call_id, serve, talk


def gone(conn: Connection) -> int:
    """How often the controller was told that the telephone is gone."""
    rows = conn.execute(select(request.c.verb, request.c.call_id, request.c.state)).all()
    assert {tuple(row) for row in rows} <= {("phone_gone", call_id(1), "new")}
    return len(rows)


async def opens(page: str, who: Browser) -> None:
    """A page asks for the telephone of its seat."""
    assert (await who.post("/seat/phone", {"page": page})).status == 200


async def closes(page: str, who: Browser) -> None:
    assert (await who.post("/seat/bye", {"page": page})).status == 204


@pytest.fixture
async def agent(house: House) -> Browser:
    """In a talk, with the telephone in page one."""
    browser = await house.signed_in("agent")
    await opens("one", browser)
    await house.do(talk, browser.seat_id, browser.account_id)
    return browser


async def test_given_a_talk_when_the_page_is_reloaded_then_it_is_told_once(
    house: House, agent: Browser
) -> None:
    await closes("one", agent)
    assert await house.database.read(gone) == 1
    await opens("two", agent)
    await closes("one", agent)
    assert await house.database.read(gone) == 1
    await closes("two", agent)
    assert await house.database.read(gone) == 2


async def test_given_a_talk_when_the_page_crashed_then_the_new_page_tells_it(
    house: House, agent: Browser
) -> None:
    await opens("two", agent)
    assert await house.database.read(gone) == 1


async def test_given_a_goodbye_that_comes_late_then_the_new_page_keeps_its_telephone(
    house: House, agent: Browser
) -> None:
    await opens("two", agent)
    await closes("one", agent)
    await opens("two", agent)
    assert await house.database.read(gone) == 1


async def test_given_the_same_page_asks_again_then_nobody_is_told(
    house: House, agent: Browser
) -> None:
    await opens("one", agent)
    assert await house.database.read(gone) == 0


async def test_given_a_console_that_starts_again_then_the_page_is_the_same(
    house: House, agent: Browser, settings: Settings, database: Database, dist: Path, clock: Clock
) -> None:
    """The page's telephone connects again by itself, with the telephone that it has."""
    port = house.console.port
    await house.console.stop()
    listen = replace(settings.console.listen, port=port)
    again = replace(settings, console=replace(settings.console, listen=listen))
    async with serve(again, database, dist, clock, people=False):
        await agent.open("/sip", ("sip",))
        await opens("one", agent)
        assert await house.database.read(gone) == 0


async def test_given_no_call_then_pages_come_and_go_without_a_word(house: House) -> None:
    browser = await house.signed_in("agent")
    for page in ("one", "two"):
        await opens(page, browser)
        await closes(page, browser)
    assert await house.database.read(gone) == 0


async def test_given_a_page_without_an_id_then_its_goodbye_counts(
    house: House, agent: Browser
) -> None:
    assert (await agent.post("/seat/phone")).status == 200
    assert await house.database.read(gone) == 0
    assert (await agent.post("/seat/bye")).status == 204
    assert await house.database.read(gone) == 1


async def test_given_a_talk_when_signing_out_then_the_caller_is_not_left_in_silence(
    house: House, agent: Browser
) -> None:
    assert (await agent.ask("DELETE", "/session")).status == 204
    assert await house.database.read(gone) == 1
    seat = await house.database.read(seats.get, agent.seat_id)
    assert seat
    assert seat.after_call == "offline"
