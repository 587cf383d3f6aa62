"""Every operation of ARI that this package uses, as a table.

Handles and client name operations from here and nowhere else, so a test can hold each one,
its path, its parameters and its answer against the description that Asterisk itself serves.
"""

import re
from collections.abc import Iterator
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from . import models as m

T = TypeVar("T")

_HOLE = re.compile(r"\{\w+\}")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")


class Operation(Generic[T]):
    """``path`` without a leading slash; ``query`` and ``body`` by Asterisk's names.

    ``result`` is None where there is no answer, or none that is of use: it is not decoded.

    ``waits`` marks what waits for the channel's current work (a playback that runs, say) and
    would meanwhile hold up every other request on the same WebSocket: measured, see README.
    """

    __slots__ = ("_between", "body", "decoder", "method", "path", "query", "result", "waits")

    def __init__(
        self,
        method: str,
        path: str,
        result: type[T],
        *,
        query: str = "",
        body: str | None = None,
        waits: bool = False,
    ) -> None:
        self.method = method
        self.path = path
        self.result = result
        self.query = frozenset(query.split())
        self.body = body
        self.waits = waits
        self.decoder: msgspec.json.Decoder[T] | None = None
        if result is not type(None):
            self.decoder = msgspec.json.Decoder(result)
        self._between = _HOLE.split(path)

    def fill(self, values: tuple[str, ...]) -> str:
        """The path with its holes filled; what is not plain is percent-encoded."""
        between = self._between
        if len(values) != len(between) - 1:
            raise TypeError(f"{self.path} takes {len(between) - 1} ids, not {len(values)}")
        filled = between[0]
        for value, rest in zip(values, between[1:], strict=True):
            if not _PLAIN.fullmatch(value):
                if not value:
                    raise ValueError(f"an empty id for {self.path}")
                value = quote(value, safe="")
            filled += value + rest
        return filled

    def __repr__(self) -> str:
        return f"{self.method} /{self.path}"


def operations() -> Iterator[tuple[str, Operation[Any]]]:
    """Every operation of the table, by name."""
    for name, value in globals().items():
        if isinstance(value, Operation):
            yield name, value


_none = type(None)
_PLAY = "media lang offsetms skipms"
_RECORD = "name format maxDurationSeconds maxSilenceSeconds ifExists beep terminateOn"
_ORIGINATE = (
    "endpoint extension context priority label app appArgs callerId timeout otherChannelId "
    "originator formats"
)

# channels
CHANNELS_LIST = Operation("GET", "channels", list[m.ChannelData])
CHANNEL_GET = Operation("GET", "channels/{channelId}", m.ChannelData)
CHANNEL_CREATE = Operation(
    "POST",
    "channels/create",
    _none,
    query="endpoint app appArgs channelId otherChannelId originator formats",
    body="variables",
)
CHANNEL_ORIGINATE = Operation(
    "POST", "channels/{channelId}", _none, query=_ORIGINATE, body="variables"
)
CHANNEL_EXTERNAL_MEDIA = Operation(
    "POST",
    "channels/externalMedia",
    m.ChannelData,
    query=(
        "channelId app external_host encapsulation transport connection_type format direction "
        "data transport_data"
    ),
    body="variables",
)
CHANNEL_HANGUP = Operation("DELETE", "channels/{channelId}", _none, query="reason_code reason")
CHANNEL_CONTINUE = Operation(
    "POST", "channels/{channelId}/continue", _none, query="context extension priority label"
)
CHANNEL_MOVE = Operation("POST", "channels/{channelId}/move", _none, query="app appArgs")
CHANNEL_REDIRECT = Operation("POST", "channels/{channelId}/redirect", _none, query="endpoint")
CHANNEL_ANSWER = Operation("POST", "channels/{channelId}/answer", _none, waits=True)
CHANNEL_RING = Operation("POST", "channels/{channelId}/ring", _none)
CHANNEL_RING_STOP = Operation("DELETE", "channels/{channelId}/ring", _none)
CHANNEL_PROGRESS = Operation("POST", "channels/{channelId}/progress", _none)
CHANNEL_DTMF = Operation(
    "POST", "channels/{channelId}/dtmf", _none, query="dtmf before between duration after"
)
CHANNEL_MUTE = Operation("POST", "channels/{channelId}/mute", _none, query="direction")
CHANNEL_UNMUTE = Operation("DELETE", "channels/{channelId}/mute", _none, query="direction")
CHANNEL_HOLD = Operation("POST", "channels/{channelId}/hold", _none)
CHANNEL_UNHOLD = Operation("DELETE", "channels/{channelId}/hold", _none)
CHANNEL_MOH = Operation("POST", "channels/{channelId}/moh", _none, query="mohClass")
CHANNEL_MOH_STOP = Operation("DELETE", "channels/{channelId}/moh", _none)
CHANNEL_SILENCE = Operation("POST", "channels/{channelId}/silence", _none)
CHANNEL_SILENCE_STOP = Operation("DELETE", "channels/{channelId}/silence", _none)
CHANNEL_PLAY = Operation("POST", "channels/{channelId}/play/{playbackId}", _none, query=_PLAY)
CHANNEL_RECORD = Operation("POST", "channels/{channelId}/record", _none, query=_RECORD)
CHANNEL_GET_VAR = Operation("GET", "channels/{channelId}/variable", m.Variable, query="variable")
CHANNEL_SET_VAR = Operation(
    "POST",
    "channels/{channelId}/variable",
    _none,
    query="variable value report_events",
    waits=True,
)
CHANNEL_GET_VARS = Operation(
    "GET", "channels/{channelId}/variables", m.Variables, query="variables"
)
CHANNEL_SET_VARS = Operation(
    "POST", "channels/{channelId}/variables", _none, body="variables", waits=True
)
CHANNEL_SNOOP = Operation(
    "POST",
    "channels/{channelId}/snoop/{snoopId}",
    _none,
    query="spy whisper app appArgs",
)
CHANNEL_DIAL = Operation("POST", "channels/{channelId}/dial", _none, query="caller timeout")
CHANNEL_RTP = Operation("GET", "channels/{channelId}/rtp_statistics", m.RtpStatistics)
CHANNEL_TRANSFER_PROGRESS = Operation(
    "POST", "channels/{channelId}/transfer_progress", _none, query="states"
)

