"""The supervisor's floor and the wall: right by themselves, and what she presses happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.async_api import Route

from tests.browser.conftest import Browsers, Opener
from tests.browser.looks import at_rest
from tests.browser.steps import dial, sign_in, take_seat, talk
from tests.browser.test_pages import answering, looked_at, unreachable
from tests.support.browser import Window, until
from tests.support.console import House, Person
from tests.support.tones import CITIZEN_HZ, SEAT_HZ

MANY = 200


def seat_row(window: Window, person: Person, **data: object) -> str:
    return window.at("floor-seat", seat=person.seat_id, **data)


async def supervisor(
    house: House, browsers: Browsers, windows: Opener, *, seat: bool = False
) -> tuple[Window, Person]:
    """A supervisor on /floor; with a seat of her own when she is to listen."""
    person = await house.person("supervisor", seat=seat)
    window = await windows(browsers.agents)
    await sign_in(house, window, person, "/floor")
    await window.see("floor-seat")
    return window, person


async def choose(head: Window, person: Person) -> None:
    await head.page.click(seat_row(head, person))
    await head.see("seat-panel", seat=person.seat_id)


async def confirm(head: Window) -> None:
    await head.page.click(".el-message-box .sure-yes")
    await head.page.wait_for_selector(".el-message-box", state="hidden")


async def test_given_agent_moves_when_floor_is_open_or_was_cut_off_then_row_is_right_by_itself(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    head, _ = await supervisor(house, browsers, windows)
    head.expect("ERR_INTERNET_DISCONNECTED", "WebSocket")
    agent = await windows(browsers.agents)
    await head.page.wait_for_selector(seat_row(head, person, state="offline"))
    await take_seat(house, agent, person)
    await head.page.wait_for_selector(seat_row(head, person, state="available"))

    await head.context.set_offline(True)
    await head.says("floor-trouble", "与服务器的连接已断开")
    await agent.press("go-offline")
    await agent.see("seat-state", state="offline")
    await head.context.set_offline(False)
    await head.page.wait_for_selector(seat_row(head, person, state="offline"), timeout=40_000)
    await head.gone("floor-trouble")

    await head.press("floor-group-offline")
    await head.page.wait_for_selector(seat_row(head, person))
    await head.press("floor-group-wrap_up")
    await head.page.wait_for_selector(seat_row(head, person), state="detached")
    assert "state=wrap_up" in head.page.url


async def test_given_seat_when_supervisor_sets_it_and_writes_to_it_then_agent_sees_both(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    agent = await windows(browsers.agents)
    await take_seat(house, agent, person)
    head, _ = await supervisor(house, browsers, windows)
    await choose(head, person)

    await head.press("seat-set-paused")
    await head.press("seat-pause-meeting")
    await confirm(head)
    await agent.see("seat-state", state="paused")
    await head.says("seat-panel-told", "示忙")

    await head.press("seat-message")
    await head.press("message-send")
    await head.says("message-problem", "请输入内容")
    await head.type("message-text", "请到前台领取材料")
    await head.press("message-send")
    await head.says("seat-panel-told", "消息已发送")
    await agent.says("notice-bar", "请到前台领取材料")

    # Nobody can listen where nobody talks, and her account has no seat to listen with.
    assert await head.page.is_disabled(head.at("seat-listen"))
    # While a dialog still fades, Escape is the dialog's.
    await at_rest(head)
    await head.page.keyboard.press("Escape")
    await head.gone("seat-panel")
    assert await head.page.evaluate("document.activeElement.dataset.seat") == str(person.seat_id)


async def test_given_caller_waits_when_moved_to_head_and_other_queue_then_list_and_call_say_so(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    citizen = await windows(browsers.citizens)
    await house.person()
    head, _ = await supervisor(house, browsers, windows)
    await dial(house, citizen)
    await head.see("floor-caller", state="waiting")
    await head.says("floor-waiting-count", "1")
    await head.press("floor-to-head")
    await head.see("floor-caller", state="head")
    await head.press("floor-to-queue")
    await head.press("floor-to-queue-general")
    await head.says("floor-caller", "政务服务")
    await citizen.press("phone-hang-up")
    await head.gone("floor-caller")


async def test_given_talk_when_supervisor_listens_then_she_hears_both_until_she_stops(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    await take_seat(house, agent, person)
    head, herself = await supervisor(house, browsers, windows, seat=True)
    await head.see("phone-light", state="ready")
    await talk(house, agent, citizen)
    await head.page.wait_for_selector(seat_row(head, person, state="talking"))
    await choose(head, person)
    await head.press("seat-listen")
    await head.see("supervision", state="listen")
    await head.hears(CITIZEN_HZ)
    await head.hears(SEAT_HZ)
    assert "/floor" in head.page.url

    await head.press("supervision-whisper")
    await head.see("supervision", state="whisper")
    await head.press("supervision-barge")
    await confirm(head)
    await head.see("supervision", state="barge")
    await head.press("supervision-stop")
    await head.gone("supervision")
    await house.seat_is(herself, "offline", "paused", "available")
    # The talk was not touched.
    await house.seat_is(person, "talking")
    await agent.press("hang-up")
    await agent.see("seat-state", state="wrap_up")


def many_seats(seats: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two hundred of them, in every state there is."""
    states = ("talking", "available", "wrap_up", "paused", "no_answer", "ringing", "offline")
    return [
        seats[0]
        | {
            "id": 10_000 + n,
            "name": f"话务员{n}",
            "state": states[n % len(states)],
            "since_ms": seats[0]["since_ms"] - n * 7_000,
            "phone_ready": n % 9 != 0,
        }
        for n in range(MANY)
    ]


