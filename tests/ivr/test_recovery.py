"""Killed at any moment and started again: nobody is cut off, nothing is lost.

The controller dies as by `kill -9`; Asterisk and whoever is on the telephone go on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from unittest.mock import patch

import pytest

from floor import calls, seats
from ivr import ari, recovery
from ivr.ari.operations import CHANNELS_LIST
from ivr.call import Found
from ivr.performing import look
from tests.ivr.fake_asterisk import SENTENCE_S, Phone
from tests.ivr.house import House, closed_always, in_a_house, shipped
from tests.ivr.test_talk import asked, talking
from tests.ivr.virtual import calm

Moment = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Has something happen at a moment of the settling."""

BUSINESS = shipped().queue("business")


async def restart(house: House, after_s: float = 5.0) -> None:
    await house.kill()
    await asyncio.sleep(after_s)
    await house.start()


# --- greeting and menu ---


@pytest.mark.parametrize(("when_s", "sentence"), [(1.0, "greeting"), (3.0, "menu")])
@in_a_house()
async def test_before_a_choice_he_is_asked_again(
    house: House, when_s: float, sentence: str
) -> None:
    seat = house.new_seat()
    citizen = house.new_caller()
    await asyncio.sleep(when_s)
    await restart(house)
    assert citizen.there
    heard_before = len(citizen.heard)
    assert citizen.heard[-1] == sentence
    await asyncio.sleep(0.1)
    assert citizen.heard[heard_before - 1 :] == [sentence]
    citizen.presses("1")
    await asyncio.sleep(2)
    assert citizen.talks_with == seat
    assert citizen.events.count("recovered") == 1


@in_a_house()
async def test_a_call_that_came_while_nobody_listened_is_new(house: House) -> None:
    """It lies in the application, for its StasisStart was said to a dead controller."""
    await house.kill()
    citizen = house.new_caller()
    house.asterisk.legs[citizen.channel].in_app = True
    await house.start()
    assert citizen.row.stage == "greeting"
    assert citizen.heard == ["greeting"]
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)


# --- waiting ---


@in_a_house()
async def test_the_waiting_keep_their_places_and_the_time_they_waited(house: House) -> None:
    citizens = []
    for _ in range(3):
        citizens.append(await house.caller_waits())
        await asyncio.sleep(3)
    queued = [c.row.queued_ms for c in citizens]
    await restart(house)
    assert [c.row.queued_ms for c in citizens] == queued
    seat = house.new_seat(phone=Phone(answers_after_s=0.1))
    for n, citizen in enumerate(citizens):
        await asyncio.sleep(1)
        assert [c.talks_with for c in citizens[n:]] == [seat] + [None] * (2 - n)
        citizen.hangs_up()
        await calm()
        assert house.check_record(citizen.call_id).end_reason == "caller_hung_up"
        house.db.do(seats.end_wrap_up, seat)


@in_a_house()
async def test_an_older_caller_is_served_first_though_a_seat_was_free_at_the_start(
    house: House,
) -> None:
    """No seat is offered before all who waited are back in their places."""
    old = await house.caller_waits()
    await asyncio.sleep(1)
    young = await house.caller_waits()
    await house.kill()
    seat = house.new_seat(phone=Phone(answers_after_s=0.1))
    await house.start()
    await asyncio.sleep(1)
    assert (old.talks_with, young.talks_with) == (seat, None)


@in_a_house()
async def test_a_new_caller_does_not_overtake_after_a_restart(house: House) -> None:
    old = await house.caller_waits()
    await restart(house)
    young = await house.caller_waits()
    seat = house.new_seat(phone=Phone(answers_after_s=0.1))
    await asyncio.sleep(1)
    assert (old.talks_with, young.talks_with) == (seat, None)


@in_a_house()
async def test_who_waited_long_is_told_his_position_once_not_ten_times(house: House) -> None:
    citizen = await house.caller_waits("2")
    await house.kill()
    await asyncio.sleep(150)
    await house.start()
    await asyncio.sleep(1)
    assert citizen.events.count("position_told") <= 1


@in_a_house()
async def test_who_hung_up_meanwhile_is_rung_back(house: House) -> None:
    citizen = await house.caller_waits()
    await house.kill()
    citizen.hangs_up()
    await house.start()
    assert house.check_record(citizen.call_id).end_reason == "abandoned_in_queue"
    assert house.missed(citizen.call_id) == [("abandoned", "open")]


