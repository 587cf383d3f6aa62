"""The file of the sealing keys: one key in use, two while they are being exchanged.

It lies apart from the database, and only its owner may read it: without it no number can be
read again, and with it and the database everybody can. A file of 32 bytes is a single key as
older versions wrote it.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from db.clock import now_ms

KEY_BYTES = 32
ID_LETTERS = 8
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class UnsafeKeyFile(Exception):
    """Others than its owner may read or write the file of the keys."""


class RotationUnfinished(Exception):
    """The keys are being exchanged: some rows are still under the old one."""


class Retired(msgspec.Struct, frozen=True):
    """A key that was destroyed: only its name and its days are known."""

    id: str
    made_ms: int
    retired_ms: int


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    made_ms: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys, newest first, and those that were destroyed."""

    keys: tuple[Key, ...]
    retired: tuple[Retired, ...] = ()

    @property
    def rotating(self) -> bool:
        return len(self.keys) > 1


class _Row(msgspec.Struct):
    id: str
    made_ms: int
    key: bytes


class _File(msgspec.Struct):
    keys: list[_Row]
    retired: list[Retired] = []


def id_of(secret: bytes) -> str:
    """A key's name, which tells nothing of the key."""
    name = hmac.new(secret, b"hotline: the name of this key", hashlib.sha256)
    return name.hexdigest()[:ID_LETTERS]


def read(path: Path) -> KeyRing:
    """The keys of a file.

    Raises:
        FileNotFoundError: there is none.
        UnsafeKeyFile: others may read it; the text says what to do.
        ValueError: it holds no keys.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS:
        raise UnsafeKeyFile(
            f"{path} may be used by others than its owner (mode {mode:04o}); say: chmod 600 {path}"
        )
    raw = path.read_bytes()
    if len(raw) == KEY_BYTES:
        return KeyRing((Key(id_of(raw), int(path.stat().st_mtime * 1000), raw),))
    try:
        kept = msgspec.json.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValueError(
            f"{path} is no ring of keys, and a single key has {KEY_BYTES} bytes (found {len(raw)})"
        ) from None
    keys = tuple(Key(row.id, row.made_ms, row.key) for row in kept.keys)
    if not keys or any(len(k.secret) != KEY_BYTES or id_of(k.secret) != k.id for k in keys):
        raise ValueError(f"{path} was changed: a key of it is not the one that its name says")
    return KeyRing(keys, tuple(kept.retired))


def read_or_make(path: Path) -> KeyRing:
    """As `read`; the first key is made when there is no file yet."""
    try:
        return read(path)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = _written(path, KeyRing((_new_key(),)))
        try:
            # Of several that start together the first one wins.
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(fresh)
        finally:
            fresh.unlink()
        return read(path)


def begin_rotation(path: Path) -> KeyRing:
    """Put a new key before the present one; the ring as it is when that was done already."""
    ring = read(path)
    if not ring.rotating:
        ring = KeyRing((_new_key(), *ring.keys), ring.retired)
        _replace(path, ring)
    return ring


def end_rotation(path: Path) -> KeyRing:
    """Destroy every key but the newest: nothing lies under them any more."""
    ring = read(path)
    gone = tuple(Retired(k.id, k.made_ms, now_ms()) for k in ring.keys[1:])
    ring = KeyRing(ring.keys[:1], ring.retired + gone)
    _replace(path, ring)
    return ring


def _new_key() -> Key:
    secret = os.urandom(KEY_BYTES)
    return Key(id_of(secret), now_ms(), secret)


def _replace(path: Path, ring: KeyRing) -> None:
    fresh = _written(path, ring)
    fresh.replace(path)
    _sync(path.parent)


def _written(path: Path, ring: KeyRing) -> Path:
    """A file beside the real one, whole and on the disk."""
    rows = [_Row(key.id, key.made_ms, key.secret) for key in ring.keys]
    fresh = path.with_name(f".{path.name}-{os.urandom(8).hex()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(_File(rows, list(ring.retired))))
        file.flush()
        os.fsync(handle)
    return fresh


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
