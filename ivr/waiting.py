"""Waiting: music, position told, a callback on a key, seats rung one at a time.

What is told never holds the head of the queue up: a seat is rung while a sentence plays,
and the sentence is stopped when the seat picks up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math

from msgspec.structs import replace

from config.model import Queue
from db.clock import now_ms
from db.engine import DatabaseUnavailable
from floor import calls, seats
from floor.requests import Request
from floor.seats import Seat
from ivr import ari, doors
from ivr.call import LiveCall
from ivr.inbox import Asked, Happening, Offered, Pressed, SeatAnswered, SeatGone, Spoken
from ivr.policy import next_deadline_s, told_by
from ivr.queue import Place
from ivr.telling import where_he_stands

log = logging.getLogger("hotline.queue")

RING_GRACE_S = 3.0
"""Asterisk ends the ringing itself; only when it says nothing do we."""

# Q.850
NO_ROUTE, REJECTED, BUSY, NOT_REACHABLE = 3, 21, 17, 20


async def wait(
    call: LiveCall, queue: str, *, key: str | None = None, sentence: str | None = None
) -> bool:
    """Wait until a seat has answered (True), or nobody can come (False).

    Raises:
        HungUp: the caller gave up; his place and the seat that rang are free again.
    """
    waiting = Wait(call, call.parts.settings.queue(queue))
    try:
        return await waiting.until_served(key, sentence)
    finally:
        waiting.over()


class Wait:
    """One caller's waiting, from joining the queue to its end."""

    def __init__(self, call: LiveCall, queue: Queue) -> None:
        self.call = call
        self.parts = call.parts
        self.queue = queue
        self.loop = asyncio.get_running_loop()
        self.told = 0
        self.overflowed = False
        self.ringing: Seat | None = None
        self.ring_until = math.inf
        self.music = False
        self.place: Place | None = None
        self.began = self.loop.time()

    # --- the waiting itself ---

    async def until_served(self, key: str | None, sentence: str | None) -> bool:
        await self._join(key)
        if sentence is not None:
            self.call.say(sentence)
        elif self.ringing is None and self.call.row.callback_ms is None:
            self.call.say("waiting_first")
        else:
            self._play_music()
        while True:
            happening = await self.call.next(self._next_due())
            if happening is None:
                if not await self._clock_struck():
                    return False
            elif await self._happened(happening):
                return True

    def over(self) -> None:
        if self.place is not None:
            self.parts.floor.leave(self.place)

    async def _join(self, key: str | None) -> None:
        """Take a place; when a seat is free, ring it at once and write both in one go."""
        call, row = self.call, self.call.row
        resumed = row.queued_ms is not None
        since_ms = row.queued_ms if row.queued_ms is not None else now_ms()
        # His place is by the moment he first came; his patience begins anew after a talk.
        waiting_ms = row.waiting_ms if row.waiting_ms is not None else since_ms
        self.began -= (now_ms() - waiting_ms) / 1000
        self.place = Place(call, since_ms, (self.queue.name,), row.head)
        if resumed and row.queue is not None and row.queue != self.queue.name:
            # He had been helped over before a restart; his own queue is still his.
            self.overflowed = True
            self.place.queues = (self.queue.name, row.queue)
        if row.seat_channel is not None and row.seat_id is not None:
            self._resume_ringing(row.seat_id)
        seat = self.parts.floor.join(self.place)
        detail = {"key": key} if key else {}
        if seat is None or resumed:
            await self._write_waiting(resumed, detail)
            if seat is not None:
                await self._ring(seat)
            return
        channel = ari.new_id("seat")
        try:
            call.row, won = await self.parts.keeper.write(
                doors.queue_up_and_offer, call.id, self.queue.name, detail, seat.id, channel
            )
        except DatabaseUnavailable:
            await self._write_waiting(resumed, detail)
            self._ring_later(seat)
            return
        if won:
            await self._dial(seat, channel)
        else:
            self.parts.floor.not_taken(self.place, seat.id)

    async def _write_waiting(self, resumed: bool, detail: dict[str, str]) -> None:
        call, at_ms = self.call, now_ms()
        if not resumed:
            name = self.queue.name
            row = replace(
                call.row,
                stage="waiting",
                queue=name,
                first_queue=name,
                queued_ms=at_ms,
                waiting_ms=at_ms,
            )
            call.row = await call.keep(row, doors.queue_up, call.id, name, detail)
        elif call.row.stage != "waiting":
            queue = call.row.queue or self.queue.name
            row = replace(call.row, stage="waiting", queue=queue)
            call.row = await call.keep(row, doors.requeue, call.id, queue)

    def _resume_ringing(self, seat_id: int) -> None:
        self.ringing = self.parts.floor.seat(seat_id)
        if self.ringing is not None and self.place is not None:
            self.place.offered = seat_id
            self.ring_until = self.loop.time() + self.queue.ring_s + RING_GRACE_S

    async def _happened(self, happening: Happening) -> bool:
        """Deal with what happened; True when a seat has answered."""
        match happening:
            case SeatAnswered(channel) if self._is_rung(channel):
                return self.ringing is not None
            case SeatGone(cause, channel) if self._is_rung(channel):
                await self._seat_gone(cause)
            case Offered(seat):
                await self._ring(seat)
            case Asked(request):
                await self._move(request)
            case Pressed(key) if key == self.queue.callback_key:
                await self._callback()
            case Spoken() if self.call.spoken(happening):
                self._play_music()
            case _:
                pass
        return False

    def _is_rung(self, channel: str) -> bool:
        """Whether that is the telephone that rings now. The end of one before it (of an agent who
        transferred the call, say) may be told when the next rings already.
        """
        return channel in ("", self.call.seat_channel)

    async def _move(self, request: Request) -> None:
        """A supervisor moves him: next, or to another queue."""
        name = request.args.get("queue") or self.queue.name
        known = next((q for q in self.parts.settings.queues if q.name == name), None)
        if known is None:
            await self.call.refused(request, "没有这个队列")
            return
        if self.ringing is not None:
            await self.call.refused(request, "正在为来电人呼叫座席，请稍候")
            return
        head = bool(request.args.get("head")) or self.call.row.head
        row = replace(self.call.row, queue=name, first_queue=name, head=head)
        detail = {"queue": name, "head": head, "by": request.account_id}
        self.call.row = await self.call.keep(
            row, calls.step, self.call.id, "moved", detail, queue=name, to_head=head
        )
        if name != self.queue.name:
            self.queue = known
            self.overflowed = False
            self.began = self.loop.time()
        if self.place is not None:
            self.parts.floor.move(self.place, (name,), head)
        await self.call.accepted(request)

    # --- ringing seats, one at a time ---

    async def _ring(self, seat: Seat) -> None:
        if self.place is None or self.ringing is not None:
            return
        channel = ari.new_id("seat")
        try:
            self.call.row = await self.parts.keeper.write(
                doors.offer, self.call.id, seat.id, channel
            )
        except DatabaseUnavailable:
            self._ring_later(seat)
            return
        except seats.NotNow as taken:
            log.info("seat %s was not to be had: %s", seat.id, taken)
            self.parts.floor.not_taken(self.place, seat.id)
            return
        await self._dial(seat, channel)

    def _ring_later(self, seat: Seat) -> None:
        """Only the database can give a seat: as soon as it is back. The claim stays ours."""

        async def offer_again() -> None:
            await self.parts.keeper.back()
            self.call.put(Offered(seat))

        self.call.spawn(offer_again(), "offer again")

    async def _dial(self, seat: Seat, channel: str) -> None:
        assert self.place is not None  # noqa: S101 - joined before anything is dialled
        self.parts.floor.taken(self.place)
        self.ringing = seat
        self.call.seat_channel = channel
        self.ring_until = self.loop.time() + self.queue.ring_s + RING_GRACE_S
        self.parts.directory.add(channel, self.call)
        try:
            await self.parts.client.originate(
                f"PJSIP/{seat.endpoint}",
                channel_id=channel,
                app_args=("seat", self.call.id),
                caller_id=self.call.row.caller_masked,
                timeout=math.ceil(self.queue.ring_s),
                originator=self.call.channel.id,
            )
        except ari.Refused as error:
            log.warning("call %s: seat %s can't be rung: %s", self.call.id, seat.id, error)
            self.parts.directory.drop(channel)
            self.call.put(SeatGone(NOT_REACHABLE))
            return
        self.call.spawn(self._note_ringing(seat.id), "note the ringing")

    async def _note_ringing(self, seat_id: int) -> None:
        # The seat may have picked up or gone before this is written.
        with contextlib.suppress(seats.NotNow):
            await self.call.keep(None, seats.ring, seat_id)

    async def _seat_gone(self, cause: int) -> None:
        if self.ringing is None or self.place is None:
            return
        seat, channel = self.ringing, self.call.seat_channel or ""
        await self.call.settled()
        why = _why_not(cause)
        row = replace(self.call.row, seat_id=None, seat_channel=None)
        self.call.row = await self.call.keep(
            row, doors.take_back, self.call.id, seat.id, channel, why
        )
        self.ringing = None
        self.ring_until = math.inf
        self.call.seat_channel = None
        self.parts.floor.not_taken(self.place, seat.id)

    # --- what the clock brings ---

    def _next_due(self) -> float:
        if self.ringing is not None:
            return self.ring_until
        told_at = self.began + next_deadline_s(self.queue, 0.0, self.told)
        return min(told_at, self._gives_up_at())

    def _gives_up_at(self) -> float:
        limit = self.queue.max_wait_s
        if self.overflowed:
            limit += self.queue.overflow_wait_s
        return self.began + limit

    async def _clock_struck(self) -> bool:
        """Do what is due; False when nobody can come any more."""
        now = self.loop.time()
        if self.ringing is not None:
            await self._stop_ringing()
            return True
        if now >= self._gives_up_at():
            return await self._overflow()
        if now >= self.began + next_deadline_s(self.queue, 0.0, self.told):
            await self._tell_position()
        return True

    async def _stop_ringing(self) -> None:
        channel = self.call.seat_channel
        if channel is not None:
            self.call.spawn(self.parts.client.channel(channel).hangup("no_answer"), "stop ringing")
            self.parts.directory.drop(channel)
        await self._seat_gone(19)

    async def _overflow(self) -> bool:
        if self.overflowed or self.queue.overflow_to is None or self.place is None:
            return False
        self.overflowed = True
        to = self.queue.overflow_to
        row = replace(self.call.row, queue=to)
        self.call.row = await self.call.keep(
            row, calls.step, self.call.id, "overflow", {"to": to}, queue=to
        )
        self._say("overflow")
        self.parts.floor.widen(self.place, self.queue.overflow_to)
        return True

    # --- what the caller hears ---

    async def _tell_position(self) -> None:
        self.told = max(self.told + 1, told_by(self.queue, self.loop.time() - self.began))
        if self.place is None:
            return
        position = self.parts.floor.position(self.place)
        wait_s = self.parts.floor.expected_wait_s(self.place)
        offer = self.call.row.callback_ms is None
        media = where_he_stands(self.parts.prompts, position, wait_s, offer_callback=offer)
        self._stop_music()
        self.call.play(*media)
        await self.call.note("position_told", {"position": position})

    async def _callback(self) -> None:
        if self.call.row.callback_ms is None:
            row = replace(self.call.row, callback_ms=now_ms())
            self.call.row = await self.call.keep(row, doors.ask_callback, self.call.id)
        self._say("callback_done")

    def _say(self, sentence: str) -> None:
        self._stop_music()
        self.call.say(sentence)

    def _play_music(self) -> None:
        self.music = True
        self.call.spawn(self.call.channel.start_moh(self.queue.music), "music")

    def _stop_music(self) -> None:
        if self.music:
            self.music = False
            self.call.spawn(self.call.channel.stop_moh(), "stop the music")


def _why_not(cause: int) -> str:
    if cause in (REJECTED, BUSY):
        return "refused"
    if cause in (NO_ROUTE, NOT_REACHABLE):
        return "unreachable"
    return "not_answered"
