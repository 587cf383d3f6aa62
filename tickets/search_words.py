"""What a person typed into a search, as conditions on `ticket`, for each database.

SQLite looks words up in FTS5, PostgreSQL in GIN. GIN gives its hits in no order, and the planner
guesses badly how many there are of several words together; so on PostgreSQL the newest are found
by going back week by week and quarter by quarter, and for another order we ask first whether they are few (then they are
taken by their ids), and else look into each row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    and_,
    any_,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from db.models import ticket, ticket_contact, ticket_words
from tickets import words

QUARTERS = 8
"""So far back quarter by quarter; what is older is asked for at once."""
SAMPLE = 1000
"""So many tickets tell how many of all have words."""
FEW = 2000
"""So many hits are taken by their ids when another order than newest is asked for."""
MANY = 5000
"""More hits are not sorted at once: the newest are looked for back in time (some 5 us a hit)."""
_NUMBER = re.compile(r"(\d{8})(-\d{0,6})?")
_TELEPHONE = re.compile(r"\+?\(?\d[\d ()-]{5,20}\d")
_TELEPHONE_DIGITS = 7
_FOUND: ColumnElement[bool] = literal_column(
    "array_to_tsvector(string_to_array(ticket_words.words || ticket_words.tags, ' '))"
)
_fts = table("ticket_fts", column("rowid", BigInteger), column("ticket_fts", Text))
_NO_SCAN = text("SELECT set_config('enable_seqscan', 'off', true)")


Groups = Sequence[Sequence[str]]
"""Words of each of which a ticket must have one at least."""


class Words(NamedTuple):
    """`tokens`: words that a ticket must have, all of them; `conditions`: of numbers.

    `nothing`: something was typed, and nothing of it can be looked for.
    """

    tokens: tuple[str, ...]
    conditions: tuple[ColumnElement[bool], ...]
    nothing: bool


def read(q: str, caller_hash: Callable[[str], str]) -> Words:
    """What was typed: words, a ticket's number or its beginning (a day), a whole telephone."""
    whole = q.strip()
    if _is_telephone(whole) and not _NUMBER.fullmatch(whole):
        return Words((), (_of_caller(caller_hash(whole)),), nothing=False)
    tokens: list[str] = []
    conditions: list[ColumnElement[bool]] = []
    for word in whole.split():
        number, telephone = _NUMBER.fullmatch(word), _is_telephone(word)
        if number and number[2] is None:
            # Eight digits: a day, or a telephone of the place.
            conditions.append(or_(_begins(word), _of_caller(caller_hash(word))))
        elif number:
            conditions.append(_begins(word))
        elif telephone:
            conditions.append(_of_caller(caller_hash(word)))
        else:
            tokens += words.asked(word)
    nothing = bool(whole) and not tokens and not conditions
    return Words(tuple(dict.fromkeys(tokens)), tuple(conditions), nothing)


def in_sqlite(groups: Groups) -> ColumnElement[bool]:
    """Has one word at least of each of these (FTS5)."""
    return _in_sqlite(_said(groups, SQLITE))


def with_two(conn: Connection, tokens: Sequence[str], weeks: Sequence[str]) -> ColumnElement[bool]:
    """Has two of these words (or the only one) and is of one of these weeks."""
    of = SQLITE if conn.dialect.name == "sqlite" else POSTGRES
    pairs = [[[token], tokens[at:]] for at, token in enumerate(tokens[:-1], 1)] or [[tokens]]
    either = of.either.join(f"({_said(pair, of)})" for pair in pairs)
    asked = f"({either}){of.both}{_said([weeks], of)}"
    return _in_sqlite(asked) if of is SQLITE else _in_postgres(asked)


class _Speech(NamedTuple):
    """How a database's search says it. Words are letters and digits: nothing needs escaping."""

    quote: str
    both: str
    either: str


SQLITE = _Speech('"', " AND ", " OR ")
POSTGRES = _Speech("'", " & ", " | ")


def _said(all_of: Groups, of: _Speech) -> str:
    """One word at least of each of these."""
    groups = (of.either.join(f"{of.quote}{word}{of.quote}" for word in one) for one in all_of)
    return of.both.join(f"({group})" for group in groups)


def _in_sqlite(asked: str) -> ColumnElement[bool]:
    return ticket.c.id.in_(select(_fts.c.rowid).where(_fts.c.ticket_fts.op("MATCH")(asked)))


def _in_postgres(asked: str) -> ColumnElement[bool]:
    hits = select(ticket_words.c.ticket_id).where(_hit(asked)).scalar_subquery()
    # As an array GIN is asked once, whatever the planner thinks of the number of hits.
    return ticket.c.id == any_(func.array(hits, type_=ARRAY(BigInteger)))


