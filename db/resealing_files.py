"""Every stored file, carried over to the newest key; clear ones of older versions are sealed.

A file is replaced as a whole by one that was written beside it: killed at any point, each file
lies under one of the two keys, and what lies under the newest is passed over the next time.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

from db.sealed import CannotOpen, Sealer
from db.sealed_files import CHUNK, SealedWriter, is_newest, open_file

INCOMING = "incoming"
"""Beside the stored files: what is being written. Nothing there belongs to anybody yet."""


class Carried(NamedTuple):
    """A file that was looked at; `unreadable`: no key opens it, or its bytes are not its own."""

    name: str
    changed: bool
    unreadable: bool


WAITING = "waiting"
"""Files that hang on no ticket yet: `waiting/<form>/<SHA-256>.<kind>`."""


def path_of(directory: Path, sha256: str) -> Path:
    """Where the file of this content lies."""
    return directory / sha256[:2] / sha256


def stored(directory: Path) -> Iterator[Path]:
    """Every file that lies there; its name begins with the hash of its content."""
    for drawer in (*sorted(directory.glob("??")), *sorted(directory.glob(f"{WAITING}/*"))):
        yield from sorted(path for path in drawer.iterdir() if path.is_file())


def carry(directory: Path, sealer: Sealer) -> Generator[Carried, None, None]:
    """Seal every file anew that is not under the newest key, one at a time.

    Nobody else may write there meanwhile. What can't be read stays as it is.
    """
    for left in (directory / INCOMING).glob("*"):
        left.unlink()
    for path in stored(directory):
        if is_newest(path, sealer):
            yield Carried(path.name, changed=False, unreadable=False)
            continue
        try:
            _reseal(path, directory / INCOMING, sealer)
        except CannotOpen:
            yield Carried(path.name, changed=False, unreadable=True)
        else:
            yield Carried(path.name, changed=True, unreadable=False)


def left(directory: Path, sealer: Sealer) -> int:
    """Files that are not under the newest key."""
    return sum(not is_newest(path, sealer) for path in stored(directory))


def put(fresh: Path, place: Path) -> None:
    """Move a file, whole and on the disk, to its place; there for good when this comes back."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh.replace(place)
    for directory in (place.parent, place.parent.parent):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reseal(path: Path, incoming: Path, sealer: Sealer) -> None:
    incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = incoming / secrets.token_hex(16)
    digest = hashlib.sha256()
    try:
        with open_file(path, sealer) as file, fresh.open("xb") as out:
            writer = SealedWriter(out, sealer)
            while piece := file.read(CHUNK):
                digest.update(piece)
                writer.write(piece)
            writer.finish()
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != path.name.partition(".")[0]:
            raise CannotOpen("its content is not the one that it was stored with")
        put(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
