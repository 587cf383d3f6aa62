"""Waiting for a seat: who is rung, who is next, what is told, and what comes of giving up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from db.models import missed_call, seat_history, ticket
from hotline.testphone import hearing
from tests.support.copy import WITHIN_S, Copy, running_copy, with_queue
from tests.support.steps import (
    ask,
    hear_each_other,
    hears,
    sides,
    talking,
    waiting_citizen,
)
from tests.support.tones import CITIZEN_HZ

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def impatient() -> AsyncIterator[Copy]:
    """Telephones ring no longer than a busy machine takes to answer one."""
    async with running_copy(lambda s: with_queue(s, "business", ring_s=6.0)) as running:
        yield running


async def test_given_seat_that_does_not_answer_when_time_is_over_then_next_seat_rings(
    impatient: Copy,
) -> None:
    copy = impatient
    first, second = await copy.seat(), await copy.seat()
    async with waiting_citizen(copy) as citizen:
        ignored = await first.rung()
        call = await second.rung()
        await call.answer()
        assert await ignored.ended() == "stopped_ringing"
        await first.is_in("no_answer")
        await hear_each_other(citizen, call)
        await call.hang_up()
        await citizen.ended()
    row = await copy.complete(citizen, "agent_hung_up")
    assert row.seat_id == second.id
    assert "not_answered" in await copy.events_of(row.id)


async def test_given_seat_in_no_answer_when_next_citizen_waits_then_it_rings_only_once_back(
    impatient: Copy,
) -> None:
    copy = impatient
    await copy.everybody_goes()
    seat = await copy.seat()
    async with waiting_citizen(copy) as citizen:
        ignored = await seat.rung()
        await ignored.ended(within_s=15)
        await seat.is_in("no_answer")
        await hears(copy, citizen, "position_next", within_s=20)
        assert copy.telephones.rung_now() is None
        await seat.go_available()
        call = await seat.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await citizen.hang_up()
    await copy.complete(citizen, "caller_hung_up")


@pytest.mark.parametrize("how", ["busy", "decline"])
async def test_given_seat_that_refuses_when_rung_then_next_seat_rings(copy: Copy, how: str) -> None:
    first, second = await copy.seat(), await copy.seat()
    async with waiting_citizen(copy) as citizen:
        call = await first.rung()
        await (call.refuse("busy") if how == "busy" else call.refuse("decline"))
        call = await second.rung()
        await first.is_in("no_answer")
        await call.answer()
        await hear_each_other(citizen, call)
        await citizen.hang_up()
    row = await copy.complete(citizen, "caller_hung_up")
    assert "refused" in await copy.events_of(row.id)


async def test_given_two_waiting_when_a_seat_comes_free_then_who_came_first_is_served(
    copy: Copy,
) -> None:
    seat = await copy.seat(available=False)
    async with waiting_citizen(copy) as first, waiting_citizen(copy) as second:
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
    await copy.complete(first, "agent_hung_up")
    await copy.complete(second, "agent_hung_up")


async def test_given_two_free_seats_when_citizen_calls_then_longest_idle_rings(
    copy: Copy,
) -> None:
    busy, idle = await copy.seat(available=False), await copy.seat()
    await asyncio.sleep(0.01)  # times are kept in milliseconds
    await busy.go_available()
    async with waiting_citizen(copy) as citizen:
        call = await idle.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await citizen.hang_up()
    await copy.complete(citizen, "caller_hung_up")


async def test_given_position_being_told_when_seat_comes_free_then_it_rings_at_once(
    copy: Copy,
) -> None:
    seat = await copy.seat(available=False)
    async with waiting_citizen(copy) as first, waiting_citizen(copy) as second:
        # The second is told of the first; both are told again and again while nobody is there.
        await hears(copy, second, "position")
        await hears(copy, first, "position_next")
        await seat.go_available()
        call = await seat.rung()
        await call.answer()
        await hear_each_other(first, call)
        await second.hang_up()
        await first.hang_up()
    row = await copy.complete(first, "caller_hung_up")
    assert "position_told" in await copy.events_of(row.id)
    await copy.complete(second, "abandoned_in_queue")


async def test_given_position_told_when_callback_key_then_it_is_kept_and_so_is_the_place(
    copy: Copy,
) -> None:
    seat = await copy.seat(available=False)
    async with waiting_citizen(copy) as first, waiting_citizen(copy) as second:
        await hears(copy, first, "callback_offer")
        await first.press("9")
        await hears(copy, first, "callback_done")
        row = await copy.call_of(first)
        assert await copy.missed_of(row.id) == "callback"
        await seat.go_available()
        call = await seat.rung()
        await call.answer()
        await hear_each_other(first, call)
        await call.hang_up()
        # Who is still on the line when this is left hangs up himself.
        await first.ended()
        await second.hang_up()
    row = await copy.complete(first, "agent_hung_up")
    statement = select(missed_call.c.state).where(missed_call.c.call_id == row.id)
    assert await copy.db.read(lambda conn: conn.execute(statement).scalar_one()) == "done"


async def test_given_callback_asked_for_when_citizen_hangs_up_then_he_is_to_be_rung_back(
    copy: Copy,
) -> None:
    async with waiting_citizen(copy) as citizen:
        await hears(copy, citizen, "waiting_first")
        await citizen.press("9")
        await hears(copy, citizen, "callback_done")
        await citizen.hang_up()
    row = await copy.complete(citizen, "abandoned_in_queue")
    statement = select(missed_call.c.state, missed_call.c.kind).where(
        missed_call.c.call_id == row.id
    )
    kept = await copy.db.read(lambda conn: conn.execute(statement).one())
    assert kept.state == "open"
    assert kept.kind in ("callback", "abandoned")
    assert row.callback_ms is not None


async def test_given_set_wait_is_over_when_another_queue_has_a_seat_then_it_answers() -> None:
    async with running_copy(lambda s: with_queue(s, "business", max_wait_s=1.0)) as copy:
        general = await copy.seat({"general": 1})
        async with waiting_citizen(copy) as citizen:
            await hears(copy, citizen, "overflow")
            call = await general.rung()
            await call.answer()
            await hear_each_other(citizen, call)
            await call.hang_up()
            await citizen.ended()
        row = await copy.complete(citizen, "agent_hung_up")
        assert row.queue == "general"
        assert "overflow" in await copy.events_of(row.id)


async def test_given_nobody_ever_comes_when_citizen_leaves_a_message_then_it_is_a_ticket() -> None:
    short = {"max_wait_s": 0.5, "overflow_to": None}
    async with running_copy(lambda s: with_queue(s, "business", **short)) as copy:
        async with waiting_citizen(copy) as citizen:
            await hears(copy, citizen, "leave_message")
            await copy.call_of(citizen, stage="message")
            citizen.say_tone(CITIZEN_HZ, 1.0)
            await citizen.media.said_all(WITHIN_S)
            await citizen.press("#")
            await hears(copy, citizen, "message_thanks")
            await citizen.ended()
        assert citizen.outcome.end == "by_far_end"
        row = await copy.complete(citizen, "message_left")
        assert await copy.missed_of(row.id) == "message"
        draft = await copy.db.read(lambda conn: conn.execute(select(ticket)).one())
        assert (draft.call_id, draft.source, draft.account_id) == (row.id, "message", None)
        left, _ = sides(copy, await copy.recording_of(row.id))
        assert hearing.tone_seconds(left, CITIZEN_HZ) >= 0.7


async def test_given_timed_wrap_up_when_it_is_over_then_seat_is_available_again() -> None:
    async with running_copy(lambda s: with_queue(s, "business", wrap_up_s=1.0)) as copy:
        seat = await copy.seat()
        async with talking(copy, seat) as (citizen, call):
            await call.hang_up()
            await citizen.ended()
        await copy.complete(citizen, "agent_hung_up")
        await seat.is_in("available")
        # Looked up, not looked on at: it is over before a busy machine would have looked.
        found = select(seat_history.c.to_state, seat_history.c.at_ms).where(
            seat_history.c.seat_id == seat.id
        )
        began, over = (
            await copy.db.read(lambda conn: conn.execute(found.order_by(seat_history.c.id)).all())
        )[-2:]
        assert (began.to_state, over.to_state) == ("wrap_up", "available")
        assert over.at_ms - began.at_ms >= 1000


async def test_given_talk_when_agent_asks_to_pause_then_it_holds_from_the_end_on(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with talking(copy, seat) as (citizen, call):
        await seat.pause("meal")
        assert (await seat.now()).state == "talking"
        await call.hang_up()
        await citizen.ended()
    paused = await seat.is_in("paused")
    assert paused.reason == "meal"


async def test_given_talk_when_agent_holds_then_citizen_hears_music_until_resumed(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with talking(copy, seat) as (citizen, call):
        row = await copy.call_of(citizen, stage="talking")
        assert (await ask(copy, seat, row.id, "hold")).state == "done"
        await citizen.media.hears_sound(10)
        assert (await ask(copy, seat, row.id, "hold")).state == "refused"
        assert (await ask(copy, seat, row.id, "resume")).state == "done"
        await hear_each_other(citizen, call)
        assert (await ask(copy, seat, row.id, "hang_up")).state == "done"
        await citizen.ended()
        await call.ended()
    row = await copy.complete(citizen, "agent_hung_up")
    events = await copy.events_of(row.id)
    assert events.index("held") < events.index("resumed")
