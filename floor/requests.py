"""Requests from a screen to the controller that owns the call: pressed, taken, answered.

Each press of a button is a row, so every action leaves a trace. The feed wakes whoever
waits for it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import request

PRESSED = "digits"
"""An argument that may be an identity number: it lies in the row only until it is sent."""


class Request(msgspec.Struct, frozen=True, gc=False):
    """A request. State: new, taken, done or refused; `outcome` says what came of it."""

    id: int
    account_id: int
    call_id: str | None
    verb: str
    args: dict[str, Any]
    state: str
    outcome: dict[str, Any] | None
    created_ms: int


_columns = [request.c[name] for name in Request.__struct_fields__]


def put(
    conn: Connection, account_id: int, call_id: str | None, verb: str, args: dict[str, Any]
) -> Request:
    """A person pressed a button."""
    row = conn.execute(
        insert(request).returning(*_columns),
        {
            "account_id": account_id,
            "call_id": call_id,
            "verb": verb,
            "args": args,
            "state": "new",
            "created_ms": now_ms(),
        },
    ).one()
    publish(conn, "request", row.id, {"id": row.id, "call_id": call_id, "state": "new"})
    return Request(*row)


def waiting(conn: Connection, limit: int = 100) -> list[Request]:
    """Requests that no controller has taken, oldest first."""
    found = select(*_columns).where(request.c.state == "new").order_by(request.c.id).limit(limit)
    return [Request(*row) for row in conn.execute(found)]


def take(conn: Connection, request_id: int, controller: str) -> Request | None:
    """Take a request for this controller; None when another was quicker."""
    row = conn.execute(
        update(request)
        .where(request.c.id == request_id, request.c.state == "new")
        .values(state="taken", taken_by=controller)
        .returning(*_columns)
    ).one_or_none()
    return Request(*row) if row else None


def settle(conn: Connection, request_id: int, state: str, outcome: dict[str, Any]) -> None:
    """Say what came of it: `done`, or `refused` with `{"detail": sentence}`."""
    conn.execute(
        update(request)
        .where(request.c.id == request_id)
        .values(state=state, outcome=outcome, done_ms=now_ms())
    )
    _forget_digits(conn, [request_id])
    publish(conn, "request", request_id, {"id": request_id, "state": state})


def get(conn: Connection, request_id: int) -> Request | None:
    row = conn.execute(select(*_columns).where(request.c.id == request_id)).one_or_none()
    return Request(*row) if row else None


def forsake(conn: Connection, older_than_ms: int) -> int:
    """Settle requests that nobody took in time: a button pressed then must not act now."""
    rows = conn.execute(
        update(request)
        .where(request.c.state == "new", request.c.created_ms < older_than_ms)
        .values(state="refused", outcome={"detail": "expired"}, done_ms=now_ms())
        .returning(request.c.id)
    )
    forsaken = list(rows.scalars())
    _forget_digits(conn, forsaken)
    return len(forsaken)


def _forget_digits(conn: Connection, request_ids: list[int]) -> None:
    """How many keys were pressed stays known."""
    if not request_ids:
        return
    asked = select(request.c.id, request.c.args).where(
        request.c.id.in_(request_ids), request.c.verb == "send_digits"
    )
    for row in conn.execute(asked).all():
        args = {**row.args, PRESSED: "*" * len(row.args.get(PRESSED, ""))}
        conn.execute(update(request).where(request.c.id == row.id).values(args=args))
