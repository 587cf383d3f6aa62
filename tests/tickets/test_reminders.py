"""Reminders and the archive, on both databases: who is told at which step, and only once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, delete, select, update
from sqlalchemy import event as listening

from config.channels import Team
from db import Database
from db.clock import now_ms
from db.models import outbox, ticket, ticket_event, ticket_reminder, ticket_term, unit
from tests.tickets.test_clock import HOURS, ms
from tests.tickets.town import PLACE, TO_FOLLOW_UP, TO_UNIT, TO_WORK, Town, drafted, row, town, walk
from tickets import archiving, reminders
from tickets.place import Place
from workdays.days import Calendar

NOTICES = PLACE.settings.notices
TOLD = Place(
    replace(
        PLACE.settings,
        notices=replace(
            NOTICES,
            zwding=replace(NOTICES.zwding, on=True),
            unit=("zwding",),
            unit_head=("zwding",),
            team=("zwding",),
            teams=(Team("supervisors", ("made-up",), (), (), None, None),),
        ),
    )
)
BEGINS = "2026-03-09 10:00"
DUE = "2026-03-10 17:30"
"""Of a term of one working day."""


def waiting(conn: Connection, *moves: str) -> tuple[Town, int]:
    """A ticket whose open term is due at `DUE`; what its moves wrote is taken away."""
    there = town(conn)
    addresses = {"zwding": "made-up", "head_zwding": "made-up"}
    conn.execute(update(unit).values(addresses=addresses))
    made = drafted(conn, there)
    walk(conn, there, made.id, *moves)
    due(conn, made.id, DUE)
    conn.execute(delete(outbox))
    return there, made.id


def due(conn: Connection, ticket_id: int, moment: str) -> None:
    conn.execute(
        update(ticket_term)
        .where(ticket_term.c.ticket_id == ticket_id, ticket_term.c.ended_ms.is_(None))
        .values(from_ms=ms(BEGINS), due_ms=ms(moment))
    )


def swept(conn: Connection, moment: str, most: int = reminders.LOOK) -> int:
    named = reminders.waiting(conn, TOLD, ms(moment), most)
    count = reminders.remind(conn, TOLD, ms(moment), named)
    assert count == len(set(named)) == len(named)
    return count


def told(conn: Connection) -> list[tuple[str, str]]:
    """Template and recipient of each notice since the last look; units without their id."""
    rows = conn.execute(select(outbox).order_by(outbox.c.id)).all()
    conn.execute(delete(outbox))
    return [(one.template, one.recipient.partition(":")[0]) for one in rows]


async def test_given_a_unit_s_term_then_each_step_goes_one_rung_higher_and_once(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        waiting(conn, *TO_WORK)
        # Four working hours before 17:30 is 11:00, lunch left out.
        assert swept(conn, "2026-03-10 10:59") == 0
        assert swept(conn, "2026-03-10 11:00") == 1
        assert told(conn) == [("reminder_before", "unit")]
        assert swept(conn, "2026-03-10 17:29") == 0
        assert swept(conn, DUE) == 1
        assert told(conn) == [("reminder_due", "unit"), ("reminder_due", "unit_head")]
        assert swept(conn, "2026-03-11 14:59") == 0
        assert swept(conn, "2026-03-11 15:00") == 1
        assert told(conn) == [
            ("reminder_after", "unit"),
            ("reminder_after", "unit_head"),
            ("reminder_after", "supervisors"),
        ]
        assert swept(conn, "2026-06-01 10:00") == 0
        assert told(conn) == []

    await database.write(scene)


async def test_given_the_hotline_s_own_term_then_the_supervisors_are_told(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        waiting(conn, "submit")
        assert swept(conn, "2026-03-10 17:00") == 1
        assert told(conn) == []
        assert swept(conn, DUE) == 1
        assert told(conn) == [("reminder_due", "supervisors")]
        assert swept(conn, "2026-03-11 15:00") == 1
        assert told(conn) == [("reminder_after", "supervisors")]

    await database.write(scene)


async def test_given_the_house_stood_still_then_only_the_last_step_goes_out(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        waiting(conn, *TO_WORK)
        assert swept(conn, "2026-03-16 10:00") == 1
        assert {template for template, _ in told(conn)} == {"reminder_after"}
        assert swept(conn, "2026-03-16 10:00") == 0

    await database.write(scene)


async def test_given_a_date_that_was_moved_then_it_is_reminded_of_anew(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        _, ticket_id = waiting(conn, *TO_WORK)
        assert swept(conn, "2026-03-10 12:00") == 1
        due(conn, ticket_id, "2026-03-12 17:30")
        assert swept(conn, "2026-03-10 12:00") == 0
        assert swept(conn, "2026-03-12 12:00") == 1
        assert told(conn) == [("reminder_before", "unit")] * 2

    await database.write(scene)


async def test_given_what_was_reminded_then_history_and_notice_say_so_without_the_reporter(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        _, ticket_id = waiting(conn, *TO_WORK)
        swept(conn, "2026-03-10 16:00")
        event = conn.execute(
            select(ticket_event.c.detail).where(ticket_event.c.kind == "reminded")
        ).scalar_one()
        shown = row(conn, ticket_id)
        assert event == {
            "step": "before",
            "kind": "done",
            "due_ms": ms(DUE),
            "to": [f"unit:{shown.unit_id}"],
        }
        notice = conn.execute(select(outbox)).one()
        assert notice.args == {
            "number": shown.number,
            "unit": "市场监管局",
            "due": ms(DUE),
            "kind": "done",
            "state": "in_progress",
            "left": "1 小时 30 分钟",
        }

    await database.write(scene)


@pytest.mark.parametrize("why", ["ended", "suspended"])
async def test_given_a_term_that_ended_or_stands_then_nobody_is_reminded(
    database: Database, why: str
) -> None:
    def scene(conn: Connection) -> None:
        there, ticket_id = waiting(conn, *TO_WORK)
        if why == "ended":
            walk(conn, there, ticket_id, "contact", "reply")
            conn.execute(
                delete(ticket_term).where(
                    ticket_term.c.ticket_id == ticket_id, ticket_term.c.ended_ms.is_(None)
                )
            )
        else:
            stopped = {"state": "suspended", "state_ms": now_ms(), "move": "suspend", "moved": {}}
            conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(stopped))
        conn.execute(delete(outbox))
        assert swept(conn, "2026-03-16 10:00") == 0
        assert told(conn) == []

    await database.write(scene)


async def test_given_several_steps_at_once_then_a_batch_takes_so_many_and_the_next_the_rest(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        for moment in ("2026-03-10 17:30", "2026-03-11 17:30", "2026-03-12 17:30"):
            _, ticket_id = waiting(conn, *TO_UNIT)
            due(conn, ticket_id, moment)
        # The accept terms have their done terms beside them: six terms wait.
        at = "2026-03-12 14:00"
        counts = [swept(conn, at, 2) for _ in range(4)]
        assert counts == [2, 2, 2, 0]
        steps = select(ticket_reminder.c.step, ticket_reminder.c.term_id)
        by_term = {term_id: step for step, term_id in conn.execute(steps)}
        assert sorted(by_term.values()) == ["after"] * 2 + ["before"] * 2 + ["due"] * 2

    await database.write(scene)


async def test_given_terms_that_changed_since_the_look_then_they_are_passed_over(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        at = ms("2026-03-10 16:00")
        places = [waiting(conn, *TO_WORK) for _ in range(4)]
        reminded, ended, moved, _ = (ticket_id for _, ticket_id in places)
        named = reminders.waiting(conn, TOLD, at)
        assert len(named) == 4
        term = ticket_term.c
        only = select(term.id).where(term.ticket_id == reminded, term.ended_ms.is_(None))
        assert reminders.remind(conn, TOLD, at, [conn.execute(only).scalar_one()]) == 1
        over = update(ticket_term).where(term.ticket_id == ended)
        conn.execute(over.values(ended_ms=at, met=True))
        due(conn, moved, "2026-03-20 17:30")
        conn.execute(delete(outbox))
        assert reminders.remind(conn, TOLD, at, named) == 1
        assert told(conn) == [("reminder_before", "unit")]
        assert reminders.remind(conn, TOLD, at, named) == 0
        assert reminders.remind(conn, TOLD, at, []) == 0
        assert reminders.waiting(conn, TOLD, at) == []

    await database.write(scene)


async def test_given_many_at_once_then_statements_do_not_grow_with_them(
    database: Database,
) -> None:
    """A handful a batch: what each ticket costs is rows, not ways to the server and back."""

    def scene(conn: Connection) -> None:
        at = ms(DUE)
        for _ in range(8):
            waiting(conn, *TO_WORK)
        named = reminders.waiting(conn, TOLD, at)
        assert len(named) == 8
        asked: list[str] = []

        def count(_conn: object, _cursor: object, sql: str, *_: object) -> None:
            asked.append(sql)

        listening.listen(conn, "before_cursor_execute", count)
        assert reminders.remind(conn, TOLD, at, named[:1]) == 1
        alone = len(asked)
        asked.clear()
        assert reminders.remind(conn, TOLD, at, named[1:]) == 7
        listening.remove(conn, "before_cursor_execute", count)
        assert len(asked) == alone
        assert len(told(conn)) == 16

    await database.write(scene)


async def test_given_many_terms_that_ended_then_the_look_reads_the_open_ones_alone(
    database: Database,
) -> None:
    """By its plan: a year's ended terms must not be read every half minute."""

    def scene(conn: Connection) -> None:
        asked = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
        if database.dialect == "postgresql":
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for span in reminders.spans(TOLD, Calendar(), ms(DUE)):
            look = reminders._due(span).limit(1)
            sql = look.compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True})
            plan = str(conn.exec_driver_sql(asked + str(sql)).all())
            assert "ix_ticket_term_open" in plan, plan

    await database.write(scene)


