"""Need against staff, and what a person sets against the rule that calls seats in."""

from __future__ import annotations

from typing import Literal

import msgspec

from agent_console.api.fields import Code, Moment
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem
from agent_console.roles import HEADS
from config.model import Settings
from floor import staffing_doors
from floor.calling_in import staffed_in
from floor.staffing import Outlook
from floor.staffing_doors import Situation

operations = Operations("floor")


class ForecastSlot(msgspec.Struct, frozen=True):
    """One interval: expected calls, seats at their telephones, people on the roster for that."""

    from_ms: int
    calls: float
    talk_s: float
    need: int
    roster: int


class CalledIn(msgspec.Struct, frozen=True):
    seat_id: int
    name: str
    until_ms: int
    why: str


class Override(msgspec.Struct, frozen=True):
    mode: str
    until_ms: int | None
    by: str | None


class QueueStaffing(msgspec.Struct, frozen=True):
    """One queue. `load` in erlangs; `ruled`: seats are called in for it by a rule."""

    name: str
    label: str
    need_now: int
    staffed: int
    load: float
    talk_s: float
    wrap_up_s: float
    level: float
    forecast: list[ForecastSlot]
    called_in: list[CalledIn]
    override: Override | None
    ruled: bool


class Staffing(msgspec.Struct, frozen=True):
    at_ms: int
    target: float
    within_s: float
    queues: list[QueueStaffing]


class SetOverride(msgspec.Struct, forbid_unknown_fields=True):
    queue: Code
    mode: Literal["auto", "off", "hold"]
    until_ms: Moment | None = None
    """None: until further notice."""


@operations.add("GET", "/floor/staffing", "Seats needed now and in the next hours", roles=HEADS)
async def read_staffing(context: Context) -> Staffing:
    return await _staffing(context)


@operations.add(
    "POST",
    "/floor/staffing/override",
    "Let the rule work, hold it, or switch it off for a queue",
    roles=HEADS,
    problems=(422,),
)
async def override_staffing(context: Context, *, body: SetOverride) -> Staffing:
    settings = context.parts.settings
    if settings.staffing.rule_of(body.queue) is None:
        error = FieldError("queue", "这个队列没有自动调配规则")
        raise Problem(422, "这个队列没有自动调配规则", code="no-rule", errors=(error,))
    if body.until_ms is not None and body.until_ms <= context.parts.now_ms():
        error = FieldError("until_ms", "截止时间已经过去")
        raise Problem(422, "截止时间已经过去", code="until-past", errors=(error,))
    await context.parts.database.write(
        staffing_doors.override, body.queue, body.mode, body.until_ms, context.account.id
    )
    return await _staffing(context)


async def _staffing(context: Context) -> Staffing:
    parts = context.parts
    outlooks = await context.services.outlooks.now()
    now = await parts.database.read(staffing_doors.situation)
    return _shown(parts.settings, outlooks, now, parts.now_ms())


def _shown(
    settings: Settings, outlooks: dict[str, Outlook], now: Situation, at_ms: int
) -> Staffing:
    how = settings.staffing
    queues = [
        QueueStaffing(
            name=queue.name,
            label=queue.label,
            need_now=outlooks[queue.name].need_now,
            staffed=staffed_in(queue.name, now.seats),
            load=round(outlooks[queue.name].load, 2),
            talk_s=round(outlooks[queue.name].talk_s, 1),
            wrap_up_s=round(outlooks[queue.name].wrap_up_s, 1),
            level=round(outlooks[queue.name].level, 2),
            forecast=_forecast(outlooks[queue.name]),
            called_in=_called_in(queue.name, now),
            override=_override(queue.name, now),
            ruled=how.on and how.rule_of(queue.name) is not None,
        )
        for queue in settings.queues
    ]
    return Staffing(at_ms, how.target, how.within_s, queues)


def _forecast(outlook: Outlook) -> list[ForecastSlot]:
    return [
        ForecastSlot(s.from_ms, round(s.calls, 1), round(s.talk_s, 1), s.need, s.roster)
        for s in outlook.slots
    ]


def _called_in(queue: str, now: Situation) -> list[CalledIn]:
    names = {seat.id: seat.name for seat in now.seats}
    return [
        CalledIn(loan.seat_id, names.get(loan.seat_id, ""), loan.until_ms, loan.reason)
        for loan in now.loans
        if loan.queue == queue and loan.kind == "staffing"
    ]


def _override(queue: str, now: Situation) -> Override | None:
    mode = now.mode_of(queue)
    return None if mode.mode == "auto" else Override(mode.mode, mode.until_ms, mode.by)
