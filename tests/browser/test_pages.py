"""Each page at 1366×768 in each of its states: it fits, reads well and says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Route

from tests.browser.conftest import Browsers, Opener
from tests.browser.looks import at_rest, fits, reads_well
from tests.browser.steps import fill, sign_in, take_seat, talk
from tests.support.browser import Window
from tests.support.console import House

ROOMS = ("work", "tickets", "missed", "floor")
LISTS = {"tickets": "还没有工单", "missed": "没有"}
EMPTY = '{"items":[],"total":0,"page":1,"size":20}'
PROBLEM = '{"type":"about:blank","title":"服务器暂时不能处理","status":500,"detail":"请稍后再试"}'
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")


async def looked_at(window: Window, path: Path) -> None:
    """Light and dark: keep a picture, then hold the page to what every page must have."""
    await window.page.mouse.move(0, 0)
    for scheme in SCHEMES:
        await window.page.emulate_media(color_scheme=scheme)
        await at_rest(window)
        await window.shows(path.with_stem(f"{path.stem}-{scheme}"))
        await fits(window)
        await reads_well(window)


def answering(status: int, body: str) -> Any:
    async def answer(route: Route) -> None:
        kind = "application/json" if status < 400 else "application/problem+json"
        await route.fulfill(status=status, body=body, content_type=kind)

    return answer


async def unreachable(route: Route) -> None:
    await route.abort("connectionrefused")


async def test_given_rooms_with_something_in_them_when_looked_at_then_they_fit_and_read_well(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    person = await house.person()
    tickets = [
        await house.ticket(person, f"第 {n} 件：{'材料退还与时限，' * 6}") for n in range(25)
    ]
    agent = await windows(browsers.agents)
    await agent.page.goto(f"{house.address}/login")
    await agent.see("login-submit")
    await looked_at(agent, tmp_path / "login.png")
    await sign_in(house, agent, person)
    await agent.see("unfinished-row")
    await looked_at(agent, tmp_path / "work.png")
    await agent.press("room-tickets")
    await agent.see("ticket-row")
    await looked_at(agent, tmp_path / "tickets.png")
    await agent.page.goto(f"{house.address}/tickets/{tickets[0]}")
    await agent.see("ticket-form")
    await looked_at(agent, tmp_path / "ticket.png")
    await agent.press("help")
    await agent.says("shortcut-help", "快捷键")
    await looked_at(agent, tmp_path / "help.png")

    head = await windows(browsers.agents)
    await sign_in(house, head, await house.person("supervisor"), "/floor")
    await head.see("floor-seat")
    await looked_at(head, tmp_path / "floor.png")
    citizen = await windows(browsers.citizens)
    citizen.expect(r"status of 401.*/session")
    await citizen.page.goto(f"{house.address}/phone")
    await citizen.see("phone-dial")
    await looked_at(citizen, tmp_path / "phone.png")


async def test_given_call_when_looked_at_from_ring_to_wrap_up_then_it_fits_and_reads_well(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    person = await house.person()
    agent = await windows(browsers.agents)
    citizen = await windows(browsers.citizens)
    await take_seat(house, agent, person)

    async def ringing() -> None:
        await agent.says("ring-number", "*")
        await looked_at(agent, tmp_path / "ringing.png")

    await talk(house, agent, citizen, ringing)
    await fill(agent, "来电人说明情况，要求退还材料。")
    await looked_at(agent, tmp_path / "talking.png")
    await looked_at(citizen, tmp_path / "citizen.png")
    await agent.press("hang-up")
    await agent.see("wrap-up")
    await looked_at(agent, tmp_path / "wrap-up.png")


@pytest.mark.parametrize("room", LISTS)
async def test_given_list_without_rows_when_opened_then_it_says_what_will_stand_there(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path, room: str
) -> None:
    agent = await windows(browsers.agents)
    await agent.page.route(f"**/api/v1/{room}?*", answering(200, EMPTY))
    await sign_in(house, agent, await house.person(), f"/{room}")
    await agent.says("state-empty", LISTS[room])
    await looked_at(agent, tmp_path / f"{room}-empty.png")


@pytest.mark.parametrize("room", LISTS)
@pytest.mark.parametrize("trouble", ["refused", "unreachable"])
async def test_given_list_that_cannot_be_read_when_tried_again_then_it_is_there(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path, room: str, trouble: str
) -> None:
    person = await house.person()
    await house.ticket(person, "看得到的工单")
    agent = await windows(browsers.agents)
    agent.expect("status of 500", "ERR_CONNECTION_REFUSED")
    broken = answering(500, PROBLEM) if trouble == "refused" else unreachable
    await agent.page.route(f"**/api/v1/{room}?*", broken)
    await sign_in(house, agent, person, f"/{room}")
    await agent.see("state-failed")
    await looked_at(agent, tmp_path / f"{room}-{trouble}.png")
    await agent.page.unroute_all(behavior="wait")
    await agent.press("state-act")
    await agent.gone("state-failed")
    if room == "tickets":
        await agent.see("ticket-row")


async def test_given_ticket_that_does_not_exist_when_opened_then_the_page_says_so(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    agent = await windows(browsers.agents)
    agent.expect("status of 404")
    await sign_in(house, agent, await house.person(), "/tickets/999999")
    await agent.says("state-failed", "工单")
    await looked_at(agent, tmp_path / "no-ticket.png")


async def test_given_unknown_address_when_opened_then_the_page_leads_home(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    agent = await windows(browsers.agents)
    await agent.page.goto(f"{house.address}/no/such/page")
    await agent.says("not-found", "没有这个页面")
    await looked_at(agent, tmp_path / "not-found.png")


async def test_given_wrong_password_when_signing_in_then_the_page_says_so_and_keeps_the_name(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    agent = await windows(browsers.agents)
    agent.expect("status of 401")
    person = await house.person()
    await agent.page.goto(house.address)
    await agent.type("login-name", person.login)
    await agent.type("login-password", "not-the-password")
    await agent.press("login-submit")
    await agent.says("login-problem", "密码")
    assert await agent.typed("login-name") == person.login
    await looked_at(agent, tmp_path / "wrong-password.png")
