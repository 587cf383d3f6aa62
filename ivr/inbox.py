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
    """The channel of a seat, or of another who was rung, is up and in our application."""

    channel: str = ""


@dataclass(frozen=True, slots=True)
class SeatGone:
    """That channel is gone, or never came to be. `cause` is Q.850; 0 is unknown."""

    cause: int
    channel: str = ""


@dataclass(frozen=True, slots=True)
class CalleeAnswered:
    """The person whom we called picked up."""


@dataclass(frozen=True, slots=True)
class PartySpoken:
    """The notice to somebody about to join has ended."""

    channel: str


@dataclass(frozen=True, slots=True)
class PhoneBack:
    """The telephone of a seat that this call has registered again."""

    seat_id: int


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


Happening = (
    Offered
    | SeatAnswered
    | SeatGone
    | CalleeAnswered
    | PartySpoken
    | PhoneBack
    | Pressed
    | Spoken
    | NextSentence
    | Asked
    | Gone
)


class InHand(Protocol):
    """A call in the controller's hands, as seen by whoever has something to tell it."""

    id: str
    row: Call
    channel: ari.Channel
    seat_channel: str | None
    legs: set[str]
    ends_because: str | None

    def put(self, happening: Happening) -> None:
        """Something happened. Never blocks."""
        ...
