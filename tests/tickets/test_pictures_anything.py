"""Whatever bytes come: a clean picture or `Unreadable`, and nothing else."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.pictures import (
    EVERYTHING_IN_JPEG,
    EVERYTHING_IN_PNG,
    HEADER,
    IN_JPEG,
    IN_PNG,
    SAID,
    SCANS,
    TABLES,
    chunk,
    exif_segment,
    found_in,
    icc_segments,
    png,
    profile,
    tiff,
)
from tests.tickets.test_pictures import WHICH, clean, readable
from tickets.pictures import exif

KEPT_MARKERS = {0xE0, 0xE1, 0xE2, 0xEE, *range(0xC0, 0xDE)}
REWRITTEN = {b"eXIf", b"iCCP"}

heads = st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + HEADER])
starts = st.builds(lambda head, rest: head + rest, heads, st.binary(max_size=300))
ODD = (b"\xff", b"\xff\xff", b"\0", b"\xff\xd0", b"\xff\x01", b"\xff\xda\0\x02")


@settings(max_examples=examples(300))
@given(content=starts)
def test_any_bytes_are_clean_or_unreadable(content: bytes) -> None:
    for kind in WHICH:
        holds(kind, readable(kind, content))


@settings(max_examples=examples(150))
@given(data=st.data())
def test_any_order_of_parts_is_clean_or_unreadable(data: st.DataObject) -> None:
    """Segments and chunks in any number and order, with odd bytes between, cut off anywhere."""
    scans = [b"".join(scan) for scan in SCANS]
    # Not what stands between two segments: behind a scan those are bytes of the scan.
    beside = [one for one in IN_JPEG.values() if one != SAID]
    beside += [exif_segment(6), icc_segments(profile()), *ODD]
    of_jpeg = parts(
        b"\xff\xd8", [*beside, *TABLES, *scans], [*TABLES, scans[0]], b"\xff\xd9"
    )  # fmt: skip
    image = png()[8 + len(HEADER) : -12]
    of_png = parts(
        png()[:8] + HEADER, [*IN_PNG.values(), chunk(b"eXIf", tiff(turned=6)), image, b"\0"],
        [image], chunk(b"IEND", b""),
    )  # fmt: skip
    for kind, made in (("image/jpeg", of_jpeg), ("image/png", of_png)):
        kept = readable(kind, data.draw(made))
        holds(kind, kept)
        assert kept is None or found_in(kept) == []


def parts(
    start: bytes, some: list[bytes], needed: list[bytes], end: bytes
) -> st.SearchStrategy[bytes]:
    any_of = st.lists(st.sampled_from(some), max_size=8).map(b"".join)
    pieces = st.tuples(any_of, st.sampled_from([b"".join(needed), b""]), any_of)
    whole = pieces.map(lambda three: start + b"".join(three) + end + SAID)
    cut = st.integers(0, 8_000) | st.none()
    return st.builds(lambda content, at: content[:at], whole, cut)


@settings(max_examples=examples(300))
@given(changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6))
def test_any_bytes_changed_leave_it_clean_or_unreadable(changes: list[tuple[float, int]]) -> None:
    for kind, content in (("image/jpeg", EVERYTHING_IN_JPEG), ("image/png", EVERYTHING_IN_PNG)):
        changed = bytearray(content)
        for share, byte in changes:
            changed[int(share * len(changed))] = byte
        holds(kind, readable(kind, bytes(changed)))


def holds(kind: str, kept: bytes | None) -> None:
    """A kept picture is made of known parts alone, seen by another reader than the one tested."""
    if kept is None:
        return
    assert clean(kind, kept) == kept
    looked: Callable[[bytes], None] = look_at_jpeg if kind == "image/jpeg" else look_at_png
    looked(kept)


def look_at_jpeg(kept: bytes) -> None:
    assert kept[:2] == b"\xff\xd8"
    assert kept[-2:] == b"\xff\xd9"
    at = 2
    while at < len(kept) - 2:
        assert kept[at] == 0xFF
        marker, length = kept[at + 1], int.from_bytes(kept[at + 2 : at + 4], "big")
        said = kept[at + 4 : at + 2 + length]
        assert marker in KEPT_MARKERS
        if marker == 0xE1:
            assert said == b"Exif\0\0" + exif.only(said[-7])
        assert marker != 0xE0 or (said[:5], len(said), said[12:]) == (b"JFIF\0", 14, b"\0\0")
        assert marker != 0xEE or said[:11] == b"Adobe\0\x64\0\0\0\0"
        assert marker != 0xE2 or said[:12] == b"ICC_PROFILE\0"
        at += 2 + length
        while marker == 0xDA and (
            kept[at] != 0xFF or kept[at + 1] in (0, 0xFF, *range(0xD0, 0xD8))
        ):
            at += 1
    assert at == len(kept) - 2


def look_at_png(kept: bytes) -> None:
    at, name = 8, b""
    while at < len(kept):
        length, name = int.from_bytes(kept[at : at + 4], "big"), kept[at + 4 : at + 8]
        said = kept[at + 8 : at + 8 + length]
        assert name[:1].isupper() or name in REWRITTEN or length <= 256, name
        assert name != b"eXIf" or said == exif.only(said[19])
        assert zlib.crc32(name + said) == int.from_bytes(kept[at + 8 + length :][:4], "big")
        at += 12 + length
    assert name == b"IEND"
