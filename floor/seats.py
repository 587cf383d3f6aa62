"""Seats (专席) and their states: one door for each thing that happens to a seat.

Every door is a compare-and-set: it changes the row only from the states it names and
raises `NotNow` otherwise, so two controllers never take one seat. The database keeps
the history and refuses illegal moves by itself (see the migration's triggers).
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, null, or_, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import seat
from db.prepared import Prepared

LABELS = {
    "offline": "离线",
    "available": "示闲",
    "reserved": "预占",
    "ringing": "振铃",
    "talking": "通话中",
    "wrap_up": "小结",
    "paused": "示忙",
    "no_answer": "未应答",
}


class Seat(msgspec.Struct, frozen=True, gc=False):
    """A seat as it stands. `skills` maps a queue to the level of skill, 1 the best."""

    id: int
    account_id: int
    name: str
    skills: dict[str, int]
    state: str
    since_ms: int
    reason: str | None
    call_id: str | None
    idle_since_ms: int | None
    offered_ms: int
    wrap_up_until_ms: int | None
    after_call: str | None
    phone_ready: bool

    @property
    def endpoint(self) -> str:
        """The name of the seat's telephone in Asterisk."""
        return endpoint_of(self.id)

    def shown(self) -> dict[str, Any]:
        """As screens get it (the REST contract's Seat)."""
        return {
            "id": self.id,
            "account_id": self.account_id,
            "name": self.name,
            "state": self.state,
            "since_ms": self.since_ms,
            "reason": self.reason,
            "call_id": self.call_id,
            "phone_ready": self.phone_ready,
            "skills": [{"queue": q, "level": n} for q, n in self.skills.items()],
            "wrap_up_until_ms": self.wrap_up_until_ms,
            "after_call": self.after_call,
            "idle_since_ms": self.idle_since_ms,
            "offered_ms": self.offered_ms,
        }

    @classmethod
    def of_shown(cls, shown: dict[str, Any]) -> Seat:
        """The seat that a change of the feed tells of."""
        skills = {skill["queue"]: skill["level"] for skill in shown["skills"]}
        return cls(**{**shown, "skills": skills})


class NotNow(Exception):
    """The seat is not in a state in which this can happen; `seat` is how it stands."""

    def __init__(self, found: Seat | None) -> None:
        super().__init__(f"the seat is {found.state}" if found else "no such seat")
        self.seat = found


def endpoint_of(seat_id: int) -> str:
    """Fixed width: no endpoint's name is the beginning of another's."""
    return f"seat-{seat_id:06d}"


_columns = [seat.c[name] for name in Seat.__struct_fields__]
_by_id = Prepared(select(*_columns).where(seat.c.id == bindparam("id")), _columns)
_by_account = select(*_columns).where(seat.c.account_id == bindparam("account_id"))
_all = select(*_columns).order_by(seat.c.id)
_of_call = Prepared(
    select(*_columns).where(
        seat.c.call_id == bindparam("call_id"),
        or_(seat.c.state == "reserved", seat.c.state == "ringing", seat.c.state == "talking"),
    ),
    _columns,
)


def _move(*sources: str, **values: Any) -> Prepared:
    statement = update(seat).where(seat.c.id == bindparam("seat_id"))
    if sources:
        statement = statement.where(or_(*(seat.c.state == source for source in sources)))
    changed = {"version": seat.c.version + 1, **values}
    if "state" in values:
        changed["since_ms"] = bindparam("now")
    return Prepared(statement.values(changed).returning(*_columns), _columns)


_nothing: dict[str, Any] = {
    "call_id": null(),
    "reason": null(),
    "wrap_up_until_ms": null(),
    "after_call": null(),
}

_go_available = _move(
    "offline",
    "paused",
    "no_answer",
    "wrap_up",
    state="available",
    idle_since_ms=bindparam("now"),
    **_nothing,
)
_pause = _move(
    "offline",
    "available",
    "no_answer",
    "wrap_up",
    state="paused",
    **{**_nothing, "reason": bindparam("why")},
)
_go_offline = _move(
    "available",
    "paused",
    "no_answer",
    "wrap_up",
    "offline",
    state="offline",
    **{**_nothing, "reason": bindparam("why")},
)
_after_call = _move(
    "reserved", "ringing", "talking", after_call=bindparam("then"), reason=bindparam("why")
)
_reserve = _move(
    "available",
    state="reserved",
    call_id=bindparam("call"),
    offered_ms=bindparam("now"),
)
_claim = _move(
    "offline",
    "available",
    "paused",
    "wrap_up",
    "no_answer",
    state="reserved",
    call_id=bindparam("call"),
    after_call=bindparam("then"),
    reason=bindparam("why"),
    wrap_up_until_ms=null(),
)
_ring = _move("reserved", state="ringing")
_answer = _move("ringing", state="talking")
_not_answered = _move("ringing", state="no_answer", call_id=null())
_release = _move("reserved", "ringing", state="available", call_id=null())
_wrap_up = _move("talking", state="wrap_up", wrap_up_until_ms=bindparam("until"))
_end_at_once = _move("talking", state="available", idle_since_ms=bindparam("now"), **_nothing)
_phone = _move(phone_ready=bindparam("ready"))
_lost = _move(
    "reserved",
    "ringing",
    "talking",
    state="offline",
    **{**_nothing, "reason": bindparam("why")},
)


def create(conn: Connection, account_id: int, name: str, skills: dict[str, int]) -> Seat:
    """Furnish a seat for an account; offline until its person says otherwise."""
    row = conn.execute(
        insert(seat).returning(*_columns),
        {
            "account_id": account_id,
            "name": name,
            "skills": skills,
            "state": "offline",
            "since_ms": now_ms(),
            "offered_ms": 0,
            "phone_ready": False,
            "version": 0,
        },
    ).one()
    made = Seat(*row)
    publish(conn, "seat", made.id, made.shown())
    return made


