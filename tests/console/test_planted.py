"""Planted names and numbers are looked for everywhere they must not be (保密).

One matter goes the whole way of Y二(五), with a reporter whose name and number stand nowhere
else; then every answer, row, log line, change and file is searched for them.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from agent_console.api.ticket_texts import TYPED
from agent_console.routes import OPERATIONS
from config.model import Settings
from db.models import account_duty, call, outbox, ticket, ticket_words
from db.models.base import metadata
from floor import seats
from tests.console.house import SEALER, Browser, House, call_id, talk
from tests.console.reporting import KEY, account_of, add_unit, complain_of, dispatched
from tests.console.reporting import NAME as THEIR_NAME
from tests.console.reporting import NUMBER as THEIR_NUMBER
from tests.console.test_attachments import PDF, attach
from tests.console.test_intake import made_key, send
from tests.tickets.filled import filled
from tickets.place import Place
from tickets.rules.table import BY_NAME

ON_BOTH = True
NAME = "司徒埋名"
NUMBER = "13800007531"
MASKED = "138****7531"
SPOKEN = "我叫" + NAME + "，电话 138-0000-7531，店铺旁边的工地夜里施工"
DUTIES = ("dispatch", "office", "approve", "follow_up", "supervise", "sign")
PLANTED = (
    NAME,
    NUMBER,
    NUMBER[3:],
    "埋名",
    "138-0000-7531",
    hashlib.sha256(NUMBER.encode()).hexdigest(),
    hashlib.md5(NUMBER.encode(), usedforsecurity=False).hexdigest(),
    NUMBER.encode().hex(),
)
MATTER = {
    "type": "complaint",
    "content_class": "inspection_penalty",
    "text": SPOKEN,
    "name": NAME,
    "number": NUMBER,
}
PEOPLE = ("agent", "expert", "supervisor", "unit", "unit2", "admin")
IDS = {"id": "1", "call_id": call_id(1), "queue": "business", "foreign_id": "city-1"}

Step = tuple[str, str, dict[str, Any]]
ONCE: tuple[Step, ...] = (
    ("accept", "unit", {}),
    ("contact", "unit", {}),
    ("reply", "unit", {}),
    ("approve", "supervisor", {}),
    ("follow_up", "supervisor", {"stars": 1, "reached": True}),
)
WAY: tuple[Step, ...] = (
    ("dispatch", "supervisor", {}),
    *ONCE,
    *ONCE,
    ("draft_finding", "supervisor", {"within_duty": True}),
    ("order_rectification", "supervisor", {}),
    ("contact", "unit", {}),
    ("rectify", "unit", {}),
    ("follow_up", "supervisor", {"stars": 1, "reached": True}),
    ("draft_report", "supervisor", {}),
    ("report_to_discipline", "supervisor", {}),
)
"""Y二(五) to its end, each step with who does it."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A place that sends notices: by mail to units, by SMS to callers."""
    sent = settings.notices
    sent = replace(sent, email=replace(sent.email, on=True), sms=replace(sent.sms, gateway="http"))
    return replace(settings, notices=sent)


def found_in(content: object) -> list[str]:
    """What of the planted stands in there."""
    if isinstance(content, bytes):
        return [one for one in PLANTED if one.encode() in content or one in decoded(content)]
    return [one for one in PLANTED if one in str(content)]


