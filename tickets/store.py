"""Tickets in the database: every change is checked, kept with who and when, and told.

A ticket is changed against the version that the person saw: the second of two people
is told what changed and loses no text.
"""

from __future__ import annotations

from datetime import timedelta, timezone, tzinfo
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import ticket, ticket_event
from db.prepared import Prepared
from tickets import words
from tickets.numbers import next_number

FIELDS = (
    "type", "content_class", "company", "text", "disposition", "region", "credit_code",
    "complained_unit_id",
)  # fmt: skip
EDITABLE = ("draft", "to_dispatch", "in_review")
"""Until a unit has it, what was written down may be corrected."""
BEIJING = timezone(timedelta(hours=8))


class Ticket(msgspec.Struct, frozen=True, gc=False):
    """A ticket as it stands; states are those of `tickets.rules`."""

    id: int
    number: str
    version: int
    call_id: str | None
    source: str
    state: str
    account_id: int | None
    caller_masked: str
    type: str | None
    content_class: str | None
    company: str
    text: str
    disposition: str | None
    complete: bool
    created_ms: int
    updated_ms: int

    def told(self) -> dict[str, Any]:
        """As the feed carries it: nothing of what the caller said."""
        return {
            "id": self.id,
            "number": self.number,
            "state": self.state,
            "version": self.version,
            "complete": self.complete,
            "account_id": self.account_id,
        }


class NoSuchTicket(Exception):
    """There is no ticket of that id."""


class NotEditable(Exception):
    """A unit has the ticket, or it is over: what was written down stays."""

    def __init__(self, current: Ticket) -> None:
        super().__init__(f"a ticket in {current.state} is not edited")
        self.current = current


class Outdated(Exception):
    """Somebody changed the ticket meanwhile; `current` is how it stands."""

    def __init__(self, current: Ticket) -> None:
        super().__init__("the ticket was changed meanwhile")
        self.current = current


_columns = [ticket.c[name] for name in Ticket.__struct_fields__]
_draft = Prepared(
    insert(ticket),
    returns=_columns,
    inserts=(
        "number",
        "call_id",
        "source",
        "state",
        "version",
        "account_id",
        "caller_hash",
        "caller_masked",
        "company",
        "text",
        "complete",
        "created_ms",
        "updated_ms",
    ),
)
_note = Prepared(
    insert(ticket_event),
    inserts=("ticket_id", "at_ms", "kind", "account_id", "detail", "move", "why", "done_on"),
)
_of_call = Prepared(
    select(*_columns)
    .where(ticket.c.call_id == bindparam("call_id"))
    .order_by(ticket.c.id.desc())
    .limit(1),
    _columns,
)


def draft(
    conn: Connection,
    *,
    call_id: str | None,
    source: str,
    caller_hash: str,
    caller_masked: str,
    account_id: int | None,
    zone: tzinfo = BEIJING,
) -> Ticket:
    """Begin a ticket for a call that was answered, or for a message (move 1 of the table)."""
    at_ms = now_ms()
    row = _draft.rows(
        conn,
        {
            "number": next_number(conn, at_ms, zone),
            "call_id": call_id,
            "source": source,
            "state": "draft",
            "version": 1,
            "account_id": account_id,
            "caller_hash": caller_hash,
            "caller_masked": caller_masked,
            "company": "",
            "text": "",
            "complete": False,
            "created_ms": at_ms,
            "updated_ms": at_ms,
        },
    )[0]
    made = Ticket(*row)
    note(conn, made.id, "drafted", account_id, {"source": source})
    publish(conn, "ticket", made.id, made.told())
    return made


def get(conn: Connection, ticket_id: int) -> Ticket | None:
    row = conn.execute(select(*_columns).where(ticket.c.id == ticket_id)).one_or_none()
    return Ticket(*row) if row else None


def hand_over(conn: Connection, ticket_id: int, account_id: int) -> None:
    """Another agent has the call now, and its unfinished ticket with it."""
    row = conn.execute(
        update(ticket)
        .where(
            ticket.c.id == ticket_id,
            ticket.c.complete.is_(False),
            ticket.c.account_id.is_distinct_from(account_id),
        )
        .values(account_id=account_id, updated_ms=now_ms(), version=ticket.c.version + 1)
        .returning(*_columns)
    ).one_or_none()
    if row is not None:
        found = Ticket(*row)
        note(conn, ticket_id, "handed_over", account_id, {})
        publish(conn, "ticket", found.id, found.told())


def of_call(conn: Connection, call_id: str) -> Ticket | None:
    """The newest ticket of a call."""
    row = _of_call.one(conn, {"call_id": call_id})
    return Ticket(*row) if row else None


def note(
    conn: Connection,
    ticket_id: int,
    kind: str,
    account_id: int | None,
    detail: dict[str, Any],
    *,
    move: str | None = None,
    why: str | None = None,
    done_on: str | None = None,
) -> None:
    """Write a line of the ticket's history; moves of the state the database writes by itself."""
    _note.run(
        conn,
        {
            "ticket_id": ticket_id,
            "at_ms": now_ms(),
            "kind": kind,
            "account_id": account_id,
            "detail": detail,
            "move": move,
            "why": why,
            "done_on": done_on,
        },
    )


def of_row(row: Row[Any]) -> Ticket:
    """The ticket of a whole row."""
    return Ticket(*(getattr(row, name) for name in Ticket.__struct_fields__))


def edit(
    conn: Connection, ticket_id: int, version: int, account_id: int, fields: dict[str, Any]
) -> Ticket:
    """Change fields of a ticket that stands at `version`.

    Raises:
        NoSuchTicket: no such ticket.
        Outdated: it stands at another version; nothing was changed.
        NotEditable: a unit has it already.
        ValueError: a field that is not one of `FIELDS`.
    """
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"not fields of a ticket: {', '.join(sorted(unknown))}")
    row = conn.execute(
        update(ticket)
        .where(
            ticket.c.id == ticket_id,
            ticket.c.version == version,
            ticket.c.state.in_(EDITABLE),
        )
        .values({**fields, "version": version + 1, "updated_ms": now_ms()})
        .returning(*_columns)
    ).one_or_none()
    if row is None:
        current = get(conn, ticket_id)
        if current is None:
            raise NoSuchTicket(str(ticket_id))
        if current.version != version:
            raise Outdated(current)
        raise NotEditable(current)
    changed = Ticket(*row)
    note(conn, ticket_id, "edited", account_id, {"what": sorted(fields)})
    if changed.complete:
        words.index(conn, ticket_id)
    publish(conn, "ticket", ticket_id, changed.told())
    return changed
