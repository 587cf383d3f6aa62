"""People: accounts, roles, units, duties, seats and new passwords, as the administrator keeps them."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import WSMsgType
from sqlalchemy import Connection, select, update

from agent_console.passwords import new_password
from db.models import account, audit, ticket
from floor import calls, loans, seats
from tests.console.fake_asterisk import FakeAsterisk
from tests.console.house import Answer, Browser, House, call_id, talk
from tickets import people as duties_of
from tickets import store, units

ON_BOTH = True


def acts(conn: Connection) -> list[tuple[str, str, dict[str, Any]]]:
    rows = conn.execute(select(audit.c.act, audit.c.subject, audit.c.detail).order_by(audit.c.id))
    return [tuple(row) for row in rows]


def wrong(answer: Answer) -> set[str]:
    assert (answer.status, answer.problem) == (422, "wrong-fields")
    return {error["field"] for error in answer.json["errors"]}


def a_ticket_of(conn: Connection, unit_id: int) -> None:
    made = store.draft(
        conn, call_id=None, source="call", caller_hash="h", caller_masked="m", account_id=None
    )
    conn.execute(update(ticket).where(ticket.c.id == made.id).values(unit_id=unit_id))


async def two_units(house: House) -> tuple[int, int]:
    one = await house.do(units.create, None, code="scjg", name="市场监管局")
    other = await house.do(units.create, None, code="rsj", name="人社局")
    return one.id, other.id


async def change(admin: Browser, person: dict[str, Any], **fields: Any) -> Answer:
    body = {"version": person["version"], **fields}
    return await admin.ask("PATCH", f"/admin/people/{person['id']}", body)


async def of_login(admin: Browser, login: str) -> dict[str, Any]:
    items = (await admin.get("/admin/people", params={"q": login})).json["items"]
    found: dict[str, Any] = next(one for one in items if one["login"] == login)
    return found


async def test_given_a_new_person_then_she_signs_in_with_the_password_shown_once(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    unit_id, _ = await two_units(house)
    made = await admin.post(
        "/admin/people",
        {"login": "wang", "name": " 王经办 ", "role": "unit", "unit_id": unit_id, "head": True,
         "skills": []},
    )  # fmt: skip
    person, password = made.json["person"], made.json["password"]
    assert person == {
        "id": person["id"], "login": "wang", "name": "王经办", "role": "unit", "unit_id": unit_id,
        "unit_name": "市场监管局", "head": True, "duties": [], "skills": [],
        "seat_id": person["seat_id"], "open": True, "created_ms": person["created_ms"],
        "version": person["version"],
    }  # fmt: skip
    assert (await house.browser().sign_in("wang", password)).status == 200
    assert await of_login(admin, "wang") == person
    seat = await house.database.read(seats.of_account, person["id"])
    assert seat
    assert (seat.id, seat.skills) == (person["seat_id"], {})
    actor = await house.database.read(duties_of.actor_of, person["id"], "unit")
    assert (set(actor.unit_ids), actor.head) == ({unit_id}, True)
    [(act, subject, detail)] = await house.database.read(acts)
    assert (act, subject) == ("person_added", f"person:{person['id']}")
    assert password not in str(detail)


async def test_given_words_then_people_are_found_by_login_name_or_unit(house: House) -> None:
    admin = await house.signed_in("admin")
    unit_id, _ = await two_units(house)
    for login, role, more in (
        ("li.ming", "unit", {"unit_id": unit_id}), ("zhao%", "agent", {}), ("zhao", "agent", {}),
    ):  # fmt: skip
        await admin.post("/admin/people", {"login": login, "name": "李明", "role": role, **more})

    async def found(**asked: Any) -> list[str]:
        answer = await admin.get("/admin/people", params=asked)
        return [one["login"] for one in answer.json["items"]]

    assert await found() == [
        "admin", "agent", "agent2", "expert", "li.ming", "supervisor", "unit", "zhao",
    ]  # fmt: skip
    assert await found(q="LI.") == ["li.ming"]
    assert await found(q="监管 李") == ["li.ming"]
    assert await found(q="zh%o") == []
    assert await found(q="agent-name") == ["agent"]
    assert await found(unit_id=unit_id) == ["li.ming"]


async def test_given_a_person_that_could_not_be_then_all_fields_are_told_and_none_is_made(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    unit_id, closed = await two_units(house)
    await house.do(units.change, None, closed, 1, open=False)
    before = (await admin.get("/admin/people")).json["items"]

    async def refused(**body: Any) -> set[str]:
        person = {"login": "wang", "name": "王", "role": "agent", **body}
        return wrong(await admin.post("/admin/people", person))

    twice = [{"queue": "business"}, {"queue": "business", "level": 2}]
    nowhere = [{"queue": "nowhere"}]
    assert await refused(login="Wang", name=" ", unit_id=unit_id, head=True, skills=nowhere) == {
        "login", "name", "unit_id", "head", "skills",
    }  # fmt: skip
    assert await refused(login="agent", duties=["dispatch", "cook"], skills=twice) == {
        "login", "duties", "skills",
    }  # fmt: skip
    assert await refused(duties=["sign"]) == {"duties"}
    assert await refused(role="unit", duties=["dispatch"]) == {"unit_id", "duties"}
    assert await refused(role="unit", unit_id=closed) == {"unit_id"}
    assert await refused(role="unit", unit_id=99) == {"unit_id"}
    assert await refused(role="admin", duties=["office"]) == {"duties"}
    business = [{"queue": "business"}]
    assert await refused(role="unit", unit_id=unit_id, skills=business) == {"skills"}
    assert (await admin.get("/admin/people")).json["items"] == before
    assert await house.database.read(acts) == []


async def test_given_two_administrators_then_the_second_is_told_how_it_stands(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    seen = await of_login(admin, "supervisor")
    first = await change(admin, seen, duties=["sign", "supervise"])
    assert first.json["duties"] == ["sign", "supervise"]
    late = await change(admin, seen, duties=[])
    assert (late.status, late.problem) == (409, "version-old")
    assert late.json["current"] == first.json
    back = await change(admin, first.json, duties=[], name="班长")
    assert (back.json["duties"], back.json["name"]) == ([], "班长")
    gone = await admin.ask("PATCH", "/admin/people/999", {"version": 1})
    assert gone.status == 404
    details = [detail for _, _, detail in await house.database.read(acts)]
    assert details == [{"what": ["duties"]}, {"what": ["name", "duties"]}]


async def test_given_another_role_then_what_belonged_to_the_old_one_goes(house: House) -> None:
    admin, member = await house.signed_in("admin"), await house.signed_in("unit")
    unit_id, other = await two_units(house)
    person = await of_login(admin, "unit")
    placed = (await change(admin, person, unit_id=unit_id, head=True)).json
    assert (placed["unit_id"], placed["head"]) == (unit_id, True)
    assert (await member.get("/session")).status == 401
    moved = (await change(admin, placed, unit_id=other)).json
    assert moved["unit_name"] == "人社局"
    assert (await change(admin, moved, role="agent", duties=["approve"])).json == {
        **moved, "role": "agent", "unit_id": None, "unit_name": None, "head": False,
        "duties": ["approve"], "version": (await of_login(admin, "unit"))["version"],
    }  # fmt: skip


async def test_given_skills_then_the_seat_has_them_and_what_is_lent_stays(
    house: House,
) -> None:
    admin = await house.signed_in("admin")
    agent = await of_login(admin, "agent")
    assert agent["skills"] == [{"queue": "business", "level": 1}]
    until_ms = 2**42
    await house.do(loans.lend, agent["seat_id"], "general", 3, until_ms)
    assert (await of_login(admin, "agent")) == agent
    business = {"queue": "business", "level": 2}
    changed = (await change(admin, agent, skills=[business])).json
    assert changed["skills"] == [business]
    seat = await house.database.read(seats.get, agent["seat_id"])
    assert seat
    assert seat.skills == {"business": 2, "general": 3}
    assert wrong(await change(admin, changed, skills=None)) == {"skills"}
    expert = await of_login(admin, "expert")
    assert (expert["skills"], expert["seat_id"]) == (None, None)
    seated = (await change(admin, expert, skills=[])).json
    assert seated["skills"] == []
    assert seated["seat_id"] is not None


async def test_given_a_closed_account_then_her_pages_close_and_her_telephone_goes(
    house: House, asterisk: FakeAsterisk
) -> None:
    admin, agent = await house.signed_in("admin"), await house.signed_in("agent")
    socket = await agent.live()
    assert (await socket.receive_json())["type"] == "hello"
    assert (await agent.post("/seat/phone")).status == 200
    assert asterisk.pushed
    await house.do(seats.set_phone, agent.seat_id, True)
    await house.do(seats.go_available, agent.seat_id)
    closed = await change(admin, await of_login(admin, "agent"), open=False)
    assert closed.json["open"] is False
    while (message := await socket.receive(timeout=10)).type is WSMsgType.TEXT:
        continue
    assert message.type is WSMsgType.CLOSE
    assert (await agent.get("/session")).status == 401
    assert (await house.browser().sign_in("agent")).status == 401
    seat = await house.database.read(seats.get, agent.seat_id)
    assert seat
    assert (seat.state, seat.reason) == ("offline", "signed_out")
    assert asterisk.pushed == {}
    opened = await change(admin, closed.json, open=True)
    assert opened.json["open"] is True
    assert (await house.browser().sign_in("agent")).status == 200


async def test_given_a_person_in_a_call_then_she_is_not_closed_under_it(house: House) -> None:
    admin, agent = await house.signed_in("admin"), await house.signed_in("agent")
    await house.do(talk, agent.seat_id, agent.account_id)
    person = await of_login(admin, "agent")
    refused = await change(admin, person, open=False)
    assert (refused.status, refused.problem) == (409, "in-use")
    assert "正在通话" in refused.json["detail"]
    renewing = await admin.post(f"/admin/people/{agent.account_id}/password")
    assert (renewing.status, renewing.problem) == (409, "in-use")
    assert (await agent.get("/session")).status == 200
    assert (await change(admin, person, name="话务员")).status == 200
    assert await house.database.read(calls.get, call_id(1))


async def test_given_the_last_administrator_then_she_stays(house: House) -> None:
    admin = await house.signed_in("admin")
    own = await of_login(admin, "admin")
    for fields in ({"open": False}, {"role": "supervisor"}):
        refused = await change(admin, own, **fields)
        assert (refused.status, refused.problem) == (409, "in-use")
    made = await admin.post("/admin/people", {"login": "chief", "name": "另一", "role": "admin"})
    second = house.browser()
    assert (await second.sign_in("chief", made.json["password"])).status == 200
    assert (await change(second, own, open=False)).status == 200
    alone = await of_login(second, "chief")
    assert (await change(second, alone, open=False)).status == 409


async def test_given_a_unit_with_open_tickets_then_its_last_person_stays(house: House) -> None:
    admin = await house.signed_in("admin")
    unit_id, other = await two_units(house)
    person = (await change(admin, await of_login(admin, "unit"), unit_id=unit_id)).json
    await house.do(a_ticket_of, unit_id)
    for fields in ({"open": False}, {"unit_id": other}, {"role": "agent"}):
        refused = await change(admin, person, **fields)
        assert (refused.status, refused.problem) == (409, "in-use"), fields
        assert "市场监管局还有 1 件" in refused.json["detail"]
    more = {"login": "wang", "name": "王", "role": "unit", "unit_id": unit_id}
    assert (await admin.post("/admin/people", more)).status == 200
    assert (await change(admin, person, open=False)).status == 200


async def test_given_a_new_password_then_the_old_one_and_its_sessions_end(house: House) -> None:
    admin, agent = await house.signed_in("admin"), await house.signed_in("agent")
    renewed = await admin.post(f"/admin/people/{agent.account_id}/password")
    password = renewed.json["password"]
    assert renewed.json["person"]["login"] == "agent"
    assert (await agent.get("/session")).status == 401
    assert (await house.browser().sign_in("agent")).status == 401
    assert (await house.browser().sign_in("agent", password)).status == 200
    assert (await admin.post("/admin/people/999/password")).status == 404
    kept = await house.database.read(
        lambda conn: conn.execute(select(account.c.password_hash)).scalars().all()
    )
    assert not [one for one in kept if password in one]
    assert [act for act, _, _ in await house.database.read(acts)] == ["person_password_renewed"]


async def test_given_her_own_new_password_then_the_page_that_asked_for_it_goes_on(
    house: House,
) -> None:
    admin, elsewhere = await house.signed_in("admin"), house.browser()
    assert (await elsewhere.sign_in("admin")).status == 200
    renewed = await admin.post(f"/admin/people/{admin.account_id}/password")
    assert renewed.status == 200
    assert (await admin.get("/session")).status == 200
    assert (await elsewhere.get("/session")).status == 401


def test_given_new_passwords_then_no_two_are_the_same_and_all_can_be_typed() -> None:
    made = {new_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(one) == 19 and one.replace("-", "").isalnum() for one in made)
    assert not set("il1o0") & set("".join(made))


@pytest.mark.parametrize("role", ["agent", "expert", "unit"])
async def test_given_another_role_then_nothing_of_the_administration_is_shown(
    house: House, role: str
) -> None:
    person = await house.signed_in(role)
    for path in ("units", "people", "classes", "catalogue", "texts", "intake-keys"):
        answer = await person.get(f"/admin/{path}")
        assert (answer.status, answer.problem) == (403, "forbidden"), path
