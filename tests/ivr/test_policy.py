"""Which seat, and how long: pure rules."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.model import Strategy
from floor.seats import Seat
from ivr.policy import choose_seat, expected_wait_s, next_deadline_s, told_by
from tests.ivr.house import shipped

QUEUE = replace(shipped().queue("business"), announce_first_s=15.0, announce_every_s=30.0)
STRATEGIES: tuple[Strategy, ...] = ("longest_idle", "round_robin", "skill_level")


def seat(
    seat_id: int,
    *,
    idle: int | None = 0,
    offered: int = 0,
    level: int = 1,
    queue: str = "business",
    since: int = 0,
) -> Seat:
    return Seat(
        id=seat_id,
        account_id=seat_id,
        name="座席",
        skills={queue: level},
        state="available",
        since_ms=since,
        reason=None,
        call_id=None,
        idle_since_ms=idle,
        offered_ms=offered,
        wrap_up_until_ms=None,
        after_call=None,
        phone_ready=True,
    )


@pytest.mark.parametrize(
    ("strategy", "seats", "chosen"),
    [
        # Free for longest, whatever the level and whoever was offered last.
        ("longest_idle", [seat(1, idle=300), seat(2, idle=100), seat(3, idle=200)], 2),
        ("longest_idle", [seat(1, idle=200, level=1), seat(2, idle=100, level=9)], 2),
        ("longest_idle", [seat(1, idle=200, offered=0), seat(2, idle=100, offered=9)], 2),
        ("longest_idle", [seat(2, idle=100), seat(1, idle=100)], 1),
        ("longest_idle", [seat(1, idle=None, since=50), seat(2, idle=100)], 1),
        # Offered longest ago, whether it answered or not, however long idle.
        ("round_robin", [seat(1, offered=30), seat(2, offered=10), seat(3, offered=20)], 2),
        ("round_robin", [seat(1, offered=30, idle=1), seat(2, offered=10, idle=999)], 2),
        ("round_robin", [seat(2, offered=10), seat(1, offered=10)], 1),
        # 1 is the best; among equals the longest idle.
        ("skill_level", [seat(1, level=2, idle=1), seat(2, level=1, idle=999)], 2),
        ("skill_level", [seat(1, level=1, idle=9), seat(2, level=1, idle=5)], 2),
        ("skill_level", [seat(2, level=3), seat(1, level=3)], 1),
    ],
)
def test_who_is_rung(strategy: Strategy, seats: list[Seat], chosen: int) -> None:
    for order in itertools.permutations(seats):
        found = choose_seat(strategy, "business", order)
        assert found is not None
        assert found.id == chosen


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_only_seats_of_the_skill_are_rung(strategy: Strategy) -> None:
    assert choose_seat(strategy, "business", [seat(1, queue="general")]) is None
    assert choose_seat(strategy, "business", []) is None
    both = [seat(1, queue="general", idle=1), seat(2, idle=99, offered=99, level=9)]
    found = choose_seat(strategy, "business", both)
    assert found is not None
    assert found.id == 2


@pytest.mark.parametrize(
    ("position", "staffed", "talk_s", "wrap_s", "expected"),
    [
        (1, 1, 180.0, 30.0, 210.0),
        (2, 1, 180.0, 30.0, 420.0),
        (1, 2, 180.0, 30.0, 105.0),
        (10, 5, 100.0, 0.0, 200.0),
        (1, 0, 180.0, 30.0, None),
        (1, -1, 180.0, 30.0, None),
    ],
)
def test_the_expected_wait(
    position: int, staffed: int, talk_s: float, wrap_s: float, expected: float | None
) -> None:
    assert expected_wait_s(position, staffed, talk_s, wrap_s) == expected


@given(st.integers(1, 100), st.integers(1, 50), st.floats(1, 1000), st.floats(0, 100))
def test_further_back_waits_longer_and_more_seats_shorten_it(
    position: int, staffed: int, talk_s: float, wrap_s: float
) -> None:
    here = expected_wait_s(position, staffed, talk_s, wrap_s)
    behind = expected_wait_s(position + 1, staffed, talk_s, wrap_s)
    helped = expected_wait_s(position, staffed + 1, talk_s, wrap_s)
    assert here is not None
    assert behind is not None
    assert helped is not None
    assert helped < here < behind


@pytest.mark.parametrize(
    ("waited_s", "told", "due"),
    [(0, 0, 15), (0, 1, 45), (0, 2, 75), (50, 1, 50), (14, 0, 15), (15, 0, 15)],
)
def test_when_the_position_is_told_next(waited_s: float, told: int, due: float) -> None:
    assert next_deadline_s(QUEUE, waited_s, told) == due


@pytest.mark.parametrize(
    ("waited_s", "told"), [(0, 0), (14.9, 0), (15, 1), (44.9, 1), (45, 2), (74.9, 2), (150, 5)]
)
def test_how_often_it_is_to_have_been_told(waited_s: float, told: int) -> None:
    assert told_by(QUEUE, waited_s) == told


@given(st.floats(0, 10_000))
def test_after_what_is_due_was_told_nothing_is_overdue(waited_s: float) -> None:
    assert next_deadline_s(QUEUE, 0.0, told_by(QUEUE, waited_s)) > waited_s - 1e-6
