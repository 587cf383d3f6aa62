"""Events, typed; and how a message becomes one.

A class bears the name of Asterisk's event type. An unknown type becomes ``UnknownEvent``, and
so does a known one that does not fit its description: no event is ever lost to a decoder.
``resources()`` names the ids that an event is about; streams are filtered by it.
"""

from typing import Any

import msgspec
from msgspec import Struct

from .models import (
    BridgeData,
    ChannelData,
    ContactData,
    DeviceStateData,
    EndpointData,
    PeerData,
    PlaybackData,
    RecordingData,
    ReferredBy,
    ReferTo,
)

_CHANNEL = ChannelData()
_BRIDGE = BridgeData()
_PLAYBACK = PlaybackData()
_RECORDING = RecordingData()
_ENDPOINT = EndpointData()


def _ids(*things: ChannelData | BridgeData | None) -> tuple[str, ...]:
    return tuple(thing.id for thing in things if thing is not None)


class Event(Struct, frozen=True, gc=False):
    """Base of all events. ``timestamp`` is Asterisk's own, ISO 8601."""

    application: str = ""
    timestamp: str = ""

    def resources(self) -> tuple[str, ...]:
        """The ids of the things that this event is about."""
        return ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {' '.join(self.resources())}>"


class EventsLost(Event, frozen=True, gc=False):
    """Of our own making: the connection was lost and is back. Read again, and settle."""


class UnknownEvent(Event, frozen=True, gc=False):
    """An event whose type, or shape, this package does not know."""

    type: str = ""
    raw: bytes = b""
    about: tuple[str, ...] = ()

    def resources(self) -> tuple[str, ...]:
        return self.about


class Typed(Event, frozen=True, gc=False, tag_field="type", tag=True):
    """Base of the events that come from Asterisk and have a class."""


# --- about a channel ----------------------------------------------------------------------


class ChannelEvent(Typed, frozen=True, gc=False):
    """Base of the events about one channel."""

    channel: ChannelData = _CHANNEL

    def resources(self) -> tuple[str, ...]:
        return (self.channel.id,)


class StasisStart(ChannelEvent, frozen=True, gc=False):
    """A channel has come into the application; after a transfer it replaces another."""

    args: tuple[str, ...] = ()
    replace_channel: ChannelData | None = None

    def resources(self) -> tuple[str, ...]:
        if self.replace_channel is None:
            return (self.channel.id,)
        return (self.channel.id, self.replace_channel.id)


class StasisEnd(ChannelEvent, frozen=True, gc=False):
    """A channel has left the application; it may live on in the dialplan."""


class ChannelCreated(ChannelEvent, frozen=True, gc=False):
    pass


class ChannelDestroyed(ChannelEvent, frozen=True, gc=False):
    """The end of a channel. ``cause`` is Q.850; ``tech_cause`` of PJSIP is the SIP status."""

    cause: int = 0
    cause_txt: str = ""
    tech_cause: int = 0


class ChannelStateChange(ChannelEvent, frozen=True, gc=False):
    pass


class ChannelHangupRequest(ChannelEvent, frozen=True, gc=False):
    cause: int = 0
    tech_cause: int = 0
    soft: bool = False


class ChannelDtmfReceived(ChannelEvent, frozen=True, gc=False):
    digit: str = ""
    duration_ms: int = 0


class ChannelVarset(Typed, frozen=True, gc=False):
    """A variable was set; without a channel it is a global one."""

    variable: str = ""
    value: str = ""
    channel: ChannelData | None = None

    def resources(self) -> tuple[str, ...]:
        return _ids(self.channel)


class ChannelDialplan(ChannelEvent, frozen=True, gc=False):
    dialplan_app: str = ""


class ChannelCallerId(ChannelEvent, frozen=True, gc=False):
    caller_presentation: int = 0


class ChannelConnectedLine(ChannelEvent, frozen=True, gc=False):
    pass


