"""Files on their way in: read up to a limit, checked as early as can be, stored by their hash."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK = 64 * 1024
HEAD = 4096
FORGOTTEN_S = 3600.0
"""What an upload left behind that was cut off so long ago belongs to nobody any more."""


class TooLarge(Exception):
    """More came than may; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Stored:
    sha256: str
    size_bytes: int


def path_of(directory: Path, sha256: str) -> Path:
    """Where the bytes of this hash lie."""
    return directory / sha256[:2] / sha256


async def receive(
    chunks: AsyncIterator[bytes],
    directory: Path,
    most_bytes: int,
    check_head: Callable[[bytes], None],
    check_whole: Callable[[Path], None],
) -> Stored:
    """Store what comes; on the disk for good when this comes back.

    Args:
        check_head: looks at the first bytes; raises to refuse the rest unread.
        check_whole: looks at the whole file before it is kept; runs in a thread.

    Raises:
        TooLarge: reading stopped at `most_bytes`.
    """
    incoming = directory / "incoming"
    await asyncio.to_thread(_make_room, incoming)
    fresh = incoming / secrets.token_hex(16)
    try:
        with fresh.open("xb") as file:
            stored = await _write(chunks, file, most_bytes, check_head)
            await asyncio.to_thread(os.fsync, file.fileno())
        await asyncio.to_thread(check_whole, fresh)
        await asyncio.to_thread(_keep, fresh, path_of(directory, stored.sha256))
    finally:
        fresh.unlink(missing_ok=True)
    return stored


async def _write(
    chunks: AsyncIterator[bytes],
    file: BinaryIO,
    most_bytes: int,
    check_head: Callable[[bytes], None],
) -> Stored:
    digest, size, head, looked = hashlib.sha256(), 0, b"", False
    async for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise TooLarge
        if not looked:
            head += chunk
            if len(head) >= HEAD:
                check_head(head[:HEAD])
                looked = True
        digest.update(chunk)
        await asyncio.to_thread(file.write, chunk)
    if not looked:
        check_head(head)
    file.flush()
    return Stored(digest.hexdigest(), size)


def _make_room(incoming: Path) -> None:
    incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in incoming.iterdir():
        # Another upload may be done with it meanwhile.
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - FORGOTTEN_S:
                left.unlink()


def _keep(fresh: Path, place: Path) -> None:
    """Under its hash: the same bytes are there once, however often they are sent."""
    place.parent.mkdir(mode=0o700, exist_ok=True)
    fresh.replace(place)
    for directory in (place.parent, place.parent.parent):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
