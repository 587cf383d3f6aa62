"""How many seats a queue needs now and in the next hours: the forecast. Pure.

What is expected is the profile of like days in past weeks (of the same weekday, or of Sundays for a
holiday; weighted towards the newer ones, smoothed over neighbouring intervals) times the level of
today, told by the calls of the last minutes. Level times profile is the model of Weinberg, Brown and Stroud, *Bayesian forecasting of an
inhomogeneous Poisson process with applications to call center data* (JASA 102, 2007), in its
simplest form: a gamma prior for the level, so that its mean after n calls where e were expected is
(n + k) / (e + k).

Out of the calls and the time that a call takes a seat, Erlang C (`floor.erlang`) says how many
seats are needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from config.model import Staffing
from floor import erlang

HOUR_MS = 3600 * 1000
MINUTE_MS = 60 * 1000

WEEK_WEIGHT = 0.75
"""What a week counts for against the week after it."""
SMOOTHING = (0.25, 0.5, 0.25)
LEVEL_CALLS = 20.0
"""k: levels of days are taken to differ by 1/sqrt(k), 22 %, before the day has said anything."""
LEVEL_HALVES_H = 2.0
"""A busy morning says less of the afternoon: half of the surplus is left after so long."""
TALKS = 20.0
"""So many talks of today count as much as all that was known before."""
FIRST_TALKS = 5.0


@dataclass(frozen=True, slots=True)
class Times:
    """So many durations, and their sum in seconds."""

    count: int = 0
    total_s: float = 0.0


@dataclass(frozen=True, slots=True)
class History:
    """Calls of past weeks, counted in intervals.

    `weeks[k][i]` are the calls that came on the k-th newest day that tells of its day (most often
    k + 1 weeks before), in the interval which begins at `from_ms + i * slot_ms`. A week without any
    call says nothing: the line was not there yet.
    """

    from_ms: int
    slot_ms: int
    weeks: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one queue has seen: `calls` of the last `window_s`, talks and wrap-ups of today, and
    the talks of past weeks."""

    calls: int
    window_s: float
    talks: Times = Times()
    wrap_ups: Times = Times()
    past_talks: Times = Times()


@dataclass(frozen=True, slots=True)
class Slot:
    """One interval: `need` seats at their telephones; `roster` people, with those who are away."""

    from_ms: int
    calls: float
    talk_s: float
    need: int
    roster: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast of one queue. `load` in erlangs; times in seconds."""

    at_ms: int
    load: float
    level: float
    talk_s: float
    wrap_up_s: float
    need_now: int
    slots: tuple[Slot, ...]


def profile_of(weeks: Sequence[Sequence[int]]) -> tuple[float, ...]:
    """The calls to expect in each interval of an average week; empty when no week says anything."""
    spoken = [(WEEK_WEIGHT**k, week) for k, week in enumerate(weeks) if any(week)]
    if not spoken:
        return ()
    whole = sum(weight for weight, _ in spoken)
    mean = [
        sum(weight * week[i] for weight, week in spoken) / whole for i in range(len(spoken[0][1]))
    ]
    return _smoothed(mean)


def _smoothed(mean: Sequence[float]) -> tuple[float, ...]:
    """Each interval with a part of its neighbours; no call is lost or made."""
    before, own, after = SMOOTHING
    last = len(mean) - 1
    return tuple(
        before * mean[max(i - 1, 0)] + own * mean[i] + after * mean[min(i + 1, last)]
        for i in range(len(mean))
    )


def level_of(came: float, expected: float) -> float:
    """How busy today is against an average day (1.0)."""
    return (came + LEVEL_CALLS) / (expected + LEVEL_CALLS)


def blended(newer: Times, before_s: float, weight: float) -> float:
    """The mean of what is new and what was known before, which counts as `weight` durations."""
    return (newer.total_s + weight * before_s) / (newer.count + weight)


def seats_needed(calls: float, talk_s: float, wrap_up_s: float, how: Staffing) -> int:
    """Seats at their telephones that so many calls of one interval need.

    A seat is busy from its first ring to the end of its wrap-up; the caller's wait holds the
    ringing, so that much less of `within_s` is left for the queue.
    """
    handle_s = how.pick_up_s + talk_s + wrap_up_s
    load = erlang.load_of(calls, handle_s, how.interval_minutes * 60.0)
    left_s = max(0.0, how.within_s - how.pick_up_s)
    return erlang.agents_needed(load, handle_s, how.target, left_s)


def rostered(need: int, shrinkage: float) -> int:
    """How many people must be on the roster for so many to be at their telephones."""
    return math.ceil(need / (1.0 - shrinkage) - 1e-9)


def outlook(
    at_ms: int, history: History, seen: Seen, wrap_up_guess_s: float, how: Staffing
) -> Outlook:
    """The forecast of one queue at a moment.

    Args:
        wrap_up_guess_s: how long a wrap-up is taken to last while none has been seen.
    """
    profile = profile_of(history.weeks)
    interval_s = how.interval_minutes * 60.0
    expected = _within(profile, history, at_ms - int(seen.window_s * 1000), at_ms)
    level = level_of(seen.calls, expected) if profile else 1.0
    flat = seen.calls * interval_s / seen.window_s
    before_s = blended(seen.past_talks, how.first_talk_s, FIRST_TALKS)
    talk_s = blended(seen.talks, before_s, TALKS)
    wrap_up_s = blended(seen.wrap_ups, wrap_up_guess_s, FIRST_TALKS)

    def slot(from_ms: int) -> Slot:
        calls = flat
        if profile:
            ahead_h = max(0, from_ms - at_ms) / HOUR_MS
            lasting = 1.0 + (level - 1.0) * 0.5 ** (ahead_h / LEVEL_HALVES_H)
            calls = lasting * _at(profile, history, from_ms)
        need = seats_needed(calls, talk_s, wrap_up_s, how)
        return Slot(from_ms, calls, talk_s, need, rostered(need, how.shrinkage))

    slot_ms = history.slot_ms
    first_ms = at_ms - (at_ms - history.from_ms) % slot_ms
    ahead = math.ceil(how.hours_ahead * HOUR_MS / slot_ms)
    slots = tuple(slot(first_ms + i * slot_ms) for i in range(ahead))
    handle_s = how.pick_up_s + talk_s + wrap_up_s
    load = erlang.load_of(slots[0].calls, handle_s, interval_s)
    return Outlook(at_ms, load, level, talk_s, wrap_up_s, slots[0].need, slots)


def _at(profile: Sequence[float], history: History, at_ms: int) -> float:
    place = (at_ms - history.from_ms) // history.slot_ms
    return profile[place] if 0 <= place < len(profile) else 0.0


def _within(profile: Sequence[float], history: History, from_ms: int, to_ms: int) -> float:
    """The calls to expect between two moments."""
    total = 0.0
    for place, calls in enumerate(profile):
        begins_ms = history.from_ms + place * history.slot_ms
        shared_ms = min(to_ms, begins_ms + history.slot_ms) - max(from_ms, begins_ms)
        total += calls * max(0, shared_ms) / history.slot_ms
    return total
