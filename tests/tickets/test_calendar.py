"""The calendar in the database, a notice taken in, and terms computed again, on both databases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from db import Database, marks
from db.models import audit, calendar_day, change, ticket, ticket_event, ticket_term
from tests.floor.furnishing import person
from tests.tickets.test_clock import HOURS, ms
from tests.tickets.town import PLACE, TO_WORK, Town, drafted, row, town, walk
from tickets import calendar, calendar_notice, clock, recompute
from tickets.kept import Mistaken
from workdays import reading
from workdays.days import Kind
from workdays.shipped import GUESSED, shipped

NEW_YEAR = date(2027, 1, 1)
NOTICE: dict[date, Kind] = {
    NEW_YEAR: "off",
    date(2027, 1, 4): "off",
    date(2026, 12, 31): "off",
    date(2027, 1, 9): "work",
}


async def test_given_an_empty_table_then_the_shipped_days_hold(database: Database) -> None:
    def scene(conn: Connection) -> None:
        country, guangxi = reading.load(conn, ""), reading.load(conn, "450900")
        assert country.kind(date(2026, 4, 17)) == "work"
        assert guangxi.kind(date(2026, 4, 17)) == "off"
        assert reading.load(conn, "331126").kind(date(2026, 4, 17)) == "work"
        assert 2026 in country.announced_years
        assert 2028 not in country.announced_years

    await database.write(scene)


async def test_given_a_new_house_when_seeded_then_each_day_names_its_document(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        before = reading.load(conn, "450900")
        assert 2026 in calendar.seed(conn)
        assert reading.load(conn, "450900") == before
        kept = conn.execute(select(calendar_day).where(calendar_day.c.region == "")).all()
        sources = {one.day[:4]: one.source for one in kept}
        assert sources["2026"] == "国办发明电〔2025〕7号"
        # Each kind once by hand, from the notice of 2026.
        kinds = {one.day: one.kind for one in kept}
        assert (kinds["2026-02-15"], kinds["2026-02-14"]) == ("off", "work")
        assert sum(one.day.startswith("2026") and one.kind == "off" for one in kept) == 33
        assert sum(one.day.startswith("2026") and one.kind == "work" for one in kept) == 6
        stamp = marks.read(conn, reading.STAMP)
        assert calendar.seed(conn) == []
        assert marks.read(conn, reading.STAMP) == stamp

    await database.write(scene)


async def test_given_a_day_set_by_a_person_when_seeded_then_it_stays(database: Database) -> None:
    def scene(conn: Connection) -> None:
        by = person(conn)
        calendar.set_day(conn, by, "", date(2026, 3, 11), "off", "停电")
        calendar.seed(conn)
        known = reading.load(conn, "")
        assert known.kind(date(2026, 3, 11)) == "off"
        assert known.kind(date(2026, 2, 16)) == "off"

    await database.write(scene)


async def test_given_a_day_of_a_wider_region_then_the_narrower_one_wins(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        by = person(conn)
        calendar.set_day(conn, by, "45", date(2026, 3, 11), "off", "自治区通知")
        calendar.set_day(conn, by, "4509", date(2026, 3, 11), "half", "市通知")
        kinds = {
            code: reading.load(conn, code).kind(date(2026, 3, 11))
            for code in ("", "45", "4501", "450902", "331126")
        }
        assert kinds == {"": "work", "45": "off", "4501": "off", "450902": "half", "331126": "work"}
        # The region's other days of that year are still there.
        assert reading.load(conn, "4509").kind(date(2026, 4, 17)) == "off"
        acts = conn.execute(select(audit.c.act, audit.c.account_id)).all()
        assert [tuple(act) for act in acts] == [("calendar_set", by)] * 2

    await database.write(scene)


async def test_given_a_change_that_was_rolled_back_then_the_next_reader_does_not_see_it(
    database: Database,
) -> None:
    class Undone(Exception):
        pass

    def fails(conn: Connection) -> None:
        calendar.set_day(conn, person(conn), "", date(2026, 3, 11), "off", "x")
        assert reading.load(conn, "").kind(date(2026, 3, 11)) == "off"
        raise Undone

    with pytest.raises(Undone):
        await database.write(fails)
    assert (await database.read(reading.load, "")).kind(date(2026, 3, 11)) == "work"


async def test_given_another_process_changed_a_day_then_it_is_seen(
    database: Database, another: Database
) -> None:
    assert (await another.read(reading.load, "")).kind(date(2026, 3, 11)) == "work"
    by = await database.write(person)
    await database.write(calendar.set_day, by, "", date(2026, 3, 11), "off", "x")
    assert (await another.read(reading.load, "")).kind(date(2026, 3, 11)) == "off"


async def test_given_a_day_of_a_year_to_come_then_the_year_is_not_announced_by_it(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        made = calendar.set_day(conn, person(conn), "", NEW_YEAR, "off", "预计")
        assert not made.announced
        known = reading.load(conn, "")
        assert known.kind(NEW_YEAR) == "off"
        assert not known.announced(date(2027, 3, 1))

    await database.write(scene)


async def test_given_a_notice_then_the_year_is_announced_and_what_stood_there_goes(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        by = person(conn)
        calendar.set_day(conn, by, "", date(2027, 5, 4), "off", "预计")
        assert calendar.announce(conn, by, "", 2027, "通知", NOTICE) == 5
        known = reading.load(conn, "")
        assert known.announced(date(2027, 3, 1))
        assert known.announced(date(2026, 12, 31))
        assert known.kind(date(2026, 12, 31)) == "off"
        assert known.kind(date(2027, 1, 9)) == "work"
        assert known.kind(date(2027, 5, 4)) == "work"
        # The December before is part of a year whose other days stay.
        assert known.kind(date(2026, 10, 1)) == "off"
        assert calendar.announce(conn, by, "", 2027, "通知", NOTICE) == 0
        rows = select(func.count()).where(calendar_day.c.day.startswith("2027"))
        assert conn.execute(rows).scalar_one() == 3

    await database.write(scene)


def test_the_shipped_days_of_guangxi_are_named_by_their_notice_or_not_announced() -> None:
    days = [day for day in shipped() if day.region == "45"]
    assert {day.day for day in days if day.announced and day.day.year == 2026} == {
        date(2026, 4, 17),
        date(2026, 4, 20),
    }
    assert all(day.source for day in days)
    assert not any(day.announced for day in days if day.day.year > 2026)


# --- the notice as a file ---


def taken(text: str, year: int = 2027, *, country: bool = True) -> dict[date, Kind]:
    return calendar_notice.read(text, year, country=country, known={date(2027, 4, 5): "off"})


def test_given_a_notice_as_people_write_it_then_every_day_of_it() -> None:
    text = (
        "\ufeff日期,类型,说明\r\n2027-01-01,放假,元旦\r\n2027/1/2,休息,\n"
        '2027年1月3日,调休上班,"元旦, 周日"\n\n2026-12-31,off\n2027.2.5,半天\n'
    )
    assert taken(text) == {
        date(2027, 1, 1): "off",
        date(2027, 1, 2): "off",
        date(2027, 1, 3): "work",
        date(2026, 12, 31): "off",
        date(2027, 2, 5): "half",
    }


def test_given_bad_lines_then_all_of_them_are_named_and_nothing_is_taken() -> None:
    text = (
        "日期,类型\n2027-01-01,放假\n2027-02-30,放假\n明天,放假\n2027-01-01,上班\n2026-11-01,放假\n"
        "2027-03-03,不上班\n2027-03-04\n2027-03-10,上班\n"
    )
    with pytest.raises(Mistaken) as wrong:
        taken(text)
    assert [(one.field, one.message) for one in wrong.value.mistakes] == [
        ("3", "日期“2027-02-30”不存在"),
        ("4", "日期“明天”应写成 2027-01-01 的样子"),
        ("5", "“2027-01-01”重复"),
        ("6", "日期“2026-11-01”不在 2027 年"),
        ("7", "类型“不上班”应为放假、上班或半天"),
        ("8", "应有日期和类型两列"),
        ("9", "“2027-03-10”本来就是工作日，不会是调休上班的日子"),
    ]


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("", "file", "没有 2027 年 1 月 1 日放假，这不是一份完整的年度安排"),
        ("2027-05-01,放假\n", "file", "没有 2027 年 1 月 1 日放假，这不是一份完整的年度安排"),
        ("PK\0\0", "file", "这不是 CSV 文本文件"),
        ('2027-01-01,"放假', "1", "引号没有成对"),
        ("\n".join(["2027-01-01,放假"] * 500), "file", "超过 400 行，一年的安排没有这么多天"),
    ],
)
def test_given_a_file_that_is_no_notice_then_it_says_why(
    text: str, field: str, message: str
) -> None:
    with pytest.raises(Mistaken) as wrong:
        taken(text)
    assert [(one.field, one.message) for one in wrong.value.mistakes] == [(field, message)]


def test_given_a_regions_notice_then_it_needs_no_new_year_and_may_work_on_the_countrys_day() -> (
    None
):
    assert taken("2027-04-05,上班\n", country=False) == {date(2027, 4, 5): "work"}
    with pytest.raises(Mistaken) as wrong:
        taken("\n", country=False)
    assert wrong.value.mistakes[0].message == "文件里没有日期"


# --- terms computed again ---


def at_work(conn: Connection) -> tuple[Town, int]:
    """A ticket in the unit's hands."""
    there = town(conn)
    made = drafted(conn, there)
    walk(conn, there, made.id, *TO_WORK)
    return there, made.id


