"""The words a mistake is told in, and the forms that names and numbers have."""

from __future__ import annotations

import datetime as dt
import re

from config.tree import Branch

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
NAME_SAYS = "a name of small letters, digits, _ and - that begins with a letter (at most 32)"
WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
WORD_SAYS = "letters, digits, _ and -"
NUMBER = re.compile(r"\+?[0-9]{2,20}")
_SHOWN = 60
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PASSWORD_IN_ADDRESS = re.compile(r":[^/@]*@")


def describe(value: object) -> str:
    """A value as a message shows it: short, on one line, and safe for any TOML value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else "a very large whole number"
    if isinstance(value, str):
        shown = _PASSWORD_IN_ADDRESS.sub(":…@", UNPRINTABLE.sub("�", value))
        return f'"{shown}"' if len(shown) <= _SHOWN else f'"{shown[:_SHOWN]}…"'
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a table"
    return str(value)


def row_label(path: str, row: Branch, at: int) -> str:
    identity = row.identity
    return f"{path}[{describe(identity[1]) if identity and identity[1] else at + 1}]"


def as_date(item: object) -> dt.date | None:
    """A TOML date, or a text that is one; None otherwise."""
    if isinstance(item, dt.date) and not isinstance(item, dt.datetime):
        return item
    if isinstance(item, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", item):
        try:
            return dt.date.fromisoformat(item)
        except ValueError:
            return None
    return None
