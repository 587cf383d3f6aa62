"""What a ticket lacks before its disposition may be carried out."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tickets.rules import STATES, what_is_missing

FULL = {"type": "help", "content_class": "arrears", "text": "拖欠账款", "disposition": "passed_on"}
WANTED = ("type", "content_class", "text")


def missing(form: dict[str, Any], needs_class: bool | None) -> list[str]:
    return [m.field for m in what_is_missing(form, needs_class=needs_class)]


@pytest.mark.parametrize(
    "lacks", [c for n in range(4) for c in itertools.combinations(WANTED, n)], ids=str
)
@pytest.mark.parametrize("empty", [None, "", " ", "\n\t", "　"])
def test_each_field_that_is_lacking_is_named_in_the_forms_order(
    lacks: tuple[str, ...], empty: str | None
) -> None:
    form = {**FULL, **dict.fromkeys(lacks, empty)}
    assert missing(form, True) == list(lacks)
    assert missing({k: v for k, v in FULL.items() if k not in lacks}, True) == list(lacks)


def test_without_a_disposition_that_comes_first() -> None:
    assert missing({}, None) == ["disposition"]
    assert missing(FULL, None) == ["disposition"]


def test_what_ends_a_nuisance_needs_nothing() -> None:
    assert missing({}, False) == []


def test_the_company_may_stay_empty() -> None:
    assert missing({**FULL, "company": ""}, True) == []


def test_each_sentence_is_chinese_and_calm() -> None:
    sentences = [m.message for m in what_is_missing({}, needs_class=True)]
    sentences += [m.message for m in what_is_missing({}, needs_class=None)]
    assert len(set(sentences)) == 4
    assert all(s.startswith("请") and "！" not in s for s in sentences)


def test_every_state_has_its_word() -> None:
    assert len(set(STATES.values())) == len(STATES) == 16
