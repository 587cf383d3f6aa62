"""What goes over `/live`, for whom: pure, and each change encoded once for everybody.

Audiences: `full` (heads, and those whom a change concerns), `floor` (those who work on it:
of other seats the state alone, of other calls neither who is on them nor what was noted for
the next agent) and nobody (everybody else for a notice to one person). What units are told is
decided in `live_units`. Changes hold masked numbers only, from the start.
"""

from __future__ import annotations

from typing import Any

import msgspec

from agent_console.roles import HEADS, STAFF
from db import Change

TOPICS = frozenset(
    {
        "seat",
        "call",
        "ticket",
        "missed",
        "recording",
        "notice",
        "expert",
        "message",
        "figures",
        "staffing",
        "unit",
        "class",
        "catalogue",
        "person",
        "text",
        "digest",
        "calendar",
        "period",
    }
)
"""What screens are told of; everything else is between the processes."""
OF_HEADS = frozenset({"figures", "staffing", "person", "text", "calendar", "period"})
OF_EVERYBODY = frozenset({"unit", "class", "catalogue"})
"""What every signed-in person may read, units too."""

PRIVATE_OF_A_SEAT = ("reason", "call_id", "wrap_up_until_ms", "after_call")
PRIVATE_OF_A_CALL: dict[str, Any] = {"parties": [], "hint": None}

SMALL, MEDIUM = 126, 1 << 16
TEXT_FRAME = b"\x81"


class Watcher(msgspec.Struct, frozen=True):
    """Who watches, at which seat, and for which units."""

    account_id: int
    role: str
    seat_id: int | None = None
    unit_ids: frozenset[int] = frozenset()
    as_of: int = 0
    """The newest change when these were read: what it and those before it did is in them."""


class Said:
    """One change, ready for every audience; encoded when first asked for."""

    __slots__ = ("_accounts", "_floor", "_full", "_seats", "change")

    def __init__(self, change: Change) -> None:
        self.change = change
        self._accounts, self._seats = concerned(change)
        self._full: bytes | None = None
        self._floor: bytes | None = None

    def text_for(self, watcher: Watcher) -> bytes:
        """The message for this watcher, UTF-8 JSON; empty when it is nothing to them."""
        if self.change.topic not in TOPICS:
            return b""
        if watcher.role not in STAFF and self.change.topic not in OF_EVERYBODY:
            return b""
        if self.is_for(watcher):
            return self.whole()
        if self._floor is None:
            hide = HIDDEN.get(self.change.topic)
            self._floor = encode(self.change, hide(self.change.data)) if hide else b""
        return self._floor

    def whole(self) -> bytes:
        """All of it."""
        if self._full is None:
            self._full = encode(self.change, self.change.data)
        return self._full

    def is_for(self, watcher: Watcher) -> bool:
        """Whether this watcher is told all of it."""
        if watcher.role in HEADS:
            return True
        if self.change.topic in OF_HEADS:
            return False
        if not self.is_private:
            return True
        return watcher.account_id in self._accounts or watcher.seat_id in self._seats

    @property
    def is_private(self) -> bool:
        """Whether not everybody of one role gets the same."""
        return bool(self._accounts or self._seats)


def concerned(change: Change) -> tuple[frozenset[int], frozenset[int]]:
    """The accounts and the seats that a change is about; none when it is about nobody's own."""
    data = change.data
    if change.topic == "seat":
        return frozenset({data["account_id"]}), frozenset()
    if change.topic == "message" and data.get("to_account_id") is not None:
        return frozenset({data["to_account_id"]}), frozenset()
    if change.topic == "call":
        return frozenset(), frozenset(seats_of_call(data))
    return frozenset(), frozenset()


def seats_of_call(data: dict[str, Any]) -> set[int]:
    """The seats that are on a call, or own it."""
    named = {data.get("seat_id"), data.get("owner_seat_id")}
    named |= {party["seat_id"] for party in data.get("parties") or ()}
    return {seat_id for seat_id in named if seat_id is not None}


def others_seat(data: dict[str, Any]) -> dict[str, Any]:
    """A seat as colleagues see it: whether it is free, not what it is busy with."""
    return data | {name: None for name in PRIVATE_OF_A_SEAT if name in data}


def others_call(data: dict[str, Any]) -> dict[str, Any]:
    """A call as colleagues see it: where it stands, not who is asked about it."""
    return data | {name: none for name, none in PRIVATE_OF_A_CALL.items() if name in data}


HIDDEN = {"seat": others_seat, "call": others_call}
"""How those are told whom a change does not concern; by a topic that is not here, not at all."""


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
