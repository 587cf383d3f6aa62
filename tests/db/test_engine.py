"""Doors are run one after another, committed before they are answered, in few commits."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from db import Database, connect, publish
from db.engine import DatabaseUnavailable, url_of
from db.feed import Change, changes_since
from db.models import ticket_day
from tests.db.databases import LIMIT_S, server, until, within
from tests.support.ports import free_port


def put(conn: Connection, day: str, last: int = 1) -> int:
    """A door of these tests: one row, one change."""
    conn.execute(insert(ticket_day), {"day": day, "last": last})
    publish(conn, "test", day, {"last": last})
    return last


def days(conn: Connection) -> list[str]:
    return list(conn.execute(select(ticket_day.c.day).order_by(ticket_day.c.day)).scalars())


class Refusal(Exception):
    """What a door of these tests raises."""


def refuse(conn: Connection, day: str) -> None:
    put(conn, day)
    raise Refusal(day)


class Watcher:
    """What one listener of a feed was told."""

    def __init__(self, database: Database) -> None:
        self.batches: list[list[Change]] = []
        database.feed.subscribe(lambda changes: self.batches.append(list(changes)))

    @property
    def keys(self) -> list[str]:
        return [change.key for batch in self.batches for change in batch]

    @property
    def seqs(self) -> list[int]:
        return [change.seq for batch in self.batches for change in batch]


async def test_a_door_gives_its_answer_and_is_committed_by_then(
    database: Database, another: Database
) -> None:
    assert await database.write(put, "20260101", 7) == 7
    assert await database.read(days) == ["20260101"]
    assert await another.read(days) == ["20260101"]


async def test_keyword_arguments_reach_the_door(database: Database) -> None:
    assert await database.write(put, day="20260101", last=3) == 3


async def test_a_door_that_raises_takes_nothing_with_it(database: Database) -> None:
    watcher = Watcher(database)
    outcomes = await asyncio.gather(
        database.write(put, "20260101"),
        database.write(refuse, "20260102"),
        database.write(put, "20260103"),
        database.write(refuse, "20260104"),
        database.write(put, "20260105"),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [int, Refusal, int, Refusal, int]
    assert await database.read(days) == ["20260101", "20260103", "20260105"]
    await until(lambda: len(watcher.keys) >= 3, "the three changes")
    assert watcher.keys == ["20260101", "20260103", "20260105"]
    kept = await database.read(changes_since, 0)
    assert [change.key for change in kept] == watcher.keys


async def test_a_statement_the_database_refuses_takes_nothing_with_it(database: Database) -> None:
    await database.write(put, "20260101")
    outcomes = await asyncio.gather(
        database.write(put, "20260102"),
        database.write(put, "20260101"),
        database.write(put, "20260103"),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], Exception)
    assert not isinstance(outcomes[1], DatabaseUnavailable)
    assert await database.read(days) == ["20260101", "20260102", "20260103"]


def put_and_name_transaction(conn: Connection, day: str) -> object:
    put(conn, day)
    return conn.get_transaction()


async def test_doors_that_arrive_together_share_a_commit(database: Database) -> None:
    """A hundred that come while the writer is busy need two commits, not a hundred."""
    entered, go_on = threading.Event(), threading.Event()

    def busy(conn: Connection) -> None:
        entered.set()
        go_on.wait(LIMIT_S)

    first = None
    if database.dialect == "sqlite":
        # There the writer is a thread; PostgreSQL's runs on this loop and can't overtake us.
        first = asyncio.create_task(database.write(busy))
        assert await asyncio.to_thread(entered.wait, LIMIT_S)
    wanted = [f"2026{n:04d}" for n in range(100)]
    doors = [asyncio.create_task(database.write(put_and_name_transaction, d)) for d in wanted]
    await asyncio.sleep(0)
    go_on.set()
    transactions = await within(asyncio.gather(*doors))
    if first is not None:
        await first
    assert len({id(transaction) for transaction in transactions}) == 2
    assert await database.read(days) == wanted


async def test_doors_of_one_task_are_run_in_its_order(database: Database) -> None:
    seen: list[int] = []

    def note(conn: Connection, number: int) -> None:
        seen.append(number)

    await asyncio.gather(*(database.write(note, n) for n in range(150)))
    assert seen == list(range(150))


async def test_who_stops_waiting_leaves_the_others_alone(database: Database) -> None:
    doors = [asyncio.create_task(database.write(put, f"2026{n:04d}")) for n in range(5)]
    await asyncio.sleep(0)
    doors[2].cancel()
    answers = await within(asyncio.gather(*doors, return_exceptions=True))
    assert [isinstance(a, asyncio.CancelledError) for a in answers] == [n == 2 for n in range(5)]
    assert await database.write(put, "20261231", 9) == 9


async def test_a_read_changes_nothing(database: Database, another: Database) -> None:
    with contextlib.suppress(Exception):
        await database.read(put, "20260101")
    assert await another.read(days) == []


async def test_a_read_does_not_see_what_is_not_committed(sqlite: Database) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        put(conn, "20260101")
        entered.set()
        go_on.wait(LIMIT_S)

    writing = asyncio.create_task(sqlite.write(slow))
    assert await asyncio.to_thread(entered.wait, LIMIT_S)
    assert await within(sqlite.read(days)) == []
    go_on.set()
    await writing
    assert await sqlite.read(days) == ["20260101"]


async def test_closing_finishes_what_was_asked(url: str) -> None:
    database = await connect(url)
    wanted = [f"2026{n:04d}" for n in range(150)]
    doors = [asyncio.create_task(database.write(put, day)) for day in wanted]
    await asyncio.sleep(0)
    await within(database.close())
    assert await within(asyncio.gather(*doors)) == [1] * 150
    again = await connect(url)
    assert await again.read(days) == wanted
    await again.close()


async def test_what_is_asked_after_closing_is_refused(url: str) -> None:
    database = await connect(url)
    await database.close()
    with pytest.raises(DatabaseUnavailable):
        await within(database.write(put, "20260101"))
    with pytest.raises(DatabaseUnavailable):
        await within(database.read(days))


async def test_a_full_database_is_said_and_the_writer_lives_on(sqlite: Database) -> None:
    """SQLite itself rolls the whole transaction back when it can't grow."""

    def limit(conn: Connection, pages: int) -> None:
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def fill(conn: Connection) -> None:
        publish(conn, "test", "large", {"text": "x" * 1_000_000})

    await sqlite.write(limit, 1)
    outcomes = await asyncio.gather(
        sqlite.write(put, "20260101"), sqlite.write(fill), return_exceptions=True
    )
    assert isinstance(outcomes[1], Exception)
    await sqlite.write(limit, 1_000_000)
    assert await within(sqlite.write(put, "20260102")) == 1
    kept = await sqlite.read(days)
    assert ("20260101" in kept) == (outcomes[0] == 1), "the answer must say what is kept"


