"""A copy of the house for each test: it starts in under two seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.copy import Copy, running_copy


@pytest.fixture
async def copy() -> AsyncIterator[Copy]:
    async with running_copy() as running:
        yield running
