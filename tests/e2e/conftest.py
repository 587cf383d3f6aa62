"""A copy of the house for each file, empty again after each of its tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.copy import Copy, running_copy


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Copy]:
    async with running_copy() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def copy(shared: Copy) -> AsyncIterator[Copy]:
    """The file's own; its tests run on the loop of their module."""
    yield shared
    await shared.everybody_goes()
