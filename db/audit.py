"""Who did what to somebody else's seat or to the floor: kept for good, never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from db.clock import now_ms
from db.models import audit


def note(
    conn: Connection, account_id: int, act: str, subject: str, detail: dict[str, Any] | None = None
) -> None:
    """Keep one act.

    Args:
        account_id: who did it.
        act: what was done, in a word (`seat_state`, `sign_out`, `lend`).
        subject: whom it was done to, as `noun:id` (`seat:7`, `queue:business`).
        detail: what else belongs to it; nothing personal in clear.
    """
    conn.execute(
        insert(audit),
        {
            "at_ms": now_ms(),
            "account_id": account_id,
            "act": act,
            "subject": subject,
            "detail": detail or {},
        },
    )


def of_subject(conn: Connection, subject: str) -> list[dict[str, Any]]:
    """What was done to one subject, oldest first."""
    found = select(audit.c.at_ms, audit.c.account_id, audit.c.act, audit.c.detail)
    rows = conn.execute(found.where(audit.c.subject == subject).order_by(audit.c.id))
    return [dict(row._mapping) for row in rows]
