"""Texts without their reporter: his number and his name, found in whatever somebody types (保密).

Only his own are looked for. Other numbers stand in a text for good reasons: a company's telephone,
a credit code, an amount, the number of a ticket, 12345.

Who may not see the number must not learn it by trying either. So for a unit the rule knows no more
than a unit is shown: whatever fits 138****1234 is refused, right or wrong; and names, of which it
is shown the first letter alone, are not looked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from db.models import call
from db.sealed import CannotOpen, Sealer
from tickets import contacts

LEFT_OUT = "（号码略）"

_LEAST_DIGITS = 7
"""Shorter numbers are those of services, and any other figure may look like them."""
_CLEAR_ENOUGH = 6
"""So many digits a mask must show, or too many other numbers would fit it."""
_BETWEEN = r"[^0-9a-z\u4e00-\u9fff]{0,3}"
_HOME = rf"(?:(?:\+|00)?86{_BETWEEN})?"
_CHINESE = str.maketrans("〇零一幺二三四五六七八九", "001123456789")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0(?:10|2\d|[3-9]\d\d))([\d*]{7,8})")
_SPLIT = re.compile(r"[\s,，;；/、()（）]+")
_TITLES = re.compile(
    r"(?:先生|女士|小姐|同志|老师|师傅|老板|经理|主任|阿姨|大姐|大哥|总|某某|某|\*+)$"
)
_NOBODY = frozenset(
    [
        "匿名",
        "群众",
        "市民",
        "居民",
        "企业",
        "商户",
        "业主",
        "来电人",
        "反映人",
        "投诉人",
        "举报人",
        "未知",
        "不详",
        "无名氏",
        "不愿透露",
    ]
)
"""What is written where no name was given."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """What must not stand in a text; each may be missing.

    Args:
        numbers: in clear, as kept or as typed.
        masks: as screens show them, for who may see no more.
        name: as kept.
        company: the matter's own, which may be called after him and is shown to units anyway.
    """

    numbers: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    name: str = ""
    company: str = ""


@dataclass(frozen=True, slots=True)
class Clean:
    """A text with nothing of the reporter left in it, and what it had; both empty when clean."""

    text: str
    labels: tuple[str, ...]


def known_of(conn: Connection, sealer: Sealer, row: Row[Any], *, in_clear: bool) -> Reporter:
    """Who reported this ticket, as far as a text is searched for him.

    Args:
        row: of the ticket, whole.
        in_clear: False for who may not see him, as units.
    """
    kept = contacts.of_ticket(conn, row.id) or contacts.Reporter()
    caller = conn.execute(
        select(call.c.caller_sealed).where(call.c.id == row.call_id)
    ).scalar_one_or_none()
    sealed = [one for one in (kept.number_sealed, caller) if one is not None]
    numbers = [_opened(sealer, one) for one in sealed] if in_clear else [""]
    # One that can't be opened (its key was lost) is known by its mask alone.
    masked = (kept.number_masked, row.caller_masked) if "" in numbers else ()
    name = _opened(sealer, kept.name_sealed) if in_clear and kept.name_sealed else ""
    return Reporter(
        tuple(n for n in numbers if n), tuple(m for m in masked if m), name, row.company
    )


def without(reporter: Reporter, text: str) -> Clean:
    """The text as it may stand: （号码略） for his number, 张** for his name."""
    name, masked = _name(reporter.name)
    labels = []
    for label, pattern, instead, spared in (
        ("电话号码", _numbers(reporter), LEFT_OUT, ""),
        ("姓名", name, masked, reporter.company),
    ):
        changed = _replaced(text, pattern, instead, spared) if pattern else text
        if changed != text:
            labels.append(label)
            text = changed
    return Clean(text, tuple(labels))


def cleaned(reporter: Reporter, texts: Mapping[str, str]) -> dict[str, Clean]:
    """Those of the texts, by their names, in which something of the reporter was found."""
    found = {name: without(reporter, text) for name, text in texts.items()}
    return {name: one for name, one in found.items() if one.labels}


def sentence(found: Clean) -> str:
    """For the person at the field; it names what was found, and never repeats it."""
    return f"含有来电人的{'和'.join(found.labels)}，请隐去；来电人信息只登记在“来电人”栏"


def _replaced(text: str, pattern: re.Pattern[str], instead: str, company: str) -> str:
    """Each place that fits, but not within the company's name."""
    plain = _compared(text)
    wanted = re.escape(_compared(company.strip()))
    spared = [hit.span() for hit in re.finditer(wanted, plain)] if wanted else []
    parts, at = [], 0
    for hit in pattern.finditer(plain):
        if any(begin <= hit.start() and hit.end() <= end for begin, end in spared):
            continue
        parts += [text[at : hit.start()], instead]
        at = hit.end()
    return "".join([*parts, text[at:]])


