"""The database is away for a minute, in virtual time: what calls, seats and buttons do meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select

from db.models import call_event, leg_span, seat
from floor import requests, seats
from ivr.inbox import Asked
from ivr.keeping import LOOK_AGAIN_S
from tests.ivr.fake_asterisk import Phone
from tests.ivr.house import Citizen, House, in_a_house, of_queue
from tests.ivr.virtual import DAWN_S, calm

MINUTE_S = 60.0


def happened(house: House, call_id: str) -> list[tuple[str, float]]:
    """The call's history with the second of virtual time of each line."""
    e = call_event.c
    rows = house.look(select(e.kind, e.at_ms).where(e.call_id == call_id).order_by(e.id))
    return [(kind, round(at_ms / 1000 - DAWN_S, 3)) for kind, at_ms in rows]


async def back(house: House) -> None:
    """The database answers again, and what was kept is written."""
    house.db.away = False
    await asyncio.sleep(LOOK_AGAIN_S + 2.5)
    await calm()


def presses(house: House, citizen: Citizen, verb: str, **args: Any) -> requests.Request:
    """A button whose request was taken just before the database went."""
    asked = house.asks(citizen.call_id, verb, **args)
    taken = house.db.do(requests.take, asked.id, house.controller.asterisk)
    call = house.controller.parts.directory.call(citizen.call_id)
    assert call is not None
    house.db.away = True
    call.put(Asked(taken))
    return asked


@in_a_house()
async def test_given_a_talk_when_hold_is_pressed_then_it_acts_and_is_written_as_of_then(
    house: House,
) -> None:
    house.new_seat()
    citizen = await house.caller_waits()
    await asyncio.sleep(10)
    asked = presses(house, citizen, "hold")
    await calm()
    assert citizen.hears_music()
    assert citizen.talks_with is None
    await asyncio.sleep(MINUTE_S)
    await back(house)
    assert house.answer(asked).state == "done"
    assert happened(house, citizen.call_id)[-1] == ("held", 10.0)
    spans = select(leg_span.c.what, leg_span.c.from_ms).where(leg_span.c.seat_id.is_not(None))
    held = [from_ms for what, from_ms in house.look(spans) if what == "hold"]
    assert held == [(DAWN_S + 10) * 1000]
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)


@in_a_house()
async def test_given_a_talk_when_he_hangs_up_then_its_length_is_the_true_one(house: House) -> None:
    seat_id = house.new_seat()
    citizen = await house.caller_waits()
    await asyncio.sleep(10)
    house.db.away = True
    await asyncio.sleep(20)
    citizen.hangs_up()
    await asyncio.sleep(MINUTE_S - 20)
    assert house.asterisk.legs == {}, "nobody waits on the line for a database"
    await back(house)
    row = house.check_record(citizen.call_id)
    assert row.ended_ms == (DAWN_S + 30) * 1000
    assert row.end_reason == "caller_hung_up"
    await asyncio.sleep(MINUTE_S)
    assert house.seat(seat_id).state == "available"


@in_a_house()
async def test_given_a_free_seat_when_a_key_is_pressed_then_it_is_rung_once_database_is_back(
    house: House,
) -> None:
    house.new_seat()
    citizen = house.new_caller()
    await calm()
    house.db.away = True
    citizen.presses("1")
    await asyncio.sleep(MINUTE_S)
    assert house.asterisk.rung == [], "only the database can give a seat"
    assert citizen.there
    await back(house)
    assert citizen.talks_with is not None
    kinds = [kind for kind, _ in happened(house, citizen.call_id)]
    assert [kind for kind in kinds if kind != "position_told"] == [
        "arrived",
        "queued",
        "offered",
        "answered",
    ]


@in_a_house()
async def test_given_a_seat_that_is_asked_for_when_he_gives_up_then_the_next_one_gets_it(
    house: House,
) -> None:
    house.new_seat()
    first, second = house.new_caller(), house.new_caller("13800000002")
    await calm()
    house.db.away = True
    first.presses("1")
    await asyncio.sleep(1)
    second.presses("1")
    await asyncio.sleep(20)
    first.hangs_up()
    await asyncio.sleep(20)
    await back(house)
    assert second.talks_with is not None
    assert house.check_record(first.call_id).end_reason == "abandoned_in_queue"
    assert [call for _, call in house.asterisk.rung] == [second.call_id]


