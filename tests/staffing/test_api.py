"""Need against staff over the API, and what a head sets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from db import audit
from db.clock import now_ms
from floor import loans, seats, staffing_doors
from floor.seats import Seat
from tests.console.conftest import (
    asterisk,
    clock,
    database,
    database_url,
    dist,
    house,
    migrated,
    server,
    settings,
)
from tests.console.house import Answer, Browser, House
from tests.floor.furnishing import new_seat

__all__ = [
    "asterisk",
    "clock",
    "database",
    "database_url",
    "dist",
    "house",
    "migrated",
    "server",
    "settings",
]

HOUR_MS = 3600 * 1000


async def staffing_of(head: Browser, queue: str = "business") -> dict[str, Any]:
    return of_queue(await head.get("/floor/staffing"), queue)


def of_queue(answer: Answer, queue: str = "business") -> dict[str, Any]:
    assert answer.status == 200, answer.body
    return next(q for q in answer.json["queues"] if q["name"] == queue)


def general_seat(conn: Connection) -> Seat:
    return seats.go_available(conn, new_seat(conn, {"general": 1}).id)


async def test_given_a_floor_when_a_head_looks_then_need_stands_against_staff(
    house: House,
) -> None:
    head = await house.signed_in("supervisor")
    lent = await house.do(general_seat)
    until_ms = now_ms() + HOUR_MS
    await house.do(loans.lend, lent.id, "business", 5, until_ms, kind="staffing", reason="wait")
    found = await staffing_of(head)
    assert (found["need_now"], found["staffed"], found["ruled"]) == (0, 1, True)
    assert found["called_in"] == [
        {"seat_id": lent.id, "name": lent.name, "until_ms": until_ms, "why": "wait"}
    ]
    assert found["override"] is None
    assert len(found["forecast"]) == 24
    first, second = found["forecast"][:2]
    assert second["from_ms"] - first["from_ms"] == 15 * 60 * 1000
    assert (await staffing_of(head, "general"))["ruled"] is False


async def test_given_a_head_when_she_overrides_then_it_holds_is_shown_and_kept(
    house: House,
) -> None:
    head = await house.signed_in("supervisor")
    until_ms = now_ms() + HOUR_MS
    asked = {"queue": "business", "mode": "hold", "until_ms": until_ms}
    answer = await head.post("/floor/staffing/override", asked)
    shown = {"mode": "hold", "until_ms": until_ms, "by": "supervisor-name"}
    assert of_queue(answer)["override"] == shown
    assert (await staffing_of(head))["override"] == shown
    back = await head.post("/floor/staffing/override", {"queue": "business", "mode": "auto"})
    assert of_queue(back)["override"] is None
    steps = await house.database.read(staffing_doors.steps_of, "business")
    assert [(s["kind"], s["detail"]["mode"]) for s in steps] == [
        ("override", "auto"),
        ("override", "hold"),
    ]
    acts = await house.database.read(audit.of_subject, "queue:business")
    assert [(act["act"], act["account_id"]) for act in acts] == [("staffing", head.account_id)] * 2


async def test_given_nonsense_when_it_is_set_then_a_sentence_says_what_is_wrong(
    house: House,
) -> None:
    head = await house.signed_in("admin")
    for body, status, code in (
        ({"queue": "general", "mode": "off"}, 422, "no-rule"),
        ({"queue": "nowhere", "mode": "off"}, 422, "no-rule"),
        ({"queue": "business", "mode": "off", "until_ms": 1}, 422, "until-past"),
        ({"queue": "business", "mode": "maybe"}, 400, "invalid"),
        ({"queue": "business"}, 400, "invalid"),
    ):
        answer = await head.post("/floor/staffing/override", body)
        assert (answer.status, answer.problem) == (status, code), body
    assert await house.database.read(staffing_doors.steps_of, "business") == []


async def test_given_an_agent_then_staffing_is_none_of_her_business(house: House) -> None:
    agent = await house.signed_in("agent")
    assert (await agent.get("/floor/staffing")).status == 403
    body = {"queue": "business", "mode": "off"}
    assert (await agent.post("/floor/staffing/override", body)).status == 403
