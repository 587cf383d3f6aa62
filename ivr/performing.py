"""Doing on Asterisk what a conversation decided: who is in the bridge, who has music.

A channel that ended meanwhile is no failure here: its own event tells the conversation.
Two who are not brought together would sit in silence, so that failure is the call's.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable

from ivr import ari
from ivr.call import Found, LiveCall
from ivr.conversation import (
    Action,
    Announce,
    Conversation,
    HangUp,
    Hold,
    Join,
    Leg,
    Mute,
    Ring,
    RingSeat,
    Supervise,
    listened_to,
)
from ivr.inbox import Gone, PartySpoken, SeatGone
from ivr.supervision import Supervision
from ivr.targets import Way

log = logging.getLogger("hotline.call")

NOT_REACHABLE = 20
GONE = (ari.BadRequest, ari.NotFound, ari.Conflict, ari.Unprocessable)
"""Asterisk's words for a channel that has ended (400 when asked of a bridge), or is not where
it was."""

SILENCE = "tone:0/1000"
"""A tone of no pitch, over and over."""

PARTY = "party"
"""The application argument of everybody who is rung during a talk."""


def bridge_of(call_id: str) -> str:
    """The bridge of a call: known before it exists, found again after a restart."""
    return f"br-{call_id}"


async def look(client: ari.Client) -> Found:
    """Read Asterisk's channels and bridges."""
    channels = {channel.id: channel for channel in await client.list_channels()}
    bridges = {bridge.id: bridge for bridge in await client.list_bridges()}
    return Found(channels, bridges)