def test_no_moment_is_at_two_steps() -> None:
    for moment in ("2026-03-10 03:00", "2026-03-10 12:30", "2026-03-14 12:00", "2026-02-20 09:00"):
        late, now, soon = reminders.spans(PLACE, Calendar(), ms(moment))
        assert late.upto_ms == now.after_ms
        assert now.upto_ms == soon.after_ms == ms(moment)
        assert late.upto_ms < now.upto_ms < soon.upto_ms
    assert PLACE.hours == HOURS


# --- the archive ---


async def test_given_a_ticket_that_ended_a_set_time_ago_then_it_goes_to_the_archive(
    database: Database,
) -> None:
    day_ms = archiving.DAY_MS

    def scene(conn: Connection) -> None:
        _, ticket_id = waiting(conn, *TO_FOLLOW_UP, "follow_up")
        _, open_id = waiting(conn, *TO_WORK)
        closed = row(conn, ticket_id)
        assert closed.state == "closed"
        at_ms = closed.closed_ms + 30 * day_ms
        assert archiving.ready(conn, PLACE, at_ms - 1) == []
        assert archiving.ready(conn, PLACE, at_ms) == [(ticket_id, closed.version)]
        assert archiving.ready(conn, PLACE, at_ms, after=ticket_id) == []
        # Not so long ago for the rules, which look at the clock on the wall.
        assert not archiving.archive(conn, PLACE, ticket_id, closed.version)
        long_ago = closed.closed_ms - 31 * day_ms
        conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(closed_ms=long_ago))
        assert not archiving.archive(conn, PLACE, ticket_id, closed.version - 1)
        assert archiving.archive(conn, PLACE, ticket_id, closed.version)
        assert row(conn, ticket_id).state == "archived"
        assert archiving.ready(conn, PLACE, at_ms) == []
        event = conn.execute(
            select(ticket_event.c.account_id, ticket_event.c.from_state).where(
                ticket_event.c.move == "archive"
            )
        ).one()
        assert tuple(event) == (None, "closed")
        assert row(conn, open_id).state == "in_progress"

    await database.write(scene)