# bridges
BRIDGES_LIST = Operation("GET", "bridges", list[m.BridgeData])
BRIDGE_GET = Operation("GET", "bridges/{bridgeId}", m.BridgeData)
BRIDGE_CREATE = Operation("POST", "bridges/{bridgeId}", _none, query="type name")
BRIDGE_DESTROY = Operation("DELETE", "bridges/{bridgeId}", _none)
BRIDGE_ADD = Operation(
    "POST",
    "bridges/{bridgeId}/addChannel",
    _none,
    query="channel role absorbDTMF mute inhibitConnectedLineUpdates",
    waits=True,
)
BRIDGE_REMOVE = Operation(
    "POST", "bridges/{bridgeId}/removeChannel", _none, query="channel", waits=True
)
BRIDGE_MOH = Operation("POST", "bridges/{bridgeId}/moh", _none, query="mohClass")
BRIDGE_MOH_STOP = Operation("DELETE", "bridges/{bridgeId}/moh", _none)
BRIDGE_PLAY = Operation("POST", "bridges/{bridgeId}/play/{playbackId}", _none, query=_PLAY)
BRIDGE_RECORD = Operation("POST", "bridges/{bridgeId}/record", _none, query=_RECORD)

# playbacks
PLAYBACK_GET = Operation("GET", "playbacks/{playbackId}", m.PlaybackData)
PLAYBACK_STOP = Operation("DELETE", "playbacks/{playbackId}", _none)
PLAYBACK_CONTROL = Operation("POST", "playbacks/{playbackId}/control", _none, query="operation")

# recordings
LIVE_GET = Operation("GET", "recordings/live/{recordingName}", m.RecordingData)
LIVE_DISCARD = Operation("DELETE", "recordings/live/{recordingName}", _none)
LIVE_STOP = Operation("POST", "recordings/live/{recordingName}/stop", _none)
LIVE_PAUSE = Operation("POST", "recordings/live/{recordingName}/pause", _none)
LIVE_UNPAUSE = Operation("DELETE", "recordings/live/{recordingName}/pause", _none)
LIVE_MUTE = Operation("POST", "recordings/live/{recordingName}/mute", _none)
LIVE_UNMUTE = Operation("DELETE", "recordings/live/{recordingName}/mute", _none)
STORED_LIST = Operation("GET", "recordings/stored", list[m.StoredRecordingData])
STORED_GET = Operation("GET", "recordings/stored/{recordingName}", m.StoredRecordingData)
STORED_DELETE = Operation("DELETE", "recordings/stored/{recordingName}", _none)

# endpoints and devices
ENDPOINTS_LIST = Operation("GET", "endpoints", list[m.EndpointData])
ENDPOINTS_OF_TECH = Operation("GET", "endpoints/{tech}", list[m.EndpointData])
ENDPOINT_GET = Operation("GET", "endpoints/{tech}/{resource}", m.EndpointData)
DEVICES_LIST = Operation("GET", "deviceStates", list[m.DeviceStateData])
DEVICE_GET = Operation("GET", "deviceStates/{deviceName}", m.DeviceStateData)
DEVICE_SET = Operation("PUT", "deviceStates/{deviceName}", _none, query="deviceState")
DEVICE_DELETE = Operation("DELETE", "deviceStates/{deviceName}", _none)

# applications
APPLICATION_GET = Operation("GET", "applications/{applicationName}", m.ApplicationData)
APPLICATION_SUBSCRIBE = Operation(
    "POST",
    "applications/{applicationName}/subscription",
    m.ApplicationData,
    query="eventSource",
)
APPLICATION_UNSUBSCRIBE = Operation(
    "DELETE",
    "applications/{applicationName}/subscription",
    m.ApplicationData,
    query="eventSource",
)
APPLICATION_FILTER = Operation(
    "PUT", "applications/{applicationName}/eventFilter", m.ApplicationData, body="filter"
)

# asterisk itself
INFO = Operation("GET", "asterisk/info", m.AsteriskInfo, query="only")
PING = Operation("GET", "asterisk/ping", m.AsteriskPing)
GLOBAL_GET = Operation("GET", "asterisk/variable", m.Variable, query="variable")
GLOBAL_SET = Operation("POST", "asterisk/variable", _none, query="variable value")
MODULE_RELOAD = Operation("PUT", "asterisk/modules/{moduleName}", _none)
DYNAMIC_GET = Operation(
    "GET", "asterisk/config/dynamic/{configClass}/{objectType}/{id}", list[m.ConfigTuple]
)
DYNAMIC_PUT = Operation(
    "PUT",
    "asterisk/config/dynamic/{configClass}/{objectType}/{id}",
    _none,
    body="fields",
)
DYNAMIC_DELETE = Operation(
    "DELETE", "asterisk/config/dynamic/{configClass}/{objectType}/{id}", _none
)
