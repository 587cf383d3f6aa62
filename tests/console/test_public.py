"""Citizens without signing in: a matter by the web, and how it stands."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from agent_console import slowdown
from config.model import Settings
from db import Database
from db.models import ticket, ticket_contact, ticket_event
from tests.console.clock import Clock
from tests.console.house import SEALER, Browser, House, serve
from tests.console.reporting import (
    MASKED,
    NAME,
    NUMBER,
    TEXT,
    actor,
    add_unit,
    body,
    dispatched,
    kept,
    submitted,
)
from tests.tickets.filled import filled
from tickets import moving, standing, store
from tickets.place import Place
from tickets.rules.states import STATES
from tickets.rules.table import BY_NAME

LAST4 = NUMBER[-4:]


def newest(conn: Connection) -> Any:
    return conn.execute(select(ticket).order_by(ticket.c.id.desc()).limit(1)).one()


def count(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(ticket)).scalar_one())


async def ask(browser: Browser, number: str, last4: str = LAST4) -> Any:
    return await browser.post("/public/status", {"number": number, "last4": last4})


async def test_a_matter_of_the_web_waits_to_be_dispatched_with_its_reporter_apart(
    sealing: House,
) -> None:
    answer = await sealing.browser().post("/public/tickets", body(company="某某商行"))
    assert answer.status == 200, answer.body
    row = await sealing.database.read(newest)
    assert answer.json == {"number": row.number}
    assert (row.state, row.source, row.company, row.text) == (
        "to_dispatch",
        "web",
        "某某商行",
        TEXT,
    )
    assert (row.caller_masked, row.call_id, row.account_id) == (MASKED, None, None)
    assert row.caller_hash == SEALER.find(NUMBER)
    who = await sealing.database.read(kept, row.id)
    assert who is not None
    assert SEALER.open(who.name_sealed or "") == NAME
    assert SEALER.open(who.number_sealed or "") == NUMBER


async def test_sent_again_with_the_same_key_it_is_the_same_ticket(sealing: House) -> None:
    browser = sealing.browser()
    first = await browser.post("/public/tickets", body())
    again = await browser.post("/public/tickets", body())
    assert first.json == again.json
    assert await sealing.database.read(count) == 1
    other = await browser.post("/public/tickets", body(key="form-another-0123456"))
    assert other.json != first.json


async def test_sent_twice_at_once_it_is_one_ticket(sealing: House) -> None:
    browsers = [sealing.browser() for _ in range(4)]
    answers = await asyncio.gather(*(b.post("/public/tickets", body()) for b in browsers))
    assert len({answer.json["number"] for answer in answers}) == 1
    assert await sealing.database.read(count) == 1


async def test_what_the_reporter_wrote_of_himself_is_left_out_of_the_text(sealing: House) -> None:
    written = "我是" + NAME + "，请打 138 0000-4321 或 +8613800004321，路灯坏了"
    await sealing.browser().post("/public/tickets", body(text=written))
    row = await sealing.database.read(newest)
    assert row.text == "我是欧**，请打 （号码略） 或 （号码略），路灯坏了"


async def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_kept(
    sealing: House,
) -> None:
    wrong = body(
        type="x", text="短", name=" ", number="12", content_class="nothing", agreed=False,
        credit_code="91450900MA5K00000A", website="http://spam.invalid",
    )  # fmt: skip
    answer = await sealing.browser().post("/public/tickets", wrong)
    assert (answer.status, answer.problem) == (422, "matter-incomplete")
    assert {e["field"] for e in answer.json["errors"]} == {
        "type", "text", "name", "number", "content_class", "agreed", "credit_code", "website",
    }  # fmt: skip
    assert await sealing.database.read(count) == 0


async def test_many_matters_from_one_address_have_to_wait(sealing: House, clock: Clock) -> None:
    browser = sealing.browser()
    for n in range(17):
        clock.pass_s(slowdown.WEB_FORM.wait_ms(n) / 1000)
        answer = await browser.post("/public/tickets", body(key=f"form-0123456789-{n:04d}"))
        assert answer.status == 200
    answer = await browser.post("/public/tickets", body(key="form-0123456789-0017"))
    assert (answer.status, answer.problem) == (429, "slow-down")
    wait_s = int(answer.headers["Retry-After"])
    assert 1 <= wait_s <= 64
    clock.pass_s(wait_s)
    answer = await browser.post("/public/tickets", body(key="form-0123456789-0017"))
    assert answer.status == 200


async def test_where_the_form_is_closed_nothing_is_taken(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> None:
    closed = replace(settings, intake=replace(settings.intake, web_form=False))
    async with serve(closed, database, dist, clock, seals=True) as house:
        browser = house.browser()
        assert (await browser.get("/public/form")).json["open"] is False
        assert (await browser.post("/public/tickets", body())).status == 404
        assert await database.read(count) == 0


async def test_the_form_says_what_may_be_chosen(sealing: House, settings: Settings) -> None:
    form = (await sealing.browser().get("/public/form")).json
    assert [t["code"] for t in form["types"]] == [t.code for t in settings.tickets.types]
    assert [r["code"] for r in form["regions"]] == [r.code for r in settings.tickets.regions]
    assert form["classes"]
    assert form["privacy"]
    assert form["zone"] == "Asia/Shanghai"


async def test_a_citizen_sees_where_it_stands_and_the_answer_once_it_holds(
    sealing: House, settings: Settings
) -> None:
    place, browser = Place(settings), sealing.browser()
    unit_id = await sealing.do(add_unit, "市场监管局", "unit")
    made = await sealing.do(dispatched, place, unit_id)
    seen = await ask(browser, made.number)
    assert seen.status == 200
    assert set(seen.json) == {
        "number", "state_label", "received_ms", "steps", "unit_name", "answer", "due_ms", "zone",
    }  # fmt: skip
    assert seen.json["state_label"] == "已派单，待签收"
    assert [step["done"] for step in seen.json["steps"]] == [True, True, False, False, False]
    assert (seen.json["unit_name"], seen.json["answer"]) == ("市场监管局", None)
    for name, login in (("accept", "unit"), ("contact", "unit"), ("reply", "unit")):
        await sealing.do(_step, place, made.id, name, login)
    assert (await ask(browser, made.number)).json["answer"] is None
    await sealing.do(_step, place, made.id, "approve", "supervisor")
    seen = (await ask(browser, made.number)).json
    assert seen["state_label"] == "已答复，待回访"
    assert seen["answer"] == filled(BY_NAME["reply"])["reply_public"]
    assert [step["done"] for step in seen["steps"]] == [True, True, True, True, False]


def _step(conn: Connection, place: Place, ticket_id: int, name: str, login: str) -> None:
    found = store.get(conn, ticket_id)
    assert found
    moving.move(
        conn, place, actor(conn, login), ticket_id, found.version, name, filled(BY_NAME[name])
    )


async def test_wrong_and_unknown_give_the_same_answer(sealing: House, settings: Settings) -> None:
    made = await sealing.do(submitted, Place(settings))
    browser = sealing.browser()
    answers = [
        await ask(browser, made.number, "0000"),
        await ask(browser, "20260101-99999"),
        await ask(browser, "nothing at all"),
        await ask(browser, made.number, "4320"),
    ]
    for answer in answers:
        assert (answer.status, answer.problem) == (404, "no-match")
    assert len({answer.body for answer in answers}) == 1


async def test_both_cost_the_same_questions(sealing: House, settings: Settings) -> None:
    """About the same work: the same statements and one opening each."""
    made = await sealing.do(submitted, Place(settings))

    def counted(conn: Connection, number: str) -> tuple[int, int]:
        opened = 0

        class Counting(type(SEALER)):  # type: ignore[misc]
            def open(self, sealed: str) -> str:
                nonlocal opened
                opened += 1
                return str(super().open(sealed))

        asked = 0

        def seen(*_: Any) -> None:
            nonlocal asked
            asked += 1

        from sqlalchemy import event

        event.listen(conn, "before_cursor_execute", seen)
        try:
            assert standing.look(conn, Counting(b"k" * 32), number, "0000") is None
        finally:
            event.remove(conn, "before_cursor_execute", seen)
        return asked, opened

    known = await sealing.database.read(counted, made.number)
    assert known == await sealing.database.read(counted, "20260101-99999") == (1, 1)


async def test_guessing_at_one_ticket_is_slowed_down_whoever_guesses(
    sealing: House, settings: Settings, clock: Clock
) -> None:
    made = await sealing.do(submitted, Place(settings))
    browser = sealing.browser()
    answers = []
    for number in (made.number, "20260101-99999"):
        for n in range(12):
            clock.pass_s(slowdown.STATUS.wait_ms(n) / 1000)
            assert (await ask(browser, number, f"{n:04d}")).status == 404
        answers.append(await ask(browser, number))
        assert (answers[-1].status, answers[-1].problem) == (429, "slow-down")
        clock.pass_s(slowdown.STATUS.wait_ms(12) / 1000)
    assert len({answer.body.split(b"detail")[0] for answer in answers}) == 1
    assert (await ask(browser, made.number)).status == 200


async def test_guessing_at_many_tickets_from_one_address_is_slowed_down(
    sealing: House, clock: Clock
) -> None:
    browser = sealing.browser()
    for n in range(27):
        clock.pass_s(slowdown.ADDRESS.wait_ms(n) / 1000)
        assert (await ask(browser, f"20260101-{n:05d}")).status == 404
    assert (await ask(browser, "20260101-00100")).status == 429


def test_every_state_has_words_for_the_citizen() -> None:
    assert set(standing.WORDS) == set(STATES) - {"archived"}
    inside = {"supervision_review", "rectifying", "reported_to_discipline"}
    assert {standing.WORDS[state] for state in inside} == {"办理中"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("last4", "12"), ("last4", "12345"), ("last4", "１２３４"), ("last4", 1234), ("number", "")],
)
async def test_what_is_no_question_names_its_field(
    sealing: House, field: str, value: object
) -> None:
    asked = {"number": "20260101-00001", "last4": "1234", field: value}
    answer = await sealing.browser().post("/public/status", asked)
    assert answer.status == 400
    assert [e["field"] for e in answer.json["errors"]] == [field]


async def test_the_history_says_who_brought_it_and_no_more(sealing: House) -> None:
    await sealing.browser().post("/public/tickets", body())

    def told(conn: Connection) -> str:
        rows = conn.execute(select(ticket_event)).all()
        return repr(rows) + repr(conn.execute(select(ticket_contact.c.number_masked)).all())

    said = await sealing.database.read(told)
    assert NAME not in said
    assert NUMBER not in said
    assert "submit" in said
