"""Telephones that come and go faster than anybody learns of it."""

from __future__ import annotations

import asyncio

import pytest

from floor import seats
from tests.ivr.fake_asterisk import Phone
from tests.ivr.house import House, in_a_house


@pytest.mark.parametrize("first", [True, False])
@in_a_house()
async def test_given_a_telephone_lost_and_back_in_one_moment_then_the_last_word_stands(
    house: House, first: bool
) -> None:
    # As when a page's line breaks off and the telephone registers over the next one.
    seat_id = house.new_seat(phone=Phone(online=first))
    house.db.do(seats.set_phone, seat_id, first)
    await asyncio.sleep(1)
    house.db.latency_s = 0.05
    endpoint = seats.endpoint_of(seat_id)
    house.asterisk.phone_changes(endpoint, not first)
    house.asterisk.phone_changes(endpoint, first)
    await asyncio.sleep(1)
    assert house.seat(seat_id).phone_ready is first
    house.asterisk.phone_changes(endpoint, not first)
    await asyncio.sleep(1)
    assert house.seat(seat_id).phone_ready is not first


@in_a_house()
async def test_given_a_telephone_that_is_listed_a_moment_late_then_only_who_is_gone_goes_offline(
    house: House,
) -> None:
    late = house.new_seat(phone=Phone(unlisted=1))
    gone = house.new_seat(phone=Phone(online=False))
    await asyncio.sleep(1)
    assert (house.seat(late).phone_ready, house.seat(late).state) == (True, "available")
    assert (house.seat(gone).phone_ready, house.seat(gone).state) == (False, "offline")
