"""The one entry of an EXIF block that a picture needs: which way up it is.

Source: Exif 2.32 (CIPA DC-008), 4.6: a TIFF header, and a first directory of entries of twelve
bytes; Orientation is 0x0112, 1 (as it lies) to 8.
"""

from __future__ import annotations

UPRIGHT = 1
TURNS = range(1, 9)
ORIENTATION = 0x0112
ENTRY = 12
WIDTHS = {1: 1, 3: 2, 4: 4}
"""BYTE, SHORT, LONG: it should be a SHORT, and some programs write the others."""


def orientation(block: bytes) -> int:
    """Which way up, 1 to 8; 1 where the block says nothing that can be understood."""
    order = {b"II*\x00": "little", b"MM\x00*": "big"}.get(block[:4])
    if order is None:
        return UPRIGHT

    def at(place: int, width: int) -> int:
        return int.from_bytes(
            block[place : place + width], "little" if order == "little" else "big"
        )

    first = at(4, 4)
    for entry in range(first + 2, first + 2 + at(first, 2) * ENTRY, ENTRY):
        if entry + ENTRY > len(block):
            return UPRIGHT
        if at(entry, 2) == ORIENTATION:
            width = WIDTHS.get(at(entry + 2, 2), 0)
            turned = at(entry + 8, width)
            return turned if turned in TURNS else UPRIGHT
    return UPRIGHT


def only(turned: int) -> bytes:
    """A block that says which way up and nothing else."""
    entry = ORIENTATION.to_bytes(2, "big") + b"\x00\x03\x00\x00\x00\x01"
    return b"MM\x00*\x00\x00\x00\x08\x00\x01" + entry + turned.to_bytes(2, "big") + bytes(2 + 4)
