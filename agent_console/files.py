"""Files on their way in and out: read up to a limit, checked early, stored sealed by their hash."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from db.resealing_files import INCOMING, path_of, put
from db.sealed import CannotOpen, Sealer
from db.sealed_files import SealedWriter, open_file

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


async def receive(
    chunks: AsyncIterator[bytes],
    directory: Path,
    sealer: Sealer,
    most_bytes: int,
    check_head: Callable[[bytes], None],
    taken: Callable[[BinaryIO], Iterator[bytes] | None],
    place: Callable[[str], Path] | None = None,
) -> Stored:
    """Store what comes, never clear; on the disk for good when this comes back.

    Args:
        check_head: looks at the first bytes; raises to refuse the rest unread.
        taken: looks at the whole file before it is kept, raises to refuse it, and gives what is
            kept instead of it, or None; runs in a thread.
        place: where a file of this SHA-256 goes, on the same disk; else to those of tickets.

    Raises:
        TooLarge: reading stopped at `most_bytes`.
    """
    incoming = directory / INCOMING
    await asyncio.to_thread(_make_room, incoming)
    # It is looked at lying there, whole: no kind of file has to be held in memory for it.
    came, anew = (incoming / secrets.token_hex(16) for _ in range(2))
    try:
        with came.open("xb") as file:
            stored = await _write(chunks, SealedWriter(file, sealer), most_bytes, check_head)
            await asyncio.to_thread(_to_disk, file)
        with anew.open("xb") as file:
            rewritten = await asyncio.to_thread(_rewrite, came, file, sealer, taken)
        fresh, stored = (came, stored) if rewritten is None else (anew, rewritten)
        goes_to = place(stored.sha256) if place else path_of(directory, stored.sha256)
        await asyncio.to_thread(put, fresh, goes_to)
    finally:
        came.unlink(missing_ok=True)
        anew.unlink(missing_ok=True)
    return stored


def open_stored(directory: Path, sealer: Sealer, sha256: str) -> io.BufferedReader:
    """A stored file for reading, looked through to its end: what it gives is what came.

    Raises:
        FileNotFoundError: it is not there.
        CannotOpen: it was changed, cut or exchanged since, or its key is not here.
    """
    file = open_file(path_of(directory, sha256), sealer)
    try:
        _compare(file, sha256)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _compare(file: io.BufferedReader, sha256: str) -> None:
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        raise CannotOpen("its content is not the one that it was stored with")


def _rewrite(
    came: Path,
    anew: BinaryIO,
    sealer: Sealer,
    taken: Callable[[BinaryIO], Iterator[bytes] | None],
) -> Stored | None:
    """Write what is kept instead of what came; None where it is kept as it is."""
    with open_file(came, sealer) as file:
        pieces = taken(file)
        if pieces is None:
            return None
        out, digest, size = SealedWriter(anew, sealer), hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    out.finish()
    _to_disk(anew)
    return Stored(digest.hexdigest(), size)


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


async def _write(
    chunks: AsyncIterator[bytes],
    file: SealedWriter,
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
    await asyncio.to_thread(file.finish)
    return Stored(digest.hexdigest(), size)


def _make_room(incoming: Path) -> None:
    incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in incoming.iterdir():
        # Another upload may be done with it meanwhile.
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - FORGOTTEN_S:
                left.unlink()
