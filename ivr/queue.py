"""The queue: who waits, which seats are free, and bringing the two together.

The seats are a mirror of the database, kept by the change feed; the compare-and-set of
`floor.seats.reserve` decides in the end, so a stale mirror costs a try and nothing else.
Choosing is synchronous: nothing can come in between.
"""

from __future__ import annotations

import asyncio
import bisect
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from config.model import Settings
from db.clock import now_ms
from db.engine import Database, DatabaseUnavailable
from db.feed import Change
from floor import seats
from floor.seats import NotNow, Seat
from ivr.inbox import InHand, Offered
from ivr.policy import choose_seat, expected_wait_s

log = logging.getLogger("hotline.queue")

STAFFED = ("available", "reserved", "ringing", "talking", "wrap_up")
TRY_AGAIN_S = 1.0
FIRST_GUESS_TALK_S = 180.0
MEMORY = 0.1
"""Weight of the newest talk in the mean: about the last twenty talks count."""


class Place:
    """A caller's place. It is his until he is talking, leaves a message, or hangs up."""

    __slots__ = ("call", "head", "offered", "queues", "waiting_since_ms")

    def __init__(
        self, call: InHand, since_ms: int, queues: tuple[str, ...], head: bool = False
    ) -> None:
        self.call = call
        self.head = head
        self.waiting_since_ms = since_ms
        self.queues = queues
        self.offered: int | None = None

    @property
    def order(self) -> tuple[int, int, str]:
        """Those whom we owe it (`head`) first, then who began to wait first."""
        return (0 if self.head else 1, self.waiting_since_ms, self.call.id)


