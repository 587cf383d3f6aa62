"""Three and more on the line: joined, muted, dropped; the agent leaves and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hotline.testphone import hearing
from tests.support.conversing import (
    AGENT_HZ,
    EXPERT,
    EXPERT_HZ,
    SECOND,
    add_up,
    at_number,
    everybody_goes,
    gone,
    legs_of,
    noticed,
    party,
    scene,
    spans_of,
    they_hear,
)
from tests.support.copy import Copy, running_copy
from tests.support.outside import shown_to
from tests.support.steps import hear_each_other, sides, waiting_citizen

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Copy]:
    async with running_copy(outside=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def copy(house: Copy) -> AsyncIterator[Copy]:
    yield house
    await everybody_goes(house)


ALL = {"caller": "ae", "agent": "ce", "expert": "ac"}


async def test_given_talk_when_expert_is_invited_then_caller_stays_and_all_hear_all(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.rings("invite")
        await talk.is_("inviting")
        await talk.hear({"caller": "a", "agent": "c"})
        await desk.answer()
        await noticed(copy, desk)
        await talk.is_("conference")
        await talk.hear(ALL, expert=desk)
        await talk.caller.hang_up()
        assert await desk.ended() == "by_far_end"
    await copy.complete(talk.caller, "caller_hung_up")
    caller, others = sides(copy, await copy.recording_of(talk.id))
    for hz in (EXPERT_HZ, AGENT_HZ):
        assert hearing.has_tone(others, hz, share=0.1)
        assert not hearing.has_tone(caller, hz, share=0.1)


async def test_given_conference_when_a_leg_is_muted_then_nobody_hears_it_until_unmuted(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("invite")
        theirs = await party(copy, talk.id, role="other")
        await talk.press("mute", leg=theirs["leg"])
        await talk.hear({"caller": "a", "agent": "c", "expert": "ac"}, expert=desk)
        await talk.refused("mute", leg=theirs["leg"])
        await talk.press("unmute", leg=theirs["leg"])
        await talk.hear(ALL, expert=desk)
        callers = await party(copy, talk.id, role="caller")
        await talk.press("mute", leg=callers["leg"])
        await talk.hear({"caller": "ae", "agent": "e", "expert": "a"}, expert=desk)
        await talk.press("unmute", leg=callers["leg"])
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_conference_when_expert_is_dropped_then_caller_and_agent_talk_on(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("invite")
        theirs = await party(copy, talk.id, role="other")
        await talk.press("drop", leg=theirs["leg"])
        assert await desk.ended() == "by_far_end"
        await talk.is_("talking")
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    assert (await legs_of(copy, talk.id))[2][2] == "dropped"


async def test_given_conference_when_agent_leaves_then_caller_and_expert_stay_and_she_is_free(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("invite")
        await talk.press("leave")
        assert await talk.agent.ended() == "by_far_end"
        left = await talk.is_("left")
        assert left.owner_seat_id == talk.seat.id
        await talk.seat.is_in("available")
        two = {k: v for k, v in talk.voices(expert=desk).items() if k != "agent"}
        await they_hear(copy, two, {"caller": "e", "expert": "c"})
        # She takes the next caller while they talk on.
        async with waiting_citizen(copy) as next_caller:
            call = await talk.seat.rung()
            await call.answer()
            await hear_each_other(next_caller, call)
            await they_hear(copy, two, {"caller": "e", "expert": "c"})
            await next_caller.hang_up()
        await copy.complete(next_caller, "caller_hung_up")
        await desk.hang_up()
        await talk.caller.ended()
    row = await copy.complete(talk.caller, "expert_hung_up")
    _, others = sides(copy, await copy.recording_of(talk.id))
    assert hearing.has_tone(others, EXPERT_HZ, share=0.1)
    assert row.ticket_id is not None
    spans = await spans_of(copy, talk.id)
    hers, all_of_it = add_up(spans, "talk", talk.seat.id), [s for s in spans if s.role == "caller"]
    assert 0 < hers < sum((s.to_ms or 0) - s.from_ms for s in all_of_it)


async def test_given_agent_left_when_she_comes_back_then_all_hear_all_again(copy: Copy) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("consult")
        await talk.press("join")
        await talk.press("leave")
        await talk.is_("left")
        await talk.agent.ended()
        await talk.seat.is_in("available")
        await talk.press("come_back")
        talk.agent = await talk.seat.rung()
        await talk.agent.answer()
        await talk.is_("conference")
        await talk.hear(ALL, expert=desk)
        await talk.caller.hang_up()
        await talk.agent.ended()
    await copy.complete(talk.caller, "caller_hung_up")
    assert [role for role, _, _ in await legs_of(copy, talk.id)] == [
        "caller",
        "seat",
        "party",
        "seat",
    ]


async def test_given_agent_left_when_caller_hangs_up_then_expert_is_let_go(copy: Copy) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("invite")
        await talk.press("leave")
        await talk.is_("left")
        await talk.caller.hang_up()
        assert await desk.ended() == "by_far_end"
    await copy.complete(talk.caller, "caller_hung_up")
    await talk.seat.is_in("available")


async def test_given_talk_when_110_is_called_then_it_sees_the_caller_and_she_stays(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        await talk.press("emergency", number="110")
        police = await copy.outside.rung("110")
        assert shown_to(police) == talk.caller.caller
        await police.answer()
        await talk.is_("conference")
        await talk.hear(ALL, expert=police)
        await talk.press("leave")
        await talk.agent.ended()
        await talk.is_("left")
        await talk.caller.hang_up()
        await police.ended()
    await copy.complete(talk.caller, "caller_hung_up")
    shown = await legs_of(copy, talk.id)
    assert shown[2][:2] == ("party", "110")


async def test_given_conference_when_a_second_expert_is_invited_then_four_hear_each_other(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        first = await talk.brings("invite", EXPERT, "张三")
        second = await talk.brings("invite", SECOND, "李四")
        await talk.hear(
            {"caller": "aes", "agent": "ces", "expert": "cas", "second": "cae"},
            expert=first,
            second=second,
        )
        theirs = await party(copy, talk.id, role="other", label="张三（市场监管局）")
        await first.hang_up()
        await gone(copy, talk.id, theirs["leg"])
        await talk.is_("conference")
        await talk.hear({"caller": "as", "agent": "cs", "second": "ca"}, second=second)
        await talk.caller.hang_up()
        await second.ended()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_conference_when_agent_hangs_up_then_the_others_talk_on(copy: Copy) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("invite")
        await talk.agent.hang_up()
        await talk.is_("left")
        two = {k: v for k, v in talk.voices(expert=desk).items() if k != "agent"}
        await they_hear(copy, two, {"caller": "e", "expert": "c"})
        await talk.seat.is_in("available")
        await talk.caller.hang_up()
        await desk.ended()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_conference_when_digits_are_sent_then_the_caller_alone_gets_them(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("invite")
        asked = await talk.press("send_digits", digits="42#")
        await talk.caller.media.hears(lambda: talk.caller.media.keys_heard == "42#", 10)
        assert (desk.media.keys_heard, talk.agent.media.keys_heard) == ("", "")
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    assert "digits" in await copy.events_of(talk.id)
    # What was pressed is nobody's to read afterwards: it may be a password.
    assert "42" not in str(asked.args)


async def test_given_recording_paused_when_expert_joins_then_nothing_of_it_is_kept(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        await talk.press("pause_recording")
        desk = await talk.brings("invite")
        await talk.hear(ALL, expert=desk)
        # What was said last must have gone through before the recording listens again.
        for ear in (talk.caller.media, talk.agent.media):
            await ear.hears(lambda ear=ear: ear.level_dbfs(0.3) < -50, 10)  # type: ignore[misc]
        await talk.press("resume_recording")
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    caller, others = sides(copy, await copy.recording_of(talk.id))
    assert not hearing.has_tone(others, EXPERT_HZ, share=0.1)
    assert not hearing.has_tone(caller, EXPERT_HZ, share=0.1)


async def test_given_typed_number_when_invited_then_it_rings_and_is_shown_masked_only(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        number = "13800009077"
        await talk.press("invite", target=at_number(copy, number))
        desk = await copy.outside.rung(number)
        await desk.answer()
        shown = await party(copy, talk.id, role="other", place="in")
        assert shown["label"] == "138****9077"
        await desk.hang_up()
        await talk.is_("talking")
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    log = await asyncio.to_thread(
        (copy.settings.var / "log" / "controller.log").read_text, encoding="utf-8"
    )
    assert number not in log
    assert talk.caller.caller not in log