@in_a_house()
async def test_a_callback_asked_for_before_is_still_known(house: House) -> None:
    citizen = await house.caller_waits()
    citizen.presses(BUSINESS.callback_key)
    await calm()
    await restart(house)
    seat = house.new_seat()
    await asyncio.sleep(2)
    assert citizen.talks_with == seat
    assert house.missed(citizen.call_id) == [("callback", "done")]


@in_a_house()
async def test_an_overflowed_caller_is_still_served_by_both_queues(house: House) -> None:
    citizen = await house.caller_waits("1")
    await asyncio.sleep(BUSINESS.max_wait_s + 10)
    assert citizen.row.queue == "general"
    await restart(house)
    seat = house.new_seat({"business": 1})
    await asyncio.sleep(2)
    assert citizen.talks_with == seat


@in_a_house()
async def test_an_overflowed_caller_does_not_wait_from_the_beginning(house: House) -> None:
    citizen = await house.caller_waits("1")
    await asyncio.sleep(BUSINESS.max_wait_s + 10)
    await restart(house)
    await asyncio.sleep(BUSINESS.overflow_wait_s - 15 + 3 * SENTENCE_S)
    assert citizen.row.stage == "message"


# --- a seat that rings ---


@in_a_house()
async def test_a_seat_that_still_rings_can_still_answer(house: House) -> None:
    seat = house.new_seat(phone=Phone(answers_after_s=8.0))
    citizen = await house.caller_waits()
    await restart(house, 2.0)
    await asyncio.sleep(8)
    assert citizen.talks_with == seat
    assert house.seat(seat).state == "talking"
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)
    house.check_nothing_left()


@in_a_house()
async def test_a_seat_that_answered_meanwhile_talks(house: House) -> None:
    seat = house.new_seat(phone=Phone(answers_after_s=None))
    citizen = await house.caller_waits()
    await house.kill()
    channel = next(leg for leg in house.asterisk.legs if leg.startswith("seat-"))
    house.asterisk.legs[channel].state = "Up"
    house.asterisk.legs[channel].in_app = True
    await house.start()
    await calm()
    assert citizen.talks_with == seat
    assert (citizen.row.stage, house.seat(seat).state) == ("talking", "talking")


@in_a_house()
async def test_a_seat_that_stopped_ringing_meanwhile_is_given_back(house: House) -> None:
    seat = house.new_seat(phone=Phone(answers_after_s=None))
    citizen = await house.caller_waits()
    await house.kill()
    await asyncio.sleep(BUSINESS.ring_s + 1)
    await house.start()
    await asyncio.sleep(1)
    assert house.seat(seat).state in ("no_answer", "available")
    other = house.new_seat()
    await asyncio.sleep(2)
    assert citizen.talks_with in (seat, other), "he is still in his place"


@in_a_house()
async def test_a_seat_reserved_and_never_rung_is_given_back(house: House) -> None:
    """Killed between the writing and the asking."""
    seat = house.new_seat()
    house.asterisk.fail_next["POST /channels/{channelId}"] = ari.ClientClosed("killed here")
    citizen = await house.caller_waits()
    assert house.seat(seat).state == "reserved"
    await restart(house)
    await asyncio.sleep(3)
    assert citizen.talks_with == seat or house.seat(seat).state in ("no_answer", "available")
    other = house.new_seat()
    await asyncio.sleep(3)
    assert citizen.talks_with in (seat, other)


@in_a_house()
async def test_a_caller_who_left_while_it_rang_leaves_no_telephone_ringing(house: House) -> None:
    seat = house.new_seat(phone=Phone(answers_after_s=None))
    citizen = await house.caller_waits()
    await house.kill()
    citizen.hangs_up()
    await house.start()
    await calm()
    house.check_record(citizen.call_id)
    house.check_nothing_left()
    assert house.seat(seat).state == "available"


# --- talking ---


@in_a_house()
async def test_the_talking_keep_talking(house: House) -> None:
    citizen, seat = await talking(house)
    ticket = citizen.row.ticket_id
    await restart(house)
    assert citizen.talks_with == seat
    assert (citizen.row.stage, citizen.row.ticket_id) == ("talking", ticket)
    assert await asked(house, citizen, "hold") == ("done", "")
    assert await asked(house, citizen, "resume") == ("done", "")
    citizen.hangs_up()
    await calm()
    assert house.check_record(citizen.call_id).end_reason == "caller_hung_up"
    assert house.seat(seat).state == "wrap_up"
    house.check_nothing_left()


