"""Reloaded, closed, cut off: nothing that was typed is lost, and nobody is left in silence."""

from __future__ import annotations

from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import (
    hear_each_other,
    kept,
    now,
    sign_in,
    take_seat,
    talk,
    ticket_of,
)
from tests.support.browser import Window
from tests.support.console import House


async def test_given_text_just_typed_when_tab_is_closed_then_it_is_there_in_the_next(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    ticket = await house.ticket(person)
    first = await windows(browsers.agents)
    await sign_in(house, first, person, f"/tickets/{ticket}")
    await first.see("ticket-form")
    await first.type("ticket-text", "关闭前的最后一句")
    second = await another_tab(first)
    # Both tabs may send the words, the closing one at last: the later is told that it has them.
    second.expect("status of 409")
    await first.page.close(run_before_unload=True)
    await second.page.goto(f"{house.address}/tickets/{ticket}")
    await second.see("ticket-form")
    assert await second.typed("ticket-text") == "关闭前的最后一句"
    await kept(house, ticket, "关闭前的最后一句")
    assert not second.unexpected()


async def test_given_no_network_when_tab_is_closed_then_text_is_sent_from_the_next(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    ticket = await house.ticket(person)
    first = await windows(browsers.agents)
    first.expect("ERR_INTERNET_DISCONNECTED")
    await sign_in(house, first, person, f"/tickets/{ticket}")
    await first.see("ticket-form")
    await first.context.set_offline(True)
    await first.type("ticket-text", "断网时写的话")
    await first.says("ticket-saved", "已保存在本机")
    assert (await now(house, ticket)).text == ""
    second = await another_tab(first)
    await first.page.close()
    await first.context.set_offline(False)
    await second.page.goto(f"{house.address}/tickets/{ticket}")
    await second.see("ticket-form")
    assert await second.typed("ticket-text") == "断网时写的话"
    await second.says("ticket-saved", "已保存")
    await kept(house, ticket, "断网时写的话")


async def test_given_call_when_console_goes_away_then_talk_and_typing_go_on_until_it_is_back(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    for window in (agent, citizen):
        window.expect(
            "ERR_CONNECTION_(REFUSED|RESET)", "WebSocket connection", "ERR_EMPTY_RESPONSE"
        )
    await take_seat(house, agent, person)
    await talk(house, agent, citizen)
    ticket = await ticket_of(agent)

    await house.console.kill()
    try:
        await agent.see("network-light", state="offline")
        await agent.says("offline-banner", "网络已断开")
        await hear_each_other(agent, citizen)
        await agent.type("ticket-text", "断网时听到的话")
        await agent.says("ticket-saved", "已保存在本机")
    finally:
        await house.console.start()
    await agent.see("network-light", within_s=40, state="online")
    await agent.gone("offline-banner")
    await kept(house, ticket, "断网时听到的话")
    await agent.see("phone-light", within_s=40, state="ready")
    await hear_each_other(agent, citizen)
    await agent.see("callbar")
    await agent.press("hang-up")
    await agent.see("seat-state", state="wrap_up")


async def test_given_two_tabs_when_second_takes_telephone_then_one_has_it_at_a_time(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    first = await windows(browsers.agents)
    await sign_in(house, first, person)
    await first.see("phone-light", state="ready")
    second = await another_tab(first)
    await second.page.goto(house.address)
    await second.see("phone-light", state="elsewhere")
    await second.press("phone-here")
    await second.see("phone-light", state="ready")
    await first.see("phone-light", state="elsewhere")
    await second.page.close()
    await first.see("phone-light", state="ready")


async def another_tab(window: Window) -> Window:
    """A second page of the same person in the same browser."""
    return Window(window.context, await window.context.new_page())
