"""The limit of a robot, kept by us over all processes: what was sent stands in the outbox."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, select

from config.channels import Notices
from db.clock import now_ms
from db.models import outbox
from notices import addresses

WINDOW_MS = 61_000
"""A minute, and what a clock and the way may differ by. A retry comes later than that, so each
row counts once."""


class Pace:
    """At most `per_minute` messages to each robot; asked within the transaction that takes."""

    def __init__(self, notices: Notices, hold_ms: int) -> None:
        self._notices = notices
        self._hold_ms = hold_ms

    def __call__(self, conn: Connection, recipient: str) -> bool:
        """Whether the robot of this recipient may be asked once more now."""
        robot = self._robot(conn, recipient)
        spent: Counter[str] = Counter()
        since_ms = now_ms() + self._hold_ms - WINDOW_MS
        recent = select(outbox.c.recipient).where(
            outbox.c.channel == "dingtalk", outbox.c.taken_until_ms > since_ms
        )
        for other in conn.execute(recent).scalars().all():
            spent[self._robot(conn, other)] += 1
        return spent[robot] < self._notices.dingtalk.per_minute

    def _robot(self, conn: Connection, recipient: str) -> str:
        found = addresses.find(conn, self._notices, "dingtalk", recipient).open
        return found[0] if found else ""