@in_a_house()
async def test_one_on_hold_stays_on_hold(house: House) -> None:
    citizen, seat = await talking(house)
    await asked(house, citizen, "hold")
    await restart(house)
    assert citizen.row.held
    assert citizen.talks_with is None
    assert await asked(house, citizen, "resume") == ("done", "")
    assert citizen.talks_with == seat


@pytest.mark.parametrize("who", ["caller", "agent", "both"])
@in_a_house()
async def test_a_talk_that_ended_meanwhile_is_closed(house: House, who: str) -> None:
    citizen, seat = await talking(house)
    channel = citizen.row.seat_channel or ""
    await house.kill()
    if who in ("agent", "both"):
        house.asterisk.hangs_up(channel)
    if who in ("caller", "both"):
        citizen.hangs_up()
    await house.start()
    await calm()
    row = house.check_record(citizen.call_id)
    assert row.end_reason == ("agent_hung_up" if who == "agent" else "lost")
    assert house.seat(seat).state == "wrap_up"
    house.check_nothing_left()
    await asyncio.sleep(100)
    assert house.seat(seat).state == "available"


@in_a_house()
async def test_a_bridge_that_was_not_made_is_made(house: House) -> None:
    citizen, seat = await talking(house)
    await house.kill()
    house.asterisk.bridges.clear()
    await house.start()
    assert citizen.talks_with == seat


@in_a_house()
async def test_one_outside_the_bridge_is_brought_back(house: House) -> None:
    citizen, seat = await talking(house)
    await house.kill()
    next(iter(house.asterisk.bridges.values())).remove(citizen.channel)
    await house.start()
    assert citizen.talks_with == seat


@in_a_house()
async def test_one_call_that_can_not_be_mended_does_not_hold_the_others_up(house: House) -> None:
    broken, _ = await talking(house)
    fine, seat = await talking(house)
    waiting = await house.caller_waits()
    await house.kill()
    del house.asterisk.bridges[broken.row.bridge or ""]
    house.asterisk.fail_next["POST /bridges/{bridgeId}"] = ari.ServerError(500, "no", "", "", "")
    await house.start()
    await asyncio.sleep(30)
    assert fine.talks_with == seat
    assert not house.asterisk.legs[broken.channel].in_app or broken.talks_with is not None
    house.new_seat()
    await asyncio.sleep(2)
    assert waiting.talks_with is not None, "seats are offered"
    for citizen in (fine, waiting):
        citizen.hangs_up()
    await calm()
    house.check_record(fine.call_id)
    house.check_record(waiting.call_id)


# --- while it is settled ---


@contextlib.contextmanager
def as_it_is_looked(happens: Callable[[], None]) -> Iterator[None]:
    """Have it happen when Asterisk has just said what it has."""

    async def then_it_happens(client: ari.Client) -> Found:
        found = await look(client)
        happens()
        return found

    with patch.object(recovery, "look", then_it_happens):
        yield


@contextlib.contextmanager
def before_it_is_looked(happens: Callable[[], None]) -> Iterator[None]:
    """Have it happen when Asterisk speaks to us already and no call is in our hands yet."""
    prepare = recovery.prepare

    async def then_it_happens(client: ari.Client, endpoints: Sequence[str]) -> None:
        await prepare(client, endpoints)
        happens()
        await asyncio.sleep(0)

    with patch.object(recovery, "prepare", then_it_happens):
        yield


SETTLING = [before_it_is_looked, as_it_is_looked]


@pytest.mark.parametrize("who", ["caller", "agent"])
@in_a_house()
async def test_who_hangs_up_as_it_is_looked_has_hung_up(house: House, who: str) -> None:
    citizen, seat = await talking(house)
    channel = citizen.channel if who == "caller" else citizen.row.seat_channel or ""
    await house.kill()
    with as_it_is_looked(lambda: house.asterisk.hangs_up(channel)):
        await house.start()
    await calm()
    assert house.check_record(citizen.call_id).end_reason == f"{who}_hung_up"
    assert house.seat(seat).state == "wrap_up"
    house.check_nothing_left()


