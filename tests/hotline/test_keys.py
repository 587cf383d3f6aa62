"""`hotline keys`: exchanged while nothing runs, gone on with after a kill at any point."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, insert, select

from config.load import load
from config.model import Settings
from db import Database, connect, keyring, resealing, resealing_files
from db.models import call
from db.sealed import Sealer
from db.sealed_files import SealedWriter, open_file
from floor import controllers
from hotline import keys_command
from hotline.cli import main
from hotline.numbers import key_file
from hotline.progress import StepFailed
from hotline.single import Claim, Running
from tests.db.databases import new_sqlite
from tests.support.ports import free_port
from tests.support.settings import ROOT

T = TypeVar("T")

CALLS = 23
STOPPED_AT = """
import asyncio, sys
from config.load import load
from hotline import keys_command

seen = 0
def moved_on(table, rows):
    global seen
    seen += 1
    if seen == int(sys.argv[1]):
        print("here", flush=True)
        sys.stdin.readline()

asyncio.run(keys_command.rotate(load(), batch=4, moved_on=moved_on))
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A place of its own with calls under its first key."""
    monkeypatch.setenv("HOTLINE_VAR", str(tmp_path / "var"))
    found = load()
    new_sqlite(found.var, "hotline.db")
    asyncio.run(_doing(found, fill, Sealer.of_file(key_file(found))))
    return found


def url(settings: Settings) -> str:
    return f"sqlite:///{settings.var / 'hotline.db'}"


async def _doing(settings: Settings, door: Callable[..., T], *args: Any) -> T:
    database: Database = await connect(url(settings))
    try:
        return await database.write(door, *args)
    finally:
        await database.close()


def fill(conn: Connection, sealer: Sealer) -> None:
    for n in range(CALLS):
        number = f"1380000{n:04d}"
        conn.execute(
            insert(call).values(
                id=f"{n:032x}", asterisk="a", line="main", trunk="t", stage="ended",
                caller_hash=sealer.find(number), caller_sealed=sealer.seal(number),
                caller_masked="x", channel="c", started_ms=n, ended_ms=1, held=False,
                recording_paused=False, direction="in", head=False,
            )
        )  # fmt: skip


def numbers(conn: Connection, sealer: Sealer) -> list[str]:
    """Every caller, opened; each must be found by its hash too."""
    found = []
    for row in conn.execute(select(call.c.caller_hash, call.c.caller_sealed).order_by(call.c.id)):
        number = sealer.open(row.caller_sealed)
        assert row.caller_hash == sealer.find(number)
        found.append(number)
    return found


def carry_all(conn: Connection, sealer: Sealer) -> None:
    for _, door in resealing.doors():
        door(conn, sealer, None, 1000)


def left(conn: Connection, sealer: Sealer) -> int:
    return resealing.left(conn, sealer)


def test_the_keys_are_exchanged_and_the_old_one_is_gone(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = key_file(settings)
    old = keyring.read(path).keys[0]
    assert main(["keys", "rotate"]) == 0
    ring = keyring.read(path)
    assert not ring.rotating
    assert [gone.id for gone in ring.retired] == [old.id]
    told = asyncio.run(_doing(settings, numbers, Sealer.of_file(path)))
    assert told == [f"1380000{n:04d}" for n in range(CALLS)]
    capsys.readouterr()
    assert main(["keys", "show"]) == 0
    shown = capsys.readouterr().out
    assert f"{ring.keys[0].id}  made" in shown
    assert f"{old.id}  made" in shown
    for secret in (old.secret, ring.keys[0].secret):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


def test_files_are_exchanged_with_the_rows_and_clear_ones_are_sealed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    contents = [b"clear as it was", b"sealed before" * 20_000, b"damaged"]
    old = Sealer.of_file(key_file(settings))
    for content in contents:
        path = stored(settings, content)
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            if content is contents[0]:
                file.write(content)
                continue
            writer = SealedWriter(file, old)
            writer.write(content)
            writer.finish()
    stored(settings, b"damaged").write_bytes(stored(settings, b"damaged").read_bytes()[:-3])
    assert main(["keys", "rotate"]) == 0
    assert f"{stored(settings, b'damaged').name} is damaged" in capsys.readouterr().out
    newest = Sealer.of_file(key_file(settings))
    assert newest.key_id != old.key_id
    for content in contents[:2]:
        with open_file(stored(settings, content), newest) as file:
            assert file.read() == content
        assert content not in stored(settings, content).read_bytes()


def stored(settings: Settings, content: bytes) -> Path:
    return resealing_files.path_of(settings.attached, hashlib.sha256(content).hexdigest())


def test_given_a_kill_between_rows_and_files_then_the_old_key_is_there_still(
    settings: Settings,
) -> None:
    content = b"sealed before"
    path = stored(settings, content)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        writer = SealedWriter(file, Sealer.of_file(key_file(settings)))
        writer.write(content)
        writer.finish()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(keys_command.rotate(settings, moved_on=_stop_at_the_files))
    ring = keyring.read(key_file(settings))
    assert ring.rotating
    with open_file(path, Sealer.of_ring(ring)) as opened:
        assert opened.read() == content
    assert main(["keys", "rotate"]) == 0
    with open_file(path, Sealer.of_file(key_file(settings))) as opened:
        assert opened.read() == content


def _stop_at_the_files(table: str, _rows: int) -> None:
    if table == "files":
        raise KeyboardInterrupt


@pytest.mark.parametrize("batch", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 5))])
def test_given_a_rotation_was_killed_when_it_is_said_again_then_it_goes_on(
    settings: Settings, batch: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = key_file(settings)
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED_AT, str(batch)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "HOTLINE_VAR": str(settings.var)},
    ) as rotating:  # fmt: skip
        assert rotating.stdout is not None
        try:
            assert any(line.strip() == "here" for line in rotating.stdout), "it never came so far"
            refused = main(["keys", "rotate"])
        finally:
            rotating.send_signal(signal.SIGKILL)
    assert refused == 1
    assert "runs on" in capsys.readouterr().out
    ring = keyring.read(path)
    assert ring.rotating
    newest = Sealer.of_ring(ring)
    waiting = asyncio.run(_doing(settings, left, newest))
    assert 0 < waiting <= CALLS - (batch - 1) * 4
    with pytest.raises(StepFailed, match="is not finished") as refusal:
        keys_command.check(settings)
    assert "keys rotate" in refusal.value.advice
    assert main(["keys", "rotate"]) == 0
    assert keyring.read(path).keys == ring.keys[:1]
    told = asyncio.run(_doing(settings, numbers, Sealer.of_file(path)))
    assert told == [f"1380000{n:04d}" for n in range(CALLS)]
    keys_command.check(settings)


@pytest.mark.slow
def test_given_an_unfinished_rotation_then_the_hotline_does_not_start_and_says_why(
    settings: Settings,
) -> None:
    keyring.begin_rotation(key_file(settings))
    started = subprocess.run(
        [sys.executable, "-m", "hotline", "console"],
        env={**os.environ, "HOTLINE_VAR": str(settings.var), "HOTLINE_CONSOLE_PORT": str(free_port())},
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
    )  # fmt: skip
    assert started.returncode == 1
    assert "is not finished" in started.stderr
    assert "hotline keys rotate" in started.stderr
    assert "Traceback" not in started.stderr + started.stdout


def test_given_it_was_killed_before_the_first_or_after_the_last_row_then_it_goes_on(
    settings: Settings,
) -> None:
    path = key_file(settings)
    begun = keyring.begin_rotation(path)
    assert main(["keys", "rotate"]) == 0
    assert keyring.read(path).keys == begun.keys[:1]
    begun = keyring.begin_rotation(path)
    everything = Sealer.of_ring(begun)
    asyncio.run(_doing(settings, carry_all, everything))
    assert asyncio.run(_doing(settings, left, everything)) == 0
    assert main(["keys", "rotate"]) == 0
    told = asyncio.run(_doing(settings, numbers, Sealer.of_file(path)))
    assert len(told) == CALLS


@pytest.mark.parametrize("name", ["hotline", "controller", "console"])
def test_given_something_runs_here_then_the_keys_stay_as_they_are(
    settings: Settings, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = key_file(settings).read_bytes()
    claim = Claim(settings.var, name)
    claim.take(Running(1, "here"))
    try:
        assert main(["keys", "rotate"]) == 1
    finally:
        claim.release()
    assert "Stop it first" in capsys.readouterr().out
    assert key_file(settings).read_bytes() == before


def test_given_a_controller_elsewhere_works_on_the_database_then_the_keys_stay(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    def alive(conn: Connection) -> None:
        controllers.take_over(conn, "elsewhere", "token")
        controllers.beat(conn, "elsewhere", "token", "ready")

    asyncio.run(_doing(settings, alive))
    before = key_file(settings).read_bytes()
    assert main(["keys", "rotate"]) == 1
    assert "elsewhere" in capsys.readouterr().err
    assert key_file(settings).read_bytes() == before


def test_given_a_file_that_others_may_read_then_nothing_starts(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    key_file(settings).chmod(0o644)
    with pytest.raises(StepFailed, match="chmod 600"):
        keys_command.check(settings)
    assert main(["keys", "show"]) == 1
    assert "chmod 600" in capsys.readouterr().out


def test_given_the_key_of_another_database_then_it_is_said(settings: Settings) -> None:
    ring = keys_command.check(settings)
    asyncio.run(keys_command.check_database(settings, ring))
    key_file(settings).unlink()
    other = keys_command.check(settings)
    with pytest.raises(StepFailed, match="does not hold"):
        asyncio.run(keys_command.check_database(settings, other))


def test_given_no_key_yet_then_it_is_said(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    key_file(settings).unlink()
    assert main(["keys", "show"]) == 0
    assert "no key yet" in capsys.readouterr().out
    assert not key_file(settings).exists()