def decoded(content: bytes) -> str:
    """As a reader of JSON sees it, or what is packed in a spreadsheet."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return "".join(packed.read(n).decode("utf-8", "replace") for n in packed.namelist())
    return content.decode("utf-8", "replace")


async def prepared(house: House) -> int:
    """People with their duties, a unit that handles and one that is complained of."""

    def furnish(conn: Connection) -> int:
        for duty in DUTIES:
            values = {"account_id": account_of(conn, "supervisor"), "duty": duty}
            conn.execute(insert(account_duty), values)
        seat = seats.create(conn, account_of(conn, "unit"), "unit-seat", {})
        seats.set_phone(conn, seat.id, True)
        return add_unit(conn, "市场监管局", "unit")

    from agent_console.accounts import add_account
    from tests.console.house import HASHER, PASSWORD

    await house.do(add_account, "unit2", "unit2-name", "unit", HASHER.hash(PASSWORD))
    return int(await house.do(furnish))


async def goes_the_way(house: House, unit_id: int) -> None:
    """Ticket 1, through the API as the person whose step it is."""
    for name, login, more in WAY:
        person = await house.signed_in(login)
        more = {"unit_id": unit_id, "assisting": []} | more if name == "dispatch" else more
        shown = (await person.get("/tickets/1")).json
        body = {"version": shown["version"], "move": name, "form": filled(BY_NAME[name], **more)}
        await says_too_much(person, name, body)
        answer = await person.post("/tickets/1/moves", body)
        assert answer.status == 200, (name, shown["state"], answer.body.decode())


async def says_too_much(person: Browser, name: str, body: dict[str, Any]) -> None:
    """The reporter is written into each text of the move: refused there, and nothing is done."""
    texts = [field.name for field in BY_NAME[name].fields if field.kind in TYPED]
    if not texts:
        return
    form = body["form"] | dict.fromkeys(texts, SPOKEN)
    answer = await person.post("/tickets/1/moves", body | {"form": form})
    assert (answer.status, answer.problem) == (422, "form-unfit"), (name, answer.body.decode())
    assert {error["field"] for error in answer.json["errors"]} == set(texts), name
    assert set(answer.json["instead"]) == set(texts)
    # What a unit can't know is not told to it: a name stays as it wrote it.
    of_unit = any(NAME in text for text in answer.json["instead"].values())
    assert found_in(answer.body) == ([NAME, NAME[2:]] if of_unit else []), name


async def calls(house: House) -> None:
    """The same person by telephone: an agent writes his name down and passes the matter on."""
    agent = await house.signed_in("agent")
    made = await house.do(talk, agent.seat_id, agent.account_id)

    def seal(conn: Connection) -> None:
        his = {"caller_sealed": SEALER.seal(NUMBER), "caller_hash": SEALER.find(NUMBER)}
        conn.execute(update(call).values(**his, caller_masked=MASKED))

    await house.do(seal)
    path = f"/tickets/{made.id}"
    kept = await agent.ask("PUT", f"{path}/contact", {"name": NAME})
    assert kept.json["name_masked"] == "司**", kept.body
    filled_in = {
        "version": made.version, "type": "complaint", "content_class": "inspection_penalty",
        "text": SPOKEN, "disposition": "passed_on",
    }  # fmt: skip
    told = await agent.ask("PATCH", path, filled_in)
    assert (told.status, told.problem) == (422, "form-unfit"), told.body
    assert not found_in(told.body)
    [error] = told.json["errors"]
    assert error["field"] == "text"
    assert "电话号码和姓名" in error["message"]
    saved = await agent.ask("PATCH", path, filled_in | told.json["instead"])
    assert saved.status == 200, saved.body
    assert saved.json["text"] == "我叫司**，电话 （号码略），店铺旁边的工地夜里施工"
    done = await agent.post(f"{path}/complete", {"version": saved.json["version"]})
    assert (done.status, done.json["state"]) == (200, "to_dispatch"), done.body
    assert done.json["contact"]["has_number"]
    shown = [done.body, (await agent.get(path)).body, (await agent.get(f"{path}/trace")).body]
    shown.append((await agent.get(f"/calls/{call_id(1)}")).body)
    assert not any(found_in(body) for body in shown)


async def mishaps(house: House) -> list[bytes]:
    """Requests that are refused, with the planted in them wherever a client may put it."""
    answers = []
    for login in PEOPLE:
        person = await house.signed_in(login)
        for method, path, body in (
            ("POST", "/tickets/1/moves", {"version": 1, "move": "accept", "form": {}}),
            ("POST", "/tickets/1/moves", {"version": 99, "move": NAME, "form": {NAME: NUMBER}}),
            ("PUT", "/tickets/1/contact", {"name": NAME, "number": NUMBER + "00"}),
            ("PUT", "/tickets/999/contact", {"name": NAME, "number": NUMBER}),
            ("POST", "/tickets/1/unmask", {"reason": ""}),
            ("GET", f"/tickets?q={NUMBER}", None),
            ("POST", "/outbound", {"ticket_id": 1}),
        ):
            answers.append((await person.ask(method, path, body)).body)
    anybody = house.browser()
    for path, body in (
        ("/public/status", {"number": "20260101-00001", "last4": NUMBER[-4:]}),
        ("/public/tickets", {**MATTER, "agreed": False, "key": KEY, "type": "x"}),
        ("/public/tickets", {**MATTER, "agreed": True, "key": "short"}),
    ):
        answers.append((await anybody.post(path, body)).body)
    return answers


async def everything_read(house: House) -> list[tuple[str, bytes]]:
    """Whatever can be read by whoever may read it, and the document of it all."""
    seen = []
    for login in PEOPLE:
        person: Browser = await house.signed_in(login)
        for operation in OPERATIONS:
            if operation.method != "GET" or operation.socket or operation.key:
                continue
            if operation.roles is not None and login.rstrip("2") not in operation.roles:
                continue
            path = operation.path
            for name, value in IDS.items():
                path = path.replace("{" + name + "}", value)
            path = (
                path.replace("{name}", "poor").replace("{code}", "x").replace("{class_code}", "x")
            )
            seen.append((f"{login} {path}", (await person.get(path)).body))
        desks = ("dispatch", "unit", "supervise", "follow_up", "approve", "lists")
        lists = ("poor", "responsibility", "rectification")
        for path in (*(f"/tickets?desk={d}" for d in desks), *(f"/lists/{n}" for n in lists)):
            seen.append((path, (await person.get(path)).body))  # noqa: PERF401
    seen.append(("openapi", (await house.browser().get("/openapi.json")).body))
    return seen


def every_row(conn: Connection) -> list[tuple[str, str]]:
    """Every column of every table, as text."""
    found = []
    for table in metadata.sorted_tables:
        for row in conn.execute(select(table)):
            found += [(f"{table.name}.{n}", str(v)) for n, v in row._mapping.items()]
    return found


def files_in(var: Path) -> list[tuple[str, bytes]]:
    """The database's own file and its journal among them."""
    return [(file.name, file.read_bytes()) for file in var.rglob("*") if file.is_file()]


