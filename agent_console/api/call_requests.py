"""What a person may ask of a call, and whether it makes sense; the controller does it.

Every press leaves a row in `request`: what is refused here already is put and settled at
once, with the sentence that the person saw. Rows hold nothing in clear that is personal: a
typed number goes in sealed and masked.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from agent_console.api.call_shapes import Args, CallRequest, Outcome, Target
from agent_console.api.fields import CallPath
from agent_console.api.outcomes import outcome_of
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.pages import IN_A_CALL
from agent_console.parts import Parts
from agent_console.problem import FieldError, Problem, forbidden, not_found, refused
from agent_console.roles import EVERYBODY, HEADS
from floor import calls, requests, seats
from knowledge import experts

operations = Operations("calls")

KEPT = (403, 409, 422)
"""Refusals that are kept in the history; the rest was no request at all."""

OF_THE_OWNER = frozenset({"come_back"})
ON_HER_TELEPHONE = frozenset({"listen", "whisper", "barge", "take_over"})
OF_A_HEAD = ON_HER_TELEPHONE | {"stop", "move"}

OF_A_UNIT = frozenset(
    {"hold", "resume", "hang_up", "send_digits", "cancel", "mute", "unmute", "come_back"}
)
"""A unit talks with whoever reported its matter: it brings nobody in and sends nobody on."""

NEEDS = {
    "send_digits": "digits",
    "consult": "target",
    "invite": "target",
    "transfer": "target",
    "emergency": "number",
    "mute": "leg",
    "unmute": "leg",
    "drop": "leg",
}
MAY_HAVE = {"cancel": {"leg"}, "move": {"queue", "head"}}
WORDS = {
    "digits": "请填写要发送的按键",
    "target": "请选择要呼叫的对象",
    "number": "请选择紧急号码",
    "leg": "请选择通话中的一方",
}


@operations.add(
    "POST",
    "/calls/{call_id}/requests",
    "Ask something of a call: hold, consult, transfer, listen …",
    roles=EVERYBODY,
    problems=(404, 409, 422, 504),
)
async def request_of_call(context: Context, *, path: CallPath, body: CallRequest) -> Outcome:
    database = context.parts.database
    try:
        args = await database.read(_allowed, context.parts, path.call_id, context.account, body)
    except Problem as problem:
        if problem.status in KEPT:
            shown = harmless(body.args)
            await database.write(
                refuse, context.account.id, path.call_id, body.verb, shown, problem.detail
            )
        raise
    settled = await context.services.outcomes.ask(context.account.id, path.call_id, body.verb, args)
    return Outcome(str(outcome_of(settled).get("outcome", "done")))


def refuse(
    conn: Connection, account_id: int, call_id: str | None, verb: str, args: dict[str, Any],
    sentence: str,
) -> None:  # fmt: skip
    """Keep a request that was refused before any controller saw it."""
    put = requests.put(conn, account_id, call_id, verb, args)
    requests.settle(conn, put.id, "refused", {"detail": sentence})


def harmless(args: Args) -> dict[str, Any]:
    """Arguments as they may lie in a row unchecked: no number, no key pressed."""
    kept: dict[str, Any] = {
        name: value
        for name in ("leg", "queue", "head")
        if (value := getattr(args, name)) is not None
    }
    if args.target is not None:
        kept["target"] = {"kind": args.target.kind}
        if isinstance(args.target.value, int):
            kept["target"]["value"] = args.target.value
    return kept


def _allowed(
    conn: Connection, parts: Parts, call_id: str, who: Account, body: CallRequest
) -> dict[str, Any]:
    """The arguments as they go into the row, or the problem that says why not."""
    found = calls.get(conn, call_id)
    if found is None:
        raise not_found("这次通话")
    seat = seats.of_account(conn, who.id)
    if who.role == "unit" and body.verb not in OF_A_UNIT:
        raise forbidden("您的角色没有这项权限")
    if body.verb in OF_A_HEAD:
        _as_head(found, seat, who, body.verb)
    else:
        _as_agent(found, seat, body.verb)
    if found.ended_ms is not None:
        raise refused("通话已经结束", "call-ended")
    _fitting(body)
    return _ready(conn, parts, seat, body.args)


def _as_agent(found: calls.Call, seat: seats.Seat | None, verb: str) -> None:
    """Only those on the call ask something of it; its owner may come back to it."""
    if seat is None:
        raise forbidden("这不是您的通话")
    if found.owner_seat_id == seat.id:
        if verb in OF_THE_OWNER and seat.state in IN_A_CALL and seat.call_id != found.id:
            raise refused("您正在另一个通话中，请先结束那个通话", "on-another-call")
        return
    if verb in OF_THE_OWNER or seat.call_id != found.id or not _takes_part(found, seat.id):
        raise forbidden("这不是您的通话")


def _takes_part(found: calls.Call, seat_id: int) -> bool:
    """As the agent or as one who was brought in; one who listens in presses no button of it."""
    if found.seat_id == seat_id:
        return True
    roles = {party["role"] for party in found.parties if party["seat_id"] == seat_id}
    return bool(roles & {"agent", "other"})


def _as_head(found: calls.Call, seat: seats.Seat | None, who: Account, verb: str) -> None:
    if who.role not in HEADS:
        raise forbidden("只有班长席可以这样做")
    if verb not in ON_HER_TELEPHONE:
        return
    if seat is None:
        raise refused("您没有座席话机，请联系管理员分配", "no-seat")
    if found.owner_seat_id == seat.id:
        raise refused("这是您自己的通话", "own-call")
    if not seat.phone_ready:
        raise refused("您的话机尚未注册，请检查网络后再试", "phone-not-ready")
    if seat.state in IN_A_CALL and seat.call_id != found.id:
        raise refused("您正在另一个通话中，请先结束那个通话", "on-another-call")


def _fitting(body: CallRequest) -> None:
    """Each verb has what it needs and nothing else."""
    given = {n for n in Args.__struct_fields__ if getattr(body.args, n) is not None}
    needed = NEEDS.get(body.verb)
    errors = [
        FieldError(f"args.{name}", "这项操作不需要填写")
        for name in sorted(given - {needed} - MAY_HAVE.get(body.verb, set()))
    ]
    if needed is not None and needed not in given:
        errors.append(FieldError(f"args.{needed}", WORDS[needed]))
    if body.verb == "move" and (len(given) != 1 or body.args.head is False):
        errors.append(FieldError("args", "请选择另一队列，或移到队首"))
    if errors:
        raise Problem(422, errors[0].message, code="arguments", errors=tuple(errors))


def _ready(conn: Connection, parts: Parts, seat: seats.Seat | None, args: Args) -> dict[str, Any]:
    """The arguments as the controller takes them."""
    ready: dict[str, Any] = msgspec.to_builtins(args)
    if args.target is not None:
        ready["target"] = _target(conn, parts, seat, args.target)
    if args.queue is not None:
        _queue(parts, "args.queue", args.queue)
    if args.number is not None and args.number not in parts.settings.talk.emergency:
        raise _unknown("args.number", "没有这个紧急号码")
    return ready


def _target(
    conn: Connection, parts: Parts, seat: seats.Seat | None, target: Target
) -> dict[str, Any]:
    kind, value = target.kind, target.value
    if kind == "number":
        return _number(parts, str(value))
    if kind == "queue":
        _queue(parts, "args.target", str(value))
        return {"kind": kind, "value": str(value)}
    if not isinstance(value, int):
        raise _unknown("args.target", "请选择座席" if kind == "seat" else "请选择专家")
    if kind == "seat":
        _seat(conn, seat, value)
    else:
        _expert(conn, value)
    return {"kind": kind, "value": value}


def _number(parts: Parts, typed: str) -> dict[str, Any]:
    kept = parts.keep_number(typed)
    if kept is None:
        raise _unknown("args.target", "这个号码无法拨打，请核对后再试", "no-such-number")
    if kept.masked in parts.settings.talk.emergency:
        raise _unknown("args.target", "紧急号码请用紧急转接", "emergency-number")
    return {"kind": "number", "sealed": kept.sealed, "masked": kept.masked}


def _queue(parts: Parts, field: str, name: str) -> None:
    if name not in {queue.name for queue in parts.settings.queues}:
        raise _unknown(field, "没有这个队列")


def _seat(conn: Connection, own: seats.Seat | None, seat_id: int) -> None:
    if seats.get(conn, seat_id) is None:
        raise _unknown("args.target", "没有这个座席")
    if own is not None and own.id == seat_id:
        raise _unknown("args.target", "不能呼叫您自己的座席")


def _expert(conn: Connection, expert_id: int) -> None:
    way = experts.reach(conn, expert_id)
    if way is None:
        raise _unknown("args.target", "没有这位专家")
    if not way.on_duty:
        raise refused("这位专家现在不在岗", "expert-off-duty")


def _unknown(field: str, sentence: str, code: str = "unknown-choice") -> Problem:
    return Problem(422, sentence, code=code, errors=(FieldError(field, sentence),))
