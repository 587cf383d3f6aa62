"""`/live`: one reader of the feed, any number of screens.

A screen says which change it saw last (`since`), gets what came after it from the
database, and from then on what the feed brings, each change once and in order. What is
too old to be told again is answered with `reset`: the screen reads everything anew.

Frames are encoded once and written to every socket as they are, so that two hundred
screens cost two hundred writes and no more.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from agent_console import auth, live_units
from agent_console.live_messages import PING, Said, Watcher, encode, frame, hello
from agent_console.live_units import UnitLane
from agent_console.parts import Parts
from agent_console.problem import Problem
from agent_console.roles import HEADS
from agent_console.sip import SIGNED_OUT
from db import Change
from db.engine import DatabaseUnavailable
from db.feed import changes_since, last_seq, oldest_seq
from tickets.told import Reach

log = logging.getLogger("hotline.console.live")

PING_S = 15.0
SILENT_S = 45.0
"""A screen that answered no ping for so long is gone."""
GATHER_S = 0.05
"""Changes of a busy floor travel together; a lone change goes at once."""
MOST_BEHIND = 5000
"""Further behind than this, reading everything anew is quicker."""
MAX_UNSENT = 1024 * 1024
"""A screen that reads so slowly is cut off, and resumes when it can."""
MAX_MESSAGE = 4096
CLOSE_S = 2.0
PONG = "pong"
UNIT = "unit"


@dataclass(slots=True, eq=False)
class Screen:
    """One open socket."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport
    watcher: Watcher
    session_id: str
    seq: int
    """The last change that this screen was told of, or that was nothing to it."""
    heard_at: float = 0.0


