"""Which controller answers for an Asterisk: the newest, and only while its heart beats."""

from __future__ import annotations

import pytest

from db import Database
from floor import controllers
from floor.controllers import STALE_MS


async def test_a_controller_begins_unready_and_is_alive_once_ready(database: Database) -> None:
    await database.write(controllers.take_over, "pbx-1", "first")
    (found,) = await database.read(controllers.all_of)
    assert (found.asterisk, found.state, found.alive()) == ("pbx-1", "starting", False)
    assert await database.write(controllers.beat, "pbx-1", "first", "ready", "disk_full")
    (found,) = await database.read(controllers.all_of)
    assert (found.state, found.detail, found.alive()) == ("ready", "disk_full", True)


async def test_when_another_takes_over_the_first_learns_it_from_its_next_beat(
    database: Database, another: Database
) -> None:
    await database.write(controllers.take_over, "pbx-1", "first")
    assert await database.write(controllers.beat, "pbx-1", "first", "ready")
    await another.write(controllers.take_over, "pbx-1", "second")
    assert not await database.write(controllers.beat, "pbx-1", "first", "ready")
    assert not await database.write(controllers.beat, "pbx-1", "first", "stopped")
    (found,) = await database.read(controllers.all_of)
    assert found.state == "starting", "the first says nothing in the name of the second"
    assert await another.write(controllers.beat, "pbx-1", "second", "ready")


async def test_each_asterisk_has_its_own(database: Database) -> None:
    await database.write(controllers.take_over, "pbx-1", "one")
    await database.write(controllers.take_over, "pbx-2", "two")
    assert await database.write(controllers.beat, "pbx-1", "one", "ready")
    assert not await database.write(controllers.beat, "pbx-1", "two", "ready")
    found = {h.asterisk: h.state for h in await database.read(controllers.all_of)}
    assert found == {"pbx-1": "ready", "pbx-2": "starting"}


async def test_a_heart_that_stopped_is_not_alive(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.write(controllers.take_over, "pbx-1", "first")
    await database.write(controllers.beat, "pbx-1", "first", "ready")
    (found,) = await database.read(controllers.all_of)
    monkeypatch.setattr(controllers, "now_ms", lambda: found.beat_ms + STALE_MS - 1)
    assert found.alive()
    monkeypatch.setattr(controllers, "now_ms", lambda: found.beat_ms + STALE_MS)
    assert not found.alive()
