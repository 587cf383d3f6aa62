"""Files at rest: sealed in chunks, so that a large one never lies in memory whole.

    magic (8) · name of the key (8) · salt (16) · chunk · chunk · … · last chunk

Each file has a key of its own, made from the key of the ring that it names and its salt. A
chunk is AES-256-GCM over 64 KiB; its number and whether it is the last one are in the nonce
and, with the file's head, in the associated data (the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár, 2015). So a chunk that was changed, swapped, repeated or taken from another
file does not open, and a file that was cut has no last chunk. Clear files of older versions are
read as they are: none begins with the magic, whose NUL no kind of ours may have there.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag

from db.keyring import ID_LETTERS
from db.sealed import CannotOpen, Sealer

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAGIC = b"\x00hlseal1"
SALT_BYTES = 16
HEAD_BYTES = len(MAGIC) + ID_LETTERS + SALT_BYTES
CHUNK = 64 * 1024
TAG = 16


class SealedWriter:
    """Seals what is written to it, under the newest key; `finish` must come last."""

    def __init__(self, file: BinaryIO, sealer: Sealer) -> None:
        salt = os.urandom(SALT_BYTES)
        self._file = file
        self._head = MAGIC + sealer.key_id.encode() + salt
        self._aes = sealer.of_salt(salt, sealer.key_id)
        self._held = bytearray()
        self._number = 0
        file.write(self._head)

    def write(self, data: bytes) -> None:
        self._held += data
        # The last chunk is known at the end alone: a whole one is held until more comes.
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def finish(self) -> None:
        self._seal(bytes(self._held), last=True)
        self._held.clear()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._file.write(self._aes.encrypt(nonce, chunk, self._head + nonce))
        self._number += 1


class SealedReader(io.RawIOBase):
    """What was sealed, read anywhere in it; raises CannotOpen where it was changed."""

    def __init__(self, file: BinaryIO, sealer: Sealer) -> None:
        super().__init__()
        self._file = file
        self._head = file.read(HEAD_BYTES)
        if len(self._head) != HEAD_BYTES or not self._head.startswith(MAGIC):
            raise CannotOpen("no sealed file")
        named = _key_id(self._head)
        self._aes = sealer.of_salt(self._head[-SALT_BYTES:], named)
        self._chunks, self.size_bytes = _measured(file.seek(0, io.SEEK_END))
        if self._chunks == 0 or self.size_bytes < (self._chunks - 1) * CHUNK:
            raise CannotOpen("cut off since it was sealed")
        self._at = 0
        self._open: tuple[int, bytes] = (-1, b"")
        self._chunk(self._chunks - 1)  # One that was cut is known before anything of it is read.

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size_bytes}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._at >= self.size_bytes:
            return 0
        number, within = divmod(self._at, CHUNK)
        view = memoryview(buffer).cast("B")
        piece = self._chunk(number)[within : within + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._open[0] != number:
            self._file.seek(HEAD_BYTES + number * (CHUNK + TAG))
            nonce = _nonce(number, last=number == self._chunks - 1)
            try:
                sealed = self._file.read(CHUNK + TAG)
                self._open = number, self._aes.decrypt(nonce, sealed, self._head + nonce)
            except (InvalidTag, ValueError) as error:
                raise CannotOpen("changed since it was sealed") from error
        return self._open[1]


def open_file(path: Path, sealer: Sealer) -> io.BufferedReader:
    """A file for reading, sealed or (of an older version) clear.

    Raises:
        FileNotFoundError: there is none.
        CannotOpen: its key is not here, or it was changed; while it is read too.
    """
    file = path.open("rb")
    try:
        if not file.peek(len(MAGIC)).startswith(MAGIC):
            return file
        return io.BufferedReader(SealedReader(file, sealer), CHUNK)
    except BaseException:
        file.close()
        raise


def is_newest(path: Path, sealer: Sealer) -> bool:
    """Whether a file names the newest key as its own."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return len(head) == HEAD_BYTES and head.startswith(MAGIC) and _key_id(head) == sealer.key_id


def size_of(path: Path) -> int:
    """How many bytes a sealed file holds, told by its length alone."""
    return max(0, _measured(path.stat().st_size)[1])


def _measured(length: int) -> tuple[int, int]:
    """Chunks and content of a sealed file of this length."""
    chunks = -(-(length - HEAD_BYTES) // (CHUNK + TAG))
    return chunks, length - HEAD_BYTES - chunks * TAG


def _key_id(head: bytes) -> str:
    return head[len(MAGIC) : len(MAGIC) + ID_LETTERS].decode(errors="replace")


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