class Hub:
    """Fans the feed out to the open screens.

    `ping` runs beside it; `stop` closes every screen with a word that says to come back.
    """

    def __init__(self, parts: Parts, now: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts
        self._now = now
        self._feed = parts.database.feed
        self._screens: set[Screen] = set()
        self._gathered: list[Said] = []
        self._timer: asyncio.TimerHandle | None = None
        self._quiet_since = 0.0
        self._units = UnitLane(parts.database, self._tell_units, self._lose_units)
        self._unsubscribe: Callable[[], None] | None = self._feed.subscribe(self._told)

    def __len__(self) -> int:
        return len(self._screens)

    def sessions(self) -> set[str]:
        """Whose screens are open."""
        return {screen.session_id for screen in self._screens}

    async def stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._timer is not None:
            self._timer.cancel()
            self._flush()
        await self._units.stop()
        await self._close(list(self._screens), WSCloseCode.GOING_AWAY, b"restarting")

    def tell(self, topic: str, key: str, data: dict[str, Any]) -> None:
        """Tell the heads' screens what stands in no table (figures).

        It carries the number that each screen has seen already: its place does not move by it.
        """
        frames: dict[int, bytes] = {}
        at_ms = self._parts.now_ms()
        for screen in tuple(self._screens):
            if screen.watcher.role not in HEADS:
                continue
            if screen.seq not in frames:
                change = Change(screen.seq, at_ms, topic, key, data)
                frames[screen.seq] = frame(encode(change, data))
            self._put(screen, frames[screen.seq], screen.seq)

    async def end_session(self, session_id: str) -> None:
        """Close what this session opened."""
        ended = [s for s in self._screens if s.session_id == session_id]
        await self._close(ended, SIGNED_OUT, b"signed out")

    async def watch(
        self, request: web.Request, signed_in: auth.SignedIn, since: int | None
    ) -> web.WebSocketResponse:
        """Serve one screen until it goes.

        Args:
            since: the last change that it saw; None begins with now.

        Raises:
            Problem: 426, not a WebSocket.
        """
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE, compress=False, timeout=CLOSE_S)
        if not socket.can_prepare(request).ok:
            raise Problem(426, code="websocket-needed", headers={"Upgrade": "websocket"})
        watcher = await self._parts.database.read(live_units.watcher_of, signed_in.account)
        await socket.prepare(request)
        transport = request.transport
        if not isinstance(transport, asyncio.Transport):
            return socket
        screen = Screen(
            socket,
            transport,
            watcher,
            signed_in.id,
            self._feed.seq,
            self._now(),
        )
        try:
            await self._catch_up(screen, since)
            await self._listen(screen)
        except DatabaseUnavailable:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"try again")
        except ConnectionError:
            log.debug("a screen left while it was being told what it missed")
        finally:
            self._screens.discard(screen)
        return socket

    async def _catch_up(self, screen: Screen, since: int | None) -> None:
        """Say hello, tell what was missed, and join, with nothing in between."""
        behind = await self._position(since)
        screen.seq = self._feed.seq if behind is None else behind
        await _send(screen, hello(screen.seq, reset=since is not None and behind is None))
        while screen.seq < self._feed.seq:
            said = [Said(c) for c in await self._parts.database.read(changes_since, screen.seq)]
            texts = await self._texts(said, screen.watcher)
            for one, text in zip(said, texts, strict=True):
                screen.seq = one.change.seq
                await _send(screen, text)
        self._screens.add(screen)

    async def _texts(self, said: Sequence[Said], watcher: Watcher) -> list[bytes]:
        if watcher.role != UNIT:
            return [one.text_for(watcher) for one in said]
        known = await self._units.look_up(said)
        return [live_units.text_for(one, watcher, known) for one in said]

    async def _position(self, since: int | None) -> int | None:
        """Where to go on from; None to begin with now."""
        if since is None:
            return None
        read = self._parts.database.read
        # The database may be ahead of the feed's reader; nobody is ahead of the database.
        newest = await read(last_seq) if since > self._feed.seq else self._feed.seq
        if since > newest or newest - since > MOST_BEHIND:
            return None
        return since if since == newest or since >= await read(oldest_seq) - 1 else None

    async def _listen(self, screen: Screen) -> None:
        """Nothing but pongs comes from a screen."""
        async for message in screen.socket:
            if message.type is not WSMsgType.TEXT or not _is_pong(message.data):
                await screen.socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"only pongs")
                return
            screen.heard_at = self._now()

    def _told(self, changes: Sequence[Change]) -> None:
        self._gathered += [Said(change) for change in changes]
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = max(0.0, self._quiet_since + GATHER_S - loop.time())
        self._timer = loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        """Write what was gathered to every screen."""
        self._timer = None
        self._quiet_since = asyncio.get_running_loop().time()
        said, self._gathered = self._gathered, []
        if not said:
            return
        joined: dict[tuple[object, ...], bytes] = {}
        private = [one for one in said if one.is_private]
        newest = said[-1].change.seq
        if any(screen.watcher.role == UNIT for screen in self._screens):
            self._units.put(said)
        for screen in tuple(self._screens):
            watcher = screen.watcher
            if watcher.role == UNIT:
                continue
            if screen.seq >= said[0].change.seq:
                # It joined meanwhile and was told some of these already.
                fresh = [one for one in said if one.change.seq > screen.seq]
                self._put(screen, _frames(fresh, watcher), max(screen.seq, newest))
                continue
            # Those who are told the same share the very same bytes.
            alike = (watcher.role, *(one.is_for(watcher) for one in private))
            frames = joined.get(alike)
            if frames is None:
                frames = joined[alike] = _frames(said, watcher)
            self._put(screen, frames, newest)

    def _tell_units(self, said: Sequence[Said], known: Mapping[int, Reach]) -> None:
        """Write to the units' screens what is theirs; whose units may be others now comes back."""
        changed = [one for one in said if one.change.topic in live_units.CHANGE_SCOPES]
        for screen in [s for s in self._screens if s.watcher.role == UNIT]:
            fresh = [one for one in said if one.change.seq > screen.seq]
            frames = live_units.frames(fresh, screen.watcher, known)
            self._put(screen, frames, max(screen.seq, said[-1].change.seq))
            if any(live_units.moves(one, screen.watcher) for one in changed):
                self._cut_off(screen)

    def _lose_units(self) -> None:
        for screen in [s for s in self._screens if s.watcher.role == UNIT]:
            self._cut_off(screen)

    def _put(self, screen: Screen, frames: bytes, seq: int) -> None:
        screen.seq = seq
        if not frames or screen.socket.closed:
            return
        screen.transport.write(frames)
        if screen.transport.get_write_buffer_size() > MAX_UNSENT:
            log.warning("a screen reads too slowly; it was cut off and may resume")
            self._cut_off(screen)

    def _cut_off(self, screen: Screen) -> None:
        self._screens.discard(screen)
        screen.transport.abort()

    async def ping(self) -> None:
        """Ping, and drop the silent; runs until cancelled."""
        while True:
            await asyncio.sleep(PING_S)
            self.ping_once()

    def ping_once(self) -> None:
        """Ask every screen whether it is there; who has not answered for long is cut off."""
        for screen in tuple(self._screens):
            if self._now() - screen.heard_at > SILENT_S:
                self._cut_off(screen)
            elif not screen.socket.closed:
                screen.transport.write(PING)

    async def _close(self, screens: list[Screen], code: int, message: bytes) -> None:
        self._screens.difference_update(screens)
        await asyncio.gather(*(s.socket.close(code=code, message=message) for s in screens))


async def _send(screen: Screen, text: bytes) -> None:
    """One message, waiting until the screen has read enough of those before."""
    if text:
        await screen.socket.send_frame(text, WSMsgType.TEXT)


def _frames(said: Sequence[Said], watcher: Watcher) -> bytes:
    return b"".join(frame(one.text_for(watcher)) for one in said)


class _FromScreen(msgspec.Struct):
    type: str


_from_screen = msgspec.json.Decoder(_FromScreen)


def _is_pong(text: str) -> bool:
    try:
        return _from_screen.decode(text).type == PONG
    except msgspec.DecodeError:
        return False
