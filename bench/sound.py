"""What callers and seats say: captures that SIPp plays, made from the house's own announcements.

A capture holds one RTP stream, a packet every 20 ms. The caller's begins with speech, has the
key's telephone event at a set time, and goes on with speech.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from hotline.testphone.alaw import SILENCE
from hotline.testphone.packets import (
    FRAME_S,
    FRAME_SAMPLES,
    PCMA,
    TELEPHONE_EVENT,
    Packet,
    event_payloads,
)

_GLOBAL = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_ETHERNET = bytes(12) + b"\x08\x00"
_KEY_MS = 80

Spoken = tuple[int, bool, bytes, int]
"""Payload type, marker, payload, timestamp of one packet."""


def speech(sounds: Path, seconds: float) -> bytes:
    """A-law speech of that length, from announcements (`*.alaw`) one after another, repeated."""
    said = b"".join(path.read_bytes() for path in sorted(sounds.glob("*.alaw")))
    if not said:
        raise FileNotFoundError(f"no announcements in {sounds}")
    wanted = round(seconds / FRAME_S) * FRAME_SAMPLES
    return (said * (wanted // len(said) + 1))[:wanted]


def stream(sound: bytes, key: str = "", key_at_s: float = 0.0) -> Iterator[Spoken]:
    """The packets of a stream; with a key, its events take the place of the sound meanwhile."""
    events = event_payloads(key, _KEY_MS) if key else []
    first = round(key_at_s / FRAME_S)
    for n, start in enumerate(range(0, len(sound), FRAME_SAMPLES)):
        if first <= n < first + len(events):
            payload, _ = events[n - first]
            yield TELEPHONE_EVENT, n == first, payload, first * FRAME_SAMPLES
        else:
            frame = sound[start : start + FRAME_SAMPLES]
            yield PCMA, n == 0, frame.ljust(FRAME_SAMPLES, bytes([SILENCE])), start


def write_capture(path: Path, packets: Iterable[Spoken]) -> None:
    """Write a pcap file; SIPp puts addresses of its own into the headers."""
    with path.open("wb") as file:
        file.write(_GLOBAL)
        for n, (kind, marker, payload, timestamp) in enumerate(packets):
            rtp = Packet(kind, marker, n + 1, timestamp, 0x12345, payload).to_bytes()
            frame = _ETHERNET + _ip_udp(rtp)
            at_us = round(n * FRAME_S * 1_000_000)
            size = len(frame)
            file.write(struct.pack("<IIII", at_us // 1_000_000, at_us % 1_000_000, size, size))
            file.write(frame)


def _ip_udp(payload: bytes) -> bytes:
    udp = struct.pack("!HHHH", 6000, 6000, 8 + len(payload), 0) + payload
    loopback = bytes([127, 0, 0, 1])
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
    return ip + loopback + loopback + udp
