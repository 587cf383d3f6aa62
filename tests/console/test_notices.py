"""Notices over the API: what failed and why, sent again, let go."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update

from db.clock import now_ms
from db.models import audit, outbox, unit
from notices.rows import UNKNOWN
from tests.console.house import House, arrive, caller_hash
from tickets import store

ON_BOTH = True


def furnish(conn: Connection) -> None:
    """A ticket, a unit, and a notice in each state."""
    call = arrive(conn)
    store.draft(
        conn, call_id=call.id, source="call", caller_hash=caller_hash("1"),
        caller_masked="138****0001", account_id=None,
    )  # fmt: skip
    conn.execute(
        insert(unit),
        {"id": 5, "code": "scjg", "name": "市场监管局", "region": "", "open": True,
         "duty_name": "", "addresses": {}, "version": 1},
    )  # fmt: skip
    for at, (state, recipient, channel, error) in enumerate(
        (
            ("waiting", "unit:5#1", "dingtalk", None),
            ("sending", "unit_head:5", "email", None),
            ("sent", "caller:1", "sms", None),
            ("failed", "supervisors#1", "sms", "短信网关未答复"),
            ("dropped", "business_office", "webhook", None),
        ),
        start=1,
    ):
        conn.execute(
            insert(outbox),
            {
                "id": at, "key": f"k{at}", "channel": channel, "recipient": recipient,
                "template": "received" if channel == "sms" else "rectification", "args": {},
                "ticket_id": 1, "state": state, "tries": 1, "next_ms": 7, "created_ms": at,
                "error": error, "done_ms": 9 if state in ("sent", "failed", "dropped") else None,
            },
        )  # fmt: skip


async def listed(house: House, **params: Any) -> Any:
    head = await house.signed_in("supervisor")
    answer = await head.get("/admin/notices", params=params)
    assert answer.status == 200, answer.body
    return answer.json


async def test_notices_are_told_in_words_newest_first(house: House) -> None:
    await house.do(furnish)
    page = await listed(house)
    assert (page["total"], page["page"], page["size"]) == (5, 1, 20)
    assert page["counts"] == {"waiting": 1, "sending": 1, "sent": 1, "failed": 1, "dropped": 1}
    assert [row["recipient_label"] for row in page["items"]] == [
        "营商环境主管部门", "督办岗", "来电人", "市场监管局（负责人）", "市场监管局",
    ]  # fmt: skip
    failed = page["items"][1]
    number = failed.pop("ticket_number")
    assert number.endswith("-00001")
    assert failed == {
        "id": 4, "channel": "sms", "channel_label": "短信", "recipient_label": "督办岗",
        "template": "received", "template_label": "已受理", "ticket_id": 1, "state": "failed",
        "state_label": "未送达", "tries": 1, "error": "短信网关未答复", "risk": None, "created_ms": 4,
        "next_ms": 7, "done_ms": 9,
    }  # fmt: skip
    # The same notice in other words for another kind of recipient.
    assert page["items"][0]["template_label"] == "整改抄送"


async def test_a_list_by_state_and_channel_in_pages(house: House) -> None:
    await house.do(furnish)
    assert [row["id"] for row in (await listed(house, state="failed"))["items"]] == [4]
    assert [row["id"] for row in (await listed(house, channel="sms"))["items"]] == [4, 3]
    page = await listed(house, size=2, page=2)
    assert ([row["id"] for row in page["items"]], page["total"]) == ([3, 2], 5)
    head = await house.signed_in("supervisor")
    assert (await head.get("/admin/notices", params={"state": "lost"})).status == 400


async def test_what_failed_is_sent_again_from_the_first_try_and_kept_in_the_audit(
    house: House,
) -> None:
    await house.do(furnish)
    admin = await house.signed_in("admin")
    before_ms = now_ms()
    answer = await admin.post("/admin/notices/4/again")
    assert answer.status == 200
    row = answer.json
    assert (row["state"], row["tries"], row["error"], row["done_ms"]) == ("waiting", 0, None, None)
    assert row["next_ms"] >= before_ms
    assert (await admin.post("/admin/notices/5/again", {})).json["state"] == "waiting"
    assert await house.database.read(acts) == [
        ("notice_again", "notice:4"), ("notice_again", "notice:5"),
    ]  # fmt: skip


async def test_what_need_not_be_sent_is_let_go(house: House) -> None:
    await house.do(furnish)
    head = await house.signed_in("supervisor")
    assert (await head.post("/admin/notices/4/drop")).json["state"] == "dropped"
    assert (await head.post("/admin/notices/1/drop")).json["state"] == "dropped"
    assert len(await house.database.read(acts)) == 2


async def test_what_is_out_or_on_its_way_is_neither_sent_again_nor_let_go(house: House) -> None:
    await house.do(furnish)
    head = await house.signed_in("supervisor")
    for act, ids in (("again", (1, 2, 3)), ("drop", (2, 3, 5))):
        for row_id in ids:
            answer = await head.post(f"/admin/notices/{row_id}/{act}")
            assert (answer.status, answer.problem) == (409, "notice-state")
        assert (await head.post(f"/admin/notices/99/{act}")).status == 404
    assert await house.database.read(acts) == []


async def test_a_robot_s_notice_sent_again_waits_for_another_minute(house: House) -> None:
    await house.do(furnish)
    soon_ms = now_ms() + 70_000

    def of_robot(conn: Connection) -> None:
        one = update(outbox).where(outbox.c.id == 4)
        conn.execute(one.values(channel="dingtalk", taken_until_ms=soon_ms))

    await house.do(of_robot)
    head = await house.signed_in("supervisor")
    assert (await head.post("/admin/notices/4/again")).json["next_ms"] == soon_ms


async def test_a_row_with_a_template_of_an_older_version_is_still_shown(house: House) -> None:
    await house.do(furnish)
    await house.do(lambda conn: conn.execute(update(outbox).values(template="gone")))
    assert {row["template_label"] for row in (await listed(house))["items"]} == {"gone"}


def acts(conn: Connection) -> list[tuple[str, str]]:
    return [tuple(row) for row in conn.execute(select(audit.c.act, audit.c.subject))]


async def test_a_notice_of_unknown_outcome_says_how_to_find_out_and_what_a_second_may_do(
    house: House,
) -> None:
    await house.do(furnish)
    said = {"email": "可能收到两封", "dingtalk": "可能出现两次", "sms": "可能收到两次",
            "zwding": "不会重复", "webhook": "不会重复"}  # fmt: skip
    for channel, risk in said.items():
        values = {"state": "failed", "channel": channel, "error": f"{UNKNOWN}：连接中断"}
        await house.do(_set, 4, values)
        (row,) = (await listed(house, state="failed"))["items"]
        assert risk in row["risk"]
    await house.do(_set, 4, {"error": "对方拒绝接收"})
    (row,) = (await listed(house, state="failed"))["items"]
    assert row["risk"] is None
    await house.do(_set, 4, {"state": "dropped", "error": f"{UNKNOWN}：连接中断"})
    (row, _) = (await listed(house, state="dropped"))["items"]
    assert row["risk"] is None


def _set(conn: Connection, row_id: int, values: dict[str, Any]) -> None:
    conn.execute(update(outbox).where(outbox.c.id == row_id).values(**values))
