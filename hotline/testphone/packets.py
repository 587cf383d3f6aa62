"""RTP packets and RFC 4733 telephone events, without any I/O."""

from __future__ import annotations

import struct
from dataclasses import dataclass

PCMA = 8
TELEPHONE_EVENT = 101
FRAME_SAMPLES = 160
FRAME_S = 0.020

_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_KEYS = "0123456789*#ABCD"
_LOUDNESS = 10
"""Of a key's tone, in -dBm0 as RFC 4733 writes it."""


@dataclass(frozen=True, slots=True)
class Packet:
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes

    def to_bytes(self) -> bytes:
        return (
            _HEADER.pack(
                0x80,
                self.payload_type | (0x80 if self.marker else 0),
                self.sequence & 0xFFFF,
                self.timestamp & 0xFFFFFFFF,
                self.ssrc,
            )
            + self.payload
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Packet | None:
        """The packet in a datagram; None when it is not RTP version 2."""
        if len(data) < _HEADER.size or data[0] >> 6 != 2:
            return None
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        start = _HEADER.size + 4 * (first & 0x0F)
        if first & 0x10:
            if len(data) < start + 4:
                return None
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
        end = len(data) - (data[-1] if first & 0x20 else 0)
        return cls(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, data[start:end])


def event_payloads(key: str, press_ms: int) -> list[tuple[bytes, bool]]:
    """What goes out, a packet every 20 ms, for one key held for `press_ms`.

    Each is (payload, is_end); the end is said three times (RFC 4733 2.5.1.4).
    Raises ValueError for something that is no key.
    """
    code = _KEYS.find(key.upper())
    if code < 0 or len(key) != 1:
        raise ValueError("no such key on a telephone")
    frames = max(1, round(press_ms / 20))
    going = [(_EVENT.pack(code, _LOUDNESS, FRAME_SAMPLES * (n + 1)), False) for n in range(frames)]
    end = (_EVENT.pack(code, 0x80 | _LOUDNESS, FRAME_SAMPLES * frames), True)
    return [*going, end, end, end]


def key_of(payload: bytes) -> str:
    """The key of a telephone event; "" for what is none (a flash, half a packet)."""
    if len(payload) < _EVENT.size:
        return ""
    return _KEYS[payload[0]] if payload[0] < len(_KEYS) else ""
