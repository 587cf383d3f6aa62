"""The caller's way up to the queue, step by step, as a person would expect it."""

from __future__ import annotations

import asyncio

import pytest

from tests.ivr.fake_asterisk import SENTENCE_S
from tests.ivr.house import House, closed_always, in_a_house, of_line, shipped
from tests.ivr.virtual import calm

LINE = shipped().line("main")
GREETED = 2 * SENTENCE_S
ASKED_AGAIN_AFTER = SENTENCE_S * 2 + LINE.key_wait_s


@in_a_house()
async def test_the_main_road(house: House) -> None:
    """Greeting, key 1, a seat rings and answers, they talk, the caller hangs up."""
    seat = house.new_seat()
    citizen = house.new_caller()
    await asyncio.sleep(SENTENCE_S / 2)
    assert citizen.heard == ["greeting"]
    citizen.presses("1")
    await calm()
    assert (citizen.row.stage, citizen.row.queue) == ("waiting", "business")
    assert house.seat(seat).state == "ringing"
    await asyncio.sleep(2)
    assert citizen.talks_with == seat
    assert (citizen.row.stage, house.seat(seat).state) == ("talking", "talking")
    assert house.tickets(citizen.call_id) == [("call", "draft", house.seat(seat).account_id)]
    await asyncio.sleep(30)
    citizen.hangs_up()
    await calm()
    row = house.check_record(citizen.call_id)
    assert row.end_reason == "caller_hung_up"
    assert citizen.events == ["arrived", "queued", "offered", "answered", "ended"]
    assert house.seat(seat).state == "wrap_up"
    house.check_nothing_left()
    await asyncio.sleep(house.settings.queue("business").wrap_up_s + 1)
    assert house.seat(seat).state == "available"


# --- keys ---


@pytest.mark.parametrize("when_s", [0.0, 0.5, 1.9, 2.0, 2.1, 3.9, 4.0, 4.1, 8.9])
@pytest.mark.parametrize(("key", "queue"), [("1", "business"), ("2", "general"), ("0", "general")])
@in_a_house()
async def test_a_key_counts_at_every_moment(
    house: House, key: str, queue: str, when_s: float
) -> None:
    citizen = house.new_caller()
    await calm()
    await asyncio.sleep(when_s)
    citizen.presses(key)
    await calm()
    assert (citizen.row.stage, citizen.row.queue) == ("waiting", queue)
    assert ("queued", {"queue": queue, "key": key}) in house.events(citizen.call_id)
    heard = ["greeting", "menu"][: 1 if when_s < SENTENCE_S else 2]
    assert citizen.heard == [*heard, "waiting_first"], "a key stops the prompt"
    assert "no_key" not in citizen.events


@in_a_house()
async def test_of_two_keys_at_once_the_first_counts(house: House) -> None:
    citizen = house.new_caller()
    await calm()
    citizen.presses("1")
    citizen.presses("2")
    await calm()
    assert citizen.row.queue == "business"
    assert citizen.events == ["arrived", "queued"]


@pytest.mark.parametrize("key", ["3", "5", "8", "*", "#", "A"])
@in_a_house()
async def test_a_key_without_meaning_is_said_and_asked_again(house: House, key: str) -> None:
    citizen = house.new_caller()
    await calm()
    citizen.presses(key)
    await calm()
    assert citizen.events == ["arrived", "menu", "wrong_key"]
    assert citizen.row.stage == "menu", "the greeting is behind him"
    await asyncio.sleep(SENTENCE_S + 0.1)
    assert citizen.heard == ["greeting", "wrong_key", "menu"]
    citizen.presses("1")
    await calm()
    assert citizen.row.queue == "business"


