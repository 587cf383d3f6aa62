"""What holds for every test."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from itertools import islice
from types import FrameType

FRAMES = 6
_walk = traceback.walk_stack


def _nearest(f: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    return islice(_walk(f), FRAMES)


# asyncio's debug mode keeps where every task, future and handle was made: from there to the bottom
# of pytest, with the text of each line, which is a third of the time of a test with a loop. The
# nearest frames say as much.
traceback.walk_stack = _nearest
