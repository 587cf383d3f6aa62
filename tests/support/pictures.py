"""Small true pictures, made here, with what a telephone writes beside the pixels planted in them.

jpeg(), png()                     pictures with nothing beside the pixels
jpeg(IN_JPEG["gps"])              the same with a segment before the tables
png(IN_PNG["text"], after=b"…")   the same with a chunk, and with something after the end
found_in(content)                 what of the planted stands there, packed streams opened too
"""

from __future__ import annotations

import re
import struct
import zlib

NUMBER = b"13800005679"
SERIAL = b"SN0775000777"
OWNER = "欧阳埋照"
PLACE = (445_123).to_bytes(4, "big")
"""44.5123 seconds of a latitude, as EXIF writes it: over 10,000."""
PLANTED = (
    NUMBER, SERIAL, PLACE, PLACE[::-1],
    OWNER.encode(), OWNER.encode("utf-16-le"), OWNER.encode("utf-16-be"), OWNER.encode("gb18030"),
)  # fmt: skip
SAID = b" ".join((NUMBER, SERIAL, OWNER.encode(), PLACE))

WIDTH, HEIGHT = 32, 24
ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")


def found_in(content: bytes) -> list[bytes]:
    """What of the planted stands there, as it is, in hexadecimal or packed by zlib."""
    opened = [content]
    for start in (match.start() for match in ZLIB.finditer(content)):
        try:
            opened.append(zlib.decompressobj().decompress(content[start:], 100_000))
        except zlib.error:
            continue
    return [
        one for one in PLANTED if any(one in part or one.hex().encode() in part for part in opened)
    ]


def segment(marker: int, said: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(said) + 2) + said


def jpeg(*beside: bytes, between: bytes = b"", after: bytes = b"") -> bytes:
    """Two scans of grey squares; `between` stands before the second, `after` after the end."""
    return b"".join(
        (b"\xff\xd8", *beside, *TABLES, *SCANS[0], between, *SCANS[1], b"\xff\xd9", after)
    )


def _tables() -> tuple[bytes, ...]:
    parts = b"".join(bytes((n, 0x11, 0)) for n in (1, 2, 3))
    frame = struct.pack(">BHHB", 8, HEIGHT, WIDTH, 3) + parts
    # Lengths of differences 0 to 8, four bits each; of the others only "nothing more", one bit.
    steps = bytes((0x00, 0, 0, 0, 9)) + bytes(12) + bytes(range(9))
    rest = bytes((0x10, 1)) + bytes(15) + bytes(1)
    return (
        segment(0xDB, bytes(1) + bytes([8]) + bytes([1]) * 63),
        segment(0xC0, frame),
        segment(0xC4, steps),
        segment(0xC4, rest),
    )


