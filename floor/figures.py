"""The figures of one day, kept up by the changes of the feed. Pure: no clock, no database.

A caller is offered once, when he first asks for a person, to the queue where he asked; he counts
there however he is helped over later. His wait is decided when somebody answers, when he gives up,
or when it ends otherwise (a message left, a failure). Rates are shares of the decided ones:

- connect rate: answered of decided;
- within 15 s, 20 s: answered within that time of decided (who gives up quickly counts against us).

Talk and wrap-up are the times of seats: from the pick-up to the end of that seat's part, holding
and consulting included. A call that two seats served counts for each of them the time that it took;
who only listens counts nothing.

Whatever a change says replaces what was known of its call or seat, so a change seen twice or a
day read again counts once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from floor.calling_in import STAFFED

HOUR_MS = 3600 * 1000
BUSY = ("reserved", "ringing", "talking", "wrap_up")
PAUSED = ("paused", "no_answer")
TIMED = ("talking", "wrap_up")


class Hour(msgspec.Struct, frozen=True):
    hour: int
    offered: int
    answered: int
    abandoned: int


class SeatCounts(msgspec.Struct, frozen=True):
    free: int
    busy: int
    paused: int


class QueueFigures(msgspec.Struct, frozen=True):
    """One queue: now, and today. Rates are shares from 0 to 1; None while nothing is decided."""

    name: str
    label: str
    waiting: int
    longest_since_ms: int | None
    expected_wait_s: float | None
    offered: int
    answered: int
    abandoned: int
    connect_rate: float | None
    within_15: float | None
    within_20: float | None
    mean_wait_s: float | None
    mean_talk_s: float | None
    mean_wrap_up_s: float | None
    by_hour: list[Hour]
    seats: SeatCounts


@dataclass(slots=True)
class Seen:
    """What is known of one call. `agents` are the seats that served it."""

    queue: str
    queued_ms: int
    answered_ms: int | None = None
    outcome: str = "open"
    agents: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Chair:
    """What is known of one seat."""

    state: str
    since_ms: int
    call_id: str | None
    skills: frozenset[str]


@dataclass(slots=True)
class Tally:
    """The day of one queue."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    decided: int = 0
    within_15: int = 0
    within_20: int = 0
    wait_ms: int = 0
    times: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TIMED, 0))
    time_ms: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TIMED, 0))
    hours: list[list[int]] = field(default_factory=lambda: [[0, 0, 0] for _ in range(24)])

    def mean_s(self, state: str) -> float | None:
        """The mean of the seats' times in a state; None while there is none."""
        return _share(self.time_ms[state], self.times[state] * 1000)


