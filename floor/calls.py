"""Live calls: one door for each step of a call's way, kept with its time line.

A door moves the call's row, writes its `call_event` and tells the feed, in one
transaction. Stage names and end reasons are listed here with the words for screens.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import JSON, Connection, bindparam, func, insert, null, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import blocked_number, call, call_event, leg, leg_span, missed_call
from db.models.base import Ms
from db.prepared import Prepared

STAGES = {
    "greeting": "播报欢迎词",
    "menu": "选择按键",
    "dialling": "呼出中",
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
    "expert_hung_up": "专家挂机",
    "callee_hung_up": "对方挂机",
    "callee_busy": "对方忙",
    "callee_no_answer": "无人接听",
    "callee_wrong_number": "号码有误",
    "callee_refused": "对方拒接",
    "callee_unreachable": "无法接通",
}

TALK_STATES = {
    "talking": "通话中",
    "held": "保持",
    "asking": "呼叫专家",
    "consulting": "单独咨询",
    "aside": "专家等待",
    "inviting": "邀请加入",
    "conference": "三方通话",
    "left": "专家通话",
    "returning": "正在返回",
    "handing": "转接中",
    "recalling": "恢复座席",
    "lost": "等待座席恢复",
}
"""States of a conversation (`ivr.conversation` decides which; a test holds the two together)."""

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
    "dialled": "外呼",
    "callee_rung": "正在呼叫市民",
    "callee_answered": "市民接听",
    "party_rung": "呼叫第三方",
    "party_answered": "第三方接听",
    "party_gone": "第三方离开",
    "party_cancelled": "取消呼叫",
    "party_dropped": "移除第三方",
    "back_to_caller": "返回来电人",
    "swapped": "切换通话",
    "joined": "进入三方通话",
    "muted": "静音",
    "unmuted": "取消静音",
    "agent_left": "座席退出",
    "coming_back": "座席返回",
    "agent_lost": "座席掉线",
    "agent_back": "座席恢复通话",
    "agent_not_back": "座席未恢复",
    "transferred": "转接",
    "transfer_failed": "转接未成功",
    "owner_changed": "通话移交",
    "listen": "班长监听",
    "whisper": "班长密语",
    "barge": "班长强插",
    "taken_over": "班长接管",
    "moved": "调整排队",
    "undone": "操作未完成，已恢复",
    "returned": "返回队列",
    "ended": "通话结束",
}


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
_insert_leg = Prepared(
    insert(leg),
    inserts=(
        "id",
        "call_id",
        "role",
        "seat_id",
        "started_ms",
        "answered_ms",
        "kind",
        "label",
        "expert_id",
        "account_id",
    ),
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
    add_leg(conn, channel, call_id, "caller", answered_ms=at_ms if came else None)
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
    """The caller's number as it is kept (`floor.sealed` opens it)."""
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
    *,
    kind: str | None = None,
    label: str | None = None,
    expert_id: int | None = None,
    account_id: int | None = None,
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
            "kind": kind,
            "label": label,
            "expert_id": expert_id,
            "account_id": account_id,
        },
    )


_begin_span = Prepared(
    insert(leg_span), inserts=("call_id", "leg_id", "seat_id", "what", "from_ms")
)
_end_span = Prepared(
    update(leg_span)
    .where(leg_span.c.leg_id == bindparam("of_leg"), leg_span.c.to_ms.is_(None))
    .values(to_ms=bindparam("at_ms"))
)
_end_spans = Prepared(
    update(leg_span)
    .where(leg_span.c.call_id == bindparam("of_call"), leg_span.c.to_ms.is_(None))
    .values(to_ms=bindparam("at_ms"))
)


def begin_span(conn: Connection, call_id: str, leg_id: str, seat_id: int | None, what: str) -> None:
    """From now on the leg does this: talk, hold, consult or listen."""
    span = {"call_id": call_id, "leg_id": leg_id, "seat_id": seat_id, "what": what}
    _begin_span.run(conn, {**span, "from_ms": now_ms()})


def end_span(conn: Connection, leg_id: str) -> None:
    """What the leg was doing is over."""
    _end_span.run(conn, {"of_leg": leg_id, "at_ms": now_ms()})


def end_spans(conn: Connection, call_id: str) -> None:
    """Nobody is talking on the call any more."""
    _end_spans.run(conn, {"of_call": call_id, "at_ms": now_ms()})


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
    if ended.talk_ms is not None:
        end_spans(conn, call_id)
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
