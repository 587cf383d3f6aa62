"""JPEG: the tables and scans go through, of the segments beside them four facts.

Source: ITU-T T.81 (the markers), T.871 (JFIF), the ICC's annex B.4, Adobe's note 5116. What
stands between two segments is skipped as decoders skip it, and what follows the end is left out:
previews, films of "living" photos, second pictures.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from tickets.pictures import exif, icc
from tickets.pictures.pieces import PIECE, Unreadable, exactly, number

START = b"\xff\xd8"
END = b"\xff\xd9"
FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
CODES, CONDITIONS, QUANTA, LINES, RESTART, SCAN = 0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xDA
ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
"""Markers without a segment; outside a scan they mean nothing."""
BESIDE = frozenset((*range(0xE0, 0xF0), 0xFE))
"""Application segments and comments: EXIF, XMP, IPTC, makers' own, second pictures."""
MOST_SEGMENTS = 10_000

ANY_MARKER = re.compile(rb"\xff[^\x00\xff]")
AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

JFIF, EXIF, PROFILE, ADOBE = b"JFIF\x00", b"Exif\x00\x00", b"ICC_PROFILE\x00", b"Adobe"
PART = 65_000
"""How much of a profile goes into one segment."""


@dataclass(slots=True)
class _Facts:
    """What the segments say of how the picture is to be seen."""

    density: bytes = b""
    turned: int = 0
    transform: bytes = b""
    parts: dict[int, bytes] = field(default_factory=dict)
    parts_total: int = 0

    def take(self, marker: int, said: bytes) -> None:
        if marker == 0xE0 and said.startswith(JFIF) and len(said) >= 14:
            self.density = self.density or said[5:12]
        elif marker == 0xE1 and said.startswith(EXIF):
            self.turned = self.turned or exif.orientation(said[len(EXIF) :])
        elif marker == 0xE2 and said.startswith(PROFILE) and len(said) > 14:
            self.parts_total = said[13]
            if sum(map(len, self.parts.values())) < icc.MOST_BYTES:
                self.parts[said[12]] = said[14:]
        elif marker == 0xEE and said.startswith(ADOBE) and len(said) >= 12:
            self.transform = self.transform or said[11:12]

    def written(self) -> Iterator[bytes]:
        if self.density:
            yield _segment(0xE0, JFIF + self.density + bytes(2))  # no preview
        if self.turned > exif.UPRIGHT:
            yield _segment(0xE1, EXIF + exif.only(self.turned))
        if self.transform:
            yield _segment(0xEE, ADOBE + b"\x00\x64" + bytes(4) + self.transform)
        profile = self._profile() or b""
        total = -(-len(profile) // PART)
        for n in range(total):
            part = profile[n * PART : (n + 1) * PART]
            yield _segment(0xE2, PROFILE + bytes((n + 1, total)) + part)

    def _profile(self) -> bytes | None:
        if set(self.parts) != set(range(1, self.parts_total + 1)):
            return None
        return icc.cleaned(b"".join(self.parts[n] for n in sorted(self.parts)))


def cleaned(file: BinaryIO) -> Iterator[bytes]:
    """The picture without what stands beside it, piece by piece; raises Unreadable."""
    facts = _Facts()
    for marker, said in _segments(file):
        if marker == SCAN:
            break
        facts.take(marker, said)
    yield START
    yield from facts.written()
    file.seek(0)
    framed = scanned = False
    for marker, said in _segments(file):
        if marker in BESIDE:
            continue
        framed = framed or marker in FRAMES
        yield _segment(marker, said)
        if marker == SCAN:
            if not framed:
                raise Unreadable("a scan of nothing")
            scanned = True
            yield from _until(file, AFTER_SCAN)
    if not scanned:
        raise Unreadable("no scan")
    yield END


def _segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each segment to the end; whoever gets a scan reads to its end."""
    if exactly(file, 2) != START:
        raise Unreadable("no JPEG")
    for _ in range(MOST_SEGMENTS):
        marker = _next_marker(file)
        if marker == END[1]:
            return
        if marker in ALONE:
            continue
        length = number(file, 2)
        if length < 2:
            raise Unreadable("a segment shorter than its own length")
        said = exactly(file, length - 2)
        if marker not in BESIDE and not _is_whole(marker, said):
            raise Unreadable("a segment that no decoder knows")
        yield marker, said
    raise Unreadable("too many segments")


def _is_whole(marker: int, said: bytes) -> bool:
    """Whether a segment of the picture is exactly as long as what it counts: nothing hides there."""
    if marker in FRAMES:
        return len(said) > 6 and len(said) == 6 + 3 * said[5]
    if marker == SCAN:
        return len(said) > 4 and len(said) == 4 + 2 * said[0]
    if marker in (LINES, RESTART):
        return len(said) == 2
    if marker == CONDITIONS:
        return len(said) % 2 == 0
    at = 0
    while marker in (QUANTA, CODES) and at < len(said):
        high, low = divmod(said[at], 16)
        if high > 1 or low > 3:
            return False
        at += 1 + (64 * (high + 1) if marker == QUANTA else 16 + sum(said[at + 1 : at + 17]))
    return 0 < at == len(said)


def _next_marker(file: BinaryIO) -> int:
    before = exactly(file, 2)
    if not ANY_MARKER.match(before):
        file.seek(-2, io.SEEK_CUR)
        for _ in _until(file, ANY_MARKER):
            pass
        before = exactly(file, 2)
    return before[1]


def _until(file: BinaryIO, marker: re.Pattern[bytes]) -> Iterator[bytes]:
    """What stands before the next such marker, where the file is left."""
    held = b""
    while came := file.read(PIECE):
        piece = held + came
        if found := marker.search(piece):
            file.seek(found.start() - len(piece), io.SEEK_CUR)
            yield piece[: found.start()]
            return
        held = b"\xff" if piece.endswith(b"\xff") else b""
        yield piece[: len(piece) - len(held)]
    raise Unreadable("cut off")


def _segment(marker: int, said: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(said) + 2).to_bytes(2, "big") + said
