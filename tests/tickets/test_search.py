"""The list of tickets on both databases: what fits, in which order, and how many."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, insert, inspect

from db import Database, connect
from db.migrate import config_for, migrate
from db.models import account, ticket, ticket_assist, ticket_contact, unit
from tests.floor.furnishing import person
from tests.tickets.furnishing import DAY, NOW, new_unit, stored
from tickets import scope, search, search_words, words
from tickets.rules.facts import Actor
from tickets.search import Page, Wanted

COLUMNS = (ticket.c.id, ticket.c.number, account.c.name.label("agent"), unit.c.name.label("unit"))


def hashed(typed: str) -> str:
    return "hash of " + typed.replace(" ", "").replace("-", "")


def page(conn: Connection, /, **wanted: Any) -> Page:
    return search.page(conn, Wanted(**wanted), COLUMNS, hashed)


def ids(conn: Connection, /, **wanted: Any) -> list[int]:
    found = page(conn, **wanted)
    assert (found.total, found.more) == (len(found.rows), False)
    return [row.id for row in found.rows]


async def test_an_empty_list(database: Database) -> None:
    for q in ("", "路灯", "20261122", "13800001234", "，"):
        assert await database.read(page, q=q) == Page([], 0, more=False)


async def test_each_filter_and_the_columns(database: Database) -> None:
    def go(conn: Connection) -> None:
        agent, office = person(conn), new_unit(conn)
        a = stored(conn, state="in_progress", type="complaint", content_class="lamp",
                   unit_id=office, account_id=agent, due_ms=NOW - 1, created_ms=NOW)  # fmt: skip
        b = stored(conn, state="to_dispatch", type="help", disposition="pass_on",
                   due_ms=NOW + DAY, created_ms=NOW - DAY)  # fmt: skip
        c = stored(conn, state="closed", repeats=2, created_ms=NOW - 2 * DAY)
        assert ids(conn) == [a, b, c]
        assert ids(conn, states=("in_progress",)) == [a]
        assert ids(conn, states=("closed", "to_dispatch")) == [b, c]
        assert ids(conn, types=("help",)) == [b]
        assert ids(conn, content_classes=("lamp",)) == [a]
        assert ids(conn, dispositions=("pass_on",)) == [b]
        assert ids(conn, unit_id=office) == [a]
        assert ids(conn, account_id=agent) == [a]
        assert ids(conn, late=True, now_ms=NOW) == [a]
        assert ids(conn, late=False, now_ms=NOW) == [b]
        assert ids(conn, from_ms=NOW - DAY) == [a, b]
        assert ids(conn, to_ms=NOW - DAY) == [c]
        assert ids(conn, from_ms=NOW - DAY, to_ms=NOW) == [b]
        assert ids(conn, repeated=True) == [c]
        assert ids(conn, where=(ticket.c.id != a, ticket.c.state != "closed")) == [b]
        (row,) = page(conn, unit_id=office).rows
        assert (row.unit, row.agent is not None) == ("城市管理局", True)

    await database.write(go)


async def test_orders(database: Database) -> None:
    def go(conn: Connection) -> None:
        a = stored(conn, due_ms=NOW + 3, repeats=1, created_ms=NOW)
        b = stored(conn, due_ms=None, repeats=4, created_ms=NOW - 1)
        c = stored(conn, due_ms=NOW + 1, repeats=4, created_ms=NOW - 2)
        d = stored(conn, due_ms=NOW + 2, created_ms=NOW - 3)
        assert ids(conn, order="newest") == [a, b, c, d]
        assert ids(conn, order="due") == [c, d, a, b]
        assert ids(conn, order="repeats") == [b, c, a]

    await database.write(go)


async def test_words_company_and_several_at_once(database: Database) -> None:
    def go(conn: Connection) -> None:
        lamp = stored(conn, text="民主路路灯不亮", state="closed")
        water = stored(conn, text="民主路水管漏水", company="玉柴机器股份有限公司")
        assert ids(conn, q="路灯") == [lamp]
        assert ids(conn, q="民主路") == [water, lamp]
        assert ids(conn, q="民主 漏水") == [water]
        assert ids(conn, q="玉柴") == [water]
        assert ids(conn, q="路灯 漏水") == []
        assert ids(conn, q="民主路", states=("closed",)) == [lamp]
        assert ids(conn, q="民主路", order="due") == [lamp, water]
        assert ids(conn, q="'; DROP \" OR -- \\") == []

    await database.write(go)


async def test_numbers_of_tickets_and_telephones(database: Database) -> None:
    def go(conn: Connection) -> None:
        a = stored(conn, number="20261120-00017", caller_hash=hashed("13800001234"))
        b = stored(conn, number="20261120-00018", text="电话 13800001234")
        c = stored(conn, number="20261121-00001", caller_hash=hashed("20261120"))
        conn.execute(
            insert(ticket_contact),
            {"ticket_id": b, "number_hash": hashed("07750001234"), "at_ms": NOW},
        )
        assert ids(conn, q="20261120-00017") == [a]
        assert ids(conn, q="20261120-0001") == [b, a]
        assert ids(conn, q="20261121-") == [c]
        assert ids(conn, q="20261120") == [c, b, a]  # a day, or somebody's eight digits
        assert ids(conn, q="13800001234") == [a]
        assert ids(conn, q="138 0000 1234") == [a]
        assert ids(conn, q="0775-0001234") == [b]
        assert ids(conn, q="1380000") == []

    await database.write(go)


async def test_pages_and_a_count_that_has_an_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "COUNT_MOST", 5)
    monkeypatch.setattr(search, "DEEPEST", 8)

    def go(conn: Connection) -> None:
        made = [stored(conn, text="路灯", created_ms=NOW - n) for n in range(7)]
        for q in ("", "路灯"):
            first = page(conn, q=q, size=3)
            assert [row.id for row in first.rows] == made[:3]
            assert (first.total, first.more) == (5, True)
            assert [r.id for r in page(conn, q=q, size=3, page=3).rows] == made[6:]
            assert page(conn, q=q, size=3, page=9) == Page([], 5, more=True)
        columns = [ticket.c.id]
        found = search.every(conn, Wanted(q="路灯"), columns, hashed, 6)
        assert [row.id for row in found] == made[:6]
        assert search.every(conn, Wanted(q="。"), columns, hashed, 6) == []
        assert search.count(conn, [ticket.c.state == "to_dispatch"], 4) == 4
        assert search.count(conn, [ticket.c.state == "draft"]) == 0

    await database.write(go)


@pytest.mark.parametrize("many", [3, 1000])
async def test_what_many_tickets_have_is_looked_for_back_in_time(
    database: Database, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """More hits than are sorted at once: on PostgreSQL another road, the same answer."""
    monkeypatch.setattr(search_words, "FEW", 3)
    monkeypatch.setattr(search_words, "MANY", many)

    def go(conn: Connection) -> None:
        made = [
            stored(conn, text="路灯不亮" if n % 2 else "路灯坏", created_ms=NOW - n * 40 * DAY,
                   due_ms=NOW - n, state="closed" if n % 3 else "in_progress")
            for n in range(30)
        ]  # fmt: skip
        assert ids(conn, q="路灯", size=100) == made
        assert ids(conn, q="路灯 不亮", size=100) == made[1::2]
        assert ids(conn, q="路灯", states=("in_progress",), size=100) == made[::3]
        assert ids(conn, q="路灯", order="due", size=100) == made[::-1]
        assert ids(conn, q="路灯", from_ms=NOW - 600 * DAY, to_ms=NOW - DAY, size=100) == made[1:16]
        assert ids(conn, q="路灯", from_ms=NOW + DAY) == []
        assert ids(conn, q="路灯", to_ms=2**53 - 1, from_ms=0, size=100) == made
        assert ids(conn, q="路灯", from_ms=2**53 - 1) == []
        assert ids(conn, q="路灯", to_ms=0) == []

    await database.write(go)


def week(number: int) -> int:
    """A moment in a week since 1970; 2964 (October 2026) begins a quarter."""
    return number * words.WEEK_MS + 12345


@pytest.mark.parametrize(
    ("first", "last", "sizes"),
    [
        (2964, 2964, [1]),
        (2964, 2965, [1, 1]),
        (2964, 2976, [1, 2, 4, 6]),
        (2963, 2964, [1, "季227"]),
        (2940, 2963, [1, 2, 4, 6, "季226"]),
        (2964 - 8 * 13, 2964, [1, *(f"季{n}" for n in range(227, 219, -1))]),
        (2964 - 9 * 13, 2964, [1, *(f"季{n}" for n in range(227, 219, -1)), week(2860) - 12345]),
    ],
)
async def test_windows_go_back_further_each_time(
    database: Database, first: int, last: int, sizes: list[int | str]
) -> None:
    def go(conn: Connection) -> list[int | str]:
        for number in (first, last):
            stored(conn, created_ms=week(number))
        found = list(search_words.windows(conn, None, None))
        return [
            w.before_ms or (w.words[0] if w.words[0][0] == "季" else len(w.words)) for w in found
        ]

    assert await database.write(go) == sizes


async def test_a_unit_sees_what_it_leads_and_assists_in_one_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go(conn: Connection) -> None:
        ours, other = new_unit(conn), new_unit(conn)
        led = stored(conn, text="路灯", unit_id=ours, created_ms=NOW - 3, due_ms=NOW + 1)
        helped = stored(conn, text="路灯", unit_id=other, created_ms=NOW - 2, due_ms=NOW + 3)
        both = stored(conn, text="水管", unit_id=ours, created_ms=NOW - 1, due_ms=NOW + 2)
        accused = stored(conn, text="路灯", unit_id=other, complained_unit_id=ours)
        stored(conn, text="路灯", unit_id=other)
        for ticket_id in (helped, both, accused):
            values = {"ticket_id": ticket_id, "unit_id": ours, "asked_ms": NOW}
            conn.execute(insert(ticket_assist), values)
        actor = Actor(1, "unit", unit_ids=frozenset({ours}))
        either = scope.branches(actor)
        assert ids(conn, either=either) == [both, helped, led]
        assert ids(conn, either=either, order="due") == [led, both, helped]
        assert ids(conn, either=either, q="路灯") == [helped, led]
        assert ids(conn, either=either, states=("closed",)) == []
        assert [r.id for r in page(conn, either=either, size=2, page=2).rows] == [led]
        assert set(ids(conn, where=(scope.visible(actor),))) == {led, helped, both}
        monkeypatch.setattr(search, "COUNT_MOST", 2)
        few = page(conn, either=either, size=1)
        assert (few.total, few.more) == (2, True)
        assert scope.branches(Actor(1, "agent")) == ()
        nowhere = Actor(1, "unit")
        assert ids(conn, either=scope.branches(nowhere)) == []

    await database.write(go)


async def test_changed_words_are_found_and_old_ones_no_more(database: Database) -> None:
    def go(conn: Connection) -> None:
        made = stored(conn, text="路灯不亮")
        conn.exec_driver_sql("UPDATE ticket SET text = '水管漏水'")
        words.index(conn, made)
        assert ids(conn, q="漏水") == [made]
        assert ids(conn, q="路灯") == []
        _forget(conn)
        assert ids(conn, q="漏水") == []

    await database.write(go)


@pytest.mark.parametrize("words_stay", [True, False])
async def test_old_tickets_get_their_words_by_the_migration(
    url: str, database: Database, words_stay: bool
) -> None:
    made = await database.write(
        stored, text="民主路路灯不亮，电话13800001234，QQ 100001", company="玉柴a@b.cn"
    )
    before = await database.read(_kept)
    if not words_stay:
        await database.write(_forget)
    await database.close()
    await asyncio.to_thread(command.downgrade, config_for(url), "0005")
    await asyncio.to_thread(migrate, url)
    opened = await connect(url)
    try:
        assert await opened.read(ids, q="路灯 玉柴") == [made]
        assert await opened.read(_kept) == before
        assert "ix_ticket_company" in await opened.read(_indexes)
    finally:
        await opened.close()


def _forget(conn: Connection) -> None:
    conn.exec_driver_sql("DELETE FROM ticket_words")


def _kept(conn: Connection) -> list[str]:
    return [row.words for row in conn.exec_driver_sql("SELECT words FROM ticket_words")]


def _indexes(conn: Connection) -> set[str | None]:
    return {index["name"] for index in inspect(conn).get_indexes("ticket")}
