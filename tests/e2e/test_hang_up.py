"""The citizen hangs up at every possible moment: nothing hangs, every record is complete."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.copy import Copy, running_copy, with_queue
from tests.support.steps import hears, talking, waiting_citizen

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


async def test_given_just_dialled_when_citizen_hangs_up_then_nothing_is_left(copy: Copy) -> None:
    async with copy.citizen() as citizen:
        await citizen.hang_up()
    assert citizen.outcome.end in ("cancelled", "by_us")
    async with copy.citizen() as later:
        await hears(copy, later, "greeting")
        await later.hang_up()
    # The one after proves that the first has been dealt with: both ended, if both were kept.
    await copy.complete(later, "abandoned_in_menu")
    await copy.until(copy.none_open, what="no call is open")


async def test_given_answered_when_citizen_hangs_up_at_once_then_no_call_is_left_open(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    for _ in range(4):
        async with copy.citizen() as citizen:
            await citizen.answered()
            await citizen.hang_up()
    # Who was gone before Asterisk could tell us has no record; who has one has a whole one.
    async with copy.citizen() as later:
        await hears(copy, later, "menu")
        await later.hang_up()
    await copy.complete(later, "abandoned_in_menu")
    await copy.until(copy.none_open, what="no call is open")
    assert (await seat.now()).offered_ms == 0


@pytest.mark.parametrize("sentence", ["greeting", "menu", "no_key", "to_person"])
async def test_given_prompt_playing_when_citizen_hangs_up_then_record_is_complete(
    copy: Copy, sentence: str
) -> None:
    async with copy.citizen() as citizen:
        await hears(copy, citizen, sentence, within_s=25)
        await citizen.hang_up()
    reason = "abandoned_in_queue" if sentence == "to_person" else "abandoned_in_menu"
    row = await copy.complete(citizen, reason)
    assert await copy.missed_of(row.id) == ("abandoned" if reason == "abandoned_in_queue" else None)


async def test_given_key_pressed_when_citizen_hangs_up_at_once_then_record_is_complete(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "greeting")
        await citizen.press("1")
        await citizen.hang_up()
    row = await copy.call_of(citizen, stage="ended")
    assert row.end_reason in ("abandoned_in_menu", "abandoned_in_queue")
    assert row.end_reason is not None
    await copy.complete(citizen, row.end_reason)
    await seat.is_in("available")


async def test_given_waiting_when_citizen_hangs_up_then_it_is_a_missed_call(copy: Copy) -> None:
    async with waiting_citizen(copy) as citizen:
        await citizen.hang_up()
    row = await copy.complete(citizen, "abandoned_in_queue")
    assert await copy.missed_of(row.id) == "abandoned"


async def test_given_seat_ringing_when_citizen_hangs_up_then_seat_stops_and_is_free(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with waiting_citizen(copy) as citizen:
        call = await seat.rung()
        await citizen.hang_up()
        assert await call.ended() == "stopped_ringing"
    row = await copy.complete(citizen, "abandoned_in_queue")
    assert await copy.missed_of(row.id) == "abandoned"
    await seat.is_in("available")


@pytest.mark.parametrize("turn", range(3))
async def test_given_seat_answering_when_citizen_hangs_up_at_that_moment_then_nothing_hangs(
    copy: Copy, turn: int
) -> None:
    seat = await copy.seat()
    async with waiting_citizen(copy) as citizen:
        call = await seat.rung()
        if turn == 0:
            await asyncio.gather(call.answer(), citizen.hang_up())
        elif turn == 1:
            answering = asyncio.create_task(call.answer())
            await asyncio.sleep(0)
            await citizen.hang_up()
            await answering
        else:
            await call.answer()
            await citizen.hang_up()
        await call.ended()
    row = await copy.call_of(citizen, stage="ended")
    assert row.end_reason in ("caller_hung_up", "abandoned_in_queue")
    await copy.complete(citizen, str(row.end_reason))
    await seat.is_in("available")


async def test_given_talk_when_citizen_hangs_up_then_seat_is_told(copy: Copy) -> None:
    seat = await copy.seat()
    async with talking(copy, seat) as (citizen, call):
        await citizen.hang_up()
        assert await call.ended() == "by_far_end"
    await copy.complete(citizen, "caller_hung_up")
    await seat.is_in("available")


async def test_given_talk_when_both_hang_up_at_once_then_record_is_complete(copy: Copy) -> None:
    seat = await copy.seat()
    async with talking(copy, seat) as (citizen, call):
        await asyncio.gather(citizen.hang_up(), call.hang_up())
    row = await copy.call_of(citizen, stage="ended")
    assert row.end_reason in ("caller_hung_up", "agent_hung_up")
    await copy.complete(citizen, str(row.end_reason))
    await seat.is_in("available")


async def test_given_leaving_a_message_when_citizen_hangs_up_then_message_is_kept() -> None:
    short = {"max_wait_s": 0.5, "overflow_to": None}
    async with running_copy(lambda s: with_queue(s, "business", **short)) as copy:
        async with waiting_citizen(copy) as citizen:
            await hears(copy, citizen, "leave_message")
            await copy.call_of(citizen, stage="message")
            await citizen.hang_up()
        row = await copy.complete(citizen, "message_left")
        assert await copy.missed_of(row.id) == "message"
        assert row.ticket_id is not None