@in_a_house()
async def test_given_a_ringing_seat_when_it_answers_then_the_two_talk_and_a_ticket_is_known_later(
    house: House,
) -> None:
    house.new_seat(phone=Phone(answers_after_s=3.0))
    citizen = await house.caller_waits()
    house.db.away = True
    await asyncio.sleep(MINUTE_S)
    assert citizen.talks_with is not None
    call = house.controller.parts.directory.call(citizen.call_id)
    assert call is not None
    meanwhile = call.row
    assert (meanwhile.stage, meanwhile.ticket_id) == ("talking", None)
    await back(house)
    assert call.row.ticket_id is not None, "learned"
    assert call.row == citizen.row
    assert ("answered", 3.0) in happened(house, citizen.call_id)
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)


@in_a_house()
async def test_given_a_ringing_seat_when_it_does_not_answer_then_it_is_noted_once(
    house: House,
) -> None:
    seat_id = house.new_seat(phone=Phone(answers_after_s=None))
    citizen = await house.caller_waits()
    house.db.away = True
    await asyncio.sleep(MINUTE_S)
    await back(house)
    assert house.seat(seat_id).state == "no_answer"
    kinds = [kind for kind, _ in happened(house, citizen.call_id)]
    assert kinds.count("not_answered") == 1
    assert citizen.row.stage == "waiting"


@in_a_house()
async def test_given_wrap_up_when_it_ends_meanwhile_then_the_seat_is_free_afterwards(
    house: House,
) -> None:
    seat_id = house.new_seat()
    citizen = await house.caller_waits()
    await asyncio.sleep(5)
    citizen.hangs_up()
    await calm()
    assert house.seat(seat_id).state == "wrap_up"
    house.db.away = True
    await asyncio.sleep(2 * MINUTE_S)
    await back(house)
    assert house.seat(seat_id).state == "available"


@in_a_house()
async def test_given_a_telephone_goes_meanwhile_then_its_seat_is_offline_afterwards(
    house: House,
) -> None:
    gone, came = house.new_seat(), house.new_seat(phone=Phone(online=False))
    house.db.do(seats.set_phone, came, False)
    citizen = await house.caller_waits()
    house.db.away = True
    house.asterisk.phone_changes(seats.endpoint_of(came), True)
    await calm()
    citizen.hangs_up()
    house.asterisk.phone_changes(seats.endpoint_of(gone), False)
    await asyncio.sleep(MINUTE_S)
    await back(house)
    ready = dict(tuple(row) for row in house.look(select(seat.c.id, seat.c.phone_ready)))
    assert ready == {gone: False, came: True}
    await asyncio.sleep(MINUTE_S)
    assert house.seat(gone).state == "offline"


@in_a_house(lambda: of_queue("business", max_wait_s=30.0, overflow_to=None))
async def test_given_nobody_can_come_when_he_leaves_a_message_then_it_is_a_ticket_afterwards(
    house: House,
) -> None:
    citizen = await house.caller_waits()
    house.db.away = True
    await asyncio.sleep(MINUTE_S)
    citizen.hangs_up()
    await asyncio.sleep(MINUTE_S)
    await back(house)
    row = house.check_record(citizen.call_id)
    assert row.end_reason == "message_left"
    assert house.tickets(citizen.call_id) == [("message", "draft", None)]


@in_a_house()
async def test_given_a_new_caller_meanwhile_then_the_dialplan_has_him_and_he_comes_back(
    house: House,
) -> None:
    house.asterisk.retries = True
    house.new_seat()
    house.db.away = True
    citizen = house.new_caller()
    await asyncio.sleep(MINUTE_S)
    assert citizen.there
    await back(house)
    await asyncio.sleep(10)
    citizen.presses("1")
    await asyncio.sleep(5)
    assert citizen.talks_with is not None
    assert [kind for kind, _ in happened(house, citizen.call_id)].count("arrived") == 1


@in_a_house()
async def test_given_an_offer_whose_commit_nobody_heard_of_then_the_seat_rings_all_the_same(
    house: House,
) -> None:
    seat_id = house.new_seat()
    citizen = house.new_caller()
    await calm()
    citizen.presses("9")  # no queue: he stays in the menu, and nothing is offered
    await calm()
    house.db.away = True
    citizen.presses("1")
    await asyncio.sleep(5)
    house.db.away = False
    # As if the commit had been done: the seat is this call's already.
    house.db.do(seats.reserve, seat_id, citizen.call_id)
    await back(house)
    assert citizen.talks_with == seat_id
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)
