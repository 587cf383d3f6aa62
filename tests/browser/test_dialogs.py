"""Dialogs without a mouse: the focus comes in, goes round, and goes back; nothing typed is lost."""

from __future__ import annotations

import pytest_asyncio
from sqlalchemy import Connection

from tests.browser.conftest import Browsers, Opener
from tests.browser.looks import at_rest
from tests.browser.offices import open_offices
from tests.browser.steps import sign_in
from tests.browser.test_desks import submitted
from tests.browser.test_keyboard import focused, tab_to
from tests.support.browser import Window, until
from tests.support.console import House
from tests.tickets.town import TO_FOLLOW_UP, drafted, town, walk

MOST_STOPS = 30
QUESTION = ".el-message-box"


async def has_focus(window: Window, hook: str) -> None:
    async def look() -> bool:
        return await focused(window, "data-test") == hook

    await until(look, f"{hook} has the focus")


async def goes_round(window: Window, dialog: str) -> None:
    """Tab comes back to where it began, forwards and backwards, and never leaves the dialog."""
    keys = window.page.keyboard
    for key in ("Tab", "Shift+Tab"):
        await window.page.evaluate("window.testStart = document.activeElement")
        for _ in range(MOST_STOPS):
            await keys.press(key)
            assert await window.page.evaluate(
                "(at) => document.activeElement.closest(at) !== null", window.at(dialog)
            ), f"{key} left the dialog"
            if await window.page.evaluate("document.activeElement === window.testStart"):
                break
        else:
            raise AssertionError(f"{key} does not come round")


@pytest_asyncio.fixture(loop_scope="session")
async def admin(house: House, browsers: Browsers, windows: Opener) -> Window:
    window: Window = await windows(browsers.agents)
    await sign_in(house, window, await house.person("admin"), "/admin/units")
    await window.see("admin-units")
    await window.see("admin-new")
    return window


async def test_given_form_when_esc_is_pressed_then_it_asks_only_for_what_is_typed(
    admin: Window,
) -> None:
    keys = admin.page.keyboard
    await tab_to(admin, "admin-new")
    await keys.press("Enter")
    await has_focus(admin, "admin-field-name")
    await goes_round(admin, "admin-dialog")
    await keys.press("Escape")
    await admin.gone("admin-dialog")
    await has_focus(admin, "admin-new")

    await keys.press("Enter")
    await has_focus(admin, "admin-field-name")
    await keys.type("Office")
    await keys.press("Escape")
    await admin.page.wait_for_selector(QUESTION)
    await keys.press("Escape")
    await admin.page.wait_for_selector(QUESTION, state="hidden")
    await has_focus(admin, "admin-field-name")
    assert await admin.typed("admin-field-name") == "Office"
    admin.expect("status of 400")
    await keys.press("Control+Enter")
    await admin.see("admin-error-code")


async def test_given_quick_hand_when_dialog_has_opened_then_the_focus_is_where_she_put_it(
    admin: Window,
) -> None:
    """What she types while it comes into sight does not go into the first field."""
    await admin.press("admin-new")
    field = admin.field("admin-field-duty_name")
    await admin.page.focus(field)
    await at_rest(admin)
    await admin.page.keyboard.type("On duty")
    assert await admin.typed("admin-field-duty_name") == "On duty"
    assert await admin.typed("admin-field-name") == ""


async def test_given_move_when_esc_is_pressed_then_its_text_is_kept_and_the_button_has_the_focus(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    ticket = await submitted(house)
    agent = (await open_offices(house, browsers, windows, ("dispatcher",))).windows["dispatcher"]
    await agent.page.goto(f"{house.address}/tickets/{ticket}")
    await agent.see("move-note")
    keys = agent.page.keyboard
    await agent.page.focus(agent.at("move-note"))
    await keys.press("Enter")
    await has_focus(agent, "field-text")
    await goes_round(agent, "move-dialog")
    await keys.type("half a note")
    await keys.press("Escape")
    await agent.gone("move-dialog")
    await has_focus(agent, "move-note")
    await keys.press("Enter")
    await has_focus(agent, "field-text")
    assert await agent.typed("field-text") == "half a note"
    await keys.press("Control+Enter")
    await agent.says("move-said", "已")
    await has_focus(agent, "move-note")


async def test_given_a_follow_up_when_arrows_are_pressed_then_they_choose_the_rating_and_space_clears_it(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    def to_follow_up(conn: Connection) -> int:
        there = town(conn)
        ticket = drafted(conn, there).id
        walk(conn, there, ticket, *TO_FOLLOW_UP)
        return ticket

    ticket = await house.copy.db.write(to_follow_up)
    window = (await open_offices(house, browsers, windows, ("approver",))).windows["approver"]
    await window.page.goto(f"{house.address}/tickets/{ticket}")
    await window.press("move-follow_up")
    await window.press("field-reached-yes")
    keys = window.page.keyboard
    stars = window.page.locator(f"{window.at('field-stars')} input")

    async def chosen() -> list[str]:
        return [await one.input_value() for one in await stars.all() if await one.is_checked()]

    # A group is one stop: its first, until one is chosen.
    await keys.press("Tab")
    await keys.press("Space")
    assert await chosen() == ["5"]
    await keys.press("ArrowRight")
    assert await chosen() == ["4"]
    await keys.press("Space")
    assert await chosen() == []
    await window.press("field-stars-1")
    assert await chosen() == ["1"]
