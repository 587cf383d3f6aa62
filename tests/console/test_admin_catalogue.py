"""The dispatch catalogue over the API: line by line, out and in again as .xlsx."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select

from agent_console import spreadsheets
from db.models import audit
from tests.console.house import Answer, Browser, House
from tests.console.sheets import HEADS, cells, repacked, sheet, types
from tickets import catalogue, classes, units

IMPORT = "/admin/catalogue/import"


@pytest.fixture
async def place(house: House) -> dict[str, int]:
    """Four units, one of them closed, one with a name that begins a formula; two lines."""

    def furnish(conn: Connection) -> dict[str, int]:
        named = {"gxj": "工信局", "zjj": "住建局", "evil": "=1+1局"}
        ids = {
            code: units.create(conn, None, code=code, name=name).id for code, name in named.items()
        }
        ids["old"] = units.create(conn, None, code="old", name="旧局", open=False).id
        catalogue.put(conn, None, "arrears", "", ids["gxj"], [ids["zjj"], ids["evil"]])
        catalogue.put(conn, None, "other", "450921", ids["evil"], [])
        return ids

    made: dict[str, int] = await house.do(furnish)
    return made


async def send(
    who: Browser, data: bytes, kind: str = spreadsheets.CONTENT_TYPE, **how: str
) -> Answer:
    headers = {"Content-Type": kind}
    return await who.post(IMPORT, None, data=data, headers=headers, params=how)


async def lines(house: House) -> dict[tuple[str, str], int]:
    rules = await house.database.read(catalogue.all_rules)
    return {rule.key: rule.unit_id for rule in rules}


def acts(conn: Connection) -> list[tuple[str, dict[str, Any]]]:
    return [tuple(row) for row in conn.execute(select(audit.c.act, audit.c.detail))]


async def test_given_a_line_then_it_is_added_changed_and_taken_away(
    house: House, place: dict[str, int]
) -> None:
    admin = await house.signed_in("admin")
    wish = {"class_code": "other", "unit_id": place["zjj"], "assisting": [place["gxj"]]}
    made = await admin.post("/admin/catalogue", wish)
    assert made.json == {
        "class_code": "other", "class_label": "其他诉求", "region": "", "version": 1,
        "unit_id": place["zjj"], "unit_name": "住建局", "assisting": [place["gxj"]],
        "assisting_names": ["工信局"],
    }  # fmt: skip
    there = await admin.post("/admin/catalogue", {**wish, "unit_id": place["gxj"]})
    assert (there.status, there.problem, there.json["current"]) == (409, "version-old", made.json)
    changed = await admin.post(
        "/admin/catalogue",
        {**wish, "unit_id": place["gxj"], "assisting": [], "version": 1},
    )
    assert (changed.json["unit_name"], changed.json["version"]) == ("工信局", 2)
    late = await admin.ask("DELETE", "/admin/catalogue/other?version=1")
    assert (late.status, late.json["current"]["version"]) == (409, 2)
    assert (await admin.ask("DELETE", "/admin/catalogue/other?version=2")).status == 204
    assert (await admin.ask("DELETE", "/admin/catalogue/other?version=2")).status == 404
    assert (await admin.ask("DELETE", "/admin/catalogue/other?region=450921")).status == 204
    assert list(await lines(house)) == [("arrears", "")]


async def test_given_a_line_with_mistakes_then_each_field_is_told(
    house: House, place: dict[str, int]
) -> None:
    admin = await house.signed_in("admin")
    wish = {
        "class_code": "none", "region": "45092", "unit_id": place["old"],
        "assisting": [place["old"], 999],
    }  # fmt: skip
    answer = await admin.post("/admin/catalogue", wish)
    assert (answer.status, answer.problem) == (422, "wrong-fields")
    assert {error["field"] for error in answer.json["errors"]} == {
        "class_code", "region", "unit_id", "assisting",
    }  # fmt: skip


async def test_given_the_export_then_it_can_be_taken_in_again_and_changes_nothing(
    house: House, place: dict[str, int]
) -> None:
    admin = await house.signed_in("admin")
    export = await admin.get("/admin/catalogue/export")
    assert export.headers["Content-Type"] == spreadsheets.CONTENT_TYPE
    assert "attachment" in export.headers["Content-Disposition"]
    assert types(export.body) == {"s"}
    assert [[cell or "" for cell in row] for row in cells(export.body)] == [
        list(HEADS),
        ["arrears", "拖欠市场主体账款", "", "gxj", "工信局", "zjj；evil", "住建局；=1+1局"],
        ["other", "其他诉求", "450921", "evil", "'=1+1局", "", ""],
    ]
    before = await lines(house)
    for whole in ("true", "false"):
        again = await send(admin, export.body, whole=whole)
        assert again.json == {"added": 0, "changed": 0, "removed": 0, "unchanged": 2}
    assert await lines(house) == before


async def test_given_a_file_then_its_lines_are_added_or_take_the_catalogues_place(
    house: House, place: dict[str, int]
) -> None:
    admin = await house.signed_in("admin")
    data = sheet(
        ("arrears", "", "", "", "住建局", "", "工信局"),
        ("policy_help", "", 450921, "gxj", "", "zjj, evil", ""),
        (None,) * 7,
    )
    before = await lines(house)
    trial = await send(admin, data, whole="true", trial="true")
    assert trial.json == {
        "added": 1, "changed": 1, "removed": 1, "unchanged": 0,
        "changes": [
            {"where": "拖欠市场主体账款", "before": "工信局（协办：住建局、=1+1局）",
             "after": "住建局（协办：工信局）"},
            {"where": "政策咨询、服务求助（450921）", "before": "",
             "after": "工信局（协办：住建局、=1+1局）"},
            {"where": "其他诉求（450921）", "before": "=1+1局", "after": ""},
        ],
    }  # fmt: skip
    assert await lines(house) == before
    added = await send(admin, data, "application/octet-stream")
    assert added.json == {"added": 1, "changed": 1, "removed": 0, "unchanged": 0}
    assert await lines(house) == {
        ("arrears", ""): place["zjj"],
        ("policy_help", "450921"): place["gxj"],
        ("other", "450921"): place["evil"],
    }
    assert (await send(admin, data, whole="true")).json["removed"] == 1
    assert len(await lines(house)) == 2
    assert [act for act, _ in await house.database.read(acts)] == ["catalogue_taken_in"] * 2


async def test_given_a_bad_line_3000_then_all_that_is_wrong_is_told_and_nothing_taken_in(
    house: House, place: dict[str, int]
) -> None:
    admin = await house.signed_in("admin")
    towns = [f"450921{n:03d}" for n in range(1, 1000)]
    good = [(code, "", town, "gxj", "", "", "") for code in ("other", "arrears", "policy_help")
            for town in towns]  # fmt: skip
    rows = [*good, ("other", "", "", "zjj", "", "", "")]
    rows[10] = ("none", "", "45092", "gxj", "", "", "")
    bad_3000 = ("other", "", "", "nobody", "", "zjj；zjj；old", "")
    rows.append(bad_3000)
    rows.append(("other", "", "", "zjj", "工信局", "", ""))
    rows.append(("arrears", "", towns[0], "", "", "", "工信局；没有的局"))
    rows.append(("arrears", "", towns[0], "old", "", "gxj", "工信局；住建局"))
    rows.append(("arrears", "", towns[0], "gxj", "", "gxj", ""))
    rows.append(("arrears", "", towns[0], "zjj", "", "", ""))
    assert rows[2998] == bad_3000
    before = await lines(house)
    answer = await send(admin, sheet(*rows), whole="true")
    assert (answer.status, answer.problem) == (422, "import-refused")
    assert answer.json["rows"] == len(rows)
    assert [(error["field"], error["message"]) for error in answer.json["errors"]] == [
        ("第 12 行，分类代码", "没有这个分类"),
        ("第 12 行，区域代码", "应为行政区划代码（2、4、6、9 或 12 位数字），或留空"),
        ("第 3000 行，主办单位代码", "没有代码为“nobody”的单位"),
        ("第 3000 行，协办单位代码", "协办单位不能重复，也不能是主办单位"),
        ("第 3000 行，协办单位代码", "协办单位中有不存在或已停用的单位"),
        ("第 3001 行，主办单位代码", "代码“zjj”的单位名称是“住建局”，与所填“工信局”不符"),
        ("第 3002 行，主办单位代码", "请填写主办单位"),
        ("第 3002 行，协办单位", "没有名为“没有的局”的单位"),
        ("第 3003 行，协办单位", "个数与协办单位代码不同"),
        ("第 3003 行，主办单位代码", "没有这个单位，或单位已停用"),
        ("第 3004 行，协办单位代码", "协办单位不能重复，也不能是主办单位"),
        ("第 3005 行，分类代码", "与第 1001 行的分类和区域重复"),
    ]
    assert await lines(house) == before
    assert await house.database.read(acts) == []


async def test_given_what_is_no_table_then_it_is_refused_before_it_is_read(
    house: House, place: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await house.signed_in("admin")
    nothing = await admin.post(IMPORT)
    assert (nothing.status, nothing.problem) == (422, "no-file")
    text = await send(admin, b"a,b", "text/csv")
    assert (text.status, text.problem) == (415, "not-xlsx")
    mixed = sheet(("none", "", "", "gxj", "", "", ""), ("other", "", "4509", "=1+1", "", "x", ""))
    formula = await send(admin, mixed)
    assert formula.status == 422
    assert [(error["field"], error["message"]) for error in formula.json["errors"]] == [
        ("第 2 行，分类代码", "没有这个分类"),
        ("第 3 行，主办单位代码", "单元格中是公式，请改为值"),
        ("第 3 行，协办单位代码", "没有代码为“x”的单位"),
    ]
    macro = await send(admin, repacked(sheet(), **{"xl/vbaProject.bin": b"x"}))
    assert [error["field"] for error in macro.json["errors"]] == ["文件"]
    monkeypatch.setattr(spreadsheets, "MOST_BYTES", 1000)
    big = await send(admin, sheet())
    assert (big.status, big.problem) == (413, "too-big")
    assert len(await lines(house)) == 2


async def test_given_a_class_below_another_then_its_catalogue_can_be_asked(
    house: House, place: dict[str, int]
) -> None:
    await house.do(classes.create, None, code="arrears.works", parent="arrears", label="工程款")
    found = await house.database.read(catalogue.suggest, "arrears.works", "450921101")
    assert found
    assert (found.unit_name, found.assisting) == ("工信局", [place["zjj"], place["evil"]])
