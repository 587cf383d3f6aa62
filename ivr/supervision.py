"""Supervision of one call: listen unheard, whisper to the agent alone, speak with all.

A supervisor's telephone is rung like a seat's. To listen she is put with a snoop of the agent's
channel into a bridge of her own; to whisper the snoop also speaks towards the agent; to barge
she comes into the call's bridge. Each changes into each without ringing again. What the snoop
hears and says never passes the caller's channel, so neither he nor the recording has it.

Everything is known again after a restart from Asterisk alone: the snoop's arguments name the
call, the supervisor and the mode, and the bridge is named after her channel.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ivr import ari

log = logging.getLogger("hotline.supervision")

Mode = Literal["listen", "whisper", "barge"]

SNOOP = "snoop"
"""How the ids of snoop channels begin, and the first of their arguments."""

_BRIDGE = "bs-"
_GONE = (ari.BadRequest, ari.NotFound, ari.Conflict, ari.Unprocessable)
"""What Asterisk says of a channel that has ended (400 when asked of a bridge), or has left the
bridge by itself."""

_STREAM = "tone:0/1000"
"""Silence without end. While the agent is alone in the bridge (the caller is held) Asterisk
writes nothing to her channel, and a whisper has nothing to be mixed into (measured)."""


def bridge_of(supervisor: str) -> str:
    """The bridge of a supervisor's channel and its snoop; of one width like all ids."""
    return f"{_BRIDGE}{supervisor}"


def stream_of(call_id: str) -> str:
    """The playback of silence that carries whispers."""
    return f"pw-{call_id[:29]}"


@dataclass(slots=True)
class _Post:
    """Where a supervisor is. `snoop` and `target` are "" while she speaks with all."""

    mode: Mode
    snoop: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Snoop:
    """A snoop channel as its own words tell: whose, for whom, on what."""

    id: str
    call_id: str
    supervisor: str
    mode: Mode
    target: str


