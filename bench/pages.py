"""What 200 open pages cost the console while they follow a busy floor, and how late they are.

Each page is a WebSocket on `/live` as a browser's is: signed in, answering pings, reading all it is
told. The floor's process is measured twice at the same calls a second: without pages and with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
from sqlalchemy import Connection

from agent_console import auth
from agent_console.accounts import add_account
from agent_console.openapi import COOKIE
from bench.cpu import process_s
from bench.latency import Figures, figures
from config.model import Settings
from db import connect
from db.engine import url_of
from db.migrate import migrate
from floor import seats
from hotline.address import address_of
from tests.support.process import Part
from tests.support.settings import make_settings

HEADS = 5
"""So many of the pages are supervisors', who are told everything; the rest are agents'."""
SETTLE_S = 2.0
_NOBODY = "$argon2id$none"


@dataclass(frozen=True, slots=True)
class Plan:
    pages: int
    calls_a_second: float
    """200 seats at three minutes a call are 1.1."""
    seconds: float


FULL = Plan(pages=200, calls_a_second=2.0, seconds=30.0)
SHORT = Plan(pages=20, calls_a_second=2.0, seconds=4.0)


@dataclass(slots=True)
class Found:
    """`cpu_share` is seconds of CPU of the floor's process a second: 1.0 is a whole core."""

    plan: Plan
    without_pages: float = 0.0
    with_pages: float = 0.0
    messages: int = 0
    changes: int = 0
    delay: Figures | None = None
    failures: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The keys a reader may count on."""
        cost = max(0.0, self.with_pages - self.without_pages) * self.plan.seconds
        return {
            "pages": self.plan.pages,
            "calls_per_second": self.plan.calls_a_second,
            "seconds": self.plan.seconds,
            "cpu_share_without_pages": round(self.without_pages, 4),
            "cpu_share_with_pages": round(self.with_pages, 4),
            "changes": self.changes,
            "messages": self.messages,
            "cpu_us_per_message": round(cost / self.messages * 1e6, 1) if self.messages else None,
            "change_to_page_ms": self.delay.as_json() if self.delay else None,
            "failures": self.failures,
        }


class _Told(msgspec.Struct):
    """A message of `/live`; of a change the time it was made."""

    type: str
    at_ms: int = 0


_decode = msgspec.json.Decoder(_Told).decode


@dataclass(slots=True)
class Page:
    """One open page: how late each change came, in seconds."""

    late_s: list[float] = field(default_factory=list)
    closed: bool = False

    async def follow(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        """Until cancelled."""
        headers = {"Cookie": f"{COOKIE}={token}", "Origin": url}
        async with http.ws_connect(f"{url}/api/v1/live", headers=headers) as socket:
            async for message in socket:
                told = _decode(message.data)
                if told.type == "change":
                    self.late_s.append(time.time() - told.at_ms / 1000)
                elif told.type == "ping":
                    await socket.send_str('{"type":"pong"}')
        self.closed = True


async def measure(plan: Plan, directory: Path) -> Found:
    """Both halves, one after the other on one floor."""
    settings = make_settings(directory)
    settings.var.mkdir(parents=True, exist_ok=True)
    tokens = await _furnish(settings, plan.pages)
    found = Found(plan)
    floor = _Busy("floor", settings, directory, plan.calls_a_second)
    await floor.start()
    try:
        await asyncio.sleep(SETTLE_S)
        found.without_pages = await _share(floor.pid, plan.seconds)
        async with _pages(address_of(settings), tokens) as pages:
            await asyncio.sleep(SETTLE_S)
            for page in pages:
                page.late_s.clear()
            found.with_pages = await _share(floor.pid, plan.seconds)
            late = [one for page in pages for one in page.late_s]
            closed = sum(page.closed for page in pages)
    finally:
        await floor.stop()
    found.messages, found.changes = len(late), max(len(page.late_s) for page in pages)
    found.delay = figures(late)
    if closed or not late:
        found.failures.append(f"pages: {closed} were closed, {len(late)} messages came")
    return found


class _Busy(Part):
    """The floor's process (`bench.floor`)."""

    def __init__(self, name: str, settings: Settings, directory: Path, rate: float) -> None:
        super().__init__(name, settings, directory)
        self._rate = rate

    def command(self) -> list[str]:
        self._file.write_bytes(pickle.dumps(self._settings))
        return [sys.executable, "-m", "bench.floor", str(self._file), str(self._rate)]


async def _share(pid: int, seconds: float) -> float:
    before, began = process_s(pid), time.monotonic()
    await asyncio.sleep(seconds)
    return (process_s(pid) - before) / (time.monotonic() - began)


async def _furnish(settings: Settings, count: int) -> list[str]:
    """Seats, and a session for each person: their cookies."""
    url = url_of(settings.database_url, settings.var)
    await asyncio.to_thread(migrate, url)
    db = await connect(url)

    def one(conn: Connection, n: int) -> str:
        role = "supervisor" if n < HEADS else "agent"
        account = add_account(conn, f"page{n}", f"话务员{n}", role, _NOBODY)
        seat = seats.create(conn, account, f"话务员{n}", {"business": 1})
        seats.set_phone(conn, seat.id, True)
        seats.go_available(conn, seat.id)
        who = auth.Account(account, f"page{n}", f"话务员{n}", role)
        token, _ = auth.open_session(conn, who, int(time.time() * 1000), 3_600_000)
        return token

    try:
        return [await db.write(one, n) for n in range(count)]
    finally:
        await db.close()


@asynccontextmanager
async def _pages(url: str, tokens: list[str]) -> AsyncIterator[list[Page]]:
    pages = [Page() for _ in tokens]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        tasks = [
            asyncio.create_task(page.follow(http, url, token))
            for page, token in zip(pages, tokens, strict=True)
        ]
        try:
            yield pages
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                for problem in await asyncio.gather(*tasks, return_exceptions=True):
                    if isinstance(problem, Exception):
                        raise problem
