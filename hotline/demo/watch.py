"""Follows one call in the database and tells what is new of it."""

from __future__ import annotations

import asyncio
import time

from sqlalchemy import Connection, select

from db import Database
from db.models import call, call_event, recording, ticket
from hotline.demo.story import Story

LOOK_EVERY_S = 0.1

TOLD = {
    "arrived": "the call has arrived",
    "notice": "the recording notice is being read",
    "menu": "in the menu",
    "key": "the key was understood",
    "wrong_key": "the key means nothing here",
    "no_key": "no key was heard",
    "closed": "outside of office hours",
    "blocked": "this number is blocked",
    "queued": "queued",
    "offered": "a seat is ringing",
    "not_answered": "the seat did not answer",
    "refused": "the seat refused",
    "unreachable": "the seat's telephone could not be reached",
    "position_told": "the position was told",
    "callback": "a callback was asked for",
    "overflow": "passed on to another queue",
    "answered": "the seat has answered: talking",
    "held": "on hold",
    "resumed": "off hold",
    "recording_paused": "the recording is paused",
    "recording_resumed": "the recording goes on",
    "recording_problem": "the recording has a problem",
    "digits": "keys were sent",
    "message": "leaving a voice message",
    "recovered": "picked up again after a restart",
    "ended": "the hotline has ended the call",
}


class Watch:
    """One call, found by the moment it began and the end of the (made-up) number it came from.

    `seen` holds the kinds of events so far, `ticket_number` and `recording_told` what came of it.
    """

    def __init__(self, database: Database, story: Story, caller: str) -> None:
        self.seen: set[str] = set()
        self.ticket_number: str | None = None
        self.recording_told = ""
        self._database = database
        self._story = story
        self._ending = caller[-4:]
        self._since_ms = time.time_ns() // 1_000_000 - 1000
        self._call_id: str | None = None
        self._last_event = 0
        self._looked = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="watch")

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def next_look(self) -> None:
        """Wait until the database was looked at again; raises what the looking raised."""
        self._looked.clear()
        looked = asyncio.create_task(self._looked.wait())
        await asyncio.wait({looked, self._task}, return_when=asyncio.FIRST_COMPLETED)
        looked.cancel()
        if self._task.done():
            self._task.result()

    async def _run(self) -> None:
        while True:
            for event_id, kind in await self._database.read(self._look):
                self._last_event = event_id
                self.seen.add(kind)
                self._story.tell(TOLD.get(kind, kind))
            self._looked.set()
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self, conn: Connection) -> list[tuple[int, str]]:
        if self._call_id is None:
            self._call_id = self._find(conn)
        if self._call_id is None:
            return []
        self.ticket_number = conn.execute(
            select(ticket.c.number).where(ticket.c.call_id == self._call_id)
        ).scalar()
        self.recording_told = self._recording(conn)
        events = conn.execute(
            select(call_event.c.id, call_event.c.kind)
            .where(call_event.c.call_id == self._call_id, call_event.c.id > self._last_event)
            .order_by(call_event.c.id)
        )
        return [(row.id, row.kind) for row in events]

    def _find(self, conn: Connection) -> str | None:
        found: str | None = conn.execute(
            select(call.c.id)
            .where(call.c.started_ms >= self._since_ms)
            .where(call.c.caller_masked.endswith(self._ending, autoescape=True))
            .order_by(call.c.started_ms.desc())
        ).scalar()
        return found

    def _recording(self, conn: Connection) -> str:
        found = conn.execute(
            select(recording).where(
                recording.c.call_id == self._call_id, recording.c.state != "running"
            )
        ).first()
        if found is None:
            return ""
        if found.state != "filed":
            return f"recording {found.state}: {found.problem}"
        length_s = (found.length_ms or 0) / 1000
        return f"recording filed: {length_s:.1f} s, {found.size_bytes} bytes of {found.format}"
