"""The forecast: what past weeks and the last minutes make of the next hours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import load
from config.model import Staffing
from floor.staffing import (
    HOUR_MS,
    LEVEL_HALVES_H,
    MINUTE_MS,
    History,
    Outlook,
    Seen,
    Times,
    level_of,
    outlook,
    profile_of,
    rostered,
    seats_needed,
)

HOW: Staffing = load(environ={}).staffing
SLOT_MS = HOW.interval_minutes * MINUTE_MS
SLOTS = 49 * HOUR_MS // SLOT_MS
NOON_MS = 13 * HOUR_MS
TALKS = Times(40, 40 * 170.0)

weeks = st.lists(st.lists(st.integers(0, 60), min_size=8, max_size=8), min_size=1, max_size=5)


def even(calls: int, weeks: int = 4) -> History:
    """So many calls in every interval of every week."""
    return History(0, SLOT_MS, tuple((calls,) * SLOTS for _ in range(weeks)))


def looks(history: History, calls: int, at_ms: int = NOON_MS, **more: Times) -> Outlook:
    return outlook(at_ms, history, Seen(calls, HOW.recent_minutes * 60.0, **more), 30.0, HOW)


@given(weeks)
def test_a_profile_keeps_the_calls_and_lies_between_least_and_most(weeks: list[list[int]]) -> None:
    profile = profile_of(weeks)
    spoken = [week for week in weeks if any(week)]
    if not spoken:
        assert profile == ()
        return
    least = min(min(week) for week in spoken)
    most = max(max(week) for week in spoken)
    assert all(least - 1e-9 <= calls <= most + 1e-9 for calls in profile)
    totals = [sum(week) for week in spoken]
    assert min(totals) - 1e-6 <= sum(profile) <= max(totals) + 1e-6


def test_weeks_before_the_line_was_there_say_nothing() -> None:
    assert profile_of([(8, 8), (0, 0), (0, 0)]) == (8.0, 8.0)


@given(st.integers(1, 60), st.integers(1, 60))
def test_the_newer_week_counts_more(newer: int, older: int) -> None:
    (one, *_) = profile_of([(newer,) * 4, (older,) * 4])
    assert abs(one - newer) <= abs(one - older) + 1e-9


@given(st.floats(0, 500), st.floats(0, 500))
def test_the_level_lies_between_an_average_day_and_what_came(came: float, expected: float) -> None:
    level = level_of(came, expected)
    told = came / expected if expected else float("inf")
    assert min(1.0, told) - 1e-9 <= level <= max(1.0, told) + 1e-9


def test_an_average_day_is_expected_to_go_on_as_it_was() -> None:
    found = looks(even(20), calls=40)
    assert found.level == pytest.approx(1.0)
    assert [slot.calls for slot in found.slots] == pytest.approx([20.0] * len(found.slots))
    assert len(found.slots) == HOW.hours_ahead * HOUR_MS // SLOT_MS
    assert found.slots[0].from_ms <= NOON_MS < found.slots[0].from_ms + SLOT_MS


def test_a_busy_morning_raises_now_and_less_so_later() -> None:
    found = looks(even(20), calls=80)
    surplus = [slot.calls / 20.0 - 1.0 for slot in found.slots]
    assert surplus[0] == pytest.approx(found.level - 1.0)
    assert found.level == pytest.approx((80 + 20) / (40 + 20))
    assert surplus == sorted(surplus, reverse=True)
    later = round(LEVEL_HALVES_H * HOUR_MS / SLOT_MS)
    assert surplus[later] == pytest.approx(surplus[0] / 2, rel=1e-6)


def test_without_history_the_last_minutes_go_on() -> None:
    found = looks(even(0), calls=30)
    assert [slot.calls for slot in found.slots] == pytest.approx([15.0] * len(found.slots))
    assert found.need_now > 0


def test_nothing_known_needs_nobody() -> None:
    found = looks(History(0, SLOT_MS, ()), calls=0)
    assert (found.need_now, found.load) == (0, 0.0)
    assert {slot.need for slot in found.slots} == {0}


def test_times_of_today_outweigh_what_was_known() -> None:
    before = looks(even(20), 40).talk_s
    assert before == HOW.first_talk_s
    known = looks(even(20), 40, past_talks=Times(400, 400 * 100.0)).talk_s
    assert 100.0 < known < 102.0
    today = looks(even(20), 40, past_talks=Times(400, 400 * 100.0), talks=Times(20, 20 * 300.0))
    assert today.talk_s == pytest.approx((300.0 + known) / 2)
    assert today.need_now > looks(even(20), 40, past_talks=Times(400, 400 * 100.0)).need_now
    assert looks(even(20), 40, wrap_ups=Times(5, 5 * 90.0)).wrap_up_s == pytest.approx(60.0)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 240))
def test_more_calls_never_need_fewer_seats(base: int, more: int, came: int) -> None:
    fewer = looks(even(base), came, talks=TALKS)
    busier = looks(even(base + more), came + 2 * more, talks=TALKS)
    assert busier.need_now >= fewer.need_now or base == 0


@given(st.integers(0, 100), st.floats(0.0, 0.8))
def test_a_roster_leaves_enough_when_its_share_is_away(need: int, shrinkage: float) -> None:
    people = rostered(need, shrinkage)
    assert people * (1.0 - shrinkage) >= need - 1e-6
    assert (people - 1) * (1.0 - shrinkage) < need or people == 0


def test_ringing_counts_as_wait_and_as_work() -> None:
    slow = replace(HOW, pick_up_s=12.0)
    assert seats_needed(40, 170, 30, slow) > seats_needed(40, 170, 30, replace(HOW, pick_up_s=0.0))
