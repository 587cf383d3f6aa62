"""Other platforms: in by a key of their own, the same matter once, and nothing without a key."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection, func, select

from db.models import audit, intake_key, ticket
from tests.console.house import API, SEALER, Answer, Browser, House
from tests.console.reporting import MASKED, NAME, NUMBER, TEXT, account_of, kept
from tickets import intake

PATH = "/intake/v1/tickets"
MATTER = {"foreign_id": "city-1", "type": "help", "text": TEXT, "name": NAME, "number": NUMBER}


async def made_key(house: House, name: str = "某平台") -> str:
    def make(conn: Connection) -> str:
        return intake.make_key(conn, name, account_of(conn, "admin"))[1]

    return str(await house.do(make))


async def send(
    house: House, key: str | None, method: str = "POST", path: str = PATH, **more: Any
) -> Answer:
    """As a program does it: no Origin, no cookie."""
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    headers |= more.pop("headers", {})
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, house.console.url + API + path, headers=headers, **more) as answer,
    ):
        raw = await answer.read()
        read = await answer.json(content_type=None) if raw else None
        return Answer(answer.status, answer.headers, raw, read)


def tickets(conn: Connection) -> list[Any]:
    return list(conn.execute(select(ticket).order_by(ticket.c.id)))


async def test_a_matter_by_key_becomes_a_ticket_on_its_way(sealing: House) -> None:
    key = await made_key(sealing)
    answer = await send(sealing, key, json=MATTER)
    assert answer.status == 200, answer.body
    (row,) = await sealing.database.read(tickets)
    assert (row.state, row.source, row.text) == ("to_dispatch", "intake", TEXT)
    assert (row.caller_masked, row.caller_hash) == (MASKED, SEALER.find(NUMBER))
    who = await sealing.database.read(kept, row.id)
    assert who is not None
    assert SEALER.open(who.name_sealed or "") == NAME
    assert answer.json["number"] == row.number
    assert (answer.json["state_label"], answer.json["repeated"]) == ("已受理，待派单", False)
    assert answer.json["answer"] is None


async def test_sent_again_it_is_the_same_ticket_and_other_keys_have_their_own(
    sealing: House,
) -> None:
    key, other = await made_key(sealing), await made_key(sealing, "另一平台")
    first = await send(sealing, key, json=MATTER)
    again = await send(sealing, key, json={**MATTER, "text": TEXT + "，还没有人来"})
    assert again.json == {**first.json, "repeated": True}
    theirs = await send(sealing, other, json=MATTER)
    assert theirs.json["number"] != first.json["number"]
    assert len(await sealing.database.read(tickets)) == 2


async def test_a_platform_reads_its_own_tickets_alone(sealing: House) -> None:
    key, other = await made_key(sealing), await made_key(sealing, "另一平台")
    made = await send(sealing, key, json=MATTER)
    seen = await send(sealing, key, "GET", f"{PATH}/city-1")
    assert seen.json == {**made.json, "repeated": True}
    assert (await send(sealing, other, "GET", f"{PATH}/city-1")).status == 404
    assert (await send(sealing, key, "GET", f"{PATH}/city-2")).status == 404


@pytest.mark.parametrize("key", [None, "", "hk_wrong", "hk_" + "x" * 43, "hk_\udcff密"])
async def test_without_a_key_nothing_is_told_or_taken(sealing: House, key: str | None) -> None:
    for method, path, more in (("POST", PATH, {"json": MATTER}), ("GET", f"{PATH}/city-1", {})):
        answer = await send(sealing, key, method, path, **more)
        assert (answer.status, answer.problem) == (401, "intake-key")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert await sealing.database.read(tickets) == []


async def test_a_closed_key_opens_nothing_any_more(sealing: House) -> None:
    key = await made_key(sealing)

    def close(conn: Connection) -> None:
        intake.close_key(conn, 1, account_of(conn, "admin"))

    await sealing.do(close)
    assert (await send(sealing, key, json=MATTER)).status == 401
    with pytest.raises(intake.NoSuchKey):
        await sealing.do(close)


async def test_a_key_is_kept_as_a_hash_and_who_made_it_is_known(sealing: House) -> None:
    key = await made_key(sealing)
    await send(sealing, key, json=MATTER)

    def look(conn: Connection) -> tuple[Any, list[intake.IntakeKey], list[str]]:
        acts = list(conn.execute(select(audit.c.act)).scalars())
        return conn.execute(select(intake_key)).one(), intake.keys(conn), acts

    row, (shown,), acts = await sealing.database.read(look)
    assert key not in repr(row)
    assert key not in repr(shown)
    assert (shown.name, shown.created_by, shown.closed_ms) == ("某平台", "admin-name", None)
    assert shown.used_ms is not None
    assert acts == ["intake_key_made"]


async def test_all_mistakes_are_told_at_once(sealing: House) -> None:
    key = await made_key(sealing)
    answer = await send(sealing, key, json={**MATTER, "type": "x", "text": "", "number": "1"})
    assert (answer.status, answer.problem) == (422, "matter-incomplete")
    assert [e["field"] for e in answer.json["errors"]] == ["type", "text", "number"]
    answer = await send(sealing, key, json={**MATTER, "foreign_id": "a b"})
    assert (answer.status, answer.problem) == (400, "invalid")


async def test_a_browser_gets_no_further_with_a_key_than_without(sealing: House) -> None:
    """What carries an origin or a cookie is a page's request: it is held to a page's rules."""
    key = await made_key(sealing)
    for headers in (
        {"Origin": "http://evil.invalid"},
        {"Origin": "null"},
        {"Cookie": "hotline_session=x"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = await send(sealing, key, json=MATTER, headers=headers)
        assert (answer.status, answer.problem) == (403, "foreign-origin"), headers
    assert await sealing.database.read(tickets) == []


async def test_a_key_opens_nothing_but_intake(sealing: House) -> None:
    key = await made_key(sealing)
    for method, path in (("GET", "/tickets"), ("GET", "/floor"), ("GET", "/session")):
        assert (await send(sealing, key, method, path)).status == 401
    for path in ("/seat/offline", "/tickets/1/unmask", "/public/status", "/session"):
        answer = await send(sealing, key, "POST", path, json={})
        assert (answer.status, answer.problem) == (403, "foreign-origin"), path


async def test_who_is_signed_in_is_nobody_there(sealing: House) -> None:
    admin: Browser = await sealing.signed_in("admin")
    assert (await admin.post(PATH, MATTER)).status == 401

    def none(conn: Connection) -> int:
        return int(conn.execute(select(func.count()).select_from(ticket)).scalar_one())

    assert await sealing.database.read(none) == 0
