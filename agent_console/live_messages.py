"""What goes over `/live`, for whom: pure, and each change encoded once for everybody.

Three audiences: `full` (heads, and an agent for her own seat), `floor` (those who work
on it: of other seats the state alone) and nobody (a unit, which has nothing of its own
here yet). Changes hold masked numbers only, from the start.
"""

from __future__ import annotations

from typing import Any

import msgspec

from agent_console.roles import HEADS, STAFF
from db import Change

TOPICS = frozenset({"seat", "call", "ticket", "missed", "recording", "notice"})
"""What screens are told of; everything else is between the processes."""

PRIVATE_OF_A_SEAT = ("reason", "call_id", "wrap_up_until_ms", "after_call")

SMALL, MEDIUM = 126, 1 << 16
TEXT_FRAME = b"\x81"


class Watcher(msgspec.Struct, frozen=True):
    """Who watches."""

    account_id: int
    role: str


class Said:
    """One change, ready for every audience; encoded when first asked for."""

    __slots__ = ("_floor", "_full", "_own", "change")

    def __init__(self, change: Change) -> None:
        self.change = change
        self._own = change.data.get("account_id") if change.topic == "seat" else None
        self._full: bytes | None = None
        self._floor: bytes | None = None

    def text_for(self, watcher: Watcher) -> bytes:
        """The message for this watcher, UTF-8 JSON; empty when it is nothing to them."""
        if self.change.topic not in TOPICS or watcher.role not in STAFF:
            return b""
        if self._own is None or watcher.role in HEADS or watcher.account_id == self._own:
            if self._full is None:
                self._full = encode(self.change, self.change.data)
            return self._full
        if self._floor is None:
            self._floor = encode(self.change, others_seat(self.change.data))
        return self._floor

    @property
    def is_private(self) -> bool:
        """Whether not everybody on the floor gets the same."""
        return self._own is not None


def others_seat(data: dict[str, Any]) -> dict[str, Any]:
    """A seat as colleagues see it: whether it is free, not what it is busy with."""
    return data | {name: None for name in PRIVATE_OF_A_SEAT if name in data}


def encode(change: Change, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode(
        {
            "type": "change",
            "seq": change.seq,
            "topic": change.topic,
            "key": change.key,
            "at_ms": change.at_ms,
            "data": data,
        }
    )


def hello(seq: int, reset: bool) -> bytes:
    return msgspec.json.encode({"type": "hello", "seq": seq, "reset": reset})


def frame(payload: bytes) -> bytes:
    """A text frame of a server (RFC 6455, 5.2: unmasked, so the same for every client)."""
    if not payload:
        return b""
    size = len(payload)
    if size < SMALL:
        return TEXT_FRAME + bytes((size,)) + payload
    if size < MEDIUM:
        return TEXT_FRAME + b"\x7e" + size.to_bytes(2, "big") + payload
    return TEXT_FRAME + b"\x7f" + size.to_bytes(8, "big") + payload


PING = frame(b'{"type":"ping"}')
