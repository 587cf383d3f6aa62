"""Live calls: one door for each step of a call's way, kept with its time line.

A door moves the call's row, writes its `call_event` and tells the feed, in one
transaction. Stages, ends and events are named in `floor.call_words`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import JSON, Connection, bindparam, func, insert, null, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import blocked_number, call, call_event
from db.models.base import Ms
from db.prepared import Prepared
from floor import legs
from floor.call_words import EVENT_KINDS

PARTY = {
    "leg": "id",
    "role": "role",
    "kind": "kind",
    "label": "label",
    "seat_id": "seat_id",
    "expert_id": "expert_id",
    "place": "place",
    "muted": "muted",
    "auto": "auto",
    "since_ms": "since_ms",
}
"""What screens get of a leg, and its name in the conversation as it is kept."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """A call as it stands."""

    id: str
    asterisk: str
    line: str
    trunk: str
    caller_hash: str
    caller_masked: str
    stage: str
    queue: str | None
    first_queue: str | None
    channel: str
    seat_id: int | None
    seat_channel: str | None
    bridge: str | None
    started_ms: int
    queued_ms: int | None
    talk_ms: int | None
    ended_ms: int | None
    end_reason: str | None
    callback_ms: int | None
    held: bool
    recording_paused: bool
    ticket_id: int | None
    direction: str
    owner_seat_id: int | None
    conversation: dict[str, Any] | None
    head: bool
    hint: str | None
    waiting_ms: int | None

    @property
    def talk_state(self) -> str | None:
        """The state of the conversation; None when there is none."""
        return self.conversation["state"] if self.conversation else None

    @property
    def parties(self) -> list[dict[str, Any]]:
        """Who is on the call, as screens get it."""
        if self.conversation is None:
            return []
        return [
            {name: leg[was] for name, was in PARTY.items()} for leg in self.conversation["legs"]
        ]

    def shown(self) -> dict[str, Any]:
        """As screens get it in the feed."""
        return {
            "call_id": self.id,
            "stage": self.stage,
            "queue": self.queue,
            "first_queue": self.first_queue,
            "caller_masked": self.caller_masked,
            "seat_id": self.seat_id,
            "started_ms": self.started_ms,
            "queued_ms": self.queued_ms,
            "waiting_ms": self.waiting_ms,
            "talk_ms": self.talk_ms,
            "ended_ms": self.ended_ms,
            "end_reason": self.end_reason,
            "held": self.held,
            "recording_paused": self.recording_paused,
            "ticket_id": self.ticket_id,
            "direction": self.direction,
            "owner_seat_id": self.owner_seat_id,
            "state": self.talk_state,
            "parties": self.parties,
            "head": self.head,
            "hint": self.hint,
        }


class NoSuchCall(Exception):
    """There is no call of that id, or it has ended."""


_columns = [call.c[name] for name in Call.__struct_fields__]
_get = Prepared(select(*_columns).where(call.c.id == bindparam("id")), _columns)
_open_of = select(*_columns).where(
    call.c.asterisk == bindparam("asterisk"), call.c.ended_ms.is_(None)
)
_insert_call = Prepared(
    insert(call),
    returns=_columns,
    inserts=(
        "id",
        "asterisk",
        "line",
        "trunk",
        "caller_hash",
        "caller_sealed",
        "caller_masked",
        "stage",
        "channel",
        "started_ms",
        "held",
        "recording_paused",
        "direction",
        "owner_seat_id",
        "queue",
        "ticket_id",
    ),
)
_insert_event = Prepared(insert(call_event), inserts=("call_id", "at_ms", "kind", "detail"))


def _step(**values: Any) -> Prepared:
    return Prepared(
        update(call)
        .where(call.c.id == bindparam("call_id"), call.c.ended_ms.is_(None))
        .values(values)
        .returning(*_columns),
        _columns,
    )


_steps = {
    "menu": _step(stage="menu"),
    "queued": _step(
        stage="waiting",
        queue=bindparam("queue"),
        first_queue=bindparam("queue"),
        queued_ms=bindparam("at_ms"),
        waiting_ms=bindparam("at_ms"),
    ),
    "returned": _step(
        stage="waiting",
        queue=bindparam("queue"),
        first_queue=bindparam("queue"),
        queued_ms=func.coalesce(call.c.queued_ms, bindparam("at_ms", type_=Ms)),
        waiting_ms=bindparam("at_ms"),
        head=bindparam("to_head"),
        hint=bindparam("told_next"),
        conversation=null(),
        held=False,
    ),
    "moved": _step(
        queue=bindparam("queue"), first_queue=bindparam("queue"), head=bindparam("to_head")
    ),
    "requeued": _step(stage="waiting", queue=bindparam("queue")),
    "overflow": _step(stage="waiting", queue=bindparam("queue")),
    "offered": _step(seat_id=bindparam("seat"), seat_channel=bindparam("seat_channel")),
    "taken_back": _step(seat_id=None, seat_channel=None),
    "answered": _step(
        stage="talking",
        bridge=bindparam("bridge"),
        talk_ms=func.coalesce(call.c.talk_ms, bindparam("at_ms", type_=Ms)),
        ticket_id=bindparam("ticket"),
        conversation=bindparam("talk", type_=JSON),
        owner_seat_id=bindparam("owner"),
        head=False,
    ),
    "conversed": _step(
        conversation=bindparam("talk", type_=JSON),
        held=bindparam("caller_held"),
        seat_id=bindparam("seat"),
        seat_channel=bindparam("seat_channel"),
        owner_seat_id=bindparam("owner"),
    ),
    "recording_paused": _step(recording_paused=True),
    "recording_resumed": _step(recording_paused=False),
    "callback": _step(callback_ms=bindparam("at_ms")),
    "message": _step(stage="message", seat_id=None, seat_channel=None),
    "ticket": _step(ticket_id=bindparam("ticket")),
    "channel": _step(channel=bindparam("new_channel")),
    "ended": _step(
        stage="ended",
        ended_ms=bindparam("at_ms"),
        end_reason=bindparam("why"),
        held=False,
        conversation=null(),
    ),
}


def begin(
    conn: Connection,
    *,
    call_id: str,
    asterisk: str,
    line: str,
    trunk: str,
    caller_hash: str,
    caller_sealed: str,
    caller_masked: str,
    channel: str,
    started_ms: int | None = None,
    direction: str = "in",
    stage: str = "greeting",
    owner_seat_id: int | None = None,
    queue: str | None = None,
    ticket_id: int | None = None,
) -> Call:
    """A call arrived (at `started_ms`, or now), or we make one; its first leg is the caller,
    of one that we make the person we call.
    """
    at_ms = now_ms() if started_ms is None else started_ms
    row = _insert_call.rows(
        conn,
        {
            "id": call_id,
            "asterisk": asterisk,
            "line": line,
            "trunk": trunk,
            "caller_hash": caller_hash,
            "caller_sealed": caller_sealed,
            "caller_masked": caller_masked,
            "stage": stage,
            "channel": channel,
            "started_ms": at_ms,
            "held": False,
            "recording_paused": False,
            "direction": direction,
            "owner_seat_id": owner_seat_id,
            "queue": queue,
            "ticket_id": ticket_id,
        },
    )[0]
    came = direction == "in"
    legs.add(conn, channel, call_id, "caller", answered_ms=at_ms if came else None)
    note(conn, call_id, "arrived" if came else "dialled", {"line": line})
    begun = Call(*row)
    publish(conn, "call", call_id, begun.shown())
    return begun


def get(conn: Connection, call_id: str) -> Call | None:
    row = _get.one(conn, {"id": call_id})
    return Call(*row) if row else None


_sealed = Prepared(
    select(call.c.caller_sealed).where(call.c.id == bindparam("id")), [call.c.caller_sealed]
)


def sealed_number(conn: Connection, call_id: str) -> str | None:
    """The caller's number as it is kept (`db.sealed` opens it)."""
    row = _sealed.one(conn, {"id": call_id})
    return row[0] if row else None


