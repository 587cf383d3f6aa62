"""The list of tickets: filters, words, a whole telephone number, order, pages.

Made for a million tickets on PostgreSQL (docs/search.md): what is counted has an end, and how
words are looked for is decided by how many tickets have them, not by a guess of the planner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, text, union

from db.models import account, ticket, unit
from tickets import search_words
from tickets.search_words import Groups, Words
from tickets.words import REPEATED, SPECIAL, account_tag, code_tags, unit_tag

COUNT_MOST = 1000
"""More are not counted: a person looks at so many rows at most and then says more."""
DEEPEST = 10_000
"""Rows further down than this are not shown: whoever is there needs another filter."""
MOST_TAGS = 16
"""Of more units or classes at once none is looked for by its tag: many tickets are of one of them,
and putting their lists together would cost more than passing over the others."""

Order = Literal["newest", "due", "repeats"]
Conditions = Sequence[ColumnElement[bool]]
Columns = Sequence[ColumnElement[Any]]
Hash = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list asks for; what is empty or None asks for nothing.

    `where` holds further conditions on `ticket` (desk), all of which must hold; `either` those of
    which one must (`scope.branches`), each with an index of its own; `seen` is the same in one
    condition (`scope.visible`), for when words lead. `of_units` says again what these ask of units,
    so that words are looked for in the tickets of one: of each group one unit at least leads the
    ticket or assists. `late` needs `now_ms`.
    Times are UTC milliseconds, `from_ms` included, `to_ms` not.
    """

    q: str = ""
    states: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    content_classes: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    difficulties: tuple[str, ...] = ()
    unit_id: int | None = None
    account_id: int | None = None
    late: bool | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    repeated: bool = False
    special: bool = False
    where: tuple[ColumnElement[bool], ...] = ()
    either: tuple[ColumnElement[bool], ...] = ()
    seen: ColumnElement[bool] | None = None
    of_units: tuple[tuple[int, ...], ...] = ()
    order: Order = "newest"
    page: int = 1
    size: int = 20
    now_ms: int = 0


class Page(NamedTuple):
    """Rows of one page. `more`: there are more than `total` says (it says COUNT_MOST)."""

    rows: list[Row[Any]]
    total: int
    more: bool


def page(conn: Connection, wanted: Wanted, columns: Columns, caller_hash: Hash) -> Page:
    """One page of the tickets that fit.

    Args:
        columns: of `ticket`, `account` (its agent) and `unit` (its lead unit); `ticket.c.id`
            must be among them.
        caller_hash: the keyed hash of a number as typed.
    """
    steady(conn)
    words = search_words.read(wanted.q, caller_hash)
    if words.nothing:
        return Page([], 0, more=False)
    first = (wanted.page - 1) * wanted.size
    last = first + wanted.size if first < DEEPEST else 0
    if words.tokens:
        ids = _ids(conn, wanted, words, max(last, COUNT_MOST + 1))
        counted = len(ids)
    else:
        ids = _ids(conn, wanted, words, last) if last else []
        counted = _counted(conn, wanted, words)
    shown = ids[first : first + wanted.size]
    return Page(_rows(conn, shown, columns), min(counted, COUNT_MOST), counted > COUNT_MOST)


def every(
    conn: Connection, wanted: Wanted, columns: Columns, caller_hash: Hash, most: int
) -> list[Row[Any]]:
    """All that fit, in the list's order, at most `most`: for the export. Pages do not count."""
    steady(conn)
    words = search_words.read(wanted.q, caller_hash)
    if words.nothing:
        return []
    return _rows(conn, _ids(conn, wanted, words, most), columns)


def count(conn: Connection, where: Sequence[ColumnElement[bool]], most: int = COUNT_MOST) -> int:
    """How many tickets meet the conditions; looks no further than `most`."""
    some = select(ticket.c.id).where(*where).limit(most).subquery()
    return int(conn.execute(select(func.count()).select_from(some)).scalar_one())


def _counted(conn: Connection, wanted: Wanted, words: Words) -> int:
    """How many fit; looks no further than one more than COUNT_MOST."""
    conditions = _conditions(wanted, words)
    if not wanted.either:
        return count(conn, conditions, COUNT_MOST + 1)
    branches = (
        select(ticket.c.id).where(*conditions, one).limit(COUNT_MOST + 1).subquery().select()
        for one in wanted.either
    )
    return int(
        conn.execute(select(func.count()).select_from(union(*branches).subquery())).scalar_one()
    )


def _ids(conn: Connection, wanted: Wanted, words: Words, most: int) -> list[int]:
    """The tickets that fit, in order, at most `most`."""
    conditions = _conditions(wanted, words)
    if not words.tokens:
        return _ordered(conn, wanted, conditions, most)
    groups = _groups(wanted, words)
    if conn.dialect.name == "sqlite":
        return _ordered(conn, wanted, [*conditions, search_words.in_sqlite(groups)], most)
    search_words.by_index_only(conn)
    few = None if wanted.order == "newest" else search_words.few(conn, groups)
    if wanted.order != "newest" and few is None:
        return _ordered(conn, wanted, [*conditions, search_words.in_row(words.tokens)], most)
    if wanted.either:
        # The words lead; asking for them once for each alternative would cost them twice.
        conditions.append(or_(*wanted.either) if wanted.seen is None else wanted.seen)
        wanted = replace(wanted, either=())
    if few is None and not search_words.many(conn, groups):
        return _ordered(conn, wanted, [*conditions, search_words.in_postgres(groups)], most)
    if few is None:
        return _back_in_time(conn, wanted, conditions, groups, most)
    return _ordered(conn, wanted, [*conditions, search_words.one_of(few)], most) if few else []