async def test_given_two_hundred_seats_none_or_no_figures_when_looked_at_then_it_reads_well(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    await house.person()
    head, _ = await supervisor(house, browsers, windows)

    async def full(route: Route) -> None:
        answer = await route.fetch()
        floor = await answer.json()
        floor["seats"] = many_seats(floor["seats"])
        await route.fulfill(status=200, body=json.dumps(floor), content_type="application/json")

    await head.page.route("**/api/v1/floor", full)
    await head.page.reload()

    async def all_there() -> bool:
        return len(await head.page.query_selector_all(head.at("floor-seat"))) == MANY

    await until(all_there, "two hundred rows")
    await looked_at(head, tmp_path / "floor-full.png")
    await head.page.click(head.at("floor-seat", seat=10_000))
    await head.see("seat-panel")
    await looked_at(head, tmp_path / "floor-seat.png")
    await head.press("seat-panel-close")
    await head.press("floor-tab-staffing")
    await head.see("staffing-queue")
    await looked_at(head, tmp_path / "floor-staffing.png")

    head.expect("status of 500", "ERR_CONNECTION_REFUSED")
    problem = '{"type":"about:blank","title":"服务器暂时不能处理","status":500}'
    await head.page.route("**/api/v1/floor/staffing", answering(500, problem))
    await head.page.route("**/api/v1/floor/figures", unreachable)
    await head.page.reload()
    await head.press("floor-tab-staffing")
    await head.says("state-failed", "服务器暂时不能处理")
    await looked_at(head, tmp_path / "floor-broken.png")


async def test_given_wall_when_console_goes_and_comes_back_then_it_says_so_and_is_fresh_again(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    wall, _ = await supervisor(house, browsers, windows)
    wall.expect("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "WebSocket", "ERR_CONNECTION_RESET")
    await wall.page.goto(f"{house.address}/wall")
    await wall.see("wall", state="fresh")
    await wall.see("wall-queue", queue="business")
    await at_rest(wall)
    await looked_at(wall, tmp_path / "wall.png")
    # Nobody stands before it: there is nothing to press.
    assert await wall.page.query_selector("button, a, input") is None

    await house.console.kill()
    try:
        await wall.see("wall", state="old")
        await wall.says("wall-trouble", "正在重新连接")
    finally:
        await house.console.start()
    await wall.see("wall", within_s=40, state="fresh")
    await wall.gone("wall-trouble")


async def test_given_wall_with_a_wrong_key_when_opened_then_it_is_told_in_words_and_shows_nothing(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    wall = await windows(browsers.citizens)
    wall.expect(r"status of 40[13]")
    await wall.page.goto(f"{house.address}/wall?key=guessed")
    await wall.see("wall-waiting-for-data")
    await wall.see("wall-trouble")
    assert await wall.page.query_selector(wall.at("wall-queue")) is None
