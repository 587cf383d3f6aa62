"""Tags beside the words, on both databases: kept true whoever changes a ticket, and no way in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, delete, insert, update

from db import Database, connect
from db.migrate import config_for, migrate
from db.models import ticket, ticket_assist, ticket_words
from tests.floor.furnishing import person
from tests.tickets.furnishing import NOW, new_unit, stored
from tests.tickets.test_search import ids
from tests.tickets.town import TO_UNIT, do, drafted, row, town, walk
from tickets import scope, search_words, words
from tickets.rules.facts import Actor


def tags(conn: Connection, ticket_id: int) -> set[str]:
    """As they are kept; the same that writing them anew gives."""
    kept = _line(conn, ticket_id)
    words.index(conn, ticket_id)
    assert sorted(_line(conn, ticket_id).split(" ")) == sorted(kept.split(" "))
    if conn.dialect.name == "sqlite":
        # FTS5 compares itself with the rows that it was made of, and raises.
        conn.exec_driver_sql(
            "INSERT INTO ticket_fts (ticket_fts, rank) VALUES ('integrity-check', 1)"
        )
    return set(kept.split())


def _line(conn: Connection, ticket_id: int) -> str:
    asked = ticket_words.select().where(ticket_words.c.ticket_id == ticket_id)
    line: str = conn.execute(asked).one().tags
    return line


def assisting(conn: Connection, ticket_id: int, *units: int) -> None:
    conn.execute(delete(ticket_assist).where(ticket_assist.c.ticket_id == ticket_id))
    for one in units:
        given = {"ticket_id": ticket_id, "unit_id": one, "asked_ms": NOW}
        conn.execute(insert(ticket_assist), given)


def changed(conn: Connection, ticket_id: int, **columns: Any) -> None:
    conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(columns))


async def test_tags_follow_the_ticket_and_its_assisting_units(database: Database) -> None:
    def go(conn: Connection) -> None:
        a, b, c = (new_unit(conn) for _ in range(3))
        one = stored(conn, text="路灯")
        other = stored(conn, text="路灯", unit_id=c, content_class="x.y-z_1", type="help")
        of_other = {f"位{c}", "态todispatch", "类xyz1", "型help"}
        assert tags(conn, one) == {"态todispatch"}
        assert tags(conn, other) == of_other
        changed(conn, one, unit_id=a)
        assisting(conn, one, b, c)
        assert tags(conn, one) == {f"位{a}", f"位{b}", f"位{c}", "态todispatch"}
        assisting(conn, one, c)
        who = person(conn)
        changed(conn, one, unit_id=b, content_class="arrears", type="complaint", account_id=who,
                disposition="passed_on", difficulty="simple", special=True, repeats=2)  # fmt: skip
        of_one = {"态todispatch", "类arrears", "型complaint", f"员{who}", "办passedon", "难simple",
                  "标1", "标2"}  # fmt: skip
        assert tags(conn, one) == of_one | {f"位{b}", f"位{c}"}
        conn.execute(update(ticket_assist).values(unit_id=a))
        changed(conn, one, unit_id=None, content_class=None, special=False, repeats=0)
        assert tags(conn, one) == of_one - {"类arrears", "标1", "标2"} | {f"位{a}"}
        assisting(conn, one)
        changed(conn, one, account_id=None, disposition=None, difficulty=None)
        assert tags(conn, one) == {"态todispatch", "型complaint"}
        assert tags(conn, other) == of_other

    await database.write(go)


async def test_a_change_of_nothing_writes_no_words(database: Database) -> None:
    """Each writing costs as much as the whole text: saving as typed must not."""

    def go(conn: Connection) -> None:
        unit_id = new_unit(conn)
        made = stored(conn, text="路灯", unit_id=unit_id)
        changed(conn, made, unit_id=unit_id, type=None, company="玉柴")
        assisting(conn, made, new_unit(conn))
        before = _place_of(conn)
        assisted = update(ticket_assist).values(done_ms=NOW)
        conn.execute(assisted)
        changed(conn, made, due_ms=NOW, unit_id=unit_id)
        assert _place_of(conn) == before

    await database.write(go)


def _place_of(conn: Connection) -> list[Any]:
    """PostgreSQL writes a changed row somewhere else; SQLite counts what it changed in FTS."""
    on_sqlite = conn.dialect.name == "sqlite"
    asked = "SELECT id, length(block) FROM ticket_fts_data" if on_sqlite else (
        "SELECT ctid::text FROM ticket_words")  # fmt: skip
    return [tuple(found) for found in conn.exec_driver_sql(asked)]


async def test_dispatched_then_found_by_its_unit_among_its_words(database: Database) -> None:
    def go(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_UNIT)
        lead = row(conn, made.id).unit_id
        (word, *_) = words.telling(words.of_texts(row(conn, made.id).text))
        assert ids(conn, q=word, of_units=((lead,),)) == [made.id]
        assert ids(conn, q=word, of_units=((lead + 1000, lead),)) == [made.id]
        assert ids(conn, q=word, of_units=((lead + 1000,),)) == []
        assert {f"位{lead}", "态toaccept"} <= tags(conn, made.id)
        do(conn, there, made.id, "ask_return")
        do(conn, there, made.id, "agree_return")
        assert row(conn, made.id).unit_id is None
        assert ids(conn, q=word, of_units=((lead,),)) == []

    await database.write(go)


@pytest.mark.parametrize("many", [0, 1000])
@pytest.mark.parametrize("order", ["newest", "due"])
async def test_what_a_tag_says_too_much_nobody_sees(
    database: Database, monkeypatch: pytest.MonkeyPatch, many: int, order: str
) -> None:
    """Tags only narrow: of a unit complained of, and of tags that are wrong, nothing is shown."""
    monkeypatch.setattr(search_words, "MANY", many)

    def go(conn: Connection) -> None:
        ours, other = new_unit(conn), new_unit(conn)
        led = stored(conn, text="路灯", unit_id=ours, content_class="a_b", type="help")
        accused = stored(conn, text="路灯", unit_id=other, complained_unit_id=ours)
        assisting(conn, accused, ours)
        foreign = stored(conn, text="路灯", unit_id=other, content_class="ab", type="help")
        wrong = {"tags": f" 位{ours} 态closed 类ab 型help"}
        at = ticket_words.c.ticket_id == foreign
        conn.execute(update(ticket_words).where(at).values(wrong))
        actor = Actor(1, "unit", unit_ids=frozenset({ours}))
        either, seen = scope.branches(actor), scope.visible(actor)
        mine = {"either": either, "seen": seen, "of_units": ((ours,),), "order": order}
        assert ids(conn, q="路灯", **mine) == [led]
        assert ids(conn, q="路灯", **mine, content_classes=("a_b",), types=("help",)) == [led]
        assert ids(conn, q="路灯", **mine, content_classes=("ab",)) == []
        assert ids(conn, q="路灯", **mine, states=("closed",)) == []
        assert ids(conn, q="路灯", order=order, content_classes=("ab",)) == [foreign]
        assert ids(conn, q="路灯", order=order, unit_id=ours) == [led]
        for typed in (f"位{ours}", f"路灯 位{ours}", "类ab", "型help", "标1", "态closed"):
            assert ids(conn, q=typed, order=order) == []

    await database.write(go)


async def test_each_filter_with_words_finds_what_it_finds_without(database: Database) -> None:
    def go(conn: Connection) -> None:
        unit_id, who = new_unit(conn), person(conn)
        fits = stored(
            conn, text="路灯", unit_id=unit_id, account_id=who, state="in_progress",
            type="help", content_class="a_b", disposition="passed_on", difficulty="simple",
            special=True, repeats=1,
        )  # fmt: skip
        stored(conn, text="路灯", content_class="有词")
        asked: list[dict[str, Any]] = [
            {"states": ("in_progress", "closed")}, {"types": ("help",)},
            {"content_classes": ("a_b", "c")}, {"dispositions": ("passed_on",)},
            {"difficulties": ("simple",)}, {"unit_id": unit_id}, {"account_id": who},
            {"special": True}, {"repeated": True}, {"order": "repeats"},
        ]  # fmt: skip
        for one in asked:
            assert ids(conn, **one) == ids(conn, q="路灯", **one) == [fits], one
        everything = {name: value for one in asked for name, value in one.items()}
        assert ids(conn, q="路灯", **everything) == [fits]
        assert ids(conn, q="路灯", content_classes=("有词",)) == [fits + 1]
        assert ids(conn, q="路灯", states=("rejected",)) == []

    await database.write(go)


async def test_of_more_units_than_are_asked_for_by_tags_the_words_lead(database: Database) -> None:
    def go(conn: Connection) -> None:
        units = [new_unit(conn) for _ in range(20)]
        made = [stored(conn, text="路灯", unit_id=one) for one in units]
        stored(conn, text="路灯", unit_id=new_unit(conn))
        actor = Actor(1, "unit", unit_ids=frozenset(units))
        either, seen = scope.branches(actor), scope.visible(actor)
        mine = {"either": either, "seen": seen, "of_units": (tuple(units),)}
        assert sorted(ids(conn, q="路灯", **mine, size=100)) == made

    await database.write(go)


async def test_old_tickets_get_their_tags_by_the_migration(url: str, database: Database) -> None:
    def furnish(conn: Connection) -> tuple[int, int, str]:
        lead, helping = new_unit(conn), new_unit(conn)
        made = stored(conn, text="路灯", unit_id=lead, content_class="a_b", type="help")
        assisting(conn, made, helping)
        return made, helping, _line(conn, made)

    made, helping, before = await database.write(furnish)
    assert set(before.split()) == {
        f"位{helping - 1}",
        f"位{helping}",
        "态todispatch",
        "类ab",
        "型help",
    }
    await database.close()
    await asyncio.to_thread(command.downgrade, config_for(url), "0009")
    await asyncio.to_thread(migrate, url)
    opened = await connect(url)
    try:
        assert await opened.read(_line, made) == before
        assert await opened.read(ids, q="路灯", of_units=((helping,),)) == [made]
        assert await opened.read(ids, q="路灯", of_units=((helping + 1,),)) == []
    finally:
        await opened.close()
