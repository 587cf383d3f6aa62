"""Without a microphone nobody takes calls: the page says what to do, the server refuses as well."""

from __future__ import annotations

from playwright.async_api import Playwright

from tests.browser.conftest import Opener
from tests.browser.steps import ask_server, sign_in
from tests.support.browser import chromium
from tests.support.console import House


async def test_given_microphone_refused_when_agent_wants_calls_then_page_and_server_say_no(
    house: House, playwright: Playwright, windows: Opener
) -> None:
    async with chromium(playwright, None) as silent:
        person = await house.person()
        agent = await windows(silent, microphone=False)
        await sign_in(house, agent, person)
        await agent.see("phone-light", state="ready")
        await agent.press("go-available")
        await agent.press("microphone-allow")
        told = await agent.says("microphone-problem", "麦克风")
        assert "重新检测" in told
        assert await agent.page.query_selector(agent.at("microphone-pass")) is None
        await agent.press("microphone-cancel")
        await agent.see("seat-state", state="offline")

        # A page of somebody's own making gets no further.
        agent.expect("status of 409")
        answer = await ask_server(agent, "POST", "/seat/available", {"microphone": False})
        assert answer["status"] == 409
        assert "麦克风" in answer["body"]["detail"]
        assert (await house.seat_of(person)).state == "offline"


async def test_given_microphone_refused_when_citizen_dials_then_telephone_says_what_to_do(
    house: House, playwright: Playwright, windows: Opener
) -> None:
    async with chromium(playwright, None) as silent:
        citizen = await windows(silent, microphone=False)
        await citizen.page.goto(f"{house.address}/phone")
        citizen.expect(r"status of 401.*/session")
        await citizen.press("phone-dial")
        await citizen.see("phone-state", state="failed")
        await citizen.says("phone-problem", "麦克风")
