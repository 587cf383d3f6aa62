"""Sound under way: a playback or a recording, by its id or name."""

from typing import Literal

from . import operations as op
from .core import Core
from .models import PlaybackData, RecordingData, StoredRecordingData
from .streams import EventStream


class Playback:
    """Ends with ``PlaybackFinished``, whether played to its end, stopped or hung up."""

    __slots__ = ("_client", "id")

    def __init__(self, client: Core, playback_id: str) -> None:
        self._client = client
        self.id = playback_id

    def __repr__(self) -> str:
        return f"<Playback {self.id}>"

    def watch(self) -> EventStream:
        return self._client.watch(self.id)

    async def get(self) -> PlaybackData:
        return await self._client.request(op.PLAYBACK_GET, self.id)

    async def stop(self) -> None:
        await self._client.request(op.PLAYBACK_STOP, self.id)

    async def control(
        self, operation: Literal["restart", "pause", "unpause", "reverse", "forward"]
    ) -> None:
        await self._client.request(op.PLAYBACK_CONTROL, self.id, query={"operation": operation})

    async def pause(self) -> None:
        await self.control("pause")

    async def unpause(self) -> None:
        await self.control("unpause")


class LiveRecording:
    """A recording under way. It goes on when its client dies."""

    __slots__ = ("_client", "name")

    def __init__(self, client: Core, name: str) -> None:
        self._client = client
        self.name = name

    def __repr__(self) -> str:
        return f"<LiveRecording {self.name}>"

    def watch(self) -> EventStream:
        return self._client.watch(self.name)

    async def get(self) -> RecordingData:
        return await self._client.request(op.LIVE_GET, self.name)

    async def stop(self) -> None:
        """End it and keep the file."""
        await self._client.request(op.LIVE_STOP, self.name)

    async def discard(self) -> None:
        """End it and throw the file away."""
        await self._client.request(op.LIVE_DISCARD, self.name)

    async def pause(self) -> None:
        """What is said meanwhile is not in the file, nor is its time."""
        await self._client.request(op.LIVE_PAUSE, self.name)

    async def unpause(self) -> None:
        await self._client.request(op.LIVE_UNPAUSE, self.name)

    async def mute(self) -> None:
        """Silence takes the place of what is said meanwhile."""
        await self._client.request(op.LIVE_MUTE, self.name)

    async def unmute(self) -> None:
        await self._client.request(op.LIVE_UNMUTE, self.name)


class StoredRecording:
    """A recording that has ended, as a file of Asterisk's."""

    __slots__ = ("_client", "name")

    def __init__(self, client: Core, name: str) -> None:
        self._client = client
        self.name = name

    def __repr__(self) -> str:
        return f"<StoredRecording {self.name}>"

    async def get(self) -> StoredRecordingData:
        return await self._client.request(op.STORED_GET, self.name)

    async def delete(self) -> None:
        await self._client.request(op.STORED_DELETE, self.name)
