"""Desks: what lies on whose, how much of it is late, and that the list of each is what it counts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, update

from db.models import ticket, unit
from tests.console.house import House
from tests.console.office import (
    ESCALATED,
    FAILED,
    RATED,
    REPLIED,
    WORK,
    Office,
    open_office,
)

ON_BOTH = True

PLACED: dict[str, tuple[str, ...]] = {
    "drafts": (),
    "dispatch": ("submit",),
    "review": ("submit", "review"),
    "return": ("submit", "dispatch", "ask_return"),
    "extension": (*WORK, "ask_extension"),
    "assist": ("submit", "dispatch_both", "accept"),
    "approve": REPLIED,
    "follow_up": RATED,
    "supervise": ESCALATED,
    "sign": (*ESCALATED, "draft_finding"),
    "failed": FAILED,
}
LIES: dict[str, dict[str, list[str]]] = {
    "agent": {"drafts": ["drafts"]},
    "dispatch": {"drafts": [], "dispatch": ["dispatch"], "asks": ["return"]},
    "office": {
        "drafts": [], "asks": ["extension"], "review": ["review"],
        "lists": ["failed", "sign", "supervise"],
    },
    "lead": {"unit": ["assist", "extension", "return"], "assist": []},
    "chief": {"unit": ["assist", "extension", "return"], "assist": []},
    "side": {"unit": [], "assist": ["assist"]},
    "third": {"unit": [], "assist": []},
    "approve": {"drafts": [], "approve": ["approve"]},
    "follow_up": {"drafts": [], "follow_up": ["follow_up"]},
    "supervise": {
        "drafts": [], "supervise": ["failed", "sign", "supervise"],
        "lists": ["failed", "sign", "supervise"],
    },
    "sign": {"drafts": [], "sign": ["sign"], "lists": ["failed", "sign", "supervise"]},
    "supervisor": {
        "drafts": ["drafts"], "dispatch": ["dispatch"], "asks": ["extension", "return"],
        "review": ["review"], "approve": ["approve"], "follow_up": ["follow_up"],
        "supervise": ["failed", "sign", "supervise"], "lists": ["failed", "sign", "supervise"],
    },
    "admin": {},
}  # fmt: skip
"""By login and desk, which of `PLACED` lie there; a desk that is not named is not seen."""


async def placed(office: Office) -> dict[int, str]:
    """One ticket in each place, by id."""
    return {(await office.ticket(*way)).id: name for name, way in PLACED.items()}


async def on_desk(who: Any, desk: str, **query: Any) -> list[int]:
    answer = await who.get("/tickets", params={"desk": desk, **query})
    assert answer.status == 200, answer.json
    assert answer.json["total"] == len(answer.json["items"])
    return [row["id"] for row in answer.json["items"]]


async def test_given_tickets_everywhere_then_each_lies_on_the_desks_of_who_must_act(
    house: House,
) -> None:
    names = await placed(await open_office(house))
    for login, expected in LIES.items():
        who = await house.signed_in(login)
        desks = (await who.get("/desks")).json["items"]
        # What no ticket lies on (意见建议) has tests of its own.
        on_tickets = {d["name"]: d["count"] for d in desks if d["name"] != "digests"}
        assert on_tickets == {name: len(found) for name, found in expected.items()}, login
        assert all(d["late"] == 0 and d["label"] for d in desks)
        for name, found in expected.items():
            assert sorted(names[i] for i in await on_desk(who, name)) == found, (login, name)


async def test_given_a_desk_that_is_not_hers_then_it_is_empty(house: House) -> None:
    office = await open_office(house)
    await office.ticket("submit", "dispatch_both")
    await office.ticket("submit", "flag_special")
    for login, desk in (("agent2", "dispatch"), ("lead", "lists"), ("approve", "sign")):
        assert await on_desk(await house.signed_in(login), desk) == []
    answer = await (await house.signed_in("agent")).get("/tickets?desk=kitchen")
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "desk")


def _due(conn: Connection, ticket_id: int, due_ms: int) -> None:
    conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(due_ms=due_ms))


async def test_given_late_ones_then_they_are_counted_shown_and_on_top(house: House) -> None:
    office = await open_office(house)
    ids = [(await office.ticket("submit")).id for _ in range(3)]
    await house.do(_due, ids[1], 1_000_000_000_000)
    await house.do(_due, ids[2], 1_000_000_000_001)
    who = await house.signed_in("dispatch")
    desks = {d["name"]: d for d in (await who.get("/desks")).json["items"]}
    assert (desks["dispatch"]["count"], desks["dispatch"]["late"]) == (3, 2)
    assert await on_desk(who, "dispatch") == [ids[1], ids[2], ids[0]]
    assert await on_desk(who, "dispatch", late="true") == [ids[1], ids[2]]
    assert await on_desk(who, "dispatch", order="newest") == ids[::-1]
    row = (await who.get("/tickets?desk=dispatch")).json["items"][0]
    assert (row["due_kind"], row["left"]["late"]) == ("dispatch", True)
    assert row["left"]["words"].startswith("逾期")


async def test_given_units_in_a_tree_then_the_upper_sees_and_finds_what_the_lower_has(
    house: House,
) -> None:
    office = await open_office(house)
    lead, side, _ = office.units
    made = await office.ticket("submit", "dispatch")
    assert await on_desk(await house.signed_in("side"), "unit") == []
    await house.do(_lies_in, lead, side)
    upper = await house.signed_in("side")
    assert await on_desk(upper, "unit") == [made.id]
    head = await house.signed_in("supervisor")
    found = (await head.get(f"/tickets?unit_id={side}")).json["items"]
    assert [(r["id"], r["unit_name"], r["class_label"]) for r in found] == [
        (made.id, "市场监管局", "政务服务质量、效率")
    ]
    assert (await head.get(f"/tickets?unit_id={office.units[2]}")).json["items"] == []


def _lies_in(conn: Connection, unit_id: int, parent_id: int) -> None:
    conn.execute(update(unit).where(unit.c.id == unit_id).values(parent_id=parent_id))


async def test_given_the_session_then_it_says_duties_and_unit(house: House) -> None:
    office = await open_office(house)
    said = {}
    for login in ("agent", "sign", "supervisor", "admin", "chief", "unit"):
        session = (await (await house.signed_in(login)).get("/session")).json
        said[login] = (session["duties"], session["unit"])
    every = ["approve", "dispatch", "follow_up", "office", "supervise"]
    assert said == {
        "agent": ([], None),
        "sign": (["sign"], None),
        "supervisor": (every, None),
        "admin": ([], None),
        "chief": ([], {"id": office.units[0], "name": "市场监管局", "head": True}),
        "unit": ([], None),
    }


async def test_given_poor_ratings_then_the_lists_have_them_with_their_units(house: House) -> None:
    office = await open_office(house)
    once = await office.ticket(*RATED, "poor")
    failed = await office.ticket(*FAILED)
    head = await house.signed_in("supervise")
    for name, ids in {
        "poor": [failed.id, once.id],
        "responsibility": [failed.id],
        "rectification": [failed.id],
    }.items():
        page = (await head.get(f"/lists/{name}")).json
        assert sorted(r["ticket_id"] for r in page["items"]) == sorted(ids), name
        assert page["total"] == len(ids)
        assert {r["unit_name"] for r in page["items"]} == {"市场监管局"}
        assert (await head.get(f"/lists/{name}?open=false")).json["items"] == []
    await office.go_on(once.id, "accept", "contact", "reply", "approve", "follow_up")
    closed = (await head.get("/lists/poor?open=false")).json["items"]
    assert [(r["ticket_id"], r["state"]) for r in closed] == [(once.id, "closed")]
    lead, third = await house.signed_in("lead"), await house.signed_in("third")
    assert [r["ticket_id"] for r in (await lead.get("/lists/poor")).json["items"]] == [failed.id]
    assert (await third.get("/lists/poor")).json["items"] == []
    assert (await head.get("/lists/laundry")).status == 400


async def test_given_papers_then_each_is_read_by_whom_it_is_for(house: House) -> None:
    office = await open_office(house)
    made = await office.ticket(*ESCALATED)
    drafter = await house.signed_in("supervise")
    (draft,) = [
        m for m in (await drafter.get(f"/tickets/{made.id}")).json["moves"]
        if m["name"] == "draft_finding"
    ]  # fmt: skip
    begun = {f["name"]: f["suggested"] for f in draft["fields"]}["letter"]
    assert "市场监管局" in begun
    assert made.number in begun
    await office.go_on(made.id, "draft_finding")
    signer = await house.signed_in("sign")
    waiting = (await signer.get("/papers?state=to_sign")).json["items"]
    assert [(p["kind"], p["ticket_id"], p["unit_name"]) for p in waiting] == [
        ("finding", made.id, "市场监管局"),
        ("rectification_letter", made.id, "市场监管局"),
    ]
    finding, letter = (p["id"] for p in waiting)
    lead = await house.signed_in("lead")
    assert (await lead.get(f"/papers/{letter}")).status == 404
    assert (await lead.get(f"/tickets/{made.id}")).json["papers"] == []
    agent = await house.signed_in("agent")
    assert (await agent.get(f"/papers/{finding}")).status == 404
    assert [p["kind"] for p in (await agent.get("/papers")).json["items"]] == [
        "rectification_letter"
    ]
    await office.go_on(made.id, "order_rectification")
    assert (await signer.get("/papers")).json["items"] == []
    assert len((await signer.get("/papers?state=signed")).json["items"]) == 2
    printed = (await lead.get(f"/papers/{letter}")).json
    assert (printed["title"], printed["to"], printed["state"]) == ("整改函", "市场监管局", "signed")
    assert printed["number"].startswith("营商整改〔")
    assert (printed["drafted_by"], printed["signed_by"]) == ("supervise-name", "sign-name")
    assert printed["paragraphs"] == [{"label": "内容", "text": "整改要求：已核实"}]
    assert [p["kind"] for p in (await lead.get(f"/tickets/{made.id}")).json["papers"]] == [
        "rectification_letter"
    ]
    third = await house.signed_in("third")
    assert (await third.get(f"/papers/{letter}")).status == 404
