"""The menu: keys in the middle of every prompt, wrong keys, none at all, two at once."""

from __future__ import annotations

import pytest

from tests.support.copy import Copy
from tests.support.steps import hear_each_other, hears

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize("sentence", ["greeting", "menu"])
async def test_given_prompt_playing_when_key_1_then_prompt_stops_and_seat_rings(
    copy: Copy, sentence: str
) -> None:
    seat = await copy.seat()
    async with copy.citizen() as citizen:
        await hears(copy, citizen, sentence)
        pressed = await citizen.press("1")
        call = await seat.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        if sentence == "greeting":
            assert not citizen.heard_tone(copy.pitch["menu"], pressed)
        await call.hang_up()
        await citizen.ended()
    await copy.complete(citizen, "agent_hung_up")


@pytest.mark.parametrize("sentence", ["wrong_key", "no_key"])
async def test_given_correction_playing_when_key_1_then_menu_is_not_repeated(
    copy: Copy, sentence: str
) -> None:
    seat = await copy.seat()
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "greeting")
        if sentence == "wrong_key":
            await citizen.press("5")
        await hears(copy, citizen, sentence)
        pressed = await citizen.press("1")
        call = await seat.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        assert not citizen.heard_tone(copy.pitch["menu"], pressed)
        await call.hang_up()
        await citizen.ended()
    row = await copy.complete(citizen, "agent_hung_up")
    assert sentence in await copy.events_of(row.id)


@pytest.mark.parametrize("key", ["2", "0"])
async def test_given_menu_when_key_of_another_queue_then_business_seat_is_left_alone(
    copy: Copy, key: str
) -> None:
    business = await copy.seat({"business": 1})
    general = await copy.seat({"general": 1})
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "greeting")
        await citizen.press(key)
        call = await general.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await citizen.hang_up()
    row = await copy.complete(citizen, "caller_hung_up")
    assert row.queue == "general"
    assert (await business.now()).offered_ms == 0


async def test_given_menu_when_nothing_is_pressed_then_a_person_answers(copy: Copy) -> None:
    general = await copy.seat({"general": 1})
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "no_key")
        await hears(copy, citizen, "to_person", within_s=20)
        call = await general.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await call.hang_up()
        await citizen.ended()
    row = await copy.complete(citizen, "agent_hung_up")
    assert (await copy.events_of(row.id)).count("no_key") == copy.settings.line("main").tries


async def test_given_menu_when_only_wrong_keys_then_a_person_answers(copy: Copy) -> None:
    general = await copy.seat({"general": 1})
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "greeting")
        since = await citizen.press("5")
        await hears(copy, citizen, "wrong_key", since=since)
        since = await citizen.press("*")
        await hears(copy, citizen, "wrong_key", since=since)
        await citizen.press("#")
        await hears(copy, citizen, "to_person")
        call = await general.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await call.hang_up()
        await citizen.ended()
    row = await copy.complete(citizen, "agent_hung_up")
    assert (await copy.events_of(row.id)).count("wrong_key") == 3


async def test_given_menu_when_two_keys_at_once_then_one_of_them_counts(copy: Copy) -> None:
    seat = await copy.seat({"business": 1, "general": 1})
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "greeting")
        await citizen.press_together("12")
        # At worst neither can be made out, and a person answers all the same.
        call = await seat.rung(within_s=30)
        await call.answer()
        await hear_each_other(citizen, call)
        await call.hang_up()
        await citizen.ended()
    row = await copy.complete(citizen, "agent_hung_up")
    events = await copy.events_of(row.id)
    assert events.count("queued") == 1
    assert row.queue in ("business", "general")


async def test_given_menu_when_keys_are_hammered_then_one_seat_rings_once(copy: Copy) -> None:
    seat = await copy.seat()
    before = len(copy.telephones.calls)
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "greeting")
        await citizen.press("111", press_ms=40)
        call = await seat.rung()
        await citizen.press("1#*5", press_ms=40)
        await call.answer()
        await citizen.press("10", press_ms=40)
        await hear_each_other(citizen, call)
        await call.hang_up()
        await citizen.ended()
    row = await copy.complete(citizen, "agent_hung_up")
    events = await copy.events_of(row.id)
    assert (events.count("queued"), events.count("offered")) == (1, 1)
    assert len(copy.telephones.calls) == before + 1