def term_of(conn: Connection, ticket_id: int) -> Any:
    open_ones = select(ticket_term).where(
        ticket_term.c.ticket_id == ticket_id, ticket_term.c.ended_ms.is_(None)
    )
    return conn.execute(open_ones).one()


def begun(conn: Connection, ticket_id: int, begins: str, days: int, *, natural: bool) -> None:
    """The ticket's open term as if it had begun then."""
    count = clock.natural if natural else clock.deadline
    due = count(PLACE.calendar(conn), HOURS, ms(begins), days)
    shown = {"due_ms": due.ms, "first_due_ms": due.ms, "provisional": due.provisional}
    term = term_of(conn, ticket_id)
    conn.execute(
        update(ticket_term)
        .where(ticket_term.c.id == term.id)
        .values(from_ms=ms(begins), days=days, natural=natural, **shown)
    )
    conn.execute(
        update(ticket)
        .where(ticket.c.id == ticket_id)
        .values(due_ms=due.ms, due_kind=term.kind, due_provisional=due.provisional)
    )


def changes(conn: Connection, ticket_id: int) -> list[dict[str, Any]]:
    found = select(ticket_event.c.detail).where(
        ticket_event.c.ticket_id == ticket_id, ticket_event.c.kind == "term_changed"
    )
    return list(conn.execute(found.order_by(ticket_event.c.id)).scalars())


