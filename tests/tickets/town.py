"""A made-up county for tests of moves: units, people with duties, and tickets on their way."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from config.load import DEFAULT, load
from db.models import account_duty, ticket, ticket_contact, unit, unit_member
from tests.floor.furnishing import person
from tests.tickets.filled import filled
from tickets import moving, store
from tickets.people import actor_of
from tickets.place import Place
from tickets.rules.facts import DUTIES, SYSTEM, Actor
from tickets.rules.table import BY_NAME
from tickets.store import Ticket

PLACE = Place(load(DEFAULT, environ={}))
_codes = itertools.count(1)


@dataclass(frozen=True)
class Town:
    """Who is there. Duties by name of the kind; `unit` and `other` are people of two units."""

    agent: Actor
    unit: Actor
    unit_head: Actor
    other: Actor
    lead: int
    side: int
    duties: dict[str, Actor]

    def who(self, move: str) -> Actor:
        """A person who may do this move."""
        kind = BY_NAME[move].who[0]
        own = {"agent": self.agent, "unit": self.unit, "assist": self.other, "system": SYSTEM}
        return own.get(kind) or self.duties[kind]


def town(conn: Connection) -> Town:
    lead, side = (
        conn.execute(
            insert(unit).returning(unit.c.id),
            {"code": f"u{next(_codes)}", "name": name, "addresses": {}},
        ).scalar_one()
        for name in ("市场监管局", "人社局")
    )
    duties = {kind: _with_duty(conn, duty) for duty, kind in DUTIES.items()}
    agent = person(conn)
    return Town(
        actor_of(conn, agent, "agent"), _member(conn, lead), _member(conn, lead, head=True),
        _member(conn, side), lead, side, duties,
    )  # fmt: skip


def _with_duty(conn: Connection, duty: str) -> Actor:
    account_id = person(conn)
    conn.execute(insert(account_duty), {"account_id": account_id, "duty": duty})
    return actor_of(conn, account_id, "agent")


def _member(conn: Connection, unit_id: int, *, head: bool = False) -> Actor:
    account_id = person(conn, "unit")
    conn.execute(insert(unit_member), {"account_id": account_id, "unit_id": unit_id, "head": head})
    return actor_of(conn, account_id, "unit")


def drafted(conn: Connection, there: Town, **more: Any) -> Ticket:
    """A draft of the agent's with its form filled in, and a reporter who can be reached."""
    made = store.draft(
        conn, call_id=None, source="call", caller_hash="h", caller_masked="138****0001",
        account_id=there.agent.account_id,
    )  # fmt: skip
    sealed = {"ticket_id": made.id, "number_sealed": "sealed", "number_masked": "138****0001"}
    conn.execute(insert(ticket_contact), sealed | {"at_ms": 1})
    fields = {
        "type": "complaint", "content_class": "service_quality", "text": "办理时间过长",
        "disposition": "passed_on",
    } | more  # fmt: skip
    assert there.agent.account_id is not None
    return store.edit(conn, made.id, made.version, there.agent.account_id, fields)


def do(
    conn: Connection, there: Town, ticket_id: int, move: str, /,
    who: Actor | None = None, **form: Any,
) -> Ticket:  # fmt: skip
    """Do a move with a filled-in form as somebody who may."""
    found = store.get(conn, ticket_id)
    assert found is not None
    full = filled(BY_NAME[move], **form)
    return moving.move(conn, PLACE, who or there.who(move), ticket_id, found.version, move, full)


def walk(conn: Connection, there: Town, ticket_id: int, *moves: str) -> Ticket:
    """One move after another, each with its usual form."""
    found: Ticket | None = None
    for move in moves:
        found = do(conn, there, ticket_id, move, **usual(there, move))
    assert found is not None
    return found


def usual(there: Town, move: str) -> dict[str, Any]:
    return {"unit_id": there.lead} if move in ("dispatch", "rule") else {}


def row(conn: Connection, ticket_id: int) -> Any:
    return conn.execute(select(ticket).where(ticket.c.id == ticket_id)).one()


TO_UNIT = ("submit", "dispatch")
TO_WORK = (*TO_UNIT, "accept")
TO_FOLLOW_UP = (*TO_WORK, "contact", "reply", "approve")
