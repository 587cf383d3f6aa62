"""An agent whose network dies in the middle of a talk: no goodbye, the sound just ends.

What a browser's telephone is told to do then (`dialplan.phones.GONE_AFTER_S`) is told here to one
of the farm, whose packets can be stopped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from config.model import Settings
from dialplan import phones
from dialplan.phones import GONE_AFTER_S
from tests.support.conversing import everybody_goes, legs_of, scene, they_hear
from tests.support.copy import Copy, SeatAt, running_copy
from tests.support.steps import hear_each_other, hears

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]


def patient(settings: Settings) -> Settings:
    """Who is lost is waited for; who does not pick up then is soon given up."""
    return replace(settings, talk=replace(settings.talk, lost_seat_s=6.0, transfer_ring_s=5.0))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Copy]:
    async with running_copy(patient, outside=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def copy(house: Copy) -> AsyncIterator[Copy]:
    yield house
    await everybody_goes(house)


async def seat_in_a_browser(copy: Copy) -> SeatAt:
    """A seat whose telephone is held to be gone as a browser's is."""
    seat = await copy.seat()
    asterisk = copy.asterisk.settings.asterisk
    contact = copy.telephones.contact(seat.endpoint)
    wired = phones.wired_phone(asterisk, seat.endpoint, contact, context="from-seat")
    browser = phones.browser_phone(asterisk, seat.endpoint, "-", context="from-seat")
    limits = tuple(f for f in browser[-1].fields if f[0].startswith("rtp_timeout"))
    assert [value for _, value in limits] == [str(GONE_AFTER_S)] * 2
    endpoint = wired[-1]
    await copy.asterisk.push([*wired[:-1], replace(endpoint, fields=endpoint.fields + limits)])
    return seat


async def test_given_talk_when_agents_network_dies_then_caller_is_told_and_she_comes_back(
    copy: Copy,
) -> None:
    seat = await seat_in_a_browser(copy)
    async with scene(copy, seat) as talk:
        talk.agent.media.close()
        await hears(copy, talk.caller, "agent_lost", within_s=GONE_AFTER_S + 15)
        talk.agent = await seat.rung()
        await talk.agent.answer()
        await talk.is_("talking")
        await talk.hear({"caller": "a", "agent": "c"})
        assert (await seat.now()).state == "talking"
        await talk.caller.hang_up()
        await talk.agent.ended()
    await copy.complete(talk.caller, "caller_hung_up")
    events = await copy.events_of(talk.id)
    assert events.index("agent_lost") < events.index("agent_back")
    assert next(c for role, _, c in await legs_of(copy, talk.id) if role == "seat") == "lost"


async def test_given_agent_lost_when_she_does_not_come_back_then_the_next_agent_is_told_why(
    copy: Copy,
) -> None:
    seat = await seat_in_a_browser(copy)
    async with scene(copy, seat) as talk:
        talk.agent.media.close()
        await hears(copy, talk.caller, "agent_lost", within_s=GONE_AFTER_S + 15)
        await (await seat.rung()).refuse("decline")
        other = await copy.seat()
        call = await copy.telephones.rung(20)
        while call.endpoint != other.endpoint:
            # Her telephone is still there, so she may be rung once more before she is given up.
            await call.refuse("decline")
            call = await copy.telephones.rung(20)
        row = await copy.call_of(talk.caller, head=True)
        assert row.hint
        await call.answer()
        await hear_each_other(talk.caller, call)
        await talk.caller.hang_up()
        await call.ended()
    row = await copy.complete(talk.caller, "caller_hung_up")
    assert row.seat_id == other.id


async def test_given_conference_when_agents_network_dies_then_caller_and_expert_talk_on(
    copy: Copy,
) -> None:
    seat = await seat_in_a_browser(copy)
    async with scene(copy, seat) as talk:
        desk = await talk.brings("invite")
        talk.agent.media.close()
        await talk.is_("left", "returning", within_s=GONE_AFTER_S + 15)
        two = {k: v for k, v in talk.voices(expert=desk).items() if k != "agent"}
        await they_hear(copy, two, {"caller": "e", "expert": "c"})
        await talk.caller.hang_up()
        await desk.ended()
    await copy.complete(talk.caller, "caller_hung_up")
