"""An Asterisk of plain objects: channels, playbacks and bridges as ARI shows them.

What a person does is a method (`dials_in`, `presses`, `hangs_up`); what the controller asks
comes through `FakeClient.request`, under the names of the real operations and with the real
handles on top, so that a request nobody would understand fails here as well.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr import ari
from ivr.ari import operations as op
from ivr.ari.errors import refused

SENTENCE_S = 2.0
"""How long every sentence of these tests lasts."""

RETRY_S = 4.0
NORMAL, NO_ANSWER, REJECTED = 16, 19, 21


@dataclass
class Phone:
    """A seat's telephone: picks up after so many seconds, or never; None of them: see `does`."""

    answers_after_s: float | None = 1.0
    online: bool = True
    refuses_request: bool = False
    """Asterisk refuses to ring it."""
    rejects: bool = False
    """The agent presses the red button."""
    fails_with: int | None = None
    """The call to it ends at once with this cause (Q.850)."""
    unlisted: int = 0
    """So often it is shown as offline yet, though it is there."""


@dataclass
class Leg:
    """A channel."""

    id: str
    name: str
    state: str
    app_data: str
    number: str = ""
    in_app: bool = True
    music: bool = False
    playbacks: deque[Playing] = field(default_factory=deque)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    digits_sent: str = ""
    unheard: bool = False
    """Muted: what it says reaches nobody."""
    hears_ringing: bool = False

    def shown(self) -> ari.ChannelData:
        place = ari.DialplanPlace(
            app_name="Stasis" if self.in_app else "Queue", app_data=self.app_data
        )
        caller = ari.Party(number=self.number)
        return ari.ChannelData(self.id, self.name, self.state, caller=caller, dialplan=place)


@dataclass
class Playing:
    id: str
    left: deque[str]
    timer: asyncio.TimerHandle | None = None


