"""What must hold for a move, one function a rule; each names the clause that it obeys.

A guard looks at the ticket, the filled-in form, what the form points at and the place's figures,
and says why not, as a sentence; None lets it pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tickets import credit_code
from tickets.rules.facts import Facts, Known, Limits
from tickets.rules.form import what_is_missing
from tickets.rules.states import ENDED, POOR

Check = Callable[[Facts, Mapping[str, Any], Known, Limits], str | None]


@dataclass(frozen=True, slots=True)
class Guard:
    """A rule: the clause it obeys, whether it needs the form, and the check itself."""

    basis: str
    check: Check
    of_form: bool = False
    """True: it judges what was filled in, so it says nothing before that."""
    field: str | None = None


def _form_complete(facts: Facts, *_: Any) -> str | None:
    form = {
        "type": facts.type, "content_class": facts.content_class, "text": facts.text,
        "disposition": facts.disposition,
    }  # fmt: skip
    missing = what_is_missing(form, needs_class=facts.needs_class)
    return "；".join(m.message for m in missing) or None


def _into_open(facts: Facts, form: Mapping[str, Any], known: Known, *_: Any) -> str | None:
    into = form["into"]
    if into == facts.id:
        return "不能并入自己"
    if into not in known.tickets:
        return "没有这张工单"
    if known.tickets[into] in ENDED or known.tickets[into] == "draft":
        return "只能并入正在办理的工单"
    return None


def _unit_open(_: Facts, form: Mapping[str, Any], known: Known, *__: Any) -> str | None:
    return None if known.units.get(form["unit_id"]) else "该单位不存在或已停用"


def _unit_not_complained_of(facts: Facts, form: Mapping[str, Any], *_: Any) -> str | None:
    chosen = {form["unit_id"], *form.get("assisting", ())}
    return "被投诉单位及其上下级单位不能承办或协办" if chosen & facts.barred else None


def _assisting_others(_: Facts, form: Mapping[str, Any], known: Known, *__: Any) -> str | None:
    assisting = form.get("assisting", ())
    if form["unit_id"] in assisting:
        return "主办单位不能同时协办"
    return None if all(known.units.get(u) for u in assisting) else "有协办单位不存在或已停用"


def _in_return_period(facts: Facts, *_: Any) -> str | None:
    late = facts.return_by_ms is not None and facts.now_ms > facts.return_by_ms
    return "已超过退回期限" if late else None


def _before_due(facts: Facts, *_: Any) -> str | None:
    late = facts.due_ms is not None and facts.now_ms > facts.due_ms
    return "已超过办结期限，不能再申请延期" if late else None


def _within(days: int, facts: Facts, limits: Limits) -> str | None:
    left = limits.extension_most_days - facts.extended
    if days <= left:
        return None
    return f"最多还可延长 {max(left, 0)} 个工作日"


def _extension_within(
    facts: Facts, form: Mapping[str, Any], _: Known, limits: Limits
) -> str | None:
    return _within(form["days"], facts, limits)


def _extension_asked_within(
    facts: Facts, _: Mapping[str, Any], __: Known, limits: Limits
) -> str | None:
    ask = facts.ask("extension")
    return _within(ask.form["days"], facts, limits) if ask else None


def _rated_when_reached(_: Facts, form: Mapping[str, Any], *__: Any) -> str | None:
    if form["reached"] and "stars" not in form:
        return "请选择评价"
    return "未联系上时不能评价" if not form["reached"] and "stars" in form else None


def _poor_says_why(_: Facts, form: Mapping[str, Any], *__: Any) -> str | None:
    return "请填写不满意的原因" if form.get("stars", 5) <= POOR and not form.get("text") else None


def finding_holds(body: Mapping[str, Any]) -> bool:
    """Within the unit's duty **and** one of the four causes: a second 不满意 alone is not enough."""
    return bool(body.get("within_duty")) and bool(body.get("causes"))  # Y二(五)


def _letter_when_it_holds(_: Facts, form: Mapping[str, Any], *__: Any) -> str | None:
    if finding_holds(form) and not form.get("letter"):
        return "认定成立，请填写整改要求"
    return None


def _finding_holds(facts: Facts, *_: Any) -> str | None:
    finding = facts.waiting("finding")
    if finding is None:
        return "还没有待签发的认定意见"
    if not finding_holds(finding.body):
        return "须属单位职责范围，且存在拖延不办、弄虚作假、敷衍塞责或推诿扯皮，才能发整改函"
    return None


def _not_put_right(facts: Facts, *_: Any) -> str | None:
    if facts.failed_rectification:
        return None
    late = facts.state == "rectifying" and facts.due_ms is not None and facts.now_ms > facts.due_ms
    return None if late else "整改逾期未完成，或整改回访不满意，才能上报纪委监委"


def _long_enough(facts: Facts, _: Mapping[str, Any], __: Known, limits: Limits) -> str | None:
    day_ms = 24 * 3600 * 1000
    early = facts.now_ms - (facts.closed_ms or 0) < limits.archive_days * day_ms
    return f"办结满 {limits.archive_days} 天后归档" if early else None


def _when(condition: Callable[[Facts], bool], words: str) -> Check:
    return lambda facts, *_: None if condition(facts) else words


