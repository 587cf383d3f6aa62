"""A whole shift without a mouse."""

from __future__ import annotations

from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import dial, hear_each_other, kept, sign_in, take_seat, ticket_of
from tests.support.browser import Window
from tests.support.console import House
from tests.support.tones import SEAT_HZ

MOST_TABS = 40


async def test_given_no_mouse_when_agent_works_then_each_step_has_a_key(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    keys = agent.page.keyboard
    agent.expect(r"status of 401.*/session")
    await agent.page.goto(house.address)
    await agent.see("login-submit")
    await keys.type(person.login)
    await keys.press("Tab")
    await keys.type(person.password)
    await keys.press("Enter")
    await agent.see("phone-light", state="ready")
    await agent.page.wait_for_selector(f"{agent.at('go-available')}:enabled")
    await tab_to(agent, "go-available")
    await keys.press("Enter")
    await agent.page.wait_for_selector(f"{agent.at('microphone-pass')}:enabled")
    await tab_to(agent, "microphone-pass")
    await keys.press("Enter")
    await agent.see("seat-state", state="available")

    await dial(house, citizen)
    await agent.see("ring-banner")
    await agent.page.wait_for_selector(f"{agent.at('answer')}:enabled")
    await keys.press("Enter")
    await agent.see("callbar")
    await hear_each_other(agent, citizen)
    for key in ("F4", "Alt+h"):
        await when_ready(agent, "hold", key)
        await agent.see("held-mark")
        await when_ready(agent, "hold", key)
        await agent.gone("held-mark")
    await citizen.forget_sound()
    await citizen.hears(SEAT_HZ)
    await keys.press("Alt+m")
    await agent.see("muted-mark")
    await keys.press("Alt+m")
    await agent.gone("muted-mark")

    await tab_to(agent, "ticket-type-complaint", "ticket-type-consult")
    await keys.press("Space")
    await tab_to(agent, "ticket-text")
    await keys.type("只用键盘填写")
    await tab_to(agent, "ticket-disposition-answered", "ticket-disposition-invalid")
    await keys.press("Space")
    await agent.says("ticket-saved", "已保存")
    await keys.press("Alt+x")
    await citizen.see("phone-state", state="ended")
    await agent.see("seat-state", state="wrap_up")


async def test_given_input_method_at_work_when_keys_are_pressed_then_no_shortcut_acts(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    filled = {"type": "consult", "content_class": "other", "disposition": "answered"}
    ticket = await house.ticket(person, "可以提交", **filled)
    agent = await windows(browsers.agents)
    await sign_in(house, agent, person, f"/tickets/{ticket}")
    await agent.page.click(agent.field("ticket-text"))
    keys = agent.page.keyboard
    device = await agent.context.new_cdp_session(agent.page)
    await listen_to_keys(agent)
    await device.send(
        "Input.imeSetComposition", {"text": "wen", "selectionStart": 3, "selectionEnd": 3}
    )
    await keys.press("Control+Enter")
    composing: list[bool] = await agent.page.evaluate("testKeys")
    assert any(composing), "the input method was at work"
    await device.send("Input.insertText", {"text": "问"})
    await agent.says("ticket-saved", "已保存")
    assert await agent.text("ticket-state") == "草稿"
    assert not agent.answered(200, "/complete")

    await keys.press("Control+Enter")
    await agent.see("ticket-facts-state", state="closed")


async def test_given_agent_typing_when_it_rings_then_enter_writes_and_f2_answers(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    ticket = await house.ticket(person)
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    await take_seat(house, agent, person)
    await agent.page.click(agent.at("unfinished-row"))
    await agent.see("ticket-form", ticket=ticket)
    await agent.page.click(agent.field("ticket-text"))
    keys = agent.page.keyboard
    await keys.type("上一件")

    await dial(house, citizen)
    await agent.page.wait_for_selector(f"{agent.at('answer')}:enabled")
    await keys.press("Enter")
    await keys.type("还没写完")
    assert await agent.typed("ticket-text") == "上一件\n还没写完"
    await house.seat_is(person, "ringing")
    await keys.press("F2")
    # The screen pops with the new call; the other ticket's words are kept.
    await agent.see("caller-column")
    await agent.see("ticket-form")
    assert await ticket_of(agent) != ticket
    await kept(house, ticket, "上一件\n还没写完")
    await hear_each_other(agent, citizen)
    await citizen.press("phone-hang-up")
    await agent.see("seat-state", state="wrap_up")


async def test_given_help_key_when_pressed_outside_a_field_then_keys_are_listed(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    agent = await windows(browsers.agents)
    await sign_in(house, agent, await house.person())
    await agent.page.keyboard.press("?")
    listed = await agent.says("shortcut-help", "快捷键")
    assert "Alt+X" in listed
    await agent.page.keyboard.press("Escape")
    await agent.page.wait_for_selector(agent.at("shortcut-help"), state="hidden")


async def test_given_list_when_arrows_and_enter_are_pressed_then_rows_move_and_ticket_opens(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    made = [await house.ticket(person, words) for words in ("第一件", "第二件", "第三件")]
    agent = await windows(browsers.agents)
    await sign_in(house, agent, person, "/tickets?mine=1")
    await agent.see("ticket-row", ticket=made[0])
    keys = agent.page.keyboard
    await tab_to(agent, "ticket-row")
    for key, expected in (
        ("ArrowDown", made[1]), ("End", made[0]), ("ArrowUp", made[1]), ("Home", made[2]),
    ):  # fmt: skip
        await keys.press(key)
        assert await focused(agent, "data-ticket") == str(expected), key
    await keys.press("Enter")
    await agent.see("ticket-form", ticket=made[2])


async def when_ready(window: Window, button: str, key: str) -> None:
    """Press a key as soon as its button can be pressed: while it works, the same step waits."""
    await window.page.wait_for_selector(f"{window.at(button)}:enabled")
    await window.page.keyboard.press(key)


async def tab_to(window: Window, *hooks: str) -> None:
    """Tab until one of these has the focus."""
    for _ in range(MOST_TABS):
        if await focused(window, "data-test") in hooks:
            return
        await window.page.keyboard.press("Tab")
    raise AssertionError(f"{hooks} can't be reached by Tab")


async def focused(window: Window, attribute: str) -> str | None:
    """The attribute of what has the focus, or of what is around it."""
    found: str | None = await window.page.evaluate(
        "(name) => document.activeElement?.closest(`[${name}]`)?.getAttribute(name)", attribute
    )
    return found


async def listen_to_keys(window: Window) -> None:
    await window.page.evaluate(
        """() => {
          window.testKeys = [];
          addEventListener('keydown', (event) => testKeys.push(event.isComposing), true);
        }"""
    )
