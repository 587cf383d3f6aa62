"""Tickets: the list and its search, one with its timeline, saving, completing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from floor import calls, seats
from tests.console.house import Browser, House, arrive, call_id, talk
from tickets import store

ON_BOTH = True

FULL = {
    "type": "consult",
    "content_class": "policy_help",
    "company": "某某公司",
    "text": "咨询政策",
    "disposition": "answered",
}


def make(conn: Connection, /, account_id: int | None, n: int, **fields: Any) -> store.Ticket:
    one = arrive(conn, n, f"1380000{n:04d}")
    made = store.draft(
        conn, call_id=one.id, source="call", caller_hash=one.caller_hash,
        caller_masked=one.caller_masked, account_id=account_id,
    )  # fmt: skip
    return store.edit(conn, made.id, 1, account_id or 1, fields) if fields else made


async def found(browser: Browser, query: str) -> list[int]:
    answer = await browser.get(f"/tickets?{query}")
    assert answer.status == 200, answer.body
    assert answer.json["total"] == len(answer.json["items"])
    return [t["id"] for t in answer.json["items"]]


async def test_given_tickets_then_the_search_finds_words_and_whole_numbers(house: House) -> None:
    agent = await house.signed_in("agent")
    me = agent.account_id
    first = {**FULL, "company": "宏达贸易公司", "text": "路灯不亮"}
    await house.do(make, me, 1, **first)
    await house.do(make, me, 2, **{**FULL, "company": "ACME Trading", "text": "拖欠账款"})
    three = await house.do(make, None, 3, text="其他内容")
    for ticket_id in (1, 2):
        await agent.post(f"/tickets/{ticket_id}/complete", {"version": 2})
    assert await found(agent, "q=路灯") == [1]
    assert await found(agent, "q=acme") == [2]
    assert await found(agent, "q=账款 ACME") == [2]
    assert await found(agent, "q=账款 宏达") == []
    assert await found(agent, "q=13800000003") == [3]
    assert await found(agent, "q=1380000") == []
    assert await found(agent, f"q={three.number}") == [3]
    assert await found(agent, "q=%27%20OR%201%3D1") == []
    assert await found(agent, "q=%25") == []
    assert await found(agent, "q=") == [3, 2, 1]


async def test_given_filters_then_they_all_hold_at_once(house: House) -> None:
    agent = await house.signed_in("agent")
    other = await house.signed_in("agent2")
    await house.do(make, agent.account_id, 1, **FULL)
    await house.do(make, other.account_id, 2, type="complaint")
    await agent.post("/tickets/1/complete", {"version": 2})
    assert await found(agent, "mine=true") == [1]
    assert await found(other, "mine=true&incomplete=true") == [2]
    assert await found(agent, "mine=false&incomplete=false") == [2, 1]
    assert await found(agent, "state=closed&type=consult&content_class=policy_help") == [1]
    assert await found(agent, "disposition=answered&type=complaint") == []
    assert await found(agent, "type=unheard-of") == []
    now = (await agent.get("/tickets/2")).json["created_ms"]
    assert await found(agent, f"from_ms={now}&to_ms={now + 1}&type=complaint") == [2]
    assert await found(agent, f"to_ms={now}&type=complaint") == []


async def test_given_pages_then_every_ticket_stands_on_one(house: House) -> None:
    agent = await house.signed_in("agent")
    for n in range(1, 8):
        await house.do(make, None, n)
    got = []
    for number in range(1, 5):
        answer = (await agent.get(f"/tickets?page={number}&size=3")).json
        assert (answer["total"], answer["page"], answer["size"]) == (7, number, 3)
        got += [t["id"] for t in answer["items"]]
    assert got == [7, 6, 5, 4, 3, 2, 1]
    assert (await agent.get("/tickets?page=10000&size=100")).json["items"] == []


async def test_given_a_long_text_then_the_list_has_its_head_on_one_line(house: House) -> None:
    agent = await house.signed_in("agent")
    await house.do(make, None, 1, text="一\n二  三" + "长" * 100)
    shown = (await agent.get("/tickets")).json["items"][0]["text_head"]
    assert shown.startswith("一 二 三长")
    assert len(shown) == 60
    assert shown.endswith("…")


async def test_given_a_call_then_its_ticket_shows_one_timeline_of_both(house: House) -> None:
    agent = await house.signed_in("agent")
    ticket = await house.do(talk, agent.seat_id, agent.account_id)
    shown = (await agent.get(f"/tickets/{ticket.id}")).json
    assert shown["agent_name"] == "agent-name"
    assert shown["caller_masked"] == "138****0001"
    kinds = [e["kind"] for e in shown["timeline"]]
    assert kinds[0] == "arrived"
    assert {"queued", "offered", "answered", "drafted"} <= set(kinds)
    moments = [e["at_ms"] for e in shown["timeline"]]
    assert moments == sorted(moments)
    assert [e["who"] for e in shown["timeline"] if e["kind"] == "drafted"] == ["agent-name"]
    assert shown["recordings"] == [
        {
            "id": 1, "state": "running", "length_ms": None, "size_bytes": None, "format": None,
            "marks": [], "problem": None, "may_hear": False,
        }
    ]  # fmt: skip


async def test_given_steps_of_the_call_then_the_timeline_says_who(house: House) -> None:
    agent = await house.signed_in("agent")
    ticket = await house.do(talk, agent.seat_id, agent.account_id)
    await house.do(calls.note, call_id(1), "not_answered", {"seat": agent.seat_id})
    await house.do(calls.note, call_id(1), "held", {"by": agent.account_id})
    await house.do(calls.note, call_id(1), "key", {"key": "1"})
    shown = (await agent.get(f"/tickets/{ticket.id}")).json
    said = {e["kind"]: e["who"] for e in shown["timeline"]}
    assert said["not_answered"] == "agent-seat"
    assert said["held"] == "agent-name"
    assert said["key"] is None


async def test_given_fields_when_saved_then_the_version_moves_on(house: House) -> None:
    agent = await house.signed_in("agent")
    await house.do(make, agent.account_id, 1)
    saved = await agent.ask("PATCH", "/tickets/1", {"version": 1, "text": "写到一半"})
    assert (saved.status, saved.json["version"], saved.json["text"]) == (200, 2, "写到一半")
    assert saved.json["timeline"][-1]["kind"] == "edited"
    cleared = await agent.ask("PATCH", "/tickets/1", {"version": 2, "type": None, "text": ""})
    assert (cleared.json["version"], cleared.json["text"]) == (3, "")
    same = await agent.ask("PATCH", "/tickets/1", {"version": 3})
    assert (same.status, same.json["version"]) == (200, 3)


async def test_given_two_people_when_both_save_then_the_second_gets_what_stands(
    house: House,
) -> None:
    agent, head = await house.signed_in("agent"), await house.signed_in("supervisor")
    await house.do(make, agent.account_id, 1)
    await head.ask("PATCH", "/tickets/1", {"version": 1, "company": "甲"})
    late = await agent.ask("PATCH", "/tickets/1", {"version": 1, "text": "乙"})
    assert (late.status, late.problem) == (409, "version-old")
    assert (late.json["current"]["version"], late.json["current"]["company"]) == (2, "甲")
    assert late.json["current"]["text"] == ""
    done = await agent.post("/tickets/1/complete", {"version": 1})
    assert (done.status, done.problem) == (409, "version-old")


async def test_given_anothers_ticket_then_agents_read_it_and_heads_change_it(
    house: House,
) -> None:
    agent, other = await house.signed_in("agent"), await house.signed_in("agent2")
    head = await house.signed_in("supervisor")
    await house.do(make, agent.account_id, 1)
    assert (await other.get("/tickets/1")).status == 200
    for answer in (
        await other.ask("PATCH", "/tickets/1", {"version": 1, "text": "x"}),
        await other.post("/tickets/1/complete", {"version": 1}),
    ):
        assert (answer.status, answer.problem) == (403, "forbidden")
    assert (await head.ask("PATCH", "/tickets/1", {"version": 1, "text": "x"})).status == 200


async def test_given_choices_that_there_are_not_then_422_names_each(house: House) -> None:
    agent = await house.signed_in("agent")
    await house.do(make, agent.account_id, 1)
    body = {"version": 1, "type": "x", "content_class": "y", "disposition": "z"}
    answer = await agent.ask("PATCH", "/tickets/1", body)
    assert (answer.status, answer.problem) == (422, "form-unfit")
    named = [e["field"] for e in answer.json["errors"]]
    assert named == ["type", "content_class", "disposition"]


async def test_given_half_a_credit_code_then_it_is_kept_and_the_ticket_not_taken(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    await house.do(make, agent.account_id, 1, **FULL)
    saved = await agent.ask("PATCH", "/tickets/1", {"version": 2, "credit_code": "91350100M00"})
    assert (saved.status, saved.json["credit_code"]) == (200, "91350100M00")
    refused = await agent.post("/tickets/1/complete", {"version": 3})
    assert (refused.status, refused.problem) == (422, "form-incomplete")
    assert [e["field"] for e in refused.json["errors"]] == ["credit_code"]
    right = {"version": 3, "credit_code": "91350100m000100y43"}
    assert (await agent.ask("PATCH", "/tickets/1", right)).status == 200
    assert (await agent.post("/tickets/1/complete", {"version": 4})).json["complete"] is True


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, ["disposition"]),
        ({"disposition": "answered"}, ["type", "content_class", "text"]),
        ({**FULL, "text": "  "}, ["text"]),
        ({**FULL, "content_class": None}, ["content_class"]),
    ],
)
async def test_given_an_incomplete_form_then_422_names_what_is_missing(
    house: House, fields: dict[str, Any], missing: list[str]
) -> None:
    agent = await house.signed_in("agent")
    version = (await house.do(make, agent.account_id, 1, **fields)).version
    answer = await agent.post("/tickets/1/complete", {"version": version})
    assert (answer.status, answer.problem) == (422, "form-incomplete")
    assert [e["field"] for e in answer.json["errors"]] == missing
    assert (await agent.get("/tickets/1")).json["complete"] is False


@pytest.mark.parametrize(
    ("disposition", "state"),
    [("answered", "closed"), ("passed_on", "to_dispatch"), ("not_accepted", "rejected")],
)
async def test_given_a_complete_form_then_its_disposition_is_carried_out_once(
    house: House, disposition: str, state: str
) -> None:
    agent = await house.signed_in("agent")
    await house.do(make, agent.account_id, 1, **{**FULL, "disposition": disposition})
    form = {"reason": "不属于受理范围", "told": "电话"} if state == "rejected" else {}
    done = await agent.post("/tickets/1/complete", {"version": 2, "form": form})
    assert (done.status, done.json["state"], done.json["complete"]) == (200, state, True)
    for answer in (
        await agent.post("/tickets/1/complete", {"version": 3}),
        await agent.ask("PATCH", "/tickets/1", {"version": 3, "text": "later"}),
    ):
        assert (answer.status, answer.problem) == (409, "ticket-complete")


async def test_given_a_nuisance_call_then_no_class_is_asked_for(house: House) -> None:
    agent = await house.signed_in("agent")
    await house.do(make, agent.account_id, 1, disposition="nuisance")
    assert (await agent.post("/tickets/1/complete", {"version": 2})).json["state"] == "closed"


async def test_given_wrap_up_when_its_form_is_complete_then_it_ends(house: House) -> None:
    agent = await house.signed_in("agent")
    ticket = await house.do(talk, agent.seat_id, agent.account_id)
    await house.do(calls.end, call_id(1), "caller_hung_up")
    await house.do(seats.end_call, agent.seat_id, 60.0)
    early = await agent.post("/seat/wrap-up/end")
    assert (early.status, early.problem) == (409, "form-incomplete")
    early = await agent.post("/seat/available", {"microphone": True})
    assert (early.status, early.problem) == (409, "form-incomplete")
    await agent.ask("PATCH", f"/tickets/{ticket.id}", {"version": 1, **FULL})
    await agent.post(f"/tickets/{ticket.id}/complete", {"version": 2})
    assert (await agent.get("/seat")).json["state"] == "available"


async def test_given_another_ticket_when_completed_then_wrap_up_goes_on(house: House) -> None:
    agent = await house.signed_in("agent")
    old = await house.do(make, agent.account_id, 7, **FULL)
    await house.do(talk, agent.seat_id, agent.account_id)
    await house.do(seats.end_call, agent.seat_id, 60.0)
    assert (await agent.post(f"/tickets/{old.id}/complete", {"version": 2})).status == 200
    assert (await agent.get("/seat")).json["state"] == "wrap_up"


async def test_given_no_such_ticket_then_404(house: House) -> None:
    agent = await house.signed_in("agent")
    for answer in (
        await agent.get("/tickets/99"),
        await agent.ask("PATCH", "/tickets/99", {"version": 1}),
        await agent.post("/tickets/99/complete", {"version": 1}),
    ):
        assert (answer.status, answer.problem) == (404, "not-found")