def get(conn: Connection, seat_id: int) -> Seat | None:
    row = _by_id.one(conn, {"id": seat_id})
    return Seat(*row) if row else None


def of_account(conn: Connection, account_id: int) -> Seat | None:
    row = conn.execute(_by_account, {"account_id": account_id}).one_or_none()
    return Seat(*row) if row else None


def all_seats(conn: Connection) -> list[Seat]:
    return [Seat(*row) for row in conn.execute(_all)]


def _do(conn: Connection, statement: Prepared, seat_id: int, **values: Any) -> Seat:
    row = statement.one(conn, {"seat_id": seat_id, "now": now_ms(), **values})
    if row is None:
        raise NotNow(get(conn, seat_id))
    moved = Seat(*row)
    publish(conn, "seat", moved.id, moved.shown())
    return moved


def go_available(conn: Connection, seat_id: int) -> Seat:
    """The agent says that she is there (示闲), or her wrap-up is over."""
    return _do(conn, _go_available, seat_id)


def pause(conn: Connection, seat_id: int, reason: str) -> Seat:
    """The agent pauses (示忙) with a reason; during a call it holds from its end on."""
    found = get(conn, seat_id)
    if found and found.state in ("reserved", "ringing", "talking"):
        return _do(conn, _after_call, seat_id, then="paused", why=reason)
    return _do(conn, _pause, seat_id, why=reason)


def go_offline(conn: Connection, seat_id: int, reason: str | None = None) -> Seat:
    """The agent leaves; during a call it holds from its end on."""
    found = get(conn, seat_id)
    if found and found.state in ("reserved", "ringing", "talking"):
        return _do(conn, _after_call, seat_id, then="offline", why=reason)
    return _do(conn, _go_offline, seat_id, why=reason)


def reserve(conn: Connection, seat_id: int, call_id: str) -> Seat:
    """A call takes the seat: the compare-and-set that only one can win."""
    return _do(conn, _reserve, seat_id, call=call_id)


def claim(conn: Connection, seat_id: int, call_id: str) -> Seat:
    """A person takes her own seat for a call that she asked for: calling back, coming back,
    listening in. What she was doing before is what she goes back to.
    """
    found = get(conn, seat_id)
    stays = found is not None and found.state in ("paused", "offline")
    then, why = (found.state, found.reason) if stays and found else (None, None)
    return _do(conn, _claim, seat_id, call=call_id, then=then, why=why)


def on_call(conn: Connection, call_id: str) -> list[Seat]:
    """The seats that a call has: its agent's, and those of others who are on it."""
    return [Seat(*row) for row in _of_call.rows(conn, {"call_id": call_id})]


def ring(conn: Connection, seat_id: int) -> Seat:
    """Its telephone is being rung."""
    return _do(conn, _ring, seat_id)


def answer(conn: Connection, seat_id: int) -> Seat:
    """The agent picked up."""
    return _do(conn, _answer, seat_id)


def not_answered(conn: Connection, seat_id: int) -> Seat:
    """The seat did not pick up in time: 未应答, not rung again until it says it is back; or paused
    or offline, if its person had asked for that while it rang.
    """
    missed = _do(conn, _not_answered, seat_id)
    return _as_asked(conn, missed) or missed


def release(conn: Connection, seat_id: int) -> Seat:
    """The caller left before the seat picked up; it keeps its place by idle time."""
    freed = _do(conn, _release, seat_id)
    return _as_asked(conn, freed) or freed


def end_call(conn: Connection, seat_id: int, wrap_up_s: float) -> Seat:
    """The talk is over: wrap-up for its time, or straight to what the agent had asked for."""
    if wrap_up_s > 0:
        now = now_ms()
        return _do(conn, _wrap_up, seat_id, now=now, until=now + int(wrap_up_s * 1000))
    found = get(conn, seat_id)
    if found is None or (found.after_call is None and found.phone_ready):
        return _do(conn, _end_at_once, seat_id)
    _do(conn, _wrap_up, seat_id, until=now_ms())
    return end_wrap_up(conn, seat_id)


def end_wrap_up(conn: Connection, seat_id: int) -> Seat:
    """Wrap-up is over: available again, or what the agent had asked for during the call.

    A seat whose telephone is gone meanwhile is never shown as available.
    """
    found = get(conn, seat_id)
    if found is None or found.state != "wrap_up":
        raise NotNow(found)
    return _as_asked(conn, found) or _do(conn, _go_available, seat_id)


def _as_asked(conn: Connection, freed: Seat) -> Seat | None:
    """Carry out what its person asked for during the call; a seat whose telephone is lost goes
    offline. None if there is neither.
    """
    if freed.after_call == "paused":
        return _do(conn, _pause, freed.id, why=freed.reason or "")
    if freed.after_call == "offline" or not freed.phone_ready:
        return _do(conn, _go_offline, freed.id, why=None if freed.phone_ready else "phone_lost")
    return None


def set_phone(conn: Connection, seat_id: int, ready: bool) -> Seat:
    """The seat's telephone registered, or was lost: then the seat takes no more calls."""
    found = get(conn, seat_id)
    if found is None:
        raise NotNow(None)
    if not ready and found.state in ("available", "no_answer"):
        _do(conn, _go_offline, seat_id, why="phone_lost")
    if found.phone_ready == ready:
        return get(conn, seat_id) or found
    return _do(conn, _phone, seat_id, ready=ready)


def cut_off(conn: Connection, seat_id: int, reason: str) -> Seat:
    """The seat's call is gone without anybody having ended it (a restart found it so)."""
    return _do(conn, _lost, seat_id, why=reason)