async def test_given_a_guess_of_an_older_release_when_seeded_then_it_goes_and_terms_are_looked_at(
    database: Database,
) -> None:
    guess = {"region": "45", "kind": "off", "source": GUESSED, "announced": False}

    def scene(conn: Connection) -> None:
        calendar.seed(conn)
        stamp = marks.read(conn, reading.STAMP)
        conn.execute(insert(calendar_day), [guess | {"day": "2027-04-08"}])
        assert calendar.seed(conn) == []
        assert marks.read(conn, reading.STAMP) != stamp
        known = reading.load(conn, "450900")
        assert known.kind(date(2027, 4, 8)) == "work"
        assert known.kind(date(2027, 4, 9)) == "off"

    await database.write(scene)


async def test_given_third_of_third_is_named_then_the_guess_goes_and_other_days_leave_it(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        by = person(conn)
        calendar.set_day(conn, by, "45", date(2027, 12, 10), "off", "自治区通知")
        assert reading.load(conn, "45").kind(date(2027, 4, 9)) == "off"
        assert not reading.load(conn, "45").announced(date(2027, 4, 9))
        calendar.announce(conn, by, "45", 2027, "通知", {date(2027, 4, 8): "off"})
        known = reading.load(conn, "450902")
        assert [known.kind(date(2027, 4, n)) for n in (8, 9, 12)] == ["off", "work", "work"]
        # Of other years it stays, and elsewhere there is none.
        assert known.kind(date(2028, 3, 28)) == "off"
        assert reading.load(conn, "33").kind(date(2028, 3, 28)) == "work"

    await database.write(scene)


@pytest.mark.parametrize("natural", [False, True])
async def test_given_a_notice_that_works_on_days_taken_to_be_off_then_the_day_told_stays(
    database: Database, natural: bool
) -> None:
    """春节 2027 by the law alone is off to 10 February; this notice works on the 9th and 10th."""
    days, told = (5, ms("2027-02-11")) if natural else (2, ms("2027-02-12"))
    notice: dict[date, Kind] = {date(2027, 2, n): "off" for n in (5, 6, 7, 8)}
    notice[NEW_YEAR], notice[date(2027, 2, 20)] = "off", "work"

    def prepare(conn: Connection) -> int:
        there, ticket_id = at_work(conn)
        begun(conn, ticket_id, "2027-02-04 10:00", days, natural=natural)
        assert (term_of(conn, ticket_id).due_ms, term_of(conn, ticket_id).provisional) == (
            told,
            True,
        )
        assert there.agent.account_id is not None
        calendar.announce(conn, there.agent.account_id, "", 2027, "通知", notice)
        return ticket_id

    def settled(conn: Connection, ticket_id: int) -> None:
        term, known = term_of(conn, ticket_id), PLACE.calendar(conn)
        assert (term.due_ms, term.first_due_ms, term.provisional) == (told, told, False)
        count = clock.natural if natural else clock.deadline
        assert count(known, HOURS, term.from_ms, term.days).ms == told
        assert row(conn, ticket_id).due_provisional is False
        assert changes(conn, ticket_id) == [
            {"kind": "done", "before_ms": told, "after_ms": told, "provisional": False}
        ]

    ticket_id = await database.write(prepare)
    assert await recompute.everything(database, PLACE) == 1
    await database.read(settled, ticket_id)
    assert await recompute.everything(database, PLACE) == 0


@pytest.mark.parametrize("natural", [False, True])
async def test_given_a_year_is_announced_then_open_provisional_terms_follow_and_keep_the_old_date(
    database: Database, natural: bool
) -> None:
    days = 5 if natural else 3
    before = ms("2027-01-04" if natural else "2027-01-05")
    after = ms("2027-01-05" if natural else "2027-01-07")

    def prepare(conn: Connection) -> tuple[int, int]:
        there, ticket_id = at_work(conn)
        begun(conn, ticket_id, "2026-12-30 10:00", days, natural=natural)
        term = term_of(conn, ticket_id)
        assert (term.due_ms, term.provisional) == (before, True)
        assert there.agent.account_id is not None
        calendar.announce(conn, there.agent.account_id, "", 2027, "通知", NOTICE)
        return ticket_id, row(conn, ticket_id).version

    def settled(conn: Connection, ticket_id: int, version: int) -> None:
        term, shown = term_of(conn, ticket_id), row(conn, ticket_id)
        assert (term.due_ms, term.first_due_ms, term.provisional) == (after, before, False)
        assert (shown.due_ms, shown.due_provisional, shown.version) == (after, False, version)
        assert changes(conn, ticket_id) == [
            {"kind": "done", "before_ms": before, "after_ms": after, "provisional": False}
        ]
        told = select(change.c.key).where(change.c.topic == "ticket").order_by(change.c.seq.desc())
        assert conn.execute(told).scalars().first() == str(ticket_id)
        assert not recompute.unsettled(conn, marks.set_ms(conn, reading.STAMP) + recompute.GRACE_MS)

    ticket_id, version = await database.write(prepare)
    left_ms = await database.read(marks.set_ms, reading.STAMP) + recompute.GRACE_MS
    assert not await database.read(recompute.unsettled, left_ms - 1)
    assert await database.read(recompute.unsettled, left_ms)
    assert await recompute.everything(database, PLACE) == 1
    await database.read(settled, ticket_id, version)
    assert await recompute.everything(database, PLACE) == 0


async def test_given_terms_that_ended_or_were_certain_then_an_announcement_leaves_them(
    database: Database,
) -> None:
    def prepare(conn: Connection) -> tuple[int, int]:
        there, ended = at_work(conn)
        begun(conn, ended, "2026-12-30 10:00", 3, natural=False)
        walk(conn, there, ended, "contact", "reply")
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_WORK)
        begun(conn, made.id, "2026-12-21 10:00", 3, natural=False)
        assert there.agent.account_id is not None
        calendar.announce(conn, there.agent.account_id, "", 2027, "通知", NOTICE)
        return ended, made.id

    def terms(conn: Connection, ids: tuple[int, int]) -> list[Any]:
        # Of the first, "approve" is open: its dates are today's.
        found = select(ticket_term).where(
            ticket_term.c.ticket_id.in_(ids), ticket_term.c.kind == "done"
        )
        return [tuple(term) for term in conn.execute(found.order_by(ticket_term.c.id))]

    ids = await database.write(prepare)
    before = await database.read(terms, ids)
    await recompute.everything(database, PLACE)
    assert await database.read(terms, ids) == before


