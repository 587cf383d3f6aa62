"""示忙: an agent who steps away chooses why, and is rung no more."""

from __future__ import annotations

from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import hang_up, take_seat, talk
from tests.support.console import House


async def test_given_free_seat_when_agent_chooses_why_she_pauses_then_seat_is_paused(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    agent = await windows(browsers.agents)
    await take_seat(house, agent, await house.person())
    reason = house.copy.settings.pause_reasons[1]
    await agent.press("go-paused")
    await agent.press(f"pause-{reason.code}")
    await agent.see("seat-state", state="paused")
    await agent.says("seat-state", reason.label)


async def test_given_talk_when_agent_chooses_to_pause_then_it_is_kept_for_its_end(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    await take_seat(house, agent, await house.person())
    await talk(house, agent, citizen)
    reason = house.copy.settings.pause_reasons[0]
    await agent.press("go-paused")
    await agent.press(f"pause-{reason.code}")
    await agent.says("after-call", f"通话后示忙 {reason.label}")
    await hang_up(agent, citizen)
    await agent.see("seat-state", state="wrap_up")
    await agent.says("after-call", f"通话后示忙 {reason.label}")
