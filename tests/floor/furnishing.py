"""People, seats and calls that tests put into a database."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from db.models import account
from floor import calls, seats
from floor.calls import Call
from floor.seats import Seat

_numbers = itertools.count(1)
ASTERISK = "127.0.0.1:8088/hotline"


def person(conn: Connection, role: str = "agent") -> int:
    """An account; its id."""
    number = next(_numbers)
    made: int = conn.execute(
        insert(account).returning(account.c.id),
        {
            "login": f"person-{number}",
            "name": f"座席{number}",
            "role": role,
            "password_hash": "-",
            "disabled": False,
            "created_ms": 0,
        },
    ).scalar_one()
    return made


def new_seat(
    conn: Connection, skills: Mapping[str, int] | None = None, *, phone_ready: bool = True
) -> Seat:
    """A seat of a person of its own, offline."""
    owner = person(conn)
    made = seats.create(conn, owner, f"座席{owner}", dict(skills or {"business": 1}))
    return seats.set_phone(conn, made.id, True) if phone_ready else made


def new_call_id() -> str:
    return f"{next(_numbers):032x}"


def new_call(conn: Connection, /, call_id: str | None = None, **values: str) -> Call:
    """A call that has just come in."""
    chosen = call_id or new_call_id()
    told: dict[str, Any] = {**values}
    return calls.begin(
        conn,
        **{
            "call_id": chosen,
            "asterisk": ASTERISK,
            "line": "main",
            "trunk": "local",
            "caller_hash": "hash-of-13800000001",
            "caller_sealed": "sealed",
            "caller_masked": "138****0001",
            "channel": f"ch-{chosen}",
            **told,
        },
    )


def seat_in(
    conn: Connection,
    /,
    state: str,
    *,
    skills: Mapping[str, int] | None = None,
    phone_ready: bool = True,
    call_id: str | None = None,
) -> Seat:
    """A seat brought into a state by its own doors; in a call when the state is one of a call."""
    seat = new_seat(conn, skills)
    call = call_id or new_call_id()
    match state:
        case "offline":
            pass
        case "paused":
            seat = seats.pause(conn, seat.id, "rest")
        case _:
            seat = seats.go_available(conn, seat.id)
    if state in ("reserved", "ringing", "talking", "wrap_up", "no_answer"):
        seat = seats.reserve(conn, seat.id, call)
    if state in ("ringing", "talking", "wrap_up", "no_answer"):
        seat = seats.ring(conn, seat.id)
    if state in ("talking", "wrap_up"):
        seat = seats.answer(conn, seat.id)
    if state == "wrap_up":
        seat = seats.end_call(conn, seat.id, 60.0)
    if state == "no_answer":
        seat = seats.not_answered(conn, seat.id)
    if not phone_ready:
        seat = seats.set_phone(conn, seat.id, False)
    return seat
