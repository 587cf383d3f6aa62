"""The tables and drawings of docs/ are those of the code."""

from __future__ import annotations

import importlib
import re
import tomllib
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from config.load import DEFAULT, load
from db.models.seat import STATES
from floor import call_words, seats
from ivr import conversation
from tickets.rules.states import STATES as STATES_OF_TICKET
from tickets.rules.table import LEGAL

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
SEAT_MOVES = {
    move
    for name in ("0001_first_tables", "0002_conversations")
    for move in importlib.import_module(f"db.migrations.versions.{name}").SEAT_MOVES
}


def section(text: str, heading: str) -> str:
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    assert found, f"no section {heading}"
    return found[1]


def tables(text: str) -> list[list[list[str]]]:
    """The Markdown tables of a text: each a list of rows, the head left out."""
    found: list[list[list[str]]] = []
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.M):
        rows = [[c.strip() for c in line.strip("|").split("|")] for line in block.splitlines()]
        found.append(rows[2:])
    return found


def plain(cell: str) -> str:
    return cell.strip("`")


def drawn(text: str) -> set[tuple[str, str]]:
    """The arrows of a Mermaid state drawing, those from and to nowhere left out."""
    arrows = re.findall(r"^\s+(\S+) --> (\S+)$", text, re.M)
    return {(a, b) for a, b in arrows if "[*]" not in (a, b)}


# --- the call ---


def test_the_stages_are_those_of_the_code() -> None:
    listed = tables(section(ARCHITECTURE, "Stages of a call"))[0]
    assert {plain(row[0]): row[1] for row in listed} == call_words.STAGES


def test_the_drawing_of_the_stages_is_its_table() -> None:
    text = section(ARCHITECTURE, "Stages of a call")
    moves = [(plain(row[0]), plain(row[1])) for row in tables(text)[1]]
    assert len(moves) == len(set(moves))
    assert drawn(text) == set(moves)
    assert {stage for move in moves for stage in move} == set(call_words.STAGES)


def test_the_end_reasons_are_those_of_the_code() -> None:
    (listed,) = tables(section(ARCHITECTURE, "How a call ends"))
    assert {plain(row[0]): row[1] for row in listed} == call_words.END_REASONS


# --- the seat ---


def test_the_states_of_a_seat_are_those_of_the_code() -> None:
    listed, _ = tables(section(ARCHITECTURE, "The states of a seat"))
    assert [plain(row[0]) for row in listed] == list(STATES)
    assert {plain(row[0]): row[1] for row in listed} == seats.LABELS


def test_the_moves_of_a_seat_are_the_databases() -> None:
    text = section(ARCHITECTURE, "The states of a seat")
    matrix = tables(text)[1]
    listed = {
        (plain(row[0]), state): cell
        for row in matrix
        for state, cell in zip(STATES, row[1:], strict=True)
        if cell
    }
    assert [plain(row[0]) for row in matrix] == list(STATES)
    assert set(listed) == SEAT_MOVES == drawn(text)
    for doors in listed.values():
        for door in doors.split(", "):
            assert callable(getattr(seats, door)), door


# --- tickets ---


def test_a_disposition_leads_out_of_the_draft_by_one_move() -> None:
    (listed,) = tables(section(ARCHITECTURE, "A ticket"))
    shipped = load(DEFAULT, environ={}).tickets.dispositions
    moves = {(move, to) for move, source, to in LEGAL if source == "draft" and move != "merge"}
    assert {(plain(cell.split()[0]), plain(state)) for state, cell in listed} == moves
    assert {disposition.state for disposition in shipped} == {to for _, to in moves}


# --- rooms ---


def test_the_rooms_and_their_order_are_those_that_are_checked() -> None:
    text = section(ARCHITECTURE, "The rooms")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    linter = settings["tool"]["importlinter"]
    assert {plain(row[0]) for row in tables(text)[0]} == set(linter["root_packages"])
    order = re.search(r"```\n(.*?)```", text, re.S)
    assert order is not None
    assert order[1].split("\n")[:-1] == linter["contracts"][0]["layers"]


# --- the glossary ---


def rows_of_glossary() -> list[tuple[str, str, str]]:
    return [(row[0], row[1], row[2]) for table in tables(GLOSSARY) for row in table]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Stages of a call", call_words.STAGES),
        ("How a call ends", call_words.END_REASONS),
        ("States of a conversation", conversation.STATES),
        ("States of a seat", seats.LABELS),
        ("States of a ticket", STATES_OF_TICKET),
    ],
)
def test_the_words_of_the_glossary_are_those_of_the_screens(
    heading: str, words: dict[str, str]
) -> None:
    (listed,) = tables(section(GLOSSARY, heading))
    assert {plain(row[2]): row[0] for row in listed} == words


def names_of_glossary() -> list[str]:
    return [
        name
        for _, _, code in rows_of_glossary()
        for name in re.findall(r"`([\w.]+)`", code)
        if "." in name
    ]


@pytest.mark.parametrize("name", names_of_glossary())
def test_every_name_of_the_glossary_is_in_the_code(name: str) -> None:
    parts = name.split(".")
    for at in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:at]))
        except ModuleNotFoundError:
            continue
        for part in parts[at:]:
            if isinstance(found, type) and part in get_type_hints(found):
                found = None
                break
            found = getattr(found, part)
        return
    pytest.fail(f"no module of {name}")


def test_queues_strategies_roles_and_dispositions_of_the_glossary_exist() -> None:
    settings = load(DEFAULT, environ={})
    known = {
        "queue": {queue.name for queue in settings.queues},
        "strategy": {"longest_idle", "round_robin", "skill_level"},
        "disposition": {d.code for d in settings.tickets.dispositions},
        "role": {"agent", "expert", "supervisor", "unit", "admin"},
    }
    named = [
        found.groups()
        for _, _, code in rows_of_glossary()
        if (found := re.fullmatch(r"(queue|strategy|disposition|role) `(\w+)`", code))
    ]
    assert len(named) >= 10
    for kind, name in named:
        assert name in known[kind]
    assert is_dataclass(settings)


def test_no_chinese_word_stands_twice_for_different_things() -> None:
    """But where the field itself says one word for two: a message, a refusal, a fallback."""
    seen: dict[str, set[str]] = {}
    for chinese, _, code in rows_of_glossary():
        seen.setdefault(chinese, set()).add(code)
    twice = {chinese for chinese, codes in seen.items() if len(codes) > 1}
    assert twice == {"留言", "不予受理", "应急接听"}


# --- decisions ---


def test_every_decision_is_listed_and_every_link_leads_somewhere() -> None:
    directory = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (directory / "README.md").read_text()))
    assert listed == {path.name for path in directory.glob("0*.md")}
    for path in [*directory.glob("*.md"), ROOT / "docs" / "architecture.md"]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.name}: {link}"
