"""kill -9 of Asterisk: its calls are gone, and each ends with its reason, its seat and its sound."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from db.models import ticket
from hotline.testphone import hearing
from tests.support.conversing import spans_of
from tests.support.copy import Copy, running_copy
from tests.support.states import Scene, in_states, on_duty
from tests.support.steps import hear_each_other, hears, sides
from tests.support.talks import long_lasting, talks
from tests.support.tones import CITIZEN_HZ, SEAT_HZ

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

ENDS_AS = {
    "greeting": "abandoned_in_menu",
    "menu": "abandoned_in_menu",
    "waiting": "abandoned_in_queue",
    "ringing": "abandoned_in_queue",
    "talking": "lost",
    "held": "lost",
}
TO_BE_RUNG_BACK = ("waiting", "ringing")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def copy() -> AsyncIterator[Copy]:
    async with running_copy(long_lasting, outside=True) as running:
        yield running


async def kill_asterisk(copy: Copy) -> None:
    """No last words; back when the process is gone."""
    process = copy.asterisk.process
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    async with asyncio.timeout(10):
        await process.watch()


async def has_ended(scene: Scene) -> None:
    """The record of a call that Asterisk's death ended is whole."""
    copy, state = scene.copy, scene.state
    row = await copy.complete(scene.citizen, ENDS_AS[state])
    wanted = "abandoned" if state in TO_BE_RUNG_BACK else None
    assert await copy.missed_of(row.id) == wanted, state
    if state in ("talking", "held"):
        found = select(ticket.c.state).where(ticket.c.id == row.ticket_id)
        kept = await copy.db.read(lambda conn: conn.execute(found).scalar_one())
        assert kept == "draft", "what the agent had begun to write stays hers"
    if scene.call is not None:
        # The telephone went with Asterisk: nobody is offered who can't be rung.
        assert (await scene.seat.is_in("offline")).call_id is None


async def new_call_works(copy: Copy) -> None:
    """A citizen dials and a seat answers."""
    async with on_duty(copy) as seat, copy.citizen() as citizen:
        await hears(copy, citizen, "greeting", within_s=20)
        await citizen.press("1")
        call = await seat.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await call.hang_up()
        await citizen.ended()
        await copy.complete(citizen, "agent_hung_up")


async def test_given_a_call_in_every_state_when_asterisk_is_killed_then_each_ends_with_its_reason(
    copy: Copy,
) -> None:
    async with in_states(copy) as scenes:
        talking = next(scene for scene in scenes if scene.state == "talking")
        await hear_each_other(talking.citizen, talking.seat_call, seconds=1.5)
        await kill_asterisk(copy)
        assert copy.controller.returncode is None
        await copy.asterisk.process.start()
        for scene in scenes:
            await has_ended(scene)
        row = await copy.call_of(talking.citizen)
        left, right = sides(copy, await copy.recording_of(row.id))
        assert hearing.tone_seconds(left, CITIZEN_HZ) > 0
        assert hearing.tone_seconds(right, SEAT_HZ) > 0
    await new_call_works(copy)


async def test_given_conversations_of_several_when_all_power_fails_then_each_is_lost_and_whole(
    copy: Copy,
) -> None:
    several = ("talking", "asking", "consulting", "conference", "left", "handing", "recalling")
    async with talks(copy, several) as made:
        await copy.controller.kill()
        await kill_asterisk(copy)
        await copy.asterisk.process.start()
        await copy.controller.start()
        for talk in made:
            row = await copy.complete(talk.scene.caller, "lost")
            spans = await spans_of(copy, row.id)
            assert spans, talk.state
            assert all(span.to_ms is not None for span in spans), talk.state
            freed = await talk.scene.seat.is_in("offline")
            assert freed.call_id is None
    await new_call_works(copy)
