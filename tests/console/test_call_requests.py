"""What may be asked of a call, by whom, with what; every refusal is kept with its sentence."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from sqlalchemy import Connection, select

from agent_console.api.call_requests import NEEDS, OF_A_HEAD, OF_THE_OWNER
from db.models import request
from floor import calls, legs, seats
from knowledge import experts
from tests.console.fake_controller import FakeController
from tests.console.house import Browser, House, arrive, call_id, converse, party, talk

NUMBER = "138 0000 0077"
EXPERT = {"kind": "expert", "value": 1}


def kept(conn: Connection) -> list[tuple[str, dict[str, Any], str, Any]]:
    rows = conn.execute(select(request).order_by(request.c.id))
    return [(r.verb, r.args, r.state, (r.outcome or {}).get("detail")) for r in rows]


async def ask(
    who: Browser, verb: str, args: dict[str, Any] | None = None, n: int = 1
) -> tuple[int, str]:
    """The status, and the sentence or what came of it."""
    body = {"verb": verb} if args is None else {"verb": verb, "args": args}
    answer = await who.post(f"/calls/{call_id(n)}/requests", body)
    said = answer.json["outcome"] if answer.status == 200 else answer.json["detail"]
    return answer.status, said


def add_expert(conn: Connection, on_duty: bool = True) -> None:
    experts.create(
        conn, name="张三", department="市场监管局", ring="number", on_duty=on_duty,
        number_sealed="sealed", number_masked="0775-***0123",
    )  # fmt: skip


def supervisors_seat(conn: Connection, account_id: int, ready: bool = True) -> int:
    made = seats.create(conn, account_id, "supervisor-seat", {})
    seats.set_phone(conn, made.id, ready)
    return made.id


@pytest.fixture
async def talking(house: House) -> House:
    """Call 1 is the agent's."""
    agent = await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id)
    await house.do(add_expert)
    return house


LEG = {"leg": "leg-00000002"}
ASKED: list[tuple[str, dict[str, Any] | None, dict[str, Any]]] = [
    ("consult", {"target": EXPERT}, {"target": EXPERT}),
    ("invite", {"target": {"kind": "seat", "value": 2}}, {"target": {"kind": "seat", "value": 2}}),
    (
        "transfer",
        {"target": {"kind": "queue", "value": "general"}},
        {"target": {"kind": "queue", "value": "general"}},
    ),
    (
        "consult",
        {"target": {"kind": "number", "value": NUMBER}},
        {"target": {"kind": "number", "sealed": "sealed:0077", "masked": "138****0077"}},
    ),
    ("emergency", {"number": "110"}, {"number": "110"}),
    ("cancel", None, {}),
    ("cancel", LEG, LEG),
    ("mute", LEG, LEG),
    ("unmute", LEG, LEG),
    ("drop", LEG, LEG),
    *((verb, None, {}) for verb in ("back", "swap", "join", "leave", "come_back")),
]


@pytest.mark.parametrize(("verb", "args", "in_row"), ASKED)
async def test_given_a_talk_when_its_agent_asks_then_the_controller_gets_it(
    talking: House, verb: str, args: dict[str, Any] | None, in_row: dict[str, Any]
) -> None:
    async with FakeController(talking.database) as controller:
        answer = await ask(await talking.signed_in("agent"), verb, args)
    assert answer == (200, "done")
    [taken] = controller.took
    assert (taken.verb, taken.args, taken.call_id) == (verb, in_row, call_id(1))


async def test_given_a_typed_number_then_no_row_holds_it_in_clear(talking: House) -> None:
    agent = await talking.signed_in("agent")
    target = {"kind": "number", "value": NUMBER}
    async with FakeController(talking.database):
        await ask(agent, "invite", {"target": target})
    await talking.do(calls.end, call_id(1), "caller_hung_up")
    await ask(agent, "invite", {"target": target})
    await ask(agent, "send_digits", {"digits": "450981199001010011"})
    rows = await talking.database.read(kept)
    assert [state for _, _, state, _ in rows] == ["done", "refused", "refused"]
    held = str(rows)
    assert "0000" not in held
    assert "4509" not in held


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("consult", {"target": {"kind": "expert", "value": 9}}, 422, "没有这位专家"),
    ("consult", {"target": {"kind": "expert", "value": "zhang"}}, 422, "请选择专家"),
    ("invite", {"target": {"kind": "seat", "value": 99}}, 422, "没有这个座席"),
    ("invite", {"target": {"kind": "seat", "value": 1}}, 422, "不能呼叫您自己的座席"),
    ("transfer", {"target": {"kind": "queue", "value": "nowhere"}}, 422, "没有这个队列"),
    (
        "transfer",
        {"target": {"kind": "number", "value": "1380000"}},
        422,
        "这个号码无法拨打，请核对后再试",
    ),
    ("invite", {"target": {"kind": "number", "value": "110"}}, 422, "紧急号码请用紧急转接"),
    ("emergency", {"number": "114"}, 422, "没有这个紧急号码"),
    ("consult", {}, 422, "请选择要呼叫的对象"),
    ("mute", {}, 422, "请选择通话中的一方"),
    ("emergency", {}, 422, "请选择紧急号码"),
    ("swap", {"leg": "leg-00000002"}, 422, "这项操作不需要填写"),
    ("listen", {}, 403, "只有班长席可以这样做"),
    ("move", {"head": True}, 403, "只有班长席可以这样做"),
]