def _asked(kind: str, words: str) -> Check:
    return _when(lambda facts: facts.ask(kind) is not None, f"单位没有待答复的{words}申请")


def _not_asked(kind: str, words: str) -> Check:
    return _when(lambda facts: facts.ask(kind) is None, f"{words}申请已提出，正等待答复")


def _ahead(facts: Facts, form: Mapping[str, Any], *_: Any) -> str | None:
    return None if form["until"] > facts.today else "应在今天之后"


def _on(_: Facts, __: Mapping[str, Any], ___: Known, limits: Limits) -> str | None:
    return None if limits.suspension else "本地未启用挂起"


GUARDS: dict[str, Guard] = {
    "form_complete": Guard("Q二(二)1 Y二(四)", _form_complete),
    "credit_code_fits": Guard(
        "Q二(二)1", lambda f, *_: credit_code.wrong(f.credit_code) if f.credit_code else None
    ),
    "contact_known": Guard(
        "Y二(四)", _when(lambda f: f.has_contact, "没有来电人联系方式，不能回访")
    ),
    "classed": Guard(
        "Y二(四)",
        _when(lambda f: bool(f.type and f.content_class), "请先选定诉求类型和内容分类"),
    ),
    "into_open": Guard("N", _into_open, of_form=True, field="into"),
    "unit_open": Guard("Q一", _unit_open, of_form=True, field="unit_id"),
    "unit_not_complained_of": Guard("保密", _unit_not_complained_of, of_form=True, field="unit_id"),
    "assisting_others": Guard("Y二(四)", _assisting_others, of_form=True, field="assisting"),
    "not_special_yet": Guard("Y二(四)", _when(lambda f: not f.special, "已列为疑难复杂问题")),
    "special_drafted": Guard(
        "Y二(四)",
        _when(lambda f: f.waiting("special_report") is not None, "没有待签发的专报"),
    ),
    "not_ruled": Guard("Y二(四)", _when(lambda f: not f.ruled, "联席研判裁定的单位不得退回")),
    "in_return_period": Guard("N", _in_return_period),
    "return_asked": Guard("N", _asked("return", "退回")),
    "no_return_asked": Guard("N", _not_asked("return", "退回")),
    "difficult": Guard(
        "Q二(二)1", _when(lambda f: f.difficulty == "difficult", "只有疑难事项可以申请延期")
    ),
    "before_due": Guard("Q二(二)1", _before_due),
    "extension_within": Guard("Q二(二)1", _extension_within, of_form=True, field="days"),
    "extension_asked": Guard("Q二(二)1", _asked("extension", "延期")),
    "extension_asked_within": Guard("Q二(二)1", _extension_asked_within),
    "no_extension_asked": Guard("Q二(二)1", _not_asked("extension", "延期")),
    "suspension_on": Guard("S", _on),
    "until_ahead": Guard("S", _ahead, of_form=True, field="until"),
    "suspension_asked": Guard("S", _asked("suspension", "挂起")),
    "no_suspension_asked": Guard("S", _not_asked("suspension", "挂起")),
    "termination_asked": Guard("N", _asked("termination", "终止")),
    "no_termination_asked": Guard("N", _not_asked("termination", "终止")),
    "contacted": Guard("Q二(二)1", _when(lambda f: f.contacted, "请先联系来电人并登记")),
    "assisting_done": Guard(
        "Y二(四)", _when(lambda f: all(p.done for p in f.assists), "协办单位还没有全部提交意见")
    ),
    "assist_open": Guard(
        "Y二(四)", _when(lambda f: any(not p.done for p in f.assists), "协办意见已提交")
    ),
    "rated_when_reached": Guard("Q二(二)4", _rated_when_reached, of_form=True, field="stars"),
    "poor_says_why": Guard("Q二(二)4", _poor_says_why, of_form=True, field="text"),
    "not_rated_yet": Guard(
        "Y二(五)",
        _when(lambda f: not f.failed_rectification, "整改回访不满意，应上报纪委监委，不再回访"),
    ),
    "first_round": Guard(
        "Y二(五)",
        _when(lambda f: f.round == 1 and not f.rectified, "只有首次办理不满意才退回原单位"),
    ),
    "later_round": Guard(
        "Y二(五)", _when(lambda f: f.round > 1 and not f.rectified, "二次办理仍不满意才转督办")
    ),
    "no_finding_waiting": Guard(
        "Y二(五)", _when(lambda f: f.waiting("finding") is None, "认定意见已送签")
    ),
    "letter_when_it_holds": Guard("Y二(五)", _letter_when_it_holds, of_form=True, field="letter"),
    "finding_holds": Guard("Y二(五)", _finding_holds),
    "draft_waiting": Guard(
        "Y二(五)",
        _when(lambda f: any(p.state == "to_sign" for p in f.papers), "没有待签发的文件"),
    ),
    "not_put_right": Guard("Y二(五)", _not_put_right),
    "no_report_waiting": Guard(
        "Y二(五)", _when(lambda f: f.waiting("discipline_report") is None, "上报材料已送签")
    ),
    "report_drafted": Guard(
        "Y二(五)",
        _when(lambda f: f.waiting("discipline_report") is not None, "督办人员还没有起草上报材料"),
    ),
    "long_enough_closed": Guard("N", _long_enough),
}
