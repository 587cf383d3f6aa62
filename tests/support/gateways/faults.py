"""How a far end of a test behaves: what all of them can do wrong."""

from __future__ import annotations

import asyncio
from typing import Literal

Fault = Literal["", "refuse", "later", "stall", "break_before", "break_after"]
"""refuse: for good; later: not now; stall: takes it, never answers; break_…: the line goes before
or after it was taken."""


class Faulty:
    """What a far end was told to do wrong, and how far it got."""

    def __init__(self) -> None:
        self.fault: Fault = ""
        self.asked = 0
        """Requests that reached it, whatever became of them."""
        self.released = asyncio.Event()
        """Ends what was stalled."""
