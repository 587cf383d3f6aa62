"""Times on the wire: a capture of the loopback's SIP and key events, and what is read from it.

Captured by Wireshark's dumpcap with a filter in the kernel, so the sound itself costs nothing.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import shutil
import signal
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hotline.testphone.packets import TELEPHONE_EVENT, Packet

_PCAP = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_MAGIC = {0xA1B2C3D4: 1_000_000, 0xA1B23C4D: 1_000_000_000}
_ETHERNET, _IP_HEADER = 14, 20
_EVENT_UDP_LENGTH = 24
"""UDP and RTP header and one telephone event; a packet of sound is 180."""


SETTLED_S = 0.5
"""A caller whose key is older than this, and whom no seat was rung for, is surely waiting."""


class NoCapture(Exception):
    """The wire can't be watched. Says why."""


@dataclass(frozen=True, slots=True)
class Datagram:
    at: float
    """Seconds since the epoch, by the kernel."""
    source: int
    target: int
    payload: bytes


@asynccontextmanager
async def captured(file: Path, sip_port: int, rtp: tuple[int, int]) -> AsyncIterator[None]:
    """Capture into `file` meanwhile. Raises NoCapture when that is not possible here."""
    program = shutil.which("dumpcap")
    if program is None:
        raise NoCapture("dumpcap (Debian package wireshark-common) is not installed")
    events = f"udp dst portrange {rtp[0]}-{rtp[1]} and udp[4:2] = {_EVENT_UDP_LENGTH}"
    process = await asyncio.create_subprocess_exec(
        program, "-q", "-P", "-i", "lo", "-B", "64", "-w", str(file),
        "-f", f"udp port {sip_port} or ({events})",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        await _begun(process, file)
        yield
        # What is in the kernel's buffer is written every second.
        await asyncio.sleep(1.2)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await process.wait()


async def _begun(process: asyncio.subprocess.Process, file: Path) -> None:
    for _ in range(250):
        if _size(file) >= _PCAP.size:
            return
        if process.returncode is not None:
            break
        await asyncio.sleep(0.02)
    assert process.stderr is not None
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    said = (await process.stderr.read()).decode(errors="replace").strip()
    raise NoCapture(f"dumpcap does not capture: {said.splitlines()[-1] if said else 'no reason'}")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def datagrams(file: Path) -> Iterator[Datagram]:
    """The UDP datagrams of a capture, in order."""
    data = file.read_bytes()
    parts = _MAGIC[_PCAP.unpack_from(data)[0]]
    place = _PCAP.size
    while place + _RECORD.size <= len(data):
        seconds, fraction, size, _ = _RECORD.unpack_from(data, place)
        frame = data[place + _RECORD.size : place + _RECORD.size + size]
        place += _RECORD.size + size
        udp = _ETHERNET + _IP_HEADER
        if len(frame) < udp + 8:
            continue
        source, target = struct.unpack_from("!HH", frame, udp)
        yield Datagram(seconds + fraction / parts, source, target, frame[udp + 8 :])


@dataclass(slots=True)
class Ring:
    """One INVITE to a seat: when it first went out, and when the seat said BYE."""

    seat: str
    at: float
    bye_at: float | None = None


@dataclass(slots=True)
class Seen:
    """What a capture tells of one run."""

    keys: dict[str, float] = field(default_factory=dict)
    """The caller's number: when his key's first end packet went out."""
    rings: list[Ring] = field(default_factory=list)
    """In the order of time."""

    def free_to_next_s(self) -> list[float]:
        """From each seat's BYE to the next INVITE to that seat, where a caller was waiting."""
        keys = sorted(self.keys.values())
        rung = [ring.at for ring in self.rings]
        steps = [(ring.at, False, ring) for ring in self.rings]
        steps += [(ring.bye_at, True, ring) for ring in self.rings if ring.bye_at is not None]
        free: dict[str, float] = {}
        found = []
        for at, is_bye, ring in sorted(steps, key=lambda step: step[0]):
            if not is_bye:
                if ring.seat in free:
                    found.append(at - free.pop(ring.seat))
            elif bisect.bisect(keys, at - SETTLED_S) > bisect.bisect(rung, at):
                free[ring.seat] = at
        return found


def read(file: Path, sip_port: int, seat_port: int) -> Seen:
    """Understand a capture of one run."""
    seen = Seen()
    caller_of: dict[str, str] = {}
    ports: dict[int, str] = {}
    ring_of: dict[str, Ring] = {}
    for datagram in datagrams(file):
        if sip_port not in (datagram.source, datagram.target):
            _key(datagram, ports, seen)
            continue
        text = datagram.payload.decode(errors="replace")
        first = text.split("\r\n", 1)[0]
        call_id = _header(text, "Call-ID")
        if first.startswith("INVITE ") and datagram.target == seat_port:
            if call_id not in ring_of:
                ring_of[call_id] = Ring(first.split("sip:", 1)[1].split("@", 1)[0], datagram.at)
                seen.rings.append(ring_of[call_id])
        elif first.startswith("INVITE "):
            caller_of[call_id] = _header(text, "From").split("sip:", 1)[1].split("@", 1)[0]
        elif first.startswith("BYE ") and datagram.source == seat_port and call_id in ring_of:
            ring = ring_of[call_id]
            ring.bye_at = ring.bye_at or datagram.at
        elif first.startswith("SIP/2.0 200") and call_id in caller_of and "m=audio " in text:
            ports[int(text.split("m=audio ", 1)[1].split(" ", 1)[0])] = caller_of[call_id]
    return seen


def _key(datagram: Datagram, ports: dict[int, str], seen: Seen) -> None:
    packet = Packet.from_bytes(datagram.payload)
    caller = ports.get(datagram.target)
    if packet is None or caller is None or packet.payload_type != TELEPHONE_EVENT:
        return
    if packet.payload[1] & 0x80:
        seen.keys.setdefault(caller, datagram.at)


def _header(text: str, name: str) -> str:
    _, found, rest = text.partition(f"\r\n{name}: ")
    return rest.split("\r\n", 1)[0] if found else ""
