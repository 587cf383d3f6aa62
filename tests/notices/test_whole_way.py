"""From the door of a move to the far end, and that every notice that is written has a text."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from agent_console.api import notices as api
from config.notice_texts import TEMPLATES
from config.notices import TEAMS
from db import Database
from db.models import outbox, ticket_contact, unit
from tests.notices import places
from tests.notices.places import REPORTER, SEALER, rows_when, working
from tests.support.gateways.http import GovernmentDing, SmsGate
from tests.tickets.filled import filled
from tests.tickets.town import Town, drafted, town
from tickets import moving, reminders, store
from tickets import outbox as door
from tickets.place import Place
from tickets.rules import effects
from tickets.rules.facts import DUTIES
from tickets.rules.table import BY_NAME

DOC = Path(inspect.getfile(api)).parents[2] / "docs" / "notices.md"
ASKS = ("return", "extension", "suspension", "termination")


def furnish(conn: Connection) -> tuple[Town, int]:
    there = town(conn)
    conn.execute(update(unit).where(unit.c.id == there.lead).values(addresses={"zwding": "acc-1"}))
    draft = drafted(conn, there)
    conn.execute(update(ticket_contact).values(number_sealed=SEALER.seal(REPORTER)))
    return there, draft.id


def moved(conn: Connection, place: Place, there: Town, ticket_id: int, name: str, /,
          **form: Any) -> None:  # fmt: skip
    found = store.get(conn, ticket_id)
    assert found is not None
    full = filled(BY_NAME[name], **form)
    moving.move(conn, place, there.who(name), ticket_id, found.version, name, full)


async def test_given_a_move_then_unit_and_caller_hear_of_it_and_nobody_hears_who_called(
    database: Database,
) -> None:
    async with (
        GovernmentDing("key-1", "made-up", "t1") as ding,
        SmsGate("made-up") as gate,
    ):
        settings = places.settings_with(
            **places.zwding(ding.url), **places.sms_http(gate.url, idempotent=True)
        )
        place = Place(settings)
        there, ticket_id = await database.write(furnish)
        async with working(settings, database):
            await database.write(moved, place, there, ticket_id, "submit")
            await database.write(moved, place, there, ticket_id, "dispatch", unit_id=there.lead)
            found = await rows_when(
                database, lambda rows: sum(row.state == "sent" for row in rows) == 2
            )
        (seen,), (told,) = ding.shown, gate.taken
    assert re.match(r"工单\d{8}-\d{5}已派至贵单位，请于\d{4}年", seen.text)
    assert seen.to == "acc-1"
    assert told.to == REPORTER
    assert told.text.startswith("【12345热线】您的诉求已受理，工单编号")
    # Dispatchers have no address in this place: a person sees that they were not reached.
    lost = [row for row in found if row.state == "failed"]
    assert [(row.recipient, row.error) for row in lost] == [("dispatchers", "未登记可用的收件地址")]
    for row in found:
        assert REPORTER not in str(row)
        assert "acc-1" not in str(row)
    assert REPORTER not in seen.text


def named_in(module: Any) -> set[tuple[str, str]]:
    """Pairs of texts in the module's source: a template and whom it is for, among others."""
    pairs = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            first, second = (_texts(part) for part in node.elts)
            pairs |= {(one, two) for one in first for two in second}
    return pairs


def _texts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        return [f"{node.values[0].value!s}{kind}" for kind in ASKS]
    return []


def test_every_notice_of_a_move_has_a_text_and_each_text_is_a_notice_s() -> None:
    whom = {"unit", "unit_head", "assisting", "caller", *TEAMS}
    written = {template for template, to in named_in(effects) if to in whom}
    assert {"dispatched", "received", "asked_return", "agreed_termination"} <= written
    known = {name.partition("@")[0] for name in TEMPLATES}
    assert written <= known
    of_reminders = {step.template for step in reminders.STEPS}
    of_digests = {"to_gather", "to_report"}
    # `rectification` is written for each of several in a loop.
    assert known - written - of_reminders - of_digests <= {"rectification"}
    assert of_reminders | of_digests <= known


def test_recipients_are_the_same_in_door_settings_and_words() -> None:
    assert set(TEAMS) == door.TEAMS
    assert {*TEAMS, "caller"} == set(api._ROLES)
    assert "dispatch" in DUTIES


def test_the_page_draws_the_states_that_there_are() -> None:
    text = DOC.read_text(encoding="utf-8")
    drawn = re.findall(r"^    (\w+|\[\*\]) --> (\w+)$", text, re.MULTILINE)
    states = set(api.STATE_LABELS)
    assert {state for pair in drawn for state in pair} - {"[*]"} == states
    told = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| `(\w+)` \|", text, re.MULTILINE)
    rows = {(one.strip("`"), to) for sources, to in told for one in sources.split(", ")}
    assert rows == {pair for pair in drawn if pair[0] != "[*]"}
    (check,) = (c for c in outbox.constraints if str(c.name) == "ck_outbox_state")
    assert set(re.findall(r"'(\w+)'", str(check.sqltext))) == states  # type: ignore[attr-defined]


@pytest.mark.parametrize("channel", ["zwding", "dingtalk", "sms", "email", "webhook"])
def test_every_channel_has_a_name_for_people(channel: str) -> None:
    assert api.CHANNEL_LABELS[channel]