@pytest.mark.parametrize(("verb", "args", "status", "sentence"), REFUSED)
async def test_given_what_can_not_be_then_a_sentence_and_a_row_and_nothing_half_done(
    talking: House, verb: str, args: dict[str, Any], status: int, sentence: str
) -> None:
    agent = await talking.signed_in("agent")
    async with FakeController(talking.database) as controller:
        assert await ask(agent, verb, args) == (status, sentence)
    assert controller.took == []
    [(was, _, state, detail)] = await talking.database.read(kept)
    assert (was, state, detail) == (verb, "refused", sentence)


async def test_given_an_id_written_as_1_point_0_then_it_is_the_integer_that_it_is(
    talking: House,
) -> None:
    agent = await talking.signed_in("agent")
    target = {"kind": "seat", "value": 2.0}
    async with FakeController(talking.database) as controller:
        assert await ask(agent, "invite", {"target": target}) == (200, "done")
    assert controller.took[0].args == {"target": {"kind": "seat", "value": 2}}


async def test_given_an_expert_off_duty_then_she_is_not_rung(talking: House) -> None:
    await talking.do(experts.change, 1, on_duty=False)
    answer = await ask(await talking.signed_in("agent"), "consult", {"target": EXPERT})
    assert answer == (409, "这位专家现在不在岗")


async def test_given_the_agent_of_the_table_then_every_verb_says_who_may() -> None:
    """No verb is in two lists, so that who may is never a question."""
    assert not OF_A_HEAD & OF_THE_OWNER
    assert not OF_A_HEAD & set(NEEDS)


async def test_given_an_invited_seat_then_its_person_may_ask_and_a_stranger_may_not(
    talking: House,
) -> None:
    other = await talking.signed_in("agent2")
    assert await ask(other, "back") == (403, "这不是您的通话")
    await talking.do(seats.set_phone, other.seat_id, True)
    await talking.do(seats.go_available, other.seat_id)
    await talking.do(seats.reserve, other.seat_id, call_id(1))
    leg = party("leg-00000002", "other", other.seat_id, kind="seat", place="ringing")
    await talking.do(converse, "inviting", leg)
    async with FakeController(talking.database):
        assert await ask(other, "leave") == (200, "done")
        assert await ask(other, "come_back") == (403, "这不是您的通话")


async def test_given_the_agent_left_then_only_the_owner_comes_back_and_from_no_other_call(
    talking: House,
) -> None:
    agent, other = await talking.signed_in("agent"), await talking.signed_in("agent2")
    await talking.do(seats.end_call, agent.seat_id, 0)
    assert await ask(other, "come_back") == (403, "这不是您的通话")
    async with FakeController(talking.database):
        assert await ask(agent, "come_back") == (200, "done")
    await talking.do(talk, agent.seat_id, agent.account_id, 2)
    assert await ask(agent, "come_back") == (409, "您正在另一个通话中，请先结束那个通话")


# --- the supervisor ---


@pytest.mark.parametrize("verb", ["listen", "whisper", "barge", "take_over", "stop"])
async def test_given_a_supervisor_with_a_telephone_then_she_may_join_any_call(
    talking: House, verb: str
) -> None:
    head = await talking.signed_in("supervisor")
    await talking.do(supervisors_seat, head.account_id)
    async with FakeController(talking.database) as controller:
        assert await ask(head, verb) == (200, "done")
    assert controller.took[0].account_id == head.account_id


async def test_given_no_telephone_or_one_in_use_then_a_supervisor_hears_why_not(
    talking: House,
) -> None:
    head = await talking.signed_in("supervisor")
    assert await ask(head, "listen") == (409, "您没有座席话机，请联系管理员分配")
    seat_id = await talking.do(supervisors_seat, head.account_id, ready=False)
    assert await ask(head, "barge") == (409, "您的话机尚未注册，请检查网络后再试")
    await talking.do(talk, seat_id, head.account_id, 2)
    assert await ask(head, "listen") == (409, "您正在另一个通话中，请先结束那个通话")
    assert await ask(head, "listen", n=2) == (409, "这是您自己的通话")
    assert len(await talking.database.read(kept)) == 4


