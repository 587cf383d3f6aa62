"""Which page holds a seat's telephone: a page that is gone in a call is told to the controller.

A page says its own random id when it asks for the telephone and when it says good-bye. The
same page asking again (after a restart of the console, a lost connection) is no news; a new
page means that the one before is gone, even when that could not say so (a crash).
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from db.models import seat_page
from floor import requests, seats

IN_A_CALL = ("reserved", "ringing", "talking")
GONE = "phone_gone"


def asked_for_telephone(conn: Connection, seat_id: int, page: str, now_ms: int) -> None:
    """This page is about to hold the telephone. A page without an id is taken as the same."""
    if not page:
        return
    row = _row(conn, seat_id)
    if row is None:
        conn.execute(insert(seat_page), {"seat_id": seat_id, "page": page, "at_ms": now_ms})
    else:
        _keep(conn, seat_id, page, now_ms)
    said_goodbye = row is not None and row[0] is None
    if not said_goodbye and (row is None or row[0] != page):
        _was_on_a_call(conn, seat_id)


def said_goodbye(conn: Connection, seat_id: int, page: str, now_ms: int) -> None:
    """A page is closing. One that holds the telephone no more (its word came late) is ignored."""
    row = _row(conn, seat_id)
    if page and row is not None and row[0] != page:
        return
    if row is not None and row[0] is None:
        return
    if row is None:
        conn.execute(insert(seat_page), {"seat_id": seat_id, "page": None, "at_ms": now_ms})
    else:
        _keep(conn, seat_id, None, now_ms)
    _was_on_a_call(conn, seat_id)


def telephone_gone(conn: Connection, seat: seats.Seat) -> None:
    """Tell the controller, when the seat is on a call: the caller is not to sit in silence."""
    if seat.call_id is not None and seat.state in IN_A_CALL:
        requests.put(conn, seat.account_id, seat.call_id, GONE, {})


def _was_on_a_call(conn: Connection, seat_id: int) -> None:
    seat = seats.get(conn, seat_id)
    if seat is not None:
        telephone_gone(conn, seat)


def _row(conn: Connection, seat_id: int) -> tuple[str | None] | None:
    found = conn.execute(select(seat_page.c.page).where(seat_page.c.seat_id == seat_id))
    row = found.one_or_none()
    return None if row is None else (row[0],)


def _keep(conn: Connection, seat_id: int, page: str | None, now_ms: int) -> None:
    conn.execute(
        update(seat_page).where(seat_page.c.seat_id == seat_id).values(page=page, at_ms=now_ms)
    )
