"""A clock that a test can move."""

from __future__ import annotations

from db.clock import now_ms


class Clock:
    """The wall clock and what was added to it."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms

    def pass_s(self, seconds: float) -> None:
        self.ahead_ms += int(seconds * 1000)


class StillClock(Clock):
    """One that only a test moves: for terms whose end is looked at from both sides."""

    def __init__(self) -> None:
        super().__init__()
        self._began_ms = now_ms()

    def __call__(self) -> int:
        return self._began_ms + self.ahead_ms
