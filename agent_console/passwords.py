"""Passwords: argon2id, computed beside the event loop, the same work for every sign-in."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_PASSWORD = 256
THREADS = 2
"""Each hash takes 64 MB: so many sign-ins are checked at once, the others wait."""


def hash_password(password: str) -> str:
    """An argon2id hash for `account.password_hash` (blocking, about a tenth of a second)."""
    return PasswordHasher().hash(password)


_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is taken for another when read aloud or off a screen."""


def new_password() -> str:
    """Four times four letters, about 80 bits, easy to type."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


class Passwords:
    """Checks passwords in threads of its own.

    Args:
        hasher: the parameters to be reached; a stored hash with others is made anew
            at the next sign-in.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(16))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")

    async def check(self, stored: str | None, password: str) -> tuple[bool, str | None]:
        """Is this the password?

        Args:
            stored: the hash kept; None for an unknown login, which takes as long.

        Returns:
            Whether it fits, and a new hash to keep when the parameters have changed.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._check, stored, password)

    async def hash(self, password: str) -> str:
        """What is kept of a new password."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, password)

    def close(self) -> None:
        self._threads.shutdown(wait=True)

    def _check(self, stored: str | None, password: str) -> tuple[bool, str | None]:
        try:
            self._hasher.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False, None
        if stored is None:
            return False, None
        renewed = self._hasher.hash(password) if self._hasher.check_needs_rehash(stored) else None
        return True, renewed
