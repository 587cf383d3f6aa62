"""Waiting: whose turn, which seat, what is heard, and every way out of it."""

from __future__ import annotations

import asyncio
from unittest.mock import patch

import pytest
from sqlalchemy.exc import IntegrityError

from floor import seats
from ivr import ari, doors
from tests.ivr.fake_asterisk import SENTENCE_S, Phone
from tests.ivr.house import House, in_a_house, of_queue, shipped
from tests.ivr.virtual import calm

BUSINESS = shipped().queue("business")
GENERAL = shipped().queue("general")


# --- whose turn ---


@in_a_house()
async def test_who_waited_longest_is_served_first(house: House) -> None:
    waiting = []
    for _ in range(3):
        waiting.append(await house.caller_waits())
        await asyncio.sleep(1)
    seat = house.new_seat(phone=Phone(answers_after_s=0.5))
    for citizen in waiting:
        await asyncio.sleep(1)
        assert citizen.talks_with == seat
        citizen.hangs_up()
        await calm()
        house.db.do(seats.end_wrap_up, seat)
    assert house.seat(seat).state == "available"


@in_a_house()
async def test_nobody_is_rung_twice_and_nobody_elses_call_is_taken(house: House) -> None:
    first, second = house.new_seat(), house.new_seat()
    citizens = [await house.caller_waits() for _ in range(3)]
    await asyncio.sleep(2)
    assert {c.talks_with for c in citizens[:2]} == {first, second}
    assert citizens[2].talks_with is None
    assert sorted(call for _, call in house.asterisk.rung) == [c.call_id for c in citizens[:2]]


@in_a_house()
async def test_key_one_is_answered_by_its_seats_and_nobody_else(house: House) -> None:
    """Until the set wait is over (then the overflow may help)."""
    house.new_seat({"general": 1})
    citizen = await house.caller_waits("1")
    await asyncio.sleep(BUSINESS.max_wait_s - 10)
    assert house.asterisk.rung == []
    assert citizen.row.stage == "waiting"


@in_a_house()
async def test_the_next_in_line_has_another_queue_and_does_not_hold_the_line_up(
    house: House,
) -> None:
    ahead = await house.caller_waits("2")
    behind = await house.caller_waits("1")
    seat = house.new_seat({"business": 1})
    await asyncio.sleep(2)
    assert (ahead.talks_with, behind.talks_with) == (None, seat)


# --- seats that do not pick up ---


@in_a_house()
async def test_a_seat_that_does_not_answer_is_not_rung_again(house: House) -> None:
    silent = house.new_seat(phone=Phone(answers_after_s=None))
    await asyncio.sleep(1)
    quick = house.new_seat()
    citizen = await house.caller_waits()
    await asyncio.sleep(BUSINESS.ring_s + 3)
    assert house.seat(silent).state == "no_answer"
    assert house.seat(silent).call_id is None
    assert citizen.talks_with == quick
    assert citizen.events == ["arrived", "queued", "offered", "not_answered", "offered", "answered"]
    another = await house.caller_waits()
    await asyncio.sleep(BUSINESS.ring_s + 3)
    assert another.row.stage == "waiting"
    assert [name for name, _ in house.asterisk.rung] == [f"seat-{silent:06d}", f"seat-{quick:06d}"]


@in_a_house()
async def test_a_refused_call_costs_the_caller_nothing(house: House) -> None:
    house.new_seat(phone=Phone(rejects=True))
    citizen = await house.caller_waits()
    behind = await house.caller_waits()
    await asyncio.sleep(1)
    assert "refused" in citizen.events
    seat = house.new_seat()
    await asyncio.sleep(2)
    assert (citizen.talks_with, behind.talks_with) == (seat, None)


