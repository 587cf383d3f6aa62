"""What a notice says: the place's own text, or the shipped one, with its facts filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from config.notice_texts import ARGS, CODES, PART, PLACEHOLDER, template_for, wrong


def render(
    template: str,
    role: str,
    facts: Mapping[str, Any],
    *,
    at_ms: int,
    zone: tzinfo,
    own: str | None = None,
) -> str:
    """The text of a notice.

    Args:
        role: the kind of recipient; some notices have other words for some.
        facts: of `config.notice_texts.ARGS`; times are epoch milliseconds.
        at_ms: when the notice was written.
        own: the place's text; one that can't be filled in gives way to the shipped one.
    """
    body = own if own is not None and not wrong(own) else template_for(template, role).text
    words = {name: _shown(name, value, zone) for name, value in facts.items() if name in ARGS}
    words["time"] = _moment(at_ms, zone)

    def fill(found: re.Match[str]) -> str:
        return words.get(found.group(1), "")

    def part(found: re.Match[str]) -> str:
        inner = found.group(1)
        known = all(words.get(name) for name in PLACEHOLDER.findall(inner))
        return PLACEHOLDER.sub(fill, inner) if known else ""

    return PLACEHOLDER.sub(fill, PART.sub(part, body))


def unlike(text: str, number: str, at_ms: int, zone: tzinfo) -> str:
    """A text that is no other's of the day: the ticket's number and the second are in it."""
    second = datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
    shown = second if not number or number in text else f"{number} {second}"
    return f"{text}（{shown}）"


def cut(text: str, most_bytes: int) -> str:
    """At most so many bytes of UTF-8, with a sign that something is missing."""
    raw = text.encode()
    if len(raw) <= most_bytes:
        return text
    return raw[: max(0, most_bytes - len("…".encode()))].decode(errors="ignore") + "…"


def _shown(name: str, value: Any, zone: tzinfo) -> str:
    kind = ARGS[name][1]
    if kind == "time":
        return _moment(value, zone) if isinstance(value, int) else str(value)
    if kind == "code":
        return CODES[name].get(str(value), str(value))
    return str(value)


def _moment(at_ms: int, zone: tzinfo) -> str:
    when = datetime.fromtimestamp(at_ms / 1000, zone)
    return f"{when.year}年{when.month}月{when.day}日{when:%H:%M}"
