"""The place's own wording of notices and letters, over the shipped one.

A row of `place_text` stands in place of the text of the same name; without one the shipped
text counts. What may be filled in is checked by whoever knows the text (`config.notice_texts`,
`tickets.letters`).
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from db.clock import now_ms
from db.models import account, place_text
from tickets.kept import keep


class Kept(msgspec.Struct, frozen=True):
    """A text of the place's own: who wrote it, and when."""

    name: str
    body: str
    by: str | None
    at_ms: int


def all_texts(conn: Connection) -> dict[str, Kept]:
    """The place's own texts by name."""
    asked = select(place_text.c.name, place_text.c.body, account.c.name, place_text.c.at_ms)
    rows = conn.execute(asked.outerjoin(account, account.c.id == place_text.c.account_id))
    return {row[0]: Kept(*row) for row in rows}


def body(conn: Connection, name: str) -> str | None:
    """The place's own text; None when the shipped one counts."""
    asked = select(place_text.c.body).where(place_text.c.name == name)
    found: str | None = conn.execute(asked).scalar_one_or_none()
    return found


def put(conn: Connection, by: int, name: str, text: str) -> None:
    """From now on this text counts; the caller has checked it."""
    values = {"body": text, "account_id": by, "at_ms": now_ms()}
    changed = conn.execute(update(place_text).where(place_text.c.name == name).values(values))
    if changed.rowcount == 0:
        conn.execute(insert(place_text), {"name": name, **values})
    keep(conn, by, "text", name, "changed", {}, {"name": name})


def drop(conn: Connection, by: int, name: str) -> None:
    """The shipped text counts again."""
    gone = conn.execute(delete(place_text).where(place_text.c.name == name))
    if gone.rowcount:
        keep(conn, by, "text", name, "dropped", {}, {"name": name})
