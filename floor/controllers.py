"""Which controller answers for which Asterisk, and whether it is alive."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from db.clock import now_ms
from db.models import controller

BEAT_S = 2.0
STALE_MS = 10_000


class Heartbeat(msgspec.Struct, frozen=True, gc=False):
    """A controller as the database knows it. State: starting, ready, fenced, stopped."""

    asterisk: str
    state: str
    detail: str | None
    beat_ms: int

    def alive(self) -> bool:
        return self.state == "ready" and now_ms() - self.beat_ms < STALE_MS


def take_over(conn: Connection, asterisk: str, token: str) -> None:
    """A controller starts for this Asterisk; an older one learns it from its next beat."""
    at_ms = now_ms()
    conn.execute(delete(controller).where(controller.c.asterisk == asterisk))
    conn.execute(
        insert(controller),
        {
            "asterisk": asterisk,
            "token": token,
            "state": "starting",
            "started_ms": at_ms,
            "beat_ms": at_ms,
        },
    )


def beat(
    conn: Connection, asterisk: str, token: str, state: str, detail: str | None = None
) -> bool:
    """Say that this controller is alive; False when another has taken over."""
    done = conn.execute(
        update(controller)
        .where(controller.c.asterisk == asterisk, controller.c.token == token)
        .values(state=state, detail=detail, beat_ms=now_ms())
    )
    return done.rowcount == 1


def all_of(conn: Connection) -> list[Heartbeat]:
    rows = conn.execute(
        select(controller.c.asterisk, controller.c.state, controller.c.detail, controller.c.beat_ms)
    )
    return [Heartbeat(*row) for row in rows]
