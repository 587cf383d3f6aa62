"""The calendar and the periods as administrators set them, on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import ClientWebSocketResponse
from sqlalchemy import Connection, insert, select

from db import marks
from db.models import audit, ticket, ticket_term
from tests.console.house import Answer, Browser, House, until
from tickets import store
from workdays import reading

ON_BOTH = True
NOTICE = "日期,类型,说明\n2027-01-01,放假,元旦\n2027-01-04,放假,元旦\n2027-01-09,调休上班,\n"


async def send(
    person: Browser, text: str | bytes, query: str = "year=2027", kind: str = "text/csv"
) -> Answer:
    raw = text.encode() if isinstance(text, str) else text
    headers = person.headers() | {"Content-Type": kind}
    url = f"{person.url}/api/v1/admin/calendar/import?{query}"
    async with person.http.post(url, data=raw, headers=headers) as answer:
        return Answer(answer.status, answer.headers, await answer.read(), await answer.json(
            content_type=None))  # fmt: skip


def ms(day: str) -> int:
    at = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    return int(at.timestamp()) * 1000


def open_term(conn: Connection) -> int:
    """A ticket with an open term of two working days across the new year; its id."""
    made = store.draft(
        conn, call_id=None, source="call", caller_hash="h", caller_masked="138****0001",
        account_id=None,
    )  # fmt: skip
    due = ms("2027-01-04T17:30")
    term = {"ticket_id": made.id, "kind": "dispatch", "round": 0, "from_ms": ms("2026-12-30T10:00"),
            "days": 2, "due_ms": due, "first_due_ms": due, "provisional": True}  # fmt: skip
    conn.execute(insert(ticket_term), term)
    shown = {"due_ms": due, "due_kind": "dispatch", "due_provisional": True}
    conn.execute(ticket.update().where(ticket.c.id == made.id).values(shown))
    return made.id


def term(conn: Connection, ticket_id: int) -> Any:
    return conn.execute(select(ticket_term).where(ticket_term.c.ticket_id == ticket_id)).one()


async def year(person: Browser, query: str) -> Any:
    answer = await person.get(f"/admin/calendar?{query}")
    assert answer.status == 200, answer.body
    return answer.json


async def test_given_a_year_then_each_of_its_days_with_its_document(house: House) -> None:
    async def seeded() -> bool:
        return bool(await house.database.read(marks.read, reading.STAMP))

    # The console that starts writes them.
    await until(seeded)
    unit = await house.signed_in("unit")
    country = await year(unit, "year=2026")
    assert (country["region"], country["announced"]) == ("", True)
    assert country["source"] == "国办发明电〔2025〕7号"
    assert len(country["days"]) == 365
    days = {day["day"]: day for day in country["days"]}
    assert days["2026-02-14"] == {
        "day": "2026-02-14", "kind": "work", "source": "国办发明电〔2025〕7号", "announced": True,
        "own": True,
    }  # fmt: skip
    assert (days["2026-04-17"]["kind"], days["2026-04-17"]["source"]) == ("work", "")
    guangxi = await year(unit, "year=2026&region=450900")
    days = {day["day"]: day for day in guangxi["days"]}
    assert days["2026-04-17"]["kind"] == "off"
    assert "三月三" in days["2026-04-17"]["source"]
    assert {"code": "45", "label": "广西壮族自治区"} in guangxi["regions"]
    leap = await year(unit, "year=2028")
    assert (leap["announced"], leap["source"], len(leap["days"])) == (False, "", 366)
    assert not any(day["announced"] for day in leap["days"])
    # What nobody has named yet, and why it is off all the same: 春节 by the law, and 三月三.
    days = {day["day"]: day for day in (await year(unit, "year=2028&region=450900"))["days"]}
    assert (days["2028-01-26"]["kind"], days["2028-01-26"]["own"]) == ("off", False)
    assert days["2028-01-26"]["source"] == "全国年节及纪念日放假办法（当年安排未公布）"
    assert days["2028-03-28"]["source"] == "广西壮族自治区人民政府令第98号（当年安排未公布）"
    assert (days["2028-03-27"]["kind"], days["2028-03-27"]["source"]) == ("work", "")


async def test_given_a_day_set_by_the_administrator_then_it_holds_and_is_kept(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    body = {"day": "2026-12-11", "kind": "half", "source": "市政府通知", "region": "4509"}
    answer = await admin.ask("PATCH", "/admin/calendar", body)
    assert answer.status == 200, answer.body
    assert answer.json == {
        "day": {"day": "2026-12-11", "kind": "half", "source": "市政府通知", "announced": True,
                "own": True},
        "recomputed": 0,
    }  # fmt: skip
    own = {day["day"]: day for day in (await year(admin, "year=2026&region=450902"))["days"]}
    assert (own["2026-12-11"]["kind"], own["2026-12-11"]["own"]) == ("half", False)
    country = {day["day"]: day for day in (await year(admin, "year=2026"))["days"]}
    assert country["2026-12-11"]["kind"] == "work"
    kept = (await house.do(_audit))[0]
    assert (kept.act, kept.account_id) == ("calendar_set", admin.account_id)
    assert kept.detail == {"region": "4509", "before": None, "kind": "half", "source": "市政府通知"}
    await refuses_bad_days(admin)
    assert len(await house.do(_audit)) == 1


def _audit(conn: Connection) -> list[Any]:
    return list(conn.execute(select(audit).order_by(audit.c.id)))


BAD_DAYS: list[tuple[dict[str, str], set[str]]] = [
    ({"day": "2026-02-30", "kind": "off", "source": "x"}, {"day"}),
    ({"day": "1999-01-01", "kind": "off", "source": "x"}, {"day"}),
    ({"day": "2026-03-02", "kind": "off", "source": "  "}, {"source"}),
    (
        {"day": "2026/3/2", "kind": "free", "source": "", "region": "4"},
        {"day", "kind", "source", "region"},
    ),
]


async def refuses_bad_days(admin: Browser) -> None:
    for body, fields in BAD_DAYS:
        answer = await admin.ask("PATCH", "/admin/calendar", body)
        assert answer.status in (400, 422), body
        assert {error["field"] for error in answer.json["errors"]} == fields


async def test_given_a_change_then_heads_pages_are_told_and_a_ticket_whose_term_moved(
    house: House,
) -> None:
    ticket_id = await house.do(open_term)
    admin = await house.signed_in("admin")
    pages = [await (await house.signed_in(who)).live() for who in ("agent", "admin")]
    assert (await send(admin, NOTICE.encode(), "year=2027&source=made-up")).status == 200
    value = {"value": 3}
    assert (await admin.ask("PATCH", "/admin/periods/follow_up_days", value)).status == 200
    of_agent, of_admin = pages
    seen = [(one["topic"], one["data"].get("reckoned")) for one in await changes(of_admin, 3)]
    assert seen == [("calendar", None), ("ticket", True), ("period", None)]
    (moved,) = await changes(of_agent, 1)
    assert (moved["data"]["id"], moved["data"]["version"]) == (ticket_id, 1)


async def changes(socket: ClientWebSocketResponse, most: int) -> list[Any]:
    """The next changes that this page hears of; figures come when they like."""
    heard: list[Any] = []
    while len(heard) < most:
        said = await socket.receive_json(timeout=10)
        heard += [said] if said["type"] == "change" and said["topic"] != "figures" else []
    return heard


async def test_given_a_notice_then_the_year_is_announced_and_open_terms_follow(
    house: House,
) -> None:
    ticket_id = await house.do(open_term)
    admin = await house.signed_in("admin")
    # As Excel writes it here.
    answer = await send(admin, NOTICE.encode("gb18030"), "year=2027&source=made-up")
    assert (answer.status, answer.json) == (200, {"changed": 3, "recomputed": 1})
    shown = await year(admin, "year=2027")
    assert (shown["announced"], shown["source"]) == (True, "made-up")
    found = await house.do(term, ticket_id)
    assert (found.due_ms, found.provisional) == (ms("2027-01-05T17:30"), False)
    assert found.first_due_ms == ms("2027-01-04T17:30")
    assert (await house.do(_audit))[0].act == "calendar_announced"
    again = await send(admin, NOTICE.encode("utf-8-sig"))
    assert (again.status, again.json) == (200, {"changed": 0, "recomputed": 0})


async def test_given_a_notice_only_looked_at_then_its_days_are_told_and_nothing_is_kept(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    before = await year(admin, "year=2027")
    looked = await send(admin, NOTICE, "year=2027&trial=true")
    assert (looked.status, looked.json["recomputed"]) == (200, 0)
    told = {one["where"]: (one["before"], one["after"]) for one in looked.json["changes"]}
    assert looked.json["changed"] == len(told)
    by_law = "法定节假日休息（尚无通知）"
    assert told["2027-01-01 星期五"] == (by_law, "休息")
    assert told["2027-01-04 星期一"] == ("未标注（平日上班）", "休息")
    assert told["2027-01-09 星期六"] == ("未标注（周末休息）", "上班")
    # The notice says nothing of it: it would be a working day like any other.
    assert told["2027-10-01 星期五"] == (by_law, "未标注（平日上班）")
    assert await year(admin, "year=2027") == before
    assert await house.do(_audit) == []


NO_NOTICES = [
    (b"", "text/csv", 422, "not-taken"),
    (b"\xff\xff\xff", "text/csv", 422, "not-taken"),
    (NOTICE.encode(), "application/json", 415, "not-csv"),
    (b"x" * 70_000, "text/csv", 413, "too-large"),
]


async def test_given_bad_lines_then_all_are_named_and_nothing_is_taken_in(house: House) -> None:
    admin = await house.signed_in("admin")
    bad = "日期,类型\n2027-01-01,放假\n2027-13-01,放假\n2027-01-04,x\n"
    answer = await send(admin, bad)
    assert (answer.status, answer.problem) == (422, "not-taken")
    assert answer.json["detail"] == "有 2 处不能导入，内容都没有改动"
    assert [error["field"] for error in answer.json["errors"]] == ["3", "4"]
    for text, kind, status, code in NO_NOTICES:
        answer = await send(admin, text, kind=kind)
        assert (answer.status, answer.problem) == (status, code)
    assert not (await year(admin, "year=2027"))["announced"]
    assert await house.do(_audit) == []


async def test_given_periods_then_each_has_its_clause_its_bounds_and_the_settings_figure(
    house: House,
) -> None:
    unit = await house.signed_in("unit")
    items = {one["name"]: one for one in (await unit.get("/admin/periods")).json["items"]}
    assert items["accept_days"] == {
        "name": "accept_days", "label": "签收时限", "value": 1, "default": 1, "low": 1, "high": 30,
        "unit": "个工作日", "basis": "庆政办发〔2023〕48号二(二)1：1 个工作日内签收",
        "at_ms": None, "by": None,
    }  # fmt: skip
    figures = ("simple_days", "ordinary_days", "suspension", "repeat_days")
    assert [items[name]["value"] for name in figures] == [2, 5, 0, 30]


NO_PERIODS: list[tuple[str, object, int, str]] = [
    ("ordinary_days", 0, 422, "out-of-bounds"),
    ("ordinary_days", 91, 422, "out-of-bounds"),
    ("suspension", 2, 422, "out-of-bounds"),
    ("no_such", 1, 404, "not-found"),
    ("ordinary_days", "x", 400, "invalid"),
]


async def test_given_a_period_set_and_taken_back_then_who_and_when_are_kept(house: House) -> None:
    admin = await house.signed_in("admin")
    answer = await admin.ask("PATCH", "/admin/periods/ordinary_days", {"value": 7})
    assert answer.status == 200, answer.body
    assert (answer.json["value"], answer.json["default"]) == (7, 5)
    assert answer.json["by"] == "admin-name"
    answer = await admin.ask("PATCH", "/admin/periods/ordinary_days", {"value": 8})
    assert answer.json["value"] == 8
    answer = await admin.ask("PATCH", "/admin/periods/ordinary_days", {"value": None})
    assert (answer.json["value"], answer.json["at_ms"]) == (5, None)
    kept = [(one.act, one.subject, one.detail) for one in await house.do(_audit)]
    assert kept == [
        ("period_set", "period:ordinary_days", {"before": 5, "after": 7}),
        ("period_set", "period:ordinary_days", {"before": 7, "after": 8}),
        ("period_set", "period:ordinary_days", {"before": 8, "after": 5}),
    ]
    for name, value, status, code in NO_PERIODS:
        answer = await admin.ask("PATCH", f"/admin/periods/{name}", {"value": value})
        assert (answer.status, answer.problem) == (status, code)
    assert len(await house.do(_audit)) == 3
