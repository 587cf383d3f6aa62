"""Requests that a controller took and did not live to answer: no screen waits for them for ever."""

from __future__ import annotations

from sqlalchemy import Connection, select

from db.models import request
from floor import requests


def forsake_taken(conn: Connection, controller: str) -> int:
    """When a controller starts: settle what the one before it of that name left `taken`.

    Whether it was carried out nobody knows any more; the call's own state shows it. Pressing
    the button again is left to the person: a request from then must not act now.
    """
    left = conn.execute(
        select(request.c.id)
        .where(request.c.state == "taken", request.c.taken_by == controller)
        .order_by(request.c.id)
    ).scalars()
    many = 0
    for request_id in left.all():
        requests.settle(conn, request_id, "refused", {"detail": "expired"})
        many += 1
    return many
