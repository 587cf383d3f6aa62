"""Every move through the API: by who may, by who may not, and two people at one ticket."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection, update

from db.models import ticket
from floor import calls, seats
from tests.console.house import Answer, Browser, House, call_id, talk
from tests.console.office import (
    ESCALATED,
    FAILED,
    RATED,
    RECTIFYING,
    REPLIED,
    WORK,
    allow_suspension,
    open_office,
)
from tests.tickets.filled import filled
from tickets import catalogue
from tickets.rules.clauses import in_words
from tickets.rules.table import BY_NAME, MOVES

UNIT_MOVES = WORK[:2]


@dataclass(frozen=True)
class Case:
    """Through which moves a ticket gets there, who may, who may not, what the form says."""

    way: tuple[str, ...]
    right: str
    wrong: str
    form: dict[str, Any] = field(default_factory=dict)
    state: str | None = None
    """The state after; None: an act, which leaves it."""
    fields: dict[str, Any] = field(default_factory=dict)


CASES: dict[str, Case] = {
    "answer": Case((), "agent", "agent2", state="closed", fields={"disposition": "answered"}),
    "reject": Case((), "agent", "agent2", state="rejected", fields={"disposition": "not_accepted"}),
    "merge": Case((), "agent", "agent2", state="merged"),
    "submit": Case((), "agent", "agent2", state="to_dispatch"),
    "dispatch": Case(("submit",), "dispatch", "approve", state="to_accept"),
    "review": Case(("submit",), "dispatch", "approve", state="in_review"),
    "rule": Case(("submit", "review"), "office", "dispatch", state="to_accept"),
    "flag_special": Case(("submit",), "office", "dispatch"),
    "sign_special": Case(("submit", "flag_special"), "sign", "office"),
    "accept": Case(UNIT_MOVES, "lead", "dispatch", state="in_progress"),
    "ask_return": Case(UNIT_MOVES, "lead", "dispatch"),
    "agree_return": Case((*UNIT_MOVES, "ask_return"), "dispatch", "lead", state="to_dispatch"),
    "refuse_return": Case((*UNIT_MOVES, "ask_return"), "dispatch", "lead"),
    "ask_extension": Case(WORK, "lead", "office"),
    "agree_extension": Case((*WORK, "ask_extension"), "office", "lead"),
    "refuse_extension": Case((*WORK, "ask_extension"), "office", "lead"),
    "ask_suspension": Case(WORK, "chief", "office"),
    "suspend": Case((*WORK, "ask_suspension"), "office", "lead", state="suspended"),
    "refuse_suspension": Case((*WORK, "ask_suspension"), "office", "lead"),
    "resume": Case((*WORK, "ask_suspension", "suspend"), "lead", "approve", state="in_progress"),
    "contact": Case(WORK, "lead", "office"),
    "assist_reply": Case(("submit", "dispatch_both", "accept"), "side", "lead"),
    "reply": Case((*WORK, "contact"), "lead", "approve", state="to_approve"),
    "send_back": Case(REPLIED, "approve", "lead", state="in_progress"),
    "approve": Case(REPLIED, "approve", "lead", state="to_follow_up"),
    "follow_up": Case(RATED, "follow_up", "lead", state="closed"),
    "draft_finding": Case(ESCALATED, "supervise", "sign"),
    "return_draft": Case((*ESCALATED, "draft_finding"), "sign", "supervise"),
    "order_rectification": Case(
        (*ESCALATED, "draft_finding"), "sign", "supervise", state="rectifying"
    ),
    "dismiss": Case(ESCALATED, "sign", "supervise", state="closed"),
    "rectify": Case((*RECTIFYING, "contact"), "lead", "supervise", state="to_follow_up"),
    "draft_report": Case(FAILED, "supervise", "lead"),
    "report_to_discipline": Case(
        (*FAILED, "draft_report"), "sign", "supervise", state="reported_to_discipline"
    ),
    "conclude": Case(
        (*FAILED, "draft_report", "report_to_discipline"), "supervise", "sign", state="closed"
    ),
    "ask_termination": Case(WORK, "lead", "office"),
    "terminate": Case((*WORK, "ask_termination"), "office", "lead", state="terminated"),
    "refuse_termination": Case((*WORK, "ask_termination"), "office", "lead"),
    "urge": Case(WORK, "supervise", "lead"),
    "supervise": Case(WORK, "supervise", "office"),
    "note": Case(WORK, "approve", "agent2"),
}


async def ask(who: Browser, ticket_id: int, version: int, move: str, form: Any) -> Answer:
    body = {"version": version, "move": move, "form": form}
    return await who.post(f"/tickets/{ticket_id}/moves", body)


async def move(who: Browser, ticket_id: int, name: str, **form: Any) -> Answer:
    """Do a move with what the form lacks filled in, at the version that stands."""
    seen = (await who.get(f"/tickets/{ticket_id}")).json
    return await ask(who, ticket_id, seen["version"], name, filled(BY_NAME[name], **form))


def named(answer: Any, what: str) -> list[str]:
    return [one["name"] for one in answer[what]]


def test_given_the_table_then_every_move_of_a_person_has_its_case() -> None:
    assert set(CASES) == {m.name for m in MOVES if m.who != ("system",)}


async def test_given_each_move_then_who_may_does_it_and_who_may_not_hears_the_clause(
    house: House,
) -> None:
    office = await open_office(house)
    await house.do(allow_suspension)
    into = await office.ticket("submit")
    for name, case in CASES.items():
        made = await office.ticket(*case.way, **case.fields)
        row = BY_NAME[name]
        more: dict[str, Any] = {"unit_id": office.units[0]} if name in ("dispatch", "rule") else {}
        if name == "merge":
            more = {"into": into.id}
        form = filled(row, **more, **case.form)
        wrong = await house.signed_in(case.wrong)
        refused = await ask(wrong, made.id, made.version, name, form)
        assert (refused.status, refused.problem) == (409, "move-refused"), name
        (reason,) = refused.json["reasons"]
        assert (reason["message"][0], reason["basis"]) == ("由", in_words(row.basis)), name
        assert name not in named(refused.json, "allowed")

        right = await house.signed_in(case.right)
        seen = (await right.get(f"/tickets/{made.id}")).json
        assert name in named(seen, "moves"), (name, seen["refused"])
        assert seen["version"] == made.version, name
        done = await ask(right, made.id, made.version, name, form)
        assert done.status == 200, (name, done.json)
        assert done.json["state"] == (case.state or made.state), name
        assert done.json["version"] == made.version + 1
        last = [step for step in done.json["timeline"] if step["move"]][-1]
        carried_out = {"follow_up": "settle"}.get(name, name)
        assert (last["move"], last["who"]) == (carried_out, f"{case.right}-name"), name


async def test_given_two_people_when_both_move_then_the_second_is_told_what_changed(
    house: House,
) -> None:
    office = await open_office(house)
    made = await office.ticket("submit")
    first, second = await house.signed_in("dispatch"), await house.signed_in("supervisor")
    await first.ask("PATCH", f"/tickets/{made.id}", {"version": made.version, "company": "甲公司"})
    done = await move(first, made.id, "review", reason="职责不清")
    assert done.status == 200
    form = filled(BY_NAME["dispatch"], unit_id=office.units[0])
    late = await ask(second, made.id, made.version, "dispatch", form)
    assert (late.status, late.problem) == (409, "version-old")
    assert late.json["current"]["version"] == made.version + 2
    assert [(c["who"], c["words"]) for c in late.json["changes"]] == [
        ("dispatch-name", "修改了企业名称"),
        ("dispatch-name", "提请联席研判，工单转为“研判中”：职责不清"),
    ]
    assert late.json["current"]["moves"] != []
    nothing = (await second.get(f"/tickets/{made.id}")).json
    assert nothing["unit"] is None


async def test_given_a_form_with_mistakes_then_422_names_all_of_them(house: House) -> None:
    office = await open_office(house)
    made = await office.ticket("submit")
    who = await house.signed_in("dispatch")
    form = {"unit_id": 999, "assisting": "x", "difficulty": "hard", "more": 1, "note": ["a"]}
    answer = await ask(who, made.id, made.version, "dispatch", form)
    assert (answer.status, answer.problem) == (422, "form-unfit")
    assert {e["field"] for e in answer.json["errors"]} == {
        "assisting",
        "difficulty",
        "more",
        "note",
    }
    form = {"unit_id": 999, "difficulty": "simple"}
    answer = await ask(who, made.id, made.version, "dispatch", form)
    assert [e["field"] for e in answer.json["errors"]] == ["unit_id"]
    answer = await ask(who, made.id, made.version, "fly", {})
    assert (answer.status, answer.problem) == (422, "unknown-move")
    assert (await who.get(f"/tickets/{made.id}")).json["version"] == made.version


@pytest.mark.slow
async def test_given_a_guard_then_its_clause_is_named_and_what_would_go_instead(
    house: House,
) -> None:
    office = await open_office(house)
    made = await office.ticket(*WORK)
    who = await house.signed_in("lead")
    seen = (await who.get(f"/tickets/{made.id}")).json
    assert "contact" in named(seen, "moves")
    assert {"name": "reply", "label": "提交答复", "reasons": [
        {"message": "请先联系来电人并登记", "basis": "庆政办发〔2023〕48号 二（二）1"}
    ]} in seen["refused"]  # fmt: skip
    answer = await move(who, made.id, "reply")
    assert (answer.status, answer.problem) == (409, "move-refused")
    assert answer.json["reasons"] == [
        {"message": "请先联系来电人并登记", "basis": "庆政办发〔2023〕48号 二（二）1"}
    ]
    assert {"name": "contact", "label": "登记联系来电人"} in answer.json["allowed"]
    assert "请先联系来电人并登记" in answer.json["detail"]


async def test_given_a_dispatch_then_units_are_offered_and_the_complained_of_is_not(
    house: House,
) -> None:
    office = await open_office(house)
    made = await office.ticket("submit")
    lead, side, third = office.units
    who = await house.signed_in("supervisor")
    body = {"version": made.version, "complained_unit_id": third, "region": "450902"}
    assert (await who.ask("PATCH", f"/tickets/{made.id}", body)).status == 200
    await house.do(_rule_of, "service_quality", "", side)
    seen = (await who.get(f"/tickets/{made.id}")).json
    assert (seen["complained_unit_name"], seen["region"]) == ("住建局", "450902")
    (dispatch,) = [m for m in seen["moves"] if m["name"] == "dispatch"]
    fields = {f["name"]: f for f in dispatch["fields"]}
    offered = [c["value"] for c in fields["unit_id"]["choices"]]
    assert offered[0] == fields["unit_id"]["suggested"] == side
    assert set(offered) == {lead, side}
    assert [c["value"] for c in fields["difficulty"]["choices"]] == [
        "simple", "ordinary", "difficult",
    ]  # fmt: skip
    suggested = (await who.get("/tickets/suggested-unit?class=service_quality")).json
    assert suggested == {"unit": {"id": side, "name": "人社局"}, "assisting": []}
    nobody = (await who.get("/tickets/suggested-unit?class=unheard-of&region=99")).json
    assert nobody == {"unit": None, "assisting": []}
    form = filled(BY_NAME["dispatch"], unit_id=third)
    answer = await ask(who, made.id, seen["version"], "dispatch", form)
    assert (answer.status, [e["field"] for e in answer.json["errors"]]) == (422, ["unit_id"])


def _rule_of(conn: Connection, code: str, region: str, unit_id: int) -> None:
    catalogue.put(conn, None, code, region, unit_id, [])


async def test_given_a_unit_then_it_sees_only_its_own_and_nothing_of_the_reporter(
    house: House,
) -> None:
    office = await open_office(house)
    made = await office.ticket("submit", "dispatch_both")
    against = await office.ticket(*UNIT_MOVES)
    await house.do(_complain, against.id, office.units[2])
    for login, expected, asked in (
        ("lead", 200, 200), ("chief", 200, 200), ("side", 200, 200), ("third", 404, 404),
    ):  # fmt: skip
        who = await house.signed_in(login)
        assert (await who.get(f"/tickets/{made.id}")).status == expected, login
        preview = await who.post(f"/tickets/{made.id}/preview", {"move": "accept"})
        assert preview.status == asked, login
        listed = (await who.get("/tickets")).json["items"]
        assert (made.id in [t["id"] for t in listed]) == (expected == 200), login
    third = await house.signed_in("third")
    gone = await ask(third, made.id, made.version, "accept", {})
    assert (gone.status, gone.problem) == (404, "not-found")
    lead = await house.signed_in("lead")
    seen = (await lead.get(f"/tickets/{against.id}")).json
    assert (seen["complained_unit_id"], seen["complained_unit_name"]) == (None, None)
    assert (seen["repeats"], seen["recordings"], seen["call_id"]) == (None, [], None)
    assert seen["contact"]["number_masked"] == "138****0001"
    assert all(step["kind"] in ("drafted", "edited", "moved") for step in seen["timeline"])
    edited = [s for s in seen["timeline"] if s["kind"] == "edited"]
    assert all("complained_unit_id" not in s["detail"]["what"] for s in edited)
    # One that complains of them, whoever handles it, they never see.
    await house.do(_complain, made.id, office.units[1])
    side = await house.signed_in("side")
    assert (await side.get(f"/tickets/{made.id}")).status == 404
    assert [t["id"] for t in (await side.get("/tickets")).json["items"]] == []


def _complain(conn: Connection, ticket_id: int, unit_id: int) -> None:
    conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(complained_unit_id=unit_id))


def _give_to(conn: Connection, ticket_id: int, unit_id: int) -> None:
    conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(unit_id=unit_id))


async def test_given_a_unit_then_it_cannot_ask_who_called(house: House) -> None:
    office = await open_office(house)
    agent = await house.signed_in("agent")
    made = await house.do(talk, agent.seat_id, agent.account_id)
    await house.do(
        lambda conn: (
            conn.execute(
                update(ticket).where(ticket.c.id == made.id).values(unit_id=office.units[0])
            ).rowcount
        )
    )
    lead = await house.signed_in("lead")
    assert [t["id"] for t in (await lead.get("/tickets")).json["items"]] == [made.id]
    assert (await lead.get("/tickets?q=13800000001")).json["items"] == []
    assert [t["id"] for t in (await agent.get("/tickets?q=13800000001")).json["items"]] == [made.id]


async def test_given_a_move_then_its_deadlines_are_shown_before_and_set_as_shown(
    house: House,
) -> None:
    office = await open_office(house)
    made = await office.ticket("submit")
    who = await house.signed_in("dispatch")
    shown = {}
    for difficulty in ("simple", "ordinary"):
        body = {"move": "dispatch", "form": {"difficulty": difficulty}}
        answer = await who.post(f"/tickets/{made.id}/preview", body)
        assert answer.status == 200, answer.json
        shown[difficulty] = answer.json["terms"]
        assert [t["kind"] for t in shown[difficulty]] == ["accept", "done"]
        assert [t["label"] for t in shown[difficulty]] == ["签收", "办结"]
    assert shown["simple"][1]["due_ms"] < shown["ordinary"][1]["due_ms"]
    done = await move(who, made.id, "dispatch", unit_id=office.units[0], difficulty="ordinary")
    open_terms = [t for t in done.json["terms"] if t["ended_ms"] is None]
    assert [(t["kind"], t["due_ms"]) for t in open_terms] == [
        (t["kind"], t["due_ms"]) for t in shown["ordinary"]
    ]
    assert (done.json["due_kind"], done.json["left"]["late"]) == ("accept", False)
    assert done.json["left"]["words"].startswith("剩")
    refused = await who.post(f"/tickets/{made.id}/preview", {"move": "dispatch", "form": {}})
    assert (refused.status, refused.json) == (200, {"terms": []})
    assert (await who.post("/tickets/999/preview", {"move": "dispatch"})).status == 404


async def test_given_an_extension_then_the_new_date_is_shown_before(house: House) -> None:
    office = await open_office(house)
    made = await office.ticket(*WORK)
    lead = await house.signed_in("lead")
    body = {"move": "ask_extension", "form": {"days": 3}}
    asked = (await lead.post(f"/tickets/{made.id}/preview", body)).json["terms"]
    before = (await lead.get(f"/tickets/{made.id}")).json
    assert [t["kind"] for t in asked] == ["done"]
    assert asked[0]["due_ms"] > before["due_ms"]
    await move(lead, made.id, "ask_extension", days=3)
    who = await house.signed_in("office")
    body = {"move": "agree_extension", "form": {}}
    agreed = (await who.post(f"/tickets/{made.id}/preview", body)).json["terms"]
    assert agreed == asked
    done = await move(who, made.id, "agree_extension")
    assert done.json["due_ms"] == asked[0]["due_ms"]
    assert (done.json["extended"], done.json["asks"][0]["agreed"]) == (3, True)


@pytest.mark.parametrize("name", ["answer", "reject", "submit"])
async def test_given_wrap_up_when_its_draft_is_moved_on_then_it_ends(
    house: House, name: str
) -> None:
    agent = await house.signed_in("agent")
    made = await house.do(talk, agent.seat_id, agent.account_id)
    await house.do(calls.end, call_id(1), "caller_hung_up")
    await house.do(seats.end_call, agent.seat_id, 60.0)
    body = {
        "version": 1, "type": "complaint", "content_class": "service_quality", "text": "慢",
        "disposition": "answered",
    }  # fmt: skip
    assert (await agent.ask("PATCH", f"/tickets/{made.id}", body)).status == 200
    done = await move(agent, made.id, name)
    assert done.status == 200, done.json
    assert (await agent.get("/seat")).json["state"] == "available"


async def test_given_a_submitted_ticket_then_it_may_be_corrected_until_a_unit_has_it(
    house: House,
) -> None:
    office = await open_office(house)
    made = await office.ticket("submit")
    path = f"/tickets/{made.id}"
    agent, who = await house.signed_in("agent"), await house.signed_in("dispatch")
    body: dict[str, Any] = {"version": made.version, "text": "改过的内容"}
    late = await agent.ask("PATCH", path, body)
    assert (late.status, late.problem) == (409, "ticket-complete")
    assert (await who.ask("PATCH", path, body)).json["text"] == "改过的内容"
    wrong = {
        "version": made.version + 1, "type": None, "credit_code": "91450900MA5KTEST0X",
        "region": "45a", "complained_unit_id": 999, "disposition": "answered",
    }  # fmt: skip
    answer = await who.ask("PATCH", path, wrong)
    assert (answer.status, answer.problem) == (422, "form-unfit")
    fields = {e["field"] for e in answer.json["errors"]}
    assert fields == {"type", "credit_code", "region", "complained_unit_id", "disposition"}
    good = {"version": made.version + 1, "credit_code": "91350100M000100Y43", "region": "450902"}
    saved = await who.ask("PATCH", path, good)
    assert (saved.status, saved.json["credit_code"]) == (200, "91350100M000100Y43")
    sent = await office.go_on(made.id, "dispatch")
    over = await who.ask("PATCH", path, {"version": sent.version, "text": "x"})
    assert (over.status, over.problem) == (409, "ticket-passed-on")
    assert (await who.get(path)).json["editable"] is False
