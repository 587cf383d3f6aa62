"""A busy floor for the pages to follow: the console, and calls made of doors alone, in one process.

    python -m bench.floor SETTINGS.pickle CALLS_A_SECOND

No Asterisk: what is measured is what a change costs on its way to the screens. The doors are those
of real calls, so what they publish is what a real floor publishes.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import sys
import uuid
from collections import deque
from pathlib import Path
from zoneinfo import ZoneInfo

from config.model import Settings
from db import Database, connect
from db.engine import url_of
from floor import calls, seats
from hotline import wiring
from ivr import doors

_STEP_S = 0.3
"""Between two steps of a call (arrived, menu, rung)."""
_TALK_S = 3.0


class Floor:
    """Calls that come, are answered and end, so many a second, as the seats allow."""

    def __init__(self, db: Database, settings: Settings, calls_a_second: float) -> None:
        self._db = db
        self._zone = ZoneInfo(settings.zone)
        self._line, self._queue = settings.lines[0].name, settings.queues[0].name
        self._every_s = 1 / calls_a_second
        self._free: deque[int] = deque()

    async def run(self) -> None:
        """Until cancelled. The seat that has been free longest takes the next call."""
        self._free.extend(seat.id for seat in await self._db.read(seats.all_seats))
        loop = asyncio.get_running_loop()
        due = loop.time()
        async with asyncio.TaskGroup() as group:
            while True:
                due += self._every_s
                await asyncio.sleep(max(0.0, due - loop.time()))
                if self._free:
                    group.create_task(self._call(self._free.popleft()))

    async def _call(self, seat_id: int) -> None:
        write, call_id = self._db.write, uuid.uuid4().hex
        channel, bridge = f"seat-{call_id[:24]}", f"br-{call_id}"
        await write(
            doors.arrive,
            call_id=call_id,
            asterisk="bench",
            line=self._line,
            trunk="local",
            channel=f"in-{call_id[:26]}",
            caller_hash=call_id,
            caller_sealed="",
            caller_masked="138****0000",
        )
        await asyncio.sleep(_STEP_S)
        await write(calls.step, call_id, "menu")
        await asyncio.sleep(_STEP_S)
        await write(doors.queue_up_and_offer, call_id, self._queue, {}, seat_id, channel)
        await write(seats.ring, seat_id)
        await asyncio.sleep(_STEP_S)
        await write(doors.answer, call_id, seat_id, channel, bridge, self._zone)
        await asyncio.sleep(_TALK_S)
        await write(doors.end, call_id, "caller_hung_up", 60.0)
        await asyncio.sleep(_STEP_S)
        await write(seats.end_wrap_up, seat_id)
        self._free.append(seat_id)


async def _main(settings: Settings, calls_a_second: float) -> None:
    db = await connect(url_of(settings.database_url, settings.var))
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    try:
        async with wiring.console(settings, db):
            busy = asyncio.create_task(Floor(db, settings, calls_a_second).run())
            busy.add_done_callback(lambda _: over.set())
            print("the floor is ready", flush=True)
            await over.wait()
            busy.cancel()
            for problem in await asyncio.gather(busy, return_exceptions=True):
                if isinstance(problem, Exception):
                    raise problem
    finally:
        await db.close()


if __name__ == "__main__":
    chosen = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - the bench's own
    asyncio.run(_main(chosen, float(sys.argv[2])))
