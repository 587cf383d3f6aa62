"""A newcomer's first ten minutes: from the first tone to the recording in the ticket."""

from __future__ import annotations

from hotline.testphone import hearing
from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import (
    dial,
    fill,
    hang_up,
    hear_each_other,
    take_seat,
    ticket_of,
)
from tests.support.browser import Window, until
from tests.support.console import House
from tests.support.steps import sides
from tests.support.tones import CITIZEN_HZ, SEAT_HZ

WORDS = "办理餐饮许可时被要求另交材料"


async def test_given_citizen_presses_1_when_agent_answers_then_ticket_and_recording_are_kept(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    await take_seat(house, agent, person)

    await dial(house, citizen)
    await agent.see("ring-banner")
    await agent.says("ring-number", "*")
    await agent.page.keyboard.press("Enter")
    await agent.see("callbar")
    await hear_each_other(agent, citizen)

    await fill(agent, WORDS)
    ticket = await ticket_of(agent)
    number = await agent.text("ticket-number")
    await hang_up(agent, citizen)
    left = await agent.text("wrap-up-left")

    async def counts_down() -> bool:
        return await agent.text("wrap-up-left") < left

    await until(counts_down, "the time for the wrap-up runs")
    await agent.press("ticket-complete")
    await agent.see("seat-state", state="available")

    await find(agent, number, ticket)
    await agent.see("ticket-facts-state", state="closed")
    await agent.see("timeline-entry")
    await plays_and_seeks(agent)
    await each_on_his_side(house)


async def find(agent: Window, number: str, ticket: int) -> None:
    await agent.press("room-tickets")
    await agent.type("ticket-search", number)
    await agent.press("ticket-search-go")
    await agent.see("ticket-row", ticket=ticket)
    await agent.page.click(agent.at("ticket-row", ticket=ticket))
    await agent.says("ticket-facts-number", number)


async def plays_and_seeks(agent: Window) -> None:
    await agent.see("recording-player", drawn="drawn")
    await agent.press("recording-play")

    async def share() -> float:
        shown = await agent.page.get_attribute(agent.at("recording-time"), "data-share")
        return float(shown or 0)

    await until(share, "the recording plays")
    await agent.page.focus(agent.at("recording-seek"))
    await agent.page.keyboard.press("Home")
    await agent.press("recording-play")
    before = await share()
    await agent.page.focus(agent.at("recording-seek"))
    await agent.page.keyboard.press("ArrowRight")

    async def further() -> bool:
        return await share() > before + 1

    await until(further, "the recording went on by five seconds")
    assert agent.answered(206, "/audio")


async def each_on_his_side(house: House) -> None:
    recording = await house.copy.recording_of(await house.newest_call())
    caller, seat = sides(house.copy, recording)
    assert hearing.has_tone(caller, CITIZEN_HZ)
    assert not hearing.has_tone(caller, SEAT_HZ)
    assert hearing.has_tone(seat, SEAT_HZ)
    assert not hearing.has_tone(seat, CITIZEN_HZ)
