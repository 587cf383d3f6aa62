"""A channel, by its id. A handle holds no state: what is true is asked of Asterisk.

Where a method takes ``blocking``: while a playback or a recording runs on the channel, Asterisk
answers only after its end, and till then nothing else on the WebSocket. Stop it first, or pass
``blocking=True`` and the request goes over HTTP.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from . import operations as op
from .core import Core
from .ids import new_id
from .media import LiveRecording, Playback
from .models import ChannelData, RtpStatistics
from .streams import EventStream

Direction = Literal["both", "in", "out"]
SnoopDirection = Literal["none", "both", "in", "out"]


class Channel:
    """One leg: a caller, a seat, an expert."""

    __slots__ = ("_client", "id")

    def __init__(self, client: Core, channel_id: str) -> None:
        self._client = client
        self.id = channel_id

    def __repr__(self) -> str:
        return f"<Channel {self.id}>"

    def watch(self) -> EventStream:
        return self._client.watch(self.id)

    async def get(self) -> ChannelData:
        return await self._client.request(op.CHANNEL_GET, self.id)

    # --- the call ---

    async def answer(self, *, blocking: bool = False) -> None:
        await self._client.request(op.CHANNEL_ANSWER, self.id, blocking=blocking)

    async def hangup(self, reason: str | None = None, *, reason_code: int | None = None) -> None:
        """``reason``: normal, busy, congestion, no_answer, …; or a Q.850 cause by number."""
        await self._client.request(
            op.CHANNEL_HANGUP, self.id, query={"reason": reason, "reason_code": reason_code}
        )

    async def ring(self) -> None:
        await self._client.request(op.CHANNEL_RING, self.id)

    async def ring_stop(self) -> None:
        await self._client.request(op.CHANNEL_RING_STOP, self.id)

    async def progress(self) -> None:
        await self._client.request(op.CHANNEL_PROGRESS, self.id)

    async def dial(
        self,
        *,
        caller: str | None = None,
        timeout: int | None = None,
    ) -> None:
        """Dial a channel made by ``create_channel``. ``timeout`` is how long it may ring."""
        await self._client.request(
            op.CHANNEL_DIAL, self.id, query={"caller": caller, "timeout": timeout}
        )

    async def hold(self) -> None:
        await self._client.request(op.CHANNEL_HOLD, self.id)

    async def unhold(self) -> None:
        await self._client.request(op.CHANNEL_UNHOLD, self.id)

    async def mute(self, direction: Direction = "both") -> None:
        await self._client.request(op.CHANNEL_MUTE, self.id, query={"direction": direction})

    async def unmute(self, direction: Direction = "both") -> None:
        await self._client.request(op.CHANNEL_UNMUTE, self.id, query={"direction": direction})

    async def send_dtmf(
        self,
        digits: str,
        *,
        before_ms: int | None = None,
        between_ms: int | None = None,
        duration_ms: int | None = None,
        after_ms: int | None = None,
    ) -> None:
        await self._client.request(
            op.CHANNEL_DTMF,
            self.id,
            query={
                "dtmf": digits,
                "before": before_ms,
                "between": between_ms,
                "duration": duration_ms,
                "after": after_ms,
            },
        )

    # --- sound ---

    async def play(
        self,
        *media: str,
        playback_id: str | None = None,
        lang: str | None = None,
        offset_ms: int | None = None,
        skip_ms: int | None = None,
    ) -> Playback:
        """Play one after the other; the playback's own id is chosen before."""
        playback = Playback(self._client, playback_id or new_id("pb"))
        await self._client.request(
            op.CHANNEL_PLAY,
            self.id,
            playback.id,
            query={"media": media, "lang": lang, "offsetms": offset_ms, "skipms": skip_ms},
        )
        return playback

    async def start_moh(self, moh_class: str | None = None) -> None:
        await self._client.request(op.CHANNEL_MOH, self.id, query={"mohClass": moh_class})

    async def stop_moh(self) -> None:
        await self._client.request(op.CHANNEL_MOH_STOP, self.id)

    async def start_silence(self) -> None:
        await self._client.request(op.CHANNEL_SILENCE, self.id)

    async def stop_silence(self) -> None:
        await self._client.request(op.CHANNEL_SILENCE_STOP, self.id)

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
        """``name`` is chosen before, as an id; it may hold slashes for folders."""
        await self._client.request(
            op.CHANNEL_RECORD,
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

    async def snoop(
        self,
        *,
        spy: SnoopDirection | None = None,
        whisper: SnoopDirection | None = None,
        snoop_id: str | None = None,
        app_args: Iterable[str] | None = None,
    ) -> "Channel":
        """A channel that hears this one, or speaks into it; returns when it has entered."""
        snoop = Channel(self._client, snoop_id or new_id("snoop"))
        request = self._client.request(
            op.CHANNEL_SNOOP,
            self.id,
            snoop.id,
            query={
                "spy": spy,
                "whisper": whisper,
                "app": self._client.app,
                "appArgs": app_args,
            },
        )
        await self._client.enter(snoop.id, request)
        return snoop

    async def rtp_statistics(self) -> RtpStatistics:
        return await self._client.request(op.CHANNEL_RTP, self.id)

    # --- variables ---

    async def get_var(self, name: str) -> str:
        """A variable or function; NotFound if the channel has no such variable."""
        answer = await self._client.request(op.CHANNEL_GET_VAR, self.id, query={"variable": name})
        return answer.value

    async def set_var(
        self,
        name: str,
        value: str,
        *,
        report_events: bool | None = None,
        blocking: bool = False,
    ) -> None:
        """``report_events``: show it from now on in every event about the channel (22.10)."""
        await self._client.request(
            op.CHANNEL_SET_VAR,
            self.id,
            query={"variable": name, "value": value, "report_events": report_events},
            blocking=blocking,
        )

    async def get_vars(self, *names: str) -> Mapping[str, str]:
        """Several in one request (22.10)."""
        answer = await self._client.request(
            op.CHANNEL_GET_VARS, self.id, query={"variables": names}
        )
        return answer.variables

    async def set_vars(self, variables: Mapping[str, str], *, blocking: bool = False) -> None:
        """Several in one request (22.10)."""
        await self._client.request(
            op.CHANNEL_SET_VARS, self.id, body={"variables": variables}, blocking=blocking
        )

    # --- away from here ---

    async def continue_in_dialplan(
        self,
        *,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        label: str | None = None,
    ) -> None:
        await self._client.request(
            op.CHANNEL_CONTINUE,
            self.id,
            query={
                "context": context,
                "extension": extension,
                "priority": priority,
                "label": label,
            },
        )

    async def move(self, app: str, app_args: Iterable[str] | None = None) -> None:
        """To another Stasis application."""
        await self._client.request(
            op.CHANNEL_MOVE, self.id, query={"app": app, "appArgs": app_args}
        )

    async def redirect(self, endpoint: str) -> None:
        """Have the other side call elsewhere (SIP 302 or REFER)."""
        await self._client.request(op.CHANNEL_REDIRECT, self.id, query={"endpoint": endpoint})

    async def transfer_progress(self, states: str) -> None:
        """Tell a telephone that asked for a transfer how far it has come."""
        await self._client.request(op.CHANNEL_TRANSFER_PROGRESS, self.id, query={"states": states})
