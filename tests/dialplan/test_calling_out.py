"""Calling out over a trunk by address: what the far end gets to see."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hotline.testphone import SeatCall, Seats
from ivr.dialling import Dialled, dial
from tests.support.asterisk import Running, running_asterisk
from tests.support.settings import make_settings

pytestmark = pytest.mark.integration

CITIZEN = "13800000042"


async def rings(asterisk: Running, far_end: Seats, dialled: Dialled) -> SeatCall:
    """Originate; the call that rings at the far end."""
    query = {
        "endpoint": dialled.endpoint,
        "callerId": dialled.caller_id,
        "extension": "12345",
        "context": "from-seat",
        "timeout": "20",
    }
    async with asterisk.http.post("/ari/channels", params=query) as answer:
        assert answer.status == 200, await answer.text()
    return await far_end.rung()


def header(call: SeatCall, name: str) -> str:
    found = re.search(rf"^{name}:\s*(.*?)\r?$", call.invite.message, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


@asynccontextmanager
async def house_and_far_end() -> AsyncIterator[tuple[Running, Seats]]:
    """An Asterisk whose only trunk leads to a telephone exchange played by SIPp."""
    with tempfile.TemporaryDirectory(prefix="hl-") as directory:
        settings = make_settings(Path(directory))
        async with Seats(("127.0.0.1", settings.asterisk.sip_port)) as far_end:
            trunk = replace(settings.trunks[0], addresses=(f"127.0.0.1:{far_end.port}",))
            settings = replace(settings, trunks=(trunk,))
            async with running_asterisk(settings=settings) as house:
                yield house, far_end


async def test_a_call_out_shows_our_number_or_the_citizens_at_the_far_end() -> None:
    async with house_and_far_end() as (house, far_end):
        expert = await rings(house, far_end, dial(house.settings, "13800000001"))
        assert expert.endpoint == "13800000001"
        for name in ("From", "P-Asserted-Identity"):
            assert "sip:12345@" in header(expert, name)
        await expert.refuse("busy")

        police = await rings(house, far_end, dial(house.settings, "110", shown=CITIZEN))
        assert police.endpoint == "110"
        for name in ("From", "P-Asserted-Identity"):
            assert f"sip:{CITIZEN}@" in header(police, name)
        await police.refuse("busy")
