"""Everybody sees what is theirs, and is told whom to ask for the rest."""

from __future__ import annotations

from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import ask_server, hang_up, sign_in, take_seat, talk, ticket_of
from tests.support.console import House


async def test_given_recorded_call_when_others_open_its_ticket_then_only_heads_may_hear(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    person = await house.person()
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    await take_seat(house, agent, person)
    await talk(house, agent, citizen)
    ticket = await ticket_of(agent)
    await hang_up(agent, citizen)
    recording = await house.copy.recording_of(await house.newest_call())
    sound = f"/recordings/{recording.id}/audio"
    await agent.page.goto(f"{house.address}/tickets/{ticket}")
    await agent.see("recording-player")

    for role in ("agent", "expert"):
        other = await windows(browsers.agents)
        await sign_in(house, other, await house.person(role), f"/tickets/{ticket}")
        await other.says("recording-forbidden", "请联系班长")
        other.expect("status of 403")
        assert (await ask_server(other, "GET", sound))["status"] == 403
        # Reading is everybody's, writing hers.
        await other.see("ticket-timeline")
        assert await other.page.query_selector(other.at("ticket-form")) is None

    head = await windows(browsers.agents)
    await sign_in(house, head, await house.person("supervisor"), f"/tickets/{ticket}")
    await head.see("recording-player", drawn="drawn")
    assert (await ask_server(head, "GET", sound))["status"] == 200


async def test_given_unit_handler_when_signed_in_then_only_tickets_are_hers(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    unit = await windows(browsers.agents)
    ticket = await house.ticket(await house.person(), "与该单位无关")
    unit.expect("status of 403", "status of 404")
    await sign_in(house, unit, await house.person("unit"))
    await unit.see("state-empty")
    rooms = await unit.page.query_selector_all('[data-test^="room-"]')
    assert [await room.get_attribute("data-test") for room in rooms] == ["room-tickets"]
    for path in ("/missed", "/floor", "/recordings/1/audio"):
        assert (await ask_server(unit, "GET", path))["status"] == 403, path
    assert (await ask_server(unit, "GET", f"/tickets/{ticket}"))["status"] == 404


async def test_given_expert_when_signed_in_then_floor_is_not_hers(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    expert = await windows(browsers.agents)
    await sign_in(house, expert, await house.person("expert"), "/floor")
    await expert.says("state-forbidden", "没有进入“现场”的权限")
    assert await expert.page.query_selector(expert.at("room-floor")) is None
    await expert.see("room-tickets")
