"""Unified social credit codes (统一社会信用代码) by GB 32100-2015. Pure.

Eighteen characters: who registered it, of which kind, where (GB/T 2260, six digits), the body's
own code of nine, and a check character. I, O, S, V and Z are not used.
"""

from __future__ import annotations

import unicodedata

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
_WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))


def clean(written: str) -> str:
    """As it is kept: half-width capitals without blanks and hyphens."""
    plain = unicodedata.normalize("NFKC", written).upper()
    return "".join(c for c in plain if not c.isspace() and c not in "-‐–—")


def wrong(code: str) -> str | None:
    """What is wrong with a clean code, as a sentence for who typed it; None when it is right."""
    if len(code) != LENGTH:
        return f"统一社会信用代码应为 18 位，现为 {len(code)} 位"
    foreign = next((c for c in code if c not in CHARACTERS), None)
    if foreign is not None:
        if foreign in "IOSVZ":
            return f"统一社会信用代码不使用字母 {foreign}，请核对"
        return "统一社会信用代码只含数字和大写字母，请核对"
    if not code[2:8].isdigit():
        return "统一社会信用代码第 3 至 8 位应为数字，请核对"
    if check_character(code[:-1]) != code[-1]:
        return "统一社会信用代码校验位不符，请核对是否输错"
    return None


def check_character(first: str) -> str:
    """The eighteenth character to the first seventeen (GB 32100-2015, 附录 A).

    C18 = 31 - (sum of Ci * 3^(i-1) mod 31) mod 31. ValueError: a character of no code.
    """
    total = sum(CHARACTERS.index(c) * w for c, w in zip(first, _WEIGHTS, strict=True))
    return CHARACTERS[-total % 31]
