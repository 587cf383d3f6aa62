"""A way for TCP that a test can cut, stall and close: between the controller and what it talks to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from tests.support.copy import Copy
from tests.support.forked import ForkedPart

CHUNK = 65_536


class Wire:
    """Carries every connection to `port` on to an address. Made by `wire_to`."""

    def __init__(self, to: tuple[str, int]) -> None:
        self.port = 0
        self._to = to
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    # --- what a test does ---

    def cut(self) -> None:
        """Reset every connection; the next one is carried again."""
        for end in tuple(self._ends):
            end.transport.abort()

    async def close(self) -> None:
        """Reset every connection and refuse new ones, until `mend`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        if self._pumps:
            await asyncio.wait(tuple(self._pumps))

    def stall(self) -> None:
        """Nothing comes through any more, and nobody is told: a dead switch on the way."""
        self._flows.clear()

    async def mend(self) -> None:
        """Everything comes through again, what was stalled included."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._carry, "127.0.0.1", self.port, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]
        self._flows.set()

    # --- carrying ---

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            await self._flows.wait()
            there, onward = await asyncio.open_connection(*self._to)
        except OSError:
            self._drop(writer)
            return
        self._ends.add(onward)
        pumps = [
            asyncio.create_task(self._pump(reader, onward)),
            asyncio.create_task(self._pump(there, writer)),
        ]
        self._pumps.update(pumps)
        for pump in pumps:
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(CHUNK):
                await self._flows.wait()
                sink.write(data)
                await sink.drain()
        except OSError:
            pass  # it was reset: so is the other side, below
        finally:
            self._drop(sink)

    def _drop(self, end: asyncio.StreamWriter) -> None:
        self._ends.discard(end)
        with contextlib.suppress(OSError):
            end.close()


@asynccontextmanager
async def wire_to(host: str, port: int) -> AsyncIterator[Wire]:
    """A wire to an address, on a free port of its own."""
    wire = Wire((host, port))
    await wire.mend()
    try:
        yield wire
    finally:
        await wire.mend()
        await wire.close()


def times_settled(copy: Copy) -> int:
    """How often the copy's controllers have connected to their Asterisk and settled."""
    log = copy.settings.var / "log" / "controller.log"
    return log.read_text(encoding="utf-8").count(" hotline.controller: ready: ")


async def settled_again(copy: Copy, times: int) -> None:
    """Wait until it is so more than so many times.

    A line that is there again is not enough: what happens before Asterisk knows of the new
    listener is told to nobody, and a key pressed then is lost.
    """
    await copy.until(lambda _: times_settled(copy) > times, 30, "the controller is back")


@asynccontextmanager
async def wired(copy: Copy) -> AsyncIterator[Wire]:
    """Have the copy's controller reach its Asterisk through a wire of ours."""
    asterisk = copy.settings.asterisk
    async with wire_to(asterisk.host, asterisk.http_port) as wire:
        await copy.controller.stop()
        through = replace(copy.settings, asterisk=replace(asterisk, http_port=wire.port))
        copy.controller = ForkedPart("controller", through)
        await copy.controller.start()
        try:
            yield wire
        finally:
            await wire.mend()
            await copy.controller.stop()