@pytest.mark.slow
async def test_planted_names_and_numbers_are_nowhere_to_be_seen(
    sealing: House, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "hotline")
    unit_id = await prepared(sealing)
    taken = await sealing.browser().post(
        "/public/tickets", {**MATTER, "agreed": True, "key": KEY, "company": "某商行"}
    )
    assert taken.status == 200, taken.body
    key = await made_key(sealing)
    by_key = await send(sealing, key, json={**MATTER, "foreign_id": "city-1"})
    assert by_key.status == 200, by_key.body
    again = await send(sealing, key, "GET", "/intake/v1/tickets/city-1")

    await goes_the_way(sealing, unit_id)
    await calls(sealing)
    file = await attach(await sealing.signed_in("unit"), 1, "现场.pdf", PDF)
    assert file.status == 200, file.body
    await sealing.do(complain_of, 1, await sealing.do(add_unit, "城管局", "unit2"))
    head = await sealing.signed_in("supervisor")
    opened = await head.post("/tickets/1/unmask", {"reason": "核实施工时间"})
    assert opened.json == {"name": NAME, "number": NUMBER}
    answers = await mishaps(sealing)
    status = await sealing.browser().post(
        "/public/status", {"number": taken.json["number"], "last4": NUMBER[-4:]}
    )
    assert status.status == 200, status.body

    seen = await everything_read(sealing)
    assert any(MASKED.encode() in body for _, body in seen), "no page shows the masked number"
    assert sum(b'"number"' in body for _, body in seen) > 20
    for what, body in [*seen, ("key", by_key.body), ("key", again.body), ("status", status.body)]:
        assert not found_in(body), what
        if what.startswith("unit2 "):
            assert taken.json["number"].encode() not in body, what
            assert MASKED.encode() not in body, what
    for body in answers:
        assert not found_in(body), body[:200]
    await no_trace(sealing, settings, caplog)
    socket = await head.live(since=0)
    told = [await socket.receive_json() for _ in range(20)]
    assert not told[0].get("reset")
    assert sum(one.get("topic") == "ticket" for one in told) > 5
    assert not found_in(told)


