"""Steps of a ticket in words, for a sheet that is printed. Pure."""

from __future__ import annotations

from typing import Any

from agent_console.api.ticket_conflicts import edited
from agent_console.api.ticket_queries import Step
from tickets.rules.clauses import in_words
from tickets.rules.states import DIFFICULTIES, STARS, STATES, TERMS
from tickets.rules.table import BY_NAME

TITLES = {
    "drafted": "建立工单",
    "edited": "修改工单",
    "completed": "提交工单",
    "handed_over": "移交座席",
    "merged_from": "并入工单",
    "attached": "添加附件",
    "attachment_removed": "移除附件",
    "unmasked": "查看来电人信息",
    "reminded": "期限提醒",
    "term_changed": "期限重算",
}
SOURCES = {"call": "来电", "message": "留言", "web": "网上提交", "intake": "接口提交"}
STEPS = {"before": "到期前提醒", "due": "到期提醒", "after": "逾期提醒"}
MEANS = {"phone": "电话", "visit": "上门", "meeting": "当面", "message": "短信或其他"}


def title_of(step: Step) -> str:
    """What was done."""
    move = BY_NAME.get(step.move or "")
    return move.label if move else TITLES.get(step.kind, step.kind)


def basis_of(step: Step) -> str | None:
    """By which clause."""
    move = BY_NAME.get(step.move or "")
    return in_words(move.basis) if move else None


def words_of(step: Step) -> str:
    """Where it led and what was said; parts that are not known are left out."""
    parts = []
    if step.kind == "moved" and step.to_state in STATES:
        parts.append(f"转为“{STATES[step.to_state]}”")
    parts += _details(step.kind, step.detail)
    if step.why:
        parts.append(step.why)
    return "；".join(parts)


def _details(kind: str, detail: dict[str, Any]) -> list[str]:
    match kind:
        case "drafted":
            return [SOURCES.get(detail.get("source", ""), "")]
        case "edited":
            return [edited(detail.get("what", ()))]
        case "merged_from":
            return [f"工单 {detail.get('number', '')} 并入"]
        case "reminded":
            term = TERMS.get(detail.get("kind", ""), "")
            return [f"{term}期限{STEPS.get(detail.get('step', ''), '提醒')}"]
        case "term_changed":
            return [f"{TERMS.get(detail.get('kind', ''), '')}期限因工作日历变动重新计算"]
        case "moved" | "acted":
            return _of_move(detail)
    return []


def _of_move(detail: dict[str, Any]) -> list[str]:
    said = []
    if detail.get("unit_name"):
        said.append(f"主办 {detail['unit_name']}")
    if detail.get("assisting_names"):
        said.append("协办 " + "、".join(detail["assisting_names"]))
    if detail.get("difficulty") in DIFFICULTIES:
        said.append(DIFFICULTIES[detail["difficulty"]])
    if detail.get("means") in MEANS:
        said.append(MEANS[detail["means"]])
    if "stars" in detail:
        said.append(STARS.get(detail["stars"]) or "未评价")
    if detail.get("told"):
        said.append(f"已告知来电人（{detail['told']}）")
    if "holds" in detail:
        said.append("认定成立" if detail["holds"] else "认定不成立")
    if detail.get("reply_public"):
        said.append(f"答复：{detail['reply_public']}")
    return said