def _hit(asked: str) -> ColumnElement[bool]:
    """The condition on `ticket_words` that GIN answers."""
    return _FOUND.op("@@")(cast(literal(asked, Text), TSQUERY))


def by_index_only(conn: Connection) -> None:
    """For the rest of this transaction: GIN answers, whatever a scan seems to cost."""
    conn.execute(_NO_SCAN)


def many(conn: Connection, groups: Groups) -> bool:
    """Whether more than MANY tickets seem to have a word of each of these.

    Judged by pages from all over the table, the same each time: among the newest alone hardly any is
    archived, and of all nearly every one.
    """
    newest = conn.execute(select(func.max(ticket_words.c.ticket_id))).scalar_one() or 1
    share = min(100.0, 100.0 * SAMPLE / newest)
    sample = ticket_words.tablesample(func.system(share), seed=literal_column("1"))
    has = _has(sample.c.words + sample.c.tags, groups)
    found, looked_at = conn.execute(select(func.count(case((has, 1))), func.count())).one()
    return bool(found * newest > MANY * looked_at)


def in_postgres(groups: Groups) -> ColumnElement[bool]:
    """Has a word of each of these, whenever it was made (GIN)."""
    return _in_postgres(_said(groups, POSTGRES))


def few(conn: Connection, groups: Groups) -> list[int] | None:
    """The tickets that have a word of each of these, or None when there are more than FEW."""
    hit = _hit(_said(groups, POSTGRES))
    found = conn.execute(select(ticket_words.c.ticket_id).where(hit).limit(FEW + 1)).scalars().all()
    return list(found) if len(found) <= FEW else None


def one_of(ids: Sequence[int]) -> ColumnElement[bool]:
    return ticket.c.id == any_(literal(list(ids), ARRAY(BigInteger)))


def in_row(tokens: Sequence[str]) -> ColumnElement[bool]:
    """Has all these words, looked at row by row: where another index leads to few rows."""
    has = _has(ticket_words.c.words, [[token] for token in tokens])
    return select(has).where(ticket_words.c.ticket_id == ticket.c.id).scalar_subquery()


def _has(kept: ColumnElement[str], groups: Groups) -> ColumnElement[bool]:
    line = literal(" ") + kept + literal(" ")
    return and_(*(or_(*(func.strpos(line, f" {word} ") > 0 for word in one)) for one in groups))


class Window(NamedTuple):
    """A span of time: the words of its weeks or quarter, or all before `before_ms`."""

    words: list[str]
    before_ms: int | None = None

    def hits(self, groups: Groups) -> ColumnElement[bool]:
        """Of this span, with a word of each of these (GIN)."""
        if self.before_ms is None:
            return _in_postgres(_said([*groups, self.words], POSTGRES))
        return _in_postgres(_said(groups, POSTGRES)) & (ticket.c.created_ms < self.before_ms)


def windows(conn: Connection, from_ms: int | None, to_ms: int | None) -> Iterator[Window]:
    """Spans that tickets are in, newest first, none twice: weeks (one, two, four …), then
    quarters, then all before."""
    of = select(func.min(ticket.c.created_ms), func.max(ticket.c.created_ms))
    oldest, newest = conn.execute(of).one()
    if newest is None:
        return
    last = words.week_of(newest if to_ms is None else min(newest, to_ms))
    first = words.week_of(max(oldest, from_ms or 0))
    size, quarter = 1, last - last % words.QUARTER
    while last >= max(first, quarter):
        found = range(last, max(first, quarter, last - size + 1) - 1, -1)
        yield Window([words.week_word(week) for week in found])
        last -= len(found)
        size *= 2
    for _ in range(QUARTERS):
        if last < first:
            return
        yield Window([words.quarter_word(last)])
        last -= words.QUARTER
    if last >= first:
        yield Window([], (last + 1) * words.WEEK_MS)


def _begins(number: str) -> ColumnElement[bool]:
    """The number begins so: as a range, which the index knows in every collation."""
    return and_(ticket.c.number >= number, ticket.c.number < f"{number}z")


def _of_caller(hashed: str) -> ColumnElement[bool]:
    """The caller's, or the reporter's who was entered later."""
    return ticket.c.id.in_(
        union(
            select(ticket.c.id).where(ticket.c.caller_hash == hashed),
            select(ticket_contact.c.ticket_id).where(ticket_contact.c.number_hash == hashed),
        )
    )


def _is_telephone(word: str) -> bool:
    digits = sum(c.isdigit() for c in word)
    return digits >= _TELEPHONE_DIGITS and bool(_TELEPHONE.fullmatch(word))