def _scan(parts: tuple[int, ...], seed: int) -> tuple[bytes, bytes]:
    """Squares of 8 by 8, each of one shade, told by how much it differs from the one before."""
    bits, before = "", [0] * len(parts)
    for square in range((WIDTH // 8) * (HEIGHT // 8)):
        for n in range(len(parts)):
            shade = (square * 37 + n * 53 + seed) % 200 - 100
            step, before[n] = shade - before[n], shade
            length = abs(step).bit_length()
            told = step if step >= 0 else step + (1 << length) - 1
            bits += f"{length:04b}" + (f"{told:0{length}b}" if length else "") + "0"
    bits += "1" * (-len(bits) % 8)
    packed = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    head = bytes([len(parts)]) + b"".join(bytes((n, 0)) for n in parts) + bytes((0, 63, 0))
    return segment(0xDA, head), packed


TABLES = _tables()
SCANS = (_scan((1,), 11), _scan((2, 3), 29))


Entry = tuple[int, int, int, "bytes | list[Entry]"]


def tiff(*, order: str = "MM", turned: int = 1, planted: bool = True) -> bytes:
    """An EXIF block: which way up, and, when planted, all that telephones and cameras write."""
    sign = ">" if order == "MM" else "<"
    entries: list[Entry] = [
        (0x0112, 3, 1, struct.pack(sign + "HH", turned, 0)),
    ]
    if planted:
        ucs2 = OWNER.encode("utf-16-le") + b"\0\0"
        place = b"".join(
            struct.pack(sign + "II", *pair) for pair in ((22, 1), (33, 1), (445_123, 10_000))
        )
        entries += [
            (0x010F, 2, len(SERIAL) + 1, SERIAL + b"\0"),  # Make
            (0x013B, 2, len(SAID) + 1, SAID + b"\0"),  # Artist
            (0x9C9D, 1, len(ucs2), ucs2),  # XPAuthor
            (0x8825, 4, 1, [(2, 5, 3, place)]),  # GPS
            (0x8769, 4, 1, [
                (0x927C, 7, len(SAID), SAID),  # MakerNote
                (0x9286, 7, len(SAID) + 8, b"ASCII\0\0\0" + SAID),  # UserComment
                (0xA431, 2, len(SERIAL) + 1, SERIAL + b"\0"),  # BodySerialNumber
            ]),
        ]  # fmt: skip
    preview = jpeg(segment(0xFE, SAID)) if planted else b""
    start = order.encode() + struct.pack(sign + "HI", 42, 8)
    return start + _directory(sign, entries, at=8) + preview


def _directory(sign: str, entries: list[Entry], at: int) -> bytes:
    """A directory that stands at `at`, and behind it what does not fit into its entries."""
    table, behind = struct.pack(sign + "H", len(entries)), b""
    start = at + 2 + 12 * len(entries) + 4
    for name, kind, count, value in sorted(entries, key=lambda entry: entry[0]):
        place = start + len(behind)
        whole = _directory(sign, value, place) if isinstance(value, list) else value
        told = whole
        if len(whole) > 4:
            told = struct.pack(sign + "I", place)
            behind += whole
        table += struct.pack(sign + "HHI", name, kind, count) + told.ljust(4, b"\0")
    return table + bytes(4) + behind


def profile(*, planted: bool = True, major: int = 2) -> bytes:
    """A colour profile (sRGB's primaries, one curve); planted: names, a date, Apple's `mmod`."""
    white, red, green, blue = (
        (0.9642, 1.0, 0.8249), (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971),
        (0.1431, 0.0606, 0.7141),
    )  # fmt: skip
    tags: list[tuple[bytes, bytes]] = [
        (name, b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in value)))
        for name, value in ((b"wtpt", white), (b"rXYZ", red), (b"gXYZ", green), (b"bXYZ", blue))
    ]
    curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, 0x0233, 0)
    tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    if planted:
        tags += [
            (b"desc", b"desc" + bytes(4) + struct.pack(">I", len(SAID) + 1) + SAID + bytes(79)),
            (b"cprt", b"text" + bytes(4) + SAID + b"\0"),
            (b"mmod", b"mmod" + bytes(4) + SERIAL + bytes(20)),
            (b"lumi", b"text" + bytes(4) + SAID + b"\0"),
        ]
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags:
        place = 132 + 12 * len(tags) + len(body)
        table += name + struct.pack(">II", place, len(value))
        body += value + bytes(-len(value) % 4)
    head = (
        struct.pack(">I", 128 + len(table) + len(body)) + b"appl" + bytes((major, 0, 0, 0))
        + b"mntrRGB XYZ " + struct.pack(">6H", 2026, 11, 22, 8, 0, 0) + b"acspAPPL"
        + bytes(4) + NUMBER[:4] + NUMBER[4:8] + bytes(8) + bytes(4)
        + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D) + (SERIAL[:4] if planted else bytes(4))
    )  # fmt: skip
    return head.ljust(128, b"\0") + table + body


def exif_segment(turned: int = 1, order: str = "MM") -> bytes:
    return segment(0xE1, b"Exif\0\0" + tiff(turned=turned, order=order))


def icc_segments(whole: bytes, parts: int = 2) -> bytes:
    """A profile over several segments, the last one first."""
    size = -(-len(whole) // parts)
    cut = [whole[n * size : (n + 1) * size] for n in range(parts)]
    made = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes((n + 1, parts)) + one) for n, one in enumerate(cut)
    ]
    return b"".join(reversed(made))


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:li>' + SAID + b"</rdf:li></x:xmpmeta>"
IPTC = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(SAID) + 5) + b"\x1c\x02\x50\x00" + SAID

