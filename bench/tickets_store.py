"""A PostgreSQL full of made tickets: copied in past triggers and indexes, which come back after."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from typing import Any

import asyncpg

from bench import tickets_made as made
from bench.tickets_made import Made, Maker
from db import Database, connect
from db.migrate import migrate
from tests.support.postgres import Postgres

AT_ONCE = 10_000
TABLES: dict[str, Sequence[str]] = {
    "ticket": made.TICKET,
    "ticket_event": made.EVENT,
    "ticket_term": made.TERM,
    "ticket_rating": made.RATING,
    "ticket_assist": made.ASSIST,
    "ticket_words": made.WORDS,
}
_INDEXES = """SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1)
    AND indexname NOT IN (SELECT conname FROM pg_constraint)"""


@contextlib.asynccontextmanager
async def filled(server: Postgres, maker: Maker) -> AsyncIterator[Database]:
    """A database of its own with these tickets; dropped at the end."""
    url = server.new_database()
    await asyncio.to_thread(migrate, url)
    await _fill(url, maker)
    database = await connect(url)
    try:
        yield database
    finally:
        await database.close()
        await asyncio.to_thread(server.drop, url)


async def _fill(url: str, maker: Maker) -> None:
    connection = await asyncpg.connect(url)
    try:
        # Triggers and foreign keys off: what is copied has its history already.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("SET maintenance_work_mem = '512MB'")
        await _people(connection)
        indexes = await connection.fetch(_INDEXES, list(TABLES))
        for index in indexes:
            await connection.execute(f'DROP INDEX "{index["indexname"]}"')
        tickets = maker.tickets()
        while some := list(islice(tickets, AT_ONCE)):
            await _copy(connection, some)
        # Past the triggers, too; rewritten as a migration does it, before the indexes.
        await connection.execute("UPDATE ticket_words SET tags = ticket_tags(ticket_id)")
        for index in indexes:
            await connection.execute(index["indexdef"])
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _people(connection: asyncpg.Connection) -> None:
    reached = '{"zwding": "made-up"}'
    units = [(n, f"u{n}", f"第{n}局", "450902", True, "", reached, 1) for n in _ids(made.UNITS)]
    columns = ["id", "code", "name", "region", "open", "duty_name", "addresses", "version"]
    await connection.copy_records_to_table("unit", records=units, columns=columns)
    people = [
        (n, f"p{n}", f"人员{n}", "supervisor" if n == 1 else "agent", "-", False, 0)
        for n in _ids(made.ACCOUNTS)
    ]
    columns = ["id", "login", "name", "role", "password_hash", "disabled", "created_ms"]
    await connection.copy_records_to_table("account", records=people, columns=columns)


def _ids(count: int) -> range:
    return range(1, count + 1)


async def _copy(connection: asyncpg.Connection, some: list[Made]) -> None:
    rows: dict[str, Iterable[tuple[Any, ...]]] = {
        "ticket": (one.ticket for one in some),
        "ticket_event": (row for one in some for row in one.events),
        "ticket_term": (row for one in some for row in one.terms),
        "ticket_rating": (row for one in some for row in one.ratings),
        "ticket_assist": (row for one in some for row in one.assists),
        "ticket_words": (one.words for one in some),
    }
    for table, columns in TABLES.items():
        await connection.copy_records_to_table(table, records=rows[table], columns=columns)