async def no_trace(house: House, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Nor in rows, in files or in the log."""
    rows = await house.database.read(every_row)
    tables = {where.split(".")[0] for where, _ in rows}
    assert {"ticket", "ticket_event", "ticket_words", "outbox", "change", "audit", "request",
            "ticket_contact", "ticket_paper", "ticket_rating", "ticket_list"} <= tables  # fmt: skip
    for where, value in rows:
        assert not found_in(value), where
    ours = [r.getMessage() for r in caplog.records]
    assert any("/tickets/{id}/unmask" in line for line in ours)
    assert not found_in("\n".join(ours))
    for name, content in files_in(settings.var):
        assert not found_in(content), name


async def test_the_index_and_the_notices_have_the_matter_and_not_the_reporter(
    sealing: House,
) -> None:
    await sealing.browser().post("/public/tickets", {**MATTER, "agreed": True, "key": KEY})

    def kept(conn: Connection) -> tuple[str, list[Any], str]:
        words = conn.execute(select(ticket_words.c.words)).scalar_one()
        notices = list(conn.execute(select(outbox.c.recipient, outbox.c.args)))
        return words, notices, conn.execute(select(ticket.c.caller_hash)).scalar_one()

    words, notices, caller_hash = await sealing.database.read(kept)
    assert "工地" in words
    assert not found_in(words)
    assert not any(MASKED in str(row) or NAME[:2] in str(row) for row in notices)
    assert caller_hash == SEALER.find(NUMBER)


async def test_a_name_kept_after_the_text_was_written_is_caught_when_it_is_handed_on(
    sealing: House,
) -> None:
    """By the agent at the end of her form, and by the dispatcher for one that came without."""
    unit_id = await prepared(sealing)
    agent = await sealing.signed_in("agent")
    made = await sealing.do(talk, agent.seat_id, agent.account_id)
    path = f"/tickets/{made.id}"
    saved = await agent.ask("PATCH", path, {
        "version": made.version, "type": "complaint", "content_class": "inspection_penalty",
        "text": f"{NAME}反映工地夜里施工", "disposition": "passed_on", "company": f"{NAME}餐饮店",
    })  # fmt: skip
    assert saved.status == 200, saved.body
    await agent.ask("PUT", f"{path}/contact", {"name": NAME, "number": NUMBER})
    version = (await agent.get(path)).json["version"]
    told = await agent.post(f"{path}/complete", {"version": version})
    assert (told.status, told.json["instead"]) == (422, {"text": "司**反映工地夜里施工"})
    done = await agent.ask("PATCH", path, {"version": version, **told.json["instead"]})
    done = await agent.post(f"{path}/complete", {"version": done.json["version"]})
    assert (done.status, done.json["company"]) == (200, f"{NAME}餐饮店"), done.body

    def older(conn: Connection) -> None:
        """As it came before anybody looked."""
        conn.execute(update(ticket).where(ticket.c.id == made.id).values(text=SPOKEN))

    await sealing.do(older)
    head = await sealing.signed_in("supervisor")
    form = filled(BY_NAME["dispatch"], unit_id=unit_id, assisting=[])
    body = {"version": done.json["version"], "move": "dispatch", "form": form}
    told = await head.post(f"{path}/moves", body)
    assert told.status == 422
    assert [error["field"] for error in told.json["errors"]] == ["text"]
    right = {"version": done.json["version"], "text": told.json["instead"]["text"]}
    right = (await head.ask("PATCH", path, right)).json
    done = await head.post(f"{path}/moves", body | {"version": right["version"]})
    assert (done.status, done.json["state"]) == (200, "to_accept"), done.body


@pytest.mark.slow
async def test_a_unit_learns_no_number_and_no_name_by_trying(
    sealing: House, settings: Settings
) -> None:
    unit_id = await sealing.do(add_unit, "市场监管局", "unit")
    made = await sealing.do(dispatched, Place(settings), unit_id)
    unit = await sealing.signed_in("unit")
    path = f"/tickets/{made.id}"

    async def tries(text: str) -> Any:
        version = (await unit.get(path)).json["version"]
        form = {"means": "phone", "text": text}
        return await unit.post(
            f"{path}/moves", {"version": version, "move": "contact", "form": form}
        )

    right, wrong = [await tries(f"打了{n}") for n in (THEIR_NUMBER, "13899994321")]
    assert right.status == wrong.status == 422
    assert right.body == wrong.body
    right, wrong = [await tries(f"与{n}通话") for n in (THEIR_NAME, "欧阳他人")]
    assert right.status == wrong.status == 200
    assert (await tries("我局电话 0775-0009999，请拨 12345")).status == 200


async def test_a_unit_complained_of_reads_nothing_of_it(sealing: House) -> None:
    unit_id = await prepared(sealing)
    against = await sealing.do(add_unit, "城管局", "unit2")
    await sealing.browser().post("/public/tickets", {**MATTER, "agreed": True, "key": KEY})
    await sealing.do(complain_of, 1, against)
    for name, login, more in WAY[:3]:
        person = await sealing.signed_in(login)
        form = filled(BY_NAME[name], **({"unit_id": unit_id, "assisting": []} | more))
        if name != "dispatch":
            form = filled(BY_NAME[name], **more)
        version = (await person.get("/tickets/1")).json["version"]
        done = await person.post(
            "/tickets/1/moves", {"version": version, "move": name, "form": form}
        )
        assert done.status == 200, done.body
    unit2 = await sealing.signed_in("unit2")
    number = (await (await sealing.signed_in("supervisor")).get("/tickets/1")).json["number"]
    for operation in OPERATIONS:
        if operation.method != "GET" or operation.socket or operation.key:
            continue
        path = operation.path.replace("{id}", "1").replace("{name}", "poor")
        answer = await unit2.get(path)
        assert number.encode() not in answer.body, path
        assert MASKED.encode() not in answer.body, path
    listed = await unit2.get(f"/tickets?q={number}")
    assert listed.json["items"] == []
    handling = await sealing.signed_in("unit")
    shown = await handling.get("/tickets/1")
    assert MASKED.encode() in shown.body
    assert "城管局" not in shown.body.decode()


def test_the_search_finds_what_it_looks_for() -> None:
    """A search that can't find would find nothing: each form is planted once here."""
    for one in PLANTED:
        assert found_in(f"…{one}…")
        assert found_in(f"…{one}…".encode())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", NUMBER)
    assert found_in(packed.getvalue())
