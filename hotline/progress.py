"""Named steps on the terminal: what is being done, that it still goes on, how it ended.

A step longer than two seconds shows its seconds: on a terminal in one line that is
rewritten, elsewhere as a line now and then.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

QUIET_S = 2.0
TERMINAL_EVERY_S = 1.0
PLAIN_EVERY_S = 10.0
DETAIL_SHOWN = 60


class StepFailed(Exception):
    """A step failed. Holds what failed (`step`), why (`reason`) and what to do (`advice`)."""

    def __init__(self, step: str, reason: str, advice: str) -> None:
        super().__init__(f"{step} failed: {reason}")
        self.step = step
        self.reason = reason
        self.advice = advice


class Step:
    """One step under way. `say` tells how far it is; any thread may call it."""

    def __init__(self, name: str, out: TextIO) -> None:
        self.name = name
        self._out = out
        self.detail = ""
        self._began = time.monotonic()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._ticker.start()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def say(self, detail: str) -> None:
        """Tell how far the step is, such as "120 of 160 packages"."""
        self.detail = detail[:DETAIL_SHOWN]

    def finish(self, mark: str) -> None:
        self._over.set()
        self._ticker.join()
        detail = f"  {self.detail}" if self.detail else ""
        self._print(f"  {mark} {self.name}{detail}  {self.seconds:.1f} s", end="\n")

    def _tick(self) -> None:
        every = TERMINAL_EVERY_S if self._out.isatty() else PLAIN_EVERY_S
        wait = QUIET_S
        while not self._over.wait(wait):
            wait = every
            end = "" if self._out.isatty() else "\n"
            self._print(f"  … {self.name}  {self.seconds:.0f} s  {self.detail}", end=end)

    def _print(self, line: str, *, end: str) -> None:
        start = "\r\033[K" if self._out.isatty() else ""
        print(start + line, end=end, file=self._out, flush=True)


@contextmanager
def step(name: str, advice: str, out: TextIO | None = None) -> Iterator[Step]:
    """Run the block as a named step.

    Any exception of the block becomes StepFailed with `advice`, except an interrupt.
    """
    running = Step(name, out or sys.stdout)
    try:
        yield running
    except StepFailed:
        running.finish("✗")
        raise
    except TimeoutError as error:
        running.finish("✗")
        reason = f"it took longer than {running.seconds:.0f} s {running.detail}".rstrip()
        raise StepFailed(name, str(error) or reason, advice) from error
    except Exception as error:
        running.finish("✗")
        raise StepFailed(name, str(error) or type(error).__name__, advice) from error
    except BaseException:
        running.finish("✗")
        raise
    running.finish("✓")
