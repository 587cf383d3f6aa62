"""One Asterisk for all tests that only call it; those that start and stop have their own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio

from ivr.ami import Ami
from tests.dialplan.sipp import tone
from tests.support.asterisk import Running, running_asterisk
from tests.support.settings import make_settings

BUSY_HZ = 700
"""The pitch that stands for the sentence `system_busy`."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """Calls come from 127.0.0.1 over the trunk `local`; 127.0.0.2 is nobody's."""
    settings = make_settings(tmp_path_factory.mktemp("a"))
    trunk = replace(settings.trunks[0], codecs=("alaw",))
    settings = replace(settings, trunks=(trunk,))
    spoken = settings.sounds / "zh"
    spoken.mkdir(parents=True)
    (spoken / "system_busy.sln").write_bytes(tone(BUSY_HZ).tobytes())
    async with running_asterisk(settings=settings) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ami(asterisk: Running) -> AsyncIterator[Ami]:
    async with aiohttp.ClientSession() as session:
        yield Ami(session, asterisk.url, asterisk.user, asterisk.ami_password)


async def until(true: Callable[[], bool], limit_s: float = 30.0) -> None:
    """Wait for a condition; TimeoutError after the limit."""
    async with asyncio.timeout(limit_s):
        while not true():  # noqa: ASYNC110 - what is waited for is another process's
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def no_call_left(asterisk: Running) -> AsyncIterator[None]:
    """On leaving, wait until Asterisk has no channel and has closed what it recorded; after a
    failure, hang up what is left.
    """
    try:
        yield
    except BaseException:
        for channel in await asterisk.channels():
            await asterisk.http.delete(f"/ari/channels/{channel['id']}")
        raise
    async with asyncio.timeout(10):
        while await asterisk.channels():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    await asterisk.has_closed()
