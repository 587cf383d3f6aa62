"""`/sip`: who may use it, and that it carries both ways until its session ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import aiohttp
import pytest
from aiohttp import WSCloseCode, WSMsgType

from agent_console import keeper, sip
from agent_console.sip_text import MAX_MESSAGE
from config.model import Settings
from db import Database
from tests.console.clock import Clock
from tests.console.fake_asterisk import FakeAsterisk
from tests.console.house import House, serve, until
from tests.console.softphone import message

SIP = ("sip",)


async def close_of(socket: aiohttp.ClientWebSocketResponse) -> tuple[int, str]:
    """The code and reason with which the console closed."""
    while True:
        got = await socket.receive(timeout=10)
        if got.type in (WSMsgType.CLOSE, WSMsgType.CLOSED):
            return int(got.data or 0), str(got.extra or "")


async def heard(asterisk: FakeAsterisk) -> str:
    async with asyncio.timeout(10):
        return await asterisk.heard.get()


async def test_given_a_seat_then_messages_pass_both_ways_as_they_are(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.open("/sip", SIP)
    assert socket.protocol == "sip"
    register = message("REGISTER", "seat-000001")
    await socket.send_str(register)
    assert await heard(asterisk) == register
    await asterisk.sockets[0].send_str("SIP/2.0 200 世界\r\n\r\n")
    assert await socket.receive_str(timeout=10) == "SIP/2.0 200 世界\r\n\r\n"


async def test_given_many_messages_at_once_then_all_come_in_order(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.open("/sip", SIP)
    sent = [message("OPTIONS", "seat-000001", f"X: {n}" + "y" * 20_000) for n in range(100)]
    for text in sent:
        await socket.send_str(text)
    assert [await heard(asterisk) for _ in sent] == sent
    for text in sent:
        await asterisk.sockets[0].send_str(text)
    assert [await socket.receive_str(timeout=10) for _ in sent] == sent


async def test_given_another_seats_name_then_the_socket_closes_with_the_reason(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.open("/sip", SIP)
    await socket.send_str(message("REGISTER", "seat-000002"))
    code, reason = await close_of(socket)
    assert code == WSCloseCode.POLICY_VIOLATION
    assert reason == "From is another telephone"
    assert asterisk.heard.empty()
    await until(lambda: asterisk.sockets[0].closed)
    await until(lambda: len(house.console.services.sip) == 0)


async def test_given_binary_or_too_much_then_the_socket_closes(house: House) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.open("/sip", SIP)
    await socket.send_bytes(b"x")
    assert (await close_of(socket))[0] == WSCloseCode.UNSUPPORTED_DATA
    large = await agent.open("/sip", SIP)
    await large.send_str("x" * (MAX_MESSAGE + 1))
    assert (await close_of(large))[0] == WSCloseCode.MESSAGE_TOO_BIG


@pytest.mark.parametrize(
    ("login", "status"), [("", 401), ("unit", 403), ("supervisor", 403), ("admin", 403)]
)
async def test_given_nobody_or_no_seat_then_refused(house: House, login: str, status: int) -> None:
    browser = await house.signed_in(login) if login else house.browser()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.open("/sip", SIP)
    assert refused.value.status == status


async def test_given_no_websocket_or_no_sip_then_426(house: House) -> None:
    agent = await house.signed_in("agent")
    answer = await agent.get("/sip")
    assert (answer.status, answer.problem) == (426, "websocket-needed")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await agent.open("/sip", ("media",))
    assert refused.value.status == 426


async def test_given_asterisk_away_then_503_before_the_socket_opens(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    asterisk.away = True
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await agent.open("/sip", SIP)
    assert refused.value.status == 503
    await asterisk.stop()
    with pytest.raises(aiohttp.WSServerHandshakeError) as gone:
        await agent.open("/sip", SIP)
    assert gone.value.status == 503


async def test_given_asterisk_ends_then_the_browser_is_told_to_try_again(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.open("/sip", SIP)
    await socket.send_str(message("REGISTER", "seat-000001"))
    await heard(asterisk)
    await asterisk.sockets[0].close()
    assert (await close_of(socket))[0] == WSCloseCode.TRY_AGAIN_LATER


async def test_given_the_browser_leaves_then_asterisks_socket_ends(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.open("/sip", SIP)
    async with asyncio.timeout(10):
        await asterisk.joined.wait()
    await socket.close()
    await until(lambda: asterisk.sockets[0].closed)
    assert len(house.console.services.sip) == 0


async def test_given_sign_out_then_the_telephone_is_cut_and_others_stay(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent, other = await house.signed_in("agent"), await house.signed_in("agent2")
    mine, theirs = await agent.open("/sip", SIP), await other.open("/sip", SIP)
    await agent.ask("DELETE", "/session")
    assert await close_of(mine) == (4401, "signed out")
    text = message("OPTIONS", "seat-000002")
    await theirs.send_str(text)
    assert await heard(asterisk) == text


async def test_given_a_session_over_its_time_then_the_keeper_cuts_the_telephone(
    house: House, clock: Clock, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.open("/sip", SIP)
    citizen = house.browser()
    phone = (await citizen.post("/demo/phone")).json
    stays = await citizen.open("/sip?as=citizen", SIP)
    await keeper.check_sessions(house.console.services)
    clock.pass_s(13 * 3600 - 60)
    await keeper.check_sessions(house.console.services)
    assert (await close_of(socket))[0] == 4401
    await until(lambda: len(house.console.services.sip) == 1)
    text = message("OPTIONS", phone["endpoint"])
    await stays.send_str(text)
    assert await heard(asterisk) == text


async def test_given_silence_for_too_long_then_the_socket_closes(house: House) -> None:
    agent = await house.signed_in("agent")
    with patch.object(sip, "IDLE_S", 0.05):
        socket = await agent.open("/sip", SIP)
        assert await close_of(socket) == (WSCloseCode.GOING_AWAY, "idle for too long")


async def test_given_a_test_telephone_then_its_cookie_is_its_own_right_to_call(
    house: House, asterisk: FakeAsterisk
) -> None:
    citizen = house.browser()
    answer = await citizen.post("/demo/phone")
    phone = answer.json
    assert phone["dial"] == "12345"
    assert phone["endpoint"].startswith("citizen-")
    assert len(phone["endpoint"]) == len("citizen-") + 16
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    endpoint = asterisk.pushed["endpoint", phone["endpoint"]]
    assert endpoint["context"] == "from-citizen"
    assert endpoint["callerid"].startswith("<1380000")
    socket = await citizen.open("/sip?as=citizen", SIP)
    invite = message("INVITE", phone["endpoint"], to="12345")
    await socket.send_str(invite)
    assert await heard(asterisk) == invite
    again = (await citizen.post("/demo/phone")).json
    assert again["endpoint"] != phone["endpoint"]
    assert (await close_of(socket))[0] == 4401
    assert {name for _, name in asterisk.pushed} == {again["endpoint"]}


async def test_given_both_cookies_then_the_address_says_which_telephone(
    house: House, asterisk: FakeAsterisk
) -> None:
    both = await house.signed_in("agent")
    phone = (await both.post("/demo/phone")).json
    seat = await both.open("/sip", SIP)
    citizen = await both.open("/sip?as=citizen", SIP)
    for socket, name in ((seat, "seat-000001"), (citizen, phone["endpoint"])):
        text = message("OPTIONS", name)
        await socket.send_str(text)
        assert await heard(asterisk) == text
    await citizen.send_str(message("OPTIONS", "seat-000001"))
    assert (await close_of(citizen))[0] == WSCloseCode.POLICY_VIOLATION


async def test_given_a_made_up_cookie_then_no_telephone(house: House) -> None:
    browser = house.browser()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.open("/sip?as=citizen", SIP, Cookie="hotline_phone=guess")
    assert refused.value.status == 401


async def test_given_test_telephones_beyond_the_most_then_the_oldest_goes(
    house: House, asterisk: FakeAsterisk
) -> None:
    with patch("agent_console.citizens.MOST", 2):
        made = [(await house.browser().post("/demo/phone")).json["endpoint"] for _ in range(3)]
    assert {name for _, name in asterisk.pushed} == set(made[1:])


async def test_given_a_phone_of_a_seat_then_its_password_is_kept_nowhere(
    house: House, asterisk: FakeAsterisk, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    agent = await house.signed_in("agent")
    with caplog.at_level("DEBUG"):
        first = (await agent.post("/seat/phone")).json
        second = (await agent.post("/seat/phone")).json
    assert first["endpoint"] == second["endpoint"] == "seat-000001"
    assert first["uri"] == "sip:seat-000001@127.0.0.1"
    assert first["ws"] == f"ws://127.0.0.1:{house.console.port}/sip"
    assert first["password"] != second["password"]
    assert asterisk.pushed["auth", "seat-000001"]["password"] == second["password"]
    assert asterisk.pushed["endpoint", "seat-000001"]["webrtc"] == "yes"
    assert asterisk.pushed["aor", "seat-000001"]["max_contacts"] == "1"
    order = [path.split("/")[-2] for method, path in asterisk.asked if method == "PUT"]
    assert order == ["auth", "aor", "endpoint"] * 2
    kept = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())  # noqa: ASYNC240
    for password in (first["password"], second["password"]):
        assert password.encode() not in kept
        assert password not in caplog.text


async def test_given_asterisk_away_then_no_phone_and_503(
    house: House, asterisk: FakeAsterisk
) -> None:
    agent = await house.signed_in("agent")
    asterisk.away = True
    for path in ("/seat/phone", "/demo/phone"):
        answer = await agent.post(path)
        assert (answer.status, answer.problem) == (503, "asterisk-away"), path


async def test_given_no_seat_then_no_phone(house: House) -> None:
    answer = await (await house.signed_in("supervisor")).post("/seat/phone")
    assert (answer.status, answer.problem) == (404, "not-found")


async def test_given_a_proxy_with_tls_then_the_phone_gets_its_address_and_secure_cookies(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> None:
    public = "https://hotline.invalid"
    console = replace(settings.console, public_origins=(public,))
    async with serve(replace(settings, console=console), database, dist, clock) as house:
        agent = house.browser()
        agent.origin = public
        answer = await agent.post("/demo/phone")
        assert answer.json["ws"] == "wss://hotline.invalid/sip?as=citizen"
        assert "Secure" in answer.headers["Set-Cookie"]
