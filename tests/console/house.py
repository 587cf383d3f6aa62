"""A running console with people in it, and browsers for them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from argon2 import PasswordHasher
from sqlalchemy import Connection
from yarl import URL

from agent_console.accounts import add_account
from agent_console.parts import KeptNumber, Parts
from agent_console.passwords import Passwords
from agent_console.server import Console
from config.model import Settings
from db import Database
from db.feed import last_seq
from db.keyring import KEY_BYTES
from db.sealed import Sealer
from floor import calls, legs, seats
from recordings import catalogue
from tests.console.clock import Clock
from tickets import store

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "made-up-password"
API = "/api/v1"
LIMIT_S = 10.0
ROLES = {
    "agent": "agent", "agent2": "agent", "expert": "expert", "supervisor": "supervisor",
    "unit": "unit", "admin": "admin",
}  # fmt: skip
SEATED = ("agent", "agent2")
SEALER = Sealer(b"k" * KEY_BYTES)


def caller_hash(number: str) -> str:
    return hashlib.sha256(f"key:{number}".encode()).hexdigest()


@dataclass
class Answer:
    """An answer that was read to its end."""

    status: int
    headers: Any
    body: bytes
    json: Any = None

    @property
    def problem(self) -> str:
        """The last part of a problem's type."""
        assert self.headers["Content-Type"].split(";")[0] == "application/problem+json", self.body
        assert set(self.json) >= {"type", "title", "status", "detail"}
        assert self.json["status"] == self.status
        assert "Traceback" not in self.body.decode()
        return str(self.json["type"]).rsplit(":", 1)[1]


@dataclass
class Browser:
    """A client with cookies that speaks as a page of the console does."""

    url: str
    http: aiohttp.ClientSession
    csrf: str = ""
    origin: str = ""
    seat_id: int = 0
    account_id: int = 0
    sockets: list[aiohttp.ClientWebSocketResponse] = field(default_factory=list)
    caught_up: Callable[[], Awaitable[object]] | None = None

    def headers(self) -> dict[str, str]:
        headers = {"Origin": self.origin or self.url}
        return headers | ({"X-CSRF-Token": self.csrf} if self.csrf else {})

    def cookie(self, name: str) -> str:
        return self.http.cookie_jar.filter_cookies(URL(self.url))[name].value

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        headers = self.headers() | more.pop("headers", {})
        path = path if path.startswith(("/api", "/healthz", "/sip")) else API + path
        async with self.http.request(
            method, self.url + path, json=body, headers=headers, **more
        ) as answer:
            raw = await answer.read()
            kind = answer.headers.get("Content-Type", "")
            read = await answer.json(content_type=None) if "json" in kind and raw else None
            return Answer(answer.status, answer.headers, raw, read)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.ask("POST", path, body, **more)

    async def sign_in(self, login: str, password: str = PASSWORD) -> Answer:
        answer = await self.post("/session", {"login": login, "password": password})
        if answer.status == 200:
            self.csrf = answer.json["csrf"]
            self.account_id = answer.json["account"]["id"]
            self.seat_id = answer.json["seat"]["id"] if answer.json["seat"] else 0
        return answer

    async def open(
        self, path: str, protocols: tuple[str, ...] = (), **headers: str
    ) -> aiohttp.ClientWebSocketResponse:
        socket = await self.http.ws_connect(
            self.url.replace("http", "ws", 1) + path,
            protocols=protocols,
            headers=self.headers() | headers,
            timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
        )
        self.sockets.append(socket)
        return socket

    async def live(
        self, since: int | None = None, *, at_once: bool = False
    ) -> aiohttp.ClientWebSocketResponse:
        """Open the live changes.

        Without `since` it hears only of what is done from now on: what was done before was told
        to everybody, which the reader of the feed alone does not promise. Not so with `at_once`.
        """
        if since is None and self.caught_up and not at_once:
            await self.caught_up()
        return await self.open(f"{API}/live" + ("" if since is None else f"?since={since}"))


