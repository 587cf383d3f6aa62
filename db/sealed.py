"""Numbers and names at rest: sealed, found again by a keyed hash, shown masked.

AES-256-GCM seals; HMAC-SHA-256 under a key of its own finds the same number again
without opening anything (a plain hash of eleven digits is guessed in seconds). What is
sealed carries the name of its key (`1a2b3c4d.…`), so that keys can be exchanged; what
older versions sealed carries none and opens all the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db import keyring
from db.keyring import KEY_BYTES, KeyRing, RotationUnfinished

NONCE_BYTES = 12
_NAMED = re.compile(r"([0-9a-f]{8})\.(.*)", re.DOTALL)


class CannotOpen(Exception):
    """What is sealed was sealed under another key, or was changed."""


class Sealer:
    """Seals and finds under the newest key of 32 bytes; opens under the older ones too."""

    def __init__(self, key: bytes, *older: bytes) -> None:
        for one in (key, *older):
            if len(one) != KEY_BYTES:
                raise ValueError(f"a sealing key has {KEY_BYTES} bytes, found {len(one)}")
        self.key_id = keyring.id_of(key)
        self._aes = AESGCM(key)
        self._name = self.key_id.encode()
        self._keys = {keyring.id_of(one): AESGCM(one) for one in (key, *older)}
        self._find = hmac.new(key, b"hotline: find a number again", hashlib.sha256).digest()
        self._of_files = {
            keyring.id_of(one): hmac.new(one, b"hotline: files", hashlib.sha256).digest()
            for one in (key, *older)
        }

    @classmethod
    def of_ring(cls, ring: KeyRing) -> Sealer:
        return cls(*(key.secret for key in ring.keys))

    @classmethod
    def of_file(cls, path: Path) -> Sealer:
        """Read the key, or make one (0600) when there is none yet.

        Raises:
            RotationUnfinished: two keys are there; half the hashes would not be found.
            UnsafeKeyFile, ValueError: as `keyring.read`.
        """
        ring = keyring.read_or_make(path)
        if ring.rotating:
            raise RotationUnfinished(path.name)
        return cls.of_ring(ring)

    def seal(self, text: str) -> str:
        """The number or name as it may lie in a database."""
        nonce = os.urandom(NONCE_BYTES)
        raw = nonce + self._aes.encrypt(nonce, text.encode(), self._name)
        return f"{self.key_id}.{base64.b64encode(raw).decode()}"

    def open(self, sealed: str) -> str:
        """What was sealed; raises CannotOpen when none of the keys is the one."""
        named = _NAMED.fullmatch(sealed)
        if named is None:
            return self._open_nameless(sealed)
        aes = self._keys.get(named[1])
        if aes is None:
            raise CannotOpen("sealed under a key that is not here")
        try:
            return _opened(aes, named[2], named[1].encode())
        except (InvalidTag, ValueError) as error:
            raise CannotOpen("changed since it was sealed") from error

    def is_newest(self, sealed: str) -> bool:
        """Whether it lies under the newest key already."""
        return sealed.startswith(f"{self.key_id}.")

    def knows(self, sealed: str) -> bool:
        """Whether the key that it names is here; what names none may be anybody's."""
        named = _NAMED.fullmatch(sealed)
        return named is None or named[1] in self._keys

    def find(self, number: str) -> str:
        """What the same number always gives, and nobody can turn round without the key."""
        return hmac.new(self._find, number.encode(), hashlib.sha256).hexdigest()

    def of_salt(self, salt: bytes, key_id: str) -> AESGCM:
        """The cipher of one file (`db.sealed_files`); raises CannotOpen without that key."""
        made_from = self._of_files.get(key_id)
        if made_from is None:
            raise CannotOpen("sealed under a key that is not here")
        return AESGCM(hmac.new(made_from, salt, hashlib.sha256).digest())

    def _open_nameless(self, sealed: str) -> str:
        for aes in self._keys.values():
            try:
                return _opened(aes, sealed, None)
            except (InvalidTag, ValueError):
                continue
        raise CannotOpen("sealed under another key, or changed since")


def _opened(aes: AESGCM, written: str, name: bytes | None) -> str:
    raw = base64.b64decode(written, validate=True)
    return aes.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], name).decode()
