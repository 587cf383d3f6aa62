"""Alembic's entry: the same migrations for SQLite and, over asyncpg, PostgreSQL."""

import asyncio
import concurrent.futures
from typing import Any

from alembic import context
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from db.models import metadata
from db.sqlite import make_engine

# Made by hand for one database only (0006), so the models do not name it.
OF_ONE_DATABASE = ("ticket_fts", "ix_ticket_words_found")


def is_of_the_models(name: str | None, *_: Any) -> bool:
    """Whether a table or index of the database is to be held against the models."""
    return not (name or "").startswith(OF_ONE_DATABASE)


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=False,
        include_name=is_of_the_models,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_on_postgres(url: Any) -> None:
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


url = make_url(context.config.attributes["url"])
if url.get_backend_name() == "sqlite":
    engine = make_engine(url.render_as_string(hide_password=False))
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        run(connection)
    engine.dispose()
else:
    # A thread of its own: the caller may already stand in an event loop.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, run_on_postgres(url)).result()
