"""Recordings are filed when Asterisk has closed them; trouble is shown and never ends a call."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from config.model import Settings
from db import Database
from db.models import call_event
from floor import calls
from floor.calls import Call
from ivr import recorder as module
from ivr.recorder import Recorder
from recordings import catalogue, vault
from recordings.catalogue import Recording
from recordings.vault import StillWritten
from tests.db.databases import until
from tests.floor.furnishing import new_call
from tests.ivr.house import shipped
from tests.recordings.sounds import two_sided, write_raw

QUIET = time.time() - 3600


def recorded(conn: Connection, *, ended: bool = True) -> Call:
    call = new_call(conn)
    catalogue.begin(conn, call.id)
    return calls.end(conn, call.id, "caller_hung_up") if ended else call


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    base = shipped()
    made = replace(base, var=tmp_path, recording=replace(base.recording, min_free_mb=0))
    made.spool.mkdir()
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person would wait for is not waited for here."""
    for name in ("FIRST_LOOK_S", "SECOND_LOOK_S", "QUIET_S", "RETRY_S", "LOOK_FOR_SPACE_S"):
        monkeypatch.setattr(module, name, 0.02)


@contextlib.asynccontextmanager
async def at_work(recorder: Recorder) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(recorder.file_all())]
    tasks.append(asyncio.create_task(recorder.look_for_space()))
    try:
        yield
    finally:
        for task in tasks:
            assert not task.done(), task
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def spool(settings: Settings, call_id: str, seconds: float = 1.0) -> Path:
    raw = write_raw(settings.spool / f"{call_id}.raw", two_sided(seconds))
    os.utime(raw, (QUIET, QUIET))
    return raw


class Look:
    """What the catalogue has of a call, looked at again and again."""

    def __init__(self, database: Database, call_id: str) -> None:
        self.database = database
        self.call_id = call_id

    async def becomes(self, state: str, problem: str | None = None) -> Recording:
        found = None
        for _ in range(1000):
            found = await self.database.read(catalogue.of_call, self.call_id)
            if found is not None and (found.state, found.problem) == (state, problem):
                return found
            await asyncio.sleep(0.01)
        raise AssertionError(f"never became {state}, {problem}: {found}")


@pytest.mark.usefixtures("quick")
async def test_a_call_that_ended_is_filed(sqlite: Database, settings: Settings) -> None:
    recorder = Recorder(settings, sqlite)
    call = await sqlite.write(recorded)
    async with at_work(recorder):
        raw = spool(settings, call.id)
        recorder.file_later(call.id)
        filed = await Look(sqlite, call.id).becomes("filed")
    assert filed.length_ms == 1000
    assert filed.path is not None
    assert (settings.vault / filed.path).is_file()
    assert not raw.exists()


@pytest.mark.usefixtures("quick")
async def test_what_was_left_by_a_dead_controller_is_filed_at_the_start(
    sqlite: Database, settings: Settings
) -> None:
    ended = await sqlite.write(recorded)
    running = await sqlite.write(lambda conn: recorded(conn, ended=False))
    for call in (ended, running):
        spool(settings, call.id)
    async with at_work(Recorder(settings, sqlite)):
        await Look(sqlite, ended.id).becomes("filed")
    left = await sqlite.read(catalogue.of_call, running.id)
    assert left is not None
    assert left.state == "running", "its call goes on"
    assert (settings.spool / f"{running.id}.raw").exists()


@pytest.mark.usefixtures("quick")
async def test_a_file_that_still_grows_is_waited_for_and_holds_nobody_up(
    sqlite: Database, settings: Settings
) -> None:
    growing, quiet = await sqlite.write(recorded), await sqlite.write(recorded)
    recorder = Recorder(settings, sqlite)
    raw = spool(settings, growing.id)
    # As if written to at every look, however late a busy machine looks.
    ahead = time.time() + 3600
    os.utime(raw, (ahead, ahead))
    spool(settings, quiet.id)
    async with at_work(recorder):
        await Look(sqlite, quiet.id).becomes("filed")
        found = await sqlite.read(catalogue.of_call, growing.id)
        assert found is not None
        assert found.state == "running"
        with raw.open("ab") as file:
            file.write(bytes(32_000))
        filed = await Look(sqlite, growing.id).becomes("filed")
    assert filed.length_ms == 2000


