"""A part of the house as a process of its own whose code is there already when it starts.

A server loads it once and forks for each: loading takes a processor two seconds, and the tests
start hundreds. Where it matters how a process begins, `process.py` starts it as people do.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from config.model import Settings
from tests.support.part import PARTS
from tests.support.process import READY_LIMIT_S, STOP_LIMIT_S, DidNotStart

_forks = multiprocessing.get_context("forkserver")


def be_part(name: str, settings: Settings, prints_to: Connection) -> None:
    """In the new process: be that part until it ends, and end with its code."""
    for stream in (1, 2):
        os.dup2(prints_to.fileno(), stream)
    prints_to.close()
    sys.stdout, sys.stderr = (
        open(stream, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        for stream in (1, 2)
    )
    sys.exit(PARTS[name](settings))


def nothing() -> None:
    """In the first new process: it begins when everything is loaded."""


class _Server:
    """The server that forks; there is one for all tests of a process."""

    def __init__(self) -> None:
        self._loaded = False

    async def loaded(self) -> None:
        """Wait until it has loaded everything: from then on a fork is a matter of moments."""
        if not self._loaded:
            _forks.set_forkserver_preload([__name__])
            await asyncio.to_thread(self._load)
            self._loaded = True

    def _load(self) -> None:
        first = _forks.Process(target=nothing)
        first.start()
        first.join()
        first.close()


_server = _Server()


class ForkedPart:
    """One part of the house (see `part.py`) with its printed words."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings
        self._process: ForkServerProcess | None = None
        self._reading: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._ready = asyncio.Event()
        self.printed: list[str] = []

    @property
    def pid(self) -> int:
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode if self._process is not None else None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.exitcode is None

    async def start(self) -> None:
        """Back when it says that it is ready. Raises DidNotStart."""
        await _server.loaded()
        self._ready, self._gone = asyncio.Event(), asyncio.Event()
        words, prints_to = _forks.Pipe(duplex=False)
        self._process = _forks.Process(
            target=be_part, args=(self._name, self._settings, prints_to), daemon=True
        )
        self._process.start()
        prints_to.close()
        _when_readable(self._process.sentinel, self._gone.set)
        self._reading = asyncio.create_task(self._read(words))
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
        async with asyncio.timeout(within_s):
            await self._gone.wait()
        await self._done_reading()
        assert self.returncode is not None
        return self.returncode

    async def kill(self) -> None:
        """kill -9: no last words."""
        if self.runs:
            assert self._process is not None
            self._process.kill()
            await self.ended()

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        if not self.runs:
            return
        assert self._process is not None
        self._process.terminate()
        try:
            await self.ended()
        except TimeoutError:
            await self.kill()

    async def _done_reading(self) -> None:
        if self._reading is not None:
            await self._reading

    async def _read(self, words: Connection) -> None:
        """Until nobody holds the other end any more."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        with os.fdopen(os.dup(words.fileno()), "rb") as pipe:
            words.close()
            transport, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), pipe
            )
            async for line in reader:
                text = line.decode(errors="replace")
                self.printed.append(text)
                if " is ready" in text:
                    self._ready.set()
            transport.close()


def _when_readable(fd: int, tell: Callable[[], object]) -> None:
    """Once."""
    loop = asyncio.get_running_loop()

    def told() -> None:
        loop.remove_reader(fd)
        tell()

    loop.add_reader(fd, told)
