"""A process of ours under test: started until it says it is ready, killed or stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import sys
from pathlib import Path

from config.model import Settings
from tests.support.settings import ROOT

READY_LIMIT_S = 40.0
STOP_LIMIT_S = 25.0


class DidNotStart(Exception):
    """The process ended or stayed silent. Carries what it printed."""


class Part:
    """One part of the house (see `part.py`) with its printed words."""

    def __init__(self, name: str, settings: Settings, directory: Path) -> None:
        self._name = name
        self._settings = settings
        self._file = directory / f"{name}-{os.urandom(3).hex()}.pickle"
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.printed: list[str] = []

    def command(self) -> list[str]:
        """The words that start it."""
        self._file.write_bytes(pickle.dumps(self._settings))
        return [sys.executable, "-m", "tests.support.part", self._name, str(self._file)]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.returncode if self._process is not None else None

    async def start(self) -> None:
        """Back when it says that it is ready. Raises DidNotStart."""
        self._ready.clear()
        self._process = await asyncio.create_subprocess_exec(
            *self.command(),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reading = asyncio.create_task(self._read())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait(
            (ready, self._reading), timeout=READY_LIMIT_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not self._ready.is_set():
            ready.cancel()
            await self.kill()
            raise DidNotStart("".join(self.printed[-40:]))

    async def ended(self, within_s: float = STOP_LIMIT_S) -> int:
        """Wait until it has ended by itself; its code."""
        assert self._process is not None
        async with asyncio.timeout(within_s):
            code = await self._process.wait()
        await self._done_reading()
        return code

    async def kill(self) -> None:
        """kill -9: no last words."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        await self._end(signal.SIGTERM)

    async def _end(self, sign: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(sign)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._done_reading()

    async def _done_reading(self) -> None:
        if self._reading is not None:
            await self._reading

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode(errors="replace")
            self.printed.append(text)
            if " is ready" in text:
                self._ready.set()
