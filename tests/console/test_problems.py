"""Bad input of every kind gets a problem document that names the field; never a trace."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from unittest.mock import patch

import pytest

from agent_console.api import floor
from db.engine import DatabaseUnavailable
from tests.console.house import API, House

HUGE = 10**30


BAD_ADDRESSES = [
    ("/tickets?page=0", ["page"]),
    ("/tickets?page=x&size=101", ["page", "size"]),
    ("/tickets?page=1.5", ["page"]),
    ("/tickets?page=", ["page"]),
    (f"/tickets?page={HUGE}", ["page"]),
    ("/tickets?page=-1", ["page"]),
    ("/tickets?page=１", ["page"]),
    ("/tickets?page=1&page=2", ["page"]),
    ("/tickets?mine=yes", ["mine"]),
    ("/tickets?mine=1", ["mine"]),
    ("/tickets?q=%00", ["q"]),
    ("/tickets?q=" + "长" * 101, ["q"]),
    (f"/tickets?from_ms={HUGE}", ["from_ms"]),
    ("/tickets?nonsense=1", ["nonsense"]),
    ("/missed?state=gone", ["state"]),
    ("/settings?x=1", ["x"]),
    ("/tickets/0", ["id"]),
    ("/tickets/abc", ["id"]),
    (f"/tickets/{HUGE}", ["id"]),
    ("/calls/xyz", ["call_id"]),
    ("/calls/" + "F" * 32, ["call_id"]),
    ("/calls/" + "0" * 32 + "%0A", ["call_id"]),
    ("/live?since=-1", ["since"]),
]


async def test_given_a_bad_path_or_query_then_400_names_its_fields(house: House) -> None:
    agent = await house.signed_in("agent")
    for path, fields in BAD_ADDRESSES:
        answer = await agent.get(path)
        assert (answer.status, answer.problem) == (400, "invalid"), path
        assert [e["field"] for e in answer.json["errors"]] == fields, path
        assert all(e["message"] for e in answer.json["errors"]), path


BAD_BODIES: list[tuple[Any, list[str]]] = [
    ({}, ["version"]),
    ({"version": "1"}, ["version"]),
    ({"version": 1.5}, ["version"]),
    ({"version": True}, ["version"]),
    ({"version": None}, ["version"]),
    ({"version": HUGE}, ["version"]),
    ({"version": 2**31}, ["version"]),
    ({"version": 1, "text": None}, ["text"]),
    ({"version": 1, "text": "a\x00b"}, ["text"]),
    ({"version": 1, "text": "x" * 20_001}, ["text"]),
    ({"version": 1, "company": "x" * 201, "text": 5}, ["company", "text"]),
    ({"version": 1, "type": ["consult"]}, ["type"]),
    ({"version": 1, "state": "closed"}, ["state"]),
    ({"version": 1, "x" * 500: 1}, ["x" * 64]),
    ({"version": 1, "text": [[[[[[]]]]]]}, ["text"]),
]


async def test_given_a_bad_body_then_400_names_its_fields(house: House) -> None:
    agent = await house.signed_in("agent")
    for body, fields in BAD_BODIES:
        answer = await agent.ask("PATCH", "/tickets/1", body)
        assert (answer.status, answer.problem) == (400, "invalid"), body
        assert [e["field"] for e in answer.json["errors"]] == fields, body


NOT_OBJECTS = [
    (b"", "not-json"),
    (b"{", "not-json"),
    (b"\xff\xfe", "not-json"),
    (b'{"version": 1, "text": "\xff"}', "not-json"),
    (b'{"version": 1, "text": "\\ud800"}', "not-json"),
    (b"NaN", "not-json"),
    (b"[]", "not-an-object"),
    (b"1", "not-an-object"),
    (b"null", "not-an-object"),
    (b"[" * 100_000, "not-json"),
    (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, "not-json"),
]


async def test_given_what_is_not_an_object_then_400_says_so(house: House) -> None:
    agent = await house.signed_in("agent")
    for raw, code in NOT_OBJECTS:
        answer = await agent.ask(
            "PATCH", "/tickets/1", data=raw, headers={"Content-Type": "application/json"}
        )
        assert (answer.status, answer.problem) == (400, code), raw[:40]


async def test_given_another_content_type_then_415(house: House) -> None:
    agent = await house.signed_in("agent")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "x"):
        answer = await agent.ask("PATCH", "/tickets/1", data=b"{}", headers={"Content-Type": kind})
        assert (answer.status, answer.problem) == (415, "not-json"), kind


async def test_given_a_body_too_large_then_413(house: House) -> None:
    agent = await house.signed_in("agent")
    answer = await agent.ask("PATCH", "/tickets/1", {"version": 1, "text": "x" * 300_000})
    assert answer.status == 413
    assert answer.problem


async def test_given_an_unknown_path_then_404(house: House) -> None:
    agent = await house.signed_in("agent")
    for path in ("/nothing", "/tickets/1/nothing", "/session/"):
        answer = await agent.get(path)
        assert (answer.status, answer.problem) == (404, "not-found"), path


async def test_given_another_method_then_405_lists_those_there_are(house: House) -> None:
    agent = await house.signed_in("agent")
    for method, path, allow in (
        ("PUT", "/session", "DELETE,GET,POST"),
        ("GET", "/seat/phone", "POST"),
        ("DELETE", "/tickets/1", "GET,PATCH"),
        ("POST", "/openapi.json", "GET"),
    ):
        answer = await agent.ask(method, path)
        assert (answer.status, answer.problem) == (405, "method-not-allowed"), path
        assert answer.headers["Allow"] == allow


async def test_given_the_database_is_away_then_503_says_so(house: House) -> None:
    agent = await house.signed_in("agent")
    broken = patch.object(
        type(house.database), "read", side_effect=DatabaseUnavailable("disk of /var/lib/x")
    )
    with broken:
        answer = await agent.get("/floor")
    assert (answer.status, answer.problem) == (503, "database-away")
    assert answer.headers["Retry-After"]
    assert "/var" not in answer.body.decode()


async def test_given_a_fault_of_ours_then_500_gives_a_number_that_the_log_has(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    agent = await house.signed_in("agent")
    with (
        patch.object(floor, "last_seq", side_effect=RuntimeError("secret 13800000000")),
        caplog.at_level(logging.ERROR, "hotline.console"),
    ):
        answer = await agent.get("/floor")
    assert (answer.status, answer.problem) == (500, "fault")
    assert "secret" not in answer.body.decode()
    assert "13800000000" not in answer.body.decode()
    number = answer.json["detail"].split("编号 ")[1].split(" ")[0]
    assert number in caplog.records[-1].getMessage()
    assert caplog.records[-1].exc_info


async def test_given_a_search_then_no_log_line_holds_what_was_searched(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    agent = await house.signed_in("agent")
    with caplog.at_level(logging.DEBUG):
        await agent.get("/tickets?q=13800000000")
        await agent.get("/tickets/13800000000")
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("hotline")]
    assert any("/tickets/{id}" in line for line in ours)
    assert not any("13800000000" in line for line in ours)


NONSENSE = [
    b"GET /api/v1/floor HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n",
    b"GET /%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /api/v1/tickets?q=%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET //evil.invalid/%2e%2e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
    (
        b"GET /api/v1/session HTTP/1.1\r\nHost: x\r\nCookie: hotline_session=\xff\xfe\r\n"
        b"Connection: close\r\n\r\n"
    ),
    b"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n",
]


async def test_given_raw_nonsense_then_no_answer_is_a_500(house: House) -> None:
    for raw in NONSENSE:
        answer = await said_to(house, raw)
        assert not answer.startswith(b"HTTP/1.1 5"), raw
        assert b"Traceback" not in answer, raw
    assert (await house.browser().get(f"{API}/openapi.json")).status == 200


async def said_to(house: House, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.console.port)
    writer.write(raw)
    writer.write_eof()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer
