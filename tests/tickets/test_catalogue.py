"""Units, classes and the dispatch catalogue: what the administrator keeps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from config.model import Choice
from db import Database
from db.feed import changes_since
from db.models import audit, ticket, ticket_assist, unit
from tests.db.databases import plain_sqlite
from tests.floor.furnishing import person
from tickets import catalogue, classes, store, tree, units
from tickets.classes import Legal
from tickets.kept import InUse, Missing, Mistaken, Outdated

SEVEN = [Choice("policy_help", "政策咨询"), Choice("arrears", "拖欠账款"), Choice("other", "其他")]
CITY, COUNTY, TOWN = "450900", "450921", "450921101"


def new_unit(conn: Connection, code: str, **fields: Any) -> units.Unit:
    return units.create(conn, None, **{"code": code, "name": f"{code}局", **fields})


def new_ticket(conn: Connection, /, **values: Any) -> int:
    """A draft whose columns beside the state are set as a move would."""
    made = store.draft(
        conn, call_id=None, source="call", caller_hash="h", caller_masked="m", account_id=None
    ).id
    if values:
        conn.execute(update(ticket).where(ticket.c.id == made).values(**values))
    return made


def wrong(mistaken: pytest.ExceptionInfo[Mistaken]) -> set[str]:
    return {mistake.field for mistake in mistaken.value.mistakes}


# --- units ---


async def test_given_units_then_each_stands_right_before_those_below_it(
    database: Database,
) -> None:
    def furnish(conn: Connection) -> list[str]:
        top = new_unit(conn, "b")
        new_unit(conn, "a2")
        low = new_unit(conn, "c", parent_id=top.id)
        new_unit(conn, "a1", parent_id=low.id)
        new_unit(conn, "z", parent_id=top.id, open=False)
        return [one.code for one in units.all_units(conn)]

    assert await database.write(furnish) == ["a2", "b", "c", "a1"]
    found = await database.read(units.all_units, closed=True)
    assert [one.code for one in found] == ["a2", "b", "c", "a1", "z"]
    ids = {one.code: one.id for one in found}
    inside = await database.read(units.below, {ids["c"]})
    assert inside == {ids["c"], ids["a1"]}
    assert await database.read(units.below, set()) == frozenset()


async def test_given_a_change_then_it_counts_against_what_was_seen_and_is_kept_and_told(
    database: Database,
) -> None:
    by = await database.write(person, "admin")
    made = await database.write(units.create, by, code="scjg", name=" 市场监管局 ", region=COUNTY)
    assert (made.name, made.version, made.duty_masked) == ("市场监管局", 1, None)
    number = {"duty_sealed": "sealed", "duty_masked": "138****0001", "duty_name": "王"}
    changed = await database.write(units.change, by, made.id, 1, **number)
    assert (changed.duty_masked, changed.version) == ("138****0001", 2)
    assert await database.read(units.duty_sealed, made.id) == "sealed"
    with pytest.raises(Outdated) as old:
        await database.write(units.change, by, made.id, 1, name="另一个")
    assert old.value.current == changed
    with pytest.raises(Missing):
        await database.write(units.change, by, 99, 1, name="另一个")

    def kept(conn: Connection) -> list[tuple[str, str, Any]]:
        return [
            tuple(r) for r in conn.execute(select(audit.c.act, audit.c.subject, audit.c.detail))
        ]

    assert await database.read(kept) == [
        ("unit_added", f"unit:{made.id}", {"name": "市场监管局"}),
        ("unit_changed", f"unit:{made.id}", {"what": ["duty_masked", "duty_name"]}),
    ]
    told = [c for c in await database.read(changes_since, 0) if c.topic == "unit"]
    assert [c.data["version"] for c in told] == [1, 2]
    assert "sealed" not in str(told)
    assert "0001" not in str(told)


def test_given_a_unit_that_could_not_be_then_all_its_fields_are_named() -> None:
    with plain_sqlite() as conn:
        new_unit(conn, "a")
        with pytest.raises(Mistaken) as found:
            new_unit(
                conn, "a", name=" ", region="45092", parent_id=9,
                addresses={"fax": "1", "email": "王@x", "dingtalk": "a b", "zwding": "1,2"},
            )  # fmt: skip
        assert wrong(found) == {
            "code", "name", "region", "parent_id", "addresses.fax", "addresses.email",
            "addresses.dingtalk",
        }  # fmt: skip
        with pytest.raises(Mistaken) as found:
            new_unit(conn, "局")
        assert wrong(found) == {"code"}
        assert len(units.all_units(conn)) == 1


def test_given_a_unit_when_it_is_put_below_itself_then_it_stays() -> None:
    with plain_sqlite() as conn:
        top = new_unit(conn, "a")
        low = new_unit(conn, "b", parent_id=top.id)
        for parent in (top.id, low.id):
            with pytest.raises(Mistaken) as found:
                units.change(conn, None, top.id, 1, parent_id=parent)
            assert wrong(found) == {"parent_id"}
        assert units.get(conn, top.id) == top


async def test_given_a_unit_with_work_when_it_is_closed_then_the_count_is_told(
    database: Database,
) -> None:
    def furnish(conn: Connection) -> tuple[int, int]:
        one, other = new_unit(conn, "a").id, new_unit(conn, "b").id
        new_ticket(conn, unit_id=one)
        helped = new_ticket(conn, unit_id=one)
        done = new_ticket(conn)
        conn.execute(
            ticket_assist.insert(),
            [
                {"ticket_id": helped, "unit_id": other, "asked_ms": 1, "done_ms": None},
                {"ticket_id": done, "unit_id": other, "asked_ms": 1, "done_ms": 2},
            ],
        )
        return one, other

    one, other = await database.write(furnish)
    assert await database.read(units.open_tickets) == {one: 2, other: 1}
    assert await database.read(units.open_tickets, other) == {other: 1}
    for unit_id, count in ((one, 2), (other, 1)):
        with pytest.raises(InUse) as refused:
            await database.write(units.change, None, unit_id, 1, open=False)
        assert f"{count} 件" in refused.value.sentence

    def end(conn: Connection) -> None:
        moved = {"state": "rejected", "move": "reject", "state_ms": 1, "moved": {}}
        conn.execute(update(ticket).values(**moved))

    await database.write(end)
    assert await database.read(units.open_tickets) == {}
    assert not (await database.write(units.change, None, one, 1, open=False)).open
    with pytest.raises(InUse) as refused:
        await database.write(units.remove, None, one, 2)
    assert "工单" in refused.value.sentence


def test_given_a_unit_that_others_hang_on_then_it_is_neither_closed_nor_removed() -> None:
    with plain_sqlite() as conn:
        classes.seed(conn, SEVEN)
        top, spare = new_unit(conn, "a"), new_unit(conn, "c")
        low = new_unit(conn, "b", parent_id=top.id)
        catalogue.put(conn, None, "other", "", low.id, [])
        for unit_id, word in ((top.id, "下级单位"), (low.id, "派单目录")):
            with pytest.raises(InUse) as refused:
                units.change(conn, None, unit_id, 1, open=False)
            assert word in refused.value.sentence
            with pytest.raises(InUse) as refused:
                units.remove(conn, None, unit_id, 1)
            assert word in refused.value.sentence
        units.remove(conn, None, spare.id, 1)
        assert [one.code for one in units.all_units(conn)] == ["a", "b"]
        closed = units.change(conn, None, spare_closed(conn).id, 1, open=False)
        with pytest.raises(Mistaken) as found:
            new_unit(conn, "e", parent_id=closed.id)
        assert wrong(found) == {"parent_id"}


def spare_closed(conn: Connection) -> units.Unit:
    return new_unit(conn, "d")


# --- classes ---


async def test_given_an_empty_table_then_the_settings_fill_it_once_with_the_laws_period(
    database: Database,
) -> None:
    assert await database.write(classes.seed, SEVEN)
    assert not await database.write(classes.seed, [Choice("x", "另一个")])
    labels = {"policy_help": "政策咨询", "arrears": "拖欠账款", "other": "其他"}
    assert await database.read(classes.all_labels) == labels
    assert [one.code for one in await database.read(classes.all_classes)] == list(labels)
    law = Legal(10, 30, 90, "《保障中小企业款项支付条例》")
    assert await database.read(classes.legal, "arrears") == law
    assert await database.read(classes.legal, "other") is None
    assert await database.read(classes.legal, "nowhere") is None
    assert await database.read(classes.legal, None) is None


def test_given_a_class_below_one_with_a_law_then_that_law_holds_for_it() -> None:
    with plain_sqlite() as conn:
        classes.seed(conn, SEVEN)
        classes.create(conn, None, code="arrears.works", parent="arrears", label="工程款")
        classes.create(conn, None, code="arrears.works.x", parent="arrears.works", label="尾款")
        named = Legal(10, 30, 90, "《保障中小企业款项支付条例》")
        assert classes.legal(conn, "arrears.works.x") == named
        own = {"handle_days": 15, "basis": "《另一条例》"}
        classes.change(conn, None, "arrears.works", 1, **own)
        assert classes.legal(conn, "arrears.works.x") == Legal(None, 15, None, "《另一条例》")
        assert classes.upwards(conn, "arrears.works.x") == [
            "arrears.works.x", "arrears.works", "arrears",
        ]  # fmt: skip
        assert classes.below(conn, "arrears") == {"arrears", "arrears.works", "arrears.works.x"}


def test_given_a_class_that_could_not_be_then_all_its_fields_are_named() -> None:
    with plain_sqlite() as conn:
        classes.seed(conn, SEVEN)
        with pytest.raises(Mistaken) as found:
            classes.create(
                conn, None, code="other", label=" ", parent="nowhere", pass_on_days=0,
                handle_most_days=5,
            )  # fmt: skip
        assert wrong(found) == {
            "code", "label", "parent", "pass_on_days", "handle_most_days", "basis",
        }  # fmt: skip
        with pytest.raises(Mistaken) as found:
            classes.change(conn, None, "arrears", 1, handle_most_days=29)
        assert wrong(found) == {"handle_most_days"}
        with pytest.raises(Mistaken) as found:
            classes.change(conn, None, "arrears", 1, parent="arrears")
        assert wrong(found) == {"parent"}


async def test_given_a_class_in_use_then_it_is_closed_and_not_removed(database: Database) -> None:
    await database.write(classes.seed, SEVEN)
    await database.write(new_ticket, content_class="other")
    with pytest.raises(InUse) as refused:
        await database.write(classes.remove, None, "other", 1)
    assert "停用" in refused.value.sentence
    closed = await database.write(classes.change, None, "other", 1, open=False)
    assert (closed.open, closed.version) == (False, 2)
    assert "other" not in await database.read(classes.open_codes)
    assert (await database.read(classes.all_labels))["other"] == "其他"
    with pytest.raises(Outdated):
        await database.write(classes.remove, None, "other", 1)
    await database.write(classes.remove, None, "arrears", 1)
    assert await database.read(classes.get, "arrears") is None
    with pytest.raises(InUse) as refused:
        await database.write(classes.change, None, "policy_help", 1, open=False)
    assert "最后一个" in refused.value.sentence


# --- the catalogue ---


def furnish(conn: Connection) -> dict[str, int]:
    classes.seed(conn, SEVEN)
    classes.create(conn, None, code="help.tax", parent="policy_help", label="税费")
    found = {code: new_unit(conn, code).id for code in ("city", "county", "town", "tax")}
    catalogue.put(conn, None, "policy_help", "", found["city"], [])
    catalogue.put(conn, None, "policy_help", COUNTY, found["county"], [found["tax"]])
    catalogue.put(conn, None, "policy_help", TOWN, found["town"], [])
    catalogue.put(conn, None, "help.tax", CITY, found["tax"], [])
    return found


async def test_given_a_matter_then_the_nearest_class_and_then_the_narrowest_region_decide(
    database: Database,
) -> None:
    await database.write(furnish)

    async def asked(code: str | None, region: str) -> str | None:
        found = await database.read(catalogue.suggest, code, region)
        return found.unit_name if found else None

    assert await asked("policy_help", TOWN) == "town局"
    assert await asked("policy_help", "450921102") == "county局"
    assert await asked("policy_help", "4509") == "city局"
    assert await asked("policy_help", "") == "city局"
    assert await asked("help.tax", TOWN) == "tax局"
    assert await asked("help.tax", "4401") == "city局"
    assert await asked("other", TOWN) is None
    assert await asked(None, TOWN) is None
    assert await asked("nowhere", TOWN) is None


regions = st.sampled_from((0, 2, 4, 6, 9, 12)).flatmap(
    lambda n: st.text("01", min_size=n, max_size=n).map(lambda code: code and "1" + code[1:])
)


@given(regions, regions)
def test_given_any_two_regions_then_one_is_around_the_other_when_its_code_begins_it(
    wide: str, narrow: str
) -> None:
    holds = catalogue.within(narrow).startswith(catalogue.within(wide))
    assert (wide in catalogue.around(narrow)) == holds
    assert units.REGION.fullmatch(wide)


def test_given_a_closed_unit_then_it_is_not_suggested() -> None:
    with plain_sqlite() as conn:
        found = furnish(conn)
        here = catalogue.suggest(conn, "policy_help", COUNTY)
        assert here
        assert (here.unit_id, here.assisting, here.region) == (
            found["county"], [found["tax"]], COUNTY,
        )  # fmt: skip
        conn.execute(update(unit).where(unit.c.code == "tax").values(open=False))
        again = catalogue.suggest(conn, "policy_help", COUNTY)
        assert again
        assert again.assisting == []
        other = catalogue.suggest(conn, "help.tax", TOWN)
        assert other
        assert other.unit_name == "town局"


async def test_given_a_line_then_it_is_changed_and_removed_against_what_was_seen(
    database: Database,
) -> None:
    found = await database.write(furnish)
    line = ("policy_help", "")
    with pytest.raises(Outdated) as there:
        await database.write(catalogue.put, None, *line, found["tax"], [])
    assert there.value.current.unit_id == found["city"]
    changed = await database.write(catalogue.put, None, *line, found["tax"], [found["city"]], 1)
    assert (changed.unit_id, changed.assisting, changed.version) == (
        found["tax"], [found["city"]], 2,
    )  # fmt: skip
    with pytest.raises(Missing):
        await database.write(catalogue.put, None, "other", "", found["tax"], [], 1)
    with pytest.raises(Outdated):
        await database.write(catalogue.remove, None, *line, 1)
    await database.write(catalogue.remove, None, *line, 2)
    assert await database.read(catalogue.get, *line) is None
    with pytest.raises(Mistaken) as mistaken:
        await database.write(
            catalogue.put, None, "nowhere", "45x", 99, [found["tax"], found["tax"], 99]
        )
    assert wrong(mistaken) == {"class_code", "region", "unit_id", "assisting"}


async def test_given_many_lines_then_they_are_added_or_take_the_catalogues_place(
    database: Database,
) -> None:
    found = await database.write(furnish)
    same = catalogue.Rule("policy_help", "", found["city"], [], 1)
    other = catalogue.Rule("policy_help", COUNTY, found["town"], [], 1)
    new = catalogue.Rule("other", "", found["tax"], [found["city"]], 1)
    lines = [same, other, new]

    async def taken(**how: bool) -> tuple[int, ...]:
        counted = await database.write(catalogue.take_in, None, lines, **how)
        return counted.added, counted.changed, counted.removed, counted.unchanged

    before = await database.read(catalogue.all_rules)
    assert await taken(whole=True, trial=True) == (1, 1, 2, 1)
    assert await database.read(catalogue.all_rules) == before
    would = await database.write(catalogue.take_in, None, lines, whole=False, trial=True)
    stood = next(rule for rule in before if rule.key == other.key)
    assert would.changes == [catalogue.Change(stood, other), catalogue.Change(None, new)]
    assert await taken(whole=False) == (1, 1, 0, 1)
    assert len(await database.read(catalogue.all_rules)) == 5
    assert await taken(whole=True) == (0, 0, 2, 3)
    now = {rule.key: rule.unit_id for rule in await database.read(catalogue.all_rules)}
    assert now == {line.key: line.unit_id for line in lines}
    kept = [rule.version for rule in await database.read(catalogue.all_rules)]
    assert kept == [1, 2, 1]
    await database.write(units.change, None, found["town"], 1, name="镇")
    await database.write(catalogue.put, None, *other.key, found["tax"], [], 2)
    await database.write(units.change, None, found["town"], 2, open=False)
    with pytest.raises(catalogue.Moved):
        await taken(whole=True)


# --- trees ---

parents = st.dictionaries(st.integers(0, 12), st.none() | st.integers(0, 12), max_size=13)


@given(parents)
def test_given_any_rows_then_going_up_and_down_ends(rows: dict[int, int | None]) -> None:
    for one in rows:
        way = tree.above(rows, one)
        assert len(set(way)) == len(way)
        assert one in tree.below(rows, [one])


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20))
def test_given_rows_added_one_by_one_then_all_are_told_in_order_and_none_twice(
    wishes: list[int],
) -> None:
    rows: dict[int, int | None] = {}
    for n, wish in enumerate(wishes):
        wanted = wish % (n + 1)
        fits = wanted in rows and not tree.what_is_wrong(rows, None, wanted)
        rows[n] = wanted if fits else None
    order = tree.in_order(rows)
    assert sorted(order) == sorted(rows)
    for one, parent in rows.items():
        if parent is not None:
            assert order.index(parent) < order.index(one)
            assert tree.what_is_wrong(rows, parent, one)
        assert len(tree.above(rows, one)) <= tree.DEEPEST