def _groups(wanted: Wanted, words: Words) -> list[list[str]]:
    """The words, and the tags of what else the index of words knows: it finds both at once."""
    units = wanted.of_units
    if wanted.unit_id is not None:
        units = (*units, (wanted.unit_id,))
    tagged = [[unit_tag(one) for one in some] for some in units]
    if wanted.account_id is not None:
        tagged.append([account_tag(wanted.account_id)])
    if wanted.repeated or wanted.order == "repeats":
        tagged.append([REPEATED])
    if wanted.special:
        tagged.append([SPECIAL])
    tagged += [code_tags(column, codes) for column, codes in _chosen(wanted).items()]
    return [[token] for token in words.tokens] + [
        one for one in tagged if 0 < len(one) <= MOST_TAGS
    ]


def _chosen(wanted: Wanted) -> dict[str, tuple[str, ...]]:
    """The codes of which a ticket must have one, by their column."""
    return {
        "state": wanted.states,
        "type": wanted.types,
        "content_class": wanted.content_classes,
        "disposition": wanted.dispositions,
        "difficulty": wanted.difficulties,
    }


def _back_in_time(
    conn: Connection, wanted: Wanted, conditions: Conditions, groups: Groups, most: int
) -> list[int]:
    """From the newest week back, each step further, until there are enough."""
    ids: list[int] = []
    for window in search_words.windows(conn, wanted.from_ms, wanted.to_ms):
        hits = window.hits(groups)
        ids += _ordered(conn, wanted, [*conditions, hits], most - len(ids))
        if len(ids) >= most:
            break
    return ids


def _ordered(conn: Connection, wanted: Wanted, conditions: Conditions, most: int) -> list[int]:
    """The first that meet the conditions; of `either` each by its own index, then together."""
    if not wanted.either:
        plain = select(ticket.c.id).where(*conditions).order_by(*_order(wanted.order, ticket.c))
        return list(conn.execute(plain.limit(most)).scalars())
    t = ticket.c
    order = _order(wanted.order, t)
    branches = (
        select(t.id, t.created_ms, t.due_ms, t.repeats)
        .where(*conditions, one)
        .order_by(*order)
        .limit(most)
        .subquery()
        .select()
        for one in wanted.either
    )
    found = union(*branches).subquery()
    first = select(found.c.id).order_by(*_order(wanted.order, found.c)).limit(most)
    return list(conn.execute(first).scalars())


def _order(by: Order, c: Any) -> tuple[ColumnElement[Any], ...]:
    if by == "due":
        return c.due_ms.asc().nulls_last(), c.id
    if by == "repeats":
        return c.repeats.desc(), c.created_ms.desc(), c.id.desc()
    return c.created_ms.desc(), c.id.desc()


def _conditions(wanted: Wanted, words: Words) -> list[ColumnElement[bool]]:
    t = ticket.c
    found = [
        t[column] == codes[0] if len(codes) == 1 else t[column].in_(codes)
        for column, codes in _chosen(wanted).items()
        if codes
    ]
    if wanted.unit_id is not None:
        found.append(t.unit_id == wanted.unit_id)
    if wanted.account_id is not None:
        found.append(t.account_id == wanted.account_id)
    if wanted.late is not None:
        # On time is what has an end before it, not what has none.
        found.append(t.due_ms < wanted.now_ms if wanted.late else t.due_ms >= wanted.now_ms)
    if wanted.from_ms is not None:
        found.append(t.created_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        found.append(t.created_ms < wanted.to_ms)
    if wanted.repeated or wanted.order == "repeats":
        found.append(t.repeats > 0)
    if wanted.special:
        found.append(t.special)
    return [*found, *words.conditions, *wanted.where]


def _rows(conn: Connection, ids: Sequence[int], columns: Columns) -> list[Row[Any]]:
    """The rows of these tickets, in this order."""
    if not ids:
        return []
    joined = ticket.outerjoin(account, account.c.id == ticket.c.account_id)
    joined = joined.outerjoin(unit, unit.c.id == ticket.c.unit_id)
    found: dict[int, Row[Any]] = {}
    statement = select(*columns).select_from(joined)
    for start in range(0, len(ids), 500):
        part = statement.where(ticket.c.id.in_(ids[start : start + 500]))
        found |= {row.id: row for row in conn.execute(part)}
    return [found[one] for one in ids]


def steady(conn: Connection) -> None:
    """Plans for the values asked for, not for any; compiling one, or workers for one, cost more."""
    if conn.dialect.name == "postgresql":
        conn.execute(_STEADY)


_STEADY = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)"
)