@in_a_house()
async def test_silence_ends_at_a_person(house: House) -> None:
    """GB/T 33358: never a dead end."""
    seat = house.new_seat({"general": 1})
    citizen = house.new_caller()
    await calm()
    assert citizen.row.stage == "greeting"
    await asyncio.sleep(SENTENCE_S + 0.1)
    assert citizen.row.stage == "menu"
    await asyncio.sleep(LINE.tries * ASKED_AGAIN_AFTER + 2)
    assert citizen.heard == ["greeting", "menu", "no_key", "menu", "no_key", "menu", "to_person"]
    assert citizen.row.queue == "general"
    assert citizen.talks_with == seat
    assert citizen.events.count("no_key") == LINE.tries


@in_a_house()
async def test_too_many_wrong_keys_end_at_a_person(house: House) -> None:
    seat = house.new_seat({"general": 1})
    citizen = house.new_caller()
    for _ in range(LINE.tries):
        await asyncio.sleep(SENTENCE_S)
        citizen.presses("7")
    await asyncio.sleep(2)
    assert citizen.talks_with == seat
    assert citizen.events.count("wrong_key") == LINE.tries
    assert citizen.heard[-1] == "to_person"


@in_a_house()
async def test_silence_and_wrong_keys_count_together(house: House) -> None:
    citizen = house.new_caller()
    await asyncio.sleep(ASKED_AGAIN_AFTER + SENTENCE_S)
    citizen.presses("7")
    await asyncio.sleep(ASKED_AGAIN_AFTER + 1)
    assert citizen.row.stage == "waiting"
    assert (citizen.events.count("no_key"), citizen.events.count("wrong_key")) == (2, 1)


@in_a_house()
async def test_a_key_just_in_time_counts(house: House) -> None:
    citizen = house.new_caller()
    await calm()
    await asyncio.sleep(GREETED + LINE.key_wait_s - 0.01)
    citizen.presses("1")
    await calm()
    assert citizen.row.queue == "business"
    assert "no_key" not in citizen.events


@in_a_house(lambda: of_line(tries=1))
async def test_with_one_try_nobody_is_asked_again(house: House) -> None:
    citizen = house.new_caller()
    await asyncio.sleep(GREETED + LINE.key_wait_s + 0.1)
    assert citizen.row.stage == "waiting"
    assert citizen.heard == ["greeting", "menu", "to_person"]


# --- hanging up ---


@pytest.mark.parametrize(
    ("when_s", "stage"),
    [(0.0, "greeting"), (1.0, "greeting"), (2.0, "greeting"), (2.1, "menu"), (5.0, "menu")],
)
@in_a_house()
async def test_hanging_up_before_a_choice(house: House, when_s: float, stage: str) -> None:
    citizen = house.new_caller()
    await asyncio.sleep(when_s)
    citizen.hangs_up()
    await calm()
    row = house.check_record(citizen.call_id)
    assert row.end_reason == "abandoned_in_menu"
    assert ("menu" in citizen.events) == (stage == "menu")
    assert house.missed(citizen.call_id) == []
    assert house.tickets(citizen.call_id) == []
    house.check_nothing_left()


@in_a_house()
async def test_hanging_up_with_the_key(house: House) -> None:
    seat = house.new_seat()
    citizen = house.new_caller()
    await calm()
    citizen.presses("1")
    citizen.hangs_up()
    await calm()
    row = house.check_record(citizen.call_id)
    assert row.end_reason in ("abandoned_in_menu", "abandoned_in_queue")
    assert house.seat(seat).state == "available"
    house.check_nothing_left()


# --- numbers and hours ---


@in_a_house()
async def test_a_blocked_number_hears_why_and_is_kept(house: House) -> None:
    house.new_seat()
    house.block()
    citizen = house.new_caller()
    await asyncio.sleep(SENTENCE_S / 2)
    assert citizen.heard == ["blocked"]
    citizen.presses("1")
    await asyncio.sleep(SENTENCE_S)
    assert not citizen.there
    assert house.check_record(citizen.call_id).end_reason == "blocked"
    assert citizen.events == ["arrived", "blocked", "ended"]
    assert house.asterisk.rung == []
    house.check_nothing_left()