# --- databases that can't be reached ---


def unreachable(tmp_path: Path) -> dict[str, str]:
    text = tmp_path / "text.db"
    text.write_text("not a database, only some words that are long enough to be read\n" * 100)
    return {
        "no directory": f"sqlite:///{tmp_path}/nowhere/hotline.db",
        "a directory": f"sqlite:///{tmp_path}",
        "not a database": f"sqlite:///{text}",
        "not migrated": f"sqlite:///{tmp_path}/new.db",
        "nobody listens": f"postgresql://postgres@127.0.0.1:{free_port()}/hotline",
    }


@pytest.mark.parametrize(
    "what", ["no directory", "a directory", "not a database", "not migrated", "nobody listens"]
)
async def test_a_database_that_does_not_answer_is_unavailable(tmp_path: Path, what: str) -> None:
    # Databases of other tests of this process may be open.
    before = set(threading.enumerate())
    with pytest.raises(DatabaseUnavailable):
        await within(connect(unreachable(tmp_path)[what]))
    assert not [t.name for t in set(threading.enumerate()) - before if t.name.startswith("db-")]


@pytest.mark.postgres
async def test_a_postgres_without_that_database_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable):
        await within(connect(server().url.rsplit("/", 1)[0] + "/nowhere"))


async def test_another_kind_of_database_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="mysql"):
        await connect("mysql://localhost/hotline")


def test_the_embedded_database_lies_in_var(tmp_path: Path) -> None:
    assert url_of("", tmp_path) == f"sqlite:///{tmp_path}/hotline.db"
    assert url_of("postgresql://h/d", tmp_path) == "postgresql://h/d"
