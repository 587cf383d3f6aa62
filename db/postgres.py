"""PostgreSQL: one writer at a time for each process, group commit, LISTEN/NOTIFY."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any, ParamSpec, TypeVar

import asyncpg
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db.engine import DatabaseUnavailable, Door, Job, from_json, to_json
from db.feed import Change, Feed, changes_since, last_seq

log = logging.getLogger("hotline.db")
P = ParamSpec("P")
T = TypeVar("T")

BATCH = 64
TIMEOUT_S = 10.0
WRITE_LOCK = 12345
"""Writers take turns, so that `change.seq` becomes visible in its own order."""

# Classes of SQLSTATE that speak of the server: connection, authorisation, no such database,
# resources, operator, system.
AWAY = ("08", "28", "3D", "53", "57", "58")

TROUBLE = (
    DBAPIError,
    PendingRollbackError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)
"""What a connection that breaks can end in, by the layer that notices first."""


class PostgresDatabase:
    """See `db.engine.Database`."""

    dialect = "postgresql"

    def __init__(self, engine: AsyncEngine, dsn: str) -> None:
        self.feed = Feed()
        self._engine = engine
        self._dsn = dsn
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write_all(), name="db-writer")
        self._listener: asyncio.Task[None] | None = None
        self._poller: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> PostgresDatabase:
        """Connect; raises DatabaseUnavailable when the server does not answer."""
        parsed = make_url(url)
        engine = create_async_engine(
            parsed.set(drivername="postgresql+asyncpg"),
            json_serializer=to_json,
            json_deserializer=from_json,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"timeout": TIMEOUT_S, "command_timeout": TIMEOUT_S},
        )
        dsn = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        database = cls(engine, dsn)
        try:
            database.feed.seq = await database.read(last_seq)
        except BaseException as error:
            await database.close()
            if isinstance(error, DBAPIError):
                raise DatabaseUnavailable("not migrated") from error
            raise
        database._listener = asyncio.create_task(database._listen(), name="db-listen")
        database._poller = asyncio.create_task(database._poll(), name="db-poll")
        return database

    async def write(self, fn: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a door and commit."""
        if self._closed:
            raise DatabaseUnavailable("closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(Job(lambda conn: fn(conn, *args, **kwargs), future))
        return await future

    async def read(self, fn: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query on a connection of the pool."""
        if self._closed:
            raise DatabaseUnavailable("closed")
        try:
            async with self._engine.connect() as conn:
                return await conn.run_sync(fn, *args, **kwargs)
        except TROUBLE as error:
            if not _is_away(error):
                raise
            raise DatabaseUnavailable(type(error).__name__) from error

    async def close(self) -> None:
        """Finish what was asked, then let go of the connections."""
        self._closed = True
        for task in (self._poller, self._listener):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._jobs.put_nowait(None)
        await self._writer
        await self._engine.dispose()

    async def _write_all(self) -> None:
        while (job := await self._jobs.get()) is not None:
            batch = [job]
            last = False
            while len(batch) < BATCH and not self._jobs.empty():
                following = self._jobs.get_nowait()
                if following is None:
                    last = True
                    break
                batch.append(following)
            try:
                async with self._engine.begin() as conn:
                    changes = await conn.run_sync(_run_batch, batch)
            except Exception as error:  # noqa: BLE001 - a writer that dies is a house that hangs
                # Again and again while the server is away: a line each, not a page.
                cause = getattr(error, "orig", None) or error
                log.error("a commit failed: %s", type(cause.__cause__ or cause).__name__)  # noqa: TRY400
                changes = []
                for one in batch:
                    one.error = DatabaseUnavailable(type(error).__name__)
            for one in batch:
                one.settle()
            if changes:
                self.feed.wake()
            if last:
                return

    async def _listen(self) -> None:
        """Wake the feed at every NOTIFY; the poll covers the time without a connection."""
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, timeout=TIMEOUT_S)
            except TROUBLE:
                await asyncio.sleep(1.0)
                continue
            try:
                await self._until_broken(connection)
            except TROUBLE:
                log.warning("the listening connection broke; connecting again")
            finally:
                connection.terminate()

    async def _until_broken(self, connection: Any) -> None:
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        await connection.add_listener("change", lambda *_: self.feed.wake())
        await gone.wait()

    async def _poll(self) -> None:
        while True:
            await self.feed.woken()
            try:
                while changes := await self.read(changes_since, self.feed.seq):
                    self.feed.deliver(changes)
            except DatabaseUnavailable:
                log.warning("the change feed could not be read; trying again")
            except TROUBLE:
                log.exception("the change feed could not be read; trying again")


def _run_batch(conn: Connection, batch: Sequence[Job]) -> list[Change]:
    published: list[Change] = []
    conn.info["published"] = published
    conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")
    for job in batch:
        told = len(published)
        savepoint: Any = conn.begin_nested()
        try:
            job.result = job.call(conn)
            savepoint.commit()
        except Exception as error:
            if conn.invalidated:
                # The connection broke, and the whole batch with it.
                raise
            savepoint.rollback()
            del published[told:]
            job.error = DatabaseUnavailable(type(error).__name__) if _is_away(error) else error
    if published:
        conn.exec_driver_sql("NOTIFY change")
    return published


def _is_away(error: Exception) -> bool:
    """Whether the server itself is the trouble, not what was asked of it."""
    if isinstance(error, DBAPIError):
        state: str = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state[:2] in AWAY
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in AWAY
    return isinstance(error, TROUBLE)
