"""The client: what is asked of Asterisk as a whole, and handles for its things."""

from collections.abc import Iterable, Mapping
from typing import Literal

from . import operations as op
from .bridge import Bridge
from .channel import Channel
from .core import Core
from .ids import new_id
from .media import LiveRecording, Playback, StoredRecording
from .models import (
    ApplicationData,
    AsteriskInfo,
    AsteriskPing,
    BridgeData,
    ChannelData,
    ConfigTuple,
    DeviceStateData,
    EndpointData,
    StoredRecordingData,
)


def _variables(variables: Mapping[str, str] | None) -> dict[str, Mapping[str, str]] | None:
    return None if variables is None else {"variables": variables}


class Client(Core):
    """ARI of one Asterisk, for one Stasis application.

        async with Client(url, username, password, "my-app", on_event=seen) as client:
            ...

    ``on_event(event)`` is called at once for every event, in order, from the reading itself:
    it must be quick and must not wait. ``await on_connected(first)`` runs as a task after
    every connection, to read what is true and settle. ``on_fenced()`` is called when another
    client takes the application over.
    """

    # --- handles ---

    def channel(self, channel_id: str) -> Channel:
        return Channel(self, channel_id)

    def bridge(self, bridge_id: str) -> Bridge:
        return Bridge(self, bridge_id)

    def playback(self, playback_id: str) -> Playback:
        return Playback(self, playback_id)

    def live_recording(self, name: str) -> LiveRecording:
        return LiveRecording(self, name)

    def stored_recording(self, name: str) -> StoredRecording:
        return StoredRecording(self, name)

    # --- making channels and bridges ---

    async def create_channel(
        self,
        endpoint: str,
        *,
        channel_id: str | None = None,
        other_channel_id: str | None = None,
        app_args: Iterable[str] | None = None,
        originator: str | None = None,
        formats: Iterable[str] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Channel:
        """A channel in our application, not dialled yet: bridge it, watch it, then ``dial``.

        Returns when it has entered (``StasisStart``), for it can't be used before.
        ``other_channel_id`` names the second half of a ``Local/…`` channel.
        """
        channel = Channel(self, channel_id or new_id("ch"))
        request = self.request(
            op.CHANNEL_CREATE,
            query={
                "endpoint": endpoint,
                "app": self.app,
                "channelId": channel.id,
                "otherChannelId": other_channel_id,
                "appArgs": app_args,
                "originator": originator,
                "formats": formats,
            },
            body=_variables(variables),
        )
        await self.enter(channel.id, request)
        return channel

    async def originate(
        self,
        endpoint: str,
        *,
        channel_id: str | None = None,
        other_channel_id: str | None = None,
        app_args: Iterable[str] | None = None,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        label: str | None = None,
        caller_id: str | None = None,
        timeout: int | None = None,
        originator: str | None = None,
        formats: Iterable[str] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Channel:
        """Dial at once. With a context or extension it goes into the dialplan when answered,
        otherwise into our application. ``timeout`` is how long it may ring."""
        channel = Channel(self, channel_id or new_id("ch"))
        to_dialplan = context is not None or extension is not None
        await self.request(
            op.CHANNEL_ORIGINATE,
            channel.id,
            query={
                "endpoint": endpoint,
                "app": None if to_dialplan else self.app,
                "appArgs": None if to_dialplan else app_args,
                "context": context,
                "extension": extension,
                "priority": priority,
                "label": label,
                "callerId": caller_id,
                "timeout": timeout,
                "otherChannelId": other_channel_id,
                "originator": originator,
                "formats": formats,
            },
            body=_variables(variables),
        )
        return channel

    async def external_media(
        self,
        *,
        channel_id: str | None = None,
        audio_format: str = "slin16",
        external_host: str = "INCOMING",
        transport: str = "websocket",
        encapsulation: str = "none",
        connection_type: Literal["client", "server"] = "server",
        transport_data: str | None = None,
        data: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> ChannelData:
        """A channel whose sound is ours.

        As it stands, Asterisk awaits us at ``/media/{answer.media_connection_id}``, WebSocket
        subprotocol ``media``; the channel enters (``StasisStart``) once we have come there, and
        can't be bridged before.
        """
        return await self.request(
            op.CHANNEL_EXTERNAL_MEDIA,
            query={
                "channelId": channel_id or new_id("media"),
                "app": self.app,
                "external_host": external_host,
                "transport": transport,
                "encapsulation": encapsulation,
                "connection_type": connection_type,
                "format": audio_format,
                "transport_data": transport_data,
                "data": data,
            },
            body=_variables(variables),
        )

    async def create_bridge(
        self,
        bridge_id: str | None = None,
        *,
        types: Iterable[str] = ("mixing", "dtmf_events"),
        name: str | None = None,
    ) -> Bridge:
        """``types`` out of mixing, holding, dtmf_events, proxy_media, video_sfu, …; without
        dtmf_events digits pressed in the bridge make no events."""
        bridge = Bridge(self, bridge_id or new_id("br"))
        await self.request(op.BRIDGE_CREATE, bridge.id, query={"type": types, "name": name})
        return bridge

    # --- what there is ---

    async def list_channels(self) -> list[ChannelData]:
        return await self.request(op.CHANNELS_LIST)

    async def list_bridges(self) -> list[BridgeData]:
        return await self.request(op.BRIDGES_LIST)

    async def list_stored_recordings(self) -> list[StoredRecordingData]:
        return await self.request(op.STORED_LIST)

    async def list_endpoints(self, tech: str | None = None) -> list[EndpointData]:
        if tech is None:
            return await self.request(op.ENDPOINTS_LIST)
        return await self.request(op.ENDPOINTS_OF_TECH, tech)

    async def get_endpoint(self, tech: str, resource: str) -> EndpointData:
        return await self.request(op.ENDPOINT_GET, tech, resource)

    async def list_device_states(self) -> list[DeviceStateData]:
        """Those of our own making (``Stasis:…``)."""
        return await self.request(op.DEVICES_LIST)

    async def get_device_state(self, name: str) -> DeviceStateData:
        return await self.request(op.DEVICE_GET, name)

    async def set_device_state(self, name: str, state: str) -> None:
        """``name`` begins with ``Stasis:``."""
        await self.request(op.DEVICE_SET, name, query={"deviceState": state})

    async def delete_device_state(self, name: str) -> None:
        await self.request(op.DEVICE_DELETE, name)

    # --- our application ---

    async def application(self) -> ApplicationData:
        """What our application is subscribed to. Needs a connection to have existed once."""
        return await self.request(op.APPLICATION_GET, self.app)

    async def subscribe(self, *sources: str) -> ApplicationData:
        """To ``endpoint:PJSIP``, ``endpoint:PJSIP/x``, ``bridge:id``, ``channel:id``,
        ``deviceState:name``; several in one request."""
        return await self.request(
            op.APPLICATION_SUBSCRIBE, self.app, query={"eventSource": sources}
        )

    async def unsubscribe(self, *sources: str) -> ApplicationData:
        return await self.request(
            op.APPLICATION_UNSUBSCRIBE, self.app, query={"eventSource": sources}
        )

    async def filter_events(self, disallowed: Iterable[str]) -> ApplicationData:
        """Have Asterisk not send events of these types; an empty list lifts the filter.

        Lost when Asterisk restarts, so it belongs into ``on_connected``. A list of *allowed*
        types is not offered: it would swallow the answers to our requests.
        """
        types = [{"type": name} for name in disallowed]
        return await self.request(op.APPLICATION_FILTER, self.app, body={"disallowed": types})

    # --- Asterisk itself ---

    async def info(self) -> AsteriskInfo:
        return await self.request(op.INFO)

    async def ping(self) -> AsteriskPing:
        return await self.request(op.PING)

    async def get_global(self, name: str) -> str:
        return (await self.request(op.GLOBAL_GET, query={"variable": name})).value

    async def set_global(self, name: str, value: str) -> None:
        await self.request(op.GLOBAL_SET, query={"variable": name, "value": value})

    async def reload_module(self, name: str) -> None:
        """Over HTTP, for a reload can take its time."""
        await self.request(op.MODULE_RELOAD, name, blocking=True)

    # --- objects of configuration pushed at run time (needs sorcery.conf to name memory) ---

    async def get_dynamic(
        self, config_class: str, object_type: str, object_id: str
    ) -> list[ConfigTuple]:
        return await self.request(op.DYNAMIC_GET, config_class, object_type, object_id)

    async def put_dynamic(
        self, config_class: str, object_type: str, object_id: str, fields: Mapping[str, str]
    ) -> None:
        """``put_dynamic("res_pjsip", "auth", name, {...})``; then aor, then endpoint."""
        listed = [{"attribute": key, "value": value} for key, value in fields.items()]
        await self.request(
            op.DYNAMIC_PUT, config_class, object_type, object_id, body={"fields": listed}
        )

    async def delete_dynamic(self, config_class: str, object_type: str, object_id: str) -> None:
        await self.request(op.DYNAMIC_DELETE, config_class, object_type, object_id)
