"""A supervisor on a living call: listens, whispers, barges, takes over; and who hears whom.

The mechanism alone, with what Asterisk does at each step, is in test_supervision_sound.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hotline.testphone import SeatCall, hearing
from tests.support.conversing import (
    EXPERT_HZ,
    Scene,
    add_up,
    everybody_goes,
    legs_of,
    party,
    scene,
    spans_of,
    they_hear,
)
from tests.support.copy import WITHIN_S, Copy, SeatAt, running_copy
from tests.support.steps import sides
from tests.support.tones import SEAT_HZ
from tickets import store

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

CHIEF_HZ = EXPERT_HZ
"""The first of the others in a scene has this pitch: here it is the supervisor."""

LISTENS = {"caller": "a", "agent": "c", "supervisor": "ca"}
WHISPERS = {"caller": "a", "agent": "cs", "supervisor": "ca"}
BARGES = {"caller": "as", "agent": "cs", "supervisor": "ca"}
HEAR = {"listen": LISTENS, "whisper": WHISPERS, "barge": BARGES}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Copy]:
    async with running_copy(outside=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def copy(house: Copy) -> AsyncIterator[Copy]:
    yield house
    await everybody_goes(house)
    await nothing_left(house)


async def nothing_left(copy: Copy) -> None:
    """No snoop and no bridge outlives its call."""
    async with asyncio.timeout(WITHIN_S):
        while await copy.asterisk.channels() or await bridges(copy):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)


async def her_bridge_goes(copy: Copy) -> None:
    """Of the bridges only the call's is left: hers goes after the screens know that she did."""
    async with asyncio.timeout(WITHIN_S):
        while len(await bridges(copy)) > 1:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def bridges(copy: Copy) -> list[object]:
    async with copy.asterisk.http.get("/ari/bridges") as answer:
        listed: list[object] = await answer.json()
        return listed


async def chief_of(copy: Copy) -> SeatAt:
    """A supervisor's seat: no queue, and not available for calls."""
    return await copy.seat({}, available=False, role="supervisor")


async def comes(talk: Scene, chief: SeatAt, verb: str = "listen") -> SeatCall:
    """She presses a button and her telephone answers by itself, as her page does."""
    await talk.press(verb, chief)
    call = await chief.rung()
    await call.answer()
    await does(talk, chief, verb)
    return call


async def does(talk: Scene, chief: SeatAt, verb: str) -> None:
    """The screens show what she does."""
    place = "in" if verb == "barge" else "apart"
    wanted = {"kind": verb, "seat_id": chief.id, "place": place}
    await party(talk.copy, talk.id, WITHIN_S, role="supervisor", **wanted)


async def test_given_talk_when_she_listens_and_stops_then_nobody_noticed(copy: Copy) -> None:
    chief = await chief_of(copy)
    async with scene(copy) as talk:
        hers = await comes(talk, chief)
        await talk.is_("talking")
        await chief.is_in("talking")
        await talk.hear(LISTENS, supervisor=hers)
        await talk.press("stop", chief)
        assert await hers.ended() == "by_far_end"
        await chief.is_in("offline")
        await talk.hear({"caller": "a", "agent": "c"})
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    assert ("supervisor", "stopped") in [(role, cause) for role, _, cause in await _legs(talk)]
    spans = await spans_of(copy, talk.id)
    assert add_up(spans, "listen", chief.id) > 0
    assert add_up(spans, "talk", chief.id) == 0
    caller, others = sides(copy, await copy.recording_of(talk.id))
    assert hearing.tone_seconds(others, SEAT_HZ) > 0.3
    for side in (caller, others):
        assert not hearing.has_tone(side, CHIEF_HZ, share=0.1)


async def _legs(talk: Scene) -> list[tuple[str, str | None, str | None]]:
    return await legs_of(talk.copy, talk.id)


async def test_given_listening_when_she_whispers_barges_and_listens_then_each_is_heard_so(
    copy: Copy,
) -> None:
    chief = await chief_of(copy)
    async with scene(copy) as talk:
        hers = await comes(talk, chief)
        for verb in ("whisper", "barge", "listen"):
            await talk.press(verb, chief)
            await does(talk, chief, verb)
            await talk.hear(HEAR[verb], supervisor=hers)
        assert copy.telephones.rung_now() is None, "her telephone rang again"
        await talk.refused("listen", chief)
        await talk.caller.hang_up()
        assert await hers.ended() == "by_far_end"
    await copy.complete(talk.caller, "caller_hung_up")
    events = await copy.events_of(talk.id)
    assert [e for e in events if e in HEAR] == ["listen", "whisper", "barge", "listen"]


async def test_given_whisper_when_the_caller_is_held_then_agent_hears_her_and_recording_does_not(
    copy: Copy,
) -> None:
    chief = await chief_of(copy)
    async with scene(copy) as talk:
        hers = await comes(talk, chief, "whisper")
        await talk.hear(WHISPERS, supervisor=hers)
        await talk.press("hold")
        await talk.hear({"agent": "s", "supervisor": "a"}, supervisor=hers)
        await talk.press("resume")
        await talk.hear(WHISPERS, supervisor=hers)
        await talk.agent.hang_up()
        await talk.caller.ended()
    await copy.complete(talk.caller, "agent_hung_up")
    for side in sides(copy, await copy.recording_of(talk.id)):
        assert not hearing.has_tone(side, CHIEF_HZ, share=0.1)