@pytest.mark.parametrize("moment", SETTLING)
@in_a_house()
async def test_a_seat_that_picks_up_as_we_settle_talks(house: House, moment: Moment) -> None:
    seat = house.new_seat(phone=Phone(answers_after_s=None))
    citizen = await house.caller_waits()
    await house.kill()
    channel = next(leg for leg in house.asterisk.legs if leg.startswith("seat-"))
    with moment(lambda: house.asterisk.picks_up(channel)):
        await house.start()
    await calm()
    assert citizen.talks_with == seat
    assert (citizen.row.stage, house.seat(seat).state) == ("talking", "talking")


@pytest.mark.parametrize("moment", SETTLING)
@in_a_house()
async def test_a_seat_that_picks_up_as_we_settle_for_a_call_that_is_over_is_let_go(
    house: House, moment: Moment
) -> None:
    house.new_seat(phone=Phone(answers_after_s=None))
    citizen = await house.caller_waits()
    await house.kill()
    channel = next(leg for leg in house.asterisk.legs if leg.startswith("seat-"))
    house.asterisk.hangs_up(citizen.channel)
    with moment(lambda: house.asterisk.picks_up(channel)):
        await house.start()
    await calm()
    assert house.asterisk.legs == {}
    house.check_nothing_left()


@in_a_house()
async def test_a_look_that_fails_is_made_again_and_nobody_is_forgotten(house: House) -> None:
    citizen, seat = await talking(house)
    await house.kill()
    lists = repr(CHANNELS_LIST)
    house.asterisk.fail_next[lists] = ari.RequestTimeout("no answer")
    await house.start()
    assert lists not in house.asterisk.fail_next
    assert citizen.talks_with == seat
    assert await asked(house, citizen, "hold") == ("done", "")


# --- leaving a message ---


@in_a_house(closed_always)
async def test_a_message_goes_on(house: House) -> None:
    citizen = house.new_caller()
    await asyncio.sleep(SENTENCE_S * 3 + 5)
    await restart(house)
    await asyncio.sleep(SENTENCE_S * 2 + 5)
    citizen.presses("#")
    await asyncio.sleep(SENTENCE_S + 1)
    assert house.check_record(citizen.call_id).end_reason == "message_left"
    assert house.missed(citizen.call_id) == [("message", "open")]
    assert len(house.tickets(citizen.call_id)) == 1


# --- the fallback ---


@in_a_house()
async def test_whom_the_fallback_had_comes_back_into_his_place(house: House) -> None:
    first = await house.caller_waits()
    second = await house.caller_waits()
    await house.kill()
    house.asterisk.legs[first.channel].in_app = False
    await house.start()
    house.asterisk.enters(first.channel)
    await calm()
    seat = house.new_seat()
    await asyncio.sleep(2)
    assert (first.talks_with, second.talks_with) == (seat, None)


@in_a_house()
async def test_who_hung_up_in_the_fallback_is_written_down_in_the_end(house: House) -> None:
    citizen = await house.caller_waits()
    await house.kill()
    house.asterisk.legs[citizen.channel].in_app = False
    await house.start()
    await asyncio.sleep(10)
    citizen.hangs_up()
    await asyncio.sleep(20)
    assert house.check_record(citizen.call_id).end_reason == "fallback"


@in_a_house()
async def test_a_seat_left_with_a_call_that_is_over_is_freed(house: House) -> None:
    citizen, seat = await talking(house)
    await house.kill()
    house.db.do(calls.end, citizen.call_id, "lost")
    house.asterisk.legs.clear()
    house.asterisk.bridges.clear()
    await house.start()
    assert house.seat(seat).state == "offline"
    assert house.seat(seat).reason == "recovered"


# --- two controllers ---


@in_a_house()
async def test_a_second_controller_fences_the_first(house: House) -> None:
    citizen, seat = await talking(house)
    first = house.controller
    first_task = house._task
    await house.start()
    await calm()
    assert house.controller is not first
    assert first_task is not None
    assert first_task.done()
    assert first_task.exception() is not None
    assert citizen.talks_with == seat
    citizen.hangs_up()
    await calm()
    assert house.check_record(citizen.call_id).end_reason == "caller_hung_up"
    assert citizen.events.count("ended") == 1


@in_a_house()
async def test_restarts_without_end_change_nothing(house: House) -> None:
    talks, seat = await talking(house)
    waits = await house.caller_waits()
    for _ in range(5):
        await restart(house, 1.0)
    assert talks.talks_with == seat
    talks.hangs_up()
    waits.hangs_up()
    await calm()
    house.check_record(talks.call_id)
    house.check_record(waits.call_id)
    house.check_nothing_left()
