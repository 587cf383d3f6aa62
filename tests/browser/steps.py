"""What people do at their screens, step by step."""

from __future__ import annotations

from tests.support.browser import Window
from tests.support.console import House, Person
from tests.support.tones import CITIZEN_HZ, SEAT_HZ


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


async def talk(house: House, agent: Window, citizen: Window) -> None:
    """The citizen calls, the agent (available already) answers; both hear each other."""
    await dial(house, citizen)
    await agent.see("ring-banner")
    await agent.press("answer")
    await agent.see("callbar")
    await agent.see("ticket-form")
    await hear_each_other(agent, citizen)
