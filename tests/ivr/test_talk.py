"""Talking: hold, pauses of the recording, digits, and how a talk ends."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
from sqlalchemy import select

from db.models import recording_mark
from floor import seats
from ivr import ari, talk
from ivr.ami import AmiRefused
from ivr.call import Found
from ivr.performing import look
from tests.ivr.fake_asterisk import Phone
from tests.ivr.house import Citizen, FakeAmi, House, in_a_house, of_queue
from tests.ivr.virtual import calm


async def talking(house: House) -> tuple[Citizen, int]:
    """A caller who talks with an agent."""
    seat = house.new_seat(phone=Phone(answers_after_s=0.5))
    citizen = await house.caller_waits()
    await asyncio.sleep(1)
    assert citizen.talks_with == seat
    return citizen, seat


async def asked(house: House, citizen: Citizen, verb: str, **args: Any) -> tuple[str, str]:
    """Press a button; the state of the request and the sentence that came back."""
    request = house.asks(citizen.call_id, verb, **args)
    await calm()
    answer = house.answer(request)
    return answer.state, (answer.outcome or {}).get("detail", "")


# --- the end of a talk ---


@in_a_house()
async def test_when_the_caller_hangs_up(house: House) -> None:
    citizen, seat = await talking(house)
    citizen.hangs_up()
    await calm()
    assert house.check_record(citizen.call_id).end_reason == "caller_hung_up"
    assert house.seat(seat).state == "wrap_up"
    assert house.seat(seat).call_id == citizen.call_id
    house.check_nothing_left()


@in_a_house()
async def test_when_the_agents_telephone_hangs_up(house: House) -> None:
    citizen, seat = await talking(house)
    house.asterisk.hangs_up(citizen.row.seat_channel or "")
    await calm()
    assert house.check_record(citizen.call_id).end_reason == "agent_hung_up"
    assert house.seat(seat).state == "wrap_up"
    house.check_nothing_left()


@in_a_house()
async def test_when_the_agent_presses_hang_up(house: House) -> None:
    citizen, seat = await talking(house)
    assert await asked(house, citizen, "hang_up") == ("done", "")
    assert house.check_record(citizen.call_id).end_reason == "agent_hung_up"
    assert house.seat(seat).state == "wrap_up"
    house.check_nothing_left()


@in_a_house()
async def test_when_both_hang_up_at_once(house: House) -> None:
    citizen, seat = await talking(house)
    house.asterisk.hangs_up(citizen.row.seat_channel or "")
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)
    assert house.seat_states(seat).count("wrap_up") == 1
    house.check_nothing_left()


@in_a_house()
async def test_when_the_telephone_is_lost_the_seat_is_not_free_afterwards(house: House) -> None:
    citizen, seat = await talking(house)
    house.asterisk.phone_changes(f"seat-{seat:06d}", online=False)
    await calm()
    assert house.seat(seat).state == "talking"
    house.asterisk.hangs_up(citizen.row.seat_channel or "")
    await asyncio.sleep(100)
    assert (house.seat(seat).state, house.seat(seat).reason) == ("offline", "phone_lost")


@in_a_house(lambda: of_queue("business", wrap_up_s=0.0))
async def test_without_wrap_up_the_next_caller_comes_at_once(house: House) -> None:
    citizen, seat = await talking(house)
    behind = await house.caller_waits()
    citizen.hangs_up()
    await calm()
    assert house.seat(seat).call_id == behind.call_id


@in_a_house()
async def test_wrap_up_ends_by_itself_and_brings_the_next_caller(house: House) -> None:
    citizen, seat = await talking(house)
    behind = await house.caller_waits()
    citizen.hangs_up()
    await asyncio.sleep(house.settings.queue("business").wrap_up_s - 1)
    assert (house.seat(seat).state, behind.row.stage) == ("wrap_up", "waiting")
    await asyncio.sleep(3)
    assert behind.talks_with == seat


@in_a_house()
async def test_a_wrap_up_ended_by_hand_is_not_ended_twice(house: House) -> None:
    citizen, seat = await talking(house)
    citizen.hangs_up()
    await calm()
    house.db.do(seats.end_wrap_up, seat)
    house.db.do(seats.pause, seat, "meal")
    await asyncio.sleep(100)
    assert (house.seat(seat).state, house.seat(seat).reason) == ("paused", "meal")


# --- hold ---


@in_a_house()
async def test_hold_and_back(house: House) -> None:
    citizen, seat = await talking(house)
    assert await asked(house, citizen, "hold") == ("done", "")
    assert (citizen.row.held, citizen.talks_with, citizen.hears_music()) == (True, None, True)
    state, sentence = await asked(house, citizen, "hold")
    assert state == "refused"
    assert "保持" in sentence
    assert await asked(house, citizen, "resume") == ("done", "")
    assert (citizen.row.held, citizen.talks_with, citizen.hears_music()) == (False, seat, False)
    assert (await asked(house, citizen, "resume"))[0] == "refused"
    assert citizen.events[-2:] == ["held", "resumed"]


@pytest.mark.parametrize("who", ["caller", "agent"])
@in_a_house()
async def test_hanging_up_on_hold(house: House, who: str) -> None:
    citizen, seat = await talking(house)
    await asked(house, citizen, "hold")
    house.asterisk.hangs_up(citizen.channel if who == "caller" else citizen.row.seat_channel or "")
    await calm()
    row = house.check_record(citizen.call_id)
    assert row.end_reason == f"{who}_hung_up"
    assert house.seat(seat).state == "wrap_up"
    house.check_nothing_left()


# --- the recording ---


@in_a_house()
async def test_a_pause_of_the_recording_is_made_marked_and_ended(house: House) -> None:
    citizen, _ = await talking(house)
    name = house.asterisk.legs[citizen.channel].name
    assert await asked(house, citizen, "pause_recording") == ("done", "")
    assert house.asterisk.muted[name]
    assert citizen.row.recording_paused
    assert (await asked(house, citizen, "pause_recording"))[0] == "refused"
    assert await asked(house, citizen, "resume_recording") == ("done", "")
    assert house.asterisk.muted == {name: False}
    assert (await asked(house, citizen, "resume_recording"))[0] == "refused"
    marks = [kind for (kind,) in house.look(select(recording_mark.c.kind))]
    assert marks == ["pause", "resume"]


@in_a_house()
async def test_a_pause_that_asterisk_refuses_is_not_written_as_made(house: House) -> None:
    citizen, _ = await talking(house)

    refusal = AmiRefused("MixMonitorMute", "no such channel")
    with patch.object(FakeAmi, "mixmonitor_mute", AsyncMock(side_effect=refusal)):
        state, sentence = await asked(house, citizen, "pause_recording")
    assert state == "refused"
    assert "电话系统" in sentence
    assert not citizen.row.recording_paused
    assert house.look(select(recording_mark.c.id)) == []
    assert citizen.talks_with is not None


# --- digits and odd requests ---


@in_a_house()
async def test_digits_are_sent_and_not_written_down(house: House) -> None:
    citizen, _ = await talking(house)
    assert await asked(house, citizen, "send_digits", digits="12#*0") == ("done", "")
    assert house.asterisk.legs[citizen.channel].digits_sent == "12#*0"
    assert house.events(citizen.call_id)[-1] == ("digits", {"by": 1})


@pytest.mark.parametrize("digits", ["", "1" * 33, "12a", "１", " ", "+1"])
@in_a_house()
async def test_what_is_no_key_is_not_sent(house: House, digits: str) -> None:
    citizen, _ = await talking(house)
    assert (await asked(house, citizen, "send_digits", digits=digits))[0] == "refused"
    assert house.asterisk.legs[citizen.channel].digits_sent == ""
    assert citizen.talks_with is not None


@pytest.mark.parametrize("verb", ["dance", "", "__class__"])
@in_a_house()
async def test_a_verb_that_nobody_knows_is_refused(house: House, verb: str) -> None:
    citizen, _ = await talking(house)
    assert await asked(house, citizen, verb) == ("refused", "不支持的操作")
    assert citizen.talks_with is not None


@pytest.mark.parametrize("verb", ["hold", "hang_up", "pause_recording", "send_digits"])
@in_a_house()
async def test_before_the_talk_every_button_is_refused(house: House, verb: str) -> None:
    citizen = house.new_caller()
    await calm()
    assert (await asked(house, citizen, verb, digits="1"))[0] == "refused"
    citizen.presses("1")
    await calm()
    assert (await asked(house, citizen, verb, digits="1"))[0] == "refused"
    assert citizen.row.stage == "waiting"


@in_a_house()
async def test_what_was_asked_as_the_talk_ended_is_answered(house: House) -> None:
    citizen, _ = await talking(house)
    requests = [house.asks(citizen.call_id, verb) for verb in ("hold", "resume", "hold")]
    citizen.hangs_up()
    await asyncio.sleep(15)
    assert {house.answer(request).state for request in requests} <= {"done", "refused"}
    house.check_record(citizen.call_id)


@in_a_house()
async def test_a_request_asterisk_refuses_is_told_and_the_talk_goes_on(house: House) -> None:
    citizen, seat = await talking(house)
    house.asterisk.fail_next["POST /bridges/{bridgeId}/removeChannel"] = ari.RequestTimeout("no")
    state, sentence = await asked(house, citizen, "hold")
    assert (state, "电话系统" in sentence) == ("refused", True)
    assert not citizen.row.held
    assert citizen.talks_with == seat


@in_a_house()
async def test_a_hold_that_is_half_done_is_undone(house: House) -> None:
    """Out of the bridge but without music: silence for both, and no button to end it."""
    citizen, seat = await talking(house)
    house.asterisk.fail_next["POST /channels/{channelId}/moh"] = ari.RequestTimeout("no")
    assert (await asked(house, citizen, "hold"))[0] == "refused"
    assert citizen.talks_with == seat


@pytest.mark.parametrize("who", ["caller", "agent"])
@in_a_house()
async def test_who_is_gone_before_we_hear_of_it_has_hung_up(house: House, who: str) -> None:
    """A hold is half done, and what Asterisk has is read: he is no longer in it."""
    citizen, seat = await talking(house)
    channel = citizen.channel if who == "caller" else citizen.row.seat_channel or ""

    async def without_him(client: ari.Client) -> Found:
        found = await look(client)
        del found.channels[channel]
        asyncio.get_running_loop().call_later(1, house.asterisk.hangs_up, channel)
        return found

    house.asterisk.fail_next["POST /channels/{channelId}/moh"] = ari.RequestTimeout("no")
    with patch.object(talk, "look", without_him):
        await asked(house, citizen, "hold")
    await asyncio.sleep(2)
    assert house.check_record(citizen.call_id).end_reason == f"{who}_hung_up"
    assert house.seat(seat).state == "wrap_up"
    house.check_nothing_left()


@in_a_house()
async def test_a_bridge_that_fails_does_not_leave_two_in_silence(house: House) -> None:
    seat = house.new_seat(phone=Phone(answers_after_s=0.5))
    house.asterisk.fail_next["POST /bridges/{bridgeId}/addChannel"] = ari.ServerError(
        500, "no", "", "", ""
    )
    citizen = await house.caller_waits()
    await asyncio.sleep(2)
    together = citizen.talks_with == seat
    handed_over = not house.asterisk.legs[citizen.channel].in_app
    assert together or handed_over
