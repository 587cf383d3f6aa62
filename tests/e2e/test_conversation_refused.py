"""Buttons that can not do their work: a sentence, a row in the history, nothing half done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.conversing import (
    EXPERT,
    at_number,
    everybody_goes,
    expert,
    scene,
)
from tests.support.copy import Copy, running_copy
from tests.support.steps import ask

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Copy]:
    async with running_copy(outside=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def copy(house: Copy) -> AsyncIterator[Copy]:
    yield house
    await everybody_goes(house)


async def test_given_talk_when_what_is_not_there_is_asked_for_then_each_has_its_sentence(
    copy: Copy,
) -> None:
    busy = await copy.seat(available=False)
    async with scene(copy) as talk:
        asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("swap", {}),
            ("join", {}),
            ("leave", {}),
            ("back", {}),
            ("cancel", {}),
            ("resume", {}),
            ("come_back", {}),
            ("drop", {"leg": "party-nowhere"}),
            ("mute", {"leg": ""}),
            ("consult", {}),
            ("consult", {"target": {"kind": "expert", "value": 999_999}}),
            ("consult", {"target": {"kind": "expert", "value": "' OR 1=1"}}),
            ("consult", {"target": {"kind": "seat", "value": busy.id}}),
            ("consult", {"target": {"kind": "seat", "value": talk.seat.id}}),
            ("consult", {"target": {"kind": "queue", "value": "business"}}),
            ("transfer", {"target": {"kind": "queue", "value": "nowhere"}}),
            ("transfer", {"target": {"kind": "moon", "value": 1}}),
            ("invite", {"target": at_number(copy, "12345")}),
            ("invite", {"target": {"kind": "number", "sealed": "rubbish", "masked": "138"}}),
            ("emergency", {"number": "12345"}),
            ("emergency", {}),
            ("fly", {}),
        )
        # At once: a button of another process is seen with the next look at the feed.
        sentences = await asyncio.gather(*(talk.refused(verb, **args) for verb, args in asked))
        for (verb, _), sentence in zip(asked, sentences, strict=True):
            assert sentence
            assert sentence.isascii() is False, f"{verb}: {sentence}"
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    assert len(copy.outside.calls) == 0 or all(call.end for call in copy.outside.calls)


async def test_given_call_that_is_over_when_a_button_is_pressed_then_it_is_said(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    for verb in ("hold", "consult", "leave", "come_back", "hang_up"):
        assert await talk.refused(verb)


async def test_given_same_button_twice_at_once_when_served_then_one_does_and_one_is_refused(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        target = {"kind": "expert", "value": await expert(copy, "张三", EXPERT)}
        asked = await asyncio.gather(
            *(ask(copy, talk.seat, talk.id, "consult", target=target) for _ in range(2))
        )
        assert sorted(one.state for one in asked) == ["done", "refused"]
        desk = await copy.outside.rung(EXPERT)
        await desk.answer()
        await talk.is_("consulting")
        asked = await asyncio.gather(*(ask(copy, talk.seat, talk.id, "join") for _ in range(2)))
        assert sorted(one.state for one in asked) == ["done", "refused"]
        await talk.hear({"caller": "ae", "agent": "ce", "expert": "ca"}, expert=desk)
        await talk.caller.hang_up()
        await desk.ended()
    await copy.complete(talk.caller, "caller_hung_up")
    assert sum(call.endpoint == EXPERT for call in copy.outside.calls[-2:]) == 1


async def test_given_opposite_buttons_at_once_when_served_then_all_of_one_is_done(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("consult")
        left, back = await asyncio.gather(
            ask(copy, talk.seat, talk.id, "leave"), ask(copy, talk.seat, talk.id, "back")
        )
        # Whichever came first was done; the other found what it needs gone.
        assert sorted((left.state, back.state)) == ["done", "refused"]
        if back.state == "done":
            await talk.is_("talking")
            await talk.hear({"caller": "a", "agent": "c"})
            await desk.ended()
        else:
            await talk.is_("left")
            await talk.agent.ended()
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_expert_hanging_up_as_agent_joins_when_both_happen_then_nobody_is_left_alone(
    copy: Copy,
) -> None:
    async with scene(copy) as talk:
        desk = await talk.brings("consult")
        await asyncio.gather(desk.hang_up(), ask(copy, talk.seat, talk.id, "join"))
        await talk.is_("talking")
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
