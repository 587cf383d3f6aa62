"""The sound of one test telephone: an RTP peer over asyncio UDP, in real time.

It sends a packet every 20 ms from the moment it knows where to (silence when there is
nothing to say, as a telephone does) and keeps all that arrives with the time it arrived.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
from collections import deque
from collections.abc import Callable
from typing import cast

import numpy as np

from hotline.testphone import alaw, hearing
from hotline.testphone.alaw import RATE_HZ, Samples
from hotline.testphone.packets import (
    FRAME_S,
    FRAME_SAMPLES,
    PCMA,
    TELEPHONE_EVENT,
    Packet,
    event_payloads,
    key_of,
)

Address = tuple[str, int]
_SILENT_FRAME = bytes([alaw.SILENCE]) * FRAME_SAMPLES
_FIRST_NUMBERS = itertools.cycle(range(30_000, 0, -1_000))
"""Where the packets' numbers begin: at each telephone below those of the one before. For Asterisk
that is the worst order when one speaks after the other (ivr/performing.py, `keep_mixing`)."""
_CATCH_UP_FRAMES = 10
"""Being later than this, the lost time is left out instead of sent in a burst."""


class _Press:
    """One or more keys going out; `done` holds the loop's time of the first end packet."""

    def __init__(self, keys: str, press_ms: int, done: asyncio.Future[float]) -> None:
        streams = [event_payloads(key, press_ms) for key in keys]
        self.frames = deque([stream[n] for stream in streams] for n in range(len(streams[0])))
        self.timestamp: int | None = None
        self.done = done