async def test_given_a_day_corrected_in_an_announced_year_then_certain_terms_only_move_later(
    database: Database,
) -> None:
    def prepare(conn: Connection) -> tuple[int, int, int]:
        there, across = at_work(conn)
        begun(conn, across, "2026-12-09 10:00", 3, natural=False)
        elsewhere = walk(conn, there, drafted(conn, there).id, *TO_WORK).id
        begun(conn, elsewhere, "2026-12-11 10:00", 3, natural=False)
        assert there.agent.account_id is not None
        calendar.set_day(conn, there.agent.account_id, "", date(2026, 12, 11), "off", "雪灾")
        return there.agent.account_id, across, elsewhere

    by, across, elsewhere = await database.write(prepare)
    assert await recompute.everything(database, PLACE, date(2026, 12, 11)) == 1
    assert (await database.read(term_of, across)).due_ms == ms("2026-12-15")
    assert (await database.read(term_of, elsewhere)).due_ms == ms("2026-12-16")
    # The day is worked after all: nobody loses time that was promised.
    await database.write(calendar.set_day, by, "", date(2026, 12, 11), "work", "更正")
    assert await recompute.everything(database, PLACE, date(2026, 12, 11)) == 0
    assert (await database.read(term_of, across)).due_ms == ms("2026-12-15")


