"""A bridge, by its id: where channels hear one another."""

from typing import Literal

from . import operations as op
from .channel import Channel
from .core import Core
from .ids import new_id
from .media import LiveRecording, Playback
from .models import BridgeData
from .streams import EventStream


def _id_of(channel: Channel | str) -> str:
    return channel if isinstance(channel, str) else channel.id


class Bridge:
    __slots__ = ("_client", "id")

    def __init__(self, client: Core, bridge_id: str) -> None:
        self._client = client
        self.id = bridge_id

    def __repr__(self) -> str:
        return f"<Bridge {self.id}>"

    def watch(self) -> EventStream:
        return self._client.watch(self.id)

    async def get(self) -> BridgeData:
        return await self._client.request(op.BRIDGE_GET, self.id)

    async def destroy(self) -> None:
        """Its channels stay in the application."""
        await self._client.request(op.BRIDGE_DESTROY, self.id)

    async def add(
        self,
        *channels: Channel | str,
        role: str | None = None,
        absorb_dtmf: bool | None = None,
        mute: bool | None = None,
        inhibit_connected_line_updates: bool | None = None,
        blocking: bool = False,
    ) -> None:
        """Add channels, several in one request. ``blocking``: see ``channel``."""
        await self._client.request(
            op.BRIDGE_ADD,
            self.id,
            query={
                "channel": map(_id_of, channels),
                "role": role,
                "absorbDTMF": absorb_dtmf,
                "mute": mute,
                "inhibitConnectedLineUpdates": inhibit_connected_line_updates,
            },
            blocking=blocking,
        )

    async def remove(self, *channels: Channel | str, blocking: bool = False) -> None:
        await self._client.request(
            op.BRIDGE_REMOVE,
            self.id,
            query={"channel": map(_id_of, channels)},
            blocking=blocking,
        )

    async def play(
        self,
        *media: str,
        playback_id: str | None = None,
        lang: str | None = None,
        offset_ms: int | None = None,
        skip_ms: int | None = None,
    ) -> Playback:
        """To everybody in the bridge."""
        playback = Playback(self._client, playback_id or new_id("pb"))
        await self._client.request(
            op.BRIDGE_PLAY,
            self.id,
            playback.id,
            query={"media": media, "lang": lang, "offsetms": offset_ms, "skipms": skip_ms},
        )
        return playback

    async def start_moh(self, moh_class: str | None = None) -> None:
        await self._client.request(op.BRIDGE_MOH, self.id, query={"mohClass": moh_class})

    async def stop_moh(self) -> None:
        await self._client.request(op.BRIDGE_MOH_STOP, self.id)

    async def record(
        self,
        name: str,
        file_format: str,
        *,
        max_duration_s: int | None = None,
        max_silence_s: int | None = None,
        if_exists: Literal["fail", "overwrite", "append"] | None = None,
        beep: bool | None = None,
        terminate_on: Literal["none", "any", "*", "#"] | None = None,
    ) -> LiveRecording:
        """All voices mixed. A holding bridge leaves its participants out."""
        await self._client.request(
            op.BRIDGE_RECORD,
            self.id,
            query={
                "name": name,
                "format": file_format,
                "maxDurationSeconds": max_duration_s,
                "maxSilenceSeconds": max_silence_s,
                "ifExists": if_exists,
                "beep": beep,
                "terminateOn": terminate_on,
            },
        )
        return LiveRecording(self._client, name)
