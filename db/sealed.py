"""Callers' numbers at rest: sealed, found again by a keyed hash, shown masked.

AES-256-GCM seals; HMAC-SHA-256 under a key of its own finds the same number again
without opening anything (a plain hash of eleven digits is guessed in seconds).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class CannotOpen(Exception):
    """What is sealed was sealed under another key, or was changed."""


class Sealer:
    """Seals and finds numbers under one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes, found {len(key)}")
        self._aes = AESGCM(key)
        self._find = hmac.new(key, b"hotline: find a number again", hashlib.sha256).digest()

    @classmethod
    def of_file(cls, path: Path) -> Sealer:
        """Read the key, or make one (0600) when there is none yet."""
        try:
            return cls(path.read_bytes())
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_key(path)
            return cls(path.read_bytes())

    def seal(self, number: str) -> str:
        """The number as it may lie in a database."""
        nonce = os.urandom(NONCE_BYTES)
        return base64.b64encode(nonce + self._aes.encrypt(nonce, number.encode(), None)).decode()

    def open(self, sealed: str) -> str:
        """The number itself; raises CannotOpen when the key is another."""
        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._aes.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotOpen("sealed under another key, or changed since") from error

    def find(self, number: str) -> str:
        """What the same number always gives, and nobody can turn round without the key."""
        return hmac.new(self._find, number.encode(), hashlib.sha256).hexdigest()


def _make_key(path: Path) -> None:
    """Put a key there whole and at once: of several that start together the first one wins."""
    fresh = path.with_name(f".{path.name}-{os.urandom(8).hex()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(handle)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink()