IN_JPEG: dict[str, bytes] = {
    "gps": exif_segment(),
    "gps of another byte order": exif_segment(order="II"),
    "second exif": exif_segment() + exif_segment(),
    "xmp": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
    "extended xmp": segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + XMP),
    "unknown app1": segment(0xE1, SAID),
    "iptc": segment(0xED, b"Photoshop 3.0\0" + IPTC),
    "comment": segment(0xFE, SAID),
    "empty comment": segment(0xFE, b"") + segment(0xFE, SAID),
    "jfxx preview": segment(0xE0, b"JFXX\0\x10" + jpeg(segment(0xFE, SAID))),
    "second pictures": segment(0xE2, b"MPF\0" + tiff()),
    "flashpix": segment(0xE2, b"FPXR\0" + SAID),
    "broken profile": segment(0xE2, b"ICC_PROFILE\0\x01\x01" + SAID * 9),
    "half a profile": segment(0xE2, b"ICC_PROFILE\0\x01\x02" + profile()),
    "origin (C2PA)": segment(0xEB, b"JP" + bytes(6) + SAID),
    "ducky": segment(0xEC, b"Ducky\0" + SAID),
    "unknown app0": segment(0xE0, SAID),
    "unknown app14": segment(0xEE, SAID),
    "maker": b"".join(segment(n, b"Maker\0" + SAID) for n in (*range(0xE3, 0xED), 0xEF)),
    "between two segments": SAID,
    "filled up": b"\xff\xff\xff" + segment(0xFE, SAID),
}
"""Segments that leave nothing behind in the clean picture."""


def chunk(name: bytes, said: bytes) -> bytes:
    check = zlib.crc32(name + said)
    return struct.pack(">I", len(said)) + name + said + struct.pack(">I", check)


def png(*beside: bytes, between: bytes = b"", after: bytes = b"") -> bytes:
    """Squares of colour; `between` stands after the pixels, `after` after the end."""
    rows = b"".join(
        b"\0" + b"".join(bytes((x * 8, y * 10, (x * y) % 256)) for x in range(WIDTH))
        for y in range(HEIGHT)
    )
    packed = zlib.compress(rows)
    half = len(packed) // 2
    return b"".join((
        b"\x89PNG\r\n\x1a\n", HEADER, *beside, chunk(b"IDAT", packed[:half]),
        chunk(b"IDAT", packed[half:]), between, chunk(b"IEND", b""), after,
    ))  # fmt: skip


HEADER = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
RAW = b"\nexif\n    100\n" + tiff().hex().encode()
IN_PNG: dict[str, bytes] = {
    "gps": chunk(b"eXIf", tiff()),
    "gps of another byte order": chunk(b"eXIf", tiff(order="II")),
    "text": chunk(b"tEXt", b"Author\0" + SAID),
    "packed text": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(SAID)),
    "exif as text": chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(RAW)),
    "xmp": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
    "packed international text": chunk(b"iTXt", b"Title\0\1\0zh\0\0" + zlib.compress(SAID)),
    "time": chunk(b"tIME", struct.pack(">H5B", 2026, 11, 22, 8, 0, 0)),
    "palette's name": chunk(b"sPLT", SAID + b"\0\x08"),
    "histogram": chunk(b"hIST", SAID),
    "origin (C2PA)": chunk(b"caBX", SAID),
    "maker": chunk(b"prVt", SAID),
    "too long for what it is": chunk(b"pHYs", SAID),
    "broken profile": chunk(b"iCCP", SAID + b"\0\0" + zlib.compress(SAID * 9)),
    "profile that is not packed": chunk(b"iCCP", b"x\0\0" + SAID),
    "wrong checksum": chunk(b"tEXt", b"Author\0" + SAID)[:-1] + b"?",
}
"""Chunks that leave nothing behind in the clean picture."""

EVERYTHING_IN_JPEG = jpeg(
    exif_segment(turned=6), *(one for name, one in IN_JPEG.items() if "profile" not in name),
    icc_segments(profile()), between=segment(0xFE, SAID), after=jpeg(segment(0xFE, SAID)) + SAID,
)  # fmt: skip
EVERYTHING_IN_PNG = png(
    chunk(b"iCCP", SAID[:20] + b"\0\0" + zlib.compress(profile())),
    *(IN_PNG[name] for name in ("text", "packed text", "exif as text", "xmp", "time", "maker")),
    chunk(b"eXIf", tiff(turned=8)), between=chunk(b"tEXt", b"Author\0" + SAID), after=SAID,
)  # fmt: skip
