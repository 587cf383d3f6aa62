"""The line to Asterisk is cut, then the controller is killed, in every state of a conversation.

Nobody is cut off and everything goes on. All states stand at one time in one copy, and each
blow strikes them all (`tests.support.talks`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.copy import Copy, running_copy
from tests.support.talks import long_lasting, talks
from tests.support.wire import settled_again, times_settled, wired

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def copy() -> AsyncIterator[Copy]:
    async with running_copy(long_lasting, outside=True) as running:
        yield running


async def test_given_conversation_in_every_state_when_line_is_cut_and_controller_killed_then_all_go_on(
    copy: Copy,
) -> None:
    async with wired(copy) as wire, talks(copy) as made:
        times = times_settled(copy)
        wire.cut()
        await settled_again(copy, times)
        await asyncio.gather(*(talk.still() for talk in made))

        await copy.controller.kill()
        # Without any controller: who speaks goes on speaking.
        await asyncio.gather(*(talk.still() for talk in made))
        await copy.controller.start()
        await asyncio.gather(*(talk.still() for talk in made))

        for talk in made:
            await talk.rings_on()
        for talk in made:
            await talk.she_is_back()
        await asyncio.gather(*(talk.ends() for talk in made))
    await copy.until(copy.none_open, 30, "no call is open")
