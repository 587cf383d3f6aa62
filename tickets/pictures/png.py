"""PNG: the chunks that make the picture go through, all others are left out.

Source: PNG, third edition (W3C, 2025), 5 and 11. Texts, times, EXIF, palettes' names and makers'
own chunks stay behind, and what follows the end with them: a cut-out screenshot of some
telephones has the rest of the whole one there (CVE-2023-21036).
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from tickets.pictures import exif, icc
from tickets.pictures.pieces import PIECE, Unreadable, exactly, number

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_LENGTH = 2**31 - 1
MOST_CHUNKS = 250_000
PIXELS = frozenset((b"IDAT", b"fdAT"))
CRITICAL = {b"IHDR": 13, b"PLTE": 768, b"IEND": 0}
"""Chunks without which there is no picture, and the most bytes that each may have."""
BESIDE = {
    b"tRNS": 256, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"sBIT": 4, b"bKGD": 6, b"pHYs": 9,
    b"cICP": 4, b"mDCV": 24, b"cLLI": 8, b"acTL": 8, b"fcTL": 26,
}  # fmt: skip
"""Colours, transparency, the shape of a pixel, and the order of moving pictures: numbers alone."""
REWRITTEN = {b"iCCP": icc.MOST_BYTES, b"eXIf": PIECE}


def cleaned(file: BinaryIO) -> Iterator[bytes]:
    """The picture without what stands beside it, piece by piece; raises Unreadable."""
    if exactly(file, len(SIGNATURE)) != SIGNATURE:
        raise Unreadable("no PNG")
    yield SIGNATURE
    seen: set[bytes] = set()
    for _ in range(MOST_CHUNKS):
        length, name = number(file, 4), exactly(file, 4)
        if length > MOST_LENGTH or (name == b"IHDR") == bool(seen):
            raise Unreadable("no order of chunks")
        seen.add(name)
        yield from _chunk(file, name, length)
        if name == b"IEND":
            if b"IDAT" not in seen:
                raise Unreadable("no pixels")
            return
    raise Unreadable("too many chunks")


def _chunk(file: BinaryIO, name: bytes, length: int) -> Iterator[bytes]:
    """This chunk as it goes on: as it is, anew, or not at all."""
    if name in PIXELS or length <= CRITICAL.get(name, -1) or length <= BESIDE.get(name, -1):
        yield from _copied(file, name, length)
    elif length <= REWRITTEN.get(name, -1):
        said = exactly(file, length)
        exactly(file, 4)
        anew = _profile(said) if name == b"iCCP" else _turned(said)
        if anew:
            yield _written(name, anew)
    elif name[:1].islower():
        file.seek(length + 4 - 1, io.SEEK_CUR)
        exactly(file, 1)  # it is whole
    else:
        raise Unreadable("a chunk that no decoder knows")


def _copied(file: BinaryIO, name: bytes, length: int) -> Iterator[bytes]:
    yield length.to_bytes(4, "big") + name
    check = zlib.crc32(name)
    while length:
        piece = exactly(file, min(PIECE, length))
        check = zlib.crc32(piece, check)
        length -= len(piece)
        yield piece
    if number(file, 4) != check:
        raise Unreadable("damaged")
    yield check.to_bytes(4, "big")


def _turned(block: bytes) -> bytes:
    turned = exif.orientation(block)
    return exif.only(turned) if turned > exif.UPRIGHT else b""


def _profile(said: bytes) -> bytes:
    """Name, NUL, 0, and the profile packed: opened no further than a profile may go."""
    packed = said.partition(b"\x00")[2]
    opener = zlib.decompressobj()
    try:
        profile = opener.decompress(packed[1:], icc.MOST_BYTES)
    except zlib.error:
        return b""
    clean = icc.cleaned(profile) if opener.eof else None
    return b"ICC\x00\x00" + zlib.compress(clean, 9) if clean else b""


def _written(name: bytes, said: bytes) -> bytes:
    check = zlib.crc32(name + said)
    return len(said).to_bytes(4, "big") + name + said + check.to_bytes(4, "big")
