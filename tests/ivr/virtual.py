"""A loop whose time is virtual: it jumps to the next timer when nothing else is left to do.

No test sleeps; ten minutes of waiting pass in milliseconds, and the same way each time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from unittest.mock import patch

T = TypeVar("T")

DAWN_S = 1_795_305_600
"""The wall clock when a test begins: 2026-11-22 00:00 UTC, eight in the morning in Shanghai."""

LIMIT_S = 4 * 3600.0


class NothingLeft(Exception):
    """Everybody waits for somebody else."""


class _Selector(selectors.DefaultSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if not found and timeout is None:
            raise NothingLeft
        if not found and timeout:
            self.loop.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at zero. What is sent to a thread is done at once, on the loop."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is handed to whoever asked
            future.set_exception(error)
        return future


class WallClock:
    """Stands in for the module `time` in `db.clock`."""

    loop: VirtualLoop | None = None

    def time_ns(self) -> int:
        now_s = self.loop.now if self.loop is not None else 0.0
        return int((DAWN_S + now_s) * 1e9)


def run(doing: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to the end in virtual time, the wall clock of the database with it."""
    wall = WallClock()

    def new_loop() -> VirtualLoop:
        wall.loop = VirtualLoop()
        return wall.loop

    async def limited() -> T:
        async with asyncio.timeout(LIMIT_S):
            return await doing()

    with patch("db.clock.time", wall), asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(limited())


async def calm() -> None:
    """Let everything happen that is due now; no time passes."""
    for _ in range(200):
        await asyncio.sleep(0)
