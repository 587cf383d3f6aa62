"""What is measured: one Asterisk, in it a plain queue (A), and our whole house beside it (B).

A is what any Asterisk handbook shows: Answer, MixMonitor, Playback, Queue. Its notice is our
greeting, cut to the moment at which B's callers press their key, so that both play as much.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, func, select

from agent_console.accounts import add_account
from bench.cpu import Spent, process_s, threads_s
from config.model import Queue, Settings
from db import Database, connect
from db.engine import url_of
from db.migrate import migrate
from db.models import call as call_table
from db.models import recording, ticket
from floor import seats
from hotline.testphone.alaw import RATE_HZ
from hotline.testphone.twin import free_udp_port
from ivr.speech.prompts import Prompts
from tests.support.asterisk import Running, running_asterisk
from tests.support.process import Part
from tests.support.settings import make_settings

PLAIN = "90001"
"""Dialled for A; B is the hotline's own number."""
OURS = "12345"
READY_S = 60.0
QUIET_S = 60.0
RTP_PORTS = 8000

_EXTENSIONS = """
[from-local](+)
exten = {number},1,Answer()
 same = n,MixMonitor({recordings}/${{UNIQUEID}}.wav)
 same = n,Playback({notice})
 same = n,Queue(bench,,,,600)
 same = n,Hangup()
"""
_QUEUE = """
[bench]
musicclass = default
strategy = leastrecent
timeout = 15
retry = 1
wrapuptime = 0
ringinuse = no
joinempty = yes
leavewhenempty = no
announce-position = no
announce-holdtime = no
"""


@dataclass(slots=True)
class House:
    """The running thing under measurement."""

    settings: Settings
    asterisk: Running
    ours: Part
    seat_port: int
    expert_port: int
    """Where the trunk leads: whoever is called out of the house."""
    directory: Path

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.asterisk.sip_port)

    def spent(self) -> Spent:
        """CPU seconds so far. SQLite runs inside our process, in threads of its own."""
        assert self.asterisk.process.pid is not None
        database = threads_s(self.ours.pid, "db-")
        return Spent(
            process_s(self.asterisk.process.pid), process_s(self.ours.pid) - database, database
        )

    async def quiet(self) -> None:
        """Wait until no channel is left and every recording of ours is filed."""
        db = await self._open()
        try:
            async with asyncio.timeout(QUIET_S):
                while await db.read(_unfinished) or await self.asterisk.channels():  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        finally:
            await db.close()

    async def kept(self) -> Kept:
        """What our side has written so far."""
        db = await self._open()
        try:
            return await db.read(_kept)
        finally:
            await db.close()

    async def _open(self) -> Database:
        return await connect(url_of(self.settings.database_url, self.settings.var))


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows: calls that ended with a talk, their tickets, their filed recordings."""

    calls: int
    tickets: int
    recordings: int


def _kept(conn: Connection) -> Kept:
    def count(statement: object) -> int:
        found: int = conn.execute(statement).scalar_one()  # type: ignore[call-overload]
        return found

    talked = select(func.count()).select_from(call_table)
    talked = talked.where(call_table.c.talk_ms.is_not(None), call_table.c.ended_ms.is_not(None))
    filed = select(func.count()).select_from(recording).where(recording.c.state == "filed")
    return Kept(count(talked), count(select(func.count()).select_from(ticket)), count(filed))


def _unfinished(conn: Connection) -> bool:
    running = select(recording.c.id).where(recording.c.state == "running")
    return conn.execute(running).first() is not None


@asynccontextmanager
async def house(
    directory: Path, seat_count: int, key_at_s: float, database_url: str = ""
) -> AsyncIterator[House]:
    """Start it, furnish `seat_count` seats, hand it out, stop it."""
    seat_port, expert_port = free_udp_port("127.0.0.1"), free_udp_port("127.0.0.1")
    settings = _settings(directory, database_url, expert_port)
    settings.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(Prompts(settings).render)
    url = url_of(settings.database_url, settings.var)
    await asyncio.to_thread(migrate, url)
    async with running_asterisk(settings=settings) as asterisk:
        ours = _Ours("hotline", settings, directory)
        running = House(settings, asterisk, ours, seat_port, expert_port, directory)
        await ours.start()
        try:
            endpoints = await _furnish(running, seat_count, url)
            await _add_plain_queue(running, endpoints, key_at_s)
            yield running
        finally:
            await ours.stop()


class _Ours(Part):
    """As a test's, but with named threads (see `bench.ours`)."""

    def command(self) -> list[str]:
        self._file.write_bytes(pickle.dumps(self._settings))
        return [sys.executable, "-m", "bench.ours", str(self._file)]


def _settings(directory: Path, database_url: str, expert_port: int) -> Settings:
    made = make_settings(directory, database_url=database_url)
    first = 20_000 + os.getpid() % 20 * 100
    asterisk = replace(
        made.asterisk, managed=False, rtp_first=first, rtp_last=first + RTP_PORTS - 1
    )

    def plain(queue: Queue) -> Queue:
        return replace(queue, wrap_up_s=0.0, max_wait_s=900.0, announce_first_s=900.0)

    return replace(
        made,
        asterisk=asterisk,
        trunks=(replace(made.trunks[0], addresses=(f"127.0.0.1:{expert_port}",)),),
        queues=tuple(plain(queue) for queue in made.queues),
        recording=replace(made.recording, min_free_mb=1),
    )


async def _furnish(running: House, count: int, url: str) -> list[str]:
    db = await connect(url)

    def one(conn: Connection, n: int) -> int:
        account = add_account(conn, f"seat{n}", f"话务员{n}", "agent", "$argon2id$none")
        seat = seats.create(conn, account, f"话务员{n}", {"business": 1})
        seats.set_phone(conn, seat.id, True)
        return seat.id

    try:
        ids = [await db.write(one, n) for n in range(count)]
        endpoints = [await running.asterisk.push_seat(n, running.seat_port) for n in ids]
        for n in ids:
            await db.write(seats.go_available, n)
    finally:
        await db.close()
    return endpoints


async def _add_plain_queue(running: House, endpoints: list[str], key_at_s: float) -> None:
    etc = running.settings.var.resolve() / "asterisk" / "etc"
    sounds = running.settings.sounds.resolve()
    notice = sounds / "bench" / "notice"
    notice.parent.mkdir(parents=True, exist_ok=True)
    greeting = (sounds / "zh" / "greeting.alaw").read_bytes()
    notice.with_suffix(".alaw").write_bytes(greeting[: round(key_at_s * RATE_HZ)])
    recordings = running.directory / "plain"
    recordings.mkdir(exist_ok=True)
    with (etc / "extensions.conf").open("a", encoding="utf-8") as file:
        file.write(_EXTENSIONS.format(number=PLAIN, recordings=recordings, notice=notice))
    with (etc / "queues.conf").open("a", encoding="utf-8") as file:
        file.write(_QUEUE + "".join(f"member = PJSIP/{endpoint}\n" for endpoint in endpoints))
    for module in ("pbx_config.so", "app_queue.so"):
        async with running.asterisk.http.put(f"/ari/asterisk/modules/{module}") as answer:
            answer.raise_for_status()
