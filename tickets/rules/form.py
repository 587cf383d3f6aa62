"""What a ticket needs before it may leave its draft. Pure: no clock, no database.

States and moves: docs/tickets.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