def open_calls(conn: Connection, asterisk: str) -> list[Call]:
    """The calls of one Asterisk that have not ended, as the database has them."""
    return [Call(*row) for row in conn.execute(_open_of, {"asterisk": asterisk})]


def note(conn: Connection, call_id: str, kind: str, detail: dict[str, Any] | None = None) -> None:
    """Write a line of the call's history; nothing else changes."""
    _insert_event.run(
        conn,
        {"call_id": call_id, "at_ms": now_ms(), "kind": kind, "detail": detail or {}},
    )


def step(
    conn: Connection,
    /,
    call_id: str,
    kind: str,
    detail: dict[str, Any] | None = None,
    **values: Any,
) -> Call:
    """Move the call one step on. `values` are the columns that this step names.

    Raises:
        NoSuchCall: no such call, or it has ended already.
    """
    at_ms = now_ms()
    row = _steps[kind].one(conn, {"call_id": call_id, "at_ms": at_ms, **values})
    if row is None:
        raise NoSuchCall(call_id)
    if kind in EVENT_KINDS:
        _insert_event.run(
            conn,
            {"call_id": call_id, "at_ms": at_ms, "kind": kind, "detail": detail or {}},
        )
    moved = Call(*row)
    publish(conn, "call", call_id, moved.shown())
    return moved


def end(conn: Connection, call_id: str, reason: str) -> Call:
    """The call is over; every leg still open ends with it.

    Raises:
        NoSuchCall: it had ended already.
    """
    ended = step(conn, call_id, "ended", {"reason": reason}, why=reason)
    legs.all_ended(conn, call_id, reason)
    if ended.talk_ms is not None:
        legs.end_spans(conn, call_id)
    return ended


_blocked = Prepared(
    select(blocked_number.c.caller_hash).where(
        blocked_number.c.caller_hash == bindparam("caller_hash"),
        blocked_number.c.until_ms.is_(None) | (blocked_number.c.until_ms > bindparam("at_ms")),
    ),
    [blocked_number.c.caller_hash],
)


def is_blocked(conn: Connection, caller_hash: str) -> bool:
    """Whether calls of this number are not taken at present."""
    return _blocked.one(conn, {"caller_hash": caller_hash, "at_ms": now_ms()}) is not None
