"""The office is told that a month is over: once, on the first working day (Q二(二)1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, select

from config.channels import Team
from db import Database
from db.models import outbox
from tests.tickets.test_clock import ms
from tests.tickets.test_digests import kept, suggested
from tests.tickets.town import PLACE, town
from tickets import digest_reminder
from tickets.place import Place
from tickets.reporting import parse

NOTICES = PLACE.settings.notices
TOLD = Place(
    replace(
        PLACE.settings,
        notices=replace(
            NOTICES,
            zwding=replace(NOTICES.zwding, on=True),
            team=("zwding",),
            teams=(Team("office", ("made-up",), (), (), None, None),),
        ),
    )
)


async def test_the_office_is_told_once_on_the_first_working_day(database: Database) -> None:
    def go(conn: Connection) -> None:
        there = town(conn)
        suggested(conn, there, "2026-10-10 10:00", "submit")

        def told(moment: str) -> list[tuple[str, str, Any]]:
            at_ms = ms(moment)
            due = digest_reminder.is_due(conn, TOLD, at_ms)
            before = conn.execute(select(func.max(outbox.c.id))).scalar() or 0
            wrote = digest_reminder.tell(conn, TOLD, at_ms)
            assert due == bool(wrote)
            rows = conn.execute(select(outbox).where(outbox.c.id > before).order_by(outbox.c.id))
            return [(row.template, row.recipient, row.args["period"]) for row in rows]

        assert told("2026-10-20 12:00") == []
        # 1 November 2026 is a Sunday.
        assert told("2026-11-01 12:00") == []
        assert told("2026-11-02 09:29") == []
        assert told("2026-11-02 09:30") == [("to_gather", "office", "2026年10月")]
        assert told("2026-11-02 09:31") == []
        kept(conn, there, parse("2026-11"))
        assert told("2026-12-01 17:00") == []
        # New Year is a day off.
        assert told("2027-01-01 17:00") == []
        assert told("2027-01-05 17:00") == [
            ("to_gather", "office", "2026年12月"),
            ("to_report", "office", "2026年第四季度"),
        ]
        assert told("2027-01-06 17:00") == []

    await database.write(go)
