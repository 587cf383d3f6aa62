"""Callers to be rung back: who gave up, who asked for it, who left a message; once a call."""

from __future__ import annotations

from sqlalchemy import Connection, insert, update

from db.clock import now_ms
from db.feed import publish
from db.models import missed_call


def miss(conn: Connection, call_id: str, kind: str, queue: str | None) -> None:
    """Keep a caller to be rung back: abandoned, callback or message; once a call.

    Who asked for a callback or left a message and then gave up stays known by what he
    asked for. One who was answered meanwhile and lost again is to be rung back after all.
    """
    again = {"state": "open", "done_ms": None, "done_by": None, "note": None}
    if kind != "abandoned":
        again["kind"] = kind
    found = conn.execute(
        update(missed_call)
        .where(missed_call.c.call_id == call_id)
        .values(again)
        .returning(missed_call.c.id)
    ).scalar_one_or_none()
    if found is None:
        found = conn.execute(
            insert(missed_call).returning(missed_call.c.id),
            {
                "call_id": call_id,
                "kind": kind,
                "queue": queue,
                "state": "open",
                "created_ms": now_ms(),
            },
        ).scalar_one()
    publish(conn, "missed", found, {"id": found, "state": "open"})


def done(conn: Connection, missed_id: int, account_id: int, note: str | None) -> bool:
    """Somebody saw to a missed call; False when it was done already, or is not there."""
    row = conn.execute(
        update(missed_call)
        .where(missed_call.c.id == missed_id, missed_call.c.state == "open")
        .values(state="done", done_ms=now_ms(), done_by=account_id, note=note)
        .returning(missed_call.c.id)
    ).one_or_none()
    if row:
        publish(conn, "missed", missed_id, {"id": missed_id, "state": "done"})
    return row is not None


def answered_after_all(conn: Connection, call_id: str) -> None:
    """Somebody answered a caller who had asked to be rung back: nothing left to do."""
    row = conn.execute(
        update(missed_call)
        .where(missed_call.c.call_id == call_id, missed_call.c.state == "open")
        .values(state="done", done_ms=now_ms(), note="answered")
        .returning(missed_call.c.id)
    ).one_or_none()
    if row:
        publish(conn, "missed", row[0], {"id": row[0], "state": "done"})