async def test_given_listening_when_she_takes_over_then_she_is_the_agent(copy: Copy) -> None:
    chief = await chief_of(copy)
    async with scene(copy) as talk:
        hers = await comes(talk, chief)
        await talk.press("take_over", chief)
        assert await talk.agent.ended() == "by_far_end"
        row = await talk.is_("talking")
        assert (row.owner_seat_id, row.seat_id) == (chief.id, chief.id)
        await talk.seat.is_in("available")
        await without_agent(talk, {"caller": "s", "supervisor": "c"}, supervisor=hers)
        await hers.hang_up()
        await talk.caller.ended()
    await copy.complete(talk.caller, "agent_hung_up")
    ticket = await copy.db.read(store.of_call, talk.id)
    assert ticket is not None
    assert ticket.account_id == chief.account_id
    _, others = sides(copy, await copy.recording_of(talk.id))
    assert hearing.has_tone(others, CHIEF_HZ), "what she says as the agent is kept"


async def without_agent(talk: Scene, expected: dict[str, str], **others: SeatCall) -> None:
    """Who hears whom once the agent is off the line."""
    people = talk.voices(**others)
    people.pop("agent")
    await they_hear(talk.copy, people, expected)


async def test_given_expert_alone_with_the_caller_when_she_listens_then_she_hears_both(
    copy: Copy,
) -> None:
    chief = await chief_of(copy)
    async with scene(copy) as talk:
        hers = await comes(talk, chief, "whisper")
        desk = await talk.brings("invite")
        await talk.press("leave")
        await talk.agent.ended()
        await talk.is_("left")
        # She had whispered: the caller must not hear her now.
        heard = {"supervisor": "ce", "caller": "e", "expert": "c"}
        await without_agent(talk, heard, supervisor=hers, expert=desk)
        await talk.caller.hang_up()
        await desk.ended()
        await hers.ended()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_whisper_when_her_telephone_hangs_up_then_the_talk_goes_on_without_her(
    copy: Copy,
) -> None:
    chief = await chief_of(copy)
    async with scene(copy) as talk:
        hers = await comes(talk, chief, "whisper")
        await hers.hang_up()
        await chief.is_in("offline")
        await talk.hear({"caller": "a", "agent": "c"})
        await her_bridge_goes(copy)
        await talk.refused("stop", chief)
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_two_supervisors_when_one_barges_then_the_other_hears_her_unheard(
    copy: Copy,
) -> None:
    first, second = await chief_of(copy), await chief_of(copy)
    async with scene(copy) as talk:
        loud = await comes(talk, first, "barge")
        quiet = await comes(talk, second, "listen")
        heard = {"caller": "al", "agent": "cl", "loud": "ca", "quiet": "cal"}
        await talk.hear(heard, loud=loud, quiet=quiet)
        await talk.caller.hang_up()
        await loud.ended()
        await quiet.ended()
    await copy.complete(talk.caller, "caller_hung_up")


@pytest.mark.parametrize(
    ("before", "verb"), [("listen", "whisper"), ("barge", "listen"), ("whisper", "barge")]
)
async def test_given_change_when_controller_is_killed_at_once_then_it_is_as_the_screen_says(
    copy: Copy, before: str, verb: str
) -> None:
    """What was written may not have been done: she must not be heard where she only listens."""
    chief = await chief_of(copy)
    async with scene(copy) as talk:
        hers = await comes(talk, chief, before)
        await talk.press(verb, chief)
        await copy.controller.kill()
        await copy.controller.start()
        await does(talk, chief, verb)
        await talk.hear(HEAR[verb], supervisor=hers)
        await talk.press("listen" if verb != "listen" else "whisper", chief)
        await talk.caller.hang_up()
        await hers.ended()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_whisper_when_no_controller_is_there_then_all_hear_as_before(
    copy: Copy,
) -> None:
    chief = await chief_of(copy)
    async with scene(copy) as talk:
        hers = await comes(talk, chief, "whisper")
        await talk.hear(WHISPERS, supervisor=hers)
        await copy.controller.kill()
        await talk.hear(WHISPERS, supervisor=hers)
        await copy.controller.start()
        await talk.hear(WHISPERS, supervisor=hers)
        await talk.caller.hang_up()
        await hers.ended()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_no_controller_when_she_hangs_up_then_nothing_of_hers_is_left(
    copy: Copy,
) -> None:
    chief = await chief_of(copy)
    async with scene(copy) as talk:
        hers = await comes(talk, chief, "whisper")
        await copy.controller.kill()
        await hers.hang_up()
        await copy.controller.start()
        await chief.is_in("offline")
        await talk.hear({"caller": "a", "agent": "c"})
        await her_bridge_goes(copy)
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
