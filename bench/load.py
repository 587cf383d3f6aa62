"""SIPp on both ends: callers at a rate, and the telephones of all seats behind one port."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
from dataclasses import dataclass
from pathlib import Path

from bench import sound
from hotline.testphone.twin import free_udp_port

_SCENARIOS = Path(__file__).with_name("scenarios")
_HOST = "127.0.0.1"
KEY = "1"
KEY_AT_S = 1.0
"""When a caller presses it, from the answer on."""


class LoadFailed(Exception):
    """SIPp could not do what it was started for. Says why."""


@dataclass(frozen=True, slots=True)
class Load:
    """So many calls at so many a second. `number` is what is dialled."""

    number: str
    calls: int
    rate: float
    talk_s: float
    key_at_s: float
    with_sound: bool = True
    patience_s: float = 90.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What SIPp counted at both ends."""

    calls: int
    succeeded: int
    failed: int
    answered: int
    """Talks that a seat carried to its own goodbye."""
    retransmissions: int

    @property
    def whole(self) -> bool:
        """Nothing failed and every caller was answered."""
        return self.failed == 0 and self.succeeded == self.calls == self.answered


def can_play() -> bool:
    """Whether SIPp may play captures: it sends them over a raw socket."""
    return os.geteuid() == 0


def speak(capture: str) -> str:
    """The scenario's step that plays a capture."""
    return f'<nop><action><exec play_pcap_audio="{capture}"/></action></nop>'


class SeatFarm:
    """One SIPp that answers for every seat of a run."""

    def __init__(self, directory: Path, asterisk: tuple[str, int], port: int) -> None:
        self._directory = directory
        self._asterisk = asterisk
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._stats = directory / "seat.csv"

    async def start(self, load: Load, voice: Path, media_port: int) -> None:
        text = (_SCENARIOS / "seat.xml").read_text(encoding="utf-8")
        text = text.replace("{speak}", speak(str(voice)) if load.with_sound else "")
        text = text.replace("{talk_ms}", str(round(load.talk_s * 1000)))
        self._process = await _sipp(
            self._directory, "seat", text, self._asterisk,
            ["-p", str(self._port), "-mp", str(media_port), "-stf", str(self._stats)],
        )  # fmt: skip
        await _bound(self._port)

    async def stop(self) -> tuple[int, int]:
        """End it when its last calls are over; talks carried to their end, and retransmissions."""
        if self._process is None:
            return 0, 0
        await _ask_to_end(self._process)
        row = _last_row(self._stats)
        return int(row["SuccessfulCall(C)"]), int(row["Retransmissions(C)"])


async def run(
    load: Load, directory: Path, asterisk: tuple[str, int], seat_port: int, sounds: Path
) -> Outcome:
    """Place all the calls, wait until the last is over; what was counted. Raises LoadFailed."""
    said, answer = write_voices(load, directory, sounds)
    # SIPp holds its media port and drops what comes: "port unreachable" would cost Asterisk.
    seats = SeatFarm(directory, asterisk, seat_port)
    await seats.start(load, answer, free_udp_port(_HOST))
    try:
        stats = await _place_calls(load, directory, asterisk, said, free_udp_port(_HOST))
    finally:
        answered, seat_retransmissions = await seats.stop()
    return Outcome(
        calls=load.calls,
        succeeded=int(stats["SuccessfulCall(C)"]),
        failed=int(stats["FailedCall(C)"]),
        answered=answered,
        retransmissions=int(stats["Retransmissions(C)"]) + seat_retransmissions,
    )


def write_voices(load: Load, directory: Path, sounds: Path) -> tuple[Path, Path]:
    """The caller's capture (without sound it holds little more than the key), and the seat's."""
    directory.mkdir(parents=True, exist_ok=True)
    said, answer = directory / "caller.pcap", directory / "seat.pcap"
    spoken_s = load.key_at_s + (load.talk_s + 1.5 if load.with_sound else 0.3)
    sound.write_capture(said, sound.stream(sound.speech(sounds, spoken_s), KEY, load.key_at_s))
    sound.write_capture(answer, sound.stream(sound.speech(sounds, load.talk_s)))
    return said, answer


def caller(n: int) -> str:
    """The number of the n-th caller: made up, and another for each."""
    return f"1380000{n:04d}" if n < 10_000 else f"0775000{n - 10_000:04d}"


async def _place_calls(
    load: Load, directory: Path, asterisk: tuple[str, int], said: Path, media_port: int
) -> dict[str, str]:
    text = (_SCENARIOS / "caller.xml").read_text(encoding="utf-8")
    text = text.replace("{speak}", speak(str(said)))
    text = text.replace("{patience_ms}", str(round((load.patience_s + load.talk_s) * 1000)))
    numbers = "SEQUENTIAL\n" + "".join(f"{caller(n)};\n" for n in range(load.calls))
    (directory / "callers.csv").write_text(numbers, encoding="utf-8")
    period_ms = 1000
    stats = directory / "caller.csv"
    process = await _sipp(
        directory, "caller", text, asterisk,
        [
            "-p", str(free_udp_port(_HOST)), "-mp", str(media_port), "-stf", str(stats),
            "-inf", "callers.csv", "-s", load.number, "-m", str(load.calls),
            "-r", str(round(load.rate * 10)), "-rp", str(period_ms * 10), "-l", "100000",
        ],
    )  # fmt: skip
    limit_s = load.calls / load.rate + load.talk_s + load.patience_s + 60
    try:
        async with asyncio.timeout(limit_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise LoadFailed(f"the callers did not end within {limit_s:.0f} s") from None
    if process.returncode not in (0, 1):
        raise LoadFailed(f"SIPp ended with {process.returncode}: {_errors(directory, 'caller')}")
    return _last_row(stats)


async def _sipp(
    directory: Path, name: str, scenario: str, asterisk: tuple[str, int], options: list[str]
) -> asyncio.subprocess.Process:
    (directory / f"{name}.xml").write_text(scenario, encoding="utf-8")
    command = [
        "sipp", f"{asterisk[0]}:{asterisk[1]}", "-sf", f"{name}.xml", "-i", _HOST, "-mi", _HOST,
        "-nostdin", "-aa", "-trace_stat", "-fd", "1", "-trace_err",
        "-error_file", f"{name}-errors.log", "-default_behaviors", "all", *options,
    ]  # fmt: skip
    (directory / f"{name}-errors.log").unlink(missing_ok=True)
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise LoadFailed("SIPp is not installed (Debian package sip-tester)") from None


async def _ask_to_end(process: asyncio.subprocess.Process) -> None:
    import signal

    # SIPp's own: no new calls, an end when the last is over.
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGUSR1)
    try:
        async with asyncio.timeout(30):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _bound(port: int) -> None:
    """Wait until somebody holds the UDP port. Trying to bind it would be in SIPp's way."""
    held = f"0100007F:{port:04X}"
    async with asyncio.timeout(10):
        while held not in _udp_sockets():  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.02)


def _udp_sockets() -> str:
    return Path("/proc/net/udp").read_text(encoding="ascii")


def _last_row(stats: Path) -> dict[str, str]:
    with stats.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    if not rows:
        raise LoadFailed(f"SIPp wrote no figures into {stats.name}")
    return rows[-1]


def _errors(directory: Path, name: str) -> str:
    path = directory / f"{name}-errors.log"
    return path.read_text(encoding="utf-8", errors="replace")[:600] if path.exists() else ""
