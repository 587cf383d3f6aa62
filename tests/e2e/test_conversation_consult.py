"""Asking somebody while the caller waits: who hears whom, in every state of a consultation."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hotline.testphone import hearing
from hotline.testphone.seats import Refusal
from tests.support.conversing import (
    AGENT_HZ,
    EXPERT,
    EXPERT_HZ,
    SECOND,
    add_up,
    everybody_goes,
    expert,
    legs_of,
    noticed,
    party,
    scene,
    spans_of,
)
from tests.support.copy import Copy, running_copy
from tests.support.outside import shown_to
from tests.support.steps import sides
from tests.support.tones import SEAT_HZ

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Copy]:
    async with running_copy(outside=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def copy(house: Copy) -> AsyncIterator[Copy]:
    yield house
    await everybody_goes(house)


async def test_given_consult_when_expert_answers_then_agent_and_expert_speak_alone(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.rings()
        assert shown_to(desk) == copy.settings.trunks[0].shown_as
        await talk.is_("asking")
        await talk.music(talk.caller)
        await desk.answer()
        await noticed(copy, desk)
        await talk.is_("consulting")
        await talk.hear({"caller": "", "agent": "e", "expert": "a"}, expert=desk)
        await talk.press("back")
        await talk.is_("talking")
        assert await desk.ended() == "by_far_end"
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    assert [leg[:2] for leg in await legs_of(copy, talk.id)] == [
        ("caller", None),
        ("seat", None),
        ("party", "张三（市场监管局）"),
    ]


async def test_given_consult_when_it_is_over_then_the_recording_holds_nothing_of_it(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings()
        for _ in range(2):
            await talk.hear({"agent": "e", "expert": "a"}, expert=desk)
        # What was said last must have gone through before the caller is there again.
        for ear in (talk.agent.media, desk.media):
            await ear.hears(lambda ear=ear: ear.level_dbfs(0.3) < -50, 10)  # type: ignore[misc]
        await desk.hang_up()
        await talk.is_("talking")
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    caller, others = sides(copy, await copy.recording_of(talk.id))
    for side in (caller, others):
        for hz in (EXPERT_HZ, AGENT_HZ):
            assert not hearing.has_tone(side, hz, share=0.1)
    # What the agent said to the caller before is there, so the file is that of this call.
    assert hearing.has_tone(others, SEAT_HZ)
    assert add_up(await spans_of(copy, talk.id), "consult", talk.seat.id) > 1000


async def test_given_expert_ringing_when_agent_cancels_then_she_is_with_the_caller_again(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.rings()
        await talk.press("cancel")
        assert await desk.ended() == "stopped_ringing"
        await talk.is_("talking")
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    assert (await legs_of(copy, talk.id))[2][2] == "cancelled"
    assert "party_cancelled" in await copy.events_of(talk.id)


@pytest.mark.parametrize(
    ("how", "cause"), [("busy", "busy"), ("decline", "refused"), ("unknown", "wrong_number")]
)
async def test_given_expert_who_does_not_come_when_rung_then_caller_is_back_with_agent(
    copy: Copy, how: Refusal, cause: str
) -> None:
    async with scene(copy) as talk:
        desk = await talk.rings()
        await desk.refuse(how)
        await talk.is_("talking")
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    assert (await legs_of(copy, talk.id))[2][2] == cause


async def test_given_consult_when_swapped_twice_then_always_one_of_them_waits(copy: Copy) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings()
        await talk.press("swap")
        await talk.is_("aside")
        await talk.music(desk)
        await talk.hear({"caller": "a", "agent": "c", "expert": ""}, expert=desk)
        await talk.press("swap")
        await talk.is_("consulting")
        await talk.hear({"caller": "", "agent": "e", "expert": "a"}, expert=desk)
        await talk.press("join")
        await talk.is_("conference")
        await talk.hear({"caller": "ae", "agent": "ce", "expert": "ac"}, expert=desk)
        await talk.caller.hang_up()
        assert await desk.ended() == "by_far_end"
        assert await talk.agent.ended() == "by_far_end"
    await copy.complete(talk.caller, "caller_hung_up")
    spans = await spans_of(copy, talk.id)
    assert all(span.to_ms is not None for span in spans)
    did = [span.what for span in spans if span.seat_id == talk.seat.id and span.what != "ringing"]
    assert did == ["talk", "hold", "consult", "talk", "consult", "talk"]


async def test_given_consult_when_expert_hangs_up_then_caller_is_back_with_agent(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings()
        await desk.hang_up()
        await talk.is_("talking")
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    assert (await legs_of(copy, talk.id))[2][2] == "hung_up"


async def test_given_consult_when_caller_hangs_up_then_everybody_is_let_go(copy: Copy) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings()
        await talk.caller.hang_up()
        assert await desk.ended() == "by_far_end"
        assert await talk.agent.ended() == "by_far_end"
    await copy.complete(talk.caller, "caller_hung_up")
    await talk.seat.is_in("available")


async def test_given_consult_ringing_when_caller_hangs_up_then_ringing_stops(copy: Copy) -> None:
    async with scene(copy) as talk:
        desk = await talk.rings()
        await talk.caller.hang_up()
        assert await desk.ended() == "stopped_ringing"
        assert await talk.agent.ended() == "by_far_end"
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_hold_when_resumed_then_they_hear_each_other_again(copy: Copy) -> None:
    async with scene(copy) as talk:
        await talk.press("hold")
        await talk.is_("held")
        await talk.music(talk.caller)
        await talk.hear({"caller": "", "agent": ""})
        await talk.press("resume")
        await talk.is_("talking")
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    spans = await spans_of(copy, talk.id)
    assert [s.what for s in spans if s.seat_id == talk.seat.id and s.what != "ringing"] == [
        "talk",
        "hold",
        "talk",
    ]


async def test_given_caller_held_when_agent_consults_then_back_is_with_the_caller(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        await talk.press("hold")
        desk = await talk.brings()
        await talk.is_("consulting")
        await talk.press("back")
        assert await desk.ended() == "by_far_end"
        await talk.is_("talking")
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")


@pytest.mark.parametrize("kind", ["seat", "expert"])
async def test_given_a_seat_of_ours_when_consulted_then_it_is_free_afterwards(
    copy: Copy, kind: str
) -> None:
    colleague = await copy.seat({"general": 1})
    whom = colleague.id if kind == "seat" else await expert(copy, "赵六", seat=colleague)
    async with scene(copy) as talk:
        await talk.press("consult", target={"kind": kind, "value": whom})
        desk = await colleague.rung()
        await colleague.is_in("ringing")
        await desk.answer()
        await party(copy, talk.id, role="other", seat_id=colleague.id, place="in")
        await colleague.is_in("talking")
        await talk.hear({"caller": "", "agent": "e", "expert": "a"}, expert=desk)
        await talk.press("back")
        assert await desk.ended() == "by_far_end"
        await colleague.is_in("available")
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    spans = await spans_of(copy, talk.id)
    assert add_up(spans, "consult", colleague.id) > 0
    assert add_up(spans, "talk", colleague.id) == 0


async def test_given_consult_when_a_second_expert_is_asked_then_both_come_to_the_caller(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        first = await talk.brings("consult", EXPERT, "张三")
        second = await talk.brings("consult", SECOND, "李四")
        people = {"expert": first, "second": second}
        await talk.hear({"caller": "", "agent": "es", "expert": "as", "second": "ae"}, **people)
        await talk.press("join")
        await talk.is_("conference")
        everybody = {"caller": "aes", "agent": "ces", "expert": "cas", "second": "cae"}
        await talk.hear(everybody, **people)
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    caller, others = sides(copy, await copy.recording_of(talk.id))
    assert hearing.has_tone(others, EXPERT_HZ, share=0.1)
    assert not hearing.has_tone(caller, EXPERT_HZ, share=0.1)
