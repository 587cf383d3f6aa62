"""The served document is true: schemathesis calls every operation, in and out of bounds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as said
from sqlalchemy import Connection

from agent_console import auth
from agent_console.openapi import COOKIE, CSRF_HEADER
from agent_console.routes import OPERATIONS
from db.clock import now_ms
from knowledge import experts
from tests.console.fake_controller import FakeController
from tests.console.house import API, House, arrive, call_id, talk
from tests.console.recorded import file_recording

pytestmark = pytest.mark.slow

EXAMPLES = 10
CHECKS = [
    schemathesis.checks.not_a_server_error,
    said.status_code_conformance,
    said.content_type_conformance,
    said.response_headers_conformance,
    said.response_schema_conformance,
    said.negative_data_rejection,
    said.positive_data_acceptance,
    said.unsupported_method,
    said.ignored_auth,
]
IDS = {"id": 1, "call_id": call_id(1), "queue": "business"}
WHO = ("agent", "supervisor")
AND_THE_EXPERT = (*WHO, "expert")
AND_THE_ADMIN = (*WHO, "admin")
SOCKETS = {"watch_live"}
"""No request of HTTP alone is accepted there; the problem that says so is checked below."""


def sessions(conn: Connection, logins: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """The token and the CSRF token of one session for each of these people."""
    found = {}
    for login in logins:
        known = auth.credentials(conn, login)
        assert known
        token, opened = auth.open_session(conn, known.account, now_ms(), 3_600_000)
        found[login] = (token, opened.csrf)
    return found


def _add_expert(conn: Connection, account_id: int) -> None:
    kept = {"number_sealed": "sealed", "number_masked": "138****0001", "ring": "number"}
    experts.create(conn, account_id=account_id, name="专家", department="局", on_duty=True, **kept)


@pytest.mark.parametrize("tag", sorted({o.tag for o in OPERATIONS}))
async def test_given_any_request_then_the_answer_is_as_the_document_says(
    house: House, tmp_path: Path, tag: str
) -> None:
    agent = await house.signed_in("agent")
    assert agent.seat_id
    ticket = await house.do(talk, agent.seat_id, agent.account_id)
    await file_recording(house, ticket.call_id, tmp_path / "recordings")
    await house.do(arrive, 2)
    await house.do(_add_expert, (await house.signed_in("expert")).account_id)
    document = (await agent.get("/openapi.json")).json
    assert len(document["paths"]) == len({o.path for o in OPERATIONS})
    async with FakeController(house.database):
        await asyncio.to_thread(_call_all, house, document, tag, asyncio.get_running_loop())


def _call_all(
    house: House, document: dict[str, Any], tag: str, loop: asyncio.AbstractEventLoop
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(with_security_parameters=False)
    checks = schema.config.checks
    # What is well-formed and yet not so here: no such choice, no such call, no right, not now.
    allowed = ["2xx", "401", "403", "404", "409", "416", "422", "429", "504"]
    checks.positive_data_acceptance.expected_statuses = allowed
    called = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        name = operation.definition.raw["operationId"]
        if name in SOCKETS or operation.definition.raw["tags"] != [tag]:
            continue
        for mode in GenerationMode:
            for known in ({}, IDS):
                _call_one(house, operation, mode, known, loop)
        called.add(name)
    assert called == {o.name for o in OPERATIONS if o.tag == tag} - SOCKETS


def _call_one(
    house: House,
    operation: Any,
    mode: GenerationMode,
    ids: dict[str, Any],
    loop: asyncio.AbstractEventLoop,
) -> None:
    names = {p.name for p in operation.path_parameters}
    fixed = {n: v for n, v in ids.items() if n in names}
    free = [n for n in names if n not in fixed] + list(operation.query) + list(operation.body)
    if (ids and not fixed) or (mode is GenerationMode.NEGATIVE and not free):
        return
    logins = AND_THE_EXPERT if operation.path.startswith("/expert") else WHO
    if operation.path.startswith("/admin"):
        logins = AND_THE_ADMIN
    strategy = operation.as_strategy(generation_mode=mode, path_parameters=fixed or None)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def run(case: Any) -> None:
        # The sign-out among the operations ends what it is called with.
        opened = asyncio.run_coroutine_threadsafe(house.do(sessions, logins), loop).result(10)
        for token, csrf in opened.values():
            answer = case.call(
                base_url=house.console.url + API,
                headers={"Origin": house.console.url, CSRF_HEADER: csrf},
                cookies={COOKIE: token},
                timeout=20,
            )
            case.validate_response(answer, checks=CHECKS)

    run()