async def test_given_a_listener_then_the_agents_buttons_are_not_hers(talking: House) -> None:
    head = await talking.signed_in("supervisor")
    seat_id = await talking.do(supervisors_seat, head.account_id)
    await talking.do(seats.go_available, seat_id)
    await talking.do(seats.reserve, seat_id, call_id(1))
    await talking.do(converse, "talking", party("sup-00000001", "supervisor", seat_id))
    assert await ask(head, "hold") == (403, "这不是您的通话")


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        ({"head": True}, 200, "done"),
        ({"queue": "general"}, 200, "done"),
        ({"queue": "nowhere"}, 422, "没有这个队列"),
        ({}, 422, "请选择另一队列，或移到队首"),
        ({"head": False}, 422, "请选择另一队列，或移到队首"),
        ({"head": True, "queue": "general"}, 422, "请选择另一队列，或移到队首"),
    ],
)
async def test_given_a_waiting_caller_then_a_supervisor_moves_him_one_way(
    talking: House, args: dict[str, Any], status: int, said: str
) -> None:
    async with FakeController(talking.database):
        assert await ask(await talking.signed_in("supervisor"), "move", args) == (status, said)


# --- what the card says ---


async def card(who: Browser) -> Any:
    return (await who.get("/calls/current")).json


async def test_given_a_conversation_then_the_card_says_who_is_on_it_and_which_leg_is_mine(
    talking: House,
) -> None:
    agent = await talking.signed_in("agent")
    leg = party("leg-00000002", "other", kind="expert", expert_id=1, label="张三（市场监管局）")
    await talking.do(converse, "conference", leg)
    shown = await card(agent)
    assert (shown["state"], shown["direction"], shown["hint"]) == ("conference", "in", None)
    assert (shown["is_owner"], shown["my_leg"], shown["auto_answer"]) == (
        True, "leg-00000001", False,
    )  # fmt: skip
    assert [(p["role"], p["kind"], p["place"]) for p in shown["parties"]] == [
        ("caller", "", "in"), ("agent", "seat", "in"), ("other", "expert", "in"),
    ]  # fmt: skip
    assert shown["parties"][2]["label"] == "张三（市场监管局）"


@pytest.mark.parametrize("auto", [True, False])
async def test_given_a_seat_rung_for_its_own_person_then_it_answers_by_itself(
    talking: House, auto: bool
) -> None:
    head = await talking.signed_in("supervisor")
    seat_id = await talking.do(supervisors_seat, head.account_id)
    await talking.do(seats.go_available, seat_id)
    await talking.do(seats.reserve, seat_id, call_id(1))
    leg = party("sup-00000001", "supervisor", seat_id, place="ringing", auto=auto)
    await talking.do(converse, "talking", leg)
    shown = await card(head)
    assert (shown["auto_answer"], shown["is_owner"], shown["my_leg"]) == (
        auto, False, "sup-00000001",
    )  # fmt: skip


async def test_given_a_recall_after_a_lost_page_then_the_seat_is_talking_and_answers_by_itself(
    talking: House,
) -> None:
    agent = await talking.signed_in("agent")
    leg = party("leg-00000009", "agent", agent.seat_id, place="ringing", auto=True)
    await talking.do(converse, "recalling", leg)
    shown = await card(agent)
    assert (shown["auto_answer"], shown["my_leg"]) == (True, "leg-00000009")


async def test_given_a_call_out_when_her_telephone_rings_first_then_it_answers_by_itself(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    dialled = functools.partial(arrive, n=1, direction="out", owner=agent.seat_id)
    await house.do(dialled)
    await house.do(seats.set_phone, agent.seat_id, True)
    await house.do(seats.claim, agent.seat_id, call_id(1))
    # The INVITE may be quicker than the row that says so: both count.
    shown = await card(agent)
    assert (shown["auto_answer"], shown["direction"], shown["is_owner"]) == (True, "out", True)
    await house.do(seats.ring, agent.seat_id)
    assert (await card(agent))["auto_answer"] is True
    await house.do(seats.answer, agent.seat_id)
    assert (await card(agent))["auto_answer"] is False


async def test_given_a_call_with_its_history_then_legs_spans_and_buttons_are_there(
    talking: House,
) -> None:
    agent = await talking.signed_in("agent")

    def more(conn: Connection) -> None:
        legs.add(
            conn, "leg-00000002", call_id(1), "other", kind="expert", label="张三", expert_id=1
        )
        legs.begin_span(conn, call_id(1), "leg-00000001", agent.seat_id, "talk")
        legs.end_span(conn, "leg-00000001")
        legs.begin_span(conn, call_id(1), "leg-00000001", agent.seat_id, "consult")

    await talking.do(more)
    async with FakeController(talking.database) as controller:
        controller.sentence = "来电人没有在等待"
        await ask(agent, "back")
    shown = (await agent.get(f"/calls/{call_id(1)}")).json
    assert [(leg["role"], leg["kind"], leg["label"]) for leg in shown["legs"]] == [
        ("caller", None, None), ("agent", None, None), ("other", "expert", "张三"),
    ]  # fmt: skip
    assert [(s["leg_id"], s["seat_name"], s["what"], s["to_ms"] is None) for s in shown["spans"]] \
        == [("leg-00000001", "agent-seat", "talk", False),
            ("leg-00000001", "agent-seat", "consult", True)]  # fmt: skip
    assert [(r["verb"], r["who"], r["state"], r["detail"]) for r in shown["requests"]] == [
        ("back", "agent-name", "refused", "来电人没有在等待")
    ]
    assert (shown["direction"], shown["state"], len(shown["parties"])) == ("in", "talking", 2)
