"""Test telephones of citizens (demo mode): who holds which, for as long as it lasts."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

COOKIE = "hotline_phone"
HOLDS_MS = 12 * 3600 * 1000
MOST = 64
"""At most so many at once: nobody signs in for one."""


@dataclass(frozen=True, slots=True)
class Citizen:
    """A test telephone; `holder` is the hash of the cookie that may use it."""

    endpoint: str
    holder: str
    until_ms: int


class Citizens:
    """Test telephones by the cookie of their page; kept in memory only."""

    def __init__(self) -> None:
        self._by_holder: dict[str, Citizen] = {}

    def issue(self, now_ms: int) -> tuple[str, Citizen, list[Citizen]]:
        """A new telephone: the cookie, the telephone, and those that had to go for it."""
        token = secrets.token_urlsafe(32)
        made = Citizen(f"citizen-{secrets.token_hex(8)}", _hash(token), now_ms + HOLDS_MS)
        gone = [c for c in self._by_holder.values() if c.until_ms <= now_ms]
        gone += list(self._by_holder.values())[: max(0, len(self._by_holder) - MOST + 1)]
        for citizen in gone:
            self._by_holder.pop(citizen.holder, None)
        self._by_holder[made.holder] = made
        return token, made, gone

    def find(self, token: str, now_ms: int) -> Citizen | None:
        """The telephone of this cookie, if it still counts."""
        found = self._by_holder.get(_hash(token))
        return found if found and found.until_ms > now_ms else None

    def holders(self) -> set[str]:
        return set(self._by_holder)

    def forget(self, token: str) -> Citizen | None:
        """The page asks for a new one: its old one goes."""
        return self._by_holder.pop(_hash(token), None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
