"""The call goes to somebody else: with a word before or without, and what when nobody takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from config.model import Settings
from hotline.testphone import hearing
from tests.support.conversing import (
    EXPERT,
    EXPERT_HZ,
    add_up,
    at_number,
    everybody_goes,
    expert,
    legs_of,
    scene,
    spans_of,
    they_hear,
)
from tests.support.copy import Copy, running_copy
from tests.support.steps import hear_each_other, hears, sides

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


def short_ringing(settings: Settings) -> Settings:
    """Long enough for what comes before a telephone is picked up, on however busy a machine."""
    return replace(settings, talk=replace(settings.talk, transfer_ring_s=6.0))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Copy]:
    async with running_copy(short_ringing, outside=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def copy(house: Copy) -> AsyncIterator[Copy]:
    yield house
    await everybody_goes(house)


async def test_given_talk_when_transferred_to_a_queue_then_its_seat_gets_the_caller(
    copy: Copy,
) -> None:
    general = await copy.seat({"general": 1})
    async with scene(copy) as talk:
        await talk.press("transfer", target={"kind": "queue", "value": "general"})
        await talk.agent.ended()
        call = await general.rung()
        await call.answer()
        await hear_each_other(talk.caller, call)
        await talk.seat.is_in("available")
        await talk.caller.hang_up()
        await call.ended()
    row = await copy.complete(talk.caller, "caller_hung_up")
    assert (row.queue, row.seat_id) == ("general", general.id)
    spans = await spans_of(copy, talk.id)
    assert add_up(spans, "talk", talk.seat.id) > 0
    assert add_up(spans, "talk", general.id) > 0


async def test_given_talk_when_transferred_to_a_seat_then_it_owns_the_call(copy: Copy) -> None:
    colleague = await copy.seat({"general": 1})
    async with scene(copy) as talk:
        await talk.press("transfer", target={"kind": "seat", "value": colleague.id})
        await talk.agent.ended()
        await talk.is_("handing")
        await hears(copy, talk.caller, "connecting")
        call = await colleague.rung()
        await call.answer()
        await hear_each_other(talk.caller, call)
        row = await talk.is_("talking")
        assert row.owner_seat_id == colleague.id
        await talk.seat.is_in("available")
        await call.hang_up()
        await talk.caller.ended()
    row = await copy.complete(talk.caller, "agent_hung_up")
    assert row.seat_id == colleague.id
    await colleague.is_in("available", "wrap_up")


@pytest.mark.parametrize("kind", ["expert", "number"])
async def test_given_talk_when_transferred_outside_then_caller_talks_to_him(
    copy: Copy, kind: str
) -> None:
    async with scene(copy) as talk:
        target = (
            {"kind": "expert", "value": await expert(copy, "王五", EXPERT)}
            if kind == "expert"
            else at_number(copy, EXPERT)
        )
        await talk.press("transfer", target=target)
        await talk.agent.ended()
        await talk.seat.is_in("available")
        desk = await copy.outside.rung(EXPERT)
        await desk.answer()
        await talk.is_("left")
        two = {k: v for k, v in talk.voices(expert=desk).items() if k != "agent"}
        await they_hear(copy, two, {"caller": "e", "expert": "c"})
        await desk.hang_up()
        await talk.caller.ended()
    await copy.complete(talk.caller, "expert_hung_up")
    _, others = sides(copy, await copy.recording_of(talk.id))
    assert hearing.has_tone(others, EXPERT_HZ, share=0.1)


@pytest.mark.parametrize("how", ["busy", "silence"])
async def test_given_transfer_when_nobody_takes_it_then_caller_is_back_with_his_agent(
    copy: Copy, how: str
) -> None:
    async with scene(copy) as talk:
        target = {"kind": "expert", "value": await expert(copy, "王五", EXPERT)}
        await talk.press("transfer", target=target)
        await talk.agent.ended()
        desk = await copy.outside.rung(EXPERT)
        if how == "busy":
            await desk.refuse("busy")
        await hears(copy, talk.caller, "transfer_failed")
        talk.agent = await talk.seat.rung()
        await talk.agent.answer()
        await talk.is_("talking")
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
        await talk.agent.ended()
    await copy.complete(talk.caller, "caller_hung_up")
    await desk.ended()


async def test_given_transfer_failed_when_agent_is_busy_then_caller_goes_to_the_head(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        target = {"kind": "expert", "value": await expert(copy, "王五", EXPERT)}
        await talk.press("transfer", target=target)
        await talk.agent.ended()
        desk = await copy.outside.rung(EXPERT)
        await talk.seat.is_in("available")
        await talk.seat.pause()
        other = await copy.seat()
        await desk.refuse("busy")
        # Whoever is free: the one who paused is rung again (it is her call), or the next seat.
        call = await copy.telephones.rung(20)
        if call.endpoint == talk.seat.endpoint:
            await call.refuse("busy")
            call = await other.rung(20)
        await call.answer()
        await hear_each_other(talk.caller, call)
        row = await copy.call_of(talk.caller, stage="talking")
        assert row.seat_id == other.id
        await talk.caller.hang_up()
        await call.ended()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_consulting_when_agent_leaves_then_expert_has_the_caller_attended(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("consult")
        await talk.press("leave")
        await talk.agent.ended()
        await talk.is_("left")
        two = {k: v for k, v in talk.voices(expert=desk).items() if k != "agent"}
        await they_hear(copy, two, {"caller": "e", "expert": "c"})
        await talk.seat.is_in("available")
        await talk.caller.hang_up()
        await desk.ended()
    await copy.complete(talk.caller, "caller_hung_up")
    spans = await spans_of(copy, talk.id)
    assert add_up(spans, "consult", talk.seat.id) > 0
    assert {leg[0] for leg in await legs_of(copy, talk.id)} == {"caller", "seat", "party"}


async def test_given_consulting_a_colleague_when_agent_leaves_then_she_owns_the_call(
    copy: Copy,
) -> None:
    colleague = await copy.seat({"general": 1})
    async with scene(copy) as talk:
        await talk.press("consult", target={"kind": "seat", "value": colleague.id})
        call = await colleague.rung()
        await call.answer()
        await talk.is_("consulting")
        await talk.press("leave")
        await talk.agent.ended()
        row = await talk.is_("talking")
        assert row.owner_seat_id == colleague.id
        await hear_each_other(talk.caller, call)
        assert (await copy.db.read(lambda c: copy.newest_of(c, talk.caller))) is not None
        await talk.press("hang_up", colleague)
        await talk.caller.ended()
    await copy.complete(talk.caller, "agent_hung_up")
    await colleague.is_in("available", "wrap_up")


async def test_given_transfer_ringing_when_caller_hangs_up_then_ringing_stops(copy: Copy) -> None:
    async with scene(copy) as talk:
        target = {"kind": "expert", "value": await expert(copy, "王五", EXPERT)}
        await talk.press("transfer", target=target)
        desk = await copy.outside.rung(EXPERT)
        await talk.caller.hang_up()
        assert await desk.ended() == "stopped_ringing"
    await copy.complete(talk.caller, "caller_hung_up")
    await talk.seat.is_in("available")
