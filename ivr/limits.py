"""How long anything may take in a conversation: a ringing, a notice, a seat that was lost."""

from __future__ import annotations

from collections.abc import Callable

from config.model import Talk
from ivr.conversation import Conversation, Leg

RING_GRACE_S = 3.0
"""Asterisk ends a ringing itself; only when it says nothing do we."""

LOOK_AGAIN_S = 1.0
"""How often it is looked whether a lost telephone is there again, beside being told so."""


class Limits:
    """The limits of one conversation, by the loop's clock (seconds).

    Args:
        clock: the loop's time.
        notice_s: how long the notice to somebody about to join is.
    """

    def __init__(self, settings: Talk, notice_s: float, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._notice_s = notice_s
        self._clock = clock
        self._until: dict[tuple[str, str], float] = {}
        """Whoever rings or hears the notice does so until then, by leg and place."""
        self._lost_until: float | None = None

    def follow(self, now: Conversation) -> None:
        """The conversation stands so from here on."""
        coming = [leg for leg in now.legs if leg.place in ("ringing", "announcing")]
        at = self._clock()
        limits = {(leg.id, leg.place): at + self._limit_s(leg) + RING_GRACE_S for leg in coming}
        self._until = {key: self._until.get(key, limit) for key, limit in limits.items()}
        if now.lost_seat is None:
            self._lost_until = None
        elif self._lost_until is None:
            self._lost_until = at + self._settings.lost_seat_s

    def _limit_s(self, leg: Leg) -> float:
        if leg.place == "announcing":
            return self._notice_s
        if leg.role == "other":
            return self._settings.consult_ring_s
        return self._settings.transfer_ring_s

    def next_due(self, now: Conversation, *, unsure: bool) -> float | None:
        """When the clock has something to say; None for never."""
        due = list(self._until.values())
        if self._lost_until is not None and not rings_agent(now):
            due.append(self._lost_until)
            if now.state == "lost":
                due.append(self._clock() + LOOK_AGAIN_S)
        if unsure:
            due.append(self._clock() + LOOK_AGAIN_S)
        return min(due, default=None)

    def take_due(self) -> tuple[str, str] | None:
        """A leg whose ringing or notice has taken too long, with its place; said once."""
        at = self._clock()
        found = next((key for key, until in self._until.items() if at >= until), None)
        if found is not None:
            del self._until[found]
        return found

    def gave_up(self, now: Conversation) -> bool:
        """Whether a lost seat has been waited for long enough."""
        if self._lost_until is None or rings_agent(now):
            return False
        return self._clock() >= self._lost_until


def rings_agent(now: Conversation) -> bool:
    """Her time may run out while her telephone rings: that ring she still has."""
    return now.agent is not None and now.agent.place == "ringing"
