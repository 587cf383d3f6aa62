"""How alike two wordings are, and which tickets are worth comparing.

Likeness is the cosine of the two sets of words, each word weighted by how rare it is among the
newest tickets (inverse document frequency): 路灯 tells more than 市民. Candidates share two of the
rarest words; comparing those few is all that is done a ticket.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Engine, Row, select

from db.models import ticket, ticket_words
from tickets import words
from tickets.search_words import with_two

SAMPLE = 1000
"""Rarity is read off so many newest tickets."""
LEAST = 100
"""With fewer tickets than this a word is judged as if there were so many."""
SAMPLE_MS = 10 * 60 * 1000
"""How long a sample is good for."""
SEEN, UNSEEN = 6, 2
"""So many of a text's rarest words lead to candidates: of those in the sample, and of others."""
COMMON = 0.2
"""A word in so many of the tickets leads nowhere; what half a town calls about is still found."""
CANDIDATES = 150
WEEKS = 13
"""Wordings are looked for so many weeks back, this one included."""


class Rarity(NamedTuple):
    """In how many of `tickets` tickets each word was."""

    counts: Mapping[str, int]
    tickets: int

    def of(self, word: str) -> float:
        """The weight of a word: ln((n + 1) / (count + 1)) + a little, never negative."""
        return math.log((self.tickets + 1) / (self.counts.get(word, 0) + 1)) + 0.05


_samples: WeakKeyDictionary[Engine, tuple[int, Rarity]] = WeakKeyDictionary()
_lock = threading.Lock()


def rarity(conn: Connection, now_ms: int) -> Rarity:
    """How rare words are just now; from memory if it was asked within SAMPLE_MS."""
    with _lock:
        at_ms, known = _samples.get(conn.engine, (None, None))
    if known is not None and at_ms is not None and 0 <= now_ms - at_ms < SAMPLE_MS:
        return known
    newest = select(ticket_words.c.words).order_by(ticket_words.c.ticket_id.desc()).limit(SAMPLE)
    counts: Counter[str] = Counter()
    tickets = 0
    for kept in conn.execute(newest).scalars():
        counts.update(words.read(kept))
        tickets += 1
    fresh = Rarity(counts, max(tickets, LEAST))
    with _lock:
        _samples[conn.engine] = (now_ms, fresh)
    return fresh


def score(mine: frozenset[str], theirs: frozenset[str], rarity: Rarity) -> float:
    """The weighted cosine of two sets of words, 0 to 1; 0 when one is empty."""
    if not mine or not theirs:
        return 0.0
    shared = _square(mine & theirs, rarity)
    return min(1.0, shared / math.sqrt(_square(mine, rarity) * _square(theirs, rarity)))


def candidates(
    conn: Connection,
    columns: Sequence[ColumnElement[Any]],
    mine: frozenset[str],
    rarity: Rarity,
    now_ms: int,
    where: Sequence[ColumnElement[bool]],
) -> Iterable[Row[Any]]:
    """The newest tickets that share two of the rarest words; all of one, if there is but one."""
    leading = _leading(mine, rarity)
    if not leading:
        return ()
    shared = with_two(conn, leading, _weeks_back(now_ms))
    found = (
        select(*columns)
        .join(ticket_words, ticket_words.c.ticket_id == ticket.c.id)
        .where(shared, *where)
        .order_by(ticket.c.id.desc())
        .limit(CANDIDATES)
    )
    return conn.execute(found)


def _leading(mine: frozenset[str], rarity: Rarity) -> list[str]:
    """The words that few tickets have, the rarest first."""
    order = sorted(mine, key=lambda word: (rarity.counts.get(word, 0), -len(word), word))
    unseen = [word for word in order if word not in rarity.counts]
    most = COMMON * rarity.tickets
    seen = [word for word in order if 0 < rarity.counts.get(word, 0) < most]
    return seen[:SEEN] + unseen[:UNSEEN]


def _weeks_back(now_ms: int) -> list[str]:
    this = words.week_of(now_ms)
    return [words.week_word(this - back) for back in range(WEEKS)]


def _square(found: frozenset[str], rarity: Rarity) -> float:
    return math.fsum(rarity.of(word) ** 2 for word in found)
