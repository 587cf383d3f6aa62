"""Who may do what from where: every cell of moves by states, and each rule on its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.tickets.filled import filled
from tickets.rules.decide import Refused, Unfit, decide, possible, reasons_against
from tickets.rules.facts import DUTIES, SYSTEM, Actor, Ask, Assist, Facts, Known, Limits, Paper
from tickets.rules.states import STATES
from tickets.rules.table import BY_NAME, MOVES, Move

NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
LIMITS = Limits(suspension=True)
KNOWN = Known(units={1: True, 2: True, 3: False}, tickets={7: "in_progress", 8: "closed"})

AGENT = Actor(11, "agent")
UNIT = Actor(12, "unit", unit_ids=frozenset({1}))
ASSISTANT = Actor(13, "unit", unit_ids=frozenset({2}))
STRANGER = Actor(14, "unit", unit_ids=frozenset({9}))


def with_duty(duty: str) -> Actor:
    return Actor(20, "agent", frozenset({duty}))


WHO: dict[str, Actor] = {
    "agent": AGENT,
    "unit": UNIT,
    "assist": ASSISTANT,
    "system": SYSTEM,
    **{kind: with_duty(duty) for duty, kind in DUTIES.items()},
}

FINDING = Paper(1, "finding", "to_sign", 2, {"within_duty": True, "causes": ["delay"]})


def facts(state: str, **more: Any) -> Facts:
    """A ticket about which nothing stands in the way of anything."""
    base: dict[str, Any] = {
        "id": 5,
        "state": state,
        "now_ms": NOW_MS,
        "today": "2026-11-22",
        "account_id": 11,
        "type": "complaint",
        "content_class": "service_quality",
        "text": "反映的情况",
        "disposition": "passed_on",
        "unit_id": None if state in ("draft", "to_dispatch", "in_review") else 1,
        "assists": (Assist(2, False),),
        "difficulty": "difficult",
        "round": 1,
        "contacted": True,
        "due_ms": NOW_MS + HOUR_MS,
        "return_by_ms": NOW_MS + HOUR_MS,
        "closed_ms": NOW_MS - 400 * 24 * HOUR_MS,
    }
    return Facts(**(base | more))


READY: dict[str, dict[str, Any]] = {
    "reply": {"assists": (Assist(2, True),)},
    "sign_special": {"papers": (Paper(2, "special_report", "to_sign", 1, {}),)},
    "return_draft": {"papers": (FINDING,)},
    "order_rectification": {"papers": (FINDING,)},
    "draft_report": {"rectified": True, "stars": 1, "due_ms": NOW_MS - 1},
    "report_to_discipline": {
        "rectified": True,
        "stars": 1,
        "due_ms": NOW_MS - 1,
        "papers": (Paper(3, "discipline_report", "to_sign", 2, {}),),
    },
    "escalate": {"round": 2},
    **{
        name: {"asks": (Ask(1, kind, {"days": 2}),)}
        for kind, names in {
            "return": ("agree_return", "refuse_return"),
            "extension": ("agree_extension", "refuse_extension"),
            "suspension": ("suspend", "refuse_suspension"),
            "termination": ("terminate", "refuse_termination"),
        }.items()
        for name in names
    },
}
"""What a move needs besides."""
FORMS: dict[str, dict[str, Any]] = {
    "dispatch": {"unit_id": 1, "assisting": [2]},
    "rule": {"unit_id": 1},
    "merge": {"into": 7},
}


def ready(move: Move, state: str, **more: Any) -> Facts:
    return facts(state, **(READY.get(move.name, {}) | more))


def form_of(move: Move, **more: Any) -> dict[str, Any]:
    return filled(move, **(FORMS.get(move.name, {}) | more))


# --- the cells ---


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_a_move_is_possible_from_its_states_and_from_no_other(move: Move) -> None:
    actor = WHO[move.who[0]]
    found = {s for s in STATES if not reasons_against(move, ready(move, s), actor, LIMITS)}
    assert found == set(move.sources)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_a_move_is_for_its_people_and_for_nobody_else(move: Move) -> None:
    state = "in_progress" if "in_progress" in move.sources else move.sources[0]
    one = ready(move, state)
    found = {kind for kind, who in WHO.items() if not reasons_against(move, one, who, LIMITS)}
    assert found == set(move.who)
    assert reasons_against(move, one, STRANGER, LIMITS)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_a_filled_in_form_leads_where_the_table_says(move: Move) -> None:
    actor = WHO[move.who[0]]
    if move.name in ("settle", "again", "escalate"):
        return  # decided from a follow-up: below
    for state in move.sources:
        decision = decide(move.name, ready(move, state), actor, form_of(move), KNOWN, LIMITS)
        expected = "settle" if move.name == "follow_up" else move.name
        assert decision.move.name == expected


@pytest.mark.parametrize("move", [m for m in MOVES if m.fields], ids=lambda move: move.name)
def test_an_empty_form_names_every_required_field_at_once(move: Move) -> None:
    required = {field.name for field in move.fields if field.required}
    if not required:
        return
    with pytest.raises(Unfit) as unfit:
        decide(move.name, ready(move, move.sources[0]), WHO[move.who[0]], {}, KNOWN, LIMITS)
    assert {mistake.field for mistake in unfit.value.mistakes} == required


@pytest.mark.parametrize("value", [{"x": 1}, 10**20, True, -1, "\x00", ["a"], 1.5])
@pytest.mark.parametrize("move", [m for m in MOVES if m.fields], ids=lambda move: move.name)
def test_nonsense_in_a_form_is_a_mistake_of_its_field_and_nothing_worse(
    move: Move, value: Any
) -> None:
    actor, one = WHO[move.who[0]], ready(move, move.sources[0])
    for field in move.fields:
        if field.kind == "flag" and isinstance(value, bool):
            continue
        with pytest.raises(Unfit) as unfit:
            decide(move.name, one, actor, form_of(move, **{field.name: value}), KNOWN, LIMITS)
        assert field.name in {mistake.field for mistake in unfit.value.mistakes}


def test_who_is_refused_hears_the_rule_and_what_she_could_do() -> None:
    one = facts("to_accept", ruled=True)
    with pytest.raises(Refused) as refused:
        decide("ask_return", one, UNIT, form_of(BY_NAME["ask_return"]), KNOWN, LIMITS)
    assert [(r.message, r.basis) for r in refused.value.reasons] == [
        ("联席研判裁定的单位不得退回", "Y二(四)")
    ]
    assert [move.name for move in refused.value.allowed] == ["accept", "contact", "note"]


def test_a_field_that_nobody_asked_for_is_a_mistake() -> None:
    with pytest.raises(Unfit) as unfit:
        decide("accept", facts("to_accept"), UNIT, {"unit_id": 4}, KNOWN, LIMITS)
    assert unfit.value.mistakes[0].field == "unit_id"


# --- confidentiality ---


@pytest.mark.parametrize("state", STATES)
def test_at_a_complaint_about_her_own_unit_a_person_may_do_nothing(state: str) -> None:
    one = facts(state, complained_unit_id=1, unit_id=None)
    head = Actor(12, "unit", unit_ids=frozenset({1, 4}), head=True)
    assert possible(one, head, LIMITS) == []


@pytest.mark.parametrize("form", [{"unit_id": 1}, {"unit_id": 2, "assisting": [1]}])
def test_the_unit_complained_of_is_never_its_own_judge(form: dict[str, Any]) -> None:
    one = facts("to_dispatch", complained_unit_id=1, barred=frozenset({1}))
    dispatch = BY_NAME["dispatch"]
    with pytest.raises(Unfit) as unfit:
        decide("dispatch", one, WHO["dispatcher"], filled(dispatch, **form), KNOWN, LIMITS)
    assert "被投诉单位及其上下级单位不能承办或协办" in {m.message for m in unfit.value.mistakes}


# --- rules, one by one ---

REFUSALS: list[tuple[str, str, dict[str, Any], str]] = [
    ("submit", "draft", {"text": " "}, "请填写诉求内容"),
    ("submit", "draft", {"type": None, "text": ""}, "请选择诉求类型；请填写诉求内容"),
    (
        "submit", "draft", {"credit_code": "91350100M000100Y44"},
        "统一社会信用代码校验位不符，请核对是否输错",
    ),
    ("submit", "draft", {"has_contact": False}, "没有来电人联系方式，不能回访"),
    ("dispatch", "to_dispatch", {"content_class": None}, "请先选定诉求类型和内容分类"),
    ("flag_special", "in_review", {"special": True}, "已列为疑难复杂问题"),
    ("ask_return", "to_accept", {"return_by_ms": NOW_MS - 1}, "已超过退回期限"),
    ("agree_return", "to_accept", {"ruled": True}, "联席研判裁定的单位不得退回"),
    ("ask_extension", "in_progress", {"difficulty": "ordinary"}, "只有疑难事项可以申请延期"),
    ("ask_extension", "in_progress", {"due_ms": NOW_MS - 1}, "已超过办结期限，不能再申请延期"),
    ("reply", "in_progress", {"contacted": False}, "请先联系来电人并登记"),
    ("reply", "in_progress", {"assists": (Assist(2, False),)}, "协办单位还没有全部提交意见"),
    ("rectify", "rectifying", {"contacted": False}, "请先联系来电人并登记"),
    (
        "draft_report",
        "rectifying",
        {"due_ms": NOW_MS + 1},
        "整改逾期未完成，或整改回访不满意，才能上报纪委监委",
    ),
    (
        "draft_report",
        "to_follow_up",
        {"rectified": False},
        "整改逾期未完成，或整改回访不满意，才能上报纪委监委",
    ),
    (
        "order_rectification",
        "supervision_review",
        {"papers": (replace(FINDING, body={"within_duty": True, "causes": []}),)},
        "须属单位职责范围，且存在拖延不办、弄虚作假、敷衍塞责或推诿扯皮，才能发整改函",
    ),
    (
        "order_rectification",
        "supervision_review",
        {"papers": (replace(FINDING, body={"within_duty": False, "causes": ["delay"]}),)},
        "须属单位职责范围，且存在拖延不办、弄虚作假、敷衍塞责或推诿扯皮，才能发整改函",
    ),
    ("order_rectification", "supervision_review", {"papers": ()}, "还没有待签发的认定意见"),
    ("archive", "closed", {"closed_ms": NOW_MS - 1}, "办结满 30 天后归档"),
    ("again", "to_follow_up", {"round": 2}, "只有首次办理不满意才退回原单位"),
    ("again", "to_follow_up", {"rectified": True}, "只有首次办理不满意才退回原单位"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "state", "given", "words"), REFUSALS)
def test_a_rule_stands_in_the_way_in_words(
    name: str, state: str, given: dict[str, Any], words: str
) -> None:
    move = BY_NAME[name]
    (reason,) = reasons_against(move, ready(move, state, **given), WHO[move.who[0]], LIMITS)
    assert reason.message == words


def test_without_the_switch_nothing_is_suspended() -> None:
    found = reasons_against(
        BY_NAME["ask_suspension"], facts("in_progress"), UNIT, Limits(suspension=False)
    )
    assert [reason.message for reason in found] == ["本地未启用挂起"]


@pytest.mark.parametrize(
    ("extended", "days", "fits"), [(0, 10, True), (0, 11, False), (8, 3, False)]
)
def test_an_extension_has_an_end(extended: int, days: int, fits: bool) -> None:
    one = facts("in_progress", extended=extended)
    form = filled(BY_NAME["ask_extension"], days=days)
    if fits:
        decide("ask_extension", one, UNIT, form, KNOWN, LIMITS)
    else:
        with pytest.raises(Unfit):
            decide("ask_extension", one, UNIT, form, KNOWN, LIMITS)


FORM_MISTAKES: list[tuple[str, str, dict[str, Any], str]] = [
    ("dispatch", "to_dispatch", {"unit_id": 3}, "该单位不存在或已停用"),
    ("dispatch", "to_dispatch", {"unit_id": 77}, "该单位不存在或已停用"),
    ("dispatch", "to_dispatch", {"unit_id": 1, "assisting": [1]}, "主办单位不能同时协办"),
    ("dispatch", "to_dispatch", {"unit_id": 1, "assisting": [3]}, "有协办单位不存在或已停用"),
    ("ask_suspension", "in_progress", {"until": "2026-11-22"}, "应在今天之后"),
    ("ask_suspension", "in_progress", {"until": "2026-02-30"}, "应为日期，如 2026-11-22"),
    ("merge", "draft", {"into": 5}, "不能并入自己"),
    ("merge", "draft", {"into": 8}, "只能并入正在办理的工单"),
    ("merge", "to_dispatch", {"into": 99}, "没有这张工单"),
    ("follow_up", "to_follow_up", {"stars": None}, "请选择评价"),
    ("follow_up", "to_follow_up", {"reached": False}, "未联系上时不能评价"),
    ("follow_up", "to_follow_up", {"stars": 2, "text": None}, "请填写不满意的原因"),
    ("draft_finding", "supervision_review", {"letter": None}, "认定成立，请填写整改要求"),
]


@pytest.mark.parametrize(("name", "state", "given", "words"), FORM_MISTAKES)
def test_what_a_form_gets_wrong_is_said_at_its_field(
    name: str, state: str, given: dict[str, Any], words: str
) -> None:
    move = BY_NAME[name]
    with pytest.raises(Unfit) as unfit:
        decide(name, ready(move, state), WHO[move.who[0]], form_of(move, **given), KNOWN, LIMITS)
    assert words in {mistake.message for mistake in unfit.value.mistakes}


# --- the follow-up, and the two traps ---

FOLLOW_UPS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"stars": 3}, "settle"),
    ({"round": 2}, {"stars": 3}, "settle"),
    ({"rectified": True, "round": 2}, {"stars": 5}, "settle"),
    ({}, {"stars": 2}, "again"),
    ({}, {"stars": 1}, "again"),
    ({"round": 2}, {"stars": 2}, "escalate"),
    ({"rectified": True, "round": 2}, {"stars": 2}, "follow_up"),
    ({"rectified": True, "round": 1}, {"stars": 1}, "follow_up"),
    ({"tries": 0}, {"stars": None, "reached": False}, "follow_up"),
    ({"tries": 2}, {"stars": None, "reached": False}, "settle"),
    ({"tries": 9, "rectified": True}, {"stars": None, "reached": False}, "follow_up"),
]


@pytest.mark.parametrize(("given", "form", "leads_to"), FOLLOW_UPS)
def test_a_follow_up_leads_where_the_order_says(
    given: dict[str, Any], form: dict[str, Any], leads_to: str
) -> None:
    move = BY_NAME["follow_up"]
    one = facts("to_follow_up", **given)
    decision = decide("follow_up", one, WHO["follow_up"], filled(move, **form), KNOWN, LIMITS)
    assert decision.move.name == leads_to


def test_a_failed_rectification_is_neither_followed_up_again_nor_sent_back() -> None:
    one = facts("to_follow_up", rectified=True, stars=1, round=2)
    names = {m.name for who in WHO.values() for m in possible(one, who, LIMITS) if m.to}
    assert names == set()
    drafted = replace(one, papers=(Paper(3, "discipline_report", "to_sign", 2, {}),))
    assert "report_to_discipline" in {m.name for m in possible(drafted, WHO["head"], LIMITS)}