class Performer:
    """Carries out the actions of one call's conversation, one after the other."""

    def __init__(self, call: LiveCall) -> None:
        self.call = call
        self.client = call.parts.client
        self.bridge = self.client.bridge(bridge_of(call.id))
        self.supervision = Supervision(self.client, call.id, call.channel.id)
        self.ways: dict[str, Way] = {}
        self.tone_at: str | None = None
        """The channel that hears the ringing tone."""
        self.music_after: str | None = None
        """The playback after which the caller gets music."""
        self.partner_changes = call.found is not None or call.row.waiting_ms != call.row.queued_ms
        """Whether the caller speaks, or is about to, with somebody other than at first."""
        self.mixed = False

    async def perform(self, action: Action) -> None:
        """Do one action."""
        match action:
            case Join(leg):
                await self._join(leg)
            case Hold(leg, sentence):
                await self._hold(leg, sentence)
            case Ring(leg, _):
                self.partner_changes = True
                await self._ring(leg, self.ways.pop(leg))
            case RingSeat(leg, seat_id):
                self.partner_changes = True
                await self._ring_seat(leg, seat_id)
            case Announce(leg):
                await self._announce(leg)
            case Mute(leg, on):
                channel = self.client.channel(leg)
                await (channel.mute("in") if on else channel.unmute("in"))
            case HangUp(leg, reason):
                await self._hang_up(leg, reason)
            case Supervise(leg, how, target):
                await self._supervise(leg, how, target)
            case _:
                pass

    async def keep_mixing(self, now: Conversation) -> None:
        """Have Asterisk mix, even for two, once the caller's partner has changed.

        Between two alone it passes on their own RTP, and what stands before MixMonitor and every
        snoop drops packets whose number is lower than the last one of the partner before: the new
        voice would be missing in the recording, for minutes, in half of such calls (measured on
        22.10). A mixed bridge numbers nothing. It mixes as soon as a third is in: a silent one,
        who leaves by himself when nobody else is there.
        """
        if not any(leg.place == "in" for leg in now.legs):
            self.mixed = False
        elif self.partner_changes and not self.mixed:
            self.mixed = True
            await self.quietly(self.bridge.play(SILENCE))

    async def ring_tone(self, now: Conversation) -> None:
        """The agent hears that somebody is being rung, until a voice takes its place."""
        agent = now.agent
        wanted = agent.id if agent and agent.place == "in" and now.others("ringing") else None
        if wanted == self.tone_at:
            return
        before, self.tone_at = self.tone_at, wanted
        if before is not None:
            await self.quietly(self.client.channel(before).ring_stop())
        if wanted is not None:
            await self.quietly(self.client.channel(wanted).ring())

    # --- who is in ---

    async def _join(self, leg: str) -> None:
        if leg == self.call.channel.id:
            self.music_after = None
            self.call.hush()
        channel = self.client.channel(leg)
        try:
            await channel.stop_moh()
            await self.bridge.add(channel)
        except (ari.BadRequest, ari.NotFound):
            log.debug("call %s: a leg ended before it joined", self.call.id)
        except GONE:
            # Still leaving another bridge, say: once more, over the way that may wait.
            await self.bridge.add(channel, blocking=True)

    async def _hold(self, leg: str, sentence: str | None) -> None:
        channel = self.client.channel(leg)
        try:
            await self.bridge.remove(channel)
        except GONE:
            log.debug("call %s: a leg was not in the bridge", self.call.id)
        if leg == self.call.channel.id and sentence is not None:
            await self.quietly(channel.stop_moh())
            self.music_after = self.call.say(sentence)
            return
        await self.quietly(channel.start_moh(self.music))

    @property
    def music(self) -> str | None:
        queue = self.call.row.queue
        return self.call.parts.settings.queue(queue).music if queue else None

    async def sentence_over(self, playback: str) -> None:
        """A sentence to a held caller has ended: music."""
        if playback == self.music_after:
            self.music_after = None
            await self.quietly(self.call.channel.start_moh(self.music))

    # --- ringing ---

    async def _ring(self, leg: str, way: Way) -> None:
        self.call.legs.add(leg)
        self.call.parts.directory.add(leg, self.call)
        try:
            await self.client.originate(
                way.endpoint,
                channel_id=leg,
                app_args=(PARTY, self.call.id),
                caller_id=way.caller_id,
                timeout=way.ring_s,
                originator=self.call.channel.id,
            )
        except ari.Refused as error:
            log.warning("call %s: a party can't be rung: %s", self.call.id, type(error).__name__)
            self.call.put(SeatGone(NOT_REACHABLE, leg))

    async def _ring_seat(self, leg: str, seat_id: int) -> None:
        seat = self.call.parts.floor.seat(seat_id)
        ring_s = math.ceil(self.call.parts.settings.talk.transfer_ring_s)
        if seat is None:
            self.call.put(SeatGone(NOT_REACHABLE, leg))
            return
        await self._ring(leg, Way(f"PJSIP/{seat.endpoint}", self.call.row.caller_masked, ring_s))

    async def _announce(self, leg: str) -> None:
        prompts = self.call.parts.prompts
        try:
            await self.client.channel(leg).play(prompts.media("expert_notice"))
        except GONE:
            log.debug("call %s: a party ended before the notice", self.call.id)
        except ari.AriError:
            # Better unannounced than never joined; the caller's own notice was heard.
            log.warning("call %s: the notice to a party could not be played", self.call.id)
            self.call.put(PartySpoken(leg))

    async def _hang_up(self, leg: str, reason: str) -> None:
        await self.quietly(self.client.channel(leg).hangup(reason))
        if self.supervision.mode(leg) is not None:
            await self.quietly(self.supervision.stop(leg))
        self.call.legs.discard(leg)
        self.call.parts.directory.drop(leg)

    # --- supervisors ---

    async def _supervise(self, leg: str, how: str, target: str) -> None:
        try:
            await self.supervision.supervise(leg, how, target)
        except ari.Refused as error:
            log.warning("call %s: a supervisor could not be connected: %s", self.call.id, error)
            await self.quietly(self.client.channel(leg).hangup("normal"))

    async def quietly(self, doing: Awaitable[object]) -> None:
        """A request about a channel that may be gone by now."""
        try:
            await doing
        except GONE:
            log.debug("call %s: already gone", self.call.id)

    # --- after a restart ---

    async def mend(
        self,
        now: Conversation,
        channels: dict[str, ari.ChannelData],
        bridges: dict[str, ari.BridgeData],
    ) -> None:
        """See to it that everybody really is where the conversation has him.

        Whoever ended, or picked up, while nobody watched is told to the call as if it
        happened now.
        """
        if self.call.channel.id not in channels:
            # He hung up as it was looked: nobody is to be brought back together.
            self.call.put(Gone(0))
            return
        if self.bridge.id not in bridges:
            await self.client.create_bridge(self.bridge.id, types=("mixing",))
        inside = bridges[self.bridge.id].channels if self.bridge.id in bridges else ()
        await self.supervision.recover(channels, bridges, [leg.id for leg in now.supervisors])
        for leg in now.legs:
            if leg.id != self.call.channel.id:
                self.call.legs.add(leg.id)
                self.call.parts.directory.add(leg.id, self.call)
                if leg.id not in channels:
                    self.call.put(SeatGone(0, leg.id))
                    continue
            await self._mend_leg(leg, now, channels[leg.id], leg.id in inside)

    async def _mend_leg(
        self, leg: Leg, now: Conversation, channel: ari.ChannelData, inside: bool
    ) -> None:
        match leg.place:
            case "apart" | "in" if leg.role == "supervisor":
                # Written before it was done: she may still be heard, or not hear, as before.
                await self._supervise(leg.id, leg.kind, listened_to(now))
            case "in" if not inside:
                await self._join(leg.id)
            case "held" if inside:
                await self._hold(leg.id, None)
            case "held":
                await self.quietly(self.client.channel(leg.id).start_moh(self.music))
            case "ringing" if channel.state == "Up":
                self.call.seat_answered(leg.id)
            case "announcing":
                await self._announce(leg.id)
            case _:
                pass
