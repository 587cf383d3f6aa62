"""Recordings of this controller's calls: watched while they run, filed when they are over.

Asterisk writes them by itself (MixMonitor, begun in the dialplan before the notice), so
they go on when the controller dies. Trouble is shown and logged and never ends a call.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from pathlib import Path

from sqlalchemy import Connection

from config.model import Settings
from db.engine import Database, DatabaseUnavailable
from floor import calls
from recordings import catalogue, vault
from recordings.catalogue import Recording
from recordings.vault import NothingToFile, StillWritten

log = logging.getLogger("hotline.recorder")

FIRST_LOOK_S = 3.0
"""A recording that has no file after so long was refused."""

SECOND_LOOK_S = 5.0
"""A file that is there may be empty for so long more: Asterisk writes its sound in blocks of 32 KiB,
two seconds each, and begins late on a busy machine.
"""

QUIET_S = 1.0
"""Asterisk has closed a file that nothing was written to for so long since its call ended."""

RETRY_S = 60.0
DATABASE_RETRY_S = 2.0
LOOK_FOR_SPACE_S = 15.0


class Recorder:
    """Files recordings one at a time, in a thread: encoding must not hold up a call."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._due: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched: dict[str, int] = {}
        self.space_low = False

    def raw(self, call_id: str) -> Path:
        """Where Asterisk writes the sound of a call."""
        return self._settings.spool / f"{call_id}.raw"

    # --- while it runs ---

    def watch(self, call_id: str) -> None:
        """See to it that there really is a recording: soon after its beginning, then at times."""
        self._watched[call_id] = 0
        asyncio.get_running_loop().call_later(FIRST_LOOK_S, self._first_look, call_id)

    def _first_look(self, call_id: str) -> None:
        if call_id not in self._watched or self._size(call_id) > 0:
            return
        trouble = self._trouble()
        if trouble == "not_started" and self.raw(call_id).exists():
            asyncio.get_running_loop().call_later(SECOND_LOOK_S, self._second_look, call_id)
        else:
            self._keep(self._say_problem(call_id, trouble))

    def _second_look(self, call_id: str) -> None:
        if call_id in self._watched and self._size(call_id) == 0:
            self._keep(self._say_problem(call_id, self._trouble()))

    async def _say_problem(self, call_id: str, what: str) -> None:
        found = await self._db.read(catalogue.of_call, call_id)
        if found is None or found.state != "running" or found.problem is not None:
            return
        log.error("call %s is not being recorded: %s", call_id, what)
        await self._db.write(_note_problem, call_id, what)

    def _keep(self, doing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a problem of a recording could not be noted", exc_info=error)

    def _size(self, call_id: str) -> int:
        try:
            return self.raw(call_id).stat().st_size
        except OSError:
            return 0

    def _trouble(self) -> str:
        """Why a recording is not written, as far as can be seen: a problem of the catalogue."""
        spool = self._settings.spool
        return "disk_full" if spool.is_dir() and self._is_space_low() else "not_started"

    def _is_space_low(self) -> bool:
        try:
            free_mb = vault.free_mb(self._settings.spool)
        except OSError as error:
            log.warning("the spool of recordings can't be read: %s", error.strerror)
            return True
        return free_mb < self._settings.recording.min_free_mb

    async def look_for_space(self) -> None:
        """Runs for ever: notice a disk that fills, and the recordings that are cut short by it."""
        while True:
            low = await asyncio.to_thread(self._is_space_low)
            if low and not self.space_low:
                log.error(
                    "less than %s MiB are left for recordings", self._settings.recording.min_free_mb
                )
            self.space_low = low
            await self._look_at_running()
            await asyncio.sleep(LOOK_FOR_SPACE_S)

    async def _look_at_running(self) -> None:
        for call_id, before in tuple(self._watched.items()):
            now = self._size(call_id)
            # Standing still alone is no sign: nobody's sound may be arriving.
            if self.space_low and 0 < now == before:
                try:
                    await self._say_problem(call_id, self._trouble())
                except DatabaseUnavailable as error:
                    log.warning("a problem of a recording could not be noted: %s", error)
            if call_id in self._watched:
                self._watched[call_id] = now

    # --- when it is over ---

    def file_later(self, call_id: str) -> None:
        """The call has ended: file its recording as soon as Asterisk has closed it.

        A quiet file alone does not say so: Asterisk writes blocks, and the rest as it closes it.
        """
        self._watched.pop(call_id, None)
        self._again(call_id, QUIET_S)

    async def file_all(self) -> None:
        """Runs for ever: file what is due, one after the other."""
        for left in await self._db.read(catalogue.unfiled):
            row = await self._db.read(calls.get, left.call_id)
            if row is None or row.ended_ms is not None:
                self.file_later(left.call_id)
        while True:
            call_id = await self._due.get()
            try:
                await self._file(call_id)
            except DatabaseUnavailable:
                log.warning("call %s: its recording waits for the database", call_id)
                self._again(call_id, DATABASE_RETRY_S)
            except StillWritten:
                log.warning("call %s: its recording was still being written", call_id)
                self._again(call_id, QUIET_S)
            except OSError:
                log.exception("the recording of call %s stays in the spool; trying again", call_id)
                self._again(call_id, RETRY_S)

    def _again(self, call_id: str, in_s: float) -> None:
        asyncio.get_running_loop().call_later(in_s, self._due.put_nowait, call_id)

    async def _file(self, call_id: str) -> None:
        raw = self.raw(call_id)
        if (wait_s := _until_quiet(raw)) > 0:
            # Not here: a file that is still being written must not hold the others up.
            self._again(call_id, wait_s)
            return
        found = await self._db.read(catalogue.of_call, call_id)
        if found is None or found.state != "running":
            return
        try:
            filed = await asyncio.to_thread(self._encode, raw, found)
        except NothingToFile as error:
            log.warning("the recording of call %s can't be filed: %s", call_id, error.what)
            await self._db.write(catalogue.fail, found.id, found.problem or error.what)
            return
        await self._db.write(catalogue.file, found.id, filed)

    def _encode(self, raw: Path, found: Recording) -> catalogue.Filed:
        return vault.file_away(
            raw,
            self._settings.vault,
            found.call_id,
            found.started_ms,
            self._settings.recording.format,
        )


def _note_problem(conn: Connection, call_id: str, what: str) -> None:
    """The catalogue and the call's history say so at one time."""
    catalogue.problem(conn, call_id, what)
    calls.note(conn, call_id, "recording_problem", {"what": what})


def _until_quiet(raw: Path) -> float:
    """Seconds until the file may be taken for closed; 0 when it is, or is not there."""
    try:
        age_s = time.time() - raw.stat().st_mtime
    except OSError:
        return 0.0
    return min(max(0.0, QUIET_S - age_s), RETRY_S)