class ChannelHold(ChannelEvent, frozen=True, gc=False):
    musicclass: str = ""


class ChannelUnhold(ChannelEvent, frozen=True, gc=False):
    pass


class ChannelTalkingStarted(ChannelEvent, frozen=True, gc=False):
    pass


class ChannelTalkingFinished(ChannelEvent, frozen=True, gc=False):
    duration: int = 0


class ChannelToneDetected(ChannelEvent, frozen=True, gc=False):
    pass


class ApplicationMoveFailed(ChannelEvent, frozen=True, gc=False):
    destination: str = ""
    args: tuple[str, ...] = ()


class ChannelUserevent(Typed, frozen=True, gc=False):
    eventname: str = ""
    userevent: dict[str, Any] = {}
    channel: ChannelData | None = None
    bridge: BridgeData | None = None

    def resources(self) -> tuple[str, ...]:
        return _ids(self.channel, self.bridge)


class Dial(Typed, frozen=True, gc=False):
    """``dialstatus``: empty at the start, then RINGING, PROGRESS, ANSWER, BUSY, NOANSWER,
    CANCEL, CONGESTION, CHANUNAVAIL."""

    caller: ChannelData | None = None
    peer: ChannelData = _CHANNEL
    forwarded: ChannelData | None = None
    dialstatus: str = ""

    def resources(self) -> tuple[str, ...]:
        if self.caller is None and self.forwarded is None:
            return (self.peer.id,)
        return _ids(self.peer, self.caller, self.forwarded)


class ChannelTransfer(Typed, frozen=True, gc=False):
    """A telephone asks for a transfer by REFER and the application is to carry it out."""

    state: str = ""
    refer_to: ReferTo = ReferTo()
    referred_by: ReferredBy = ReferredBy()

    def resources(self) -> tuple[str, ...]:
        by, to = self.referred_by, self.refer_to
        return _ids(
            by.source_channel,
            by.connected_channel,
            by.bridge,
            to.destination_channel,
            to.connected_channel,
            to.bridge,
        )


# --- about a bridge -----------------------------------------------------------------------


class BridgeEvent(Typed, frozen=True, gc=False):
    """Base of the events about one bridge."""

    bridge: BridgeData = _BRIDGE

    def resources(self) -> tuple[str, ...]:
        return (self.bridge.id,)


class BridgeCreated(BridgeEvent, frozen=True, gc=False):
    pass


class BridgeDestroyed(BridgeEvent, frozen=True, gc=False):
    pass


class BridgeMerged(BridgeEvent, frozen=True, gc=False):
    bridge_from: BridgeData = _BRIDGE

    def resources(self) -> tuple[str, ...]:
        return (self.bridge.id, self.bridge_from.id)


class ChannelEnteredBridge(BridgeEvent, frozen=True, gc=False):
    channel: ChannelData | None = None

    def resources(self) -> tuple[str, ...]:
        return _ids(self.channel, self.bridge)


class ChannelLeftBridge(BridgeEvent, frozen=True, gc=False):
    channel: ChannelData = _CHANNEL

    def resources(self) -> tuple[str, ...]:
        return (self.channel.id, self.bridge.id)


class BridgeBlindTransfer(ChannelEvent, frozen=True, gc=False):
    replace_channel: ChannelData | None = None
    transferee: ChannelData | None = None
    bridge: BridgeData | None = None
    exten: str = ""
    context: str = ""
    result: str = ""
    is_external: bool = False

    def resources(self) -> tuple[str, ...]:
        return _ids(self.channel, self.replace_channel, self.transferee, self.bridge)