class Floor:
    """All queues of one controller."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._seats: dict[int, Seat] = {}
        self._free: dict[str, dict[int, Seat]] = defaultdict(dict)
        self._claimed: dict[int, Seat] = {}
        self._places: list[Place] = []
        self._talk_s: dict[str, float] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._paused = True

    # --- life ---

    async def start(self) -> None:
        """Read the seats; from here on the feed keeps them. Nothing is offered before `open`."""
        self._db.feed.subscribe(self.on_changes)
        for seat in await self._db.read(seats.all_seats):
            self._see(seat)

    def open(self) -> None:
        """The waiting of before a restart are in their places: begin to offer."""
        self._paused = False
        self._match(list(self._places))

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    # --- who waits ---

    def join(self, place: Place) -> Seat | None:
        """A caller begins to wait. The answer is the seat offered to him at once, if any."""
        bisect.insort(self._places, place, key=lambda p: p.order)
        if self._paused or place.offered is not None:
            return None
        return self._offer_best(place)

    def widen(self, place: Place, queue: str) -> None:
        """The caller may be served by the seats of one more queue (overflow)."""
        if queue not in place.queues:
            place.queues = (*place.queues, queue)
        if place.offered is None and not self._paused and (seat := self._offer_best(place)):
            place.call.put(Offered(seat))

    def move(self, place: Place, queues: tuple[str, ...], head: bool) -> None:
        """A supervisor has the caller served by other seats, or next."""
        if place in self._places:
            self._places.remove(place)
        place.queues, place.head = queues, head
        seat = self.join(place)
        if seat is not None:
            place.call.put(Offered(seat))

    def not_taken(self, place: Place, seat_id: int) -> None:
        """The seat offered was not to be had, or did not pick up: look for the next."""
        claimed = self._claimed.pop(seat_id, None)
        if claimed is not None and claimed is self._seats.get(seat_id):
            # The database has it otherwise, and the feed has yet to say so: not the same again.
            self._hide(seat_id)
        place.offered = None
        if self._paused or place not in self._places:
            return
        if seat := self._offer_best(place):
            place.call.put(Offered(seat))

    def taken(self, place: Place) -> None:
        """The seat offered is reserved in the database."""
        if place.offered is not None:
            self._claimed.pop(place.offered, None)
            self._hide(place.offered)

    def leave(self, place: Place) -> None:
        """The caller waits no longer. A seat just offered to him goes to the next."""
        if place in self._places:
            self._places.remove(place)
        if place.offered is not None and place.offered in self._claimed:
            self._claimed.pop(place.offered, None)
            self._offer_seat(self._seats[place.offered])
        place.offered = None

    def position(self, place: Place) -> int:
        """1 for the next to be served of those who wait for the same queue."""
        queue = place.queues[0]
        ahead = [p for p in self._places if p.order < place.order and queue in p.queues]
        return len(ahead) + 1

    def expected_wait_s(self, place: Place) -> float | None:
        """How long he may expect to wait; None when nobody is there to answer."""
        queue = place.queues[0]
        staffed = sum(1 for s in self._seats.values() if s.state in STAFFED and queue in s.skills)
        settings = self._settings.queue(queue)
        talk_s = self._talk_s.get(queue, FIRST_GUESS_TALK_S)
        return expected_wait_s(self.position(place), staffed, talk_s, settings.wrap_up_s / 2)

    def talked(self, queue: str, seconds: float) -> None:
        """A talk ended: remember how long talks of this queue last."""
        before = self._talk_s.get(queue, FIRST_GUESS_TALK_S)
        self._talk_s[queue] = before + MEMORY * (seconds - before)

    @property
    def waiting(self) -> int:
        return len(self._places)

    def endpoints(self) -> list[str]:
        """The telephones of all seats."""
        return [seat.endpoint for seat in self._seats.values()]

    def newcomers(self, changes: Sequence[Change]) -> list[str]:
        """The telephones of seats that these changes tell of for the first time."""
        told = {int(change.key) for change in changes if change.topic == "seat"}
        return [seats.endpoint_of(seat_id) for seat_id in told if seat_id not in self._seats]

    def seat(self, seat_id: int) -> Seat | None:
        return self._seats.get(seat_id)

    # --- which seats there are ---

    def on_changes(self, changes: Sequence[Change]) -> None:
        """The feed: seats changed, by us or by anybody."""
        for change in changes:
            if change.topic == "seat":
                self._see(Seat.of_shown(change.data))

    def _see(self, seat: Seat) -> None:
        self._seats[seat.id] = seat
        timer = self._timers.pop(seat.id, None)
        if timer is not None:
            timer.cancel()
        if seat.state == "wrap_up" and seat.wrap_up_until_ms is not None:
            left_s = max(0.0, (seat.wrap_up_until_ms - now_ms()) / 1000)
            loop = asyncio.get_running_loop()
            self._timers[seat.id] = loop.call_later(left_s, self._wrap_up_over, seat.id)
        # A skill that was lent and taken back leaves nothing behind.
        self._hide(seat.id)
        if seat.state != "available" or not seat.phone_ready:
            return
        for queue in seat.skills:
            self._free[queue][seat.id] = seat
        self._offer_seat(seat)

    def _hide(self, seat_id: int) -> None:
        for free in self._free.values():
            free.pop(seat_id, None)

    def _wrap_up_over(self, seat_id: int) -> None:
        task = asyncio.create_task(self._end_wrap_up(seat_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end_wrap_up(self, seat_id: int) -> None:
        try:
            await self._db.write(seats.end_wrap_up, seat_id)
        except NotNow:
            log.debug("seat %s had ended its wrap-up itself", seat_id)
        except DatabaseUnavailable:
            loop = asyncio.get_running_loop()
            self._timers[seat_id] = loop.call_later(TRY_AGAIN_S, self._wrap_up_over, seat_id)

    # --- bringing together ---

    def _match(self, places: Iterable[Place]) -> None:
        for place in places:
            if place.offered is None and (seat := self._offer_best(place)):
                place.call.put(Offered(seat))

    def _offer_best(self, place: Place) -> Seat | None:
        for queue in place.queues:
            free = (s for s in self._free[queue].values() if s.id not in self._claimed)
            seat = choose_seat(self._settings.queue(queue).strategy, queue, free)
            if seat is not None:
                return self._claim(place, seat)
        return None

    def _offer_seat(self, seat: Seat) -> None:
        if self._paused or seat.id in self._claimed or seat.state != "available":
            return
        for place in self._places:
            if place.offered is None and any(q in seat.skills for q in place.queues):
                self._claim(place, seat)
                place.call.put(Offered(seat))
                return

    def _claim(self, place: Place, seat: Seat) -> Seat:
        self._claimed[seat.id] = seat
        place.offered = seat.id
        return seat