class RtpPeer(asyncio.DatagramProtocol):
    """One end of an RTP stream. Make it with `RtpPeer.open()`, leave it with `close()`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._control: socket.socket | None = None
        self._remote: Address | None = None
        self._learned = False
        self._ticking: asyncio.TimerHandle | None = None
        self._next_tick = 0.0
        self._sequence = next(_FIRST_NUMBERS)
        self._timestamp = random.randrange(0x80000000)
        self._ssrc = random.randrange(0x100000000)
        self._to_say = bytearray()
        self._presses: deque[_Press] = deque()
        self._frames: list[tuple[float, Samples]] = []
        self._key_at = -1
        self.keys_heard = ""
        """The keys that the far end pressed (RFC 4733), in order."""
        self.sent = 0

    @classmethod
    async def open(cls, host: str = "127.0.0.1") -> RtpPeer:
        """Bind an even port for RTP and the odd one above it, where RTCP would land."""
        for _ in range(200):
            rtp, control = _bound_pair(host)
            if rtp is None:
                continue
            loop = asyncio.get_running_loop()
            transport, peer = await loop.create_datagram_endpoint(cls, sock=rtp)
            peer._transport = transport
            peer._control = control
            return peer
        raise OSError("no free pair of UDP ports for RTP")

    @property
    def port(self) -> int:
        assert self._transport is not None  # noqa: S101 - open() is the only way in
        return cast(Address, self._transport.get_extra_info("sockname"))[1]

    def close(self) -> None:
        """Stop sending and give the ports back. What was heard stays readable."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        if self._transport is not None:
            self._transport.close()
        if self._control is not None:
            self._control.close()
            self._control = None
        for press in self._presses:
            press.done.cancel()
        self._presses.clear()

    # --- speaking

    def send_to(self, address: Address) -> None:
        """Start sending there, until RTP arrives from elsewhere (symmetric RTP)."""
        if not self._learned:
            self._remote = address
        self._start()

    def say(self, sound: bytes | Samples) -> None:
        """Queue speech: A-law bytes, or 16-bit samples at 8 kHz."""
        self._to_say += sound if isinstance(sound, bytes) else alaw.encode(sound)

    def say_tone(self, hz: float, seconds: float) -> None:
        self.say(hearing.tone(hz, seconds))

    def hush(self) -> None:
        """Forget what is still to be said."""
        self._to_say.clear()

    async def said_all(self, within_s: float) -> None:
        """Wait until nothing is left to be said. TimeoutError after that."""
        await self.hears(lambda: not self._to_say, within_s)

    async def press(self, keys: str, press_ms: int = 100) -> float:
        """Press keys one after another; the time (loop clock) of the last key's end packet."""
        ended = self._loop.time()
        for key in keys:
            ended = await self._queue_press(key, press_ms)
        return ended

    async def press_together(self, keys: str, press_ms: int = 100) -> float:
        """Press several keys at the same instant, their events interleaved packet by packet."""
        return await self._queue_press(keys, press_ms)

    async def _queue_press(self, keys: str, press_ms: int) -> float:
        done: asyncio.Future[float] = self._loop.create_future()
        self._presses.append(_Press(keys, press_ms, done))
        return await done

    def _start(self) -> None:
        if self._ticking is None and self._transport is not None:
            self._next_tick = self._loop.time()
            self._ticking = self._loop.call_at(self._next_tick, self._tick)

    def _tick(self) -> None:
        now = self._loop.time()
        if now - self._next_tick > _CATCH_UP_FRAMES * FRAME_S:
            self._next_tick = now
        while self._next_tick <= now:
            self._send_frame()
            self._timestamp += FRAME_SAMPLES
            self._next_tick += FRAME_S
        self._ticking = self._loop.call_at(self._next_tick, self._tick)

    def _send_frame(self) -> None:
        if self._presses:
            self._send_key_frame(self._presses[0])
            return
        frame = bytes(self._to_say[:FRAME_SAMPLES]) or _SILENT_FRAME
        del self._to_say[:FRAME_SAMPLES]
        self._send(PCMA, frame.ljust(FRAME_SAMPLES, bytes([alaw.SILENCE])), self._timestamp)

    def _send_key_frame(self, press: _Press) -> None:
        first = press.timestamp is None
        if press.timestamp is None:
            press.timestamp = self._timestamp
        events = press.frames.popleft()
        for payload, _ in events:
            self._send(TELEPHONE_EVENT, payload, press.timestamp, marker=first)
            first = False
        if events[-1][1] and not press.done.done():
            press.done.set_result(self._loop.time())
        if not press.frames:
            self._presses.popleft()

    def _send(self, kind: int, payload: bytes, timestamp: int, *, marker: bool = False) -> None:
        if self._transport is None or self._remote is None:
            return
        packet = Packet(kind, marker, self._sequence, timestamp, self._ssrc, payload)
        self._sequence += 1
        self.sent += 1
        self._transport.sendto(packet.to_bytes(), self._remote)

    # --- hearing

    def datagram_received(self, data: bytes, addr: Address) -> None:
        packet = Packet.from_bytes(data)
        if packet is None:
            return
        self._remote = addr
        self._learned = True
        self._start()
        if packet.payload_type == PCMA:
            self._frames.append((self._loop.time(), alaw.decode(packet.payload)))
        elif packet.payload_type == TELEPHONE_EVENT and packet.timestamp != self._key_at:
            # One press is many packets of one timestamp.
            self._key_at = packet.timestamp
            self.keys_heard += key_of(packet.payload)

    def error_received(self, exc: Exception) -> None:
        """The far port is closed (ICMP): normal for the last packets of a call."""

    @property
    def received(self) -> int:
        """How many packets of sound have come."""
        return len(self._frames)

    def now(self) -> float:
        """The clock that `since` means."""
        return self._loop.time()

    def heard(self, since: float = 0.0, until: float | None = None) -> Samples:
        """What arrived from `since` on (loop clock), joined, without the gaps."""
        parts = [
            samples for at, samples in self._frames if at >= since and (until is None or at < until)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def heard_tone(self, hz: float, since: float = 0.0) -> bool:
        return hearing.has_tone(self.heard(since), hz)

    def level_dbfs(self, window_s: float) -> float:
        """How loud the last `window_s` seconds were; what did not arrive counts as silence."""
        wanted = round(window_s * RATE_HZ)
        sound = self.heard(self._loop.time() - window_s)[-wanted:]
        padded = np.zeros(max(wanted, sound.size), np.int16)
        padded[: sound.size] = sound
        return hearing.level_dbfs(padded)

    async def hears(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait until `condition` holds, asked again every frame. TimeoutError after that."""
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - sound that stays away has no event
                await asyncio.sleep(FRAME_S)

    async def hears_tone(self, hz: float, within_s: float, since: float | None = None) -> float:
        """Wait for the tone `hz`, sounding from now (or `since`) on; the time it was known."""
        start = self._loop.time() if since is None else since
        if not self.heard_tone(hz, start):
            await self.hears(
                lambda: self.heard_tone(hz, max(start, self._loop.time() - 0.5)), within_s
            )
        return self._loop.time()

    async def hears_sound(self, within_s: float, above_dbfs: float = -40.0) -> None:
        """Wait until the last 200 ms were louder than `above_dbfs`."""
        await self.hears(lambda: self.level_dbfs(0.2) > above_dbfs, within_s)

    async def hears_silence(self, lasting_s: float, within_s: float) -> None:
        """Wait until sound arrived, and was quieter than -55 dBFS, for `lasting_s`."""
        start = self._loop.time()
        await self.hears(
            lambda: self._loop.time() - start >= lasting_s and self.level_dbfs(lasting_s) < -55.0,
            within_s,
        )


def _bound_pair(host: str) -> tuple[socket.socket | None, socket.socket | None]:
    rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    rtp.bind((host, 0))
    port = rtp.getsockname()[1]
    control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if port % 2 == 0:
        try:
            control.bind((host, port + 1))
        except OSError:
            port = 1
    if port % 2:
        rtp.close()
        control.close()
        return None, None
    rtp.setblocking(False)
    return rtp, control