@in_a_house()
async def test_a_blocked_caller_who_hangs_up_was_blocked_all_the_same(house: House) -> None:
    house.block()
    citizen = house.new_caller()
    await asyncio.sleep(SENTENCE_S / 2)
    citizen.hangs_up()
    await calm()
    assert house.check_record(citizen.call_id).end_reason == "blocked"


@in_a_house()
async def test_another_number_is_not_blocked(house: House) -> None:
    house.block("13800000002")
    citizen = house.new_caller()
    await calm()
    assert citizen.heard == ["greeting"]


@in_a_house()
async def test_a_number_that_no_line_has_is_let_go(house: House) -> None:
    citizen = house.new_caller(dialled="99999")
    await calm()
    assert not citizen.there
    house.check_nothing_left()


@in_a_house()
async def test_the_number_is_kept_masked_and_sealed(house: House) -> None:
    citizen = house.new_caller("8613800000001")
    await calm()
    assert citizen.row.caller_masked == "138****0001"
    again = house.new_caller("+86 138 0000 0001")
    await calm()
    assert again.row.caller_hash == citizen.row.caller_hash


@in_a_house(closed_always)
async def test_outside_the_hours_a_message_is_taken(house: House) -> None:
    house.new_seat()
    citizen = house.new_caller()
    await asyncio.sleep(SENTENCE_S * 3 + 0.1)
    assert citizen.heard == ["closed", "leave_message", "beep"]
    assert citizen.row.stage == "message"
    assert house.tickets(citizen.call_id) == [("message", "draft", None)]
    assert house.missed(citizen.call_id) == [("message", "open")]
    await asyncio.sleep(20)
    citizen.presses("#")
    await asyncio.sleep(SENTENCE_S + 0.1)
    assert citizen.heard[-1] == "message_thanks"
    assert not citizen.there
    assert house.check_record(citizen.call_id).end_reason == "message_left"
    assert citizen.events == ["arrived", "closed", "message", "ended"]
    assert house.asterisk.rung == []
    house.check_nothing_left()


@in_a_house(lambda: closed_always(closed_queue="general"))
async def test_outside_the_hours_another_queue_can_answer(house: House) -> None:
    seat = house.new_seat({"general": 1})
    citizen = house.new_caller()
    await asyncio.sleep(SENTENCE_S + 2)
    assert citizen.heard[0] == "closed"
    assert citizen.talks_with == seat


@in_a_house(closed_always)
async def test_a_message_has_its_longest_time(house: House) -> None:
    citizen = house.new_caller()
    most_s = house.settings.recording.max_message_s
    await asyncio.sleep(SENTENCE_S * 3 + most_s - 1)
    assert citizen.heard[-1] == "beep"
    await asyncio.sleep(2)
    assert citizen.heard[-1] == "message_thanks"
    await asyncio.sleep(SENTENCE_S)
    assert house.check_record(citizen.call_id).end_reason == "message_left"


@pytest.mark.parametrize(
    ("when_s", "reason", "kept"),
    [
        (1.0, "abandoned_in_menu", []),
        (3.0, "abandoned_in_menu", []),
        (7.0, "message_left", [("message", "open")]),
        (30.0, "message_left", [("message", "open")]),
    ],
)
@in_a_house(closed_always)
async def test_hanging_up_around_a_message(
    house: House, when_s: float, reason: str, kept: list[tuple[str, str]]
) -> None:
    citizen = house.new_caller()
    await asyncio.sleep(when_s)
    citizen.hangs_up()
    await calm()
    assert house.check_record(citizen.call_id).end_reason == reason
    assert house.missed(citizen.call_id) == kept
    house.check_nothing_left()


@in_a_house(closed_always)
async def test_a_button_pressed_during_a_message_is_answered(house: House) -> None:
    citizen = house.new_caller()
    await asyncio.sleep(SENTENCE_S * 3 + 1)
    asked = house.asks(citizen.call_id, "hold")
    await calm()
    assert house.answer(asked).state == "refused"
