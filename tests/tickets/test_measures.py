"""The measures, worked out by hand on a few tickets, on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert

from db import Database
from db.models import ticket_rating, ticket_term
from tests.tickets.furnishing import DAY, NOW, stored
from tickets import measures
from tickets.measures import Measures, Share


def term(conn: Connection, ticket_id: int, kind: str, due_ms: int, **more: Any) -> None:
    values = {"ticket_id": ticket_id, "kind": kind, "round": 1, "from_ms": due_ms - DAY, "days": 1,
              "natural": False, "due_ms": due_ms, "first_due_ms": due_ms,
              "provisional": False, **more}  # fmt: skip
    conn.execute(insert(ticket_term), values)


def rating(conn: Connection, ticket_id: int, stars: int | None, **more: Any) -> None:
    values = {"ticket_id": ticket_id, "round": 1, "rectified": False, "stars": stars,
              "how": "person", "text": "", "at_ms": NOW - 1, **more}  # fmt: skip
    conn.execute(insert(ticket_rating), values)


def of_day(conn: Connection) -> Measures:
    return measures.measured(conn, NOW - DAY, NOW + DAY, NOW, 30)


async def test_nothing_gives_no_rate(database: Database) -> None:
    found = await database.read(of_day)
    assert found.response == Share(0, 0)
    assert found.handled.rate is None


async def test_in_time_counts_what_fell_due_and_open_ones(database: Database) -> None:
    def go(conn: Connection) -> Measures:
        made = stored(conn)
        for kind in ("accept", "done"):
            term(conn, made, kind, NOW - 10, ended_ms=NOW - 20, met=True)
            term(conn, made, kind, NOW - 10, ended_ms=NOW - 5, met=False)
            term(conn, made, kind, NOW - 10)  # open, and late
            term(conn, made, kind, NOW + 10)  # has not fallen due
            term(conn, made, kind, NOW - 10, ended_ms=NOW - 20, met=None)  # returned: void
            term(conn, made, kind, NOW - 2 * DAY, ended_ms=NOW, met=True)  # of another day
        term(conn, made, "accept", NOW - 9, ended_ms=NOW - 20, met=True)
        term(conn, made, "approve", NOW - 9, ended_ms=NOW - 20, met=True)
        return of_day(conn)

    found = await database.write(go)
    assert (found.response, found.on_time) == (Share(2, 4), Share(1, 3))
    assert found.response.rate == 0.5


async def test_ratings(database: Database) -> None:
    def go(conn: Connection) -> Measures:
        for stars in (5, 3, 2, None):
            rating(conn, stored(conn, round=1), stars)
        rating(conn, stored(conn), 1, at_ms=NOW - 2 * DAY)
        return of_day(conn)

    found = await database.write(go)
    assert (found.satisfied, found.rated) == (Share(2, 3), Share(3, 4))


async def test_handled_is_of_what_was_received(database: Database) -> None:
    def go(conn: Connection) -> Measures:
        for state in ("closed", "archived", "terminated", "in_progress", "draft", "rejected"):
            stored(conn, state=state)
        stored(conn, state="closed", created_ms=NOW - 2 * DAY)
        return of_day(conn)

    assert (await database.write(go)).handled == Share(3, 4)


async def test_first_contact(database: Database) -> None:
    def go(conn: Connection) -> Measures:
        def one(stars: int | None, more: dict[str, Any], **rated: Any) -> None:
            values: dict[str, Any] = {"round": 1, "content_class": "lamp", **more}
            rating(conn, stored(conn, **values), stars, **rated)

        one(3, {})  # counts
        one(2, {})
        one(None, {})
        one(5, {"returned": 1})
        one(5, {"round": 2})  # its first round ended in a second
        one(5, {}, round=2)  # not a first-round follow-up at all
        one(5, {}, rectified=True)
        early = NOW - 100
        one(5, {"caller_hash": "again", "created_ms": early})
        stored(conn, caller_hash="again", content_class="lamp", created_ms=early + 1)
        one(5, {"caller_hash": "other class", "created_ms": early})  # counts
        stored(conn, caller_hash="other class", content_class="water", created_ms=early + 1)
        one(5, {"caller_hash": "much later", "created_ms": early})  # counts
        late = NOW + 40 * DAY
        stored(conn, caller_hash="much later", content_class="lamp", created_ms=late)
        return of_day(conn)

    assert (await database.write(go)).first_contact == Share(3, 8)