class FakeAsterisk:
    """One Asterisk; outlives its clients as the real one outlives a controller."""

    def __init__(self, app: str = "hotline") -> None:
        self.app = app
        self.client: FakeClient | None = None
        self.legs: dict[str, Leg] = {}
        self.bridges: dict[str, list[str]] = {}
        self.phones: dict[str, Phone] = {}
        self.heard: dict[str, list[str]] = {}
        """What each channel was played, whole or in part, in order."""
        self.requests: Counter[str] = Counter()
        self.rung: list[tuple[str, str]] = []
        """Which telephone was rung, and for which call."""
        self.muted: dict[str, bool] = {}
        self.recorded: dict[str, str] = {}
        self.fail_next: dict[str, ari.AriError] = {}
        """By operation's method and path: the next such request fails so, undone."""
        self.retries = False
        """The dialplan tries the application again and again, as the real one does."""
        self.tells_first = False
        """What a request brings about is told before its answer: the real one does either."""

    # --- what people do ---

    def dials_in(self, call_id: str, number: str = "13800000001", dialled: str = "12345") -> str:
        """A citizen calls; the dialplan has answered, records, and enters the application."""
        channel = f"in-{call_id}"
        data = f"{self.app},inbound,{call_id},local,{dialled}"
        name = f"PJSIP/local-{call_id[-8:]}"
        self.legs[channel] = Leg(channel, name, "Up", data, number, in_app=False)
        self.enters(channel)
        return channel

    def enters(self, channel: str) -> None:
        """The dialplan's Stasis(): into our application, when somebody is there."""
        leg = self.legs.get(channel)
        if leg is None or leg.in_app:
            return
        leg.in_app = self.client is not None
        if leg.in_app:
            args = tuple(leg.app_data.split(","))[1:]
            self.tell(ari.StasisStart(channel=leg.shown(), args=args))
        elif self.retries:
            self._retry_later(channel)

    def _retry_later(self, channel: str) -> None:
        asyncio.get_running_loop().call_later(RETRY_S, self.enters, channel)

    def presses(self, channel: str, key: str) -> None:
        if (leg := self.legs.get(channel)) is not None and leg.in_app:
            self.tell(ari.ChannelDtmfReceived(channel=leg.shown(), digit=key))

    def hangs_up(self, channel: str, cause: int = NORMAL) -> None:
        """The channel ends, by whomever. Nothing when it has ended already."""
        leg = self.legs.pop(channel, None)
        if leg is None:
            return
        for timer in leg.timers:
            timer.cancel()
        while leg.playbacks:
            self._playback_over(leg)
        for inside in self.bridges.values():
            if channel in inside:
                inside.remove(channel)
        if leg.in_app and leg.state == "Up":
            self.tell(ari.StasisEnd(channel=leg.shown()))
        self.tell(ari.ChannelDestroyed(channel=leg.shown(), cause=cause))

    def picks_up(self, channel: str) -> None:
        """A seat's telephone is answered."""
        leg = self.legs.get(channel)
        if leg is None or leg.state == "Up":
            return
        for timer in leg.timers:
            timer.cancel()
        leg.state = "Up"
        leg.in_app = self.client is not None
        if leg.in_app:
            args = tuple(leg.app_data.split(","))[1:]
            self.tell(ari.StasisStart(channel=leg.shown(), args=args))

    def phone_changes(self, endpoint: str, online: bool) -> None:
        """A telephone registers, or is lost."""
        self.phones[endpoint].online = online
        state = "NOT_INUSE" if online else "UNAVAILABLE"
        device = ari.DeviceStateData(name=f"PJSIP/{endpoint}", state=state)
        self.tell(ari.DeviceStateChanged(device_state=device))

    def tell(self, event: ari.Event) -> None:
        if self.client is not None:
            asyncio.get_running_loop().call_soon(self.client.hears, event)

    # --- what the controller asks ---

    def channel(self, channel: str) -> Leg:
        leg = self.legs.get(channel)
        if leg is None:
            raise refused(404, "Channel not found", "", "", "channels/{channelId}")
        return leg

    def our_channel(self, channel: str) -> Leg:
        leg = self.channel(channel)
        if not leg.in_app:
            raise refused(409, "Channel not in Stasis application", "", "", "channels/{channelId}")
        return leg

    def play(self, channel: str, playback: str, *, media: Iterable[str], **_: Any) -> None:
        leg = self.our_channel(channel)
        leg.playbacks.append(Playing(playback, deque(media)))
        if len(leg.playbacks) == 1:
            self._play_next(leg)

    def _play_next(self, leg: Leg) -> None:
        playing = leg.playbacks[0]
        self.heard.setdefault(leg.id, []).append(playing.left.popleft().removeprefix("sound:"))
        loop = asyncio.get_running_loop()
        playing.timer = loop.call_later(SENTENCE_S, self._sentence_over, leg)

    def _sentence_over(self, leg: Leg) -> None:
        if leg.playbacks[0].left:
            self.tell(ari.PlaybackContinuing(playback=self._shown(leg)))
            self._play_next(leg)
        else:
            self._playback_over(leg)

    def _shown(self, leg: Leg) -> ari.PlaybackData:
        return ari.PlaybackData(id=leg.playbacks[0].id, target_uri=f"channel:{leg.id}")

    def _playback_over(self, leg: Leg) -> None:
        self.tell(ari.PlaybackFinished(playback=self._shown(leg)))
        playing = leg.playbacks.popleft()
        if playing.timer is not None:
            playing.timer.cancel()
        if leg.playbacks and leg.id in self.legs:
            self._play_next(leg)

    def stop_playback(self, playback: str) -> None:
        for leg in self.legs.values():
            for playing in leg.playbacks:
                if playing.id == playback:
                    if playing is leg.playbacks[0]:
                        self._playback_over(leg)
                    else:
                        leg.playbacks.remove(playing)
                    return
        raise refused(404, "Playback not found", "", "", "playbacks/{playbackId}")

    def music_on(self, channel: str, *, mohClass: str | None = None) -> None:  # noqa: N803
        self.our_channel(channel).music = True

    def music_off(self, channel: str) -> None:
        self.our_channel(channel).music = False

    def ring_tone(self, channel: str) -> None:
        self.our_channel(channel).hears_ringing = True

    def no_ring_tone(self, channel: str) -> None:
        self.our_channel(channel).hears_ringing = False

    def mute(self, channel: str, **_: Any) -> None:
        self.our_channel(channel).unheard = True

    def unmute(self, channel: str, **_: Any) -> None:
        self.our_channel(channel).unheard = False

    def snoop(self, channel: str, snoop: str, *, appArgs: Iterable[str], **_: Any) -> None:  # noqa: N803
        """A channel that hears another, as Asterisk names it."""
        heard = self.our_channel(channel)
        args = tuple(appArgs)
        name = f"Snoop/{heard.id}-00000001"
        self.legs[snoop] = Leg(snoop, name, "Up", ",".join((self.app, *args)))
        self.tell(ari.StasisStart(channel=self.legs[snoop].shown(), args=args))

    def send_digits(self, channel: str, *, dtmf: str, **_: Any) -> None:
        self.our_channel(channel).digits_sent += dtmf

    def originate(self, channel: str, *, endpoint: str, **asked: Any) -> None:
        name = endpoint.removeprefix("PJSIP/")
        phone = self.phones.get(name, Phone(online=False))
        if channel in self.legs:
            raise refused(409, "Channel with given unique ID already exists", "", "", "channels")
        if "originator" in asked:
            self.our_channel(asked["originator"])
        if phone.refuses_request or not phone.online:
            raise refused(500, "Allocation failed", "", "", "channels/{channelId}")
        args = tuple(asked["appArgs"])
        self.rung.append((name, args[1]))
        data = ",".join((self.app, *args))
        leg = Leg(channel, f"{endpoint}-{channel[-8:]}", "Ringing", data, in_app=False)
        self.legs[channel] = leg
        loop = asyncio.get_running_loop()
        leg.timers.append(loop.call_later(asked["timeout"], self.hangs_up, channel, NO_ANSWER))
        if phone.fails_with is not None:
            leg.timers.append(loop.call_later(0.1, self.hangs_up, channel, phone.fails_with))
        elif phone.rejects:
            leg.timers.append(loop.call_later(0.5, self.hangs_up, channel, REJECTED))
        elif phone.answers_after_s is not None:
            leg.timers.append(loop.call_later(phone.answers_after_s, self.picks_up, channel))

    def hang_up(self, channel: str, **_: Any) -> None:
        self.channel(channel)
        self.hangs_up(channel)

    def continue_in_dialplan(self, channel: str, **_: Any) -> None:
        leg = self.our_channel(channel)
        while leg.playbacks:
            self._playback_over(leg)
        leg.in_app = leg.music = False
        self.tell(ari.StasisEnd(channel=leg.shown()))
        if self.retries:
            self._retry_later(channel)

    def create_bridge(self, bridge: str, **_: Any) -> None:
        self.bridges.setdefault(bridge, [])

    def destroy_bridge(self, bridge: str) -> None:
        if self.bridges.pop(bridge, None) is None:
            raise refused(404, "Bridge not found", "", "", "bridges/{bridgeId}")

    def bridge_add(self, bridge: str, *, channel: Iterable[str], **_: Any) -> None:
        inside = self._bridge(bridge)
        wanted = [self.our_channel(one).id for one in channel]
        inside += [one for one in wanted if one not in inside]

    def bridge_remove(self, bridge: str, *, channel: Iterable[str]) -> None:
        inside = self._bridge(bridge)
        for one in channel:
            self.channel(one)
            if one not in inside:
                raise refused(422, "Channel not in this bridge", "", "", "bridges/{bridgeId}")
            inside.remove(one)

    def play_into(self, bridge: str, _playback: str, **_: Any) -> None:
        """Only silence is ever played there: nothing to be heard, and nobody is told of its end."""
        self._bridge(bridge)

    def _bridge(self, bridge: str) -> list[str]:
        if bridge not in self.bridges:
            raise refused(404, "Bridge not found", "", "", "bridges/{bridgeId}")
        return self.bridges[bridge]

    def endpoint(self, tech: str, resource: str) -> ari.EndpointData:
        phone = self.phones.get(resource)
        if phone is None:
            raise refused(404, "Endpoint not found", "", "", "endpoints/{tech}/{resource}")
        shown = phone.online and not phone.unlisted
        phone.unlisted = max(0, phone.unlisted - 1)
        return ari.EndpointData(tech, resource, "online" if shown else "offline")


