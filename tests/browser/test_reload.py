"""The agent's page goes and comes in a talk: nobody is dropped, and nobody is left in silence."""

from __future__ import annotations

from playwright.async_api import Dialog

from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import hear_each_other, kept, take_seat, talk, ticket_of
from tests.support.console import House


async def test_given_call_when_agents_page_is_reloaded_then_caller_stays_and_both_hear_again(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    await take_seat(house, agent, person)
    await talk(house, agent, citizen)
    ticket = await ticket_of(agent)
    warned: list[str] = []

    async def go_on(dialog: Dialog) -> None:
        warned.append(dialog.type)
        await dialog.accept()

    agent.page.on("dialog", go_on)
    await agent.type("ticket-text", "刚刚写下的话")
    await citizen.forget_sound()
    await agent.page.reload()
    assert warned == ["beforeunload"]
    # The caller is told, then the seat's telephone answers by itself: no press, no question.
    await citizen.hears(house.copy.pitch["agent_lost"])
    await agent.see("callbar", within_s=40)
    await agent.see("talk-state", within_s=40, state="talking")
    await hear_each_other(agent, citizen)
    await agent.see("ticket-form", ticket=ticket)
    assert await agent.typed("ticket-text") == "刚刚写下的话"
    await kept(house, ticket, "刚刚写下的话")
    await agent.press("hang-up")
    await citizen.see("phone-state", state="ended")
    await agent.see("seat-state", state="wrap_up")


async def test_given_seat_available_when_its_page_is_closed_then_it_is_not_available_any_more(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    agent = await windows(browsers.agents)
    await take_seat(house, agent, person)
    await agent.page.close(run_before_unload=True)
    await house.seat_is(person, "offline")
