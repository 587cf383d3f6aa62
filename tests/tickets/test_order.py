"""The code's table of moves against the order's: docs/order.md, row by row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ivr.test_docs import tables
from tickets.rules.states import STATES, UNDER_WAY
from tickets.rules.table import MOVES, Move

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "order.md").read_text(encoding="utf-8")

WHO = {
    "agent": "agent",
    "dispatcher": "dispatcher",
    "hotline office": "office",
    "hotline": "office",
    "lead unit": "unit",
    "unit": "unit",
    "approver": "approver",
    "follow-up": "follow_up",
    "the system": "system",
    "supervisor": "supervisor",
    "head": "head",
}
"""The order's words for the people, in the code's."""

ALSO = {
    2: {"system"},
    5: {"system"},  # what came by the web form or a platform has no agent
    9: {"head"},  # a 专报 is signed before it leaves
    11: {"unit"},
    13: {"unit"},
    14: {"assist"},
    17: {"system"},
}
"""Who else the code names, beyond the order's own words, in acts that belong to the row."""


@dataclass(frozen=True)
class Row:
    number: int
    states: str
    who: str
    what: str
    basis: str

    @property
    def ends(self) -> set[tuple[str, str]]:
        """The changes of state that the row names; empty for an act."""
        if "→" not in self.states and "⇄" not in self.states:
            return set()
        if "⇄" in self.states:
            one, other = (_states(side).pop() for side in self.states.split("⇄"))
            return {(one, other), (other, one)}
        before, after = self.states.split("→")
        (to,) = _states(after)
        # Row 23's second place is the rectification's follow-up.
        named = before.replace("its follow-up", "to_follow_up")
        return {(state, to) for state in _states(named)}

    @property
    def people(self) -> set[str]:
        return {code for word, code in WHO.items() if re.search(rf"\b{word}\b", self.who)}


def _states(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z_]+", text) if word in STATES}


def _rows() -> list[Row]:
    ((*listed,),) = tables(PAGE)
    return [Row(int(number), *rest) for number, *rest in listed]


ROWS = _rows()


def _moves(number: int) -> list[Move]:
    return [move for move in MOVES if move.number == number]


def test_the_order_has_its_26_rows() -> None:
    assert [row.number for row in ROWS] == list(range(1, 27))


def test_nothing_has_a_number_that_the_order_does_not_have() -> None:
    assert {move.number for move in MOVES if move.number} == {row.number for row in ROWS[1:]}


@pytest.mark.parametrize("row", ROWS[1:], ids=lambda row: f"row{row.number}")
def test_a_row_is_carried_out(row: Row) -> None:
    moves = _moves(row.number)
    changes = {(a, move.to) for move in moves if move.to for a in move.sources}
    assert changes == row.ends
    if not row.ends:
        # "any open" and "in_progress: extension" change no state, where the ticket stands.
        named = set(UNDER_WAY) if "any open" in row.states else _states(row.states)
        assert {state for move in moves for state in move.sources} == named


@pytest.mark.parametrize("row", ROWS[1:], ids=lambda row: f"row{row.number}")
def test_a_row_is_done_by_those_whom_it_names(row: Row) -> None:
    people = {who for move in _moves(row.number) for who in move.who}
    assert row.people, "nobody of the row was understood"
    assert row.people <= people
    assert people - row.people <= ALSO.get(row.number, set())


@pytest.mark.parametrize("row", ROWS[1:], ids=lambda row: f"row{row.number}")
def test_a_row_stands_on_its_clause(row: Row) -> None:
    asked = _clauses(row.basis)
    named = set().union(*(_clauses(move.basis) for move in _moves(row.number)))
    # Where the order names no clause, the code says by what it does it all the same.
    assert named == asked if asked else named


def _clauses(basis: str) -> set[str]:
    return {word for word in basis.split() if word[0] in "YQNS"}
