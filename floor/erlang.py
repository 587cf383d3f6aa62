"""Erlang C: how many seats a load of calls needs, and how long callers wait. Pure.

The formula of a queue with Poisson arrivals, n equal seats and nobody who gives up (M/M/n):
A. K. Erlang, *Solution of some problems in the theory of probabilities of significance in
automatic telephone exchanges* (1917), in English in Brockmeyer, Halstrøm and Jensen, *The life and
works of A. K. Erlang* (1948); the recurrence for Erlang B, exact and without factorials, is in
R. B. Cooper, *Introduction to queueing theory* (2nd ed. 1981), chapter 3.

Callers who give up make the true wait shorter than this, so that the answer is on the safe side.

Units: the load in erlangs (calls a second times seconds a call), times in seconds.
"""

from __future__ import annotations

import math

MOST_AGENTS = 5000
"""Nobody has a floor so large; a load beyond it is a mistake of the caller."""


def load_of(calls: float, handle_s: float, interval_s: float) -> float:
    """The load of so many calls in an interval, each of `handle_s`, in erlangs."""
    return calls * handle_s / interval_s


def erlang_b(load: float, agents: int) -> float:
    """The share of calls that find all seats taken when nobody waits (loss system)."""
    _checked(load, agents)
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(load: float, agents: int) -> float:
    """The share of callers who have to wait at all; 1 when the load is not carried."""
    _checked(load, agents)
    if load == 0.0:
        return 0.0 if agents else 1.0
    if load >= agents:
        return 1.0
    return _waits(erlang_b(load, agents), load, agents)


def service_level(load: float, agents: int, handle_s: float, within_s: float) -> float:
    """The share of callers answered within `within_s`, 0 to 1."""
    if load >= agents:
        return 0.0
    return _level(erlang_c(load, agents), load, agents, handle_s, within_s)


def mean_wait_s(load: float, agents: int, handle_s: float) -> float:
    """The mean wait of all callers (those who need not wait included); infinite when the load is
    not carried."""
    if load >= agents:
        return math.inf
    return erlang_c(load, agents) * handle_s / (agents - load)


def agents_needed(
    load: float, handle_s: float, target: float = 0.95, within_s: float = 15.0
) -> int:
    """The fewest seats with which the share `target` is answered within `within_s`.

    0 for no load. Raises ValueError for a target outside of (0, 1), a negative time or load, or a
    load that no floor carries.
    """
    if not 0.0 < target < 1.0:
        raise ValueError("the target is a share between 0 and 1")
    if handle_s < 0.0 or within_s < 0.0:
        raise ValueError("times are not negative")
    _checked(load, 0)
    if load == 0.0 or handle_s == 0.0:
        return 0
    blocked = 1.0
    for n in range(1, MOST_AGENTS + 1):
        blocked = load * blocked / (n + load * blocked)
        if n > load and (_level(_waits(blocked, load, n), load, n, handle_s, within_s) >= target):
            return n
    raise ValueError("a load that no floor carries")


def _waits(blocked: float, load: float, agents: int) -> float:
    """Erlang C out of Erlang B."""
    busy = load / agents
    return blocked / (1.0 - busy * (1.0 - blocked))


def _level(waits: float, load: float, agents: int, handle_s: float, within_s: float) -> float:
    if handle_s <= 0.0:
        return 1.0
    return 1.0 - waits * math.exp(-(agents - load) * within_s / handle_s)


def _checked(load: float, agents: int) -> None:
    if not math.isfinite(load) or load < 0.0 or agents < 0:
        raise ValueError("a load is a finite number of erlangs, not negative; seats likewise")
