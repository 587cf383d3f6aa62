"""Two controllers: one Asterisk has one master, and one seat is taken by one call."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from db.engine import url_of
from hotline.testphone import Citizen, SeatCall, Seats
from tests.support.asterisk import running_asterisk
from tests.support.copy import Copy, running_copy
from tests.support.forked import ForkedPart
from tests.support.settings import make_settings
from tests.support.steps import hear_each_other, hears, talking

pytestmark = pytest.mark.integration


@pytest.fixture
async def copy() -> AsyncIterator[Copy]:
    """One for each test: its controller is fenced, its directories get a second one's."""
    async with running_copy() as running:
        yield running


def elsewhere(copy: Copy) -> Path:
    """A second controller's own directory, with the secrets it must share."""
    var = copy.directory / "second"
    for name in ("secrets", "sounds"):
        shutil.copytree(copy.settings.var / name, var / name)
    (var / "spool").symlink_to(copy.settings.spool, target_is_directory=True)
    (var / "recordings").symlink_to(copy.settings.vault, target_is_directory=True)
    copy.settings.vault.mkdir(exist_ok=True)
    return var


async def test_given_second_controller_for_one_asterisk_when_it_starts_then_first_is_fenced(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    url = url_of(copy.settings.database_url, copy.settings.var)
    settings = replace(copy.settings, var=elsewhere(copy), database_url=url)
    async with talking(copy, seat) as (citizen, call):
        second = ForkedPart("controller", settings)
        await second.start()
        try:
            assert await copy.controller.ended() == 1
            said = "".join(copy.controller.printed)
            assert "another controller has connected to this Asterisk" in said
            log = (copy.settings.var / "log" / "controller.log").read_text(encoding="utf-8")
            assert "another controller has connected to this Asterisk" in log
            await hear_each_other(citizen, call)
            async with copy.citizen() as next_one:
                await hears(copy, next_one, "greeting")
                await next_one.hang_up()
            await copy.call_of(next_one, stage="ended")
            await call.hang_up()
            await citizen.ended()
            await copy.complete(citizen, "agent_hung_up")
        finally:
            await second.stop()


async def first_rung(*farms: Seats) -> SeatCall:
    """The call that rings the seat at either of its telephones."""
    waits = [asyncio.create_task(farm.rung()) for farm in farms]
    done, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return done.pop().result()


async def test_given_two_asterisks_and_one_seat_when_both_have_a_caller_then_one_call_gets_it(
    copy: Copy,
) -> None:
    seat = await copy.seat(available=False)
    url = url_of(copy.settings.database_url, copy.settings.var)
    own = make_settings(copy.directory / "other")
    settings = replace(
        copy.settings,
        var=elsewhere(copy),
        database_url=url,
        asterisk=replace(
            copy.settings.asterisk,
            sip_port=own.asterisk.sip_port,
            http_port=own.asterisk.http_port,
            rtp_first=own.asterisk.rtp_first,
            rtp_last=own.asterisk.rtp_last,
        ),
    )
    (settings.var / "spool").unlink()
    async with (
        running_asterisk(settings=settings) as other,
        Seats(("127.0.0.1", other.sip_port)) as telephones,
    ):
        await other.push_seat(seat.id, telephones.port)
        second = ForkedPart("controller", settings)
        await second.start()
        try:
            here = copy.citizen()
            there = Citizen(("127.0.0.1", other.sip_port), caller="13800000999")
            async with here, there:
                for citizen in (here, there):
                    await hears(copy, citizen, "greeting")
                    await citizen.press("1")
                for citizen in (here, there):
                    await copy.call_of(citizen, stage="waiting")
                await seat.go_available()
                call = await first_rung(copy.telephones, telephones)
                await call.answer()
                talk = await copy.until(copy.talking_call, what="one of them talks")
                assert copy.telephones.rung_now() is telephones.rung_now() is None
                await call.hang_up()
                call = await first_rung(copy.telephones, telephones)
                await call.answer()
                await copy.until(
                    lambda conn: copy.talking_call(conn, other_than=talk), what="the other talks"
                )
                await call.hang_up()
                await here.ended()
                await there.ended()
            for citizen in (here, there):
                await copy.complete(citizen, "agent_hung_up")
        finally:
            await second.stop()