async def test_a_file_that_was_quiet_before_its_call_ended_is_waited_for(
    sqlite: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asterisk writes what is left, up to a whole block, as it closes the file."""
    monkeypatch.setattr(module, "QUIET_S", 0.3)
    call = await sqlite.write(recorded)
    recorder = Recorder(settings, sqlite)
    raw = spool(settings, call.id)
    async with at_work(recorder):
        recorder.file_later(call.id)
        await asyncio.sleep(0.05)
        with raw.open("ab") as file:
            file.write(bytes(32_000))
        filed = await Look(sqlite, call.id).becomes("filed")
    assert filed.length_ms == 2000


@pytest.mark.usefixtures("quick")
async def test_a_file_that_grew_as_it_was_filed_is_filed_again(
    sqlite: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_away = vault.file_away
    grown: list[Path] = []

    def meanwhile(raw: Path, *args: Any) -> catalogue.Filed:
        if not grown:
            grown.append(raw)
            raise StillWritten
        return file_away(raw, *args)

    monkeypatch.setattr(vault, "file_away", meanwhile)
    call = await sqlite.write(recorded)
    recorder = Recorder(settings, sqlite)
    raw = spool(settings, call.id)
    async with at_work(recorder):
        recorder.file_later(call.id)
        await Look(sqlite, call.id).becomes("filed")
    assert grown == [raw]


@pytest.mark.usefixtures("quick")
async def test_a_recording_that_is_not_there_is_said(sqlite: Database, settings: Settings) -> None:
    recorder = Recorder(settings, sqlite)
    call = await sqlite.write(recorded)
    async with at_work(recorder):
        recorder.file_later(call.id)
        await Look(sqlite, call.id).becomes("failed", "missing")


@pytest.mark.usefixtures("quick")
async def test_a_refused_recording_is_shown_while_the_call_goes_on(
    sqlite: Database, settings: Settings
) -> None:
    recorder = Recorder(settings, sqlite)
    call = await sqlite.write(lambda conn: recorded(conn, ended=False))
    recorder.watch(call.id)
    async with at_work(recorder):
        await Look(sqlite, call.id).becomes("running", "not_started")
        kinds = select(call_event.c.kind).where(call_event.c.call_id == call.id)
        found = await sqlite.read(lambda conn: list(conn.execute(kinds).scalars()))
        assert found == ["arrived", "recording_problem"]
        recorder.file_later(call.id)
        await Look(sqlite, call.id).becomes("failed", "not_started")


@pytest.mark.usefixtures("quick")
async def test_a_file_that_is_still_empty_is_given_time_for_its_first_block(
    sqlite: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(settings, sqlite)
    late, never = [await sqlite.write(lambda conn: recorded(conn, ended=False)) for _ in range(2)]
    for call in (late, never):
        (settings.spool / f"{call.id}.raw").touch()
    first_look = recorder._first_look

    def looked(call_id: str) -> None:
        """Asterisk writes the first block of one of them right after the first look at it."""
        first_look(call_id)
        if call_id == late.id:
            spool(settings, late.id)

    monkeypatch.setattr(recorder, "_first_look", looked)
    recorder.watch(late.id)
    recorder.watch(never.id)
    async with at_work(recorder):
        await Look(sqlite, never.id).becomes("running", "not_started")
        await Look(sqlite, late.id).becomes("running")


@pytest.mark.usefixtures("quick")
async def test_a_full_disk_is_the_reason_that_is_shown(
    sqlite: Database, settings: Settings
) -> None:
    full = replace(settings, recording=replace(settings.recording, min_free_mb=10**9))
    recorder = Recorder(full, sqlite)
    call = await sqlite.write(lambda conn: recorded(conn, ended=False))
    recorder.watch(call.id)
    async with at_work(recorder):
        await Look(sqlite, call.id).becomes("running", "disk_full")
        await until(lambda: recorder.space_low, "the notice of the full disk")


@pytest.mark.usefixtures("quick")
async def test_a_recording_that_runs_is_no_problem(sqlite: Database, settings: Settings) -> None:
    recorder = Recorder(settings, sqlite)
    call = await sqlite.write(lambda conn: recorded(conn, ended=False))
    spool(settings, call.id)
    recorder.watch(call.id)
    other = await sqlite.write(lambda conn: recorded(conn, ended=False))
    recorder.watch(other.id)
    async with at_work(recorder):
        await Look(sqlite, other.id).becomes("running", "not_started")
        await Look(sqlite, call.id).becomes("running")


@pytest.mark.usefixtures("quick")
async def test_a_vault_in_trouble_is_tried_again_and_nothing_is_lost(
    sqlite: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.vault.write_text("a file stands where the vault should be")
    recorder = Recorder(settings, sqlite)
    call = await sqlite.write(recorded)
    raw = spool(settings, call.id)
    async with at_work(recorder):
        recorder.file_later(call.id)
        await until(lambda: "stays in the spool" in caplog.text, "the first failure")
        assert raw.exists()
        settings.vault.unlink()
        await Look(sqlite, call.id).becomes("filed")
    assert not raw.exists()


@pytest.mark.usefixtures("quick")
async def test_filing_twice_is_as_good_as_once(sqlite: Database, settings: Settings) -> None:
    recorder = Recorder(settings, sqlite)
    call = await sqlite.write(recorded)
    spool(settings, call.id)
    async with at_work(recorder):
        recorder.file_later(call.id)
        filed = await Look(sqlite, call.id).becomes("filed")
        recorder.file_later(call.id)
        recorder.file_later("f" * 32)
        other = await sqlite.write(recorded)
        spool(settings, other.id)
        recorder.file_later(other.id)
        await Look(sqlite, other.id).becomes("filed")
    assert await sqlite.read(catalogue.of_call, call.id) == filed
