"""Erlang C against published values, against itself, and against a queue that is simulated."""

from __future__ import annotations

import heapq
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.erlang import (
    agents_needed,
    erlang_b,
    erlang_c,
    load_of,
    mean_wait_s,
    service_level,
)

loads = st.floats(0.01, 150.0)
agents = st.integers(1, 200)
talks = st.floats(5.0, 1200.0)
targets = st.floats(0.5, 0.999)
limits = st.floats(0.0, 120.0)


@pytest.mark.parametrize(
    ("load", "n", "blocked"),
    # A = 1, n = 1 and 2 by hand: 1/2, 1/5; the others from tables of the loss formula.
    [(1.0, 1, 0.5), (1.0, 2, 0.2), (2.0, 3, 4 / 19), (5.0, 10, 0.01838), (10.0, 10, 0.21458)],
)
def test_loss_formula(load: float, n: int, blocked: float) -> None:
    assert erlang_b(load, n) == pytest.approx(blocked, abs=5e-6)


@pytest.mark.parametrize(
    ("load", "n", "waits"),
    # One server waits with its own load; two with 2 rho^2 / (1 + rho), rho = load / 2.
    [(0.5, 1, 0.5), (1.0, 2, 1 / 3), (1.5, 2, 9 / 14), (0.0, 3, 0.0), (3.0, 3, 1.0), (4.0, 3, 1.0)],
)
def test_delay_formula(load: float, n: int, waits: float) -> None:
    assert erlang_c(load, n) == pytest.approx(waits, abs=1e-9)


@given(loads, agents)
def test_delay_formula_is_the_sum_it_stands_for(load: float, n: int) -> None:
    """A^n/n! · n/(n-A) / (sum A^k/k! + A^n/n! · n/(n-A)), in logarithms."""
    if load >= n:
        assert erlang_c(load, n) == 1.0
        return
    top = n * math.log(load) - math.lgamma(n + 1) + math.log(n / (n - load))
    terms = [k * math.log(load) - math.lgamma(k + 1) for k in range(n)]
    highest = max(top, *terms)
    below = sum(math.exp(term - highest) for term in terms) + math.exp(top - highest)
    assert erlang_c(load, n) == pytest.approx(math.exp(top - highest) / below, rel=1e-9)


@given(loads, talks, targets, limits)
def test_needed_agents_reach_the_target_and_one_fewer_does_not(
    load: float, talk_s: float, target: float, within_s: float
) -> None:
    n = agents_needed(load, talk_s, target, within_s)
    assert service_level(load, n, talk_s, within_s) >= target
    assert n > load
    assert service_level(load, n - 1, talk_s, within_s) < target


@given(loads, st.floats(1.0, 2.0), talks, targets, limits)
def test_more_load_never_needs_fewer(
    load: float, factor: float, talk_s: float, target: float, within_s: float
) -> None:
    more = agents_needed(load * factor, talk_s, target, within_s)
    assert more >= agents_needed(load, talk_s, target, within_s)


@given(loads, loads, talks, targets, limits)
def test_one_large_floor_needs_no_more_than_two_small_ones(
    one: float, other: float, talk_s: float, target: float, within_s: float
) -> None:
    apart = [agents_needed(load, talk_s, target, within_s) for load in (one, other)]
    assert agents_needed(one + other, talk_s, target, within_s) <= sum(apart)


@given(loads, agents, talks)
def test_mean_wait_is_the_integral_of_those_who_still_wait(
    load: float, n: int, talk_s: float
) -> None:
    if load >= n:
        assert mean_wait_s(load, n, talk_s) == math.inf
        return
    # The tail falls exponentially: its integral is its value at 0 times the time in which it falls.
    falls_s = talk_s / (n - load)
    tail = 1.0 - service_level(load, n, talk_s, 0.0)
    assert mean_wait_s(load, n, talk_s) == pytest.approx(tail * falls_s)


def test_a_simulated_queue_waits_as_the_formula_says() -> None:
    load, n, talk_s, within_s = 8.0, 10, 180.0, 15.0
    dice = random.Random(20261122)
    free = [0.0] * n
    now, quick, waited_s, calls = 0.0, 0, 0.0, 200_000
    for _ in range(calls):
        now += dice.expovariate(load / talk_s)
        begins = max(now, heapq.heappop(free))
        heapq.heappush(free, begins + dice.expovariate(1 / talk_s))
        quick += begins - now <= within_s
        waited_s += begins - now
    assert quick / calls == pytest.approx(service_level(load, n, talk_s, within_s), abs=0.01)
    assert waited_s / calls == pytest.approx(mean_wait_s(load, n, talk_s), rel=0.07)


def test_nothing_to_do_needs_nobody() -> None:
    assert agents_needed(0.0, 180.0) == 0
    assert agents_needed(load_of(30, 180, 1800), 180.0) > 3


@pytest.mark.parametrize(
    ("load", "talk_s", "target", "within_s"),
    [
        (-1.0, 180.0, 0.95, 15.0),
        (math.inf, 180.0, 0.95, 15.0),
        (math.nan, 180.0, 0.95, 15.0),
        (1.0, 180.0, 1.0, 15.0),
        (1.0, 180.0, 0.0, 15.0),
        (1.0, -1.0, 0.95, 15.0),
        (1.0, 180.0, 0.95, -1.0),
        (10_000.0, 180.0, 0.95, 15.0),
    ],
)
def test_nonsense_is_refused(load: float, talk_s: float, target: float, within_s: float) -> None:
    with pytest.raises(ValueError):
        agents_needed(load, talk_s, target, within_s)
