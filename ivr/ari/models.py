"""What Asterisk tells about its things: a photograph of the moment, not the thing itself.

Only the fields that are of use are named; every one has a default, for Asterisk leaves some
out. ``repr`` shows ids and states and nothing personal, so a model may stand in a log line.
"""

from collections.abc import Mapping

from msgspec import Struct


class Model(Struct, frozen=True, gc=False):
    """Base of all models."""

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in _SHOWN if hasattr(self, name))
        return f"{type(self).__name__}({', '.join(shown)})"


_SHOWN = ("id", "state")


class Party(Model, frozen=True, gc=False):
    """A name and a number: caller or connected line."""

    name: str = ""
    number: str = ""


class DialplanPlace(Model, frozen=True, gc=False):
    """Where a channel stands in the dialplan."""

    context: str = ""
    exten: str = ""
    priority: int = 0
    app_name: str = ""
    app_data: str = ""


NOBODY = Party()
NOWHERE = DialplanPlace()


class ChannelData(Model, frozen=True, gc=False):
    """``state`` is one of Down, Rsrved, OffHook, Dialing, Ring, Ringing, Up, Busy, …"""

    id: str = ""
    name: str = ""
    state: str = ""
    caller: Party = NOBODY
    connected: Party = NOBODY
    caller_rdnis: str = ""
    dialplan: DialplanPlace = NOWHERE
    creationtime: str = ""
    language: str = ""
    accountcode: str = ""
    protocol_id: str = ""
    channelvars: Mapping[str, str] = {}

    @property
    def media_connection_id(self) -> str:
        """Of an external media channel: the name of its WebSocket (``/media/ID``)."""
        return self.channelvars.get("MEDIA_WEBSOCKET_CONNECTION_ID", "")


class BridgeData(Model, frozen=True, gc=False):
    id: str = ""
    name: str = ""
    technology: str = ""
    bridge_type: str = ""
    bridge_class: str = ""
    creator: str = ""
    creationtime: str = ""
    channels: tuple[str, ...] = ()
    bridgevars: Mapping[str, str] = {}


class PlaybackData(Model, frozen=True, gc=False):
    """``state`` is one of queued, playing, continuing, done, failed, cancelled."""

    id: str = ""
    media_uri: str = ""
    next_media_uri: str = ""
    target_uri: str = ""
    language: str = ""
    state: str = ""


class RecordingData(Model, frozen=True, gc=False):
    """A recording under way. ``state``: queued, recording, paused, done, failed, canceled."""

    name: str = ""
    format: str = ""
    target_uri: str = ""
    state: str = ""
    duration: int = 0
    talking_duration: int = 0
    silence_duration: int = 0
    cause: str = ""


class StoredRecordingData(Model, frozen=True, gc=False):
    name: str = ""
    format: str = ""


class EndpointData(Model, frozen=True, gc=False):
    """``state`` is unknown, offline or online; of PJSIP it follows the contacts."""

    technology: str = ""
    resource: str = ""
    state: str = ""
    channel_ids: tuple[str, ...] = ()


class ContactData(Model, frozen=True, gc=False):
    uri: str = ""
    contact_status: str = ""
    aor: str = ""
    roundtrip_usec: str = ""


class PeerData(Model, frozen=True, gc=False):
    peer_status: str = ""
    cause: str = ""


class DeviceStateData(Model, frozen=True, gc=False):
    """``state``: UNKNOWN, NOT_INUSE, INUSE, BUSY, INVALID, UNAVAILABLE, RINGING, …"""

    name: str = ""
    state: str = ""


class EventTypeName(Model, frozen=True, gc=False):
    type: str = ""


class ApplicationData(Model, frozen=True, gc=False):
    """What an application is subscribed to: the first thing to read after a restart."""

    name: str = ""
    channel_ids: tuple[str, ...] = ()
    bridge_ids: tuple[str, ...] = ()
    endpoint_ids: tuple[str, ...] = ()
    device_names: tuple[str, ...] = ()
    events_allowed: tuple[EventTypeName, ...] = ()
    events_disallowed: tuple[EventTypeName, ...] = ()


class Variable(Model, frozen=True, gc=False):
    value: str = ""


class Variables(Model, frozen=True, gc=False):
    variables: Mapping[str, str] = {}


class RtpStatistics(Model, frozen=True, gc=False):
    """Packets, jitter and loss of a channel's sound; round trip in seconds."""

    txcount: int = 0
    rxcount: int = 0
    txjitter: float = 0.0
    rxjitter: float = 0.0
    txploss: int = 0
    rxploss: int = 0
    rtt: float = 0.0


class ConfigTuple(Model, frozen=True, gc=False):
    attribute: str = ""
    value: str = ""


class SystemInfo(Model, frozen=True, gc=False):
    version: str = ""
    entity_id: str = ""


class StatusInfo(Model, frozen=True, gc=False):
    startup_time: str = ""
    last_reload_time: str = ""


class AsteriskInfo(Model, frozen=True, gc=False):
    system: SystemInfo = SystemInfo()
    status: StatusInfo = StatusInfo()


class AsteriskPing(Model, frozen=True, gc=False):
    asterisk_id: str = ""
    ping: str = ""
    timestamp: str = ""


class RequiredDestination(Model, frozen=True, gc=False):
    protocol_id: str = ""
    destination: str = ""


class ReferTo(Model, frozen=True, gc=False):
    """Where a transfer by REFER wants to go."""

    requested_destination: RequiredDestination = RequiredDestination()
    destination_channel: ChannelData | None = None
    connected_channel: ChannelData | None = None
    bridge: BridgeData | None = None


class ReferredBy(Model, frozen=True, gc=False):
    """Who asks for the transfer."""

    source_channel: ChannelData = ChannelData()
    connected_channel: ChannelData | None = None
    bridge: BridgeData | None = None
