"""Three people, three browsers: asked, joined, left alone with the caller, and who hears whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright
from sqlalchemy import Connection

from knowledge import experts
from tests.browser.conftest import Browsers, Opener
from tests.browser.looks import at_rest, fits, reads_well
from tests.browser.steps import go_available, sign_in, take_seat, talk
from tests.support.browser import Window, chromium, until, voice
from tests.support.console import House, Person
from tests.support.tones import CITIZEN_HZ, SEAT_HZ

EXPERT_HZ = 3150.0
SILENT_LOOKS = 60
"""A second and a half."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def experts_browser(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """A browser with a third voice."""
    sound = voice(tmp_path_factory.mktemp("expert") / "expert.wav", EXPERT_HZ)
    async with chromium(playwright, sound) as browser:
        yield browser


async def expert_on_duty(house: House, window: Window, name: str) -> Person:
    """An expert at her own page, whose telephone is in it."""
    person = await house.person("expert", name=name, seat=False)

    def seated(conn: Connection) -> int:
        seat = house.seat_without_queue(conn, person.account_id, name)
        experts.create(
            conn,
            account_id=person.account_id,
            seat_id=seat,
            name=name,
            department="市场监管局",
            topics=["经营许可"],
            ring="seat",
            on_duty=True,
        )
        return seat

    person = replace(person, seat_id=await house.copy.db.write(seated))
    await sign_in(house, window, person)
    await window.see("duty-state", state="on")
    await go_available(house, window, person)
    return person


async def choose(agent: Window, words: str) -> None:
    """In the chooser: type, take what is found, confirm; without a mouse."""
    await agent.see("target-dialog")
    await agent.type("target-search", words)
    await agent.page.keyboard.press("Enter")
    await agent.page.wait_for_function(
        "() => document.activeElement?.dataset.test === 'target-confirm'"
    )
    await agent.page.keyboard.press("Enter")


async def looked_at(window: Window, path: Path) -> None:
    await window.page.mouse.move(0, 0)
    await at_rest(window)
    await window.shows(path)
    await fits(window)
    await reads_well(window)


async def hears_nothing_of(window: Window, hz: float) -> None:
    """A voice pauses for 12 looks of the page's ear; so many without it, and it is not there.

    What was on its way to the page when the two were parted may still come.
    """

    async def look() -> bool:
        since: int = await window.page.evaluate(
            """(hz) => {
              const { heard } = testEars;
              const last = heard.findLastIndex(([peak, db]) => Math.abs(peak - hz) < 20 && db > -70);
              return heard.length - 1 - last;
            }""",
            hz,
        )
        return since >= SILENT_LOOKS

    await until(look, f"{hz:g} Hz is heard no more")


async def test_given_call_when_expert_is_consulted_joined_and_left_then_each_hears_whom_he_should(
    house: House,
    browsers: Browsers,
    experts_browser: Browser,
    windows: Opener,
    tmp_path: Path,
) -> None:
    person = await house.person()
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    expert = await windows(experts_browser)
    await expert_on_duty(house, expert, "张三")
    await looked_at(expert, tmp_path / "expert.png")
    await take_seat(house, agent, person)
    await talk(house, agent, citizen)
    await agent.see("talk-state", state="talking")
    await agent.type("ticket-text", "经营许可需要哪些材料")
    await agent.says("ticket-saved", "已保存")
    await looked_at(agent, tmp_path / "talking.png")

    # Consult: the caller has music and hears neither.
    await agent.page.keyboard.press("Alt+s")
    await looked_at(agent, tmp_path / "chooser.png")
    await choose(agent, "zs")
    await agent.see("talk-state", state="asking")
    await expert.see("ring-banner")
    assert "请您参与通话" in await expert.says("ring-asker", "录音")
    await looked_at(expert, tmp_path / "asked.png")
    await looked_at(agent, tmp_path / "asking.png")
    await expert.press("answer")
    await agent.see("talk-state", state="consulting")
    await expert.says("guest-ticket-text", "经营许可")
    for window in (agent, citizen, expert):
        await window.forget_sound()
    await agent.hears(EXPERT_HZ)
    await expert.hears(SEAT_HZ)
    await hears_nothing_of(citizen, SEAT_HZ)
    await hears_nothing_of(citizen, EXPERT_HZ)
    await looked_at(agent, tmp_path / "consulting.png")
    await looked_at(expert, tmp_path / "consulted.png")

    # Swap: now the expert has music.
    await agent.page.keyboard.press("Alt+q")
    await agent.see("talk-state", state="aside")
    for window in (agent, citizen, expert):
        await window.forget_sound()
    await agent.hears(CITIZEN_HZ)
    await citizen.hears(SEAT_HZ)
    await hears_nothing_of(expert, SEAT_HZ)

    # All together.
    await agent.press("step-join")
    await agent.see("talk-state", state="conference")
    for window in (agent, citizen, expert):
        await window.forget_sound()
    await agent.hears(CITIZEN_HZ)
    await agent.hears(EXPERT_HZ)
    await citizen.hears(SEAT_HZ)
    await citizen.hears(EXPERT_HZ)
    await expert.hears(CITIZEN_HZ)
    await looked_at(agent, tmp_path / "conference.png")

    # The agent mutes the expert, then lets him speak again.
    await agent.press("party-mute")
    await agent.says("party-strip", "已静音")
    await agent.press("party-mute")

    # She leaves the two alone and is free; the call stays hers.
    await agent.press("step-leave")
    await agent.gone("callbar")
    await agent.see("left-call")
    for window in (citizen, expert):
        await window.forget_sound()
    await citizen.hears(EXPERT_HZ)
    await expert.hears(CITIZEN_HZ)
    await looked_at(agent, tmp_path / "left.png")

    # And comes back: her telephone answers by itself.
    await agent.press("come-back")
    await agent.see("callbar")
    await agent.see("talk-state", state="conference")
    await agent.forget_sound()
    await agent.hears(CITIZEN_HZ)
    await citizen.press("phone-hang-up")
    await agent.see("seat-state", state="wrap_up")


async def test_given_expert_rung_when_agent_cancels_then_caller_is_back_and_ringing_ends(
    house: House, browsers: Browsers, experts_browser: Browser, windows: Opener
) -> None:
    person = await house.person()
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    expert = await windows(experts_browser)
    await expert_on_duty(house, expert, "李四")
    await take_seat(house, agent, person)
    await talk(house, agent, citizen)
    await agent.page.get_by_role("tab", name="专家").click()
    await agent.type("expert-search", "ls")
    await agent.press("expert-consult")
    await agent.page.click(".ask-expert .el-button--primary")
    await expert.see("ring-banner")
    await agent.see("talk-state", state="asking")
    await agent.press("step-cancel")
    await agent.see("talk-state", state="talking")
    await expert.gone("ring-banner")
    await agent.forget_sound()
    await agent.hears(CITIZEN_HZ)
    # A key whose step is not there says why.
    await agent.page.keyboard.press("Alt+l")
    await agent.says("seat-problem", "没有其他方在线")
    await agent.press("hang-up")
    await agent.see("seat-state", state="wrap_up")