class Supervision:
    """The extra channels of one call, for the call's own task: one thing at a time.

    `caller` is the caller's channel, which nobody ever whispers to.

    Every method may raise `ari.Refused` (the target is gone, say): then the supervisor is
    where she was, or, when that failed too, nowhere (`mode` is None) and unheard. Her own
    channel is never hung up here.
    """

    def __init__(self, client: ari.Client, call_id: str, caller: str = "") -> None:
        self._client = client
        self._call_id = call_id
        self._caller = caller
        self._bridge = client.bridge(f"br-{call_id}")
        self._posts: dict[str, _Post] = {}
        self._streaming = False

    def mode(self, supervisor: str) -> Mode | None:
        """What this supervisor (her channel's id) does at the moment."""
        post = self._posts.get(supervisor)
        return post.mode if post is not None else None

    # --- what a supervisor asks for ---

    async def supervise(self, supervisor: str, mode: str, target: str) -> None:
        """Have her do this from now on: a mode by its name, on the channel `target`."""
        if mode == "barge":
            await self.barge(supervisor)
        elif mode == "whisper":
            await self.whisper(supervisor, target)
        else:
            await self.listen(supervisor, target)

    async def listen(self, supervisor: str, target: str) -> None:
        """Let her hear what `target` says and hears; nobody hears her."""
        await self._overhear(supervisor, target, "listen")

    async def whisper(self, supervisor: str, target: str) -> None:
        """Let her listen, and speak to `target` alone.

        A whisper is for an agent: when the target is the caller, she listens.
        """
        await self._overhear(supervisor, target, "listen" if target == self._caller else "whisper")

    async def barge(self, supervisor: str) -> None:
        """Bring her into the call's bridge: all hear all, and the recording too."""
        if self.mode(supervisor) == "barge":
            return
        await self._leave(supervisor)
        await self._carry_whispers()
        await self._bridge.add(supervisor)
        self._posts[supervisor] = _Post("barge")

    async def stop(self, supervisor: str) -> None:
        """Take her out of everything. No error when she has ended by herself."""
        await self._leave(supervisor)
        await self._carry_whispers()

    async def close(self) -> None:
        """The call is over."""
        for supervisor in tuple(self._posts):
            await self.stop(supervisor)

    # --- after a restart ---

    async def recover(
        self,
        channels: Mapping[str, ari.ChannelData],
        bridges: Mapping[str, ari.BridgeData],
        supervisors: Collection[str],
    ) -> None:
        """Take over what Asterisk has of this call's supervisors (their channels' ids).

        One who is found with neither a snoop nor in the bridge is nowhere: `mode` is None.
        """
        for snoop in snoops(channels):
            if snoop.call_id != self._call_id or snoop.supervisor not in supervisors:
                continue
            inside = _inside(bridges, bridge_of(snoop.supervisor))
            # Killed between two modes she has two: only one of them is in her bridge.
            if {snoop.id, snoop.supervisor} <= inside:
                self._posts[snoop.supervisor] = _Post(snoop.mode, snoop.id, snoop.target)
            else:
                await self._hang_up(snoop.id)
        for supervisor in supervisors:
            if supervisor in _inside(bridges, self._bridge.id):
                self._posts[supervisor] = _Post("barge")
        # What was played goes on: begun anew, it would be a gap in everybody's ear.
        self._streaming = True
        await self._carry_whispers()

    # --- how ---

    async def _overhear(self, supervisor: str, target: str, mode: Mode) -> None:
        # The new snoop first: what is most likely refused changes nothing.
        snoop = await self._client.channel(target).snoop(
            spy="both",
            whisper="out" if mode == "whisper" else "none",
            snoop_id=ari.new_id(SNOOP),
            app_args=(SNOOP, self._call_id, supervisor, mode),
        )
        try:
            alone = await self._make_room(supervisor)
            joining = (supervisor, snoop.id) if alone else (snoop.id,)
            await self._client.bridge(bridge_of(supervisor)).add(*joining)
        except BaseException:
            await self._leave(supervisor)
            await self._close_room(supervisor)
            await self._hang_up(snoop.id)
            await self._carry_whispers()
            raise
        self._posts[supervisor] = _Post(mode, snoop.id, target)
        await self._carry_whispers()

    async def _make_room(self, supervisor: str) -> bool:
        """Her bridge without the snoop before; whether she has yet to be brought into it."""
        post = self._posts.get(supervisor)
        if post is not None and post.mode != "barge":
            await self._retire(supervisor, post.snoop)
            return False
        await self._leave(supervisor)
        await self._client.create_bridge(bridge_of(supervisor), types=("mixing",))
        return True

    async def _leave(self, supervisor: str) -> None:
        post = self._posts.pop(supervisor, None)
        if post is None:
            return
        if post.mode == "barge":
            with contextlib.suppress(*_GONE):
                await self._bridge.remove(supervisor)
            return
        await self._retire(supervisor, post.snoop)
        await self._close_room(supervisor)

    async def _close_room(self, supervisor: str) -> None:
        bridge = self._client.bridge(bridge_of(supervisor))
        with contextlib.suppress(*_GONE):
            await bridge.remove(supervisor)
        with contextlib.suppress(ari.NotFound):
            await bridge.destroy()

    async def _retire(self, supervisor: str, snoop: str) -> None:
        # Out of the bridge before it ends: two snoops in one would hear each other.
        with contextlib.suppress(*_GONE):
            await self._client.bridge(bridge_of(supervisor)).remove(snoop)
        await self._hang_up(snoop)

    async def _hang_up(self, snoop: str) -> None:
        with contextlib.suppress(ari.NotFound):
            await self._client.channel(snoop).hangup("normal")

    async def _carry_whispers(self) -> None:
        """See to it that silence flows in the call's bridge while somebody whispers."""
        wanted = any(post.mode == "whisper" for post in self._posts.values())
        if wanted == self._streaming:
            return
        stream = stream_of(self._call_id)
        if self._streaming:
            self._streaming = False
            with contextlib.suppress(ari.NotFound):
                await self._client.playback(stream).stop()
        if wanted:
            try:
                await self._bridge.play(_STREAM, playback_id=stream)
            except ari.Refused as error:
                # A whisper is heard all the same as long as the agent is not alone.
                log.warning("call %s: no silence to whisper into: %s", self._call_id, error)
            else:
                self._streaming = True


def snoops(channels: Mapping[str, ari.ChannelData]) -> Iterator[Snoop]:
    """The snoop channels of ours among all channels."""
    for channel in channels.values():
        args = channel.dialplan.app_data.split(",")
        if not channel.id.startswith(f"{SNOOP}-") or len(args) != 5 or args[1] != SNOOP:
            continue
        mode: Mode = "whisper" if args[4] == "whisper" else "listen"
        # Asterisk names it Snoop/<channel>-<count>.
        target = channel.name.removeprefix("Snoop/").rpartition("-")[0]
        yield Snoop(channel.id, args[2], args[3], mode, target)


async def sweep(
    client: ari.Client,
    channels: Mapping[str, ari.ChannelData],
    bridges: Mapping[str, ari.BridgeData],
    supervisors: Collection[str],
) -> None:
    """End the snoops and bridges of supervisors who are no longer on any call."""
    kept = {snoop.id for snoop in snoops(channels) if snoop.supervisor in supervisors}
    for channel in channels:
        if channel.startswith(f"{SNOOP}-") and channel not in kept:
            log.info("a snoop was left without a supervisor")
            with contextlib.suppress(ari.NotFound):
                await client.channel(channel).hangup("normal")
    for bridge in bridges:
        if bridge.startswith(_BRIDGE) and bridge.removeprefix(_BRIDGE) not in supervisors:
            with contextlib.suppress(ari.NotFound):
                await client.bridge(bridge).destroy()


def _inside(bridges: Mapping[str, ari.BridgeData], bridge: str) -> set[str]:
    return set(bridges[bridge].channels) if bridge in bridges else set()
