"""Requests from a screen to the controller: pressed, taken once, answered or out of date."""

from __future__ import annotations

from sqlalchemy import Connection

from db import Database
from db.feed import changes_since
from floor import requests
from floor.requests import Request
from tests.floor.furnishing import new_call, person


def ask(conn: Connection, verb: str = "hold") -> Request:
    return requests.put(conn, person(conn), new_call(conn).id, verb, {"digits": "12"})


async def test_a_press_waits_is_taken_and_answered(database: Database) -> None:
    asked = await database.write(ask, "send_digits")
    assert (asked.state, asked.args, asked.outcome) == ("new", {"digits": "12"}, None)
    assert await database.read(requests.waiting) == [asked]
    taken = await database.write(requests.take, asked.id, "here")
    assert taken is not None
    assert taken.state == "taken"
    assert await database.read(requests.waiting) == []
    assert await database.write(requests.take, asked.id, "here") is None
    await database.write(requests.settle, asked.id, "refused", {"detail": "通话尚未接通"})
    settled = await database.read(requests.get, asked.id)
    assert settled is not None
    assert (settled.state, settled.outcome) == ("refused", {"detail": "通话尚未接通"})


async def test_keys_that_were_pressed_are_forgotten_once_they_were_sent_or_were_not(
    database: Database,
) -> None:
    sent, never = [await database.write(ask, "send_digits") for _ in range(2)]
    await database.write(requests.take, sent.id, "here")
    await database.write(requests.settle, sent.id, "done", {})
    await database.write(requests.forsake, never.created_ms + 1)
    for asked in (sent, never):
        kept = await database.read(requests.get, asked.id)
        assert kept is not None
        assert kept.args == {"digits": "**"}


async def test_the_feed_tells_that_it_was_asked_and_answered_but_not_with_what(
    database: Database,
) -> None:
    asked = await database.write(ask, "send_digits")
    await database.write(requests.settle, asked.id, "done", {})
    told = [c for c in await database.read(changes_since, 0) if c.topic == "request"]
    assert [c.data["state"] for c in told] == ["new", "done"]
    assert all(c.key == str(asked.id) for c in told)
    assert all("digits" not in str(c.data) for c in told)


async def test_the_oldest_comes_first_and_not_more_than_asked_for(database: Database) -> None:
    asked = [await database.write(ask) for _ in range(4)]
    assert await database.read(requests.waiting, 3) == asked[:3]


async def test_what_nobody_took_in_time_does_not_act_later(database: Database) -> None:
    old, taken, young = [await database.write(ask) for _ in range(3)]
    await database.write(requests.take, taken.id, "here")
    assert await database.write(requests.forsake, old.created_ms) == 0
    assert await database.write(requests.forsake, young.created_ms + 1) == 2
    gone = await database.read(requests.get, old.id)
    assert gone is not None
    assert (gone.state, gone.outcome) == ("refused", {"detail": "expired"})
    assert await database.write(requests.take, old.id, "here") is None
    held = await database.read(requests.get, taken.id)
    assert held is not None
    assert held.state == "taken", "a request under way is not forsaken"
    assert await database.write(requests.forsake, young.created_ms + 1) == 0


async def test_a_request_that_does_not_exist(database: Database) -> None:
    assert await database.read(requests.get, 999) is None
    assert await database.write(requests.take, 999, "here") is None
