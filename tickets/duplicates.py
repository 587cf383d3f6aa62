"""What is alike: open tickets of the same number, company or wording, and repeat complaints."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from db.models import ticket, ticket_words
from tickets import likeness, words
from tickets.rules.states import UNDER_WAY

DAY_MS = 24 * 3600 * 1000
NOT_COUNTED = ("draft", "rejected", "merged")
"""States of what was never a matter of its own."""
MOST = 8
"""So many are offered: more nobody reads while a caller speaks."""
OF_ONE = 20
"""So many newest tickets of one number or company are looked at."""
SAME_WORDS = 0.5
"""Likeness from which on two wordings are of the same matter."""

Why = Literal["same_number", "same_company", "same_words"]


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


def alike(
    conn: Connection,
    *,
    now_ms: int,
    caller_hash: str | None = None,
    credit_code: str | None = None,
    company: str = "",
    text: str = "",
    content_class: str | None = None,
    exclude_id: int | None = None,
    most: int = MOST,
    where: Sequence[ColumnElement[bool]] = (),
) -> list[Alike]:
    """Open tickets that may be the same matter, the likeliest first.

    Args:
        now_ms: wordings are looked for as far back as `likeness` says.
        caller_hash: of the caller's number; None or "" when he shows none.
        content_class: tickets of the same class come first among equals.
        exclude_id: the ticket itself.
        where: what this person may see (scope).
    """
    mine = words.telling(words.of_texts(text, company))
    rarity = likeness.rarity(conn, now_ms)
    open_ = (ticket.c.state.in_(UNDER_WAY), *where)
    found: dict[int, Row[Any]] = {}
    for condition in _same(caller_hash, credit_code, company):
        found |= _by_id(_newest(conn, (condition, *open_), OF_ONE))
    found |= _by_id(likeness.candidates(conn, _COLUMNS, mine, rarity, now_ms, open_))
    found.pop(exclude_id or 0, None)
    offered = []
    for row in found.values():
        theirs = words.telling(words.read(row.words or ""))
        score = likeness.score(mine, theirs, rarity)
        why = _why(row, caller_hash, credit_code, company, score)
        if why is not None:
            offered.append((row.content_class == content_class, _offer(row, why, score)))
    offered.sort(key=lambda one: (-_weight(one[1], same_class=one[0]), -one[1].created_ms))
    return [one for _, one in offered[:most]]


def repeats(conn: Connection, row: Row[Any], repeat_days: int) -> int:
    """How many earlier tickets of this matter there are: same number or company, same class.

    Args:
        row: a ticket's whole row.
        repeat_days: natural days back from its making (Q三(二): 重复投诉).
    """
    shown = row.caller_hash if any(c.isdigit() for c in row.caller_masked) else None
    same = _same(shown, row.credit_code, row.company)
    if not same or row.content_class is None:
        return 0
    found = select(func.count()).where(
        or_(*same),
        ticket.c.content_class == row.content_class,
        ticket.c.id != row.id,
        ticket.c.created_ms <= row.created_ms,
        ticket.c.created_ms > row.created_ms - repeat_days * DAY_MS,
        ticket.c.state.not_in(NOT_COUNTED),
    )
    return int(conn.execute(found.select_from(ticket)).scalar_one())


def _same(
    caller_hash: str | None, credit_code: str | None, company: str
) -> list[ColumnElement[bool]]:
    """By what a ticket is of the same people; a caller who shows no number is nobody's."""
    found: list[ColumnElement[bool]] = []
    if caller_hash:
        found.append(ticket.c.caller_hash == caller_hash)
    if credit_code:
        found.append(ticket.c.credit_code == credit_code)
    if company.strip():
        # `<> ''` is what the index of companies is for.
        found.append((ticket.c.company == company.strip()) & (ticket.c.company != ""))
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


def _why(
    row: Row[Any], caller_hash: str | None, credit_code: str | None, company: str, score: float
) -> Why | None:
    if caller_hash and row.caller_hash == caller_hash:
        return "same_number"
    if (credit_code and row.credit_code == credit_code) or (
        _name(company) and _name(company) == _name(row.company)
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


def _weight(one: Alike, *, same_class: bool) -> float:
    """The same people with the same wording before either alone."""
    people = {"same_number": 0.5, "same_company": 0.3, "same_words": 0.0}
    return math.fsum((one.score, people[one.why], 0.1 if same_class else 0.0))
