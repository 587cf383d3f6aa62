"""The words of tickets, for finding them and for finding what is alike.

Text and company are cut by a dictionary (rjieba), every word at every place, and every Chinese
character stands beside them: so a word of the dictionary is found wherever it is written, and
any other by its characters. Contact data never becomes a word: the index holds no telephone
number, address of mail or identity number.

Beside the words stand tags: what a list filters by, the units that lead a ticket or assist among
it, so that one index answers a word together with them. Triggers keep them (migration 0010).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence

import rjieba
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Text,
    bindparam,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from db.models import ticket, ticket_assist, ticket_words

LONGEST = 40
"""Characters of a word; longer ones are no words."""
PRIVATE_DIGITS = 7
"""So many digits or more are somebody's number."""
WEEK_MS = 7 * 24 * 3600 * 1000
QUARTER = 13
"""Weeks."""
_WEEK, _QUARTER = "周", "季"
_UNIT, _ACCOUNT = "位", "员"
SPECIAL, REPEATED = "标1", "标2"
"""Tags of tickets flagged as special, and of repeat complaints."""
_CODES = {
    "state": "态",
    "content_class": "类",
    "type": "型",
    "disposition": "办",
    "difficulty": "难",
}
# FTS5 would cut a word at these.
_SIGNS = "_.-"
_CODE = re.compile(r"[A-Za-z0-9_.-]+")

_HAN_DIGIT = "[零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]"
_CONTACTS = (
    re.compile(r"[a-z0-9._+-]+@[a-z0-9.-]+"),
    re.compile(
        r"(?:微信|qq|vx|wechat|v信)\s*(?:号|群)?\s*(?:码)?\s*(?:是|为)?\s*[::]?\s*[a-z0-9_-]{5,}"
    ),
    re.compile(rf"{_HAN_DIGIT}(?:[\s,.、·-]{{0,3}}{_HAN_DIGIT}){{6,}}"),
)
# Digits with what people put between them: 138 0000 1234, 0775-000 1234, (0775)0001234.
_DIGITS = re.compile(r"\d(?:[\s().,、·_–—/\\-]{0,3}\d)*")
_PART = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def of_texts(*texts: str) -> frozenset[str]:
    """What a ticket is found by: the words of its texts, and every Chinese character of them."""
    found: set[str] = set()
    for text in texts:
        clean = without_contacts(text)
        for word in set(rjieba.cut_all(clean)):
            found.update(_parts(word))
        found.update(c for c in _HAN.findall(clean) if c.isalnum())
    return frozenset(found)


def asked(text: str) -> tuple[str, ...]:
    """The words that a ticket must have all of to be found by `text`; () when it has none."""
    clean = without_contacts(text)
    return tuple(dict.fromkeys(part for word in rjieba.cut(clean, False) for part in _parts(word)))


def telling(found: frozenset[str]) -> frozenset[str]:
    """Those words that say what a matter is about: no single characters."""
    return frozenset(word for word in found if len(word) > 1)


def without_contacts(text: str) -> str:
    """The text in one form of writing, without what reaches or names a person."""
    plain = unicodedata.normalize("NFKC", text).lower()
    if not plain.isprintable():
        plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    for pattern in _CONTACTS:
        plain = pattern.sub(" ", plain)
    return _DIGITS.sub(_unless_private, plain)


def week_of(at_ms: int) -> int:
    """Weeks since 1970 (UTC)."""
    return at_ms // WEEK_MS


def week_word(week: int) -> str:
    """The word that every ticket of a week has: a search goes back week by week."""
    return f"{_WEEK}{week}"


def quarter_word(week: int) -> str:
    """The same of the thirteen weeks that a week is one of."""
    return f"{_QUARTER}{week // QUARTER}"


def unit_tag(unit_id: int) -> str:
    """The word that every ticket has which this unit leads or assists with."""
    return f"{_UNIT}{unit_id}"


