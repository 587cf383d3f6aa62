"""Live calls: one door for each step of a call's way, kept with its time line.

A door moves the call's row, writes its `call_event` and tells the feed, in one
transaction. Stage names and end reasons are listed here with the words for screens.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import blocked_number, call, call_event, leg, missed_call
from db.prepared import Prepared

STAGES = {
    "greeting": "播报欢迎词",
    "menu": "选择按键",
    "waiting": "排队等待",
    "talking": "通话中",
    "message": "留言",
    "ended": "已结束",
}

END_REASONS = {
    "caller_hung_up": "来电人挂机",
    "agent_hung_up": "座席挂机",
    "abandoned_in_menu": "导航中挂机",
    "abandoned_in_queue": "排队中挂机",
    "message_left": "已留言",
    "blocked": "号码受限",
    "failed": "系统故障",
    "lost": "通话中断",
    "fallback": "应急接听",
    "stopped": "系统停机",
}

EVENT_KINDS = {
    "arrived": "来电接入",
    "notice": "播报录音告知",
    "menu": "进入导航",
    "key": "按键选择",
    "wrong_key": "无效按键",
    "no_key": "未按键",
    "closed": "非工作时间",
    "blocked": "号码受限",
    "queued": "进入排队",
    "requeued": "重新排队",
    "offered": "呼叫座席",
    "not_answered": "座席未应答",
    "refused": "座席拒接",
    "unreachable": "座席话机不通",
    "position_told": "播报排队位置",
    "callback": "登记回电",
    "overflow": "转入其他队列",
    "answered": "座席接听",
    "held": "保持",
    "resumed": "取消保持",
    "recording_paused": "暂停录音",
    "recording_resumed": "恢复录音",
    "recording_problem": "录音异常",
    "digits": "发送按键",
    "message": "开始留言",
    "recovered": "系统恢复后接续",
    "fallback": "应急接听",
    "ended": "通话结束",
}


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

    def shown(self) -> dict[str, Any]:
        """As screens get it in the feed."""
        return {
            "call_id": self.id,
            "stage": self.stage,
            "queue": self.queue,
            "caller_masked": self.caller_masked,
            "seat_id": self.seat_id,
            "started_ms": self.started_ms,
            "queued_ms": self.queued_ms,
            "talk_ms": self.talk_ms,
            "ended_ms": self.ended_ms,
            "end_reason": self.end_reason,
            "held": self.held,
            "recording_paused": self.recording_paused,
            "ticket_id": self.ticket_id,
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
    ),
)
_insert_event = Prepared(insert(call_event), inserts=("call_id", "at_ms", "kind", "detail"))
_insert_leg = Prepared(
    insert(leg), inserts=("id", "call_id", "role", "seat_id", "started_ms", "answered_ms")
)


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
    ),
    "requeued": _step(stage="waiting", queue=bindparam("queue")),
    "overflow": _step(stage="waiting", queue=bindparam("queue")),
    "offered": _step(seat_id=bindparam("seat"), seat_channel=bindparam("seat_channel")),
    "taken_back": _step(seat_id=None, seat_channel=None),
    "answered": _step(
        stage="talking",
        bridge=bindparam("bridge"),
        talk_ms=bindparam("at_ms"),
        ticket_id=bindparam("ticket"),
    ),
    "held": _step(held=True),
    "resumed": _step(held=False),
    "recording_paused": _step(recording_paused=True),
    "recording_resumed": _step(recording_paused=False),
    "callback": _step(callback_ms=bindparam("at_ms")),
    "message": _step(stage="message", seat_id=None, seat_channel=None),
    "ticket": _step(ticket_id=bindparam("ticket")),
    "channel": _step(channel=bindparam("new_channel")),
    "ended": _step(
        stage="ended", ended_ms=bindparam("at_ms"), end_reason=bindparam("why"), held=False
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
) -> Call:
    """A call arrived (at `started_ms`, or now); its first leg is the caller."""
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
            "stage": "greeting",
            "channel": channel,
            "started_ms": at_ms,
            "held": False,
            "recording_paused": False,
        },
    )[0]
    add_leg(conn, channel, call_id, "caller", answered_ms=at_ms)
    note(conn, call_id, "arrived", {"line": line})
    begun = Call(*row)
    publish(conn, "call", call_id, begun.shown())
    return begun


def get(conn: Connection, call_id: str) -> Call | None:
    row = _get.one(conn, {"id": call_id})
    return Call(*row) if row else None


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


_leg_answered = Prepared(
    update(leg)
    .where(leg.c.id == bindparam("leg_id"), leg.c.answered_ms.is_(None))
    .values(answered_ms=bindparam("at_ms"))
)
_leg_ended = Prepared(
    update(leg)
    .where(leg.c.id == bindparam("leg_id"), leg.c.ended_ms.is_(None))
    .values(ended_ms=bindparam("at_ms"), cause=bindparam("why"))
)
_legs_ended = Prepared(
    update(leg)
    .where(leg.c.call_id == bindparam("of_call"), leg.c.ended_ms.is_(None))
    .values(ended_ms=bindparam("at_ms"), cause=bindparam("why"))
)


def add_leg(
    conn: Connection,
    leg_id: str,
    call_id: str,
    role: str,
    seat_id: int | None = None,
    answered_ms: int | None = None,
) -> None:
    """Somebody is being brought onto the call."""
    _insert_leg.run(
        conn,
        {
            "id": leg_id,
            "call_id": call_id,
            "role": role,
            "seat_id": seat_id,
            "started_ms": now_ms(),
            "answered_ms": answered_ms,
        },
    )


def leg_answered(conn: Connection, leg_id: str) -> None:
    _leg_answered.run(conn, {"leg_id": leg_id, "at_ms": now_ms()})


def leg_ended(conn: Connection, leg_id: str, cause: str) -> None:
    _leg_ended.run(conn, {"leg_id": leg_id, "at_ms": now_ms(), "why": cause})


def end(conn: Connection, call_id: str, reason: str) -> Call:
    """The call is over; every leg still open ends with it.

    Raises:
        NoSuchCall: it had ended already.
    """
    ended = step(conn, call_id, "ended", {"reason": reason}, why=reason)
    _legs_ended.run(conn, {"of_call": call_id, "at_ms": now_ms(), "why": reason})
    return ended


def miss(conn: Connection, call_id: str, kind: str, queue: str | None) -> None:
    """Keep a caller to be rung back: abandoned, callback or message; once a call.

    Who asked for a callback or left a message and then gave up stays known by what he
    asked for. One who was answered meanwhile and lost again is to be rung back after all.
    """
    again = {"state": "open", "done_ms": None, "done_by": None, "note": None}
    if kind != "abandoned":
        again["kind"] = kind
    found = conn.execute(
        update(missed_call)
        .where(missed_call.c.call_id == call_id)
        .values(again)
        .returning(missed_call.c.id)
    ).scalar_one_or_none()
    if found is None:
        found = conn.execute(
            insert(missed_call).returning(missed_call.c.id),
            {
                "call_id": call_id,
                "kind": kind,
                "queue": queue,
                "state": "open",
                "created_ms": now_ms(),
            },
        ).scalar_one()
    publish(conn, "missed", found, {"id": found, "state": "open"})


def missed_done(conn: Connection, missed_id: int, account_id: int, note: str | None) -> bool:
    """Somebody saw to a missed call; False when it was done already, or is not there."""
    row = conn.execute(
        update(missed_call)
        .where(missed_call.c.id == missed_id, missed_call.c.state == "open")
        .values(state="done", done_ms=now_ms(), done_by=account_id, note=note)
        .returning(missed_call.c.id)
    ).one_or_none()
    if row:
        publish(conn, "missed", missed_id, {"id": missed_id, "state": "done"})
    return row is not None


def answered_after_all(conn: Connection, call_id: str) -> None:
    """Somebody answered a caller who had asked to be rung back: nothing left to do."""
    row = conn.execute(
        update(missed_call)
        .where(missed_call.c.call_id == call_id, missed_call.c.state == "open")
        .values(state="done", done_ms=now_ms(), note="answered")
        .returning(missed_call.c.id)
    ).one_or_none()
    if row:
        publish(conn, "missed", row[0], {"id": row[0], "state": "done"})


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
