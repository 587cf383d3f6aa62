"""Desks: what waits for a person, each a condition on tickets. A ticket lies on the desk of whoever
must act next; who sees which desk follows from duties and units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, true

from db.models import ticket, ticket_ask, ticket_assist, ticket_list, ticket_paper
from tickets import scope
from tickets.rules.facts import Actor
from tickets.rules.states import POOR

Name = Literal[
    "drafts", "dispatch", "asks", "review", "unit", "assist", "approve", "follow_up", "supervise",
    "sign", "lists",
]  # fmt: skip
NAMES: tuple[str, ...] = get_args(Name)

Sees = Callable[[Actor], bool]
Holds = Callable[[Actor], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Desk:
    """One desk; `by_due` says whether what ends first lies on top (else the newest)."""

    name: str
    label: str
    sees: Sees
    holds: Holds
    by_due: bool = True


@dataclass(frozen=True, slots=True)
class Count:
    """How many tickets lie on a desk, and how many of them are late."""

    desk: Desk
    count: int
    late: int


def _duty(*wanted: str) -> Sees:
    return lambda actor: bool(actor.duties & set(wanted))


def _of_unit(actor: Actor) -> bool:
    return bool(actor.unit_ids)


def _takes_calls(actor: Actor) -> bool:
    return actor.role in ("agent", "expert", "supervisor")


def _in(*states: str) -> Holds:
    condition = ticket.c.state.in_(states)
    return lambda _: condition


def _drafts(actor: Actor) -> ColumnElement[bool]:
    draft = ticket.c.state == "draft"
    if actor.role == "supervisor":
        return draft
    return draft & or_(ticket.c.account_id == actor.account_id, ticket.c.account_id.is_(None))


def _of(asked: Select[Any]) -> ColumnElement[bool]:
    """Among these tickets; written so that the few are looked up, not the many walked."""
    return ticket.c.id.in_(asked)


ASKS_BY_DUTY = {"dispatch": ("return",), "office": ("extension", "suspension", "termination")}
"""Whose answer a unit's wish waits for: moves 11, 12, 13, 26."""


def _asks(actor: Actor) -> ColumnElement[bool]:
    kinds = [kind for duty in sorted(actor.duties) for kind in ASKS_BY_DUTY.get(duty, ())]
    waiting = (ticket_ask.c.open.is_(True), ticket_ask.c.kind.in_(kinds))
    return _of(select(ticket_ask.c.ticket_id).where(*waiting))


def _lead(actor: Actor) -> ColumnElement[bool]:
    states = ("to_accept", "in_progress", "suspended", "rectifying")
    return ticket.c.unit_id.in_(sorted(actor.unit_ids)) & ticket.c.state.in_(states)


def _assist(actor: Actor) -> ColumnElement[bool]:
    mine = ticket_assist.c.unit_id.in_(sorted(actor.unit_ids)) & ticket_assist.c.done_ms.is_(None)
    open_parts = _of(select(ticket_assist.c.ticket_id).where(mine))
    return open_parts & ticket.c.state.in_(("in_progress", "suspended"))


_failed_rectification = and_(
    ticket.c.state == "to_follow_up", ticket.c.rectified, ticket.c.stars <= POOR
)
"""It waits for the report to 纪委监委, not for another follow-up: Y二(五)."""


def _follow_up(_: Actor) -> ColumnElement[bool]:
    failed = and_(ticket.c.rectified, func.coalesce(ticket.c.stars, POOR + 1) <= POOR)
    return (ticket.c.state == "to_follow_up") & ~failed


def _supervise(_: Actor) -> ColumnElement[bool]:
    states = ("supervision_review", "rectifying", "reported_to_discipline")
    return ticket.c.state.in_(states) | _failed_rectification


def _sign(_: Actor) -> ColumnElement[bool]:
    return _of(select(ticket_paper.c.ticket_id).where(ticket_paper.c.state == "to_sign"))


def _listed(_: Actor) -> ColumnElement[bool]:
    return _of(select(ticket_list.c.ticket_id).where(ticket_list.c.closed_ms.is_(None)))


DESKS: tuple[Desk, ...] = (
    Desk("drafts", "草稿", _takes_calls, _drafts, by_due=False),
    Desk("dispatch", "待派单", _duty("dispatch"), _in("to_dispatch")),
    Desk("asks", "待答复申请", _duty(*ASKS_BY_DUTY), _asks),
    Desk("review", "联席研判", _duty("office"), _in("in_review")),
    Desk("unit", "主办", _of_unit, _lead),
    Desk("assist", "协办", _of_unit, _assist),
    Desk("approve", "待审核", _duty("approve"), _in("to_approve")),
    Desk("follow_up", "待回访", _duty("follow_up"), _follow_up),
    Desk("supervise", "督办", _duty("supervise"), _supervise),
    Desk("sign", "待签发", _duty("sign"), _sign),
    Desk("lists", "三张清单", _duty("office", "supervise", "sign"), _listed),
)
BY_NAME: dict[str, Desk] = {desk.name: desk for desk in DESKS}


def of(actor: Actor) -> list[Desk]:
    """The desks that this person sees, in the order of a ticket's way."""
    return [desk for desk in DESKS if desk.sees(actor)]


def lying_on(name: str, actor: Actor) -> ColumnElement[bool]:
    """What lies on a desk, as a condition on `ticket`; nothing on one that she doesn't see."""
    desk = BY_NAME[name]
    return desk.holds(actor) if desk.sees(actor) else ~true()


def counts(conn: Connection, actor: Actor, now_ms: int) -> list[Count]:
    """How much lies on each desk of this person."""
    found = []
    for desk in of(actor):
        late = func.sum(case((ticket.c.due_ms < now_ms, 1), else_=0))
        asked = select(func.count(), func.coalesce(late, 0)).select_from(ticket)
        row = conn.execute(asked.where(desk.holds(actor), scope.visible(actor))).one()
        found.append(Count(desk, row[0], int(row[1])))
    return found
