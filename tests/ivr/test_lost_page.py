"""An agent's page is lost in a talk and the controller dies too: her caller waits for her still."""

from __future__ import annotations

import asyncio

from floor import requests, seats
from tests.ivr.fake_asterisk import Phone
from tests.ivr.house import Citizen, House, in_a_house
from tests.ivr.virtual import calm


async def page_lost(house: House, seat_id: int) -> Citizen:
    """A talk whose agent's page said good-bye; her telephone is not there."""
    citizen = await house.caller_waits()
    await asyncio.sleep(5)
    assert citizen.talks_with == seat_id
    house.asterisk.phone_changes(seats.endpoint_of(seat_id), False)
    await calm()
    account = house.seat(seat_id).account_id
    house.db.do(requests.put, account, citizen.call_id, "phone_gone", {})
    await asyncio.sleep(1)
    assert citizen.row.talk_state == "lost"
    return citizen


@in_a_house()
async def test_given_page_lost_when_killed_then_her_telephone_is_rung_as_soon_as_it_is_there(
    house: House,
) -> None:
    seat_id = house.new_seat(phone=Phone(answers_after_s=1.0))
    citizen = await page_lost(house, seat_id)
    rung = len(house.asterisk.rung)
    await house.kill()
    await house.start()
    await asyncio.sleep(5)
    assert len(house.asterisk.rung) == rung, "it isn't there: ringing it would end the waiting"
    assert citizen.row.talk_state == "lost"
    assert citizen.hears_music()
    house.asterisk.phone_changes(seats.endpoint_of(seat_id), True)
    await asyncio.sleep(4)
    assert citizen.talks_with == seat_id
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)


@in_a_house()
async def test_given_page_lost_when_it_registers_while_no_controller_then_it_is_rung_by_the_next(
    house: House,
) -> None:
    seat_id = house.new_seat(phone=Phone(answers_after_s=1.0))
    citizen = await page_lost(house, seat_id)
    await house.kill()
    house.asterisk.phone_changes(seats.endpoint_of(seat_id), True)
    await house.start()
    await asyncio.sleep(4)
    assert citizen.talks_with == seat_id
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)


@in_a_house()
async def test_given_page_lost_when_database_goes_too_then_she_is_rung_all_the_same(
    house: House,
) -> None:
    seat_id = house.new_seat(phone=Phone(answers_after_s=1.0))
    citizen = await page_lost(house, seat_id)
    house.asterisk.phone_changes(seats.endpoint_of(seat_id), True)
    house.db.away = True
    await asyncio.sleep(2)
    house.db.away = False
    await asyncio.sleep(10)
    assert citizen.talks_with == seat_id
    citizen.hangs_up()
    await calm()
    house.check_record(citizen.call_id)
