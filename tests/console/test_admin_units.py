"""Units, classes, texts and keys, as the administrator keeps them and others read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from sqlalchemy import Connection, select, update

from config.channels import Hook, Robot
from config.model import Settings
from db.models import audit, ticket, unit
from tests.console.house import Answer, House
from tickets import intake, letters, store, texts, units

NEW = {
    "code": "scjg",
    "name": "市场监管局",
    "region": "450921",
    "duty_name": "值班室",
    "duty_number": "0775 000 0123",
    "addresses": {"email": " a@example.com，b@example.com ", "dingtalk": "scjg", "zwding": ""},
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With one robot and one hook, by name."""
    notices = settings.notices
    robots = replace(notices.dingtalk, robots=(Robot("scjg", "token", "secret"),))
    hooks = replace(notices.webhook, hooks=(Hook("oa", "https://oa.example.com", "secret"),))
    return replace(settings, notices=replace(notices, dingtalk=robots, webhook=hooks))


def fields(answer: Answer) -> dict[str, str]:
    """Field and sentence of each thing that was wrong."""
    return {error["field"]: error["message"] for error in answer.json["errors"]}


def acts(conn: Connection) -> list[str]:
    return list(conn.execute(select(audit.c.act).order_by(audit.c.id)).scalars())


async def a_unit(house: House, code: str, **more: Any) -> units.Unit:
    made: units.Unit = await house.do(units.create, None, code=code, name=f"{code}局", **more)
    return made


def a_ticket(conn: Connection, /, **values: Any) -> int:
    made = store.draft(
        conn, call_id=None, source="call", caller_hash="h", caller_masked="m", account_id=None
    )
    conn.execute(update(ticket).where(ticket.c.id == made.id).values(**values))
    return made.id


# --- units ---


async def test_given_a_new_unit_then_its_number_is_masked_and_everybody_may_choose_it(
    house: House,
) -> None:
    admin, member = await house.signed_in("admin"), await house.signed_in("unit")
    made = await admin.post("/admin/units", NEW)
    assert made.json == {
        "id": 1, "code": "scjg", "name": "市场监管局", "parent_id": None, "region": "450921",
        "open": True, "duty_name": "值班室", "duty_masked": "077****0123", "version": 1,
        "addresses": {"email": "a@example.com，b@example.com", "dingtalk": "scjg"},
        "open_tickets": 0,
    }  # fmt: skip
    assert (await admin.get("/admin/units")).json["items"] == [made.json]
    shown = (await member.get("/units")).json["items"]
    assert [(one["id"], one["name"]) for one in shown] == [(1, "市场监管局")]
    assert set(shown[0]) == {"id", "code", "name", "parent_id", "region", "open", "version"}
    kept = select(unit.c.duty_sealed, unit.c.addresses)
    row = await house.database.read(lambda conn: conn.execute(kept).one())
    assert row.duty_sealed == "sealed:0123"
    assert "0000123" not in str(row)
    assert await house.database.read(acts) == ["unit_added"]


