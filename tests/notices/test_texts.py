"""What notices say: facts filled in, parts left out, nothing of the reporter's."""

from __future__ import annotations

import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.notice_texts import ARGS, CODES, MOST, TEMPLATES, wrong
from notices.texts import cut, render, unlike
from tickets.rules import states

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
AT_MS = 1_795_305_600_000  # 2026-11-22 00:00:00 UTC
DUE_MS = AT_MS + 1_500_000


def rendered(template: str, role: str = "unit", own: str | None = None, **facts: object) -> str:
    return render(template, role, facts, at_ms=AT_MS, zone=ZONE, own=own)


def test_the_words_of_states_and_periods_are_those_of_the_rules() -> None:
    assert CODES["state"] == states.STATES
    assert CODES["kind"] == states.TERMS


@pytest.mark.parametrize("name", TEMPLATES)
def test_shipped_texts_can_be_filled_in_and_are_calm(name: str) -> None:
    template = TEMPLATES[name]
    assert wrong(template.text) == []
    # Each says what it is about: a ticket, or a month.
    about = "period" if name in ("to_gather", "to_report") else "number"
    assert f"{{{about}}}" in template.text
    assert not set("!！") & set(template.text)
    text = render(name, "unit", {about: "20261122-00001"}, at_ms=AT_MS, zone=ZONE)
    assert "20261122-00001" in text
    assert not set("{}[]") & set(text)


def test_facts_are_filled_in_as_people_write_them() -> None:
    assert rendered("dispatched", number="20261122-00001", due=DUE_MS) == (
        "工单20261122-00001已派至贵单位，请于2026年11月22日08:25前签收。"
    )
    assert (
        rendered(
            "reminder_before", number="1", kind="done", due=DUE_MS, left="2个工作日", unit="市监局"
        )
        == "工单1的办结期限将至：2026年11月22日08:25，剩余2个工作日。承办单位：市监局。"
    )


def test_a_part_goes_when_something_in_it_is_not_known() -> None:
    assert rendered("dispatched", number="1") == "工单1已派至贵单位。"
    assert rendered("supervised", number="1", state="in_progress") == (
        "工单1（办理中）列入督办，请抓紧办理。"
    )


def test_another_kind_of_recipient_can_have_other_words() -> None:
    assert "贵单位" not in rendered("rectification", "business_office", number="1", unit="市监局")
    assert "向市监局下达整改函" in rendered(
        "rectification", "business_office", number="1", unit="市监局"
    )
    assert "请按期报送" in rendered("rectification", "unit_head", number="1")


def test_the_place_s_own_text_wins_unless_it_can_t_be_filled_in() -> None:
    assert rendered("urged", own="速办{number}[，{due}]", number="1") == "速办1"
    assert rendered("urged", own="速办{nummer}", number="1") == "请抓紧办理工单1。"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{nummer}", "没有“{nummer}”这个填写项"),
        ("{number", "花括号没有成对"),
        ("[{number}", "方括号没有成对，或方括号里还有方括号"),
        ("[[{number}]]", "方括号没有成对，或方括号里还有方括号"),
        ("  ", "内容不能为空"),
        ("字" * (MOST + 1), f"内容最多{MOST}字，现有{MOST + 1}字"),
    ],
)
def test_each_mistake_of_a_text_is_told(text: str, sentence: str) -> None:
    assert sentence in wrong(text)


def test_all_mistakes_are_told_at_once() -> None:
    assert len(wrong("{a}{b}[")) == 3


@given(st.lists(st.sampled_from([*"[]{}字,", *(f"{{{name}}}" for name in ARGS)])).map("".join))
def test_whatever_a_place_writes_is_refused_or_filled_in_whole(text: str) -> None:
    facts = dict.fromkeys(ARGS, "值")
    if wrong(text):
        return
    made = render("urged", "unit", facts, at_ms=AT_MS, zone=ZONE, own=text)
    assert not set("{}[]") & set(made)


@given(st.text(st.characters(codec="utf-8")), st.integers(3, 200))
def test_a_text_is_cut_between_characters(text: str, most: int) -> None:
    made = cut(text, most)
    assert len(made.encode()) <= most
    assert made == text or (made.endswith("…") and text.startswith(made[:-1]))


def test_no_two_notices_of_a_day_are_alike() -> None:
    one = unlike("请抓紧办理工单1。", "1", AT_MS, ZONE)
    assert one == "请抓紧办理工单1。（2026-11-22 08:00:00）"
    assert one != unlike("请抓紧办理工单1。", "1", AT_MS + 1000, ZONE)
    assert unlike("请处理。", "2", AT_MS, ZONE) == "请处理。（2 2026-11-22 08:00:00）"
