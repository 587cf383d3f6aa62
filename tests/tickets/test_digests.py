"""Suggestions gathered each month and reported each quarter, on both databases (Q二(二)1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from db import Database
from db.models import audit, change, digest, ticket
from tests.tickets.test_clock import ms
from tests.tickets.town import PLACE, Town, drafted, town, walk
from tickets import digests
from tickets.kept import InUse, Mistaken, Outdated
from tickets.reporting import Period, parse

LABELS = {"service_quality": "服务质量", "policy": "政策咨询"}
OCTOBER, QUARTER = parse("2026-10"), parse("2026-Q4")
JANUARY = "2027-01-04 09:00"


def suggested(conn: Connection, there: Town, at: str, *moves: str, **more: Any) -> int:
    """A suggestion that came in at a moment."""
    made = drafted(conn, there, type="suggestion", **more)
    if moves:
        walk(conn, there, made.id, *moves)
    conn.execute(update(ticket).where(ticket.c.id == made.id).values(created_ms=ms(at)))
    return made.id


def office(there: Town) -> Any:
    return there.duties["office"]


def written(conn: Connection, there: Town, period: Period, text: str = "要点") -> int:
    """A draft with something in it; its version."""
    version = digests.read(conn, PLACE, period, LABELS).version
    digests.save(conn, office(there), period, version, text, ms(JANUARY))
    return version + 1


def kept(conn: Connection, there: Town, period: Period) -> None:
    version = written(conn, there, period)
    digests.end_month(conn, PLACE, office(there), period, version, LABELS, ms(JANUARY))


def refused(kind: type[Exception], door: Callable[..., object], *args: Any) -> Any:
    with pytest.raises(kind) as why:
        door(*args)
    return why.value


async def test_figures_count_the_suggestions_of_the_month_alone(database: Database) -> None:
    def go(conn: Connection) -> None:
        there = town(conn)
        suggested(conn, there, "2026-10-01 00:00", "submit")
        suggested(conn, there, "2026-10-31 23:59", "answer", disposition="answered")
        suggested(conn, there, "2026-10-15 12:00", "submit", content_class="policy")
        suggested(conn, there, "2026-10-16 12:00")  # still a draft
        suggested(conn, there, "2026-09-30 23:59", "submit")
        suggested(conn, there, "2026-11-01 00:00", "submit")
        complaint = drafted(conn, there)
        conn.execute(
            update(ticket)
            .where(ticket.c.id == complaint.id)
            .values(created_ms=ms("2026-10-15 12:00"))
        )
        found = digests.counted(conn, PLACE, OCTOBER, LABELS)
        assert (found.total, found.settled) == (3, 1)
        assert [(one.label, one.count) for one in found.classes] == [
            ("服务质量", 2),
            ("政策咨询", 1),
        ]
        assert digests.total(conn, PLACE, OCTOBER) == 3
        assert digests.counted(conn, PLACE, QUARTER, LABELS).total == 4

    await database.write(go)


async def test_a_month_is_kept_with_the_figures_of_that_day(database: Database) -> None:
    def go(conn: Connection) -> None:
        there = town(conn)
        suggested(conn, there, "2026-10-10 10:00", "submit")
        who, at_ms = office(there), ms("2026-11-02 09:00")
        end = digests.end_month
        refused(Mistaken, end, conn, PLACE, who, OCTOBER, 0, LABELS, at_ms)
        digests.save(conn, who, OCTOBER, 0, "希望延长窗口时间", ms("2026-10-20 09:00"))
        why = refused(InUse, end, conn, PLACE, who, OCTOBER, 1, LABELS, ms("2026-10-31 23:59"))
        assert why.sentence == "2026年10月还没有结束"
        refused(Outdated, digests.save, conn, who, OCTOBER, 0, "旧页面", at_ms)
        refused(Outdated, end, conn, PLACE, who, OCTOBER, 2, LABELS, at_ms)
        end(conn, PLACE, who, OCTOBER, 1, LABELS, at_ms)
        suggested(conn, there, "2026-10-11 10:00", "submit")  # entered late
        found = digests.read(conn, PLACE, OCTOBER, LABELS)
        assert (found.state, found.text, found.figures.total) == ("kept", "希望延长窗口时间", 1)
        assert digests.counted(conn, PLACE, OCTOBER, LABELS).total == 2
        refused(InUse, digests.save, conn, who, OCTOBER, found.version, "再改", at_ms)
        refused(InUse, end, conn, PLACE, who, OCTOBER, found.version, LABELS, at_ms)
        refused(InUse, end, conn, PLACE, who, QUARTER, 0, LABELS, at_ms)
        refused(InUse, digests.submit, conn, PLACE, who, OCTOBER, found.version, at_ms)
        acts = list(conn.execute(select(audit.c.act).order_by(audit.c.id)).scalars())
        assert acts == ["digest_saved", "digest_kept"]
        told = conn.execute(select(change.c.data).where(change.c.topic == "digest")).scalars()
        assert list(told) == [{"period": "2026-10"}] * 2

    await database.write(go)


async def test_a_quarter_is_signed_when_its_months_are_kept(database: Database) -> None:
    def go(conn: Connection) -> None:
        there = town(conn)
        head, at_ms = there.duties["head"], ms(JANUARY)
        for month in ("2026-10", "2026-11"):
            suggested(conn, there, f"{month}-10 10:00", "submit")
            kept(conn, there, parse(month))
        version = written(conn, there, QUARTER, "分析")
        ask = (conn, PLACE, office(there), QUARTER)
        why = refused(InUse, digests.submit, *ask, version, at_ms)
        assert why.sentence == "2026年12月的月度汇总还没有存档"
        kept(conn, there, parse("2026-12"))
        why = refused(InUse, digests.submit, *ask, version, ms("2026-12-31 10:00"))
        assert why.sentence == "2026年第四季度还没有结束"
        sign = (conn, PLACE, head, QUARTER)
        refused(InUse, digests.sign, *sign, version, LABELS, at_ms)
        digests.submit(*ask, version, at_ms)
        assert digests.waiting(conn, PLACE, head, at_ms) == 1
        refused(InUse, digests.save, conn, office(there), QUARTER, version + 1, "改", at_ms)
        refused(Mistaken, digests.send_back, conn, head, QUARTER, version + 1, " ")
        digests.send_back(conn, head, QUARTER, version + 1, "请补充数据")
        back = digests.read(conn, PLACE, QUARTER, LABELS)
        assert (back.state, back.answer, back.text) == ("draft", "请补充数据", "分析")
        digests.submit(*ask, back.version, at_ms)
        digests.sign(*sign, back.version + 1, LABELS, at_ms)
        signed = digests.read(conn, PLACE, QUARTER, LABELS)
        assert (signed.state, signed.number) == ("signed", "建议分析〔2027〕1号")
        assert (signed.figures.total, signed.answer) == (2, "")
        refused(InUse, digests.sign, *sign, signed.version, LABELS, at_ms)

    await database.write(go)


async def test_what_waits_begins_with_the_first_ticket(database: Database) -> None:
    def go(conn: Connection) -> None:
        there = town(conn)
        assert digests.due(conn, PLACE, ms(JANUARY)) == []
        suggested(conn, there, "2026-11-10 10:00", "submit")
        at = ms(JANUARY)
        assert [one.key for one in digests.due(conn, PLACE, at)] == [
            "2026-11",
            "2026-12",
            "2026-Q4",
        ]
        assert digests.due(conn, PLACE, ms("2026-11-30 23:59")) == []
        kept(conn, there, parse("2026-11"))
        assert digests.waiting(conn, PLACE, office(there), at) == 2
        assert digests.waiting(conn, PLACE, there.duties["head"], at) == 0

    await database.write(go)


async def test_two_who_begin_at_once_do_not_overwrite_each_other(database: Database) -> None:
    def go(conn: Connection) -> None:
        there = town(conn)
        digests.save(conn, office(there), OCTOBER, 0, "甲", ms(JANUARY))
        refused(Outdated, digests.save, conn, office(there), OCTOBER, 0, "乙", ms(JANUARY))
        assert digests.read(conn, PLACE, OCTOBER, LABELS).text == "甲"
        values = {"period": "2026-10", "state": "draft", "text": "", "answer": ""}
        who = {"drafted_by": office(there).account_id, "drafted_ms": 1, "version": 1}
        nested = conn.begin_nested()
        refused(IntegrityError, conn.execute, insert(digest), values | who)
        nested.rollback()

    await database.write(go)