@pytest.mark.parametrize("phone", [Phone(refuses_request=True), Phone(online=False)], ids=str)
@in_a_house()
async def test_a_telephone_that_can_not_be_rung_takes_its_seat_off(
    house: House, phone: Phone
) -> None:
    broken = house.new_seat(phone=Phone())
    await calm()  # the controller has seen that its telephone is there
    house.asterisk.phones[f"seat-{broken:06d}"] = phone
    citizen = await house.caller_waits()
    await calm()
    assert (house.seat(broken).state, house.seat(broken).reason) == ("offline", "phone_lost")
    seat = house.new_seat()
    await asyncio.sleep(2)
    assert citizen.talks_with == seat
    assert citizen.events.count("unreachable") == 1


@in_a_house()
async def test_all_seats_are_tried_one_at_a_time(house: House) -> None:
    silent = [house.new_seat(phone=Phone(answers_after_s=None)) for _ in range(3)]
    await house.caller_waits()
    for n in range(3):
        await asyncio.sleep(1)
        ringing = [s for s in silent if house.seat(s).state == "ringing"]
        assert len(ringing) == 1
        assert len(house.asterisk.rung) == n + 1
        await asyncio.sleep(BUSINESS.ring_s)
    assert {house.seat(s).state for s in silent} == {"no_answer"}


# --- leaving ---


@in_a_house()
async def test_who_gives_up_is_kept_to_be_rung_back(house: House) -> None:
    citizen = await house.caller_waits()
    await asyncio.sleep(10)
    citizen.hangs_up()
    await calm()
    assert house.check_record(citizen.call_id).end_reason == "abandoned_in_queue"
    assert house.missed(citizen.call_id) == [("abandoned", "open")]
    house.check_nothing_left()


@pytest.mark.parametrize("answers_after_s", [None, 1.0])
@in_a_house()
async def test_who_leaves_while_a_seat_rings_hands_it_to_the_next(
    house: House, answers_after_s: float | None
) -> None:
    seat = house.new_seat(phone=Phone(answers_after_s=answers_after_s))
    leaving, staying = await house.caller_waits(), await house.caller_waits()
    assert house.seat(seat).call_id == leaving.call_id
    leaving.hangs_up()
    await calm()
    assert house.seat(seat).call_id == staying.call_id
    assert house.check_record(leaving.call_id).end_reason == "abandoned_in_queue"
    assert house.seat_states(seat)[-3:] == ["available", "reserved", "ringing"]
    assert [call for _, call in house.asterisk.rung] == [leaving.call_id, staying.call_id]
    assert len([leg for leg in house.asterisk.legs if leg.startswith("seat-")]) == 1


@in_a_house()
async def test_who_leaves_as_the_seat_answers_leaves_nothing_behind(house: House) -> None:
    seat = house.new_seat(phone=Phone(answers_after_s=None))
    citizen = await house.caller_waits()
    ringing = next(leg for leg in house.asterisk.legs if leg.startswith("seat-"))
    house.asterisk.picks_up(ringing)
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)
    house.check_nothing_left()
    assert house.seat(seat).state in ("available", "wrap_up")


@in_a_house()
async def test_a_seat_that_asked_for_a_pause_while_it_rang_gets_it(house: House) -> None:
    seat = house.new_seat(phone=Phone(answers_after_s=None))
    citizen = await house.caller_waits()
    behind = await house.caller_waits()
    house.db.do(seats.pause, seat, "meal")
    citizen.hangs_up()
    await calm()
    assert (house.seat(seat).state, house.seat(seat).reason) == ("paused", "meal")
    assert behind.row.stage == "waiting"
    assert len(house.asterisk.rung) == 1


# --- what is heard ---


@in_a_house()
async def test_the_position_is_told_at_its_times(house: House) -> None:
    house.new_seat(state="offline")
    await house.caller_waits()
    citizen = await house.caller_waits()
    assert citizen.heard == ["greeting", "waiting_first"]
    await asyncio.sleep(SENTENCE_S + 0.1)
    assert citizen.hears_music()
    told = ["position", "digits/1", "position_unit", "callback_offer"]
    await asyncio.sleep(BUSINESS.announce_first_s - SENTENCE_S)
    assert not citizen.hears_music(), "no music below a sentence"
    await asyncio.sleep(SENTENCE_S * len(told))
    assert citizen.heard[2:] == told
    assert citizen.hears_music()
    await asyncio.sleep(BUSINESS.announce_every_s)
    assert citizen.heard[2:] == told * 2
    assert citizen.events.count("position_told") == 2


