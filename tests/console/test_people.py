"""Experts, notices, other people's seats, call-backs."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection, select

from db.clock import now_ms
from db.models import audit, missed_call, request, ticket
from floor import calls, legs, missed, seats
from knowledge import experts
from tests.console.fake_asterisk import FakeAsterisk
from tests.console.fake_controller import DIALLED, FakeController
from tests.console.house import Browser, House, arrive, call_id, talk
from tickets import store

ON_BOTH = True
HOUR_MS = 3600 * 1000


def acts(conn: Connection) -> list[tuple[str, str]]:
    return [tuple(row) for row in conn.execute(select(audit.c.act, audit.c.subject))]


def asked(conn: Connection) -> list[tuple[str, str | None, int, str]]:
    """What was put to the controller: verb, call, account, state."""
    r = request.c
    found = conn.execute(select(r.verb, r.call_id, r.account_id, r.state).order_by(r.id))
    return [tuple(row) for row in found]


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int:
    """The code that it was closed with; what was said before is passed over."""
    while (message := await socket.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
        continue
    assert message.type is aiohttp.WSMsgType.CLOSE
    return int(message.data)


# --- experts ---

NEW = {
    "name": "张三",
    "department": "市场监管局",
    "topics": ["营业执照"],
    "number": "138 0000 0077",
}


async def test_given_a_new_expert_then_screens_see_a_masked_number_and_a_light(
    house: House,
) -> None:
    head, agent = await house.signed_in("supervisor"), await house.signed_in("agent")
    made = await head.post("/experts", NEW)
    assert made.status == 200
    assert made.json == {
        "id": 1, "account_id": None, "seat_id": None, "name": "张三", "department": "市场监管局",
        "topics": ["营业执照"], "number_masked": "138****0077", "on_duty": True, "until_ms": None,
        "ring": "number", "version": 1, "light": "free",
    }  # fmt: skip
    assert (await agent.get("/experts")).json["items"] == [made.json]
    way = await house.database.read(experts.reach, 1)
    assert way
    assert (way.number_sealed, way.label) == ("sealed:0077", "张三（市场监管局）")
    assert await house.database.read(acts) == [("expert_added", "expert:1")]


async def test_given_words_then_the_directory_finds_by_name_department_or_topic(
    house: House,
) -> None:
    head = await house.signed_in("supervisor")
    await head.post("/experts", NEW)
    await head.post("/experts", {**NEW, "name": "李四", "department": "税务局", "topics": []})

    async def found(words: str) -> list[str]:
        answer = await head.get("/experts", params={"q": words})
        return [one["name"] for one in answer.json["items"]]

    assert sorted(await found("")) == ["张三", "李四"]
    assert await found("执照") == ["张三"]
    assert await found("税务 李") == ["李四"]
    assert await found("税务 张") == []


async def test_given_a_change_then_it_counts_against_what_was_seen(house: House) -> None:
    head = await house.signed_in("supervisor")
    await head.post("/experts", NEW)
    changed = await head.ask(
        "PATCH", "/experts/1", {"version": 1, "on_duty": False, "department": "政数局"}
    )
    assert (changed.json["light"], changed.json["version"]) == ("off", 2)
    assert changed.json["department"] == "政数局"
    old = await head.ask("PATCH", "/experts/1", {"version": 1, "name": "张"})
    assert (old.status, old.problem) == (409, "version-old")
    assert (await head.ask("PATCH", "/experts/7", {"name": "张"})).status == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**NEW, "number": "12 345"}, "no-such-number"),
        ({"name": "李四"}, "no-way"),
        ({**NEW, "ring": "seat"}, "no-way"),
        ({"name": "李四", "seat_id": 99}, "no-way"),
        ({**NEW, "account_id": 99}, "no-way"),
    ],
)
async def test_given_an_expert_who_could_not_be_rung_then_nothing_is_kept(
    house: House, body: dict[str, Any], code: str
) -> None:
    head = await house.signed_in("supervisor")
    answer = await head.post("/experts", body)
    assert (answer.status, answer.problem) == (422, code)
    assert (await head.get("/experts")).json["items"] == []
    assert await house.database.read(acts) == []


async def test_given_an_experts_own_page_then_she_says_her_duty_and_where_to_ring(
    house: House,
) -> None:
    head, expert = await house.signed_in("supervisor"), await house.signed_in("expert")
    missing = await expert.get("/expert")
    assert missing.status == 404
    assert "班长" in missing.json["detail"]
    await head.post("/experts", {**NEW, "account_id": expert.account_id})
    assert (await expert.get("/expert")).json["ring"] == "number"
    no_seat = await expert.ask("PATCH", "/expert", {"ring": "seat"})
    assert (no_seat.status, no_seat.problem) == (422, "no-way")
    seat = await house.do(seats.create, expert.account_id, "expert-seat", {})
    changed = (await expert.ask("PATCH", "/expert", {"ring": "seat"})).json
    assert (changed["seat_id"], changed["light"]) == (seat.id, "off")
    await house.do(seats.set_phone, seat.id, True)
    await house.do(seats.pause, seat.id, "rest")
    assert (await expert.get("/expert")).json["light"] == "free"
    until = now_ms() + HOUR_MS
    on = (await expert.ask("PATCH", "/expert", {"number": "13800000088", "until_ms": until})).json
    assert (on["number_masked"], on["until_ms"]) == ("138****0088", until)
    off = (await expert.ask("PATCH", "/expert", {"on_duty": False})).json
    assert (off["on_duty"], off["until_ms"], off["light"]) == (False, None, "off")


async def test_given_calls_an_expert_was_on_then_their_tickets_are_hers_to_read(
    house: House,
) -> None:
    agent, expert = await house.signed_in("agent"), await house.signed_in("expert")
    head = await house.signed_in("supervisor")
    await head.post("/experts", {**NEW, "account_id": expert.account_id})
    made = await house.do(talk, agent.seat_id, agent.account_id)
    assert (await expert.get("/expert/tickets")).json == {"items": []}
    await house.do(
        legs.add, "leg-00000002", call_id(1), "other", kind="expert", label="张三", expert_id=1
    )
    [one] = (await expert.get("/expert/tickets")).json["items"]
    assert (one["ticket_id"], one["number"], one["call_id"]) == (made.id, made.number, call_id(1))
    assert (one["asked_by"], one["state"]) == ("agent-name", "draft")


# --- notices ---


async def test_given_a_notice_to_all_and_one_to_a_seat_then_each_reads_her_own(
    house: House,
) -> None:
    head = await house.signed_in("supervisor")
    agent, other = await house.signed_in("agent"), await house.signed_in("agent2")
    for body in ({"text": " 今天系统升级 "}, {"text": "请回电", "to": agent.seat_id}):
        assert (await head.post("/messages", body)).status == 200

    async def texts(who: Browser) -> list[str]:
        return [one["text"] for one in (await who.get("/messages")).json["items"]]

    assert await texts(agent) == ["请回电", "今天系统升级"]
    assert await texts(other) == ["今天系统升级"]
    assert await texts(await house.signed_in("admin")) == ["请回电", "今天系统升级"]
    to_one = (await agent.get("/messages")).json["items"][0]
    assert (to_one["from_name"], to_one["to_seat_id"]) == ("supervisor-name", agent.seat_id)
    assert to_one["read_ms"] is None
    assert (await other.post(f"/messages/{to_one['id']}/read")).status == 404
    for _ in range(2):
        assert (await agent.post(f"/messages/{to_one['id']}/read")).status == 204
    assert [m["read_ms"] is None for m in (await agent.get("/messages")).json["items"]] == [
        False, True,
    ]  # fmt: skip
    assert (await head.post("/messages", {"text": "x", "to": 99})).status == 422
    assert (await head.post("/messages", {"text": "  "})).status == 422


# --- other people's seats ---


async def test_given_a_supervisor_then_she_sets_a_seats_state_and_it_is_kept(
    house: House,
) -> None:
    head, agent = await house.signed_in("supervisor"), await house.signed_in("agent")

    async def put(state: str, reason: str | None = None) -> Any:
        body = {"state": state} | ({"reason": reason} if reason else {})
        answer = await head.post(f"/seats/{agent.seat_id}/state", body)
        return answer.json["state"] if answer.status == 200 else answer.problem

    assert await put("available") == "phone-not-ready"
    await house.do(seats.set_phone, agent.seat_id, True)
    assert await put("available") == "available"
    assert await put("available") == "available"
    assert await put("paused") == "unknown-reason"
    assert await put("paused", "meal") == "paused"
    assert await put("offline") == "offline"
    assert (await head.post("/seats/99/state", {"state": "offline"})).status == 404
    assert set(await house.database.read(acts)) == {("seat_state", f"seat:{agent.seat_id}")}


async def test_given_a_seat_in_a_talk_then_its_state_is_set_from_the_end_on(house: House) -> None:
    head, agent = await house.signed_in("supervisor"), await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id)
    answer = await head.post(f"/seats/{agent.seat_id}/state", {"state": "paused", "reason": "rest"})
    assert (answer.json["state"], answer.json["after_call"]) == ("talking", "paused")
    answer = await head.post(f"/seats/{agent.seat_id}/state", {"state": "available"})
    assert (answer.status, answer.problem) == (409, "not-now")


async def test_given_a_ghost_then_signing_it_out_ends_sign_ins_telephone_and_state(
    house: House, asterisk: FakeAsterisk
) -> None:
    head, agent = await house.signed_in("supervisor"), await house.signed_in("agent")
    await agent.post("/seat/phone")
    live, telephone = await agent.live(), await agent.open("/sip", ("sip",))
    await house.do(seats.set_phone, agent.seat_id, True)
    await house.do(seats.go_available, agent.seat_id)
    answer = await head.post(f"/seats/{agent.seat_id}/sign-out")
    assert (answer.json["state"], answer.json["reason"]) == ("offline", "signed_out")
    assert await closed_with(live) == 4401
    assert await closed_with(telephone) == 4401
    assert asterisk.pushed == {}
    assert (await agent.get("/session")).status == 401
    assert await house.database.read(acts) == [("sign_out", f"seat:{agent.seat_id}")]
    assert (await head.post("/seats/99/sign-out")).status == 404


async def test_given_a_ghost_in_a_call_then_its_caller_is_not_left_in_silence(
    house: House,
) -> None:
    head, agent = await house.signed_in("supervisor"), await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id)
    answer = await head.post(f"/seats/{agent.seat_id}/sign-out")
    assert (answer.json["state"], answer.json["after_call"]) == ("talking", "offline")
    assert await house.database.read(asked) == [("phone_gone", call_id(1), agent.account_id, "new")]
    await house.do(calls.end, call_id(1), "lost")
    answer = await head.post(f"/seats/{agent.seat_id}/sign-out")
    assert (answer.json["state"], answer.json["call_id"]) == ("offline", None)


async def test_given_her_own_seat_then_a_supervisor_signs_out_as_everybody_does(
    house: House,
) -> None:
    head = await house.signed_in("supervisor")
    seat = await house.do(seats.create, head.account_id, "supervisor-seat", {})
    answer = await head.post(f"/seats/{seat.id}/sign-out")
    assert (answer.status, answer.problem) == (409, "own-seat")
    assert (await head.get("/session")).status == 200


async def test_given_a_day_at_a_queue_then_the_skill_is_lent_and_taken_back(house: House) -> None:
    head, expert = await house.signed_in("supervisor"), await house.signed_in("expert")
    seat = await house.do(seats.create, expert.account_id, "expert-seat", {})
    path, until = f"/seats/{seat.id}/skills", now_ms() + HOUR_MS
    lent = await head.post(path, {"queue": "business", "until_ms": until, "level": 2})
    assert lent.json["skills"] == [{"queue": "business", "level": 2}]
    for body, code in (
        ({"queue": "nowhere", "until_ms": until}, "unknown-choice"),
        ({"queue": "business", "until_ms": 1}, "unknown-choice"),
    ):
        assert (await head.post(path, body)).problem == code
    assert (await head.ask("DELETE", f"{path}/business")).json["skills"] == []
    assert (await head.ask("DELETE", f"{path}/business")).problem == "not-lent"
    agent = await house.signed_in("agent")
    own = await head.post(
        f"/seats/{agent.seat_id}/skills", {"queue": "business", "until_ms": until}
    )
    assert (own.status, own.problem) == (409, "already-own")
    assert [act for act, _ in await house.database.read(acts)] == ["lend", "take_back"]


# --- calling back ---


@pytest.fixture
async def ready(house: House) -> House:
    """A seat with a telephone, a ticket and a missed call of earlier callers."""
    agent = await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id)
    await house.do(calls.end, call_id(1), "caller_hung_up")
    await house.do(seats.end_call, agent.seat_id, 0)
    await house.do(arrive, 2, "13800000002")
    await house.do(missed.miss, call_id(2), "callback", "business")
    return house


@pytest.mark.parametrize("whom", ["ticket_id", "missed_id"])
async def test_given_a_ticket_or_a_missed_call_then_its_caller_is_called_back(
    ready: House, whom: str
) -> None:
    agent = await ready.signed_in("agent")
    table = ticket if whom == "ticket_id" else missed_call
    row: int = await ready.database.read(lambda conn: conn.execute(select(table.c.id)).scalar_one())
    async with FakeController(ready.database) as controller:
        answer = await agent.post("/outbound", {whom: row})
    assert (answer.status, answer.json) == (200, {"call_id": DIALLED})
    [taken] = controller.took
    assert (taken.verb, taken.call_id, taken.args) == ("dial", None, {whom: row})


async def test_given_no_way_to_call_back_then_a_sentence_says_why_and_a_row_keeps_it(
    ready: House,
) -> None:
    agent, head = await ready.signed_in("agent"), await ready.signed_in("supervisor")

    async def refusal(who: Browser, body: dict[str, int]) -> tuple[int, str]:
        answer = await who.post("/outbound", body)
        return answer.status, answer.problem

    assert await refusal(agent, {}) == (422, "one-of-two")
    assert await refusal(agent, {"ticket_id": 1, "missed_id": 1}) == (422, "one-of-two")
    assert await refusal(agent, {"ticket_id": 99}) == (404, "not-found")
    assert await refusal(agent, {"missed_id": 99}) == (404, "not-found")
    assert await refusal(head, {"missed_id": 1}) == (403, "no-seat")
    await ready.do(arrive, 3, "")
    await ready.do(missed.miss, call_id(3), "abandoned", "business")
    assert await refusal(agent, {"missed_id": 2}) == (409, "number-withheld")
    written = await ready.do(
        store.draft, call_id=None, source="call", caller_hash="-", caller_masked="-",
        account_id=None,
    )  # fmt: skip
    assert await refusal(agent, {"ticket_id": written.id}) == (409, "no-number")
    await ready.do(seats.set_phone, agent.seat_id, False)
    assert await refusal(agent, {"missed_id": 1}) == (409, "phone-not-ready")
    await ready.do(talk, agent.seat_id, agent.account_id, 4)
    assert await refusal(agent, {"missed_id": 1}) == (409, "on-a-call")
    rows = await ready.database.read(asked)
    assert [(verb, state) for verb, _, _, state in rows] == [("dial", "refused")] * 7


async def test_given_a_refusal_of_the_controller_then_its_sentence_is_shown(ready: House) -> None:
    async with FakeController(ready.database) as controller:
        controller.sentence = "外线没有配置，无法外呼"
        answer = await (await ready.signed_in("agent")).post("/outbound", {"missed_id": 1})
    assert (answer.status, answer.json["detail"]) == (409, "外线没有配置，无法外呼")
