"""A live call in the controller's hands: its channel, its inbox, and how it is asked things.

Everything that happens to a call (events of Asterisk, an offered seat, a pressed button)
comes through one inbox in one order and is read by the call's own task. A caller who
hangs up is `HungUp`, raised at the line that was waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Coroutine
from typing import Any

from db.engine import DatabaseUnavailable
from floor.calls import Call
from ivr import ari
from ivr.inbox import Asked, Gone, Happening, Spoken
from ivr.parts import Parts
from ivr.requests import refuse

log = logging.getLogger("hotline.call")


PLAYBACKS = 4
"""Ids that a call's prompts go round: more than can be ending at one time."""


def playback_of(call_id: str, turn: int) -> str:
    """A playback's id: of the width of all ids, and known again after a restart."""
    return f"p{turn}-{call_id[:29]}"


class HungUp(Exception):
    """The caller's channel is gone."""


class LiveCall:
    """One call. Everything but `put` and `spawn` is for its own task alone."""

    def __init__(self, parts: Parts, row: Call, channel_name: str) -> None:
        self.parts = parts
        self.row = row
        self.id = row.id
        self.channel = parts.client.channel(row.channel)
        self.channel_name = channel_name
        self.seat_channel: str | None = row.seat_channel
        self.gone = False
        self._turn = 0
        self.ends_because: str | None = None
        self.playing: str | None = None
        self._inbox: deque[Happening] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._spawned: set[asyncio.Task[Any]] = set()
        self._failure: Exception | None = None

    # --- what comes in ---

    def put(self, happening: Happening) -> None:
        """Something happened. Never blocks; wakes the call's task."""
        if isinstance(happening, Asked) and self.row.stage != "talking":
            self.refuse(happening)
            return
        if isinstance(happening, Gone):
            self.gone = True
        self._inbox.append(happening)
        self._wake()

    def fail(self, error: Exception) -> None:
        """Without this the call can't go on: its task gets the error from `next`."""
        self._failure = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def next(self, until: float | None = None) -> Happening | None:
        """The next happening; None when the loop's clock passes `until` first.

        Raises:
            HungUp: the caller is gone. Raised as soon as it is known, before what else
                lies in the inbox.
            Exception: what `fail` was told, after all that had happened before.
        """
        while True:
            if self.gone:
                raise HungUp
            if self._inbox:
                return self._inbox.popleft()
            if self._failure is not None:
                raise self._failure
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout_at(until):
                    await self._waiter
            except TimeoutError:
                return None
            finally:
                self._waiter = None

    # --- what is done ---

    def spawn(self, doing: Coroutine[Any, Any, Any], what: str, *, vital: bool = False) -> None:
        """Send a request without waiting for its answer; its failure is logged.

        Requests of one socket are served in order, so what is spawned first is done first.
        A `vital` one that fails is the call's own failure.
        """
        task = asyncio.create_task(self._vitally(doing) if vital else self._quietly(doing, what))
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    def refuse(self, asked: Asked) -> None:
        """Only in a talk can anything be done: say so, so that no screen waits."""
        sentence = "现在不在通话中，不能进行该操作"
        self.spawn(refuse(self.parts.db, asked.request, sentence), "refuse a request")

    def refuse_left(self) -> None:
        """The talk is over: what was asked and not read any more is refused."""
        for happening in self._inbox:
            if isinstance(happening, Asked):
                self.refuse(happening)
        self._inbox.clear()

    async def settled(self) -> None:
        """Wait until everything spawned so far has been answered."""
        if self._spawned:
            await asyncio.wait(tuple(self._spawned))

    async def _quietly(self, doing: Coroutine[Any, Any, Any], what: str) -> None:
        try:
            await doing
        except ari.NotFound:
            # The channel or playback ended first; its own event tells the task.
            log.debug("%s: already gone", what)
        except (ari.AriError, DatabaseUnavailable) as error:
            log.warning("call %s: %s failed: %s", self.id, what, error)

    async def _vitally(self, doing: Coroutine[Any, Any, Any]) -> None:
        try:
            await doing
        except ari.AriError as error:
            self.fail(error)

    def say(self, *sentences: str) -> str:
        """Play prompts by name one after the other; the answer is the playback's id."""
        return self.play(*(self.parts.prompts.media(name) for name in sentences))

    def play(self, *media: str) -> str:
        """Play media one after the other, without waiting; the answer is the playback's id.

        The playback that runs is stopped first: two would queue up behind each other.
        """
        self.hush()
        self._turn = (self._turn + 1) % PLAYBACKS
        playback = playback_of(self.id, self._turn)
        self.playing = playback
        self.spawn(self.channel.play(*media, playback_id=playback), "play")
        return playback

    def hush_leftovers(self) -> None:
        """Stop what a controller before us was playing, whichever it was."""
        for turn in range(PLAYBACKS):
            stopped = playback_of(self.id, turn)
            self.spawn(self.parts.client.playback(stopped).stop(), "stop an old playback")

    def hush(self) -> None:
        """Stop the prompt that runs, if one does (barge-in)."""
        if self.playing is not None:
            stopped, self.playing = self.playing, None
            self.spawn(self.parts.client.playback(stopped).stop(), "stop playback")

    def spoken(self, happening: Spoken) -> bool:
        """Whether the prompt that just ended is the one that was playing."""
        if happening.playback != self.playing:
            return False
        self.playing = None
        return True

    async def say_whole(self, *sentences: str) -> None:
        """Play prompts and wait for their end; keys are ignored."""
        self.say(*sentences)
        limit = sum(self.parts.prompts.length_s(name) for name in sentences) + 10.0
        until = asyncio.get_running_loop().time() + limit
        while (happening := await self.next(until)) is not None:
            if isinstance(happening, Spoken) and self.spoken(happening):
                return
        log.warning("call %s: a prompt did not end within its limit", self.id)
        self.hush()

    async def hang_up(self) -> None:
        """End the caller's channel. One that is gone already is as good."""
        with contextlib.suppress(ari.NotFound):
            await self.channel.hangup("normal")
