"""Files of the public form that wait for their ticket: sealed, in a drawer of the form's own key.

    var/attachments/waiting/<hash of the form's key>/<SHA-256 of the content>.<kind>

No row knows of them and no name that a citizen gave them is kept. With the ticket they are
linked to where its files lie; a drawer that nobody touched for a day goes.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import shutil
import time
from pathlib import Path

import msgspec

from db.resealing_files import INCOMING, WAITING, path_of, put
from db.sealed_files import size_of

ID = re.compile(r"[0-9a-f]{64}\.[a-z]{3,4}")
KEPT_S = 24 * 3600.0
MOST_BYTES = 2_000_000_000
"""All that may wait at one time: strangers must not be able to fill the disk."""


class Waiting(msgspec.Struct, frozen=True):
    """A file that was received and hangs on no ticket yet."""

    id: str
    kind: str
    size_bytes: int


def drawer(directory: Path, key: str) -> Path:
    """Where the files of one form wait; its key is not written down."""
    return directory / WAITING / hashlib.sha256(key.encode()).hexdigest()[:32]


def of_form(directory: Path, key: str) -> list[Waiting]:
    """The files of this form, in the order in which they came."""
    found = []
    for path in drawer(directory, key).glob("*.*"):
        with contextlib.suppress(FileNotFoundError):  # taken away meanwhile
            came = path.stat().st_mtime_ns
            found.append((came, Waiting(path.name, path.suffix[1:], size_of(path))))
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].id))]


def remove(directory: Path, key: str, file_id: str) -> None:
    """The citizen wants it away; nothing happens when it is."""
    if ID.fullmatch(file_id):
        (drawer(directory, key) / file_id).unlink(missing_ok=True)


def keep(directory: Path, key: str, wanted: list[Waiting]) -> None:
    """Link files to where those of tickets lie; they go on waiting until `forget`.

    Raises:
        FileNotFoundError: one is not there any more.
    """
    (directory / INCOMING).mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in wanted:
        fresh = directory / INCOMING / secrets.token_hex(16)
        try:
            fresh.hardlink_to(drawer(directory, key) / one.id)
            put(fresh, path_of(directory, sha256_of(one.id)))
        finally:
            fresh.unlink(missing_ok=True)


def sha256_of(file_id: str) -> str:
    return file_id.partition(".")[0]


def forget(directory: Path, key: str) -> None:
    """The ticket is made: nothing of this form waits any more."""
    shutil.rmtree(drawer(directory, key), ignore_errors=True)


def waiting_bytes(directory: Path) -> int:
    """How much waits at present, of all forms."""
    total = 0
    for path in (directory / WAITING).glob("*/*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def clean(directory: Path) -> int:
    """Remove what was left by forms that were never sent; how many forms it were."""
    gone = 0
    for left in (directory / WAITING).glob("*"):
        try:
            newest = max(path.stat().st_mtime for path in (left, *left.iterdir()))
        except FileNotFoundError:
            continue  # its form was sent just now
        if newest < time.time() - KEPT_S:
            shutil.rmtree(left, ignore_errors=True)
            gone += 1
    return gone
