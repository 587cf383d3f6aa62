"""The reporter in clear: for a reason that is kept, for whom it concerns, and not too often."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from config.model import Settings
from db import Database
from db.models import account_duty, ticket_event
from tests.console.clock import Clock
from tests.console.house import SEALER, House, arrive, serve, talk
from tests.console.reporting import (
    MASKED,
    NAME,
    NUMBER,
    account_of,
    add_unit,
    complain_of,
    dispatched,
    kept,
    submitted,
)
from tickets import contacts, store
from tickets.place import Place

REASON = {"reason": "核实地址"}


async def test_a_dispatcher_sees_name_and_number_for_a_reason(
    sealing: House, settings: Settings
) -> None:
    made = await sealing.do(submitted, Place(settings))
    head = await sealing.signed_in("supervisor")
    answer = await head.post(f"/tickets/{made.id}/unmask", REASON)
    assert answer.status == 200
    assert answer.json == {"name": NAME, "number": NUMBER}
    assert answer.headers["Cache-Control"] == "no-store"


async def test_who_looked_is_kept_and_what_she_saw_is_not(
    sealing: House, settings: Settings
) -> None:
    made = await sealing.do(submitted, Place(settings))
    head = await sealing.signed_in("supervisor")
    await head.post(f"/tickets/{made.id}/unmask", REASON)

    def look(conn: Connection) -> tuple[list[Any], list[Any]]:
        from db import audit

        seen = select(ticket_event.c.account_id, ticket_event.c.detail).where(
            ticket_event.c.kind == "unmasked"
        )
        return audit.of_subject(conn, f"ticket:{made.id}"), list(conn.execute(seen))

    acts, events = await sealing.database.read(look)
    assert [(a["account_id"], a["act"], a["detail"]) for a in acts] == [
        (head.account_id, "unmasked", REASON)
    ]
    assert events == [(head.account_id, {})]


@pytest.mark.parametrize("reason", ["", " ", "因"])
async def test_without_a_reason_nothing_is_shown(
    sealing: House, settings: Settings, reason: str
) -> None:
    made = await sealing.do(submitted, Place(settings))
    head = await sealing.signed_in("supervisor")
    answer = await head.post(f"/tickets/{made.id}/unmask", {"reason": reason})
    assert (answer.status, answer.problem) == (422, "reason-missing")
    assert answer.json["errors"][0]["field"] == "reason"


async def test_whom_it_does_not_concern_sees_nothing(sealing: House, settings: Settings) -> None:
    unit_id = await sealing.do(add_unit, "市场监管局", "unit")
    made = await sealing.do(dispatched, Place(settings), unit_id)
    for login in ("agent", "expert", "admin", "unit"):
        person = await sealing.signed_in(login)
        for method, path, body in (
            ("POST", "unmask", REASON),
            ("PUT", "contact", {"name": "别人"}),
        ):
            answer = await person.ask(method, f"/tickets/{made.id}/{path}", body)
            assert answer.status == 403, (login, path)
            assert NUMBER not in answer.body.decode()
    who = await sealing.database.read(kept, made.id)
    assert who is not None
    assert SEALER.open(who.name_sealed or "") == NAME


async def test_a_duty_makes_it_ones_business(sealing: House, settings: Settings) -> None:
    made = await sealing.do(submitted, Place(settings))

    def give(conn: Connection) -> None:
        conn.execute(
            insert(account_duty), {"account_id": account_of(conn, "agent"), "duty": "follow_up"}
        )

    await sealing.do(give)
    agent = await sealing.signed_in("agent")
    assert (await agent.post(f"/tickets/{made.id}/unmask", REASON)).json["number"] == NUMBER


async def test_an_agent_sees_and_keeps_the_reporter_of_her_own_ticket(sealing: House) -> None:
    agent, other = await sealing.signed_in("agent"), await sealing.signed_in("agent2")
    own = await sealing.do(talk, agent.seat_id, agent.account_id)
    path = f"/tickets/{own.id}"
    assert (await agent.post(f"{path}/unmask", REASON)).problem == "no-reporter"
    answer = await agent.ask("PUT", f"{path}/contact", {"name": NAME, "number": NUMBER})
    assert answer.json == {"name_masked": "欧**", "number_masked": MASKED, "has_number": True}
    assert (await agent.post(f"{path}/unmask", REASON)).json == {"name": NAME, "number": NUMBER}
    answer = await agent.ask("PUT", f"{path}/contact", {"name": "王 测试"})
    assert answer.json == {"name_masked": "王**", "number_masked": MASKED, "has_number": True}
    assert (await other.post(f"{path}/unmask", REASON)).problem == "not-concerned"
    answer = await agent.ask("PUT", f"{path}/contact", {"number": "12"})
    assert (answer.status, answer.problem) == (422, "no-such-number")


async def test_one_person_opens_so_many_within_an_hour(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> None:
    few = replace(settings, intake=replace(settings.intake, unmask_an_hour=2))
    async with serve(few, database, dist, clock, seals=True) as house:
        made = await house.do(submitted, Place(settings))
        head = await house.signed_in("supervisor")
        for _ in range(2):
            assert (await head.post(f"/tickets/{made.id}/unmask", REASON)).status == 200
        answer = await head.post(f"/tickets/{made.id}/unmask", REASON)
        assert (answer.status, answer.problem) == (429, "slow-down")
        assert 3000 < int(answer.headers["Retry-After"]) <= 3600


async def test_a_ticket_that_is_over_keeps_its_reporter(sealing: House, settings: Settings) -> None:
    made = await sealing.do(submitted, Place(settings))

    def end(conn: Connection) -> None:
        from tests.console.reporting import actor
        from tests.tickets.filled import filled
        from tickets import moving
        from tickets.rules.table import BY_NAME

        other = submitted(conn, Place(settings), key="another-key-0123456")
        form = filled(BY_NAME["merge"], into=other.id)
        moving.move(
            conn, Place(settings), actor(conn, "supervisor"), made.id, made.version, "merge", form
        )

    await sealing.do(end)
    head = await sealing.signed_in("supervisor")
    answer = await head.ask("PUT", f"/tickets/{made.id}/contact", {"name": "别人"})
    assert (answer.status, answer.problem) == (409, "ticket-over")


async def test_the_caller_becomes_the_reporter_at_submit_and_never_over_another(
    database: Database,
) -> None:
    def calls(conn: Connection) -> None:
        from floor import calls as floor_calls

        one = floor_calls.begin(
            conn, call_id="c" * 32, asterisk="a", line="main", trunk="t",
            caller_hash=SEALER.find(NUMBER), caller_sealed=SEALER.seal(NUMBER),
            caller_masked=MASKED, channel="x",
        )  # fmt: skip
        first = drafted(conn, one.id)
        contacts.from_call(conn, first)
        who = contacts.of_ticket(conn, first)
        assert who is not None
        assert (who.name_sealed, who.number_masked) == (None, MASKED)
        assert SEALER.open(who.number_sealed or "") == NUMBER
        second = drafted(conn, one.id)
        contacts.keep(conn, second, contacts.Reporter(None, SEALER.seal("13800000009"), "h", "m"))
        contacts.from_call(conn, second)
        who = contacts.of_ticket(conn, second)
        assert who is not None
        assert SEALER.open(who.number_sealed or "") == "13800000009"
        third = drafted(conn, one.id)
        contacts.keep(conn, third, contacts.Reporter(SEALER.seal(NAME)))
        contacts.from_call(conn, third)
        shown = contacts.masked(SEALER, contacts.of_ticket(conn, third))
        assert shown == contacts.Masked("欧**", MASKED, True)

    await database.write(calls)


async def test_a_caller_who_withholds_his_number_leaves_none(database: Database) -> None:
    def calls(conn: Connection) -> None:
        one = arrive(conn)
        conn.exec_driver_sql("UPDATE call SET caller_masked = '未显示号码'")
        ticket_id = drafted(conn, one.id)
        contacts.from_call(conn, ticket_id)
        assert not contacts.exists(conn, ticket_id)
        assert not contacts.reachable(conn, ticket_id)
        assert contacts.masked(SEALER, None) == contacts.Masked("", "", False)

    await database.write(calls)


def drafted(conn: Connection, call_id: str) -> int:
    return store.draft(
        conn, call_id=call_id, source="call", caller_hash="h", caller_masked="m", account_id=None
    ).id


async def test_a_unit_that_is_complained_of_finds_no_ticket_at_all(
    sealing: House, settings: Settings
) -> None:
    handling = await sealing.do(add_unit, "市场监管局")
    complained = await sealing.do(add_unit, "城管局", "unit")
    made = await sealing.do(dispatched, Place(settings), handling)
    await sealing.do(complain_of, made.id, complained)
    unit = await sealing.signed_in("unit")
    for path in ("", "/attachments"):
        answer = await unit.get(f"/tickets/{made.id}{path}")
        assert answer.status in (403, 404)
        assert MASKED not in answer.body.decode()
