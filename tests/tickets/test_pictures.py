"""What stands beside the pixels of a picture is left out; the pixels' own bytes are not touched."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pytest

from tests.support.pictures import (
    EVERYTHING_IN_JPEG,
    EVERYTHING_IN_PNG,
    HEADER,
    IN_JPEG,
    IN_PNG,
    PLANTED,
    SAID,
    SCANS,
    TABLES,
    chunk,
    exif_segment,
    found_in,
    icc_segments,
    jpeg,
    png,
    profile,
    segment,
    tiff,
)
from tickets import attachments
from tickets.pictures import CLEANERS, Unreadable, exif, icc

TURNED = segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06" + bytes(6))
WHICH = {"image/jpeg": jpeg(), "image/png": png()}


def clean(kind: str, content: bytes) -> bytes:
    return b"".join(CLEANERS[kind](io.BytesIO(content)))


def clean_jpeg(content: bytes) -> bytes:
    return clean("image/jpeg", content)


def clean_png(content: bytes) -> bytes:
    return clean("image/png", content)


def test_every_kind_of_picture_that_may_come_is_cleaned() -> None:
    media = {kind.media for kind in attachments.KINDS.values()}
    assert {one for one in media if one.startswith("image/")} == set(CLEANERS)


@pytest.mark.parametrize("carrier", IN_JPEG)
def test_what_stands_beside_the_pixels_of_a_jpeg_is_left_out(carrier: str) -> None:
    planted = IN_JPEG[carrier]
    assert found_in(jpeg(planted)), "nothing was planted"
    assert clean_jpeg(jpeg(planted)) == jpeg()
    assert clean_jpeg(jpeg(between=segment(0xFE, SAID), after=planted)) == jpeg()


@pytest.mark.parametrize("carrier", IN_PNG)
def test_what_stands_beside_the_pixels_of_a_png_is_left_out(carrier: str) -> None:
    planted = IN_PNG[carrier]
    assert carrier == "time" or found_in(png(planted)), "nothing was planted"
    assert clean_png(png(planted)) == png()
    assert clean_png(png(between=planted, after=planted)) == png()


def test_all_of_it_at_once_leaves_colours_and_which_way_up() -> None:
    for kind, content in (("image/jpeg", EVERYTHING_IN_JPEG), ("image/png", EVERYTHING_IN_PNG)):
        assert len(found_in(content)) >= 5
        kept = clean(kind, content)
        assert found_in(kept) == []
        assert clean(kind, kept) == kept
    kept = clean_jpeg(EVERYTHING_IN_JPEG)
    assert kept.startswith(b"\xff\xd8" + TURNED)
    assert b"ICC_PROFILE\0\x01\x01" in kept
    assert kept.endswith(jpeg()[2:])
    assert chunk(b"eXIf", exif.only(8)) in clean_png(EVERYTHING_IN_PNG)


@pytest.mark.parametrize("order", ["MM", "II"])
def test_which_way_up_is_kept(order: str) -> None:
    for turned in range(2, 9):
        segments = exif_segment(turned=turned, order=order)
        kept = clean_jpeg(jpeg(segments, exif_segment(turned=3)))
        assert kept == jpeg(segment(0xE1, b"Exif\0\0" + exif.only(turned)))
        assert exif.orientation(exif.only(turned)) == turned
        kept = clean_png(png(chunk(b"eXIf", tiff(turned=turned, order=order))))
        assert kept == png(chunk(b"eXIf", exif.only(turned)))
    for odd in (0, 9, 65_535):
        assert clean_jpeg(jpeg(exif_segment(turned=odd, order=order))) == jpeg()


def test_an_odd_block_of_exif_says_nothing() -> None:
    whole = tiff(turned=6)
    assert [exif.orientation(whole[:n]) for n in range(20)] == [1] * 20
    assert exif.orientation(b"MM\0*\xff\xff\xff\xff" + whole) == 1
    assert exif.orientation(b"MM\0*\0\0\0\x08\xff\xff") == 1
    # Some programs write a long number instead of a short one.
    assert exif.orientation(b"II*\0\x08\0\0\0\x01\0\x12\x01\x04\0\x01\0\0\0\x03\0\0\0") == 3


def test_density_and_transform_of_colours_are_kept_and_a_preview_is_not() -> None:
    density = b"JFIF\0\x01\x02\x01\0\x48\0\x60"
    preview = density + bytes((3, 9)) + SAID.ljust(81, b"\0")
    adobe = b"Adobe\0\x64\x80\0\0\0\x02"
    kept = clean_jpeg(jpeg(segment(0xE0, preview), segment(0xEE, adobe + SAID)))
    assert kept == jpeg(
        segment(0xE0, density + bytes(2)), segment(0xEE, b"Adobe\0\x64\0\0\0\0\x02")
    )


def test_numbers_of_a_png_that_decide_how_it_looks_are_kept() -> None:
    beside = [
        chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"cHRM", bytes(range(32))),
        chunk(b"sRGB", b"\0"), chunk(b"pHYs", struct.pack(">IIB", 3780, 3780, 1)),
        chunk(b"bKGD", bytes(6)), chunk(b"tRNS", bytes(6)), chunk(b"sBIT", b"\x08\x08\x08"),
    ]  # fmt: skip
    assert clean_png(png(*beside)) == png(*beside)


@pytest.mark.parametrize("major", [2, 4])
def test_a_profile_keeps_its_colours_and_nothing_else(major: int) -> None:
    clear = profile(planted=False, major=major)
    for own in (profile(major=major), clear):
        kept = icc.cleaned(own)
        assert kept is not None
        assert int.from_bytes(kept[:4], "big") == len(kept)
        assert (kept[8:24], kept[36:40], kept[64:80]) == (own[8:24], b"acsp", own[64:80])
        tags = tags_of(kept)
        assert {n: v for n, v in tags.items() if n not in (b"desc", b"cprt")} == tags_of(clear)
        assert (found_in(kept), icc.cleaned(kept)) == ([], kept)
        assert not any(own[n : n + 4] in kept for n in (48, 52))  # maker and model


def tags_of(whole: bytes) -> dict[bytes, bytes]:
    count = int.from_bytes(whole[128:132], "big")
    found = {}
    for at in range(132, 132 + 12 * count, 12):
        place, size = struct.unpack(">II", whole[at + 4 : at + 12])
        assert place + size <= len(whole)
        assert place % 4 == 0
        found[whole[at : at + 4]] = whole[place : place + size]
    return found


def test_a_profile_over_many_segments_is_kept_whole() -> None:
    large = profile(planted=False) + b"\0" * 200_000
    curve = b"curv" + bytes(4) + struct.pack(">I", 80_000) + random.Random(7).randbytes(160_000)
    whole = bytearray(large[:-200_000] + curve)
    at = whole.index(b"rTRC")
    whole[at + 4 : at + 12] = struct.pack(">II", len(whole) - len(curve), len(curve))
    kept = clean_jpeg(jpeg(icc_segments(bytes(whole), parts=4)))
    assert kept.endswith(jpeg()[2:])
    parts = kept[2 : len(kept) - len(jpeg()) + 2].split(b"ICC_PROFILE\0")[1:]
    assert [(one[0], one[1]) for one in parts] == [(n + 1, len(parts)) for n in range(len(parts))]
    joined = b"".join(one[2:] if one is parts[-1] else one[2:-4] for one in parts)
    assert joined == icc.cleaned(bytes(whole))
    assert tags_of(joined)[b"rTRC"] == curve


def test_a_profile_that_cannot_be_followed_is_left_out() -> None:
    whole = profile()
    broken = [whole[:n] for n in (0, 127, 131, 132, 200)]
    broken.append(whole[:128] + b"\xff\xff\xff\xff" + whole[132:])
    broken.append(whole.replace(b"acsp", b"ACSP"))
    broken.append(whole[:136] + b"\xff\xff\xff\xf0" + whole[140:])
    for one in broken:
        assert icc.cleaned(one) is None
        assert clean_png(png(chunk(b"iCCP", b"x\0\0" + zlib.compress(one)))) == png()
    # Tags that overlap could make much of little.
    many = 40
    table = b"".join(
        name + struct.pack(">II", 200 + n, 3_000)
        for n, name in enumerate((sorted(icc.COLOUR) * 2)[:many])
    )
    packed = whole[:128] + struct.pack(">I", many) + table + b"XYZ " * 900
    assert icc.cleaned(packed) is None
    bomb = zlib.compress(bytes(icc.MOST_BYTES * 4))
    assert clean_png(png(chunk(b"iCCP", b"x\0\0" + bomb))) == png()


@pytest.mark.parametrize("kind", sorted(WHICH))
def test_cut_off_anywhere_it_is_unreadable(kind: str) -> None:
    content = EVERYTHING_IN_JPEG if kind == "image/jpeg" else EVERYTHING_IN_PNG
    # The first end is the picture's; what a preview ends with stands within a segment.
    first_end = next(n for n in range(len(content) + 1) if readable(kind, content[:n]) is not None)
    assert clean(kind, content[:first_end]) == clean(kind, content)
    assert first_end > len(content) * 0.8
    for n in range(len(WHICH[kind])):
        assert readable(kind, WHICH[kind][:n]) is None


def readable(kind: str, content: bytes) -> bytes | None:
    try:
        return clean(kind, content)
    except Unreadable:
        return None


def test_what_is_damaged_is_unreadable() -> None:
    start, end = b"\xff\xd8", b"\xff\xd9"
    scan = b"".join(SCANS[0])
    for content in (
        start + end,
        start + scan + end,
        start + b"".join(TABLES) + end,
        start + b"".join(TABLES) + start + scan + end,
        jpeg(b"\xff\xfe\0\x01"),
        jpeg(segment(0xF0, SAID)),
        jpeg(segment(0xDE, SAID)),
        jpeg(segment(0xDB, b"\x01" + SAID)),
        jpeg(segment(0xC4, b"\x01" + bytes(16) + SAID)),
        jpeg(segment(0xDD, SAID)),
        jpeg(segment(0xCC, SAID[:9])),
        jpeg(segment(0xC0, SAID)),
        jpeg(b"\xff\xfe\0\x02" * 10_001),
        b"\xff\xd8" + b"\xff" * 200_000,
        SAID,
    ):
        assert readable("image/jpeg", content) is None, content[:40]
    whole = png()
    for content in (
        whole[:8] + whole[8 + len(HEADER) :],
        whole[:8] + HEADER + whole[8:],
        whole[:8] + HEADER + chunk(b"IEND", b""),
        png(chunk(b"CgBI", SAID)),
        png(chunk(b"PLTE", bytes(769))),
        png(struct.pack(">I", 2**31) + b"tEXt"),
        png(chunk(b"tEXt", b"")[:-4]),
        SAID,
    ):
        assert readable("image/png", content) is None, content[:40]
    for at in range(8, len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1
        # Bits that turn a chunk of the pixels into one nobody needs leave a picture without it.
        kept = readable("image/png", bytes(changed))
        assert kept is None or (len(kept) < len(whole) and kept.count(b"IDAT") == 1), at


def test_pixels_longer_than_a_piece_and_markers_on_its_border_go_through() -> None:
    numbers = random.Random(12345)
    for around in range(65_530, 65_542):
        pixels = numbers.randbytes(around).replace(b"\xff", b"\xff\x00")[:around].rstrip(b"\xff")
        pixels = pixels.ljust(around, b"\x01") + b"\xff\xd0" + b"\x02" * 65_534 + b"\xff\x00\xff"
        whole = b"".join((b"\xff\xd8", *TABLES, SCANS[0][0], pixels, b"\xff\xd9"))
        assert clean_jpeg(whole[:-2] + segment(0xFE, SAID) + b"\xff\xd9" + SAID) == whole
    large = chunk(b"IDAT", numbers.randbytes(200_000))
    assert clean_png(png(large)) == png(large)


class Counting(io.BytesIO):
    """A file that knows the most that was read of it at one time."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.most = max(self.most, len(found))
        return found


def test_no_more_than_a_piece_of_the_pixels_is_in_memory() -> None:
    numbers = random.Random(9)
    scan = numbers.randbytes(3_000_000).replace(b"\xff", b"\0")
    for kind, content in (
        ("image/jpeg", b"".join((b"\xff\xd8", *TABLES, SCANS[0][0], scan, b"\xff\xd9"))),
        ("image/png", png(chunk(b"IDAT", scan), chunk(b"tEXt", scan))),
    ):
        file = Counting(content)
        longest = max(len(piece) for piece in CLEANERS[kind](file))
        assert longest <= 65_537
        assert file.most <= 65_536


def test_what_is_looked_for_is_found_where_it_lies() -> None:
    for one in PLANTED:
        assert found_in(b"x" + one) == [one]
        assert found_in(b"\0" + zlib.compress(one + bytes(50))) == [one]
