"""What is alike among open tickets, and how often a matter came back."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from db import Database
from db.models import ticket
from tests.tickets.furnishing import DAY, NOW, stored
from tickets import duplicates, likeness
from tickets.duplicates import Alike, Matter
from tickets.likeness import Rarity
from tickets.rules.states import ENDED, OPEN

LAMP = "民主路中段路灯不亮已经三天，夜间行人不便，请尽快维修"
LAMP_AGAIN = "来电人称民主路中段的路灯三天不亮，晚上行走不安全，要求维修"
WATER = "幸福小区二期自来水浑浊，物业不处理"


def alike(conn: Connection, /, **matter: Any) -> list[Alike]:
    return duplicates.alike(conn, Matter(**matter), NOW)


def ids(found: list[Alike]) -> list[int]:
    return [one.id for one in found]


async def test_the_same_wording_is_offered_and_another_is_not(database: Database) -> None:
    def go(conn: Connection) -> None:
        lamp, water = stored(conn, text=LAMP), stored(conn, text=WATER)
        for n in range(20):
            stored(conn, text=f"市民反映第{n}号楼道堆放杂物，请尽快处理")
        (found,) = alike(conn, text=LAMP_AGAIN)
        assert (found.id, found.why, found.state) == (lamp, "same_words", "to_dispatch")
        assert 0.4 <= found.score <= 1
        assert ids(alike(conn, text="自来水浑浊，幸福小区二期")) == [water]
        assert ids(alike(conn, text=LAMP)) == [lamp]
        assert alike(conn, text="请尽快处理") == []
        assert alike(conn, text="") == []
        assert alike(conn, text="。！") == []

    await database.write(go)


async def test_what_many_call_about_at_once_is_still_found(database: Database) -> None:
    def go(conn: Connection) -> None:
        for n in range(90):
            stored(conn, text=f"市民反映{n}号楼道堆放杂物")
        made = [stored(conn, text=f"{n}栋停电，幸福小区全部停电") for n in range(15)]
        found = alike(conn, text="幸福小区又停电了")
        assert found
        assert set(ids(found)) <= set(made)

    await database.write(go)


async def test_one_word_alone_is_enough_to_look_for(database: Database) -> None:
    def go(conn: Connection) -> None:
        made = stored(conn, text="路灯")
        stored(conn, text="水管漏水")
        assert ids(alike(conn, text="路灯")) == [made]

    await database.write(go)


async def test_the_same_number_and_company_are_offered_whatever_they_say(
    database: Database,
) -> None:
    def go(conn: Connection) -> None:
        number = stored(conn, caller_hash="h1", text=WATER)
        company = stored(conn, company="ＡＢＣ贸易有限公司", text=WATER, created_ms=NOW - 1)
        code = stored(conn, company="别名公司", credit_code="91350100M000100Y43", text=LAMP)
        stored(conn, text=WATER)
        assert [(a.id, a.why) for a in alike(conn, caller_hash="h1", text=LAMP)] == [
            (code, "same_words"),
            (number, "same_number"),
        ]
        found = alike(
            conn, company="ＡＢＣ贸易有限公司", credit_code="91350100M000100Y43", text="无"
        )
        assert {(a.id, a.why) for a in found} == {
            (company, "same_company"),
            (code, "same_company"),
        }
        # Written in half width it is found by its words, and known to be the same company.
        again = alike(conn, company="ABC 贸易有限公司", text=WATER)
        assert next((a.id, a.why) for a in again) == (company, "same_company")

    await database.write(go)


async def test_the_likeliest_comes_first(database: Database) -> None:
    def go(conn: Connection) -> None:
        other = stored(conn, caller_hash="h1", text=WATER, created_ms=NOW - 3)
        words_only = stored(conn, text=LAMP, created_ms=NOW - 2)
        both = stored(conn, caller_hash="h1", text=LAMP, created_ms=NOW - 4)
        classed = stored(conn, text=LAMP, content_class="lamp", created_ms=NOW - 5)
        found = alike(conn, caller_hash="h1", text=LAMP, content_class="lamp")
        assert ids(found) == [both, classed, words_only, other]
        assert ids(alike(conn, caller_hash="h1", text=LAMP, ticket_id=both))[0] != both
        assert len(duplicates.alike(conn, Matter("h1", text=LAMP), NOW, most=2)) == 2
        scope = (ticket.c.id != both,)
        seen = duplicates.alike(conn, Matter("h1", text=LAMP), NOW, where=scope)
        assert both not in ids(seen)

    await database.write(go)


async def test_only_open_tickets_are_offered(database: Database) -> None:
    def go(conn: Connection) -> None:
        made = {s: stored(conn, state=s, caller_hash="h1", text=LAMP) for s in (*OPEN, *ENDED)}
        wanted = {made[s] for s in OPEN if s != "draft"}
        found = duplicates.alike(conn, Matter("h1", text=LAMP), NOW, most=100)
        assert set(ids(found)) == wanted

    await database.write(go)


async def test_wording_is_looked_for_so_far_back_and_no_further(database: Database) -> None:
    def go(conn: Connection) -> None:
        stored(conn, text=LAMP, created_ms=NOW - 100 * DAY)
        old = stored(conn, text=LAMP, created_ms=NOW - 80 * DAY)
        assert ids(alike(conn, text=LAMP)) == [old]

    await database.write(go)


async def test_repeats_of_the_same_people_and_class(database: Database) -> None:
    def go(conn: Connection) -> None:
        base = {"content_class": "lamp", "state": "closed"}
        stored(conn, **base, caller_hash="h1", created_ms=NOW - DAY)
        stored(conn, **base, credit_code="C1", created_ms=NOW - 30 * DAY + 1)
        stored(conn, **base, company="玉柴", caller_hash="h1", created_ms=NOW - 2)
        stored(conn, **base, caller_hash="h1", created_ms=NOW - 30 * DAY)  # too long ago
        stored(conn, **base, caller_hash="h1", created_ms=NOW + 1)  # later
        stored(conn, content_class="water", caller_hash="h1", created_ms=NOW - 1)  # another class
        for state in ("draft", "rejected", "merged"):
            stored(conn, content_class="lamp", caller_hash="h1", state=state, created_ms=NOW - 1)
        made = stored(
            conn, content_class="lamp", caller_hash="h1", credit_code="C1", company="玉柴"
        )

        def counted(**changes: Any) -> int:
            if changes:
                conn.execute(ticket.update().where(ticket.c.id == made).values(**changes))
            row = conn.execute(select(ticket).where(ticket.c.id == made)).one()
            return duplicates.repeats(conn, row, 30)

        assert counted() == 3
        assert counted(credit_code=None) == 2
        assert counted(company="") == 2
        assert counted(caller_masked="未显示号码") == 0
        assert counted(company="玉柴") == 1
        assert counted(content_class=None) == 0

    await database.write(go)


# --- likeness ---

EVEN = Rarity({}, likeness.LEAST)
SETS = st.frozensets(st.sampled_from(["路灯", "不亮", "民主", "水管", "漏水", "小区", "物业"]))


@given(SETS, SETS, st.dictionaries(st.sampled_from(["路灯", "小区"]), st.integers(0, 1000)))
def test_likeness_is_symmetric_and_whole_only_of_the_same(
    one: frozenset[str], other: frozenset[str], counts: dict[str, int]
) -> None:
    rarity = Rarity(counts, 1000)
    score = likeness.score(one, other, rarity)
    assert score == likeness.score(other, one, rarity)
    assert 0 <= score <= 1
    assert (score > 0) == bool(one & other)
    assert (score > 0.999999) == (one == other and bool(one))


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    rarity = Rarity({"市民": 900, "路灯": 3}, 1000)
    text = frozenset({"市民", "路灯"})
    rare = likeness.score(text, frozenset({"路灯", "水管"}), rarity)
    common = likeness.score(text, frozenset({"市民", "水管"}), rarity)
    assert rare > common * 10
    # ln(1001/4)+.05 and ln(1001/901)+.05, worked out by hand; 水管 is in none: ln 1001 + .05
    a, b, c = 5.5722, 0.1553, 6.9588
    assert math.isclose(rare, a * a / math.sqrt((a * a + b * b) * (a * a + c * c)), rel_tol=1e-3)


async def test_rarity_is_read_again_after_a_while(database: Database) -> None:
    def go(conn: Connection) -> None:
        assert likeness.rarity(conn, NOW).of("路灯") == EVEN.of("路灯")
        for _ in range(9):
            stored(conn, text="路灯")
        assert likeness.rarity(conn, NOW + likeness.SAMPLE_MS - 1).of("路灯") == EVEN.of("路灯")
        assert likeness.rarity(conn, NOW + likeness.SAMPLE_MS).counts["路灯"] == 9

    await database.write(go)


@pytest.mark.parametrize("word", ["a" * 40, "水", "123"])
async def test_odd_words_are_no_trouble(database: Database, word: str) -> None:
    def go(conn: Connection) -> None:
        stored(conn, text=word)
        alike(conn, text=word)

    await database.write(go)
