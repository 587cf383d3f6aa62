"""Slow-down of sign-ins: waits that grow with the failures, for a login and for an address.

An attempt counts as failed before its password is checked and is taken back when it
fits, so that many attempts at once gain nothing. Logins and addresses are kept hashed:
people type passwords into the wrong field.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from db.models import login_throttle

FORGET_MS = 3600 * 1000
"""After so long without an attempt, failures are forgotten."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How many failures are free, and where the growing wait ends."""

    free: int
    longest_ms: int

    def wait_ms(self, failures: int) -> int:
        """The wait after so many failures: 1 s after the free ones, then doubled each time."""
        over = failures - self.free
        if over <= 0:
            return 0
        return min(1000 << min(over - 1, 30), self.longest_ms)


LOGIN = Rule(free=5, longest_ms=2 * 60 * 1000)
"""Short, because a stranger could otherwise keep an agent out of her shift."""
ADDRESS = Rule(free=20, longest_ms=15 * 60 * 1000)
"""An office of many agents comes from one address."""
STATUS = Rule(free=5, longest_ms=15 * 60 * 1000)
"""Of a ticket's number: four digits are guessed in ten thousand tries."""
WEB_FORM = Rule(free=10, longest_ms=60 * 60 * 1000)
"""Of matters sent by the web from one address."""

WEB_FILES = Rule(free=40, longest_ms=15 * 60 * 1000)
"""Of files sent by the web from one address."""


def keys_of(login: str, address: str) -> dict[str, Rule]:
    """What an attempt counts for."""
    return {_key("login", login.strip().lower()): LOGIN, _key("address", address): ADDRESS}


def keys_of_status(number: str, address: str) -> dict[str, Rule]:
    """What a look at a ticket from outside counts for."""
    return {_key("status", number.strip()): STATUS, _key("status-from", address): ADDRESS}


def keys_of_form(address: str) -> dict[str, Rule]:
    """What a matter sent by the web counts for."""
    return {_key("form", address): WEB_FORM}


def keys_of_files(address: str) -> dict[str, Rule]:
    """What a file sent by the web counts for."""
    return {_key("file", address): WEB_FILES}


def begin(conn: Connection, keys: dict[str, Rule], now_ms: int) -> int:
    """Count an attempt as failed, unless it has to wait.

    Returns:
        0 when it may go on; else how long to wait in milliseconds, and nothing is counted.
    """
    kept = {key: _kept(conn, key, now_ms) for key in keys}
    wait_ms = max(until - now_ms for _, until in kept.values())
    if wait_ms > 0:
        return wait_ms
    for key, rule in keys.items():
        failures = kept[key][0] + 1
        _keep(conn, key, failures, now_ms, now_ms + rule.wait_ms(failures))
    return 0


def succeed(conn: Connection, login: str, address: str, now_ms: int) -> None:
    """The password fitted: the login starts afresh, the address gets its attempt back."""
    login_key, address_key = keys_of(login, address)
    conn.execute(delete(login_throttle).where(login_throttle.c.key == login_key))
    failures = max(_kept(conn, address_key, now_ms)[0] - 1, 0)
    _keep(conn, address_key, failures, now_ms, now_ms)


def take_back(conn: Connection, keys: dict[str, Rule], now_ms: int) -> None:
    """It was no failure: the attempt does not count, those before it still do."""
    for key in keys:
        failures = max(_kept(conn, key, now_ms)[0] - 1, 0)
        _keep(conn, key, failures, now_ms, now_ms)


def prune(conn: Connection, now_ms: int) -> None:
    """Forget what is old enough."""
    conn.execute(delete(login_throttle).where(login_throttle.c.last_ms < now_ms - FORGET_MS))


def _key(kind: str, value: str) -> str:
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()[:32]}"


def _kept(conn: Connection, key: str, now_ms: int) -> tuple[int, int]:
    row = conn.execute(
        select(login_throttle.c.failures, login_throttle.c.until_ms, login_throttle.c.last_ms)
        .where(login_throttle.c.key == key)
    ).one_or_none()  # fmt: skip
    if row is None or row.last_ms < now_ms - FORGET_MS:
        return 0, 0
    return row.failures, row.until_ms


def _keep(conn: Connection, key: str, failures: int, now_ms: int, until_ms: int) -> None:
    values = {"failures": failures, "last_ms": now_ms, "until_ms": until_ms}
    changed = conn.execute(update(login_throttle).where(login_throttle.c.key == key).values(values))
    if changed.rowcount == 0:
        conn.execute(insert(login_throttle).values(key=key, **values))
