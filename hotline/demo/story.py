"""What the demonstration tells, and how it says that it can't go on."""

from __future__ import annotations

import time


class HinderedError(Exception):
    """The demonstration can't go on. The words say why and what to do."""


class Story:
    """Prints each stage with the seconds since the call was dialled."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def begin(self) -> None:
        """The call is dialled now: times count from here."""
        self._began = time.monotonic()

    def tell(self, words: str) -> None:
        print(f"  {time.monotonic() - self._began:7.2f} s  {words}", flush=True)
