"""The accountability of a ticket on one sheet, and that the reporter is not on it."""

from __future__ import annotations

from sqlalchemy import Connection, insert, update

from db.models import outbox, ticket, ticket_term
from floor import calls
from tests.console.house import House, call_id, talk
from tests.console.office import RATED, UNITS, WORK, open_office

ON_BOTH = True

DAY_MS = 86_400_000
LONG_AGO = 1_000_000_000_000


def _late(conn: Connection, ticket_id: int) -> None:
    """The first acceptance came after its term was over."""
    first = (ticket_term.c.kind == "accept") & (ticket_term.c.round == 1)
    was = (ticket_term.c.ticket_id == ticket_id) & first
    conn.execute(
        update(ticket_term).where(was).values(due_ms=ticket_term.c.from_ms - 3 * DAY_MS, met=False)
    )


def _notice(conn: Connection, ticket_id: int, unit_id: int) -> None:
    row = {
        "key": "k", "channel": "email", "recipient": f"unit:{unit_id}", "template": "dispatched",
        "args": {}, "ticket_id": ticket_id, "state": "sent", "tries": 1, "next_ms": 1,
        "created_ms": LONG_AGO, "done_ms": 2,
    }  # fmt: skip
    conn.execute(insert(outbox), row)


async def test_given_a_whole_way_then_each_step_says_who_which_unit_and_how_late(
    house: House,
) -> None:
    office = await open_office(house)
    made = await office.ticket(*RATED, "poor")
    await house.do(_late, made.id)
    await house.do(_notice, made.id, office.units[0])
    who = await house.signed_in("supervise")
    sheet = (await who.get(f"/tickets/{made.id}/trace")).json
    moments = [e["at_ms"] for e in sheet["entries"]]
    assert moments == sorted(moments)
    steps = [e for e in sheet["entries"] if e["kind"] == "ticket"]
    assert [e["title"] for e in steps] == [
        "建立工单", "修改工单", "提交派单", "派单", "签收", "登记联系来电人", "提交答复", "审核通过",
        "退回原承办单位重新办理",
    ]  # fmt: skip
    accepted, dispatched = steps[4], steps[3]
    assert (accepted["who"], accepted["unit_name"]) == ("lead-name", UNITS[0])
    assert (accepted["basis"], accepted["late"]["late"]) == ("庆政办发〔2023〕48号 二（二）1", True)
    assert (dispatched["who"], dispatched["unit_name"]) == ("dispatch-name", None)
    assert f"主办 {UNITS[0]}" in dispatched["words"]
    assert dispatched["late"] is None
    assert "非常不满意" in steps[-1]["words"]
    (missed,) = [e for e in sheet["entries"] if e["kind"] == "late"]
    assert (missed["title"], missed["unit_name"]) == ("签收期限已过", UNITS[0])
    (told,) = [e for e in sheet["entries"] if e["kind"] == "notice"]
    assert told["words"] == f"{UNITS[0]}，电子邮件，已发送"
    assert [t["kind"] for t in sheet["terms"]][:3] == ["dispatch", "accept", "done"]
    assert [r["stars"] for r in sheet["ratings"]] == [1]
    assert (sheet["printed_by"], sheet["zone"]) == ("supervise-name", "Asia/Shanghai")


async def test_given_a_call_then_its_steps_stand_between_those_of_the_ticket(house: House) -> None:
    await open_office(house)
    agent = await house.signed_in("agent")
    made = await house.do(talk, agent.seat_id, agent.account_id)
    await house.do(calls.end, call_id(1), "caller_hung_up")
    who = await house.signed_in("supervisor")
    entries = (await who.get(f"/tickets/{made.id}/trace")).json["entries"]
    said = [(e["kind"], e["title"], e["words"]) for e in entries]
    assert said[0] == ("call", "来电接入", "")
    assert ("ticket", "建立工单", "来电") in said
    assert ("call", "通话结束", "来电人挂机") in said


def _plant(conn: Connection, ticket_id: int) -> None:
    planted = {"text": "请打 138 0000 1234 找我", "company": "甲乙丙商行"}
    conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(**planted))


async def test_given_a_reporter_then_nothing_of_him_is_on_the_sheet(house: House) -> None:
    office = await open_office(house)
    made = await office.ticket(*WORK)
    await house.do(_plant, made.id)
    who = await house.signed_in("supervise")
    answer = await who.get(f"/tickets/{made.id}/trace")
    assert answer.json["ticket"]["text"] == "请打 ******* 找我"
    said = answer.body.decode()
    assert all(word not in said for word in ("1234", "138****", "甲乙丙"))


async def test_given_nobody_with_a_duty_then_the_sheet_is_closed(house: House) -> None:
    office = await open_office(house)
    made = await office.ticket(*WORK)
    for login, status in (("agent", 403), ("lead", 403), ("sign", 200), ("admin", 200)):
        who = await house.signed_in(login)
        assert (await who.get(f"/tickets/{made.id}/trace")).status == status, login
    admin = await house.signed_in("admin")
    assert (await admin.get("/tickets/999/trace")).status == 404
