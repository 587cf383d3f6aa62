"""No controller answers: callers are kept company, seats are rung, nothing is forgotten."""

from __future__ import annotations

import aiohttp
import pytest
from sqlalchemy import Connection, select

from db.models import ticket
from floor.calls import Call
from hotline.testphone import Citizen
from ivr.ami import Ami
from tests.support.copy import Copy, running_copy
from tests.support.steps import hear_each_other, hears

pytestmark = pytest.mark.integration

BUSY_WITHIN_S = 15.0
RUNG_WITHIN_S = 60.0
"""Music and new tries come first; the plain queue takes over after some rounds."""


async def join_fallback(copy: Copy, endpoint: str) -> None:
    """What the controller does when a telephone registers (a fixed one never does)."""
    running = copy.asterisk
    async with aiohttp.ClientSession() as http:
        ami = Ami(http, running.url, running.user, running.ami_password)
        await ami.queue_add("fallback", f"PJSIP/{endpoint}", endpoint)


async def adopted(copy: Copy, citizen: Citizen) -> Call:
    def look(conn: Connection) -> Call | None:
        return copy.newest_of(conn, citizen, end_reason="fallback")

    return await copy.until(look, 30, "the call of the fallback is written down")


async def test_given_no_controller_when_citizen_calls_then_a_seat_answers_and_it_is_kept() -> None:
    async with running_copy() as copy:
        seat = await copy.seat()
        await join_fallback(copy, seat.endpoint)
        await copy.loses_controller()
        async with copy.citizen() as citizen:
            await hears(copy, citizen, "system_busy", BUSY_WITHIN_S)
            call = await seat.rung(RUNG_WITHIN_S)
            await call.answer()
            await hear_each_other(citizen, call)
            await citizen.hang_up()
            await call.ended()
        await copy.controller.start()
        row = await adopted(copy, citizen)
        assert row.caller_masked == f"138****{citizen.caller[-4:]}"
        draft = await copy.db.read(
            lambda conn: conn.execute(select(ticket).where(ticket.c.call_id == row.id)).one()
        )
        assert (draft.account_id, draft.state) == (seat.account_id, "draft")
        assert (await copy.recording_of(row.id)).length_ms
        assert await copy.missed_of(row.id) is None
        assert not list(copy.settings.spool.glob("*.fallback")), "a number must not stay there"


async def test_given_no_controller_when_citizen_gives_up_then_he_is_rung_back() -> None:
    async with running_copy() as copy:
        await copy.loses_controller()
        async with copy.citizen() as citizen:
            await hears(copy, citizen, "system_busy", BUSY_WITHIN_S)
            await citizen.hang_up()
        await copy.controller.start()
        row = await adopted(copy, citizen)
        assert await copy.missed_of(row.id) == "abandoned"


async def test_given_citizen_in_fallback_when_controller_is_back_then_it_serves_him() -> None:
    async with running_copy() as copy:
        await copy.loses_controller()
        async with copy.citizen() as citizen:
            await hears(copy, citizen, "system_busy", BUSY_WITHIN_S)
            await copy.controller.start()
            seat = await copy.seat()
            await hears(copy, citizen, "greeting", RUNG_WITHIN_S)
            await citizen.press("1")
            call = await seat.rung()
            await call.answer()
            await hear_each_other(citizen, call)
            await citizen.hang_up()
        await copy.complete(citizen, "caller_hung_up")