@in_a_house()
async def test_the_expected_wait_is_told_when_somebody_is_there(house: House) -> None:
    house.new_seat(phone=Phone(answers_after_s=0.5))
    talking = await house.caller_waits()
    citizen = await house.caller_waits()
    await asyncio.sleep(BUSINESS.announce_first_s + SENTENCE_S * 6)
    assert talking.row.stage == "talking"
    # One seat, three minutes' talk and half a minute's wrap-up expected.
    assert citizen.heard[2:] == [
        "position_next",
        "wait_about",
        "digits/4",
        "wait_minutes",
        "callback_offer",
    ]


@in_a_house()
async def test_what_is_told_never_holds_the_head_of_the_queue_up(house: House) -> None:
    citizen = await house.caller_waits()
    await asyncio.sleep(BUSINESS.announce_first_s + 0.5)
    assert "position_next" in citizen.heard
    seat = house.new_seat(phone=Phone(answers_after_s=0.1))
    await calm()
    assert house.seat(seat).state == "ringing", "rung while a sentence plays"
    await asyncio.sleep(0.2)
    assert citizen.talks_with == seat
    leg = house.asterisk.legs[citizen.channel]
    assert not leg.playbacks
    assert not citizen.hears_music()


@in_a_house()
async def test_nobody_talks_over_music_or_a_sentence(house: House) -> None:
    seat = house.new_seat()
    citizen = await house.caller_waits()
    await asyncio.sleep(5)
    assert citizen.talks_with == seat
    leg = house.asterisk.legs[citizen.channel]
    assert not citizen.hears_music()
    assert not leg.playbacks


# --- a callback ---


@in_a_house()
async def test_a_callback_is_noted_once_and_the_place_kept(house: House) -> None:
    citizen = await house.caller_waits()
    behind = await house.caller_waits()
    citizen.presses(BUSINESS.callback_key)
    await calm()
    assert house.missed(citizen.call_id) == [("callback", "open")]
    assert citizen.heard[-1] == "callback_done"
    await asyncio.sleep(SENTENCE_S + 0.5)
    citizen.presses(BUSINESS.callback_key)
    await calm()
    assert citizen.events.count("callback") == 1
    seat = house.new_seat()
    await asyncio.sleep(2)
    assert (citizen.talks_with, behind.talks_with) == (seat, None)
    assert house.missed(citizen.call_id) == [("callback", "done")], "he was answered after all"


@in_a_house()
async def test_who_asked_for_a_callback_and_hung_up_is_rung_back_once(house: House) -> None:
    citizen = await house.caller_waits()
    citizen.presses(BUSINESS.callback_key)
    await calm()
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)
    assert house.missed(citizen.call_id) == [("callback", "open")]


@pytest.mark.parametrize("key", ["1", "5", "#", "*", "0"])
@in_a_house()
async def test_other_keys_mean_nothing_while_waiting(house: House, key: str) -> None:
    citizen = await house.caller_waits()
    citizen.presses(key)
    await calm()
    assert citizen.row.stage == "waiting"
    assert house.missed(citizen.call_id) == []


# --- beyond the set wait ---


@in_a_house()
async def test_after_the_set_wait_another_queue_may_help(house: House) -> None:
    seat = house.new_seat({"general": 1})
    citizen = await house.caller_waits("1")
    await asyncio.sleep(BUSINESS.max_wait_s + 2)
    assert citizen.talks_with == seat
    assert "overflow" in citizen.heard
    assert citizen.row.queue == "general"


