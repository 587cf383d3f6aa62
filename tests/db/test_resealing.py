"""Everything sealed or hashed is carried over, together with what was made from it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from db import Database, resealing
from db.keyring import KEY_BYTES
from db.models import (
    account,
    blocked_number,
    call,
    expert,
    request,
    ticket,
    ticket_contact,
    unit,
)
from db.models.base import metadata
from db.sealed import Sealer

OLD, NEW = Sealer(b"o" * KEY_BYTES), Sealer(b"n" * KEY_BYTES)
BOTH = Sealer(b"n" * KEY_BYTES, b"o" * KEY_BYTES)
CALLERS = [f"1380000{n:04d}" for n in range(7)] + [""]
NOT_OURS = {
    ("account", "password_hash"), ("session", "token_hash"), ("intake_key", "key_hash"),
}  # fmt: skip


def test_every_sealed_or_hashed_column_is_on_the_list() -> None:
    there = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.endswith(("_sealed", "_hash"))
    }
    listed = {(p.table.name, name) for p in resealing.PLACES for name in p.sealed}
    listed |= {(p.table.name, p.hashed) for p in resealing.PLACES if p.hashed}
    assert there - NOT_OURS == listed | resealing.FOLLOWING


def fill(conn: Connection) -> None:
    """A house under the old key: calls with tickets, web tickets, experts, units, requests."""
    person = {"login": "a", "name": "a", "role": "agent", "password_hash": "x", "created_ms": 1}
    conn.execute(insert(account).values(**person))
    for n, number in enumerate(CALLERS):
        conn.execute(insert(call).values(**call_row(n, number)))
        conn.execute(insert(ticket).values(**ticket_row(n, f"{n:032x}", number)))
    for n, his in enumerate(("13900000001", None), start=100):
        made = ticket_row(n, None, his or "")
        conn.execute(insert(ticket).values(**made))
        ticket_id = conn.execute(
            select(ticket.c.id).where(ticket.c.number == made["number"])
        ).scalar_one()
        conn.execute(
            insert(ticket_contact).values(
                ticket_id=ticket_id, name_sealed=OLD.seal("张三"), at_ms=1,
                number_sealed=OLD.seal(his) if his else None,
                number_hash=OLD.find(his) if his else None, number_masked="x",
            )
        )  # fmt: skip
    conn.execute(
        insert(expert).values(
            name="e", department="d", topics=[], number_sealed=OLD.seal("13700000001"),
            number_masked="x", on_duty=True, ring="number", since_ms=1, version=1,
        )
    )  # fmt: skip
    conn.execute(
        insert(unit).values(
            code="u", name="u", region="", open=True, duty_name="", addresses={}, version=1,
            duty_sealed=OLD.seal("07750000001"), duty_masked="x",
        )
    )  # fmt: skip
    for args in (
        {"target": {"kind": "number", "sealed": OLD.seal("13600000001"), "masked": "x"}},
        {"digits": "sealed"},
    ):
        conn.execute(
            insert(request).values(
                account_id=1, verb="consult", args=args, state="done", created_ms=1
            )
        )
    for number in (CALLERS[2], "13500000001"):
        conn.execute(
            insert(blocked_number).values(
                caller_hash=OLD.find(number), caller_masked="x", reason="r", since_ms=1
            )
        )


def call_row(n: int, number: str) -> dict[str, Any]:
    return {
        "id": f"{n:032x}", "asterisk": "a", "line": "main", "trunk": "t", "stage": "ended",
        "caller_hash": OLD.find(number), "caller_sealed": OLD.seal(number), "caller_masked": "x",
        "channel": "c", "started_ms": n, "ended_ms": 1, "held": False, "recording_paused": False,
        "direction": "in", "head": False,
    }  # fmt: skip


def ticket_row(n: int, call_id: str | None, number: str) -> dict[str, Any]:
    return {
        "number": f"20260101-{n:05d}", "call_id": call_id, "source": "call", "state": "draft",
        "version": 1, "caller_hash": OLD.find(number), "caller_masked": "x", "company": "",
        "text": "", "complete": False, "created_ms": 1, "updated_ms": 1,
    }  # fmt: skip


async def carry(database: Database, batch: int, stop_after: int | None = None) -> int:
    """As the command does it; how many batches were made."""
    made = 0
    for _, door in resealing.doors():
        last = None
        while True:
            if stop_after is not None and made >= stop_after:
                return made
            found = await database.write(door, BOTH, last, batch)
            if found.last is None:
                break
            last = found.last
            made += 1
    await database.write(resealing.withheld, OLD, NEW)
    return made


def all_is_new(conn: Connection) -> None:
    """Nothing needs the old key: every value opens, every hash finds, with the new one alone."""
    callers = {row.id: row.caller_sealed for row in conn.execute(select(call))}
    assert {NEW.open(sealed) for sealed in callers.values()} == set(CALLERS)
    for row in conn.execute(select(call.c.caller_hash, call.c.caller_sealed)):
        assert row.caller_hash == NEW.find(NEW.open(row.caller_sealed))
    for one in conn.execute(select(ticket.c.call_id, ticket.c.caller_hash, ticket.c.number)):
        number = {"20260101-00100": "13900000001"}.get(one.number, "")
        if one.call_id:
            number = NEW.open(callers[one.call_id])
        assert one.caller_hash == NEW.find(number), one.number
    contacts = conn.execute(select(ticket_contact).order_by(ticket_contact.c.ticket_id)).all()
    assert [NEW.open(c.name_sealed) for c in contacts] == ["张三", "张三"]
    assert NEW.open(contacts[0].number_sealed) == "13900000001"
    assert contacts[0].number_hash == NEW.find("13900000001")
    assert (contacts[1].number_sealed, contacts[1].number_hash) == (None, None)
    assert NEW.open(conn.execute(select(expert.c.number_sealed)).scalar_one()) == "13700000001"
    assert NEW.open(conn.execute(select(unit.c.duty_sealed)).scalar_one()) == "07750000001"
    asked = conn.execute(select(request.c.args).order_by(request.c.id)).scalars().all()
    assert NEW.open(asked[0]["target"]["sealed"]) == "13600000001"
    assert asked[1] == {"digits": "sealed"}
    blocked = set(conn.execute(select(blocked_number.c.caller_hash)).scalars())
    assert blocked == {NEW.find(CALLERS[2]), OLD.find("13500000001")}


@pytest.mark.parametrize("batch", [1, 3, 500])
async def test_everything_is_carried_over(database: Database, batch: int) -> None:
    await database.write(fill)
    assert await database.read(resealing.left, BOTH) == len(CALLERS) + 5
    await carry(database, batch)
    await database.read(all_is_new)
    assert await database.read(resealing.left, BOTH) == 0
    assert await database.read(resealing.lost) == 1


async def test_stopped_after_any_batch_it_goes_on_and_each_hash_still_finds(
    sqlite: Database,
) -> None:
    await sqlite.write(fill)
    for stop in range(20):
        made = await carry(sqlite, 2, stop_after=stop)
        await sqlite.read(every_call_whole)
        if made < stop:
            break
    await carry(sqlite, 2)
    await sqlite.read(all_is_new)


def every_call_whole(conn: Connection) -> None:
    """In the middle: seal, hash and the ticket's hash of one call are of one key."""
    joined = select(call.c.caller_hash, call.c.caller_sealed, ticket.c.caller_hash.label("of"))
    for row in conn.execute(joined.join(ticket, ticket.c.call_id == call.c.id)):
        sealer = NEW if NEW.is_newest(row.caller_sealed) else OLD
        number = sealer.open(row.caller_sealed)
        assert row.caller_hash == row.of == sealer.find(number)


async def test_what_no_key_opens_stays_and_is_told(sqlite: Database) -> None:
    def damage(conn: Connection) -> None:
        row = call_row(1, "13800000001") | {"caller_sealed": "sealed"}
        conn.execute(insert(call).values(**row))

    await sqlite.write(damage)
    door = dict(resealing.doors())["call"]
    assert await sqlite.write(door, BOTH, None, 10) == (f"{1:032x}", 0, 1)
    assert await sqlite.read(resealing.left, BOTH) == 1


async def test_a_database_under_another_key_is_known(sqlite: Database) -> None:
    assert not await sqlite.read(resealing.foreign, NEW)
    await sqlite.write(fill)
    assert not await sqlite.read(resealing.foreign, OLD)
    assert not await sqlite.read(resealing.foreign, BOTH)
    assert await sqlite.read(resealing.foreign, NEW)
