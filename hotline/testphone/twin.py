"""A running SIPp, and the line on which it tells us what happens and takes commands.

SIPp's third-party call control (-3pcc) connects to a TCP port of ours. Messages on it are
header lines with the Call-ID they belong to, closed by an ESC character.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_END = b"\x1b"
_START_LIMIT_S = 10.0
_STOP_LIMIT_S = 5.0
_LONGEST_MESSAGE = 65536
_TRIES = 5
_TAKEN = "Address already in use"


class SippFailed(Exception):
    """SIPp did not start, or stopped by itself with an error. Carries what it said."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to a call: the scenario's word for it, and the message behind."""

    call_id: str
    event: str
    at: float
    """The event loop's clock."""
    message: str

    @property
    def status(self) -> int | None:
        """The code of the SIP answer that came with it; None for a request."""
        first = self.message.split("\n", 1)[0].split()
        return int(first[1]) if first[:1] == ["SIP/2.0"] else None

    def header(self, name: str) -> str | None:
        wanted = name.lower() + ":"
        lines = (line.strip() for line in self.message.splitlines())
        return next(
            (line[len(wanted) :].strip() for line in lines if line.lower().startswith(wanted)),
            None,
        )

    def media_address(self) -> tuple[str, int] | None:
        """Where the far end wants its sound (from the session description)."""
        host = port = None
        for line in self.message.splitlines():
            words = line.strip().split()
            if line.startswith("c=IN"):
                host = words[-1]
            elif line.startswith("m=audio"):
                port = int(words[1])
        return (host, port) if host and port else None


class Sipp:
    """One SIPp process. `on_notice` is called for each thing it tells."""

    def __init__(self, on_notice: Callable[[Notice], None]) -> None:
        self._on_notice = on_notice
        self._process: asyncio.subprocess.Process | None = None
        self._server: asyncio.Server | None = None
        self._line: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self._told_all = asyncio.Event()
        self._directory = tempfile.TemporaryDirectory(prefix="sipp-")
        self.directory = Path(self._directory.name)

    async def start(
        self, scenario: str, target: tuple[str, int], options: Sequence[str], port: int = 0
    ) -> int:
        """Run the scenario towards `target` on this UDP port, or on any free one: the answer.

        Raises:
            SippFailed: SIPp refuses to.
        """
        (self.directory / "scenario.xml").write_text(scenario, encoding="utf-8")
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, limit=_LONGEST_MESSAGE
        )
        line = self._server.sockets[0].getsockname()[1]
        command = [
            "sipp", f"{target[0]}:{target[1]}", "-sf", "scenario.xml",
            "-3pcc", f"127.0.0.1:{line}", "-i", "127.0.0.1", "-nostdin", "-aa", "-timer_resol", "1",
            "-bind_local", "-trace_err", "-error_file", "errors.log", *options,
        ]  # fmt: skip
        for left in reversed(range(_TRIES)):
            chosen = port or free_udp_port("127.0.0.1")
            try:
                await self._run([*command, "-p", str(chosen)])
                return chosen
            except SippFailed as problem:
                # Free a moment ago, and somebody else's now.
                if port or not left or _TAKEN not in str(problem):
                    raise
        raise AssertionError("the last try returns or raises")

    async def _run(self, command: Sequence[str]) -> None:
        (self.directory / "errors.log").unlink(missing_ok=True)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self.directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise SippFailed("SIPp is not installed (Debian package sip-tester)") from None
        started = asyncio.ensure_future(self._connected.wait())
        ended = asyncio.ensure_future(self._process.wait())
        await asyncio.wait(
            (started, ended), timeout=_START_LIMIT_S, return_when=asyncio.FIRST_COMPLETED
        )
        ended.cancel()
        if not self._connected.is_set():
            started.cancel()
            raise SippFailed(self.complaint() or "SIPp did not start")

    def command(self, call_id: str, word: str, **more: str | int) -> None:
        """Tell a call what to do now. Nothing happens when SIPp is gone."""
        if self._line is None or self._line.is_closing():
            return
        lines = [f"Call-ID: {call_id}", f"Command: {word}"]
        lines += [f"{name.title()}: {value}" for name, value in more.items()]
        self._line.write("\r\n".join([*lines, "", ""]).encode() + _END)

    async def ended(self) -> int:
        """Wait for SIPp's end and its last notice; 0 when every call went as the scenario says."""
        assert self._process is not None  # noqa: S101 - after start() only
        code = await self._process.wait()
        await self._told_all.wait()
        return code

    async def stop(self) -> None:
        """End SIPp (if it still runs), and forget its files."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                async with asyncio.timeout(_STOP_LIMIT_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._line is not None:
            self._line.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._directory.cleanup()

    def complaint(self) -> str:
        """What SIPp wrote into its error file, and how it ended if it has."""
        path = self.directory / "errors.log"
        said = path.read_text(encoding="utf-8", errors="replace")[:2000] if path.exists() else ""
        code = self._process.returncode if self._process is not None else None
        return said if code is None else f"{said}\nSIPp ended with {code}".lstrip()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._line = writer
        self._connected.set()
        loop = asyncio.get_running_loop()
        try:
            while True:
                data = await reader.readuntil(_END)
                self._on_notice(_parse(data[:-1].decode(errors="replace"), loop.time()))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass  # SIPp is done
        finally:
            self._told_all.set()
            writer.close()


def _parse(text: str, at: float) -> Notice:
    text = text.replace("\r\n", "\n").lstrip("\n")
    head, _, message = text.partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    return Notice(fields.get("Call-ID", ""), fields.get("Event", ""), at, message.lstrip("\n"))


def free_udp_port(host: str) -> int:
    """A port nobody uses now: SIPp takes no "any"."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
