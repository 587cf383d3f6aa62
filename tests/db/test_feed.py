"""The change feed: every change after its commit, in order, none twice, none left out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from db import Database, connect, publish
from db.clock import now_ms
from db.feed import KEEP_MS, PAGE, Change, Feed, changes_since, last_seq, oldest_seq, prune
from db.models import change
from tests.db.databases import ask_postgres, until, within
from tests.support.examples import examples


class Watcher:
    """What one listener of a feed was told."""

    def __init__(self, database: Database) -> None:
        self.changes: list[Change] = []
        self.stop = database.feed.subscribe(self.changes.extend)

    @property
    def keys(self) -> list[str]:
        return [change.key for change in self.changes]

    @property
    def seqs(self) -> list[int]:
        return [change.seq for change in self.changes]

    async def sees(self, count: int) -> None:
        await until(lambda: len(self.changes) >= count, f"{count} changes")


def tell(conn: Connection, key: str, times: int = 1) -> None:
    for n in range(times):
        publish(conn, "test", key if times == 1 else f"{key}.{n}", {"n": n})


class Refusal(Exception):
    """What a door of these tests raises."""


def tell_and_refuse(conn: Connection, key: str) -> None:
    tell(conn, key)
    raise Refusal


def kept(conn: Connection) -> list[Change]:
    return changes_since(conn, 0, 1_000_000)


async def test_a_change_arrives_whole(database: Database) -> None:
    watcher = Watcher(database)
    before = now_ms()
    await database.write(publish, "seat", 7, {"name": "一号座席", "skills": [1, 2], "free": None})
    await watcher.sees(1)
    (seen,) = watcher.changes
    assert (seen.topic, seen.key) == ("seat", "7")
    assert seen.data == {"name": "一号座席", "skills": [1, 2], "free": None}
    assert before <= seen.at_ms <= now_ms()
    assert await database.read(kept) == [seen]


async def test_several_writers_on_two_connections(database: Database, another: Database) -> None:
    """Both processes are told of all changes, in the order in which they lie in the table."""
    here, there = Watcher(database), Watcher(another)
    failures = 0

    async def write(by: Database, name: str) -> None:
        nonlocal failures
        for n in range(30):
            if n % 7 == 3:
                with pytest.raises(Refusal):
                    await by.write(tell_and_refuse, f"never-{name}-{n}")
                failures += 1
            await by.write(tell, f"{name}-{n}", 1 + n % 3)

    names = ("a", "b", "c")
    await within(
        asyncio.gather(
            *(write(database, name) for name in names),
            *(write(another, name.upper()) for name in names),
        )
    )
    in_table = await database.read(kept)
    assert failures == 24
    await here.sees(len(in_table))
    await there.sees(len(in_table))
    assert here.changes == in_table
    assert there.changes == in_table
    assert not [key for key in here.keys if key.startswith("never")]
    for name in (*names, *(name.upper() for name in names)):
        order = [key for key in here.keys if key.partition("-")[0] == name]
        assert order == sorted(order, key=lambda key: [int(n) for n in key[2:].split(".")])


async def test_what_another_process_wrote_comes_before_what_was_written_after_it(
    database: Database, another: Database
) -> None:
    here = Watcher(database)
    for n in range(20):
        await another.write(tell, f"there-{n}")
        await database.write(tell, f"here-{n}")
    await here.sees(40)
    assert here.keys == [f"{side}-{n}" for n in range(20) for side in ("there", "here")]


@pytest.mark.slow
async def test_more_changes_than_a_page_arrive_all(database: Database, another: Database) -> None:
    there = Watcher(another)
    await database.write(tell, "many", 2 * PAGE + 5)
    await there.sees(2 * PAGE + 5)
    assert there.keys == [f"many.{n}" for n in range(2 * PAGE + 5)]


async def test_who_subscribes_later_is_told_what_comes_later(database: Database) -> None:
    early = Watcher(database)
    await database.write(tell, "first")
    await early.sees(1)
    late = Watcher(database)
    await database.write(tell, "second")
    await late.sees(1)
    early.stop()
    await database.write(tell, "third")
    await late.sees(2)
    assert early.keys == ["first", "second"]
    assert late.keys == ["second", "third"]


@pytest.mark.slow
async def test_a_process_that_starts_is_not_told_the_past(database: Database, url: str) -> None:
    await database.write(tell, "past", 3)
    later = await connect(url)
    watcher = Watcher(later)
    await database.write(tell, "present")
    await watcher.sees(1)
    assert watcher.keys == ["present"]
    assert later.feed.seq == await database.read(last_seq)
    await later.close()


async def test_a_listener_that_fails_stays_and_hurts_nobody(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []

    def fails(changes: Sequence[Change]) -> None:
        told.append(len(changes))
        raise Refusal

    database.feed.subscribe(fails)
    watcher = Watcher(database)
    with caplog.at_level(logging.ERROR, "hotline.feed"):
        await database.write(tell, "one")
        await watcher.sees(1)
        await database.write(tell, "two")
        await watcher.sees(2)
    assert sum(told) == 2
    assert "listener" in caplog.text


async def test_pruning_keeps_the_young_and_the_last_number(database: Database, url: str) -> None:
    await database.write(tell, "old", 5)
    newest = await database.read(last_seq)

    def age(conn: Connection) -> None:
        conn.execute(update(change).values(at_ms=now_ms() - KEEP_MS - 1))

    await database.write(age)
    assert await database.write(prune) == 4
    assert await database.read(oldest_seq) == await database.read(last_seq) == newest
    await database.write(tell, "young")
    assert [c.key for c in await database.read(kept)] == ["old.4", "young"]
    assert await database.read(last_seq) == newest + 1
    assert await database.write(prune) == 1
    assert [c.key for c in await database.read(kept)] == ["young"]


async def test_a_number_is_never_given_again(database: Database) -> None:
    """Not even when the table was emptied: a screen that resumes by number must not be fooled."""
    await database.write(tell, "old", 5)
    newest = await database.read(last_seq)
    await database.write(lambda conn: conn.execute(change.delete()))
    await database.write(tell, "new")
    assert await database.read(last_seq) > newest


async def test_an_empty_feed_has_no_numbers(database: Database) -> None:
    assert await database.read(last_seq) == 0
    assert await database.read(oldest_seq) == 0
    assert await database.write(prune) == 0
    assert await database.read(changes_since, 0) == []


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_postgres_that_throws_everybody_out_is_found_again(
    database: Database, another: Database, url: str
) -> None:
    """Connections die under the writer, the listener and the poll; nothing is lost or repeated."""
    watcher = Watcher(database)
    await another.write(tell, "before")
    await watcher.sees(1)
    name = url.rsplit("/", 1)[1]
    await ask_postgres(
        url.rsplit("/", 1)[0] + "/postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608 - our own name
        f"WHERE datname = '{name}'",
    )
    await within(_insist(another, "after"))
    await within(_insist(database, "own"))
    await watcher.sees(3)
    assert watcher.changes == await database.read(kept)
    assert watcher.keys == ["before", "after", "own"]


async def _insist(database: Database, key: str) -> None:
    """Write until it is written; what was refused was not done."""
    from db.engine import DatabaseUnavailable

    while True:
        try:
            return await database.write(tell, key)
        except DatabaseUnavailable:
            await asyncio.sleep(0.01)


# --- the handing out itself, without a database ---


def changes(*seqs: int) -> list[Change]:
    return [Change(seq, 0, "test", str(seq), {}) for seq in seqs]


async def test_batches_that_overlap_are_handed_out_once() -> None:
    feed, told = Feed(), list[int]()
    feed.subscribe(lambda batch: told.extend(c.seq for c in batch))
    feed.deliver(changes(1, 2, 3))
    feed.deliver(changes(2, 3, 4))
    feed.deliver(changes(4))
    feed.deliver([])
    assert told == [1, 2, 3, 4]


async def test_own_changes_after_a_gap_wait_for_the_reading() -> None:
    feed, told = Feed(), list[int]()
    feed.subscribe(lambda batch: told.extend(c.seq for c in batch))
    feed.deliver_own(changes(1, 2))
    feed.deliver_own(changes(4))
    assert told == [1, 2]
    await within(feed.woken())
    feed.deliver(changes(3, 4))
    assert told == [1, 2, 3, 4]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), max_size=30))
@hypothesis_settings(max_examples=examples(200))
def test_any_order_of_own_and_read_batches_is_told_in_order(
    steps: list[tuple[bool, int]],
) -> None:
    """The table grows by `count`; own batches are handed out at once, reads give what is there."""

    async def follow() -> tuple[list[int], int]:
        feed, told, written = Feed(), list[int](), 0
        feed.subscribe(lambda batch: told.extend(c.seq for c in batch))
        for own, count in steps:
            first, written = written + 1, written + count
            if own:
                feed.deliver_own(changes(*range(first, written + 1)))
            elif count % 2:
                feed.deliver(changes(*range(feed.seq + 1, written + 1)))
        feed.deliver(changes(*range(feed.seq + 1, written + 1)))
        return told, written

    told, written = asyncio.run(follow())
    assert told == list(range(1, written + 1))
