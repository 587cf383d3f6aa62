"""What a person fills in for a move, and what is wrong with what was filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from tickets.rules.states import CAUSES, DIFFICULTIES, STARS

Kind = Literal[
    "text",
    "long_text",
    "choice",
    "choices",
    "unit",
    "units",
    "ticket",
    "number",
    "flag",
    "stars",
    "date",
]
LINE, PAGE = 200, 5_000
LARGEST = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in; `most` bounds letters, or the value of a number."""

    name: str
    label: str
    kind: Kind
    required: bool = True
    most: int = LINE
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one field, as a sentence for the person."""

    field: str
    message: str


def long_text(name: str, label: str, *, required: bool = True, hint: str = "") -> Field:
    return Field(name, label, "long_text", required, PAGE, hint=hint)


def choice(name: str, label: str, choices: Mapping[str, str], *, many: bool = False) -> Field:
    return Field(name, label, "choices" if many else "choice", choices=tuple(choices.items()))


REASON = long_text("reason", "理由")
UNIT = Field("unit_id", "主办单位", "unit")
ASSISTING = Field("assisting", "协办单位", "units", required=False, most=20)
DIFFICULTY = choice("difficulty", "难易程度", DIFFICULTIES)
FOUND = Field("causes", "认定情形", "choices", required=False, choices=tuple(CAUSES.items()))
RATED = Field(
    "stars", "评价", "stars", required=False, most=5,
    choices=tuple((str(n), words) for n, words in STARS.items()),
)  # fmt: skip


def read(
    fields: tuple[Field, ...], form: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Mistake]]:
    """What was filled in, cleaned, and what is wrong with it; unknown names are mistakes."""
    known = {field.name for field in fields}
    mistakes = [Mistake(str(name)[:64], "没有这一项") for name in form if name not in known]
    values: dict[str, Any] = {}
    for field in fields:
        value = form.get(field.name)
        value = value.strip() if isinstance(value, str) else value
        if value is None or value in ("", []):
            if field.required:
                mistakes.append(Mistake(field.name, f"请填写{field.label}"))
            continue
        words = _wrong(field, value)
        if words:
            mistakes.append(Mistake(field.name, words))
        else:
            values[field.name] = value
    return values, mistakes


def _wrong(field: Field, value: Any) -> str:
    """Why a value does not fit its field; empty when it does."""
    match field.kind:
        case "text" | "long_text":
            if not isinstance(value, str) or "\x00" in value:
                return "应为文字"
            return f"最多 {field.most} 个字" if len(value) > field.most else ""
        case "choice":
            good = isinstance(value, str) and value in dict(field.choices)
            return "" if good else "没有这个选项"
        case "choices":
            good = isinstance(value, list) and all(isinstance(v, str) for v in value)
            good = good and set(value) <= set(dict(field.choices))
            return "" if good else "没有这个选项"
        case "flag":
            return "" if isinstance(value, bool) else "应为是或否"
        case "units":
            good = isinstance(value, list) and all(_is_whole(v) for v in value)
            good = good and len(set(value)) == len(value) <= field.most
            return "" if good else f"最多 {field.most} 个单位，不能重复"
        case "stars" | "number":
            good = _is_whole(value) and 1 <= value <= field.most
            return "" if good else f"应为 1 到 {field.most} 之间的整数"
        case "date":
            return "" if _is_day(value) else "应为日期，如 2026-11-22"
        case "unit" | "ticket":
            return "" if _is_whole(value) and value > 0 else "没有这个选项"


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
