"""Tickets that may be the same matter, as the page of the form asks for them."""

from __future__ import annotations

from sqlalchemy import Connection

from tests.console.clock import Clock
from tests.console.house import House, caller_hash
from tests.tickets.furnishing import new_unit, stored

ON_BOTH = True
LAMP = "民主路中段路灯不亮已经三天"


async def test_given_open_tickets_then_typing_offers_them_with_the_reason(
    house: House, clock: Clock
) -> None:
    agent = await house.signed_in("agent")
    now = clock()

    def furnish(conn: Connection) -> tuple[int, int, int]:
        known = {"caller_hash": caller_hash("13800000001"), "content_class": "lamp"}
        mine = stored(conn, state="draft", text=LAMP, created_ms=now, **known)
        same = stored(conn, text="别的事情", created_ms=now - 1, unit_id=new_unit(conn), **known)
        words = stored(conn, text=f"{LAMP}，电话 13800000009", created_ms=now - 2)
        stored(conn, text="自来水浑浊", created_ms=now - 3)
        return mine, same, words

    mine, same, words = await house.do(furnish)
    read = await agent.get(f"/tickets/{mine}/alike")
    assert read.status == 200
    assert [(i["id"], i["why_label"]) for i in read.json["items"]] == [
        (words, "内容相近"),
        (same, "同一来电号码"),
    ]
    assert read.json["repeats"] == 1
    assert read.json["items"][1]["unit_name"] == "城市管理局"
    assert read.json["items"][0]["state_label"] == "待派单"
    typed = await agent.post("/tickets/alike", {"text": LAMP})
    assert [i["id"] for i in typed.json["items"]] == [words]
    assert typed.json["repeats"] == 0
    form = {"text": "", "ticket_id": mine, "content_class": "lamp", "credit_code": " "}
    again = await agent.post("/tickets/alike", form)
    assert ([i["id"] for i in again.json["items"]], again.json["repeats"]) == ([same], 1)
    nothing = await agent.post("/tickets/alike", {})
    assert nothing.json == {"items": [], "repeats": 0}


async def test_given_no_such_ticket_then_it_says_so(house: House) -> None:
    agent = await house.signed_in("agent")
    assert (await agent.get("/tickets/999/alike")).status == 404
    assert (await agent.post("/tickets/alike", {"ticket_id": 999})).status == 404
    assert (await agent.post("/tickets/alike", {"text": "x" * 20_001})).status == 400
    unit = await house.signed_in("unit")
    assert (await unit.post("/tickets/alike", {})).status == 403
