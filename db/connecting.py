"""Opening a database by its URL."""

from __future__ import annotations

from sqlalchemy import make_url

from db.engine import Database
from db.postgres import PostgresDatabase
from db.sqlite import SqliteDatabase


async def connect(url: str) -> Database:
    """Open a migrated database by its SQLAlchemy URL (sqlite:///… or postgresql://…).

    Raises:
        ValueError: another kind of database.
        DatabaseUnavailable: it does not answer.
    """
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        return await SqliteDatabase.open(url)
    if backend == "postgresql":
        return await PostgresDatabase.open(url)
    raise ValueError(f"database_url: expected sqlite:///… or postgresql://…, found {backend}://…")
