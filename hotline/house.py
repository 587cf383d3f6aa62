"""Parts that live together: started in order, watched, stopped in the reverse order.

A part that ends by itself takes the house down loudly; nothing limps on unseen.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from hotline.progress import StepFailed, step

log = logging.getLogger("hotline.house")

STOP_LIMIT_S = 30.0
"""One part may take so long to stop; then it is left and the next one stops."""

Stop = Callable[[], Awaitable[Any]]


class House:
    """Runs parts until a signal or the death of one of them."""

    def __init__(self) -> None:
        self._stops: list[tuple[str, Stop]] = []
        self._parts: dict[str, asyncio.Task[Any]] = {}
        self._asked = asyncio.Event()

    def listen_to_signals(self) -> None:
        """SIGINT and SIGTERM ask for the end. Each part has a limit, so once is enough."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._asked.set)

    def on_stop(self, name: str, stop: Stop) -> None:
        """Have `stop` called, as the step `name`, when the house closes."""
        self._stops.append((name, stop))

    def live(self, name: str, part: Coroutine[Any, Any, Any]) -> None:
        """Run a part that must not end before it is stopped."""
        self._parts[name] = asyncio.create_task(part, name=name)

    def ending(self, name: str) -> Stop:
        """A way to stop the part of that name: cancelled, and waited for."""

        async def end() -> None:
            task = self._parts.pop(name, None)
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        return end

    async def started(self, starting: asyncio.Task[None]) -> bool:
        """Wait for the start to be through; False when a signal came first.

        Raises what the start raises, or StepFailed when a part dies meanwhile.
        """
        asked = asyncio.create_task(self._asked.wait(), name="signal")
        try:
            while not starting.done():
                await asyncio.wait(
                    {asked, starting, *self._parts.values()},
                    timeout=1.0,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                dead = [name for name, task in self._parts.items() if task.done()]
                if asked.done() or dead:
                    starting.cancel()
                    await asyncio.gather(starting, return_exceptions=True)
                    if not dead:
                        return False
                    reason = self._tell_death(dead[0])
                    raise StepFailed(dead[0], reason, "the log says more")
            starting.result()
        finally:
            asked.cancel()
        return True

    async def until_over(self) -> str | None:
        """Wait for a signal (None) or the end of a part: which and why, told loudly."""
        asked = asyncio.create_task(self._asked.wait(), name="signal")
        names = {task: name for name, task in self._parts.items()}
        done, _ = await asyncio.wait({asked, *names}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        dead = [names[task] for task in done if task is not asked]
        told = [f"{name} ended by itself ({self._tell_death(name)})" for name in dead]
        return told[0] if told else None

    def _tell_death(self, name: str) -> str:
        """Log a part that ended by itself; the reason in a few words."""
        task = self._parts[name]
        error = None if task.cancelled() else task.exception()
        log.critical("%s ended by itself; stopping everything", name, exc_info=error)
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        return f"{type(error).__name__}: {error}" if error else "it ended without a word"

    async def close(self) -> None:
        """Stop everything, last started first, each in a named step with a limit."""
        for name, stop in reversed(self._stops):
            try:
                with step(name, "the log says more"):
                    async with asyncio.timeout(STOP_LIMIT_S):
                        await stop()
            except Exception:
                # The parts below must be stopped all the same.
                log.exception("%s failed", name)
        self._stops.clear()
        for name in tuple(self._parts):
            await self.ending(name)()
