"""The one door of a ticket's moves: decided by the rules, done in one transaction, told.

Against the version that the person saw: the second of two people is told, and nothing of hers
is half done. The database refuses what the rules should have refused, and writes the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import call, ticket, ticket_assist, unit
from tickets import (
    contacts,
    duplicates,
    hangings,
    outbox,
    reading,
    store,
    words,
)
from tickets.place import Place
from tickets.rules.decide import Decision, Unfit, decide
from tickets.rules.effects import Effects, effects
from tickets.rules.facts import SYSTEM, Actor, Facts
from tickets.rules.fields import Mistake
from tickets.rules.table import BY_NAME
from tickets.store import NoSuchTicket, Outdated, Ticket
from tickets.terms import Terms


class NoSuchMove(Exception):
    """The table has no move of that name."""


def move(
    conn: Connection,
    place: Place,
    who: Actor,
    ticket_id: int,
    version: int,
    name: str,
    form: Mapping[str, Any],
    further: Sequence[Mistake] = (),
) -> Ticket:
    """Do one move (or act) of the table.

    Args:
        version: how the person saw the ticket.
        form: what she filled in, by the names of the move's fields.
        further: mistakes that the rules can't see; with any of them nothing is done.

    Raises:
        NoSuchTicket, NoSuchMove: there is none.
        Outdated: somebody changed the ticket meanwhile.
        decide.Refused: a rule stands in the way; it says which, and what would be allowed.
        decide.Unfit: the form has mistakes, all of them named.
    """
    row = reading.row_of(conn, ticket_id)
    if row is None:
        raise NoSuchTicket(str(ticket_id))
    if row.version != version:
        raise Outdated(store.of_row(row))
    wanted = BY_NAME.get(name)
    if wanted is None:
        raise NoSuchMove(name[:64])
    at_ms = now_ms()
    facts = reading.facts(conn, place, row, at_ms)
    known, limits = reading.known(conn, wanted, form), place.limits(conn)
    try:
        decision = decide(name, facts, who, form, known, limits)
    except Unfit as error:
        named = {mistake.field for mistake in error.mistakes}
        raise Unfit([*error.mistakes, *(m for m in further if m.field not in named)]) from None
    if further:
        raise Unfit(list(further))
    return _carry_out(conn, place, who, row, facts, decision)


def _carry_out(
    conn: Connection, place: Place, who: Actor, row: Row[Any], facts: Facts, decision: Decision
) -> Ticket:
    changing = effects(facts, decision)
    at_ms = facts.now_ms
    touched = hangings.change(conn, place, row, who, changing, at_ms)
    columns = dict(changing.columns)
    if decision.move.name == "submit":
        contacts.from_call(conn, row.id)
        repeat_days = place.periods(conn)["repeat_days"]
        columns["repeats"] = duplicates.repeats(conn, row, repeat_days)
    terms = Terms(conn, place, row, at_ms)
    columns |= terms.apply(
        changing, columns.get("round", row.round), columns.get("unit_id", row.unit_id)
    )
    on = touched[0] if touched else _done_on(conn, row, decision)
    if decision.move.to is None:
        changed = _write(conn, row, columns)
        store.note(
            conn, row.id, "acted", who.account_id, changing.said,
            move=decision.move.name, why=changing.why or None, done_on=on,
        )  # fmt: skip
    else:
        if row.state != decision.move.to:
            hangings.withdraw_asks(conn, row.id)
        moved = {
            "state": decision.move.to,
            "state_ms": at_ms,
            "move": decision.move.name,
            "moved_by": who.account_id,
            "why": changing.why or None,
            "done_on": on,
            "moved": changing.said,
        }
        changed = _write(conn, row, columns | moved)
    hangings.enlist(conn, row, changing, at_ms)
    if decision.move.name == "merge":
        from_where = {"from": row.id, "number": row.number}
        store.note(conn, changed.merged_into, "merged_from", who.account_id, from_where)
    if row.state == "draft" and decision.move.to is not None:
        words.index(conn, row.id)
    _notify(conn, place, changed, changing, changed.unit_id or row.unit_id)
    publish(conn, "ticket", row.id, store.of_row(changed).told())
    return store.of_row(changed)


def _write(conn: Connection, row: Row[Any], columns: dict[str, Any]) -> Row[Any]:
    changed = conn.execute(
        update(ticket)
        .where(ticket.c.id == row.id, ticket.c.version == row.version)
        .values(columns | {"version": row.version + 1, "updated_ms": now_ms()})
        .returning(ticket)
    ).one_or_none()
    if changed is None:
        current = store.get(conn, row.id)
        if current is None:
            raise NoSuchTicket(str(row.id))
        raise Outdated(current)
    return changed


def _done_on(conn: Connection, row: Row[Any], decision: Decision) -> str | None:
    """What it was done on: the call of a draft, or the call that was made for the contact."""
    if row.state == "draft" and row.call_id:
        return f"call:{row.call_id}"
    if decision.move.name != "contact" or decision.form.get("means") != "phone":
        return None
    newest = (
        select(call.c.id)
        .where(call.c.ticket_id == row.id, call.c.direction == "out")
        .order_by(call.c.started_ms.desc())
        .limit(1)
    )
    found = conn.execute(newest).scalar()
    return f"call:{found}" if found else None


def _notify(
    conn: Connection, place: Place, row: Row[Any], changing: Effects, unit_id: int | None
) -> None:
    """Into the outbox, in the same transaction as the move.

    Args:
        unit_id: whose matter it is, or was until this move took it away.
    """
    if not changing.notices:
        return
    name = conn.execute(select(unit.c.name).where(unit.c.id == unit_id)).scalar()
    args = {
        "unit": name,
        "due": row.due_ms,
        "kind": row.due_kind,
        "state": row.state,
    }
    for template, whom in changing.notices:
        for to in _addressed(conn, row, whom, unit_id):
            key = f"{row.id}:{row.version}:{template}:{to}"
            outbox.put(
                conn, place, template=template, to=to, ticket_id=row.id, args=args, key=key
            )  # fmt: skip


def _addressed(conn: Connection, row: Row[Any], whom: str, unit_id: int | None) -> list[str]:
    match whom:
        case "unit" | "unit_head":
            return [f"{whom}:{unit_id}"] if unit_id else []
        case "assisting":
            parts = select(ticket_assist.c.unit_id).where(ticket_assist.c.ticket_id == row.id)
            return [f"unit:{unit_id}" for unit_id in conn.execute(parts).scalars()]
        case "caller":
            return [f"caller:{row.id}"]
    return [whom]


def archive(conn: Connection, place: Place, ticket_id: int, version: int) -> Ticket:
    """Move 25, by the sweep."""
    return move(conn, place, SYSTEM, ticket_id, version, "archive", {})
