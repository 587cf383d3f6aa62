"""Migrated databases for tests: SQLite files and databases of a PostgreSQL of our own.

Each is copied from one that was migrated once. A `conftest.py` imports the fixtures it needs.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from sqlalchemy import Connection

from db import Database, connect
from db.migrate import migrate
from db.sqlite import make_engine
from tests.support.postgres import NoPostgres, Postgres, postgres

T = TypeVar("T")

LIMIT_S = 20.0
"""How long a test waits for what must come; only a failing test waits so long."""

_to_close = contextlib.ExitStack()
atexit.register(_to_close.close)

DIALECTS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@functools.cache
def _sqlite_template() -> Path:
    directory = Path(_to_close.enter_context(tempfile.TemporaryDirectory(prefix="hl-sqlite-")))
    path = directory / "template.db"
    migrate(f"sqlite:///{path}")
    return path


def new_sqlite(directory: Path, name: str = "") -> str:
    """A migrated SQLite database of its own, in a file of this name; its URL."""
    path = directory / (name or f"{secrets.token_hex(6)}.db")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_sqlite_template(), path)
    return f"sqlite:///{path}"


@functools.cache
def server() -> Postgres:
    """The PostgreSQL that all tests of this run share. Skips the test, with the reason, if none."""
    try:
        return _to_close.enter_context(postgres())
    except NoPostgres as reason:
        pytest.skip(f"PostgreSQL can't run here: {reason}")


@functools.cache
def _postgres_template() -> str:
    url = server().new_database()
    migrate(url)
    return url.rsplit("/", 1)[1]


async def ask_postgres(url: str, statement: str) -> None:
    """Say one thing to PostgreSQL on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def new_postgres() -> str:
    """A migrated PostgreSQL database of its own; its URL."""
    name = f"t{secrets.token_hex(6)}"
    await ask_postgres(server().url, f'CREATE DATABASE "{name}" TEMPLATE "{_postgres_template()}"')
    return server().url.rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture(params=DIALECTS)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database, once of each kind."""
    return new_sqlite(tmp_path) if request.param == "sqlite" else await new_postgres()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An open, migrated database, once of each kind."""
    opened = await connect(url)
    yield opened
    await opened.close()


@pytest.fixture
async def another(url: str, database: Database) -> AsyncIterator[Database]:
    """The same database, as another process has it open."""
    opened = await connect(url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """An open, migrated SQLite database."""
    opened = await connect(new_sqlite(tmp_path))
    yield opened
    await opened.close()


@contextlib.contextmanager
def plain_sqlite() -> Iterator[Connection]:
    """A connection for doors that need no loop: nothing it does is kept."""
    with tempfile.TemporaryDirectory(prefix="hl-plain-") as directory:
        engine = make_engine(new_sqlite(Path(directory)))
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.rollback()
        engine.dispose()


async def until(condition: Callable[[], Any], what: str = "it") -> None:
    """Wait for a condition; fails by name when it does not come."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while not condition():  # noqa: ASYNC110 - what is waited for may lie anywhere
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


async def within(waited_for: Awaitable[T]) -> T:
    """Await with a limit."""
    async with asyncio.timeout(LIMIT_S):
        return await waited_for
