"""Texts that leave the house without what could reach a reporter: numbers, mail, accounts."""

from __future__ import annotations

import re

HIDDEN = "*******"
_BETWEEN = r"[\s().·_–—/\\-]{0,3}"
_NUMBER = re.compile(rf"\+?\d(?:{_BETWEEN}\d){{6,}}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ACCOUNT = re.compile(
    r"(微信|QQ|VX|WeChat)(\s*(?:号|群)?\s*(?:是|为)?\s*[:\uff1a]?\s*)[A-Za-z0-9_-]{5,}",
    re.IGNORECASE,
)
_KEPT = re.compile(
    # Numbers of tickets, and dates.
    r"(?<!\d)(?:\d{8}-\d{5,}|(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2})(?!\d)"
)


def without_numbers(text: str) -> str:
    """The text with every run of seven digits or more, and every address, hidden.

    Numbers of tickets and dates stay.
    """
    text = _ACCOUNT.sub(rf"\1\2{HIDDEN}", _MAIL.sub(HIDDEN, text))
    parts, at = [], 0
    for kept in _KEPT.finditer(text):
        parts += [_NUMBER.sub(HIDDEN, text[at : kept.start()]), kept.group()]
        at = kept.end()
    return "".join([*parts, _NUMBER.sub(HIDDEN, text[at:])])
