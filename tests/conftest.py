"""What holds for every test."""

from __future__ import annotations

import gc
import linecache
import traceback
from collections.abc import Iterator
from itertools import islice
from types import FrameType

import pytest

from tests.support import compiled, examples

compiled.share()
examples.register()

FRAMES = 6
_walk = traceback.walk_stack


def _nearest(f: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    return islice(_walk(f), FRAMES)


# asyncio's debug mode keeps where every task, future and handle was made: from there to the bottom
# of pytest, with the text of each line, which is a third of the time of a test with a loop. The
# nearest frames say as much.
traceback.walk_stack = _nearest


def _unchanged(filename: str | None = None) -> None:
    """No source changes while tests run: no file is asked after for each of these frames."""


linecache.checkcache = _unchanged


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    examples.see_to(config, items)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was collected stays to the end: the collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
