"""`/live` for units: their tickets, and nothing else of the floor."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from unittest.mock import patch

import aiohttp
from sqlalchemy import Connection, update

from agent_console.live_messages import Said, Watcher
from agent_console.live_units import text_for
from db import Change, publish
from db.engine import DatabaseUnavailable
from db.feed import last_seq
from db.models import ticket, unit_member
from tests.console.house import House, talk, until
from tests.console.office import open_office
from tests.console.test_live import Socket, changes, receive
from tickets import store
from tickets.told import Reach

ON_BOTH = True


_marks = itertools.count(1)


def mark(conn: Connection, number: int) -> None:
    """A change that everybody is told of."""
    publish(conn, "class", "x", {"mark": number})


async def told(house: House, socket: Socket) -> list[Any]:
    """What came until now: the topic and the data of each change."""
    number = next(_marks)
    await house.do(mark, number)
    got: list[Any] = []
    while True:
        (one,) = await changes(socket, 1)
        if one["data"].get("mark") == number:
            return got
        if "mark" not in one["data"]:
            got.append((one["topic"], one["data"]))


async def watching(house: House, login: str, since: int | None = None) -> Socket:
    # What was written before is not told to who comes now.
    await house.read_up()
    socket = await (await house.signed_in(login)).live(since)
    assert (await receive(socket))["type"] == "hello"
    return socket


async def test_given_units_then_each_hears_of_its_tickets_and_of_no_call_or_seat(
    house: House,
) -> None:
    office = await open_office(house)
    agent = await house.signed_in("agent")
    sockets = {login: await watching(house, login) for login in ("lead", "side", "third", "unit")}
    await house.do(talk, agent.seat_id, agent.account_id)
    made = await office.ticket("submit")
    for socket in sockets.values():
        assert await told(house, socket) == []
    made = await office.go_on(made.id, "dispatch_both", "accept")
    for login, socket in sockets.items():
        got = await told(house, socket)
        if login in ("third", "unit"):
            assert got == [], login
            continue
        assert {topic for topic, _ in got} == {"ticket"}, login
        assert got[-1][1] == made.told(), login


async def test_given_a_ticket_that_goes_back_then_its_unit_hears_that_it_is_gone(
    house: House,
) -> None:
    office = await open_office(house)
    made = await office.ticket("submit", "dispatch", "ask_return")
    lead, third = await watching(house, "lead"), await watching(house, "third")
    await office.go_on(made.id, "agree_return")
    assert await told(house, lead) == [("ticket", {"id": made.id, "gone": True})]
    assert await told(house, third) == []


def _complain(conn: Connection, ticket_id: int, unit_id: int) -> None:
    conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(complained_unit_id=unit_id))
    found = store.get(conn, ticket_id)
    assert found
    publish(conn, "ticket", ticket_id, found.told())


async def test_given_a_unit_that_is_complained_of_then_it_hears_nothing(house: House) -> None:
    office = await open_office(house)
    made = await office.ticket("submit", "dispatch_both")
    lead, side = await watching(house, "lead"), await watching(house, "side")
    await house.do(_complain, made.id, office.units[1])
    assert [topic for topic, _ in await told(house, lead)] == ["ticket"]
    assert await told(house, side) == []


async def test_given_a_screen_that_was_away_then_it_is_told_the_same_afterwards(
    house: House,
) -> None:
    office = await open_office(house)
    since = await house.database.read(last_seq)
    agent = await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id)
    made = await office.ticket("submit", "dispatch", "ask_return", "agree_return", "dispatch")
    await until(lambda: house.database.feed.seq > since)
    lead = await watching(house, "lead", since)
    third = await watching(house, "third", since)
    got = await told(house, lead)
    assert {topic for topic, _ in got} == {"ticket"}
    assert {data["id"] for _, data in got} == {made.id}
    assert got[-1] == ("ticket", made.told())
    assert await told(house, third) == []


def _moves_to(conn: Connection, account_id: int, unit_id: int) -> None:
    of_hers = unit_member.c.account_id == account_id
    conn.execute(update(unit_member).where(of_hers).values(unit_id=unit_id))
    publish(conn, "person", account_id, {"id": account_id})


async def gone(socket: Socket) -> bool:
    """Wait until the socket is closed by the other end."""
    async with asyncio.timeout(10):
        while True:
            message = await socket.receive()
            if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
                return True


async def test_given_a_person_who_moves_to_another_unit_then_her_screen_comes_back_for_it(
    house: House,
) -> None:
    office = await open_office(house)
    made = await office.ticket("submit", "dispatch")
    lead, third = await watching(house, "lead"), await watching(house, "third")
    account_id = (await house.signed_in("lead")).account_id
    await house.do(_moves_to, account_id, office.units[2])
    assert await gone(lead)
    again = await watching(house, "lead")
    await office.go_on(made.id, "accept")
    assert await told(house, again) == []
    assert await told(house, third) == []


async def test_given_a_database_that_does_not_answer_then_units_come_back_and_miss_nothing(
    house: House,
) -> None:
    office = await open_office(house)
    lead = await watching(house, "lead")
    since = await house.database.read(last_seq)
    lane = house.console.services.hub._units

    async def away(*_: Any) -> None:
        raise DatabaseUnavailable("away")

    with patch.object(lane, "look_up", away):
        made = await office.ticket("submit", "dispatch")
        assert await gone(lead)
    back = await watching(house, "lead", since)
    assert (await told(house, back))[-1] == ("ticket", made.told())


def test_given_any_reach_then_only_those_who_have_or_had_it_are_told() -> None:
    data = {"id": 7, "number": "20261122-00001", "state": "to_accept"}
    said = Said(Change(1, 2, "ticket", "7", data))
    units = (set[int](), {1}, {2}, {1, 2})
    for now, before, mine in itertools.product(units, units, units):
        for against in (None, 1, 2, 3):
            known = {7: Reach(set(now), set(before), against)}
            text = text_for(said, Watcher(5, "unit", None, frozenset(mine)), known)
            if against in mine or not mine & (now | before):
                assert text == b""
            else:
                assert (b"number" in text) is bool(mine & now)
                assert (b'"gone":true' in text) is not bool(mine & now)
    everything = Watcher(5, "unit", 1, frozenset({1, 2}))
    known = {7: Reach({1}, set(), None)}
    for topic in ("missed", "recording", "notice", "expert", "message", "figures", "staffing",
                  "person"):  # fmt: skip
        other = Said(Change(1, 2, topic, "7", {"account_id": 5, "seat_id": 1}))
        assert text_for(other, everything, known) == b"", topic
    for seat_id, account_id in ((1, 5), (2, 6)):
        seat = Said(Change(1, 2, "seat", "1", {"id": seat_id, "account_id": account_id}))
        call = Said(Change(1, 2, "call", "x", {"seat_id": seat_id, "parties": []}))
        for said in (seat, call):
            assert bool(text_for(said, everything, known)) is (seat_id == 1)
    nobodys = Said(Change(1, 2, "call", "x", {"seat_id": None, "parties": []}))
    assert text_for(nobodys, everything, known) == b""
