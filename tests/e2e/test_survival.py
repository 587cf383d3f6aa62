"""kill -9 of the controller at every stage: nobody is cut off, nothing is lost."""

from __future__ import annotations

import pytest

from hotline.testphone import hearing
from tests.support.copy import Copy, running_copy
from tests.support.steps import hear_each_other, hears, picked_up, sides, talking, waiting_citizen
from tests.support.tones import CITIZEN_HZ, SEAT_HZ

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


async def killed_and_started(copy: Copy) -> None:
    await copy.controller.kill()
    await copy.controller.start()


async def test_given_caller_in_greeting_when_controller_killed_then_he_gets_on(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "greeting")
        await killed_and_started(copy)
        since = await hears(copy, citizen, "menu", within_s=20)
        assert since
        await citizen.press("1")
        call = await seat.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await call.hang_up()
        await citizen.ended()
    row = await copy.complete(citizen, "agent_hung_up")
    assert "recovered" in await copy.events_of(row.id)


async def test_given_caller_in_menu_when_controller_killed_then_menu_is_offered_again(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "menu")
        await copy.call_of(citizen, stage="menu")
        await killed_and_started(copy)
        # The rest of the first was stopped by then.
        since = citizen.media.now()
        await hears(copy, citizen, "menu", within_s=20, since=since)
        assert not citizen.heard_tone(copy.pitch["greeting"], since)
        await citizen.press("1")
        call = await seat.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await citizen.hang_up()
    await copy.complete(citizen, "caller_hung_up")


async def test_given_two_waiting_when_controller_killed_then_order_and_waited_time_stay(
    copy: Copy,
) -> None:
    seat = await copy.seat(available=False)
    async with waiting_citizen(copy) as first, waiting_citizen(copy) as second:
        before = [await copy.call_of(citizen) for citizen in (first, second)]
        await killed_and_started(copy)
        await seat.go_available()
        call = await seat.rung()
        await call.answer()
        await hear_each_other(first, call)
        await call.hang_up()
        call = await seat.rung()
        await call.answer()
        await hear_each_other(second, call)
        await call.hang_up()
        await second.ended()
    after = [await copy.complete(citizen, "agent_hung_up") for citizen in (first, second)]
    assert [row.queued_ms for row in after] == [row.queued_ms for row in before]


async def test_given_seat_ringing_when_controller_killed_then_caller_is_served_all_the_same(
    copy: Copy,
) -> None:
    seat, other = await copy.seat(), await copy.seat()
    async with waiting_citizen(copy) as citizen:
        call = await seat.rung()
        await killed_and_started(copy)
        if call.end is None:
            await call.answer()
        while not await picked_up(copy, call):
            call = await copy.telephones.rung(30)
            await call.answer()
        await hear_each_other(citizen, call)
        await call.hang_up()
        await citizen.ended()
    await copy.complete(citizen, "agent_hung_up")
    for one in (seat, other):
        await one.is_in("available", "no_answer", "offline")


async def test_given_seat_answers_while_no_controller_when_it_is_back_then_caller_is_served(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with waiting_citizen(copy) as citizen:
        call = await seat.rung()
        await copy.loses_controller()
        await call.answer()
        await copy.controller.start()
        if not await picked_up(copy, call):
            # Nobody was there to bring the two together: she says that she is back.
            await seat.is_in("no_answer")
            await seat.go_available()
            call = await seat.rung()
            await call.answer()
        await hear_each_other(citizen, call)
        await call.hang_up()
        await citizen.ended()
    await copy.complete(citizen, "agent_hung_up")
    await seat.is_in("available")


async def test_given_talk_when_controller_killed_then_it_goes_on_and_recording_is_whole(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with talking(copy, seat) as (citizen, call):
        await copy.loses_controller()
        await hear_each_other(citizen, call, seconds=1.0)
        await copy.controller.start()
        await hear_each_other(citizen, call, seconds=1.0)
        assert (await seat.now()).state == "talking"
        await call.hang_up()
        await citizen.ended()
    row = await copy.complete(citizen, "agent_hung_up")
    assert row.ticket_id is not None
    await seat.is_in("available")
    left, right = sides(copy, await copy.recording_of(row.id))
    assert hearing.tone_seconds(left, CITIZEN_HZ) >= 1.6
    assert hearing.tone_seconds(right, SEAT_HZ) >= 1.6


async def test_given_talk_when_seat_leaves_while_no_controller_then_caller_is_let_go(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with talking(copy, seat) as (citizen, call):
        await copy.loses_controller()
        await call.hang_up()
        await copy.controller.start()
        await citizen.ended()
    row = await copy.call_of(citizen, stage="ended")
    assert row.end_reason in ("agent_hung_up", "lost")
    await copy.complete(citizen, str(row.end_reason))
    await seat.is_in("available", "offline")


@pytest.mark.parametrize("stage", ["menu", "waiting", "talking"])
async def test_given_caller_leaves_while_no_controller_when_it_is_back_then_record_is_whole(
    copy: Copy, stage: str
) -> None:
    seat = await copy.seat(available=stage == "talking")
    async with copy.citizen() as citizen:
        if stage == "menu":
            await hears(copy, citizen, "menu")
            await copy.call_of(citizen, stage="menu")
        else:
            await hears(copy, citizen, "greeting")
            await citizen.press("1")
            await copy.call_of(citizen, queue="business")
        if stage == "talking":
            call = await seat.rung()
            await call.answer()
            await hear_each_other(citizen, call)
            await copy.call_of(citizen, stage="talking")
        await copy.loses_controller()
        await citizen.hang_up()
    await copy.controller.start()
    row = await copy.call_of(citizen, stage="ended")
    await copy.complete(citizen, str(row.end_reason))
    assert await copy.missed_of(row.id) == ("abandoned" if stage == "waiting" else None)
    await seat.is_in("available" if stage == "talking" else "offline", "offline")


async def test_given_no_controller_when_citizen_dials_then_he_is_kept_company_until_it_is_back(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    await copy.loses_controller()
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "system_busy")
        await citizen.media.hears_sound(10)
        await copy.controller.start()
        await hears(copy, citizen, "greeting", within_s=20)
        await citizen.press("1")
        call = await seat.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await citizen.hang_up()
    row = await copy.complete(citizen, "caller_hung_up")
    recording = await copy.recording_of(row.id)
    _, right = sides(copy, recording)
    # It was running before any controller was there.
    assert hearing.has_tone(right, copy.pitch["system_busy"])


async def test_given_no_controller_for_long_when_citizen_waits_then_a_seat_rings_all_the_same() -> (
    None
):
    # A house of its own: no seat but this one may be in the plain queue.
    async with running_copy() as copy:
        seat = await copy.seat()
        await copy.in_fallback(seat)
        await copy.loses_controller()
        async with copy.citizen() as citizen:
            await hears(copy, citizen, "system_busy")
            call = await seat.rung(within_s=60)
            await call.answer()
            await hear_each_other(citizen, call)
            await copy.controller.start()
            await hear_each_other(citizen, call)
            await call.hang_up()
            await citizen.hang_up()
        await copy.until(copy.none_open, 30, "no call is open")


async def test_given_talk_when_controller_is_stopped_and_started_then_nobody_notices(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with talking(copy, seat) as (citizen, call):
        await copy.controller.stop()
        await hear_each_other(citizen, call)
        await copy.controller.start()
        await hear_each_other(citizen, call)
        await citizen.hang_up()
    await copy.complete(citizen, "caller_hung_up")
