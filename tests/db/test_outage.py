"""A database that goes away and comes back: said at once, nothing half done, the feed goes on."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator

import pytest

from db import Database, connect
from db.engine import DatabaseUnavailable
from db.migrate import migrate
from tests.db.databases import LIMIT_S, until, within
from tests.db.test_engine import Watcher, days, put
from tests.support.postgres import NoPostgres, Postgres, postgres
from tests.support.wire import wire_to

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of this file's own: others' may not be stopped."""
    try:
        with postgres(durable=True) as running:
            yield running
    except NoPostgres as reason:
        pytest.skip(f"PostgreSQL can't run here: {reason}")


@pytest.fixture
async def lost(server: Postgres) -> AsyncIterator[Database]:
    """An open, migrated database of that server."""
    url = server.new_database()
    await asyncio.to_thread(migrate, url)
    opened = await connect(url)
    yield opened
    await opened.close()


async def put_again_and_again(database: Database, prefix: str, done: set[str]) -> None:
    """Write until told to stop; `done` are those that were acknowledged."""
    for number in range(100_000):
        day = f"{prefix}{number}"
        try:
            await database.write(put, day)
            done.add(day)
        except DatabaseUnavailable:
            await asyncio.sleep(0.01)


async def until_there(database: Database) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                await database.read(days)
                return
            except DatabaseUnavailable:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("how", ["stop", "crash"])
async def test_given_server_gone_while_doors_run_then_all_hear_it_and_it_goes_on_afterwards(
    server: Postgres, lost: Database, how: str
) -> None:
    watcher = Watcher(lost)
    done: set[str] = set()
    writers = [asyncio.create_task(put_again_and_again(lost, p, done)) for p in "abc"]
    try:
        await until(lambda: len(done) > 30, "some were written")
        await asyncio.to_thread(getattr(server, how))
        with pytest.raises(DatabaseUnavailable):
            await lost.write(put, "meanwhile")
        with pytest.raises(DatabaseUnavailable):
            await lost.read(days)
        before = len(done)
        await asyncio.to_thread(server.start)
        await until(lambda: len(done) > before + 30, "they go on")
        assert not any(writer.done() for writer in writers)
    finally:
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        if server.stopped:
            await asyncio.to_thread(server.start)
    await until_there(lost)
    # Who was cancelled waits no more, but his door may still run: it does so before this one.
    await lost.write(put, "the last")
    kept = set(await lost.read(days))
    assert done <= kept, "what was acknowledged is there"
    await until(lambda: set(watcher.keys) == kept, "the feed tells all of it")
    assert watcher.seqs == sorted(set(watcher.seqs)), "in order, each once"


async def test_given_server_stopped_between_two_doors_then_the_next_connection_is_a_new_one(
    server: Postgres, lost: Database
) -> None:
    await lost.write(put, "1")
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    await lost.write(put, "2")
    assert await lost.read(days) == ["1", "2"]


async def test_given_other_process_holds_the_file_then_it_is_said_and_the_writer_lives_on(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.sqlite.BUSY_MS", 50)
    path = str(sqlite._engine.url.database)  # type: ignore[attr-defined]
    again = await connect(f"sqlite:///{path}")
    holding = sqlite3.connect(path, isolation_level=None)
    with contextlib.closing(holding):
        holding.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable):
            await again.write(put, "1")
        assert await again.read(days) == []
        holding.execute("COMMIT")
    await again.write(put, "2")
    assert await again.read(days) == ["2"]
    await again.close()


async def test_given_network_stalls_when_a_door_is_asked_for_then_it_is_said_and_goes_on_afterwards(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.postgres.TIMEOUT_S", 0.5)
    url = server.new_database()
    await asyncio.to_thread(migrate, url)
    async with wire_to("127.0.0.1", server.port) as wire:
        far = await connect(url.replace(f":{server.port}/", f":{wire.port}/"))
        watcher = Watcher(far)
        await far.write(put, "1")
        wire.stall()
        with pytest.raises(DatabaseUnavailable):
            await within(far.write(put, "2"))
        with pytest.raises(DatabaseUnavailable):
            await within(far.read(days))
        await wire.mend()
        await until_there(far)
        await far.write(put, "3")
        kept = await far.read(days)
        assert set(kept) >= {"1", "3"}
        await until(lambda: set(watcher.keys) == set(kept), "the feed tells all of it")
        await within(far.close())


async def test_given_file_can_not_be_opened_when_a_door_is_asked_for_then_the_writer_lives_on(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> None:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(sqlite._engine, "connect", locked)  # type: ignore[attr-defined]
        with pytest.raises(DatabaseUnavailable):
            await within(sqlite.write(put, "1"))
    await within(sqlite.write(put, "2"))
    assert await sqlite.read(days) == ["2"]
