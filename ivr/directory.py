"""Which channel belongs to which call: the way of every event to its inbox.

`on_event` is called by the ARI client for each event, in order, and must be quick.
"""

from __future__ import annotations

from collections.abc import Callable

from ivr import ari
from ivr.inbox import (
    CalleeAnswered,
    Gone,
    Happening,
    InHand,
    NextSentence,
    PartySpoken,
    Pressed,
    SeatAnswered,
    SeatGone,
    Spoken,
)

HUNG_UP = 16
"""Q.850: normal clearing."""

AWAY = ("UNAVAILABLE", "INVALID")
"""States of a telephone that can't be rung."""

Arrived = Callable[[ari.StasisStart], None]
PhoneChanged = Callable[[str, bool], None]
Stray = Callable[[str], None]


class Directory:
    """Channels and their calls.

    Args:
        arrived: a caller came into the application.
        phone_changed: a telephone (endpoint name) can be rung, or no longer; said at every call too.
        stray: somebody picked up for a call that is no longer there.
    """

    def __init__(self, arrived: Arrived, phone_changed: PhoneChanged, stray: Stray) -> None:
        self._stray = stray
        self._arrived = arrived
        self._phone_changed = phone_changed
        self._callers: dict[str, InHand] = {}
        self._seats: dict[str, InHand] = {}
        self._by_id: dict[str, InHand] = {}
        self._awaited: dict[str, list[Happening]] = {}

    # --- who is there ---

    def expect(self, channel: str) -> None:
        """A caller's call is about to be written down: keep what happens to him meanwhile."""
        self._awaited[channel] = []

    def expects(self, channel: str) -> bool:
        """Whether this caller's call is just being written down."""
        return channel in self._awaited

    def expect_no_more(self, channel: str) -> None:
        """Nothing came of it."""
        self._awaited.pop(channel, None)

    def enter(self, call: InHand) -> None:
        """A call is in our hands, with what happened to the caller since `expect`."""
        self._by_id[call.id] = call
        self._callers[call.channel.id] = call
        for happening in self._awaited.pop(call.channel.id, ()):
            call.put(happening)
        if call.seat_channel is not None:
            self._seats[call.seat_channel] = call
        for channel in call.legs:
            self._seats[channel] = call

    def forget(self, call: InHand) -> None:
        """The call is over."""
        self._by_id.pop(call.id, None)
        self._callers.pop(call.channel.id, None)
        for channel in [c for c, owner in self._seats.items() if owner is call]:
            del self._seats[channel]

    def add(self, seat_channel: str, call: InHand) -> None:
        """A seat is about to be rung for this call."""
        self._seats[seat_channel] = call

    def drop(self, seat_channel: str) -> None:
        """What that channel does concerns the call no longer."""
        self._seats.pop(seat_channel, None)

    def owner(self, channel: str) -> InHand | None:
        """The call that has this channel, as its caller or as somebody who was rung."""
        return self._seats.get(channel) or self._callers.get(channel)

    def call(self, call_id: str) -> InHand | None:
        return self._by_id.get(call_id)

    def calls(self) -> list[InHand]:
        return list(self._by_id.values())

    # --- events ---

    def on_event(self, event: ari.Event) -> None:
        """Bring an event to the call that it is about."""
        match event:
            case ari.ChannelDtmfReceived():
                self._tell_caller(event.channel.id, Pressed(event.digit))
            case ari.PlaybackFinished() | ari.PlaybackContinuing():
                self._played(event)
            case ari.StasisStart():
                self._started(event)
            case ari.StasisEnd() if event.channel.id not in self._seats:
                # Of the others only the end itself tells why.
                self._ended(event.channel.id, HUNG_UP)
            case ari.ChannelDestroyed():
                self._ended(event.channel.id, event.cause)
            case ari.DeviceStateChanged():
                device = event.device_state
                self._phone_changed(device.name.removeprefix("PJSIP/"), device.state not in AWAY)
            case _:
                pass

    def _tell_caller(self, channel: str, happening: Happening) -> None:
        if (call := self._callers.get(channel)) is not None:
            call.put(happening)
        elif (kept := self._awaited.get(channel)) is not None:
            kept.append(happening)

    def _played(self, event: ari.PlaybackFinished | ari.PlaybackContinuing) -> None:
        playback = event.playback
        channel = playback.target_uri.removeprefix("channel:")
        call = self._callers.get(channel)
        if call is None:
            party = self._seats.get(channel)
            if party is not None and isinstance(event, ari.PlaybackFinished):
                party.put(PartySpoken(channel))
            return
        if isinstance(event, ari.PlaybackFinished):
            call.put(Spoken(playback.id))
        else:
            call.put(NextSentence(playback.id))

    def _started(self, event: ari.StasisStart) -> None:
        match event.args[:1]:
            case ("seat" | "party",):
                if (call := self._seats.get(event.channel.id)) is not None:
                    call.put(SeatAnswered(event.channel.id))
                else:
                    self._stray(event.channel.id)
            case ("callee",):
                if (call := self._callers.get(event.channel.id)) is not None:
                    call.put(CalleeAnswered())
                else:
                    self._stray(event.channel.id)
            case ("snoop",):
                pass
            case _:
                self._arrived(event)

    def _ended(self, channel: str, cause: int) -> None:
        if (call := self._callers.pop(channel, None)) is not None:
            call.put(Gone(cause))
        elif (call := self._seats.pop(channel, None)) is not None:
            call.put(SeatGone(cause, channel))
        else:
            self._tell_caller(channel, Gone(cause))
