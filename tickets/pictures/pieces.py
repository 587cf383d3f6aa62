"""Reading of pictures: so many bytes or none, and never more of a file in memory than a piece."""

from __future__ import annotations

from typing import BinaryIO

PIECE = 64 * 1024


class Unreadable(Exception):
    """The file is damaged, cut off, or no picture of the kind that it says."""


def exactly(file: BinaryIO, count: int) -> bytes:
    """The next `count` bytes; raises Unreadable where the file ends before."""
    found = file.read(count)
    if len(found) != count:
        raise Unreadable("cut off")
    return found


def number(file: BinaryIO, width: int) -> int:
    """The next big-endian number of `width` bytes; raises Unreadable."""
    return int.from_bytes(exactly(file, width), "big")
