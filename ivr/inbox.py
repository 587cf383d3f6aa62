"""What can happen to a call, and what the queue and the directory need to know of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from floor.calls import Call
from floor.requests import Request
from floor.seats import Seat
from ivr import ari


@dataclass(frozen=True, slots=True)
class Offered:
    """The queue offers a seat."""

    seat: Seat


@dataclass(frozen=True, slots=True)
class SeatAnswered:
    """The seat's channel is up and in our application."""


@dataclass(frozen=True, slots=True)
class SeatGone:
    """The seat's channel is gone, or never came to be. `cause` is Q.850; 0 is unknown."""

    cause: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt has ended; `playback` names which."""

    playback: str


@dataclass(frozen=True, slots=True)
class NextSentence:
    """A prompt of several sentences goes on with its next."""

    playback: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A person asks for something: a button in the console."""

    request: Request


@dataclass(frozen=True, slots=True)
class Gone:
    """The caller's channel is gone."""

    cause: int


Happening = Offered | SeatAnswered | SeatGone | Pressed | Spoken | NextSentence | Asked | Gone


class InHand(Protocol):
    """A call in the controller's hands, as seen by whoever has something to tell it."""

    id: str
    row: Call
    channel: ari.Channel
    seat_channel: str | None
    ends_because: str | None

    def put(self, happening: Happening) -> None:
        """Something happened. Never blocks."""
        ...