class House:
    """A console and its people: agent, agent2 (with seats), expert, supervisor, unit, admin."""

    def __init__(self, console: Console, database: Database, people: bool = True) -> None:
        self._people = people
        self.console = console
        self.database = database
        self._browsers: list[Browser] = []
        self._signed_in: dict[str, Browser] = {}

    async def __aenter__(self) -> Self:
        if self._people:
            await self.database.write(_people)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for browser in self._browsers:
            for socket in browser.sockets:
                await socket.close()
            await browser.http.close()

    def browser(self) -> Browser:
        """A new browser without cookies."""
        jar = aiohttp.CookieJar(unsafe=True)
        http = aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=LIMIT_S))
        browser = Browser(self.console.url, http, caught_up=self.read_up)
        self._browsers.append(browser)
        return browser

    async def signed_in(self, login: str) -> Browser:
        """The browser of this person, signed in once."""
        if login not in self._signed_in:
            browser = self.browser()
            answer = await browser.sign_in(login)
            assert answer.status == 200, answer.body
            self._signed_in[login] = browser
        return self._signed_in[login]

    async def read_up(self) -> int:
        """The newest change, once this process's reader and the screens have got there."""
        newest: int = await self.database.read(last_seq)
        hub = self.console.services.hub
        await until(lambda: self.database.feed.seq >= newest and not hub._gathered)
        return newest

    async def do(self, fn: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Run a door."""
        return await self.database.write(fn, *args, **more)


@asynccontextmanager
async def serve(
    settings: Settings,
    database: Database,
    dist: Path,
    clock: Clock,
    *,
    people: bool = True,
    seals: bool = False,
) -> AsyncIterator[House]:
    """A running console with its people; sees that it leaves nothing behind.

    Args:
        people: False when they are in the database already.
        seals: numbers are sealed and hashed in earnest, so that they can be opened again.
    """
    parts = Parts(
        settings, database, "made-up", SEALER.find if seals else caller_hash,
        seal_number if seals else keep_number, SEALER, now_ms=clock, web=dist,
    )  # fmt: skip
    async with Console(parts, Passwords(HASHER)) as console:
        async with House(console, database, people) as ready:
            yield ready
        died = console.failed.done() and not console.failed.cancelled()
        assert not died, "a background task of the console died"
    left = [t for t in asyncio.all_tasks() if t.get_name().startswith(("console-", "sip-"))]
    assert not left, "tasks of the console are left"


def _people(conn: Connection) -> None:
    password_hash = HASHER.hash(PASSWORD)
    for login, role in ROLES.items():
        made = add_account(conn, login, f"{login}-name", role, password_hash)
        if login in SEATED:
            seats.create(conn, made, f"{login}-seat", {"business": 1})


def call_id(n: int) -> str:
    return f"{n:032x}"


def arrive(
    conn: Connection, n: int = 1, number: str = "13800000001", *, direction: str = "in",
    owner: int | None = None,
) -> calls.Call:  # fmt: skip
    """A call in its greeting, or one that we are making (`direction` out)."""
    return calls.begin(
        conn,
        call_id=call_id(n),
        asterisk="a1",
        line="main",
        trunk="local",
        caller_hash=caller_hash(number),
        caller_sealed="sealed",
        caller_masked=f"{number[:3]}****{number[-4:]}",
        channel=f"channel-{n:08d}",
        direction=direction,
        stage="greeting" if direction == "in" else "dialling",
        owner_seat_id=owner,
    )


def talk(conn: Connection, seat_id: int, account_id: int, n: int = 1) -> store.Ticket:
    """A call that this seat answered, with its ticket and its recording."""
    one = arrive(conn, n)
    calls.step(conn, one.id, "queued", queue="business")
    seats.set_phone(conn, seat_id, True)
    found = seats.get(conn, seat_id)
    if found and found.state != "available":
        seats.go_available(conn, seat_id)
    seats.reserve(conn, seat_id, one.id)
    seats.ring(conn, seat_id)
    calls.step(conn, one.id, "offered", seat=seat_id, seat_channel=f"seat-channel-{n}")
    legs.add(conn, f"leg-{n:08d}", one.id, "agent", seat_id)
    seats.answer(conn, seat_id)
    legs.answered(conn, f"leg-{n:08d}")
    catalogue.begin(conn, one.id)
    ticket = store.draft(
        conn, call_id=one.id, source="call", caller_hash=one.caller_hash,
        caller_masked=one.caller_masked, account_id=account_id,
    )  # fmt: skip
    kept_legs = [party(one.channel, "caller"), party(f"leg-{n:08d}", "agent", seat_id, kind="seat")]
    calls.step(
        conn, one.id, "answered", bridge=f"bridge-{n}", ticket=ticket.id, owner=seat_id,
        talk={"legs": kept_legs, "owner_seat": seat_id, "state": "talking"},
    )  # fmt: skip
    return ticket


def party(
    leg: str, role: str, seat_id: int | None = None, *, kind: str = "", place: str = "in",
    label: str = "", expert_id: int | None = None, auto: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """A leg of a conversation, as the controller keeps it with the call."""
    return {
        "id": leg, "role": role, "place": place, "kind": kind, "label": label, "seat_id": seat_id,
        "expert_id": expert_id, "muted": False, "auto": auto, "since_ms": 1,
    }  # fmt: skip


def converse(
    conn: Connection, state: str, *more: dict[str, Any], n: int = 1, owner: int | None = None
) -> None:
    """The conversation of call `n` takes another state, with these legs besides."""
    found = calls.get(conn, call_id(n))
    assert found
    assert found.conversation
    talk = {**found.conversation, "state": state, "owner_seat": owner or found.owner_seat_id}
    talk["legs"] = [*talk["legs"], *more]
    calls.step(
        conn, found.id, "conversed", talk=talk, caller_held=state == "held",
        seat=found.seat_id, seat_channel=found.seat_channel, owner=talk["owner_seat"],
    )  # fmt: skip


def keep_number(typed: str) -> KeptNumber | None:
    """As the wiring's, with numbers of eleven digits (and 110) alone."""
    digits = typed.replace(" ", "")
    if digits == "110":
        return KeptNumber("sealed:110", "110")
    if len(digits) != 11 or not digits.isdecimal():
        return None
    return KeptNumber(f"sealed:{digits[-4:]}", f"{digits[:3]}****{digits[-4:]}")


def seal_number(typed: str) -> KeptNumber | None:
    """As `keep_number`, with a seal that opens."""
    kept = keep_number(typed)
    return kept and KeptNumber(SEALER.seal(typed.replace(" ", "")), kept.masked)


async def until(condition: Callable[[], Awaitable[bool]] | Callable[[], bool]) -> None:
    """Wait for a condition, with a limit."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            found = condition()
            if await found if not isinstance(found, bool) else found:
                return
            await asyncio.sleep(0.01)
