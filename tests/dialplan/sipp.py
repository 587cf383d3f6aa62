"""SIPp for the signalling, a socket of our own for the sound."""

from __future__ import annotations

import asyncio
import struct
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from ivr.speech import alaw
from tests.support.ports import free_port

SCENARIOS = Path(__file__).with_name("scenarios")
RATE_HZ = 8000
FRAME = 160
Sound = npt.NDArray[np.int16]


def tone(pitch_hz: float, length_s: float = 1.0, level: float = 0.3) -> Sound:
    """A steady tone; a whole number of its waves fits into a second, so it can be repeated."""
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return np.asarray(np.sin(2 * np.pi * pitch_hz * time_s) * level * 32767, dtype=np.int16)


def strength(sound: Sound, pitch_hz: float) -> float:
    """How much of the sound's energy is this tone: 0.0 none, 1.0 nothing else.

    Taken over tenths of a second, so that a frame lost on a busy machine costs only its own.
    """
    window = RATE_HZ // 10
    pieces = sound[: sound.size // window * window].reshape(-1, window).astype(float)
    wave = np.exp(-2j * np.pi * pitch_hz * np.arange(window) / RATE_HZ)
    tones = 2 * np.abs(pieces @ wave) ** 2 / window
    total = float((pieces**2).sum())
    return float(tones.sum() / total) if total > 0 else 0.0


def purely(sound: Sound, pitch_hz: float) -> float:
    """In what share of its tenths of a second the sound is this tone and next to nothing else.

    Silence counts against it, and a tenth in which a busy machine was late costs only itself.
    """
    window = RATE_HZ // 10
    pieces = sound[: sound.size // window * window].reshape(-1, window)
    return sum(strength(piece, pitch_hz) > 0.9 for piece in pieces) / max(len(pieces), 1)


class Ear(asyncio.DatagramProtocol):
    """One end's sound: says `voice` over and over once it hears anything, keeps what it hears."""

    def __init__(self, voice: Sound) -> None:
        self._frames = [
            alaw.encode(voice[at : at + FRAME]) for at in range(0, voice.size - FRAME + 1, FRAME)
        ]
        self.heard: list[bytes] = []
        self.sent = 0
        self.port = 0
        self.silent = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < 12 or data[1] & 0x7F != 8:
            return
        self.heard.append(data[12:])
        if self._task is None:
            self._task = asyncio.create_task(self._speak(addr))

    async def _speak(self, addr: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            head = struct.pack("!BBHII", 0x80, 8, self.sent & 0xFFFF, self.sent * FRAME, 7)
            if not self.silent:
                self._transport.sendto(head + self._frames[self.sent % len(self._frames)], addr)
            self.sent += 1
            await asyncio.sleep(began + self.sent * 0.02 - loop.time())

    def sound(self, last_s: float | None = None) -> Sound:
        """What was heard, or the last of it."""
        heard = self.heard if last_s is None else self.heard[-round(last_s * 50) :]
        return alaw.decode(b"".join(heard))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._transport.close()


@asynccontextmanager
async def ear(voice: Sound, host: str = "127.0.0.1") -> AsyncIterator[Ear]:
    """An open ear on a free port."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: Ear(voice), local_addr=(host, 0)
    )
    protocol.port = transport.get_extra_info("sockname")[1]
    try:
        yield protocol
    finally:
        await protocol.close()


class Sipp:
    """One SIPp process that plays one call of a scenario."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        self._process = process
        self._errors = errors

    async def done(self, limit_s: float = 90.0) -> None:
        """Wait for its end; AssertionError with SIPp's own words when the call went otherwise."""
        async with asyncio.timeout(limit_s):
            _, said = await self._process.communicate()
        errors = self._errors.read_text() if self._errors.exists() else ""
        assert self._process.returncode == 0, f"{said.decode()[-500:]}\n{errors[-2000:]}"

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()


@asynccontextmanager
async def sipp(
    scenario: str,
    *,
    sip_port: int,
    ear_port: int,
    port: int | None = None,
    host: str = "127.0.0.1",
    dialled: str = "12345",
    from_user: str = "13800000001",
    payloads: str = "8 101",
    status: int = 200,
    hold_s: float = 1.0,
    marks: Mapping[str, str] | None = None,
) -> AsyncIterator[Sipp]:
    """Start SIPp on a scenario; it is ended on leaving. `sip_port` is Asterisk's.

    `marks` stand in the scenario as @name@, where SIPp itself puts no keyword.
    """
    with tempfile.TemporaryDirectory(prefix="sipp-") as directory:
        script = Path(directory) / "scenario.xml"
        text = (SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8")
        for mark, meant in {"status": str(status), **(marks or {})}.items():
            text = text.replace(f"@{mark}@", meant)
        script.write_text(text, encoding="utf-8")
        errors = Path(directory) / "errors.log"
        process = await asyncio.create_subprocess_exec(
            "sipp", f"127.0.0.1:{sip_port}", "-sf", str(script), "-m", "1", "-l", "1",
            "-i", host, "-p", str(port or free_port()), "-nostdin", "-timeout", "100",
            "-d", str(round(hold_s * 1000)), "-trace_err", "-error_file", str(errors),
            "-key", "dialled", dialled, "-key", "from_user", from_user,
            "-key", "ear", str(ear_port), "-key", "payloads", payloads,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=directory,
        )  # fmt: skip
        running = Sipp(process, errors)
        try:
            yield running
        finally:
            await running.end()


def stereo(path: Path) -> tuple[Sound, Sound]:
    """A recording's two sides: the caller, and what the caller heard."""
    both = np.fromfile(path, dtype="<i2").astype(np.int16)
    return both[0::2], both[1::2]
