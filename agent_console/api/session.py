"""Signing in and out."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, select

from agent_console import auth, pages, slowdown
from agent_console.api.fields import NO_NUL
from agent_console.api.shown_seat import Seat, shown
from agent_console.auth import Account, SignedIn
from agent_console.context import Context
from agent_console.openapi import COOKIE
from agent_console.operations import Operations
from agent_console.passwords import MAX_PASSWORD
from agent_console.problem import Problem
from agent_console.roles import EVERYBODY
from db.models import unit, unit_member
from floor import seats
from tickets import people

operations = Operations("session")

HOUR_MS = 3600 * 1000


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    login: Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL)]
    password: Annotated[str, Meta(min_length=1, max_length=MAX_PASSWORD)]


class SessionUnit(msgspec.Struct, frozen=True):
    """The unit that a person of role unit belongs to; `head`: she is its head."""

    id: int
    name: str
    head: bool


class Session(msgspec.Struct, frozen=True):
    account: Account
    csrf: str
    demo: bool
    seat: Seat | None
    duties: list[str]
    """What she may do with tickets, of her own or by her role."""
    unit: SessionUnit | None


@operations.add("POST", "/session", "Sign in", roles=None, problems=(401, 429))
async def sign_in(context: Context, *, body: SignIn) -> Session:
    parts = context.parts
    login, address = body.login.strip(), context.address
    keys = slowdown.keys_of(login, address)
    wait_ms = await parts.database.write(slowdown.begin, keys, parts.now_ms())
    if wait_ms:
        raise _wait(wait_ms)
    known = await parts.database.read(auth.credentials, login)
    stored = known.password_hash if known else None
    fits, renewed = await context.services.passwords.check(stored, body.password)
    if known is None or not fits:
        raise Problem(401, "账号或密码不正确", code="wrong-credentials")
    old = context.signed_in
    token, opened = await parts.database.write(
        _begin, known.account, login, address, renewed, old.id if old else None,
        parts.now_ms(), parts.settings.console.session_hours * HOUR_MS,
    )  # fmt: skip
    if old is not None:
        await _close_sockets(context, old.id)
    context.set_cookie(COOKIE, token, parts.settings.console.session_hours * 3600)
    return await _session(context, opened)


@operations.add("GET", "/session", "Who is signed in", roles=EVERYBODY)
async def read_session(context: Context) -> Session:
    return await _session(context, context.session)


@operations.add("DELETE", "/session", "Sign out", roles=EVERYBODY)
async def sign_out(context: Context) -> None:
    session = context.session
    seat = await context.parts.database.write(_end, session.id, session.account.id)
    context.drop_cookie(COOKIE)
    await _close_sockets(context, session.id)
    if seat is not None:
        await context.services.phones.remove(seat.endpoint)


def _wait(wait_ms: int) -> Problem:
    seconds = math.ceil(wait_ms / 1000)
    return Problem(
        429,
        f"登录失败次数较多，请在 {seconds} 秒后再试",
        code="slow-down",
        headers={"Retry-After": str(seconds)},
    )


def _begin(
    conn: Connection, who: Account, login: str, address: str, renewed: str | None,
    old: str | None, now_ms: int, length_ms: int,
) -> tuple[str, SignedIn]:  # fmt: skip
    slowdown.succeed(conn, login, address, now_ms)
    if renewed:
        auth.keep_hash(conn, who.id, renewed)
    if old:
        auth.close_session(conn, old)
    return auth.open_session(conn, who, now_ms, length_ms)


def _end(conn: Connection, session_id: str, account_id: int) -> seats.Seat | None:
    """End the session; with the last one of an account her seat goes offline."""
    auth.close_session(conn, session_id)
    seat = seats.of_account(conn, account_id)
    if seat is None or auth.has_session(conn, account_id):
        return None
    pages.telephone_gone(conn, seat)
    return seats.go_offline(conn, seat.id, "signed_out")


async def _close_sockets(context: Context, session_id: str) -> None:
    await context.services.hub.end_session(session_id)
    await context.services.sip.end_session(session_id)


async def _session(context: Context, signed_in: SignedIn) -> Session:
    demo = context.parts.settings.console.demo
    return await context.parts.database.read(_shown, signed_in, demo)


def _shown(conn: Connection, signed_in: SignedIn, demo: bool) -> Session:
    who = signed_in.account
    seat = seats.of_account(conn, who.id)
    actor = people.actor_of(conn, who.id, who.role)
    member = (
        select(unit.c.id, unit.c.name, unit_member.c.head)
        .join(unit_member, unit_member.c.unit_id == unit.c.id)
        .where(unit_member.c.account_id == who.id)
    )
    row = conn.execute(member).one_or_none() if who.role == "unit" else None
    return Session(
        who,
        signed_in.csrf,
        demo,
        shown(seat) if seat else None,
        sorted(actor.duties),
        SessionUnit(*row) if row else None,
    )
