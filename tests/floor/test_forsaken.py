"""Requests of a controller that was killed: settled by the next one, and only those."""

from __future__ import annotations

from db import Database
from db.feed import changes_since
from floor import requests
from floor.forsaken import forsake_taken
from tests.floor.test_requests import ask


async def test_what_a_killed_controller_had_taken_is_settled_and_screens_are_told(
    database: Database,
) -> None:
    mine, others, waiting, done = [await database.write(ask) for _ in range(4)]
    await database.write(requests.take, mine.id, "here")
    await database.write(requests.take, others.id, "there")
    await database.write(requests.take, done.id, "here")
    await database.write(requests.settle, done.id, "done", {})
    seen = database.feed.seq
    assert await database.write(forsake_taken, "here") == 1
    assert await database.write(forsake_taken, "here") == 0
    states = {}
    for one in (mine, others, waiting, done):
        found = await database.read(requests.get, one.id)
        assert found is not None
        states[one.id] = (found.state, found.outcome)
    assert states == {
        mine.id: ("refused", {"detail": "expired"}),
        others.id: ("taken", None),
        waiting.id: ("new", None),
        done.id: ("done", {}),
    }
    told = [c for c in await database.read(changes_since, seen) if c.data["state"] == "refused"]
    assert [c.key for c in told] == [str(mine.id)]
