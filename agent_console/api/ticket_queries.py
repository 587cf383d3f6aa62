"""What the console asks about tickets: pure selects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, select

from agent_console.api.ticket_shapes import TicketFilter
from db.models import account, call_event, seat, ticket, ticket_event, unit
from tickets import classes, desks, scope, search, units
from tickets.rules.facts import Actor

LISTED = (
    ticket.c.id, ticket.c.number, ticket.c.state, ticket.c.type, ticket.c.content_class,
    ticket.c.company, ticket.c.text, ticket.c.disposition, ticket.c.complete,
    account.c.name.label("agent_name"), ticket.c.caller_masked, ticket.c.created_ms,
    ticket.c.updated_ms, ticket.c.unit_id, unit.c.name.label("unit_name"), ticket.c.due_ms,
    ticket.c.due_kind, ticket.c.due_provisional, ticket.c.round, ticket.c.repeats,
    ticket.c.special, ticket.c.difficulty, ticket.c.stars, ticket.c.closed_ms, ticket.c.source,
    ticket.c.region, ticket.c.rectified,
)  # fmt: skip

OF_THE_HOTLINE = frozenset(
    {"flag_special", "sign_special", "draft_finding", "return_draft", "draft_report"}
)
"""Steps between the hotline and its head: no unit reads them."""
HIDDEN_KINDS = frozenset({"unmasked"})
HIDDEN_FIELDS = frozenset({"complained_unit_id"})

Hash = Callable[[str], str]


def wanted(
    conn: Connection, query: TicketFilter, actor: Actor, now_ms: int, page: int = 1, size: int = 20
) -> search.Wanted:
    """A list's filter, with the desk's condition and what this person may see."""
    where: list[ColumnElement[bool]] = []
    of_units = [tuple(sorted(actor.unit_ids))] if actor.role == "unit" else []
    if query.desk is not None:
        where.append(desks.lying_on(query.desk, actor))
    if query.unit_id is not None:
        theirs = units.below(conn, {query.unit_id}) or {query.unit_id}
        where.append(ticket.c.unit_id.in_(sorted(theirs)))
        of_units.append(tuple(sorted(theirs)))
    if query.incomplete:
        where.append(ticket.c.complete.is_(False))
    by_due = query.desk is not None and desks.BY_NAME[query.desk].by_due
    return search.Wanted(
        q=query.q,
        states=_chosen(query.state),
        types=_chosen(query.type),
        content_classes=_with_those_below(conn, query.content_class),
        dispositions=_chosen(query.disposition),
        difficulties=_chosen(query.difficulty or ""),
        account_id=actor.account_id if query.mine else None,
        late=True if query.late else None,
        from_ms=query.from_ms,
        to_ms=query.to_ms,
        repeated=query.repeated and actor.role != "unit",
        special=query.special,
        where=tuple(where),
        either=scope.branches(actor),
        seen=scope.visible(actor),
        of_units=tuple(of_units),
        order=query.order or ("due" if by_due else "newest"),
        page=page,
        size=size,
        now_ms=now_ms,
    )


def _chosen(code: str) -> tuple[str, ...]:
    return (code,) if code else ()


def _with_those_below(conn: Connection, code: str) -> tuple[str, ...]:
    return tuple(sorted(classes.below(conn, code) | {code})) if code else ()


def finding(actor: Actor, caller_hash: Hash) -> Hash:
    """How a whole number is looked for: no unit can ask whether somebody reported."""
    return (lambda _: "no number of a unit's search") if actor.role == "unit" else caller_hash


def agent_name(conn: Connection, account_id: int | None) -> str | None:
    if account_id is None:
        return None
    return conn.execute(select(account.c.name).where(account.c.id == account_id)).scalar()


class Step(NamedTuple):
    """One line of a timeline."""

    at_ms: int
    kind: str
    who: str | None
    detail: dict[str, Any]
    move: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    why: str | None = None
    done_on: str | None = None


def timeline(conn: Connection, actor: Actor, ticket_id: int, call_id: str | None) -> list[Step]:
    """Each step of the ticket and, for those of the hotline, of its call, oldest first."""
    steps = steps_of(conn, ticket_id)
    if actor.role == "unit":
        return [
            _for_a_unit(step)
            for step in steps
            if step.move not in OF_THE_HOTLINE and step.kind not in HIDDEN_KINDS
        ]
    if call_id is not None:
        steps += steps_of_call(conn, call_id)
    return sorted(steps, key=lambda step: step.at_ms)


def steps_of(conn: Connection, ticket_id: int) -> list[Step]:
    """The ticket's own steps; units are named beside their ids."""
    e = ticket_event.c
    rows = conn.execute(
        select(
            e.at_ms, e.kind, account.c.name, e.detail, e.move, e.from_state, e.to_state, e.why,
            e.done_on,
        )
        .outerjoin(account, account.c.id == e.account_id)
        .where(e.ticket_id == ticket_id)
        .order_by(e.id)
    ).all()  # fmt: skip
    named = _names(conn, unit, {i for row in rows for i in _units_in(row.detail)})
    return [Step(*row[:3], _with_names(row.detail or {}, named), *row[4:]) for row in rows]


def _units_in(detail: dict[str, Any] | None) -> Iterable[Any]:
    found = detail or {}
    return [found.get("unit_id"), *(found.get("assisting") or ())]


def _with_names(detail: dict[str, Any], named: dict[Any, str]) -> dict[str, Any]:
    shown = dict(detail)
    if detail.get("unit_id") in named:
        shown["unit_name"] = named[detail["unit_id"]]
    if detail.get("assisting"):
        shown["assisting_names"] = [named[i] for i in detail["assisting"] if i in named]
    return shown


def _for_a_unit(step: Step) -> Step:
    """Whether somebody is complained of is not for units, nor what he is asked about."""
    if step.kind != "edited":
        return step
    what = [name for name in step.detail.get("what", ()) if name not in HIDDEN_FIELDS]
    return step._replace(detail={**step.detail, "what": what})


def steps_of_call(conn: Connection, call_id: str) -> list[Step]:
    """A call's events name who did it by account (`by`), or the seat that it happened to."""
    rows = conn.execute(
        select(call_event.c.at_ms, call_event.c.kind, call_event.c.detail)
        .where(call_event.c.call_id == call_id)
        .order_by(call_event.c.id)
    ).all()
    accounts = _names(conn, account, {row.detail.get("by") for row in rows})
    seats = _names(conn, seat, {row.detail.get("seat") for row in rows})
    return [
        Step(
            row.at_ms,
            row.kind,
            accounts.get(row.detail.get("by")) or seats.get(row.detail.get("seat")),
            row.detail,
        )
        for row in rows
    ]


def _names(conn: Connection, table: Table, ids: set[Any]) -> dict[Any, str]:
    known = {i for i in ids if isinstance(i, int)}
    if not known:
        return {}
    found = conn.execute(select(table.c.id, table.c.name).where(table.c.id.in_(known)))
    return {row.id: row.name for row in found}


def last_steps(conn: Connection, ticket_id: int, count: int) -> list[Any]:
    """The newest `count` changes of a ticket's version, oldest first."""
    e = ticket_event.c
    rows = conn.execute(
        select(e.at_ms, account.c.name, e.kind, e.detail, e.move, e.to_state, e.why)
        .outerjoin(account, account.c.id == e.account_id)
        .where(e.ticket_id == ticket_id, e.kind.in_(("edited", "handed_over", "moved", "acted")))
        .order_by(e.id.desc())
        .limit(count)
    )
    return list(rows)[::-1]
