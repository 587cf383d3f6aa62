"""The wording of letters: the place's own, filled in for a ticket."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, update

from config.load import load
from db.models import ticket
from tests.db.databases import plain_sqlite
from tests.floor.furnishing import person
from tickets import classes, letters, store, texts, units
from tickets.rules.states import PAPERS
from tickets.rules.table import BY_NAME

NOON = 1_795_147_200_000
"""2026-11-20 12:00 in China."""


def a_ticket(conn: Connection) -> store.Ticket:
    settings = load(environ={})
    classes.seed(conn, settings.tickets.classes)
    unit_id = units.create(conn, None, code="scjg", name="市场监管局").id
    made = store.draft(
        conn, call_id=None, source="call", caller_hash="h", caller_masked="138****0001",
        account_id=None,
    )  # fmt: skip
    values = {"unit_id": unit_id, "content_class": "arrears", "round": 2, "company": "甲公司"}
    conn.execute(update(ticket).where(ticket.c.id == made.id).values(**values, created_ms=NOON))
    return made


def test_given_a_ticket_then_each_letter_begins_with_its_facts_and_nothing_of_the_reporter() -> (
    None
):
    settings = load(environ={})
    with plain_sqlite() as conn:
        made = a_ticket(conn)
        for (move, field), kind in letters.OF_FIELDS.items():
            begun = letters.begun(conn, settings, made.id, move, field, NOON)
            assert begun
            assert "{" not in begun
            assert kind in PAPERS
            for fact in (made.number, "市场监管局", "拖欠市场主体账款", "2026年11月20日"):
                assert fact in begun, (kind, fact)
            assert "0001" not in begun.replace(made.number, "")
            assert "甲公司" not in begun
        letter = letters.begun(conn, settings, made.id, "draft_finding", "letter", NOON)
        assert letter
        assert "第2轮" in letter
        assert letters.begun(conn, settings, made.id, "dispatch", "note", NOON) is None
        assert letters.begun(conn, settings, 99, "draft_finding", "letter", NOON) is None


def test_given_a_wording_of_the_place_then_the_letter_begins_with_it() -> None:
    settings = load(environ={})
    with plain_sqlite() as conn:
        made, by = a_ticket(conn), person(conn, "admin")
        name = letters.in_place("special_report")
        for body in ("一：{unit}", "{date}：{unit}{class}"):
            texts.put(conn, by, name, body)
        begun = letters.begun(conn, settings, made.id, "flag_special", "text", NOON)
        assert begun == "2026年11月20日：市场监管局拖欠市场主体账款"
        texts.drop(conn, by, name)
        texts.drop(conn, by, name)
        shipped = letters.begun(conn, settings, made.id, "flag_special", "text", NOON)
        assert shipped
        assert shipped != begun


def test_given_the_moves_then_letters_are_drafted_in_fields_that_they_have() -> None:
    for move, field in letters.OF_FIELDS:
        assert field in {one.name for one in BY_NAME[move].fields}


@pytest.mark.parametrize("kind", sorted(letters.SHIPPED))
def test_given_a_shipped_letter_then_it_could_be_the_places_own(kind: str) -> None:
    assert letters.wrong(letters.SHIPPED[kind]) == []
    assert letters.wrong(letters.SHIPPED[kind] + "{number") != []
    assert letters.wrong("") != []
    assert letters.wrong("长" * (letters.MOST + 1)) != []
