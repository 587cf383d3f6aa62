"""The migrations make what the models say, and the triggers guard the seats, on both databases."""

from __future__ import annotations

import asyncio
import functools
import importlib
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from db import Database
from db.migrate import config_for, migrate
from db.models import account, metadata, seat, seat_history, seat_move
from db.models.seat import STATES
from tests.db.databases import server

SEAT_MOVES: list[tuple[str, str]] = [
    move
    for name in ("0001_first_tables", "0002_conversations")
    for move in importlib.import_module(f"db.migrations.versions.{name}").SEAT_MOVES
]
IN_A_CALL = ("reserved", "ringing", "talking")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'below' / 'empty.db'}"
    return await asyncio.to_thread(server().new_database)


async def test_migrations_make_the_models_tables(empty: str) -> None:
    await asyncio.to_thread(migrate, empty)
    await asyncio.to_thread(command.check, config_for(empty))


async def test_migrating_twice_is_as_good_as_once(empty: str) -> None:
    await asyncio.to_thread(migrate, empty)
    await asyncio.to_thread(migrate, empty)
    await asyncio.to_thread(command.check, config_for(empty))


async def test_migrating_inside_a_running_loop_works(empty: str) -> None:
    migrate(empty)
    command.check(config_for(empty))


async def test_a_table_that_a_model_lacks_is_noticed(empty: str) -> None:
    """Holds the check itself: it must be able to fail."""
    from alembic.util.exc import CommandError
    from sqlalchemy import Column, Integer, Table

    await asyncio.to_thread(migrate, empty)
    extra = Table("not_migrated", metadata, Column("id", Integer, primary_key=True))
    try:
        with pytest.raises(CommandError):
            await asyncio.to_thread(command.check, config_for(empty))
    finally:
        metadata.remove(extra)


# --- the seat's guards ---


def furnish(conn: Connection, state: str) -> int:
    """A seat in a state, put there without a move."""
    owner = conn.execute(
        insert(account).returning(account.c.id),
        {
            "login": f"agent-{state}",
            "name": "座席",
            "role": "agent",
            "password_hash": "-",
            "disabled": False,
            "created_ms": 0,
        },
    ).scalar_one()
    made: int = conn.execute(
        insert(seat).returning(seat.c.id),
        {
            "account_id": owner,
            "name": "座席",
            "skills": {},
            "state": state,
            "since_ms": 0,
            "call_id": "c" if state in IN_A_CALL else None,
            "phone_ready": True,
            "offered_ms": 0,
            "version": 0,
        },
    ).scalar_one()
    return made


def put_into(conn: Connection, seat_id: int, state: str) -> None:
    conn.execute(
        update(seat)
        .where(seat.c.id == seat_id)
        .values(state=state, since_ms=7, reason="r", call_id="c" if state in IN_A_CALL else None)
    )


def history(conn: Connection, seat_id: int) -> list[tuple[object, ...]]:
    h = seat_history.c
    return [
        tuple(row)
        for row in conn.execute(
            select(h.from_state, h.to_state, h.at_ms, h.reason).where(h.seat_id == seat_id)
        )
    ]


async def test_the_table_of_moves_is_the_migrations(database: Database) -> None:
    def read(conn: Connection) -> set[tuple[str, str]]:
        return {(a, b) for a, b in conn.execute(select(seat_move))}

    assert await database.read(read) == set(SEAT_MOVES)
    assert len(SEAT_MOVES) == len(set(SEAT_MOVES))
    assert {state for move in SEAT_MOVES for state in move} == set(STATES)


async def test_every_move_that_is_not_listed_is_refused_by_the_database(
    database: Database,
) -> None:
    for before in STATES:
        seat_id = await database.write(furnish, before)
        for after in STATES:
            if before == after:
                continue
            await database.write(functools.partial(check_move, before, after, seat_id))


def check_move(before: str, after: str, seat_id: int, conn: Connection) -> None:
    savepoint = conn.begin_nested()
    if (before, after) in SEAT_MOVES:
        put_into(conn, seat_id, after)
        assert history(conn, seat_id) == [(before, after, 7, "r")]
    else:
        with pytest.raises(IntegrityError, match="illegal move"):
            put_into(conn, seat_id, after)
    savepoint.rollback()


async def test_what_changes_no_state_writes_no_history(database: Database) -> None:
    seat_id = await database.write(furnish, "paused")

    def change_others(conn: Connection) -> list[tuple[object, ...]]:
        conn.execute(update(seat).values(phone_ready=False, reason="lunch"))
        conn.execute(update(seat).values(state="paused"))
        return history(conn, seat_id)

    assert await database.write(change_others) == []


@pytest.mark.parametrize("state", IN_A_CALL)
async def test_a_seat_in_a_call_names_the_call(database: Database, state: str) -> None:
    def lose_call(conn: Connection) -> None:
        conn.execute(update(seat).values(call_id=None))

    await database.write(furnish, state)
    with pytest.raises(IntegrityError):
        await database.write(lose_call)


async def test_a_state_that_does_not_exist_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await database.write(furnish, "asleep")


async def test_foreign_keys_count_on_both(database: Database) -> None:
    def orphan(conn: Connection) -> None:
        conn.execute(
            insert(seat_history),
            {"seat_id": 999, "at_ms": 0, "from_state": "offline", "to_state": "paused"},
        )

    with pytest.raises(IntegrityError):
        await database.write(orphan)
