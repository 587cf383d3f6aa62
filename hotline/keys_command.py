"""`hotline keys show|rotate`: the keys of names, numbers and files, exchanged while nothing runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from config.model import Settings
from db import Database, connect, keyring, resealing, resealing_files
from db.engine import url_of
from db.keyring import KeyRing, UnsafeKeyFile
from db.sealed import Sealer
from floor import controllers
from hotline.numbers import key_file
from hotline.progress import Step, StepFailed, step
from hotline.single import AlreadyRunning, Claim, Running

NAMES = ("hotline", "controller", "console")
"""Each of these works with the keys: none may run meanwhile."""
MOVED_ON = Callable[[str, int], None]


def show(settings: Settings) -> int:
    """Names and days of the keys, never a key."""
    path = key_file(settings)
    try:
        ring = keyring.read(path)
    except FileNotFoundError:
        print(f"  There is no key yet ({path}): the first start makes one.")
        return 0
    except (UnsafeKeyFile, ValueError) as problem:
        print(f"  ✗ {problem}")
        return 1
    zone = ZoneInfo(settings.zone)
    for at, key in enumerate(ring.keys):
        use = "in use" if at == 0 else "being replaced: hotline keys rotate goes on with it"
        print(f"  {key.id}  made {_day(key.made_ms, zone)}  {use}")
    for gone in ring.retired:
        made, until = _day(gone.made_ms, zone), _day(gone.retired_ms, zone)
        print(f"  {gone.id}  made {made}  destroyed {until}")
    return 0


async def rotate(
    settings: Settings, *, batch: int = resealing.BATCH, moved_on: MOVED_ON | None = None
) -> int:
    """Make a new key, carry every row over to it, destroy the old one. Goes on after a stop.

    Args:
        batch: rows in one transaction.
        moved_on: told after each batch (table, rows changed) and file; tests stop it there.
    """
    with ExitStack() as claims:
        try:
            _claim_all(settings, claims)
        except AlreadyRunning:
            print(f"  ✗ The hotline runs on {settings.var}. Stop it first, then say it again.")
            return 1
        path = key_file(settings)
        database = await connect(url_of(settings.database_url, settings.var))
        try:
            await _refuse_while_alive(database)
            told = moved_on or (lambda _table, _rows: None)
            await _rotate(database, settings.attached, path, batch, told)
        finally:
            await database.close()
    return 0


def check(settings: Settings) -> KeyRing:
    """Before anything starts: the keys are there, private, and not half exchanged."""
    advice = "see docs/confidentiality.md, The keys"
    path = key_file(settings)
    try:
        ring = keyring.read_or_make(path)
    except (UnsafeKeyFile, ValueError) as problem:
        raise StepFailed("keys of the numbers", str(problem), advice) from problem
    if ring.rotating:
        raise StepFailed(
            "keys of the numbers",
            f"the exchange of the keys begun on {_day(ring.keys[0].made_ms, ZoneInfo(settings.zone))}"
            " is not finished",
            "say: .venv/bin/python -m hotline keys rotate   (it goes on where it stopped)",
        )
    return ring


async def check_database(settings: Settings, ring: KeyRing) -> None:
    """Whether this is the key of this database."""
    database = await connect(url_of(settings.database_url, settings.var))
    try:
        foreign = await database.read(resealing.foreign, Sealer.of_ring(ring))
    finally:
        await database.close()
    if foreign:
        raise StepFailed(
            "keys of the numbers",
            f"the database was sealed under a key that {key_file(settings)} does not hold",
            "put the file of the keys back that belongs to this database, or the other way round",
        )


def _claim_all(settings: Settings, claims: ExitStack) -> None:
    for name in NAMES:
        claim = Claim(settings.var, name)
        claim.take(Running(os.getpid(), "hotline keys rotate"))
        claims.callback(claim.release)


async def _refuse_while_alive(database: Database) -> None:
    alive = [one.asterisk for one in await database.read(controllers.all_of) if one.alive()]
    if alive:
        raise StepFailed(
            "exchanging the keys",
            f"a controller works on this database ({', '.join(alive)})",
            "stop every controller and console of this database, on every machine",
        )


async def _rotate(
    database: Database, attached: Path, path: Path, batch: int, moved_on: MOVED_ON
) -> None:
    advice = "say it again: it goes on where it stopped"
    with step("a new key", "see to the file of the keys") as running:
        keyring.read_or_make(path)
        ring = keyring.begin_rotation(path)
        running.say(ring.keys[0].id)
    sealer = Sealer.of_ring(ring)
    with step("carrying names and numbers over", advice) as running:
        unreadable = await _carry(database, sealer, batch, moved_on, running)
        for old in ring.keys[1:]:
            await database.write(resealing.withheld, Sealer(old.secret), sealer)
    with step("sealing the files anew", advice) as running:
        damaged = _carry_files(attached, sealer, moved_on, running)
    with step("destroying the old key", advice) as running:
        left, lost = await database.read(_left, sealer)
        left += resealing_files.left(attached, sealer)
        if left > unreadable + len(damaged):
            raise StepFailed("destroying the old key", f"{left} values lie under it", advice)
        keyring.end_rotation(path)
        running.say(", ".join(key.id for key in ring.keys[1:]))
    if unreadable:
        print(f"  {unreadable} rows could be opened with no key; they stay as they were.")
    for name in damaged:
        print(f"  {attached.name}/{name[:2]}/{name} is damaged or of another key; it stays.")
    if lost:
        print(f"  {lost} blocked numbers never called: they have to be blocked anew.")


async def _carry(
    database: Database, sealer: Sealer, batch: int, moved_on: MOVED_ON, running: Step
) -> int:
    done = unreadable = 0
    for table, door in resealing.doors():
        last = None
        while True:
            found = await database.write(door, sealer, last, batch)
            if found.last is None:
                break
            last = found.last
            done += found.changed
            unreadable += found.unreadable
            running.say(f"{done} rows, now {table}")
            moved_on(table, found.changed)
    return unreadable


def _carry_files(attached: Path, sealer: Sealer, moved_on: MOVED_ON, running: Step) -> list[str]:
    """The names of those that could not be opened; nothing else runs, so it may block."""
    done, damaged = 0, []
    for one in resealing_files.carry(attached, sealer):
        done += one.changed
        if one.unreadable:
            damaged.append(one.name)
        running.say(f"{done} files")
        moved_on("files", int(one.changed))
    return damaged


def _left(conn: Connection, sealer: Sealer) -> tuple[int, int]:
    return resealing.left(conn, sealer), resealing.lost(conn)


def _day(at_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d")
