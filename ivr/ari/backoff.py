"""Waiting between attempts."""

import random


class Backoff:
    """Waits that double up to a most, each shortened by up to a half at random."""

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._wait = first

    def next(self) -> float:
        wait, self._wait = self._wait, min(self._wait * 2, self._most)
        return wait * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._wait = self._first