async def test_given_a_unit_with_many_mistakes_then_each_field_is_told_and_nothing_kept(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    answer = await admin.post(
        "/admin/units",
        {
            "code": "市监", "name": " ", "region": "4509210", "parent_id": 7, "duty_number": "12 3",
            "addresses": {"email": "nobody", "dingtalk": "other", "webhook": "oa", "fax": "1"},
        },
    )  # fmt: skip
    assert (answer.status, answer.problem) == (422, "wrong-fields")
    assert set(fields(answer)) == {
        "code", "name", "region", "parent_id", "duty_number", "addresses.email",
        "addresses.dingtalk", "addresses.fax",
    }  # fmt: skip
    assert (await admin.get("/admin/units")).json["items"] == []
    assert await house.database.read(acts) == []
    assert await house.do(units.create, None, code="scjg", name="局")
    taken = await admin.post("/admin/units", NEW)
    assert set(fields(taken)) == {"code"}
    malformed = await admin.post("/admin/units", {"code": 1, "addresses": {"email": 2}})
    assert (malformed.status, set(fields(malformed))) == (400, {"code", "name", "addresses"})


async def test_given_two_administrators_then_the_second_is_told_how_it_stands(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    await admin.post("/admin/units", NEW)

    async def change(version: int, **more: Any) -> Answer:
        return await admin.ask("PATCH", "/admin/units/1", {"version": version, **more})

    first = await change(1, duty_number="", addresses={})
    assert (first.json["duty_masked"], first.json["addresses"]) == (None, {})
    assert (first.json["version"], first.json["duty_name"]) == (2, "值班室")
    late = await change(1, name="另一个")
    assert (late.status, late.problem) == (409, "version-old")
    assert late.json["current"] == first.json
    again = await change(2, name="市监局")
    assert (again.json["name"], again.json["version"]) == ("市监局", 3)
    assert (await admin.ask("PATCH", "/admin/units/9", {"version": 1})).status == 404


async def test_given_a_unit_with_open_tickets_then_closing_says_how_many_and_what_to_do(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    one = await a_unit(house, "scjg")
    await house.do(a_ticket, unit_id=one.id)
    await house.do(a_ticket, unit_id=one.id)
    listed = (await admin.get("/admin/units")).json["items"]
    assert [row["open_tickets"] for row in listed] == [2]
    closing = await admin.ask("PATCH", f"/admin/units/{one.id}", {"version": 1, "open": False})
    assert (closing.status, closing.problem) == (409, "in-use")
    assert "2 件" in closing.json["detail"]
    assert "改派" in closing.json["detail"]
    removing = await admin.ask("DELETE", f"/admin/units/{one.id}?version=1")
    assert (removing.status, removing.problem) == (409, "in-use")
    spare = await a_unit(house, "spare")
    assert (await admin.ask("DELETE", f"/admin/units/{spare.id}?version=2")).status == 409
    assert (await admin.ask("DELETE", f"/admin/units/{spare.id}?version=1")).status == 204
    assert (await admin.ask("DELETE", f"/admin/units/{spare.id}?version=1")).status == 404


async def test_given_closed_units_then_only_who_asks_for_all_gets_them(house: House) -> None:
    agent = await house.signed_in("agent")
    top = await a_unit(house, "a")
    await a_unit(house, "c", open=False)
    await a_unit(house, "b", parent_id=top.id)

    async def codes(path: str) -> list[str]:
        return [one["code"] for one in (await agent.get(path)).json["items"]]

    assert await codes("/units") == ["a", "b"]
    assert await codes("/units?all=true") == ["a", "b", "c"]


# --- classes ---


async def test_given_the_first_start_then_the_classes_of_the_settings_are_offered(
    house: House, settings: Settings
) -> None:
    member, admin = await house.signed_in("unit"), await house.signed_in("admin")
    seven = [choice.code for choice in settings.tickets.classes]
    rows = (await member.get("/classes")).json["items"]
    assert [row["code"] for row in rows] == seven
    law = next(row for row in rows if row["code"] == "arrears")
    assert (law["pass_on_days"], law["handle_days"], law["handle_most_days"]) == (10, 30, 90)
    assert law["basis"] == "《保障中小企业款项支付条例》"
    made = await admin.post(
        "/admin/classes", {"code": "arrears.works", "label": "工程款", "parent": "arrears"}
    )
    assert (made.json["place"], made.json["pass_on_days"], made.json["version"]) == (0, None, 1)
    await admin.ask("PATCH", "/admin/classes/other", {"version": 1, "open": False})
    offered = (await member.get("/settings")).json["classes"]
    assert [(one["code"], one["parent"]) for one in offered if one["code"] not in seven] == [
        ("arrears.works", "arrears")
    ]
    assert "other" not in [one["code"] for one in offered]
    assert "other" in [row["code"] for row in (await admin.get("/admin/classes")).json["items"]]


async def test_given_a_class_then_its_mistakes_are_told_and_one_in_use_stays(house: House) -> None:
    admin = await house.signed_in("admin")
    wrong = await admin.post(
        "/admin/classes", {"code": "other", "label": " ", "parent": "none", "handle_days": 30}
    )
    assert (wrong.status, set(fields(wrong))) == (422, {"code", "label", "parent", "basis"})
    circle = await admin.ask("PATCH", "/admin/classes/other", {"version": 1, "parent": "other"})
    assert (circle.status, set(fields(circle))) == (422, {"parent"})
    old = await admin.ask("PATCH", "/admin/classes/other", {"version": 4, "label": "其余"})
    assert (old.status, old.json["current"]["label"]) == (409, "其他诉求")
    await house.do(a_ticket, content_class="other")
    used = await admin.ask("DELETE", "/admin/classes/other?version=1")
    assert (used.status, used.problem) == (409, "in-use")
    assert (await admin.ask("DELETE", "/admin/classes/arrears?version=1")).status == 204
    assert (await admin.ask("DELETE", "/admin/classes/arrears?version=1")).status == 404
    assert await house.database.read(acts) == ["class_removed"]


async def topics(socket: ClientWebSocketResponse, most: int) -> list[str]:
    """What the next changes that this page hears of are about; figures come when they like."""
    heard: list[str] = []
    while len(heard) < most:
        message = await socket.receive(timeout=10)
        assert message.type is WSMsgType.TEXT
        said = msgspec.json.decode(message.data)
        if said["type"] == "change" and said["topic"] != "figures":
            assert "0123" not in message.data
            heard.append(said["topic"])
    return heard


async def test_given_a_change_then_every_page_is_told_and_heads_alone_of_texts(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    first = await admin.live()
    await admin.post("/admin/units", NEW)
    assert await topics(first, 1) == ["unit"]
    pages = [await (await house.signed_in(who)).live() for who in ("unit", "agent", "admin")]
    for socket in pages:
        assert (await socket.receive_json())["type"] == "hello"
    of_unit, of_agent, of_admin = pages
    await admin.ask("PATCH", "/admin/texts/notice.dispatched", {"body": "工单{number}"})
    await admin.ask("PATCH", "/admin/classes/other", {"version": 1, "label": "其余"})
    await admin.post("/admin/catalogue", {"class_code": "other", "region": "", "unit_id": 1})
    assert await topics(of_unit, 2) == ["class", "catalogue"]
    assert await topics(of_admin, 3) == ["text", "class", "catalogue"]
    # After this a unit's page asks anew which tickets are its own.
    await admin.ask("PATCH", "/admin/units/1", {"version": 1, "name": "市监局"})
    assert await topics(of_agent, 3) == ["class", "catalogue", "unit"]
    assert await topics(of_admin, 1) == ["unit"]


# --- texts ---


async def test_given_a_wording_of_the_place_then_it_counts_until_it_is_emptied(
    house: House,
) -> None:
    admin = await house.signed_in("admin")

    async def row(name: str) -> dict[str, Any]:
        items = (await admin.get("/admin/texts")).json["items"]
        return next(one for one in items if one["name"] == name)

    name = letters.in_place("rectification_letter")
    shipped = await row(name)
    assert (shipped["group"], shipped["label"], shipped["by"]) == ("文书", "整改函", None)
    assert shipped["body"] == shipped["default"]
    own = "{unit}：请就工单{number}限期整改。"
    changed = await admin.ask("PATCH", f"/admin/texts/{name}", {"body": own})
    assert (changed.json["body"], changed.json["by"]) == (own, "admin-name")
    assert await row(name) == changed.json
    values = {"unit": "市场监管局", "number": "20261122-00001"}
    drafted = await house.database.read(letters.drafted, "rectification_letter", values)
    assert drafted == "市场监管局：请就工单20261122-00001限期整改。"
    unfilled = await house.database.read(letters.drafted, "rectification_letter", {})
    assert unfilled == "____：请就工单____限期整改。"
    assert (await admin.ask("PATCH", f"/admin/texts/{name}", {"body": None})).json == shipped
    assert await house.database.read(texts.body, name) is None
    assert await house.database.read(acts) == ["text_changed", "text_dropped"]


@pytest.mark.parametrize("name", ["notice.dispatched", "letter.special_report"])
async def test_given_a_wording_with_mistakes_then_all_are_told(house: House, name: str) -> None:
    admin = await house.signed_in("admin")
    body = "{reporter}的{电话}，工单{number}}"
    answer = await admin.ask("PATCH", f"/admin/texts/{name}", {"body": body})
    assert (answer.status, answer.problem) == (422, "wrong-fields")
    said = [error["message"] for error in answer.json["errors"]]
    assert len(said) == 3
    assert all(word in "".join(said) for word in ("reporter", "电话", "花括号"))
    long = await admin.ask("PATCH", f"/admin/texts/{name}", {"body": "长" * 2001})
    assert long.status == 422
    assert (await admin.ask("PATCH", "/admin/texts/notice.nothing", {"body": "x"})).status == 404


def test_given_the_shipped_letters_then_each_could_be_the_places_own() -> None:
    for text in letters.SHIPPED.values():
        assert letters.wrong(text) == []


# --- keys of other platforms ---


async def test_given_a_key_then_it_is_told_once_and_closed_for_good(house: House) -> None:
    admin = await house.signed_in("admin")
    made = (await admin.post("/admin/intake-keys", {"name": " 民呼我为 "})).json
    row, key = made["row"], made["key"]
    assert (row["name"], row["created_by"], row["closed_ms"]) == ("民呼我为", "admin-name", None)
    assert await house.database.read(intake.by_key, key)
    listed = await admin.get("/admin/intake-keys")
    assert listed.json["items"] == [row]
    assert key.encode() not in listed.body
    closed = await admin.post(f"/admin/intake-keys/{row['id']}/close")
    assert closed.json["closed_ms"] is not None
    assert await house.database.read(intake.by_key, key) is None
    again = await admin.post(f"/admin/intake-keys/{row['id']}/close")
    assert (again.status, again.problem) == (409, "no-such-key")
    assert set(fields(await admin.post("/admin/intake-keys", {"name": "  "}))) == {"name"}
    assert await house.database.read(acts) == ["intake_key_made", "intake_key_closed"]
