"""Sessions: who is signed in, kept as the hash of a random token.

The token itself lies only in the browser's cookie, which no script can read. A
session ends when its time is over, when nobody used it for `IDLE_MS`, when the account
is disabled, or at sign-out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from db.models import account, session

IDLE_MS = 60 * 60 * 1000
"""An open page keeps its session alive through its WebSocket."""
SEEN_EVERY_MS = 60 * 1000
"""How finely `seen_ms` is kept: a write a minute, not one a request."""


class Account(msgspec.Struct, frozen=True):
    """Who is signed in."""

    id: int
    login: str
    name: str
    role: str


class SignedIn(msgspec.Struct, frozen=True):
    """A session as the console works with it; `id` is the hash of its token."""

    id: str
    csrf: str
    account: Account
    expires_ms: int
    seen_ms: int

    def csrf_fits(self, token: str) -> bool:
        return hmac.compare_digest(self.csrf.encode(), token.encode())


class Credentials(msgspec.Struct, frozen=True):
    """What a sign-in is checked against."""

    account: Account
    password_hash: str


def token_hash(token: str) -> str:
    """Under what a token is kept: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def credentials(conn: Connection, login: str) -> Credentials | None:
    """The account behind a login; None when there is none or it is disabled."""
    row = conn.execute(
        select(account).where(account.c.login == login, account.c.disabled.is_(False))
    ).one_or_none()
    if row is None:
        return None
    return Credentials(Account(row.id, row.login, row.name, row.role), row.password_hash)


def open_session(
    conn: Connection, who: Account, now_ms: int, length_ms: int
) -> tuple[str, SignedIn]:
    """Begin a session; returns the token for the cookie and the session."""
    token = secrets.token_urlsafe(32)
    opened = SignedIn(token_hash(token), secrets.token_urlsafe(24), who, now_ms + length_ms, now_ms)
    conn.execute(
        insert(session).values(
            token_hash=opened.id,
            account_id=who.id,
            csrf=opened.csrf,
            created_ms=now_ms,
            seen_ms=now_ms,
            expires_ms=opened.expires_ms,
        )
    )
    return token, opened


def find_session(conn: Connection, session_id: str, now_ms: int) -> SignedIn | None:
    """The session of this token's hash, if it still counts."""
    row = conn.execute(
        select(session, account.c.login, account.c.name, account.c.role)
        .join(account, account.c.id == session.c.account_id)
        .where(session.c.token_hash == session_id, _alive(now_ms))
    ).one_or_none()
    if row is None:
        return None
    who = Account(row.account_id, row.login, row.name, row.role)
    return SignedIn(row.token_hash, row.csrf, who, row.expires_ms, row.seen_ms)


def still_alive(conn: Connection, session_ids: list[str], now_ms: int) -> set[str]:
    """Which of these sessions still count."""
    rows = conn.execute(
        select(session.c.token_hash)
        .join(account, account.c.id == session.c.account_id)
        .where(session.c.token_hash.in_(session_ids), _alive(now_ms))
    )
    return set(rows.scalars())


def touch(conn: Connection, session_ids: list[str], now_ms: int) -> None:
    """These sessions are in use."""
    conn.execute(
        update(session)
        .where(session.c.token_hash.in_(session_ids), session.c.seen_ms < now_ms - SEEN_EVERY_MS)
        .values(seen_ms=now_ms)
    )


def role_of(conn: Connection, account_id: int) -> str | None:
    """What an account may do; None when there is no such account."""
    found: str | None = conn.execute(
        select(account.c.role).where(account.c.id == account_id)
    ).scalar_one_or_none()
    return found


def has_session(conn: Connection, account_id: int) -> bool:
    """Whether the account is signed in anywhere."""
    found = select(session.c.token_hash).where(session.c.account_id == account_id).limit(1)
    return conn.execute(found).first() is not None


def close_session(conn: Connection, session_id: str) -> None:
    conn.execute(delete(session).where(session.c.token_hash == session_id))


def close_all_of(conn: Connection, account_id: int, but: str | None = None) -> list[str]:
    """End the sessions of an account (a new password, a ghost), all but one; returns their ids."""
    ended = delete(session).where(session.c.account_id == account_id)
    if but is not None:
        ended = ended.where(session.c.token_hash != but)
    return list(conn.execute(ended.returning(session.c.token_hash)).scalars())


def keep_hash(conn: Connection, account_id: int, password_hash: str) -> None:
    """The same password under newer parameters."""
    conn.execute(
        update(account).where(account.c.id == account_id).values(password_hash=password_hash)
    )


def prune(conn: Connection, now_ms: int) -> None:
    """Forget sessions that are over."""
    conn.execute(
        delete(session).where(
            or_(session.c.expires_ms <= now_ms, session.c.seen_ms <= now_ms - IDLE_MS)
        )
    )


def _alive(now_ms: int) -> Any:
    return (
        (session.c.expires_ms > now_ms)
        & (session.c.seen_ms > now_ms - IDLE_MS)
        & account.c.disabled.is_(False)
    )
