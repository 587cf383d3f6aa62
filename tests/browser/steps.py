"""What people do at their screens, step by step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.browser import Window, until
from tests.support.console import House, Person
from tests.support.tones import CITIZEN_HZ, SEAT_HZ
from tickets import store


async def sign_in(house: House, window: Window, person: Person, path: str = "/") -> None:
    """Open the console and sign in; back in the person's first room."""
    # Nobody is signed in yet, and the page asks.
    window.expect(r"status of 401.*/session")
    await window.page.goto(house.address + path)
    await window.see("login-name")
    await window.type("login-name", person.login)
    await window.type("login-password", person.password)
    await window.press("login-submit")
    await window.see("network-light", state="online")


async def go_available(house: House, window: Window, person: Person) -> None:
    """示闲, with the microphone heard first."""
    await window.see("phone-light", state="ready")
    await window.press("go-available")
    await window.see("microphone-level")
    await window.press("microphone-pass")
    await window.see("seat-state", state="available")
    await house.seat_is(person, "available")


async def take_seat(house: House, window: Window, person: Person) -> None:
    await sign_in(house, window, person)
    await go_available(house, window, person)


async def dial(house: House, window: Window) -> None:
    """The citizen dials 12345 on the test telephone, hears the greeting and presses 1."""
    await window.page.goto(f"{house.address}/phone")
    await window.press("phone-dial")
    await window.see("phone-state", state="talking")
    await window.hears(house.copy.pitch["greeting"])
    await window.press("phone-key-1")


async def hear_each_other(agent: Window, citizen: Window) -> None:
    for window in (agent, citizen):
        await window.forget_sound()
    await agent.hears(CITIZEN_HZ)
    await citizen.hears(SEAT_HZ)


async def talk(
    house: House,
    agent: Window,
    citizen: Window,
    ringing: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """The citizen calls, the agent (available already) answers; both hear each other.

    `ringing` is done while it rings.
    """
    await dial(house, citizen)
    await agent.see("ring-banner")
    if ringing is not None:
        await ringing()
    await agent.press("answer")
    await agent.see("callbar")
    await agent.see("ticket-form")
    await hear_each_other(agent, citizen)


async def fill(agent: Window, words: str) -> None:
    """Fill the form; back when it is kept."""
    await agent.press("ticket-type-complaint")
    await agent.page.click(agent.at("ticket-class"))
    await agent.page.keyboard.type("zwfw")
    await agent.press("ticket-class-service_quality")
    await agent.type("ticket-company", "某餐饮有限公司")
    await agent.type("ticket-text", words)
    await agent.press("ticket-disposition-answered")
    await agent.says("ticket-saved", "已保存")


async def ticket_of(agent: Window) -> int:
    """The id of the ticket whose form is open."""
    return int(await agent.page.get_attribute(agent.at("ticket-form"), "data-ticket") or 0)


async def hang_up(agent: Window, citizen: Window) -> None:
    await agent.press("hang-up")
    await citizen.see("phone-state", state="ended")
    await agent.see("seat-state", state="wrap_up")


async def ask_server(window: Window, method: str, path: str, body: object = None) -> dict[str, Any]:
    """A request as a page could make it that is not ours; status and body."""
    answer: dict[str, Any] = await window.page.evaluate(
        """async ([method, path, body]) => {
          const session = await (await fetch('/api/v1/session')).json();
          const answer = await fetch('/api/v1' + path, {
            method,
            headers: { 'X-CSRF-Token': session.csrf, 'Content-Type': 'application/json' },
            body: body === null ? undefined : JSON.stringify(body),
          });
          const text = await answer.text();
          let read = null;
          try { read = JSON.parse(text); } catch {}
          return { status: answer.status, body: read };
        }""",
        [method, path, body],
    )
    return answer


async def now(house: House, ticket: int) -> store.Ticket:
    found = await house.copy.db.read(store.get, ticket)
    assert found is not None
    return found


async def kept(house: House, ticket: int, text: str) -> None:
    """Wait until the server has the text."""

    async def look() -> bool:
        return (await now(house, ticket)).text == text

    await until(look, f"{text!r} is kept")
