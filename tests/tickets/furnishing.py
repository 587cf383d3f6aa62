"""Tickets in any state, put into a test's own database past the rules."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from db.models import ticket, unit
from tickets import words

_numbers = itertools.count(1)
NOW = int(datetime(2026, 11, 20, 4, tzinfo=UTC).timestamp() * 1000)
DAY = 24 * 3600 * 1000


def any_state_may_begin(conn: Connection) -> None:
    """Tickets of this database need not begin as drafts any more."""
    of = " ON ticket" if conn.dialect.name == "postgresql" else ""
    conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS ticket_begins{of}")


def stored(conn: Connection, /, **given: Any) -> int:
    """A ticket with these columns, its words kept; its id."""
    any_state_may_begin(conn)
    n = next(_numbers)
    created = given.get("created_ms", NOW)
    day = datetime.fromtimestamp(created / 1000, UTC).strftime("%Y%m%d")
    values: Mapping[str, Any] = {
        "number": f"{day}-{n:05d}",
        "source": "call",
        "state": "to_dispatch",
        "caller_hash": f"hash-{n}",
        "caller_masked": "138****0001",
        "company": "",
        "text": "",
        "version": 1,
        "complete": True,
        "created_ms": created,
        "updated_ms": created,
        **given,
    }
    made = int(conn.execute(insert(ticket).returning(ticket.c.id), values).scalar_one())
    words.index(conn, made)
    return made


def new_unit(conn: Connection, name: str = "城市管理局") -> int:
    n = next(_numbers)
    values = {"code": f"unit-{n}", "name": name, "addresses": {}, "duty_name": ""}
    return int(conn.execute(insert(unit).returning(unit.c.id), values).scalar_one())
