"""The AMI client against a real Asterisk, and against what is not one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from ivr.ami import Ami, AmiRefused, AmiSignInRefused, AmiUnreachable
from tests.support.asterisk import Running
from tests.support.ports import free_port

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


async def members(ami: Ami, asterisk: Running) -> str:
    """The whole answer to QueueStatus, as text."""
    url = f"{asterisk.url}/rawman?action=QueueStatus&queue=fallback"
    async with asterisk.http.get(
        url, headers={"Cookie": f'mansession_id="{ami._cookie}"'}
    ) as answer:
        return await answer.text()


async def test_adding_and_removing_a_seat_twice_is_as_once(asterisk: Running, ami: Ami) -> None:
    endpoint = await asterisk.push_seat(3, free_port())
    interface = f"PJSIP/{endpoint}"
    for _ in range(2):
        await ami.queue_add("fallback", interface, "seat 3")
    assert (await members(ami, asterisk)).count(f"Location: {interface}") == 1
    for _ in range(2):
        await ami.queue_remove("fallback", interface)
    assert interface not in await members(ami, asterisk)


async def test_an_unknown_queue_is_told_in_asterisks_words(ami: Ami) -> None:
    with pytest.raises(AmiRefused) as refused:
        await ami.queue_add("nowhere", "PJSIP/x", "x")
    assert refused.value.action == "QueueAdd"
    assert refused.value.message == "Unable to add interface to queue: No such queue"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("Command", {"Command": "core show channels"}),
        ("Originate", {"Channel": "Local/1@x"}),
        ("UpdateConfig", {"SrcFilename": "ari.conf", "DstFilename": "ari.conf"}),
    ],
)
async def test_what_is_not_needed_is_not_permitted(
    ami: Ami, action: str, words: dict[str, str]
) -> None:
    with pytest.raises(AmiRefused, match="Permission denied"):
        await ami.action(action, **words)


async def test_when_asterisk_has_forgotten_the_session_then_it_signs_in_again(ami: Ami) -> None:
    await ami.action("Ping")
    ami._cookie = "00000000"
    assert (await ami.action("Ping"))["ping"] == "Pong"


async def test_a_wrong_password_is_told(asterisk: Running, session: aiohttp.ClientSession) -> None:
    with pytest.raises(AmiSignInRefused, match="Authentication failed"):
        await Ami(session, asterisk.url, asterisk.user, "wrong").action("Ping")


async def test_a_second_header_in_an_argument_is_refused(ami: Ami) -> None:
    with pytest.raises(ValueError, match="control character"):
        await ami.queue_add("fallback", "PJSIP/x\r\nAction: Originate", "x")


async def test_nobody_there_is_unreachable(session: aiohttp.ClientSession) -> None:
    with pytest.raises(AmiUnreachable, match="Login: Client"):
        await Ami(session, f"http://127.0.0.1:{free_port()}", "u", "p").action("Ping")


async def test_something_else_there_is_unreachable(session: aiohttp.ClientSession) -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port := free_port())
    await site.start()
    try:
        with pytest.raises(AmiUnreachable, match="HTTP 404"):
            await Ami(session, f"http://127.0.0.1:{port}", "u", "p").action("Ping")
    finally:
        await runner.cleanup()
