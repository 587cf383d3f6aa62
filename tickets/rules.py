"""What a ticket needs before it may leave its draft. Pure: no clock, no database.

States and moves: docs/architecture.md and the table of moves it points to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STATES = {
    "draft": "草稿",
    "to_dispatch": "待派单",
    "in_review": "研判中",
    "to_accept": "待签收",
    "in_progress": "办理中",
    "suspended": "挂起",
    "to_approve": "待审核",
    "to_follow_up": "待回访",
    "supervision_review": "督办研判",
    "rectifying": "整改中",
    "reported_to_discipline": "已上报纪委监委",
    "closed": "已办结",
    "rejected": "不予受理",
    "merged": "已并单",
    "terminated": "已终止",
    "archived": "已归档",
}

MAX_COMPANY = 200
MAX_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that stands in the way, and the sentence that says so."""

    field: str
    message: str


def what_is_missing(form: Mapping[str, Any], *, needs_class: bool | None) -> list[Missing]:
    """What a form lacks before its disposition may be carried out.

    Args:
        form: type, content_class, text, disposition as they stand.
        needs_class: whether the chosen disposition needs type, class and text
            (Q二(二)1, Y二(四)); None when no disposition is chosen yet.
    """
    if needs_class is None:
        return [Missing("disposition", "请选择处理方式")]
    if not needs_class:
        return []
    wanted = {
        "type": "请选择诉求类型",
        "content_class": "请选择内容分类",
        "text": "请填写诉求内容",
    }
    return [Missing(name, words) for name, words in wanted.items() if not _given(form.get(name))]


def _given(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None