def _compared(text: str) -> str:
    return "".join(map(_plain, text))


def _plain(letter: str) -> str:
    """A letter as it is compared: full-width as half-width, 一 as 1, A as a. One for one."""
    narrow = unicodedata.normalize("NFKC", letter).lower()
    return (narrow if len(narrow) == 1 else letter).translate(_CHINESE)


def _numbers(reporter: Reporter) -> re.Pattern[str] | None:
    patterns = [
        *(_of_number(number) for number in reporter.numbers),
        *(_of_mask(mask) for mask in reporter.masks),
    ]
    return _any(patterns)


def _of_number(number: str) -> str:
    digits = re.sub(r"\D", "", _compared(number))
    for prefix in ("0086", "86", "0"):
        if _MOBILE.fullmatch(digits.removeprefix(prefix)):
            digits = digits.removeprefix(prefix)
    if len(digits) < _LEAST_DIGITS:
        return ""
    return _pattern(digits)


def _of_mask(mask: str) -> str:
    shown = re.sub(r"[^\d*]", "", mask)
    if sum(c != "*" for c in shown) < _CLEAR_ENOUGH or len(shown) < _LEAST_DIGITS:
        return ""
    return _pattern(shown)


def _pattern(digits: str) -> str:
    """Digits (`*`: any) in whatever way people write them."""
    landline = _LANDLINE.fullmatch(digits)
    if landline and "*" not in digits:
        # Within the area nobody writes its code.
        return rf"{_HOME}(?:0?{_run(landline[1][1:])}{_BETWEEN}|(?<!\d)){_run(landline[2])}(?!\d)"
    # Only a guess, it must be a whole number; the number itself is his wherever it stands.
    edge = ("(?<!\\d)", "(?!\\d)") if "*" in digits or len(digits) < 10 else ("", "")
    return f"{edge[0]}{_HOME}{'0?' if digits[0] != '0' else ''}{_run(digits)}{edge[1]}"


def _run(digits: str) -> str:
    return _BETWEEN.join(r"\d" if d == "*" else d for d in digits)


def _name(name: str) -> tuple[re.Pattern[str] | None, str]:
    """What of a kept name is looked for, and what stands in its place."""
    whole = _SPLIT.sub(" ", unicodedata.normalize("NFKC", name)).strip()
    wanted = {_untitled(whole.replace(" ", "")), _untitled(whole.partition(" ")[0])}
    # One letter is what every screen shows.
    patterns = [_of_name(one) for one in wanted if len(one) > 1 and one not in _NOBODY]
    return _any(patterns), whole[:1] + contacts.HIDDEN


def _untitled(name: str) -> str:
    while (shorter := _TITLES.sub("", name)) != name:
        name = shorter
    return name


def _of_name(name: str) -> str:
    plain = _compared(name)
    written = r"[\s·•.]{0,2}".join(map(re.escape, plain))
    return rf"(?<![a-z]){written}(?![a-z])" if re.search("[a-z]", plain) else written


def _any(patterns: Iterable[str]) -> re.Pattern[str] | None:
    # The longer one first: a name with its first part, a number with its area.
    given = sorted({p for p in patterns if p}, key=len, reverse=True)
    return re.compile("|".join(f"(?:{p})" for p in given)) if given else None


def _opened(sealer: Sealer, sealed: str) -> str:
    try:
        return sealer.open(sealed)
    except CannotOpen:
        return ""
