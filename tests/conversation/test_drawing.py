"""docs/conversation.md is the table of the code."""

from __future__ import annotations

import re

import pytest

from floor import call_words
from ivr.conversation import STATES
from ivr.conversation_table import HAPPENINGS, TABLE
from tests.conversation.drawing import GROUPS, PAGE, PARTS, drawn_in, parts


@pytest.mark.parametrize("name", sorted(PARTS))
def test_what_is_drawn_is_what_the_code_does(name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert drawn_in(page, name).strip() == parts()[name].strip(), (
        "python -m tests.conversation.drawing draws it anew"
    )


def test_everything_drawn_has_its_name() -> None:
    assert set(parts()) == set(PARTS)


def test_every_event_is_drawn_once() -> None:
    drawn = [event for events in GROUPS.values() for event in events]
    assert sorted(drawn) == sorted(TABLE)
    assert {*GROUPS["happenings"]} == HAPPENINGS


def test_the_states_of_the_page_are_those_of_code_and_screens() -> None:
    page = PAGE.read_text(encoding="utf-8")
    text = page.partition("## The states\n")[2].partition("## The table")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", text, re.M))
    assert listed == STATES == call_words.TALK_STATES


def test_nothing_that_only_happens_is_refused() -> None:
    for event in HAPPENINGS:
        for state, cell in TABLE[event].items():
            assert not isinstance(cell, str), (event, state)


def test_every_refusal_is_a_sentence_for_officials() -> None:
    for event, row in TABLE.items():
        for state, cell in row.items():
            if isinstance(cell, str):
                assert re.fullmatch(r"[\u4e00-\u9fff，、]{4,40}", cell), (event, state, cell)
