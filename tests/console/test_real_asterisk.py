"""The browser's telephone against a real Asterisk: pushed, registered, taken away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent_console.parts import Parts
from agent_console.passwords import Passwords
from agent_console.server import Console
from config.model import Listen
from db import Database
from tests.console.house import HASHER, SEALER, House, caller_hash, keep_number
from tests.console.softphone import Softphone
from tests.support.asterisk import running_asterisk

pytestmark = pytest.mark.integration


async def test_given_a_sign_in_when_a_phone_is_pushed_then_it_registers_until_sign_out(
    database: Database, dist: Path
) -> None:
    async with running_asterisk() as asterisk:
        console = replace(asterisk.settings.console, listen=Listen("127.0.0.1", 0))
        settings = replace(asterisk.settings, console=console)
        parts = Parts(
            settings, database, asterisk.password, caller_hash, keep_number, SEALER, web=dist
        )
        async with Console(parts, Passwords(HASHER)) as served, House(served, database) as house:
            agent = await house.signed_in("agent")
            access = (await agent.post("/seat/phone")).json
            assert access["endpoint"] == "seat-000001"
            socket = await agent.open("/sip", ("sip",))
            assert socket.protocol == "sip"
            phone = Softphone(socket, access["endpoint"], access["password"])
            assert await phone.register() == 200
            await asterisk.lists(access["endpoint"], "online")

            wrong = Softphone(await agent.open("/sip", ("sip",)), access["endpoint"], "guess")
            assert await wrong.register() == 401

            citizen = house.browser()
            test_phone = (await citizen.post("/demo/phone")).json
            assert test_phone["ws"].endswith("/sip?as=citizen")
            other = Softphone(
                await citizen.open("/sip?as=citizen", ("sip",)),
                test_phone["endpoint"],
                test_phone["password"],
            )
            assert await other.register() == 200

            health = (await agent.get("/healthz")).json
            assert health["asterisk"]["ok"] is True
            assert (await agent.ask("DELETE", "/session")).status == 204
            assert (await socket.receive(timeout=10)).data == 4401
            await asterisk.lists(access["endpoint"], None)
