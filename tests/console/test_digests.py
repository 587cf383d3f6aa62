"""Digests over the API: who sees what, the way of a quarter from suggestion to signed report."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, update

from db.clock import now_ms
from db.models import ticket
from tests.console.house import Browser, House
from tests.console.office import open_office
from tests.tickets.town import PLACE
from tickets.reporting import Period, holding

ON_BOTH = True


def over() -> Period:
    """The last quarter that is over."""
    return holding(now_ms(), PLACE.zone, quarter=True).before()


def came_in(conn: Connection, ticket_id: int, at_ms: int) -> None:
    conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(created_ms=at_ms))


async def suggestions(house: House, quarter: Period) -> list[int]:
    """One in each month of a quarter; the ids. Every text holds a number."""
    office = await open_office(house)
    made = []
    for month in quarter.months():
        text = f"建议{month.label}延长窗口时间，请回电 13800000001"
        one = await office.ticket("submit", type="suggestion", text=text, company="测试企业")
        await house.do(came_in, one.id, month.begins_ms(PLACE.zone))
        made.append(one.id)
    return made


async def act(who: Browser, period: str, act: str, version: int, **more: Any) -> Any:
    return await who.post(f"/digests/{period}", {"act": act, "version": version, **more})


async def test_given_a_quarter_then_it_goes_from_the_months_to_the_signed_report(
    house: House,
) -> None:
    quarter = over()
    await suggestions(house, quarter)
    office, head = await house.signed_in("office"), await house.signed_in("sign")
    for month in quarter.months():
        saved = await act(office, month.key, "save", 0, text=f"{month.label}要点")
        assert (saved.status, saved.json["may"]) == (200, ["save", "keep"])
        kept = await act(office, month.key, "keep", saved.json["version"])
        assert (kept.status, kept.json["state"], kept.json["may"]) == (200, "kept", [])
    key = quarter.key
    drafted = (await office.get(f"/digests/{key}")).json
    assert (drafted["total"], drafted["version"], drafted["over"]) == (3, 0, True)
    assert [part["text"] for part in drafted["months"]] == [
        f"{month.label}要点" for month in quarter.months()
    ]
    assert (await act(office, key, "submit", 0)).status == 422
    saved = (await act(office, key, "save", 0, text="窗口时间集中反映")).json
    asked = await act(office, key, "submit", saved["version"])
    assert (asked.json["state"], asked.json["may"]) == ("to_sign", [])
    assert (await act(office, key, "sign", asked.json["version"])).status == 403
    waiting = (await head.get("/desks")).json["items"][-1]
    assert waiting == {"name": "digests", "label": "意见建议", "count": 1, "late": 0}
    seen = (await head.get(f"/digests/{key}")).json
    assert seen["may"] == ["sign", "send_back"]
    no_reason = await act(head, key, "send_back", seen["version"])
    assert no_reason.json["errors"] == [{"field": "answer", "message": "请填写退回的理由"}]
    back = (await act(head, key, "send_back", seen["version"], answer="请补充建议")).json
    assert (back["state"], back["answer"]) == ("draft", "请补充建议")
    again = (await act(office, key, "submit", back["version"])).json
    signed = (await act(head, key, "sign", again["version"])).json
    assert (signed["state"], signed["ended_by"]) == ("signed", "sign-name")
    assert signed["number"].startswith("建议分析〔")
    assert signed["title"] == f"{quarter.label}营商环境意见建议分析报告"
    listed = {row["period"]: row for row in (await head.get("/digests")).json["items"]}
    assert (listed[key]["state"], listed[key]["number"]) == ("signed", signed["number"])


async def test_given_suggestions_then_the_list_leaves_out_who_made_them(house: House) -> None:
    quarter = over()
    ids = await suggestions(house, quarter)
    office = await house.signed_in("office")
    found = await office.get(f"/digests/{quarter.key}/tickets", params={"size": 2})
    assert (found.json["total"], len(found.json["items"])) == (3, 2)
    assert found.json["items"][0]["id"] == ids[-1]
    for word in ("测试企业", "13800000001"):
        assert word not in found.body.decode()
    month = quarter.months()[0].key
    one = (await office.get(f"/digests/{month}/tickets")).json
    assert [row["id"] for row in one["items"]] == ids[:1]
    written = "请回电 13800000001"
    shown = (await act(office, month, "save", 0, text=written)).json
    assert (shown["text"], shown["letter"]) == (written, "请回电 *******")


async def test_given_an_older_page_then_nothing_is_lost_and_it_says_so(house: House) -> None:
    quarter = over()
    await suggestions(house, quarter)
    office = await house.signed_in("office")
    month = quarter.months()[0].key
    await act(office, month, "save", 0, text="先写的")
    late = await act(office, month, "save", 0, text="后写的")
    assert (late.status, late.problem) == (409, "version-old")
    assert (await office.get(f"/digests/{month}")).json["text"] == "先写的"


async def test_given_a_period_that_is_not_over_then_it_can_be_written_not_ended(
    house: House,
) -> None:
    await suggestions(house, over())
    office = await house.signed_in("office")
    running = holding(now_ms(), PLACE.zone)
    saved = (await act(office, running.key, "save", 0, text="到今天为止")).json
    assert (saved["over"], saved["may"]) == (False, ["save"])
    early = await act(office, running.key, "keep", saved["version"])
    assert (early.status, early.json["detail"]) == (409, f"{running.label}还没有结束")


async def test_given_others_then_they_may_not(house: House) -> None:
    await suggestions(house, over())
    key = over().key
    for login in ("agent", "dispatch", "lead"):
        who = await house.signed_in(login)
        for path in ("/digests", f"/digests/{key}", f"/digests/{key}/tickets"):
            assert (await who.get(path)).status == 403
        assert (await act(who, key, "save", 0, text="不")).status == 403
        assert "digests" not in [desk["name"] for desk in (await who.get("/desks")).json["items"]]
    reader = await house.signed_in("supervise")
    assert (await reader.get(f"/digests/{key}")).json["may"] == []
    assert (await act(reader, key, "save", 0, text="不")).status == 403
    for wrong in ("2026", "2026-13", "1999-01", "2026-q1"):
        assert (await reader.get(f"/digests/{wrong}")).status in (400, 404)
