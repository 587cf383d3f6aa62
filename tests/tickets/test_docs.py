"""docs/tickets.md, the rules and the migration say the same."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from tests.ivr.test_docs import plain, section, tables
from tickets.rules.effects import _MAKERS
from tickets.rules.facts import DUTIES, KINDS
from tickets.rules.guards import GUARDS
from tickets.rules.states import STATES, UNDER_WAY
from tickets.rules.table import BY_NAME, LEGAL, MOVES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "tickets.md").read_text(encoding="utf-8")
MIGRATION = importlib.import_module("db.migrations.versions.0005_closed_loop")


def test_the_states_are_those_of_the_code() -> None:
    (listed,) = tables(section(PAGE, "States"))
    assert {plain(row[0]): row[1] for row in listed} == STATES


def test_the_drawing_has_every_legal_move_and_no_other() -> None:
    states = section(PAGE, "States")
    drawn = re.findall(r"^\s+(\w+) --> (\w+): (\w+)$", states, re.M)
    assert len(drawn) == len(set(drawn))
    assert {(move, a, b) for a, b, move in drawn} == LEGAL


def test_the_table_is_that_of_the_code() -> None:
    (listed,) = tables(section(PAGE, "Moves and acts"))
    assert len(listed) == len(MOVES)
    for row, move in zip(listed, MOVES, strict=True):
        number, name, sources, to, who, _, basis = row
        assert number == str(move.number or "")
        assert name == f"`{move.name}` {move.label}"
        named = {plain(state) for state in sources.split(", ")}
        assert named == ({"any open"} if move.sources == UNDER_WAY else set(move.sources))
        assert plain(to) == (move.to or "")
        assert tuple(who.split(", ")) == move.who
        assert basis == move.basis


def test_the_database_knows_the_same_legal_moves() -> None:
    assert set(MIGRATION.TICKET_MOVES) == LEGAL


def test_every_move_has_its_actors_guards_and_effects() -> None:
    assert len(BY_NAME) == len(MOVES)
    for move in MOVES:
        assert set(move.who) <= set(KINDS)
        assert set(move.guards) <= set(GUARDS)
        assert set(move.sources) <= set(STATES)
        decided = {"settle", "again", "escalate"}
        assert (move.name in _MAKERS) != (move.name in decided), move.name
    assert {name for move in MOVES for name in move.guards} == set(GUARDS)


def test_the_duties_are_those_of_the_database() -> None:
    from db.models import account_duty

    (check,) = (c for c in account_duty.constraints if "duty" in str(getattr(c, "sqltext", "")))
    allowed = set(re.findall(r"'(\w+)'", str(check.sqltext)))  # type: ignore[attr-defined]
    assert allowed == set(DUTIES)


def test_every_clause_has_words_for_those_who_read_it() -> None:
    from tickets.rules.clauses import in_words

    for basis in {move.basis for move in MOVES} | {guard.basis for guard in GUARDS.values()}:
        assert not re.search(r"[A-Z]", in_words(basis)), basis
    assert in_words("Y二(五) N") == "玉政信办发〔2023〕2号 二（五）；国办函〔2025〕66号"