async def test_given_a_stopped_clock_then_the_ticket_still_shows_no_date(
    database: Database,
) -> None:
    def prepare(conn: Connection) -> int:
        there, ticket_id = at_work(conn)
        begun(conn, ticket_id, "2026-12-30 10:00", 3, natural=False)
        stopped = {"due_ms": None, "due_kind": None, "due_provisional": False, "left_days": 3}
        conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(stopped))
        assert there.agent.account_id is not None
        calendar.announce(conn, there.agent.account_id, "", 2027, "通知", NOTICE)
        return ticket_id

    ticket_id = await database.write(prepare)
    assert await recompute.everything(database, PLACE) == 1
    assert (await database.read(row, ticket_id)).due_ms is None


async def test_given_more_terms_than_a_batch_then_all_of_them_are_computed(
    database: Database,
) -> None:
    count = recompute.BATCH * 2 + 1

    def prepare(conn: Connection) -> None:
        there, ticket_id = at_work(conn)
        begun(conn, ticket_id, "2026-12-30 10:00", 3, natural=False)
        term = dict(term_of(conn, ticket_id)._mapping)
        del term["id"]
        conn.execute(insert(ticket_term), [term | {"round": n} for n in range(2, count + 1)])
        assert there.agent.account_id is not None
        calendar.announce(conn, there.agent.account_id, "", 2027, "通知", NOTICE)

    await database.write(prepare)
    assert await recompute.everything(database, PLACE) == count
