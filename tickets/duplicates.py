"""What is alike: open tickets of the same number, company or wording, and repeat complaints."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, select, union

from db.models import ticket, ticket_words
from tickets import likeness, search, words
from tickets.rules.states import UNDER_WAY

DAY_MS = 24 * 3600 * 1000
NOT_COUNTED = ("draft", "rejected", "merged")
"""States of what was never a matter of its own."""
MOST = 8
"""So many are offered: more nobody reads while a caller speaks."""
OF_ONE = 20
"""So many newest tickets of one number or company are looked at."""
SAME_WORDS = 0.4
"""Likeness from which on two wordings are of the same matter."""

Why = Literal["same_number", "same_company", "same_words"]


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter as it stands while it is typed.

    `caller_hash` is None of a caller who shows no number: he is nobody's neighbour.
    """

    caller_hash: str | None = None
    credit_code: str | None = None
    company: str = ""
    text: str = ""
    content_class: str | None = None
    ticket_id: int | None = None
    """Its own ticket, which is like no other."""


class Alike(NamedTuple):
    """An open ticket that may be the same matter. `score`: likeness of wording, 0 to 1."""

    id: int
    number: str
    state: str
    why: Why
    score: float
    content_class: str | None
    company: str
    text: str
    created_ms: int
    unit_id: int | None


_COLUMNS = (
    ticket.c.id, ticket.c.number, ticket.c.state, ticket.c.content_class, ticket.c.company,
    ticket.c.text, ticket.c.created_ms, ticket.c.unit_id, ticket.c.caller_hash,
    ticket.c.credit_code, ticket_words.c.words,
)  # fmt: skip


def matter_of(row: Row[Any]) -> Matter:
    """Of a ticket's whole row."""
    shown = row.caller_hash if any(c.isdigit() for c in row.caller_masked) else None
    return Matter(shown, row.credit_code, row.company, row.text, row.content_class, row.id)


def alike(
    conn: Connection,
    matter: Matter,
    now_ms: int,
    *,
    most: int = MOST,
    where: Sequence[ColumnElement[bool]] = (),
) -> list[Alike]:
    """Open tickets that may be the same matter, the likeliest first.

    Args:
        now_ms: wordings are looked for as far back as `likeness.WEEKS`.
        where: what this person may see (scope).
    """
    search.steady(conn)
    mine = words.telling(words.of_texts(matter.text, matter.company))
    rarity = likeness.rarity(conn, now_ms)
    open_ = (ticket.c.state.in_(UNDER_WAY), *where)
    found: dict[int, Row[Any]] = {}
    for condition in _same(matter):
        found |= _by_id(_newest(conn, (condition, *open_), OF_ONE))
    found |= _by_id(likeness.candidates(conn, _COLUMNS, mine, rarity, now_ms, open_))
    found.pop(matter.ticket_id or 0, None)
    offered: list[tuple[float, Alike]] = []
    for row in found.values():
        theirs = words.telling(words.read(row.words or ""))
        score = likeness.score(mine, theirs, rarity)
        why = _why(row, matter, score)
        if why is not None:
            same_class = row.content_class == matter.content_class is not None
            offered.append((_weight(why, score, same_class=same_class), _offer(row, why, score)))
    offered.sort(key=lambda one: (-one[0], -one[1].created_ms, -one[1].id))
    return [one for _, one in offered[:most]]


def repeats(conn: Connection, row: Row[Any], repeat_days: int) -> int:
    """How many earlier tickets of a ticket's matter there are (`earlier`); takes its whole row."""
    return earlier(conn, matter_of(row), row.created_ms, repeat_days)


def earlier(conn: Connection, matter: Matter, before_ms: int, repeat_days: int) -> int:
    """How many tickets of the same number or company and the same class there are before.

    Args:
        repeat_days: natural days back from `before_ms` (Q三(二): 重复投诉).
    """
    same = _same(matter)
    if not same or matter.content_class is None:
        return 0
    hits = union(*(select(ticket.c.id).where(condition) for condition in same))
    found = select(func.count()).where(
        ticket.c.id.in_(hits),
        ticket.c.content_class == matter.content_class,
        ticket.c.id != (matter.ticket_id or 0),
        ticket.c.created_ms <= before_ms,
        ticket.c.created_ms > before_ms - repeat_days * DAY_MS,
        ticket.c.state.not_in(NOT_COUNTED),
    )
    return int(conn.execute(found.select_from(ticket)).scalar_one())


def _same(matter: Matter) -> list[ColumnElement[bool]]:
    """By what a ticket is of the same people."""
    found: list[ColumnElement[bool]] = []
    if matter.caller_hash:
        found.append(ticket.c.caller_hash == matter.caller_hash)
    if matter.credit_code:
        found.append(ticket.c.credit_code == matter.credit_code)
    if matter.company.strip():
        # `<> ''` is what the index of companies is for.
        found.append((ticket.c.company == matter.company.strip()) & (ticket.c.company != ""))
    return found


def _newest(
    conn: Connection, where: Sequence[ColumnElement[bool]], most: int
) -> Iterable[Row[Any]]:
    return conn.execute(
        select(*_COLUMNS)
        .outerjoin(ticket_words, ticket_words.c.ticket_id == ticket.c.id)
        .where(*where)
        .order_by(ticket.c.created_ms.desc())
        .limit(most)
    )


def _by_id(rows: Iterable[Row[Any]]) -> dict[int, Row[Any]]:
    return {row.id: row for row in rows}


def _why(row: Row[Any], matter: Matter, score: float) -> Why | None:
    if matter.caller_hash and row.caller_hash == matter.caller_hash:
        return "same_number"
    name = _name(matter.company)
    if (name and name == _name(row.company)) or (
        matter.credit_code and row.credit_code == matter.credit_code
    ):
        return "same_company"
    return "same_words" if score >= SAME_WORDS else None


def _name(company: str) -> str:
    """A company's name, however it was typed: 全角 and 半角, with blanks or without."""
    return "".join(unicodedata.normalize("NFKC", company).lower().split())


def _offer(row: Row[Any], why: Why, score: float) -> Alike:
    return Alike(
        row.id, row.number, row.state, why, round(score, 3), row.content_class, row.company,
        row.text, row.created_ms, row.unit_id,
    )  # fmt: skip


def _weight(why: Why, score: float, *, same_class: bool) -> float:
    """The same people with the same wording before either alone."""
    people = {"same_number": 0.5, "same_company": 0.3, "same_words": 0.0}
    return score + people[why] + (0.1 if same_class else 0.0)
