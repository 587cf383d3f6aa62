"""Colour profiles, reduced to colour.

A profile has texts and dates besides: a screenshot's carries the screen that it was taken from,
with its maker, its name and (Apple's `mmod`) its serial number. Source: ICC.1:2022, 7 and 9.
"""

from __future__ import annotations

HEAD = 128
ENTRY = 12
MOST_BYTES = 4_000_000
"""Larger profiles are left out: printers' are two million bytes at most."""
MOST_TAGS = 100
COLOUR = frozenset(
    b"rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC wtpt bkpt chad lumi gamt cicp "
    b"A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 D2B0 D2B1 D2B2 D2B3 B2D0 B2D1 B2D2 B2D3".split()
)
KINDS = frozenset(
    (b"XYZ ", b"curv", b"para", b"sf32", b"mft1", b"mft2", b"mAB ", b"mBA ", b"mpet", b"cicp")
)
"""What a tag of colours may hold: numbers. A text under a colour's name is none."""
DAY = b"\x07\xd0\x00\x01\x00\x01" + bytes(6)
"""The date of every profile: a header must have one."""


def cleaned(profile: bytes) -> bytes | None:
    """The same colours without a word; None where it is no profile that could be followed."""
    tags = _tags(profile)
    if tags is None or not tags:
        return None
    words = _words(major=profile[8])
    table, body = bytearray(), bytearray()
    start = HEAD + 4 + ENTRY * (len(tags) + len(words))
    placed: dict[bytes, int] = {}
    for name, data in sorted((tags | words).items()):
        if data not in placed:  # the three curves of a profile are often one
            placed[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += name + placed[data].to_bytes(4, "big") + len(data).to_bytes(4, "big")
    count = (len(tags) + len(words)).to_bytes(4, "big")
    size = (start + len(body)).to_bytes(4, "big")
    return size + _head(profile) + count + bytes(table) + bytes(body)


def _tags(profile: bytes) -> dict[bytes, bytes] | None:
    """The tags of colour with what they hold."""
    if not HEAD + 4 < len(profile) <= MOST_BYTES or profile[36:40] != b"acsp":
        return None
    count = int.from_bytes(profile[HEAD : HEAD + 4], "big")
    if count > MOST_TAGS or HEAD + 4 + ENTRY * count > len(profile):
        return None
    found: dict[bytes, bytes] = {}
    for at in range(HEAD + 4, HEAD + 4 + ENTRY * count, ENTRY):
        name = profile[at : at + 4]
        offset, size = (int.from_bytes(profile[at + n : at + n + 4], "big") for n in (4, 8))
        if offset + size > len(profile):
            return None
        data = profile[offset : offset + size]
        if name in COLOUR and data[:4] in KINDS:
            found[name] = data
    # Tags may share a place; overlapping ones could make a small profile a huge one.
    return found if sum(len(data) for data in set(found.values())) <= len(profile) else None


def _head(profile: bytes) -> bytes:
    """The header from its fifth byte on: no programs, makers, models, dates and fingerprints."""
    version, spaces, intent = profile[8:12], profile[12:24], profile[64:80]
    return bytes(4) + version + spaces + DAY + b"acsp" + bytes(24) + intent + bytes(HEAD - 80)


def _words(major: int) -> dict[bytes, bytes]:
    """Name and copyright, which a profile must have, and which say nothing."""
    if major >= 4:
        text = "-".encode("utf-16-be")
        record = b"enUS" + len(text).to_bytes(4, "big") + (28).to_bytes(4, "big")
        said = b"mluc" + bytes(4) + b"\x00\x00\x00\x01\x00\x00\x00\x0c" + record + text
        return {b"desc": said, b"cprt": said}
    name = b"desc" + bytes(4) + b"\x00\x00\x00\x02-\x00" + bytes(4 + 4 + 2 + 1 + 67)
    return {b"desc": name, b"cprt": b"text" + bytes(4) + b"-\x00"}