class BridgeAttendedTransfer(Typed, frozen=True, gc=False):
    transferer_first_leg: ChannelData = _CHANNEL
    transferer_second_leg: ChannelData = _CHANNEL
    replace_channel: ChannelData | None = None
    transferee: ChannelData | None = None
    transfer_target: ChannelData | None = None
    transferer_first_leg_bridge: BridgeData | None = None
    transferer_second_leg_bridge: BridgeData | None = None
    destination_type: str = ""
    destination_bridge: str = ""
    result: str = ""
    is_external: bool = False

    def resources(self) -> tuple[str, ...]:
        return _ids(
            self.transferer_first_leg,
            self.transferer_second_leg,
            self.replace_channel,
            self.transferee,
            self.transfer_target,
            self.transferer_first_leg_bridge,
            self.transferer_second_leg_bridge,
        )


# --- about sound --------------------------------------------------------------------------


class PlaybackEvent(Typed, frozen=True, gc=False):
    """Base of the events about a playback: of interest to it and to what it plays to."""

    playback: PlaybackData = _PLAYBACK

    def resources(self) -> tuple[str, ...]:
        return (self.playback.id, self.playback.target_uri.partition(":")[2])


class PlaybackStarted(PlaybackEvent, frozen=True, gc=False):
    pass


class PlaybackContinuing(PlaybackEvent, frozen=True, gc=False):
    pass


class PlaybackFinished(PlaybackEvent, frozen=True, gc=False):
    pass


class RecordingEvent(Typed, frozen=True, gc=False):
    """Base of the events about a recording: of interest to it and to what it records."""

    recording: RecordingData = _RECORDING

    def resources(self) -> tuple[str, ...]:
        return (self.recording.name, self.recording.target_uri.partition(":")[2])


class RecordingStarted(RecordingEvent, frozen=True, gc=False):
    pass


class RecordingFinished(RecordingEvent, frozen=True, gc=False):
    pass


class RecordingFailed(RecordingEvent, frozen=True, gc=False):
    pass


# --- about devices ------------------------------------------------------------------------


class EndpointEvent(Typed, frozen=True, gc=False):
    """Base of the events about an endpoint; its resource is named ``PJSIP/name``."""

    endpoint: EndpointData = _ENDPOINT

    def resources(self) -> tuple[str, ...]:
        return (f"{self.endpoint.technology}/{self.endpoint.resource}",)

    def __repr__(self) -> str:  # an endpoint's name can be a telephone number
        return f"<{type(self).__name__}>"


class EndpointStateChange(EndpointEvent, frozen=True, gc=False):
    pass


class ContactStatusChange(EndpointEvent, frozen=True, gc=False):
    contact_info: ContactData = ContactData()


class PeerStatusChange(EndpointEvent, frozen=True, gc=False):
    peer: PeerData = PeerData()


class DeviceStateChanged(Typed, frozen=True, gc=False):
    device_state: DeviceStateData = DeviceStateData()

    def resources(self) -> tuple[str, ...]:
        return (self.device_state.name,)

    def __repr__(self) -> str:  # a device's name can be a telephone number
        return f"<{type(self).__name__}>"


# --- about the application ----------------------------------------------------------------


class ApplicationReplaced(Typed, frozen=True, gc=False):
    """Another client has taken the application over: this one is fenced."""


class ApplicationRegistered(Typed, frozen=True, gc=False):
    pass


class ApplicationUnregistered(Typed, frozen=True, gc=False):
    pass


class RESTResponse(Typed, frozen=True, gc=False):
    """The answer to a request made over the WebSocket. Never handed to the user."""

    request_id: str = ""
    status_code: int = 0
    reason_phrase: str = ""
    message_body: msgspec.Raw = msgspec.Raw(b"")


def _leaves(base: type[Typed]) -> list[type[Typed]]:
    found: list[type[Typed]] = []
    for kind in base.__subclasses__():
        below = _leaves(kind)
        found += below or [kind]
    return found


_BASES = (ChannelEvent, BridgeEvent, PlaybackEvent, RecordingEvent, EndpointEvent)
EVENTS: dict[str, type[Typed]] = {
    kind.__name__: kind for kind in _leaves(Typed) if kind not in _BASES
}
"""Every event type of Asterisk that has a class, by name."""
