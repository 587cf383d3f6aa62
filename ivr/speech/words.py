"""How numbers are said in Mandarin. Pure."""

from __future__ import annotations

import re

_DIGITS = "零一二三四五六七八九"
_ON_THE_TELEPHONE = str.maketrans("0123456789", "零幺二三四五六七八九")
_RUN = re.compile(r"[0-9]+")

MANY = "一百多"
"""For what is more than we count out: 一百多位, 一百多分钟."""


def count(number: int) -> str:
    """A number from 0 to 99 as it stands before a measure word: 两 位, 十二 位, 二十二 分钟."""
    if not 0 <= number <= 99:
        raise ValueError("only 0 to 99 are counted out")
    return "两" if number == 2 else cardinal(number)


def cardinal(number: int) -> str:
    """A number from 0 to 99 standing alone, as for a key: 请按 二."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


def spoken(text: str) -> str:
    """A sentence with its digits written as they are said.

    Three digits and more are a number to call or to note and are read one by one, 1 as 幺
    (12345 is 幺二三四五); one or two are an amount or a key (10 is 十).
    """
    return _RUN.sub(_said, text)


def _said(run: re.Match[str]) -> str:
    digits = run.group()
    if len(digits) > 2 or (len(digits) > 1 and digits[0] == "0"):
        return digits.translate(_ON_THE_TELEPHONE)
    return cardinal(int(digits))
