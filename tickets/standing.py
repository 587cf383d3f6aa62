"""How a ticket stands, in words for the citizen who reported it: nothing of the house's inside.

That a unit is being supervised, put right or reported is between the authorities: to the
citizen the matter is being handled.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from db.models import call, ticket, ticket_contact, ticket_event, unit
from db.sealed import CannotOpen, Sealer

WORDS = {
    "draft": "已登记",
    "to_dispatch": "已受理，待派单",
    "in_review": "已受理，正在研判",
    "to_accept": "已派单，待签收",
    "in_progress": "办理中",
    "suspended": "办理中",
    "to_approve": "办理中",
    "supervision_review": "办理中",
    "rectifying": "办理中",
    "reported_to_discipline": "办理中",
    "to_follow_up": "已答复，待回访",
    "closed": "已办结",
    "rejected": "不予受理",
    "merged": "已合并办理",
    "terminated": "已终止",
}
STEPS: tuple[tuple[str, frozenset[str]], ...] = (
    ("已登记", frozenset()),
    ("已派单", frozenset({"dispatch", "rule"})),
    ("已签收", frozenset({"accept"})),
    ("已答复", frozenset({"approve", "answer"})),
    ("已办结", frozenset()),
)
"""Each with the moves that bring it about."""
REACHED = {
    "to_accept": 1,
    "in_progress": 2,
    "suspended": 2,
    "to_approve": 2,
    "supervision_review": 2,
    "rectifying": 2,
    "reported_to_discipline": 2,
    "to_follow_up": 3,
    "closed": 4,
}
"""The last step that was taken; 0 where nothing else is said."""
ANSWERED = frozenset({"to_follow_up", "closed"})
"""An answer is public once it was held to be good, and not while it is worked on again."""
ENDED_OTHERWISE = frozenset({"rejected", "merged", "terminated"})
NUMBER = "0" * 11


class Step(msgspec.Struct, frozen=True):
    label: str
    at_ms: int | None
    done: bool


class Standing(msgspec.Struct, frozen=True):
    """What a citizen is told."""

    number: str
    state_label: str
    received_ms: int
    steps: list[Step]
    unit_name: str | None
    answer: str | None
    due_ms: int | None


class _Known(NamedTuple):
    ticket_id: int
    sealed: str | None


def look(conn: Connection, sealer: Sealer, number: str, last4: str) -> Standing | None:
    """How the ticket of this number stands, for whoever knows the end of the telephone number.

    None for an unknown number and for a wrong end alike: the same is read and opened for both,
    so that neither the answer nor its time tells which it was.
    """
    nobody = sealer.seal(NUMBER)
    found = _known(conn, number)
    sealed = (found.sealed if found else None) or nobody
    try:
        end = sealer.open(sealed)[-4:]
    except CannotOpen:
        end = ""
    fits = hmac.compare_digest(end.encode(), last4.encode())
    if found is None or found.sealed is None or not fits:
        return None
    return of_ticket(conn, found.ticket_id)


def of_ticket(conn: Connection, ticket_id: int) -> Standing | None:
    """The same for who has shown already that it is his."""
    row = conn.execute(
        select(ticket, unit.c.name.label("unit_name"))
        .outerjoin(unit, unit.c.id == ticket.c.unit_id)
        .where(ticket.c.id == ticket_id)
    ).one_or_none()
    if row is None:
        return None
    moved = _moves(conn, ticket_id)
    state = row.state
    if state == "archived":
        state = next((m.from_state for m in reversed(moved) if m.move == "archive"), "closed")
    reached = REACHED.get(state, 0)
    return Standing(
        number=row.number,
        state_label=WORDS[state],
        received_ms=row.created_ms,
        steps=_steps(row.created_ms, row.closed_ms, state, reached, moved),
        unit_name=row.unit_name if reached >= 1 else None,
        answer=row.reply_public if state in ANSWERED else None,
        due_ms=row.due_ms if row.due_kind == "done" else None,
    )


class _Move(NamedTuple):
    move: str
    from_state: str
    at_ms: int


def _known(conn: Connection, number: str) -> _Known | None:
    row = conn.execute(
        select(ticket.c.id, ticket_contact.c.number_sealed, call.c.caller_sealed)
        .outerjoin(ticket_contact, ticket_contact.c.ticket_id == ticket.c.id)
        .outerjoin(call, call.c.id == ticket.c.call_id)
        .where(ticket.c.number == number)
    ).one_or_none()
    return None if row is None else _Known(row[0], row[1] or row[2])


def _moves(conn: Connection, ticket_id: int) -> list[_Move]:
    rows = conn.execute(
        select(ticket_event.c.move, ticket_event.c.from_state, ticket_event.c.at_ms)
        .where(ticket_event.c.ticket_id == ticket_id, ticket_event.c.kind == "moved")
        .order_by(ticket_event.c.id)
    )
    return [_Move(*row) for row in rows]


def _steps(
    received_ms: int, closed_ms: int | None, state: str, reached: int, moved: list[_Move]
) -> list[Step]:
    if state in ENDED_OTHERWISE:
        return [Step(STEPS[0][0], received_ms, True), Step(WORDS[state], closed_ms, True)]
    made = []
    for place, (label, moves) in enumerate(STEPS):
        done = place <= reached
        at_ms = next((m.at_ms for m in reversed(moved) if m.move in moves), None)
        if place == 0:
            at_ms = received_ms
        elif place == len(STEPS) - 1:
            at_ms = closed_ms
        made.append(Step(label, at_ms if done else None, done))
    return made
