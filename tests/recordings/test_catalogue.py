"""The catalogue: which recordings there are, how they stand, who listened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, select

from db import Database
from db.feed import changes_since
from db.models import recording_access, recording_mark
from recordings import catalogue
from recordings.catalogue import PROBLEMS, Filed, Recording
from tests.floor.furnishing import new_call, person

FILED = Filed(Path("2026/11/22/x.flac"), "flac", 12_500, 1234, "ab" * 32)


def begun(conn: Connection) -> Recording:
    return catalogue.begin(conn, new_call(conn).id)


async def test_a_recording_runs_and_is_filed(database: Database) -> None:
    running = await database.write(begun)
    assert (running.state, running.path, running.problem) == ("running", None, None)
    assert await database.read(catalogue.of_call, running.call_id) == running
    assert await database.read(catalogue.unfiled) == [running]
    filed = await database.write(catalogue.file, running.id, FILED)
    assert (filed.state, filed.path, filed.format) == ("filed", "2026/11/22/x.flac", "flac")
    assert (filed.length_ms, filed.size_bytes, filed.sha256) == (12_500, 1234, "ab" * 32)
    assert await database.read(catalogue.get, running.id) == filed
    assert await database.read(catalogue.unfiled) == []


async def test_trouble_while_it_runs_is_shown_and_it_runs_on(database: Database) -> None:
    running = await database.write(begun)
    troubled = await database.write(catalogue.problem, running.call_id, "disk_full")
    assert troubled is not None
    assert (troubled.state, troubled.problem) == ("running", "disk_full")
    assert await database.read(catalogue.unfiled) == [troubled]
    (told,) = [c for c in await database.read(changes_since, 0) if c.topic == "recording"]
    assert told.data == {
        "id": running.id,
        "call_id": running.call_id,
        "state": "running",
        "problem": "disk_full",
    }
    assert await database.write(catalogue.problem, "f" * 32, "disk_full") is None


async def test_what_can_not_be_filed_says_why_and_is_not_tried_again(database: Database) -> None:
    running = await database.write(begun)
    failed = await database.write(catalogue.fail, running.id, "missing")
    assert (failed.state, failed.problem) == ("failed", "missing")
    assert await database.read(catalogue.unfiled) == []


async def test_pauses_are_marked_in_order(database: Database) -> None:
    running = await database.write(begun)
    for kind in ("pause", "resume", "pause"):
        await database.write(catalogue.mark, running.call_id, kind)
    await database.write(catalogue.mark, "f" * 32, "pause")

    def marks(conn: Connection) -> list[tuple[int, str]]:
        m = recording_mark.c
        return [(r, k) for r, k in conn.execute(select(m.recording_id, m.kind).order_by(m.id))]

    assert await database.read(marks) == [
        (running.id, kind) for kind in ("pause", "resume", "pause")
    ]


async def test_who_listened_is_kept_each_time(database: Database) -> None:
    running = await database.write(begun)
    listener = await database.write(person)
    await database.write(catalogue.heard, running.id, listener)
    await database.write(catalogue.heard, running.id, listener)
    rows = await database.read(lambda conn: conn.execute(select(recording_access)).all())
    assert [(row.recording_id, row.account_id) for row in rows] == [(running.id, listener)] * 2


async def test_what_does_not_exist_is_not_found(database: Database) -> None:
    assert await database.read(catalogue.of_call, "f" * 32) is None
    assert await database.read(catalogue.get, 999) is None


def test_every_problem_has_its_words() -> None:
    assert {"not_started", "disk_full", "missing", "unreadable", "empty"} == set(PROBLEMS)
