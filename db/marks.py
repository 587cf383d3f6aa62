"""Small facts of the whole place, kept by name: the calendar's stamp, who sweeps just now."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from db.clock import now_ms
from db.models import mark
from db.prepared import Prepared

MOST = 2**31 - 1

_value = Prepared(select(mark.c.value).where(mark.c.name == bindparam("name")), [mark.c.value])


def read(conn: Connection, name: str) -> int:
    """The value of a mark; 0 when it was never set."""
    row = _value.one(conn, {"name": name})
    return 0 if row is None else int(row[0])


def set_ms(conn: Connection, name: str) -> int:
    """When a mark was last set, UTC milliseconds; 0 when it never was."""
    found = select(mark.c.at_ms).where(mark.c.name == name)
    return conn.execute(found).scalar_one_or_none() or 0


def put(conn: Connection, name: str, value: int) -> None:
    """Set a mark."""
    _put(conn, name, value, now_ms())


def stamp(conn: Connection, name: str) -> int:
    """Give a mark a value that it never had: what was made of the old one no longer holds.

    Drawn, not counted: a count that is rolled back would be used a second time.
    """
    value = secrets.randbelow(MOST) + 1
    put(conn, name, value)
    return value


def claim(conn: Connection, name: str, who: int, at_ms: int, for_ms: int) -> bool:
    """Take or keep a turn until `at_ms + for_ms`; False while somebody else has it."""
    taken = conn.execute(
        update(mark)
        .where(mark.c.name == name, or_(mark.c.value == who, mark.c.at_ms <= at_ms))
        .values(value=who, at_ms=at_ms + for_ms)
    )
    if taken.rowcount:
        return True
    # Writers take turns (db.engine), so nobody else can be making the same row.
    if conn.execute(select(mark.c.name).where(mark.c.name == name)).one_or_none():
        return False
    conn.execute(insert(mark), {"name": name, "value": who, "at_ms": at_ms + for_ms})
    return True


def let_go(conn: Connection, name: str, who: int) -> None:
    """Give the turn back, so that another need not wait for its end."""
    conn.execute(update(mark).where(mark.c.name == name, mark.c.value == who).values(at_ms=0))


def _put(conn: Connection, name: str, value: int, at_ms: int) -> None:
    changed = conn.execute(update(mark).where(mark.c.name == name).values(value=value, at_ms=at_ms))
    if not changed.rowcount:
        conn.execute(insert(mark), {"name": name, "value": value, "at_ms": at_ms})
