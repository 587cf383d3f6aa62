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
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from db.clock import now_ms
from db.engine import DatabaseUnavailable
from floor import calls, requests
from floor.calls import Call
from floor.requests import Request
from ivr import ari, conversing, doors
from ivr.conversation import Conversation, Note
from ivr.inbox import Asked, Gone, Happening, SeatAnswered, Spoken
from ivr.parts import Parts

log = logging.getLogger("hotline.call")
P = ParamSpec("P")
T = TypeVar("T")

PLAYBACKS = 4
"""Ids that a call's prompts go round: more than can be ending at one time."""


def playback_of(call_id: str, turn: int) -> str:
    """A playback's id: of the width of all ids, and known again after a restart."""
    return f"p{turn}-{call_id[:29]}"


class HungUp(Exception):
    """The caller's channel is gone."""


@dataclass(frozen=True, slots=True)
class Found:
    """What Asterisk has at this moment."""

    channels: dict[str, ari.ChannelData]
    bridges: dict[str, ari.BridgeData]

    def in_application(self, channel: str) -> bool:
        data = self.channels.get(channel)
        return data is not None and data.dialplan.app_name == "Stasis"


class LiveCall:
    """One call. Everything but `put` and `spawn` is for its own task alone."""

    def __init__(self, parts: Parts, row: Call, channel_name: str) -> None:
        self.parts = parts
        self.row = row
        self.id = row.id
        self.channel = parts.client.channel(row.channel)
        self.channel_name = channel_name
        self.seat_channel: str | None = row.seat_channel
        self.legs: set[str] = set()
        """Channels of this call beside the caller's and the ringing seat's."""
        self.found: Found | None = None
        """After a restart: what Asterisk had, for the conversation to be mended by."""
        self.cause = 0
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
        if isinstance(happening, Asked) and not self._takes(happening.request):
            self.refuse(happening)
            return
        if isinstance(happening, Gone):
            self.gone = True
            self.cause = happening.cause
        self._inbox.append(happening)
        self._wake()

    def _takes(self, request: Request) -> bool:
        """Whether anything can be asked at this stage."""
        if self.row.stage == "waiting":
            return request.verb == "move"
        return self.row.stage in ("talking", "dialling")

    def seat_answered(self, channel: str) -> None:
        """Found out after a restart: this one picked up meanwhile."""
        self.put(SeatAnswered(channel))

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

    # --- what is written down ---

    async def keep(
        self,
        assume: T,
        door: Callable[Concatenate[Connection, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Write; while the database is away it is written later, and the call goes on."""
        return await self.parts.keeper.keep(self.id, assume, door, *args, **kwargs)

    async def note(self, kind: str, detail: dict[str, Any] | None = None) -> None:
        """A line of the call's history."""
        await self.keep(None, calls.note, self.id, kind, detail)

    async def step(
        self, kind: str, detail: dict[str, Any] | None = None, /, **assumed: Any
    ) -> None:
        """One step on; `assumed` is what it makes of the row."""
        row = msgspec.structs.replace(self.row, **assumed)
        self.row = await self.keep(row, calls.step, self.id, kind, detail)

    def learn(self, row: Call) -> None:
        """The database is back and has it so."""
        self.row = row

    async def answered(self, seat_id: int, seat_channel: str, bridge: str) -> None:
        """A seat picked up: the talk begins."""
        seat = self.parts.floor.seat(seat_id)
        zone = ZoneInfo(self.parts.settings.zone)
        args = (self.id, seat_id, seat_channel, bridge, zone)
        if seat is None:
            self.row, _ = await self.parts.db.write(doors.answer, *args)
            return
        talk = doors.first_two(self.channel.id, seat_channel, seat, self.row.caller_masked)
        row = msgspec.structs.replace(
            self.row,
            stage="talking",
            bridge=bridge,
            talk_ms=self.row.talk_ms or now_ms(),
            conversation=conversing.kept(talk),
            owner_seat_id=seat_id,
            head=False,
        )
        self.row, _ = await self.keep((row, seat), doors.answer, *args)

    async def converse(
        self,
        before: Conversation,
        after: Conversation,
        notes: list[Note],
        causes: dict[str, str],
    ) -> None:
        """What an event made of the conversation.

        Raises:
            seats.NotNow: a seat that was to be rung is not free.
            DatabaseUnavailable: a seat was to be rung, which only the database can give.
        """
        args = (self.id, before, after, notes, causes, self.wrap_up_s)
        new = [leg for leg in after.legs if before.leg(leg.id) is None]
        if any(leg.seat_id not in (None, after.lost_seat) for leg in new):
            self.row = await self.parts.keeper.write(conversing.converse, *args)
            return
        agent = after.agent
        row = msgspec.structs.replace(
            self.row,
            conversation=conversing.kept(after),
            held=after.caller.place == "held",
            seat_id=agent.seat_id if agent else None,
            seat_channel=agent.id if agent else None,
            owner_seat_id=after.owner_seat,
        )
        self.row = await self.keep(row, conversing.converse, *args)

    async def back_to_queue(
        self, queue: str, head: bool, hint: str | None, causes: dict[str, str]
    ) -> None:
        """The caller waits again; everybody else is off the call."""
        row = msgspec.structs.replace(
            self.row,
            stage="waiting",
            queue=queue,
            first_queue=queue,
            waiting_ms=now_ms(),
            head=head,
            hint=hint,
            conversation=None,
            held=False,
            seat_id=None,
            seat_channel=None,
        )
        args = (self.id, queue, head, hint, causes, self.wrap_up_s)
        self.row = await self.keep(row, doors.back_to_queue, *args)

    async def end(self, reason: str) -> Call | None:
        """The call is over; None when it had ended already."""
        row = msgspec.structs.replace(
            self.row, stage="ended", ended_ms=now_ms(), end_reason=reason, held=False
        )
        return await self.keep(row, doors.end, self.id, reason, self.wrap_up_s)

    @property
    def wrap_up_s(self) -> float:
        """How long an agent of this call has for the form."""
        queue = self.row.queue
        return self.parts.settings.queue(queue).wrap_up_s if queue else 0.0

    async def accepted(self, request: Request, **outcome: object) -> None:
        """What a person asked for was done."""
        await self.keep(None, requests.settle, request.id, "done", dict(outcome))

    async def refused(self, request: Request, sentence: str) -> None:
        """It can't be done, and the screen says why."""
        await self.keep(None, requests.settle, request.id, "refused", {"detail": sentence})

    def refuse(self, asked: Asked) -> None:
        """Only in a talk can anything be done: say so, so that no screen waits."""
        sentence = "现在不在通话中，不能进行该操作"
        self.spawn(self.refused(asked.request, sentence), "refuse a request")

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
