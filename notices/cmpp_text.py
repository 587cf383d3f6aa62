"""A text as short messages of 140 octets: one, or parts with a header that joins them."""

from __future__ import annotations

ONE = 140
"""Octets of a message: 70 characters of UCS-2."""
PART = 134
"""A part has six octets of header (UDH 05 00 03, GSM 03.40)."""
MOST_PARTS = 10


def parts(text: str, reference: int) -> list[bytes]:
    """The contents of the messages, each at most 140 octets.

    Args:
        reference: the same in all parts of one text, 0 to 255.

    Raises:
        ValueError: more than `MOST_PARTS` parts.
    """
    whole = text.encode("utf-16-be")
    if len(whole) <= ONE:
        return [whole]
    cut: list[bytes] = []
    at = 0
    while at < len(whole):
        end = min(at + PART, len(whole))
        # A character of two units (beyond the basic plane) is not torn apart.
        if end < len(whole) and 0xD8 <= whole[end - 2] <= 0xDB:
            end -= 2
        cut.append(whole[at:end])
        at = end
    if len(cut) > MOST_PARTS:
        raise ValueError(f"a text of {len(cut)} parts")
    head = bytes((5, 0, 3, reference & 0xFF, len(cut)))
    return [head + bytes([number]) + part for number, part in enumerate(cut, start=1)]
