"""The notices that the house knows: what each is called and what it says.

Facts of the procedure alone are filled in, never what a reporter said or who he is. A place
rewrites a text in its table `place_text` under `notice.<name>`. `{…}` marks what is filled in; a
part in square brackets is left out when something in it is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["words", "time", "count", "code"]

ARGS: dict[str, tuple[str, Kind]] = {
    "number": ("工单编号", "words"),
    "time": ("通知时间", "time"),
    "unit": ("承办单位", "words"),
    "due": ("期限", "time"),
    "kind": ("期限名称", "code"),
    "state": ("工单状态", "code"),
    "left": ("剩余时间", "words"),
    "late": ("逾期时间", "words"),
    "paper": ("文书名称", "words"),
    "paper_number": ("文书编号", "words"),
    "round": ("办理轮次", "count"),
    "repeats": ("重复次数", "count"),
    "count": ("件数", "count"),
    "period": ("汇总的月份或季度", "words"),
}
"""All that may be told: its Chinese name, and how it is shown. `number` and `time` are always."""

CODES: dict[str, dict[str, str]] = {
    "kind": {
        "dispatch": "派单", "accept": "签收", "done": "办结", "approve": "审核",
        "follow_up": "回访", "supervise": "督办", "rectify": "整改",
    },
    "state": {
        "draft": "草稿", "to_dispatch": "待派单", "in_review": "研判中", "to_accept": "待签收",
        "in_progress": "办理中", "suspended": "挂起", "to_approve": "待审核",
        "to_follow_up": "待回访", "supervision_review": "督办研判", "rectifying": "整改中",
        "reported_to_discipline": "已上报纪委监委", "closed": "已办结", "rejected": "不予受理",
        "merged": "已并单", "terminated": "已终止", "archived": "已归档",
    },
}  # fmt: skip
"""Codes as a text shows them; the words of `tickets.rules.states`."""

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PART = re.compile(r"\[([^\[\]]*)\]")
MOST = 500
"""A text of the place's own is at most so many characters."""


@dataclass(frozen=True, slots=True)
class Template:
    """One notice: `name` as the code says it, `label` and `text` in Chinese."""

    name: str
    label: str
    text: str


def wrong(text: str) -> list[str]:
    """What is wrong with a text of the place's own, a Chinese sentence each; empty: nothing."""
    found = [
        f"没有“{{{name}}}”这个填写项" for name in PLACEHOLDER.findall(text) if name not in ARGS
    ]
    bare = PLACEHOLDER.sub("", text)
    if "{" in bare or "}" in bare:
        found.append("花括号没有成对")
    if any(sign in PART.sub(r"\1", bare) for sign in "[]"):
        found.append("方括号没有成对，或方括号里还有方括号")
    if not text.strip():
        found.append("内容不能为空")
    if len(text) > MOST:
        found.append(f"内容最多{MOST}字，现有{len(text)}字")
    return found


def in_place(template: str) -> str:
    """The name of a notice's text in `place_text`."""
    return f"notice.{template}"


_ASKS = {"return": "退回", "extension": "延期", "suspension": "挂起", "termination": "终止"}

_WRITTEN = (
    # To the unit (承办单位) and its head.
    ("dispatched", "派单", "工单{number}已派至贵单位[，请于{due}前签收]。"),
    ("assisting", "协办", "工单{number}请贵单位协办[，主办单位为{unit}]。"),
    ("assisted", "协办完成", "工单{number}的协办意见已提交。"),
    ("sent_back", "退回重办", "工单{number}的答复未通过审核，请修改后重新提交[，期限{due}]。"),
    ("again", "二次办理", "工单{number}回访结果为不满意，现再次交贵单位办理[，请于{due}前签收]。"),
    ("urged", "催办", "请抓紧办理工单{number}[（{state}）][，期限{due}]。"),
    ("supervised", "督办", "工单{number}[（{state}）]列入督办，请抓紧办理[，期限{due}]。"),
    ("rectification", "整改", "工单{number}已下达整改函[（{paper_number}）]，请按期报送整改情况[，期限{due}]。"),
    # Of a period: to the unit, its head, the supervisors.
    ("reminder_before", "到期提醒", "工单{number}的[{kind}]期限将至[：{due}][，剩余{left}][。承办单位：{unit}]。"),
    ("reminder_due", "到期", "工单{number}的[{kind}]期限已到[：{due}][。承办单位：{unit}]。"),
    ("reminder_after", "逾期", "工单{number}的[{kind}]已逾期[，期限{due}][，逾期{late}][。承办单位：{unit}]。"),
    # Inside the hotline.
    ("to_dispatch", "待派单", "工单{number}待派单[，请于{due}前派出]。"),
    ("escalated", "转督办研判", "工单{number}再次回访结果为不满意，已转督办研判[，期限{due}][。承办单位：{unit}]。"),
    ("rectification_failed", "整改未满意", "工单{number}整改后回访结果为不满意，请研究上报[。承办单位：{unit}]。"),
    # Q二(二)1: 每月一汇总，每季一上报.
    ("to_gather", "意见建议月度汇总", "请汇总{period}营商环境意见建议[，共{count}件]。"),
    ("to_report", "意见建议季度上报", "请形成{period}营商环境意见建议分析报告并提请签发[，共{count}件]。"),
    # To the office of the business environment, Y二(五).
    ("rectification@business_office", "整改抄送", "工单{number}已[向{unit}]下达整改函[（{paper_number}）][，整改期限{due}]。"),
    # To the caller: what he sees himself on the status page, nothing of the unit's work.
    ("received", "已受理", "您的诉求已受理，工单编号{number}，可凭编号和来电号码后四位查询办理进度。"),
    ("settled", "已办结", "您的诉求（工单{number}）已办结，可凭编号和来电号码后四位查询答复。"),
    *((f"asked_{code}", f"{word}申请", f"工单{{number}}有{word}申请待批[。承办单位：{{unit}}]。")
      for code, word in _ASKS.items()),
    *((f"agreed_{code}", f"同意{word}",
       f"工单{{number}}的{word}申请已同意" + ("[，办理期限{due}]。" if code == "extension" else "。"))
      for code, word in _ASKS.items()),
    *((f"refused_{code}", f"不同意{word}", f"工单{{number}}的{word}申请未获同意[，当前期限{{due}}]。")
      for code, word in _ASKS.items()),
)  # fmt: skip

TEMPLATES: dict[str, Template] = {row[0]: Template(*row) for row in _WRITTEN}
"""By name; `name@role` is the same notice in other words to that kind of recipient."""


def template_for(name: str, role: str) -> Template:
    """The notice as that kind of recipient gets it; KeyError when there is no such notice."""
    return TEMPLATES.get(f"{name}@{role}") or TEMPLATES[name]
