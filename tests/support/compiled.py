"""SQLite for tests: statements compiled once a run, and no waiting for the disk.

SQLAlchemy keeps what it compiled with the engine and its dialect. A program has one engine; here
every test opens a database of its own, and compiling again was a third of a test's time.
"""

from __future__ import annotations

import functools
import sqlite3
from typing import Any
from unittest.mock import patch

from sqlalchemy import Dialect, Engine, create_engine, event

from db import sqlite
from db.engine import from_json, to_json

STATEMENTS = 5_000
"""More than the project has: nothing is compiled twice."""


@functools.cache
def _first() -> tuple[Dialect, Any]:
    """A dialect that has seen its database, and the statements compiled for it."""
    engine = create_engine(
        "sqlite://", json_serializer=to_json, json_deserializer=from_json,
        query_cache_size=STATEMENTS,
    )  # fmt: skip
    engine.connect().close()
    engine.dispose()
    return engine.dialect, engine._compiled_cache


def _engine(url: str, **options: Any) -> Engine:
    made = create_engine(url, **options)
    made.dialect, made._compiled_cache = _first()
    event.listen(made, "checkout", _unsynced)
    return made


def _unsynced(dbapi: sqlite3.Connection, *_: Any) -> None:
    """No test takes the power away: nothing waits for the disk."""
    dbapi.execute("PRAGMA synchronous=OFF")


def share() -> None:
    """From now on every SQLite database of this process has the same statements."""
    patch.object(sqlite, "create_engine", _engine).start()
