"""The embedded database: one writer thread with group commit, a few reader threads."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import queue
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from db.engine import DatabaseUnavailable, Door, Job, from_json, to_json
from db.feed import Change, Feed, changes_since, last_seq

log = logging.getLogger("hotline.db")
P = ParamSpec("P")
T = TypeVar("T")

READERS = 2
BATCH = 64
BUSY_MS = 5000


def make_engine(url: str) -> Engine:
    """An engine whose transactions begin as writers and whose file is in WAL mode."""
    engine = create_engine(
        url, json_serializer=to_json, json_deserializer=from_json, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _connected(dbapi: sqlite3.Connection, _: Any) -> None:
        dbapi.isolation_level = None
        dbapi.execute("PRAGMA journal_mode=WAL")
        dbapi.execute("PRAGMA synchronous=NORMAL")
        dbapi.execute("PRAGMA foreign_keys=ON")
        dbapi.execute(f"PRAGMA busy_timeout={BUSY_MS}")

    return engine


class SqliteDatabase:
    """See `db.engine.Database`."""

    dialect = "sqlite"

    def __init__(self, engine: Engine) -> None:
        self.feed = Feed()
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-reader")
        self._local = threading.local()
        self._writer = threading.Thread(target=self._write_all, name="db-writer", daemon=True)
        self._poller: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> SqliteDatabase:
        """Start the threads; raises DatabaseUnavailable when the file can't be read."""
        database = cls(make_engine(url))
        try:
            database.feed.seq = await database.read(last_seq)
        except BaseException:
            await asyncio.to_thread(database._readers.shutdown)
            raise
        database._writer.start()
        database._poller = asyncio.create_task(database._poll(), name="db-poll")
        return database

    async def write(self, fn: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a door and commit."""
        if self._closed:
            raise DatabaseUnavailable("closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(Job(lambda conn: fn(conn, *args, **kwargs), future))
        return await future

    async def read(self, fn: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query in a reader thread."""
        if self._closed:
            raise DatabaseUnavailable("closed")
        call = functools.partial(self._read, fn, args, kwargs)
        return await self._loop.run_in_executor(self._readers, call)

    async def close(self) -> None:
        """Finish what was asked, then let go of the connections."""
        self._closed = True
        if self._poller is not None:
            self._poller.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._poller
        self._jobs.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        self._engine.dispose()

    def _read(self, fn: Any, args: Any, kwargs: Any) -> Any:
        conn: Connection | None = getattr(self._local, "conn", None)
        try:
            if conn is None:
                conn = self._local.conn = self._engine.connect()
                conn.exec_driver_sql("PRAGMA query_only=ON")
            try:
                return fn(conn, *args, **kwargs)
            finally:
                conn.rollback()
        except (DatabaseError, sqlite3.DatabaseError) as error:
            if not _is_away(error):
                raise
            raise DatabaseUnavailable(type(error).__name__) from error

    def _write_all(self) -> None:
        conn: Connection | None = None
        last = False
        while not last and (job := self._jobs.get()) is not None:
            batch = [job]
            while len(batch) < BATCH and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    last = True
                    break
                batch.append(following)
            if conn is None:
                conn = self._connect(batch)
            changes = self._commit(conn, batch) if conn is not None else []
            self._loop.call_soon_threadsafe(self._settle, batch, changes)
        if conn is not None:
            conn.close()

    def _connect(self, batch: Sequence[Job]) -> Connection | None:
        """The writer's own connection; None when the file can't be had: the next batch tries."""
        try:
            return self._engine.connect()
        except Exception as error:  # noqa: BLE001 - a writer that dies is a house that hangs
            _fail(batch, error)
            return None

    def _settle(self, batch: Sequence[Job], changes: Sequence[Change]) -> None:
        for job in batch:
            job.settle()
        self.feed.deliver_own(changes)

    def _commit(self, conn: Connection, batch: Sequence[Job]) -> list[Change]:
        published: list[Change] = []
        conn.info["published"] = published
        try:
            # Straight to the driver: SQLAlchemy's road to the same two words is ten times as long.
            dbapi: Any = conn.connection.dbapi_connection
            dbapi.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._run(dbapi, conn, job, published)
            dbapi.execute("COMMIT")
            # A door may have had SQLAlchemy begin a transaction of its own; it is over as well.
            conn.commit()
        except Exception as error:  # noqa: BLE001 - everybody in the batch hears of it
            self._roll_back(conn)
            _fail(batch, error)
            return []
        return published

    def _run(self, dbapi: Any, conn: Connection, job: Job, published: list[Change]) -> None:
        told = len(published)
        dbapi.execute("SAVEPOINT door")
        try:
            job.result = job.call(conn)
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            job.error = DatabaseUnavailable(type(error).__name__) if _is_away(error) else error
            del published[told:]
            dbapi.execute("ROLLBACK TO door")
        dbapi.execute("RELEASE door")

    def _roll_back(self, conn: Connection) -> None:
        try:
            dbapi: Any = conn.connection.dbapi_connection
            dbapi.rollback()
            conn.rollback()
        except Exception:
            log.exception("a rollback failed")
            conn.invalidate()

    async def _poll(self) -> None:
        """See what other processes wrote."""
        while True:
            await self.feed.woken()
            try:
                while changes := await self.read(changes_since, self.feed.seq):
                    self.feed.deliver(changes)
            except DatabaseUnavailable:
                log.warning("the change feed could not be read; trying again")


def _fail(batch: Sequence[Job], error: Exception) -> None:
    """Nothing of it was kept. A line each, not a page: it is tried again and again."""
    cause = getattr(error, "orig", None) or error
    log.error("a commit failed: %s", type(cause).__name__)
    for job in batch:
        job.error = DatabaseUnavailable(type(error).__name__)


def _is_away(error: Exception) -> bool:
    """Whether the file itself is the trouble (locked, full, not a database), not the asking."""
    plain = (DatabaseError, sqlite3.DatabaseError)
    return isinstance(error, OperationalError | sqlite3.OperationalError) or type(error) in plain
