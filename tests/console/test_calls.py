"""Calls, requests to the controller, missed callers, the floor, the seat."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import patch

import pytest

from agent_console import waiting
from floor import call_words, calls, missed, seats
from tests.console.fake_controller import FakeController
from tests.console.house import House, arrive, call_id, talk

ON_BOTH = True


async def test_given_no_call_then_204(house: House) -> None:
    for login in ("agent", "supervisor"):
        answer = await (await house.signed_in(login)).get("/calls/current")
        assert (answer.status, answer.body) == (204, b"")


async def test_given_a_call_at_my_seat_then_its_card_shows_who_called_before(
    house: House,
) -> None:
    agent, other = await house.signed_in("agent"), await house.signed_in("agent2")
    await house.do(talk, other.seat_id, other.account_id, 1)
    await house.do(calls.end, call_id(1), "caller_hung_up")
    ticket = await house.do(talk, agent.seat_id, agent.account_id, 2)
    await house.do(arrive, 3, "13800000009")
    card = (await agent.get("/calls/current")).json
    assert card["call_id"] == call_id(2)
    assert card["stage"] == "talking"
    assert card["line_label"] == "12345 政务服务便民热线"
    assert card["queue_label"] == "优化营商环境专线"
    assert card["ticket_id"] == ticket.id
    assert card["held"] is False
    [earlier] = card["earlier_calls"]
    assert earlier["call_id"] == call_id(1)
    assert earlier["seat_name"] == "agent2-seat"
    assert earlier["end_reason"] == "caller_hung_up"
    assert earlier["ticket_number"].endswith("-00001")
    assert [t["id"] for t in card["earlier_tickets"]] == [earlier["ticket_id"]]


async def test_given_a_withheld_number_then_callers_have_no_past_in_common(house: House) -> None:
    agent = await house.signed_in("agent")
    await house.do(arrive, 8, "")
    await house.do(arrive, 9, "")
    await house.do(seats.set_phone, agent.seat_id, True)
    await house.do(seats.go_available, agent.seat_id)
    await house.do(seats.reserve, agent.seat_id, call_id(9))
    card = (await agent.get("/calls/current")).json
    assert card["earlier_calls"] == []
    assert card["earlier_tickets"] == []


async def test_given_a_call_then_its_history_is_for_those_on_it_and_for_heads(
    house: House,
) -> None:
    agent, other = await house.signed_in("agent"), await house.signed_in("agent2")
    await house.do(talk, agent.seat_id, agent.account_id)
    for browser in (agent, await house.signed_in("supervisor")):
        shown = (await browser.get(f"/calls/{call_id(1)}")).json
        assert [e["kind"] for e in shown["events"]][:2] == ["arrived", "queued"]
        assert [leg["role"] for leg in shown["legs"]] == ["caller", "agent"]
        assert shown["legs"][1]["seat_name"] == "agent-seat"
        assert shown["legs"][1]["answered_ms"]
        assert shown["ticket_number"]
    refused = await other.get(f"/calls/{call_id(1)}")
    assert (refused.status, refused.problem) == (403, "forbidden")
    gone = await agent.get(f"/calls/{call_id(5)}")
    assert (gone.status, gone.problem) == (404, "not-found")


async def ask(house: House, body: dict[str, Any], login: str = "agent", n: int = 1) -> Any:
    return await (await house.signed_in(login)).post(f"/calls/{call_id(n)}/requests", body)


@pytest.fixture
async def talking(house: House) -> House:
    agent = await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id)
    return house


@pytest.mark.parametrize(
    ("body", "args"),
    [
        ({"verb": "hold"}, {}),
        ({"verb": "resume", "args": {}}, {}),
        ({"verb": "hang_up"}, {}),
        ({"verb": "pause_recording"}, {}),
        ({"verb": "resume_recording"}, {}),
        ({"verb": "send_digits", "args": {"digits": "12*#"}}, {"digits": "12*#"}),
    ],
)
async def test_given_a_controller_then_each_verb_is_taken_and_answered(
    talking: House, body: dict[str, Any], args: dict[str, str]
) -> None:
    async with FakeController(talking.database) as controller:
        answer = await ask(talking, body)
    assert (answer.status, answer.json) == (200, {"outcome": "done"})
    [taken] = controller.took
    assert (taken.verb, taken.args, taken.call_id) == (body["verb"], args, call_id(1))


async def test_given_a_refusal_then_409_says_its_sentence(talking: House) -> None:
    async with FakeController(talking.database) as controller:
        controller.sentence = "通话没有被保持"
        answer = await ask(talking, {"verb": "resume"})
    assert (answer.status, answer.problem) == (409, "request-refused")
    assert answer.json["detail"] == "通话没有被保持"


async def test_given_no_controller_then_504_and_the_request_never_acts_later(
    talking: House,
) -> None:
    with patch.object(waiting.Outcomes.ask, "__defaults__", (0.2,)):
        answer = await ask(talking, {"verb": "hang_up"})
    assert (answer.status, answer.problem) == (504, "no-controller")
    [kept] = (await (await talking.signed_in("agent")).get(f"/calls/{call_id(1)}")).json["requests"]
    assert (kept["state"], kept["detail"]) == ("refused", answer.json["detail"])


async def test_given_a_controller_that_hangs_then_504(talking: House) -> None:
    async with FakeController(talking.database) as controller:
        controller.takes_only = True
        with patch.object(waiting.Outcomes.ask, "__defaults__", (0.2,)):
            answer = await ask(talking, {"verb": "hold"})
    assert (answer.status, answer.problem) == (504, "no-controller")


async def test_given_no_wake_up_then_the_poll_finds_the_outcome(talking: House) -> None:
    async with FakeController(talking.database):
        with patch.object(waiting.Outcomes, "_told"):
            answers = await asyncio.gather(*(ask(talking, {"verb": "hold"}) for _ in range(5)))
    assert {a.status for a in answers} == {200}


async def test_given_anothers_call_or_an_ended_one_then_it_is_refused_and_kept(
    talking: House,
) -> None:
    for login in ("agent2", "supervisor"):
        answer = await ask(talking, {"verb": "hold"}, login)
        assert (answer.status, answer.problem) == (403, "forbidden")
    assert (await ask(talking, {"verb": "hold"}, n=6)).status == 404
    await talking.do(calls.end, call_id(1), "caller_hung_up")
    answer = await ask(talking, {"verb": "hold"})
    assert (answer.status, answer.problem) == (409, "call-ended")
    kept = (await (await talking.signed_in("agent")).get(f"/calls/{call_id(1)}")).json["requests"]
    assert [(r["who"], r["verb"], r["state"], r["detail"]) for r in kept] == [
        ("agent2-name", "hold", "refused", "这不是您的通话"),
        ("supervisor-name", "hold", "refused", "这不是您的通话"),
        ("agent-name", "hold", "refused", "通话已经结束"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"verb": "send_digits"}, 422, "args.digits"),
        ({"verb": "hold", "args": {"digits": "1"}}, 422, "args.digits"),
        ({"verb": "send_digits", "args": {"digits": "12x"}}, 400, "args"),
        ({"verb": "explode"}, 400, "verb"),
        ({"args": {}}, 400, "verb"),
    ],
)
async def test_given_a_request_that_makes_no_sense_then_its_field_is_named(
    talking: House, body: dict[str, Any], status: int, field: str
) -> None:
    answer = await ask(talking, body)
    assert answer.status == status
    assert [e["field"] for e in answer.json["errors"]] == [field]
    assert answer.problem


async def test_given_missed_callers_then_they_are_listed_and_dealt_with_once(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    for n, kind in enumerate(("abandoned", "callback", "message"), 1):
        await house.do(arrive, n, f"1380000000{n}")
        await house.do(missed.miss, call_id(n), kind, "business")
    listed = (await agent.get("/missed?state=open&size=2")).json
    assert listed["total"] == 3
    assert [m["kind"] for m in listed["items"]] == ["abandoned", "callback"]
    assert listed["items"][0]["caller_masked"] == "138****0001"
    assert listed["items"][0]["queue_label"] == "优化营商环境专线"
    done = await agent.post("/missed/2/done", {"note": "已回电"})
    assert done.json["done_by"] == "agent-name"
    assert (done.json["state"], done.json["note"]) == ("done", "已回电")
    again = await agent.post("/missed/2/done", {})
    assert (again.status, again.problem) == (409, "already-done")
    assert (await agent.post("/missed/9/done", {})).status == 404
    assert [m["id"] for m in (await agent.get("/missed?state=open")).json["items"]] == [1, 3]
    assert [m["id"] for m in (await agent.get("/missed?state=done")).json["items"]] == [2]
    assert (await agent.get("/missed")).json["total"] == 3


async def test_given_waiting_callers_then_the_floor_counts_them(house: House) -> None:
    agent, other = await house.signed_in("agent"), await house.signed_in("agent2")
    for n in (1, 2):
        await house.do(arrive, n)
        await house.do(calls.step, call_id(n), "queued", queue="business")
    await house.do(arrive, 3)
    await house.do(arrive, 4)
    await house.do(calls.end, call_id(4), "caller_hung_up")
    await house.do(seats.pause, other.seat_id, "meal")
    shown = (await agent.get("/floor")).json
    first = min(c["queued_ms"] for c in shown["calls"] if c["queued_ms"])
    assert shown["queues"] == [
        {"name": "business", "label": "优化营商环境专线", "waiting": 2, "longest_since_ms": first},
        {"name": "general", "label": "政务服务", "waiting": 0, "longest_since_ms": None},
    ]
    assert [c["call_id"] for c in shown["calls"]] == [call_id(1), call_id(2), call_id(3)]
    assert [s["state"] for s in shown["seats"]] == ["offline", "paused"]
    assert shown["seats"][1]["reason"] is None, "a colleague's reason is her own"
    head = (await (await house.signed_in("supervisor")).get("/floor")).json
    assert head["seats"][1]["reason"] == "meal"


async def test_given_a_seat_then_it_goes_through_its_states_and_says_why_not(
    house: House,
) -> None:
    agent = await house.signed_in("agent")

    async def post(path: str, body: dict[str, Any] | None = None) -> Any:
        return await agent.post(f"/seat/{path}", body)

    answer = await post("available", {"microphone": True})
    assert (answer.status, answer.problem) == (409, "phone-not-ready")
    answer = await post("available", {"microphone": False})
    assert (answer.status, answer.problem) == (409, "microphone-missing")
    await house.do(seats.set_phone, agent.seat_id, True)
    assert (await post("available", {"microphone": True})).json["state"] == "available"
    assert (await post("available", {"microphone": True})).status == 200, "once more is no fault"
    assert (await post("pause", {"reason": "meal"})).json["reason"] == "meal"
    answer = await post("pause", {"reason": "bored"})
    assert (answer.status, answer.problem) == (422, "unknown-reason")
    answer = await post("wrap-up/end")
    assert (answer.status, answer.problem) == (409, "not-in-wrap-up")
    assert (await post("offline")).json["state"] == "offline"
    assert (await agent.get("/seat")).json["state"] == "offline"


async def test_given_a_call_when_pausing_then_it_holds_from_its_end_on(talking: House) -> None:
    agent = await talking.signed_in("agent")
    answer = await agent.post("/seat/pause", {"reason": "rest"})
    assert (answer.json["state"], answer.json["after_call"]) == ("talking", "paused")
    answer = await agent.post("/seat/available", {"microphone": True})
    assert (answer.status, answer.problem) == (409, "not-now")
    assert "通话中" in answer.json["detail"]


async def test_given_no_seat_then_404_says_whom_to_ask(house: House) -> None:
    answer = await (await house.signed_in("expert")).get("/seat")
    assert (answer.status, answer.problem) == (404, "not-found")
    assert "管理员" in answer.json["detail"]


async def test_given_the_settings_then_the_screen_gets_its_words(house: House) -> None:
    shown = (await (await house.signed_in("unit")).get("/settings")).json
    assert shown["zone"] == "Asia/Shanghai"
    assert [q["name"] for q in shown["queues"]] == ["business", "general"]
    assert shown["queues"][0]["callback_key"] == "9"
    assert len(shown["classes"]) == 7
    assert shown["labels"]["seat_states"]["available"] == "示闲"
    assert shown["labels"]["event_kinds"]["drafted"]
    assert set(shown["labels"]["end_reasons"]) == set(call_words.END_REASONS)