@in_a_house()
async def test_an_overflowed_caller_may_still_be_served_by_his_own_queue(house: House) -> None:
    citizen = await house.caller_waits("1")
    await asyncio.sleep(BUSINESS.max_wait_s + 10)
    assert "overflow" in citizen.events
    seat = house.new_seat({"business": 1})
    await asyncio.sleep(2)
    assert citizen.talks_with == seat


@in_a_house()
async def test_when_nobody_can_come_a_message_is_taken(house: House) -> None:
    citizen = await house.caller_waits("1")
    await asyncio.sleep(BUSINESS.max_wait_s + BUSINESS.overflow_wait_s + SENTENCE_S * 2 + 1)
    assert citizen.row.stage == "message"
    assert house.tickets(citizen.call_id) == [("message", "draft", None)]
    citizen.presses("#")
    await asyncio.sleep(SENTENCE_S + 1)
    assert house.check_record(citizen.call_id).end_reason == "message_left"
    assert house.missed(citizen.call_id) == [("message", "open")]
    house.check_nothing_left()


@in_a_house(lambda: of_queue("business", overflow_to=None))
async def test_without_an_overflow_the_message_comes_at_once(house: House) -> None:
    citizen = await house.caller_waits("1")
    await asyncio.sleep(BUSINESS.max_wait_s + SENTENCE_S * 2 + 1)
    assert citizen.row.stage == "message"
    assert "overflow" not in citizen.events


@in_a_house()
async def test_a_seat_that_comes_free_during_the_message_serves_the_next(house: House) -> None:
    """Who leaves a message waits no longer: nothing is held for him."""
    citizen = await house.caller_waits("2")
    await asyncio.sleep(GENERAL.max_wait_s + SENTENCE_S * 2 + 1)
    assert citizen.row.stage == "message"
    behind = await house.caller_waits("2")
    seat = house.new_seat({"general": 1})
    await asyncio.sleep(2)
    assert behind.talks_with == seat
    assert citizen.row.stage == "message"


@in_a_house()
async def test_a_seat_that_rings_at_the_end_of_the_wait_is_waited_for(house: House) -> None:
    citizen = await house.caller_waits("2")
    await asyncio.sleep(GENERAL.max_wait_s - 1)
    seat = house.new_seat({"general": 1}, Phone(answers_after_s=5.0))
    await asyncio.sleep(7)
    assert citizen.talks_with == seat


# --- when Asterisk or the database fails ---


@in_a_house()
async def test_a_request_without_an_answer_hands_the_call_to_the_fallback(house: House) -> None:
    seat = house.new_seat()
    house.asterisk.fail_next["POST /channels/{channelId}"] = ari.RequestTimeout("no answer")
    citizen = await house.caller_waits()
    await calm()
    leg = house.asterisk.legs[citizen.channel]
    assert not leg.in_app, "the dialplan has him"
    assert house.seat(seat).state == "available"
    assert citizen.row.ended_ms is None
    house.asterisk.enters(citizen.channel)
    await asyncio.sleep(3)
    assert citizen.talks_with == seat, "he came back into his place"
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)
    house.check_nothing_left()


@in_a_house()
async def test_a_caller_whom_the_database_can_not_keep_goes_to_the_fallback(house: House) -> None:
    house.db.away = True
    citizen = house.new_caller()
    await calm()
    assert not house.asterisk.legs[citizen.channel].in_app
    house.db.away = False
    # The dialplan plays music to him before it comes back.
    await asyncio.sleep(1)
    house.asterisk.enters(citizen.channel)
    await calm()
    assert citizen.row.stage == "greeting"


@in_a_house()
async def test_a_caller_whom_the_database_refuses_goes_to_the_fallback(house: House) -> None:
    with patch.object(doors, "arrive", side_effect=IntegrityError("made up", None, Exception())):
        citizen = house.new_caller()
        await calm()
    # Still on the line, with the dialplan.
    assert not house.asterisk.legs[citizen.channel].in_app