class FakeClient(ari.Client):
    """The real client's verbs and handles, with a `FakeAsterisk` below instead of a socket."""

    asterisk: FakeAsterisk
    _settling: asyncio.Future[None] | None = None

    @classmethod
    def of(cls, asterisk: FakeAsterisk) -> type[FakeClient]:
        """A class to put in place of `ari.Client`."""
        return type("FakeClientOf", (cls,), {"asterisk": asterisk})

    async def start(self) -> None:
        asterisk = self.asterisk
        if (before := asterisk.client) is not None and before.on_fenced is not None:
            before.on_fenced()
        asterisk.client = self
        self.dead = False
        self._settling = asyncio.ensure_future(self._settle())

    async def _settle(self) -> None:
        """As the real client: tried again until it succeeds."""
        assert self.on_connected is not None
        while True:
            try:
                return await self.on_connected(True)
            except Exception:  # noqa: BLE001 - it is tried again
                await asyncio.sleep(0.5)

    async def close(self) -> None:
        self.die()

    def die(self) -> None:
        """The socket is gone: nothing is heard and nothing can be asked."""
        self.dead = True
        if self.asterisk.client is self:
            self.asterisk.client = None
        if self._settling is not None:
            self._settling.cancel()

    def hears(self, event: ari.Event) -> None:
        if not self.dead:
            self.dispatch(event)

    async def request(
        self,
        operation: op.Operation[Any],
        *ids: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        blocking: bool = False,
        timeout: float | None = None,
    ) -> Any:
        await asyncio.sleep(0)
        if self.dead:
            raise ari.ClientClosed("the client was closed")
        path = operation.fill(ids)
        assert set(query or ()) <= operation.query, f"{operation} takes no {query}"
        asterisk = self.asterisk
        asterisk.requests[repr(operation)] += 1
        failure = asterisk.fail_next.pop(repr(operation), None)
        if failure is not None:
            raise failure
        given = {
            name: tuple(value) if not isinstance(value, str | int | bool) else value
            for name, value in (query or {}).items()
            if value is not None
        }
        answer = self._served(operation, path, ids, given)
        if asterisk.tells_first:
            await asyncio.sleep(0)
        return answer

    def _served(
        self, operation: op.Operation[Any], path: str, ids: tuple[str, ...], given: dict[str, Any]
    ) -> Any:
        asterisk = self.asterisk
        doing: dict[op.Operation[Any], Any] = {
            op.CHANNEL_PLAY: asterisk.play,
            op.PLAYBACK_STOP: asterisk.stop_playback,
            op.CHANNEL_MOH: asterisk.music_on,
            op.CHANNEL_MOH_STOP: asterisk.music_off,
            op.CHANNEL_RING: asterisk.ring_tone,
            op.CHANNEL_RING_STOP: asterisk.no_ring_tone,
            op.CHANNEL_MUTE: asterisk.mute,
            op.CHANNEL_UNMUTE: asterisk.unmute,
            op.CHANNEL_SNOOP: asterisk.snoop,
            op.CHANNEL_DTMF: asterisk.send_digits,
            op.CHANNEL_ORIGINATE: asterisk.originate,
            op.CHANNEL_HANGUP: asterisk.hang_up,
            op.CHANNEL_CONTINUE: asterisk.continue_in_dialplan,
            op.BRIDGE_CREATE: asterisk.create_bridge,
            op.BRIDGE_DESTROY: asterisk.destroy_bridge,
            op.BRIDGE_ADD: asterisk.bridge_add,
            op.BRIDGE_REMOVE: asterisk.bridge_remove,
            op.BRIDGE_PLAY: asterisk.play_into,
            op.ENDPOINT_GET: asterisk.endpoint,
            op.CHANNEL_GET: lambda channel: asterisk.channel(channel).shown(),
            op.CHANNELS_LIST: lambda: [leg.shown() for leg in asterisk.legs.values()],
            op.BRIDGES_LIST: lambda: [
                ari.BridgeData(id=name, channels=tuple(inside))
                for name, inside in asterisk.bridges.items()
            ],
            op.ENDPOINTS_OF_TECH: lambda tech: [
                asterisk.endpoint(tech, name) for name in asterisk.phones
            ],
            op.INFO: lambda **_: ari.AsteriskInfo(),
            op.APPLICATION_FILTER: lambda app, **_: ari.ApplicationData(name=app),
            op.APPLICATION_SUBSCRIBE: lambda app, **_: ari.ApplicationData(name=app),
        }
        if operation not in doing:
            raise AssertionError(f"this Asterisk does not know {operation}")
        return doing[operation](*ids, **given)