def account_tag(account_id: int) -> str:
    """The same of the agent whose ticket it is."""
    return f"{_ACCOUNT}{account_id}"


def code_tags(column: str, codes: Sequence[str]) -> list[str]:
    """The words of which every ticket has one that has one of these codes in this column.

    Codes that differ in signs alone share one. None at all where a code could be no word.
    """
    if not all(_CODE.fullmatch(code) for code in codes):
        return []
    return [_CODES[column] + "".join(c for c in code if c not in _SIGNS) for code in codes]


def kept(found: frozenset[str], created_ms: int) -> str:
    """As `ticket_words.words` holds them."""
    week = week_of(created_ms)
    return " ".join((week_word(week), quarter_word(week), *sorted(found)))


def read(words: str) -> frozenset[str]:
    """The other way round, without week and quarter."""
    return frozenset(words.split(" ")[2:])


def index(conn: Connection, ticket_id: int) -> None:
    """Write a ticket's words anew; not on a call's road. No such ticket: nothing."""
    row = conn.execute(_texts, {"of_id": ticket_id}).one_or_none()
    if row is None:
        return
    given = {"ticket_id": ticket_id, "words": kept(of_texts(row.text, row.company), row.created_ms)}
    conn.execute(_write[conn.dialect.name], given)


_texts = select(ticket.c.text, ticket.c.company, ticket.c.created_ms).where(
    ticket.c.id == bindparam("of_id")
)


def _after_blank(sign: str, what: ColumnElement[str]) -> ColumnElement[str]:
    said: ColumnElement[str] = func.coalesce(f" {sign}" + what, "")
    return said


def _tags() -> ColumnElement[str]:
    """Of the ticket `ticket_id`, each after a blank; as the triggers of migration 0010 have it."""
    t = ticket.c
    said: ColumnElement[str] = _after_blank(_UNIT, cast(t.unit_id, Text))
    said += _after_blank(_ACCOUNT, cast(t.account_id, Text))
    for column, sign in _CODES.items():
        code: ColumnElement[str] = t[column]
        for one in _SIGNS:
            code = func.replace(code, one, "")
        said += _after_blank(sign, code)
    for tag, holds in ((SPECIAL, t.special), (REPEATED, t.repeats > 0)):
        said += case((holds, f" {tag}"), else_="")
    assisting = (
        select(func.aggregate_strings(f" {_UNIT}" + cast(ticket_assist.c.unit_id, Text), ""))
        .where(ticket_assist.c.ticket_id == t.id)
        .scalar_subquery()
    )
    whole = select(said + func.coalesce(assisting, ""))
    return whole.where(t.id == bindparam("ticket_id")).scalar_subquery()


_given = {"ticket_id": bindparam("ticket_id"), "words": bindparam("words"), "tags": _tags()}
_sqlite = sqlite.insert(ticket_words).values(_given)
_postgres = postgresql.insert(ticket_words).values(_given)
_KEY = ["ticket_id"]
_write: dict[str, Executable] = {
    "sqlite": _sqlite.on_conflict_do_update(
        index_elements=_KEY,
        set_={"words": _sqlite.excluded.words, "tags": _sqlite.excluded.tags},
    ),
    "postgresql": _postgres.on_conflict_do_update(
        index_elements=_KEY,
        set_={"words": _postgres.excluded.words, "tags": _postgres.excluded.tags},
    ),
}


@functools.lru_cache(maxsize=20_000)
def _parts(word: str) -> tuple[str, ...]:
    """A word of the dictionary as words of the index: letters and digits only, each apart."""
    return tuple(
        part
        for part in _PART.findall(word)
        if len(part) <= LONGEST and sum(c.isdigit() for c in part) < PRIVATE_DIGITS
    )


def _unless_private(found: re.Match[str]) -> str:
    digits = sum(c.isdigit() for c in found[0])
    return " " if digits >= PRIVATE_DIGITS else found[0]
