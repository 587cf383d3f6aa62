"""Which seat, and which caller. Pure: what is known goes in, a choice comes out.

One number orders the callers of a queue, the moment they began to wait, so that a
restart or a seat that did not answer costs nobody his place.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from config.model import Queue, Strategy
from floor.seats import Seat


class Waiting(Protocol):
    """What the policy needs to know of a caller who waits."""

    @property
    def waiting_since_ms(self) -> int: ...

    @property
    def queues(self) -> tuple[str, ...]: ...


def choose_seat(strategy: Strategy, queue: str, seats: Iterable[Seat]) -> Seat | None:
    """The seat to ring out of those that are free and have the skill; None of none.

    longest_idle: who has been free longest. round_robin: who was offered a call longest
    ago, answered or not. skill_level: the best level, then the longest idle.
    """

    def order(seat: Seat) -> tuple[int, int, int]:
        idle = seat.idle_since_ms or seat.since_ms
        if strategy == "round_robin":
            return (0, seat.offered_ms, seat.id)
        level = seat.skills[queue] if strategy == "skill_level" else 0
        return (level, idle, seat.id)

    return min((s for s in seats if queue in s.skills), key=order, default=None)


def expected_wait_s(
    position: int, staffed: int, mean_talk_s: float, mean_wrap_up_s: float
) -> float | None:
    """How long the caller at `position` (1 = next) may expect to wait, in seconds.

    With n staffed seats, each busy for a mean of t, one comes free every t/n; the
    caller needs `position` of them. None when nobody is staffed: then nothing honest
    can be said.
    """
    if staffed <= 0:
        return None
    return position * (mean_talk_s + mean_wrap_up_s) / staffed


def told_by(queue: Queue, waited_s: float) -> int:
    """How many times the position is to have been told after so many seconds of waiting.

    Who comes back after a restart is told once where he stands, not once for each time missed.
    """
    if waited_s < queue.announce_first_s:
        return 0
    return 1 + int((waited_s - queue.announce_first_s) // queue.announce_every_s)


def next_deadline_s(queue: Queue, waited_s: float, told: int) -> float:
    """After how many seconds of waiting the position is told again, having been told `told` times.

    Args:
        waited_s: waited so far; the answer is never before it.
    """
    due = queue.announce_first_s + told * queue.announce_every_s
    return max(due, waited_s)