class Day:
    """One day of all queues.

    Args:
        queues: name and label of each, in the order in which they are shown.
        date: the day.
        zone: where its hours are.
    """

    def __init__(self, queues: Mapping[str, str], date: dt.date, zone: dt.tzinfo) -> None:
        begin = dt.datetime.combine(date, dt.time(), zone)
        end = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), zone)
        self.date = date
        self.from_ms = int(begin.timestamp()) * 1000
        self.to_ms = int(end.timestamp()) * 1000
        self._zone = zone
        self._labels = dict(queues)
        self._tallies = {name: Tally() for name in queues}
        self._calls: dict[str, Seen] = {}
        self._waiting: dict[str, tuple[str, int]] = {}
        self._chairs: dict[int, Chair] = {}
        self._busy_since_ms: dict[str, int] = {}

    # --- what happens ---

    def see_call(self, data: Mapping[str, Any], at_ms: int) -> None:
        """A call as a change of the feed tells it."""
        queued_ms: int | None = data["queued_ms"]
        if data.get("direction", "in") != "in" or queued_ms is None:
            return
        self._see_waiting(data, at_ms)
        before = self._calls.get(data["call_id"])
        if before is None:
            queue = data.get("first_queue") or data["queue"]
            if queued_ms < self.from_ms or queue not in self._tallies:
                return
            before = self._calls[data["call_id"]] = Seen(queue, queued_ms)
            self._count(before, 1)
        self._count(before, -1)
        if before.answered_ms is None:
            # Afterwards a transfer may take him elsewhere: he was answered here.
            moved = data.get("first_queue")
            before.queue = moved if moved in self._tallies else before.queue
            before.answered_ms = data["talk_ms"]
        before.outcome = _outcome(before, data)
        before.agents |= _agents(data)
        self._count(before, 1)

    def see_seat(self, data: Mapping[str, Any], at_ms: int) -> None:
        """A seat as a change of the feed tells it."""
        skills = frozenset(skill["queue"] for skill in data["skills"])
        now = Chair(data["state"], data["since_ms"], data["call_id"], skills)
        before = self._chairs.get(data["id"])
        self._chairs[data["id"]] = now
        if before is not None and before.state in TIMED and before.state != now.state:
            self.time(data["id"], before.call_id, before.state, now.since_ms - before.since_ms)
        for queue in skills | (before.skills if before else frozenset()):
            self._see_free(queue, at_ms)

    def furnish(self, seats: Iterable[Mapping[str, Any]]) -> None:
        """The seats as they stand when the day is read.

        Since when none has been free is then known only roughly: since the last of them moved.
        """
        for data in seats:
            self.see_seat(data, data["since_ms"])
        for queue in self._busy_since_ms:
            moved = [c.since_ms for c in self._chairs.values() if queue in c.skills]
            self._busy_since_ms[queue] = max(moved, default=self.from_ms)

    def time(self, seat_id: int, call_id: str | None, state: str, lasted_ms: int) -> None:
        """A seat was in a state (talking, wrap_up) for a call for so long."""
        seen = self._calls.get(call_id) if call_id else None
        if seen is not None and seat_id in seen.agents and lasted_ms >= 0:
            tally = self._tallies[seen.queue]
            tally.times[state] += 1
            tally.time_ms[state] += lasted_ms

    def _see_waiting(self, data: Mapping[str, Any], at_ms: int) -> None:
        call_id = data["call_id"]
        if data["stage"] != "waiting" or data["ended_ms"] is not None:
            self._waiting.pop(call_id, None)
            return
        # After a talk he waits from now on, whenever he first began.
        began_ms = at_ms if data["talk_ms"] is not None else data["queued_ms"]
        since_ms = data.get("waiting_ms") or self._waiting.get(call_id, ("", began_ms))[1]
        self._waiting[call_id] = (data["queue"], since_ms)

    def _see_free(self, queue: str, at_ms: int) -> None:
        if self._count_seats(queue).free:
            self._busy_since_ms.pop(queue, None)
        else:
            self._busy_since_ms.setdefault(queue, at_ms)

    def _count(self, call: Seen, by: int) -> None:
        tally = self._tallies[call.queue]
        hour = tally.hours[dt.datetime.fromtimestamp(call.queued_ms / 1000, self._zone).hour]
        tally.offered += by
        hour[0] += by
        if call.outcome == "open":
            return
        tally.decided += by
        if call.outcome == "answered" and call.answered_ms is not None:
            wait_ms = call.answered_ms - call.queued_ms
            tally.answered += by
            hour[1] += by
            tally.wait_ms += by * wait_ms
            tally.within_15 += by * (wait_ms <= 15_000)
            tally.within_20 += by * (wait_ms <= 20_000)
        elif call.outcome == "abandoned":
            tally.abandoned += by
            hour[2] += by

    # --- what is asked ---

    def figures(self, talk_guess_s: float, wrap_up_guess_s: float) -> list[QueueFigures]:
        """The figures of every queue. The guesses are for a day that has seen no talk yet."""
        return [self._of(queue, talk_guess_s, wrap_up_guess_s) for queue in self._tallies]

    def no_free_since_ms(self, queue: str) -> int | None:
        """Since when no seat of the queue has been free; None when one is."""
        if self._count_seats(queue).free:
            return None
        return self._busy_since_ms.get(queue, self.from_ms)

    def staffed(self, queue: str) -> int:
        """Seats of this queue at their telephones."""
        return sum(c.state in STAFFED and queue in c.skills for c in self._chairs.values())

    def _of(self, queue: str, talk_guess_s: float, wrap_up_guess_s: float) -> QueueFigures:
        tally = self._tallies[queue]
        waiting = [since for where, since in self._waiting.values() if where == queue]
        seats = self._count_seats(queue)
        talk_s = tally.mean_s("talking")
        wrap_up_s = tally.mean_s("wrap_up")
        handle_s = (talk_guess_s if talk_s is None else talk_s) + (
            wrap_up_guess_s if wrap_up_s is None else wrap_up_s
        )
        expected_s: float | None = None
        if seats.free and not waiting:
            expected_s = 0.0
        elif staffed := self.staffed(queue):
            # As callers are told (ivr.policy): with n seats one comes free every handle/n.
            expected_s = round((len(waiting) + 1) * handle_s / staffed, 1)
        return QueueFigures(
            name=queue,
            label=self._labels[queue],
            waiting=len(waiting),
            longest_since_ms=min(waiting, default=None),
            expected_wait_s=expected_s,
            offered=tally.offered,
            answered=tally.answered,
            abandoned=tally.abandoned,
            connect_rate=_share(tally.answered, tally.decided),
            within_15=_share(tally.within_15, tally.decided),
            within_20=_share(tally.within_20, tally.decided),
            mean_wait_s=_share(tally.wait_ms, tally.answered * 1000),
            mean_talk_s=talk_s,
            mean_wrap_up_s=wrap_up_s,
            by_hour=[Hour(hour, *counts) for hour, counts in enumerate(tally.hours)],
            seats=seats,
        )

    def _count_seats(self, queue: str) -> SeatCounts:
        states = [chair.state for chair in self._chairs.values() if queue in chair.skills]
        return SeatCounts(
            sum(state == "available" for state in states),
            sum(state in BUSY for state in states),
            sum(state in PAUSED for state in states),
        )


def _outcome(call: Seen, data: Mapping[str, Any]) -> str:
    if call.answered_ms is not None:
        return "answered"
    if data["ended_ms"] is None:
        return "other" if data["stage"] == "message" else "open"
    return "abandoned" if data["end_reason"] == "abandoned_in_queue" else "other"


def _agents(data: Mapping[str, Any]) -> set[int]:
    """The seats that serve the call, not those that listen or advise."""
    parties: Iterable[Mapping[str, Any]] = data.get("parties") or ()
    found = {party["seat_id"] for party in parties if party["role"] == "agent"}
    found |= {data.get("seat_id"), data.get("owner_seat_id")}
    found.discard(None)
    return found


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
