"""What hangs on a ticket, read for one person: terms, wishes, papers, ratings, lists, links."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, or_, select

from agent_console.api.attachments import CLOSED_TO_FILES
from agent_console.api.ticket_parts import (
    Asked,
    Assisting,
    Attached,
    Contact,
    Link,
    Listed,
    Paper,
    Rating,
    Term,
)
from agent_console.api.working_time import Watch
from agent_console.roles import HEADS
from db.models import (
    account,
    ticket,
    ticket_ask,
    ticket_assist,
    ticket_attachment,
    ticket_list,
    ticket_paper,
    ticket_rating,
    ticket_term,
    unit,
)
from db.sealed import Sealer
from tickets import attachments, contacts, papers, scope
from tickets.rules.facts import Actor
from tickets.rules.states import PAPERS, TERMS

_drafter = account.alias("drafter")
_signer = account.alias("signer")
_asker = account.alias("asker")
_answerer = account.alias("answerer")


def contact(conn: Connection, sealer: Sealer, ticket_id: int, caller_masked: str) -> Contact:
    """The reporter, masked; before anybody kept him apart, the caller."""
    reporter = contacts.of_ticket(conn, ticket_id)
    if reporter is None:
        return Contact("", caller_masked, any(c.isdecimal() for c in caller_masked))
    try:
        masked = contacts.masked(sealer, reporter)
    except contacts.NoReporter:
        # Sealed under a key that was lost: the ticket is still to be worked on.
        return Contact(contacts.HIDDEN, reporter.number_masked or "", False)
    return Contact(masked.name_masked, masked.number_masked, masked.has_number)


def assists(conn: Connection, ticket_id: int) -> list[Assisting]:
    a = ticket_assist.c
    rows = conn.execute(
        select(a.unit_id, unit.c.name, a.asked_ms, a.done_ms, a.text)
        .join(unit, unit.c.id == a.unit_id)
        .where(a.ticket_id == ticket_id)
        .order_by(a.asked_ms, a.unit_id)
    )
    return [Assisting(*row) for row in rows]


def terms(conn: Connection, watch: Watch, ticket_id: int, *, standing: bool) -> list[Term]:
    """Every term of the ticket, oldest first. `standing`: the clock is stopped, nothing gets late."""
    t = ticket_term.c
    rows = conn.execute(
        select(ticket_term, unit.c.name.label("unit_name"))
        .outerjoin(unit, unit.c.id == t.unit_id)
        .where(t.ticket_id == ticket_id)
        .order_by(t.id)
    )
    return [
        Term(
            kind=row.kind,
            label=TERMS[row.kind],
            round=row.round,
            unit_name=row.unit_name,
            from_ms=row.from_ms,
            days=row.days,
            natural=row.natural,
            due_ms=row.due_ms,
            first_due_ms=row.first_due_ms,
            provisional=row.provisional,
            ended_ms=row.ended_ms,
            met=row.met,
            late=None
            if (row.ended_ms is None and standing) or (row.ended_ms and row.met is None)
            else watch.late(row.due_ms, row.ended_ms),
        )
        for row in rows
    ]


def asks(conn: Connection, ticket_id: int) -> list[Asked]:
    a = ticket_ask.c
    rows = conn.execute(
        select(ticket_ask, _asker.c.name.label("asker"), _answerer.c.name.label("answerer"))
        .outerjoin(_asker, _asker.c.id == a.asked_by)
        .outerjoin(_answerer, _answerer.c.id == a.answered_by)
        .where(a.ticket_id == ticket_id)
        .order_by(a.id)
    )
    return [
        Asked(
            id=row.id,
            kind=row.kind,
            form=row.form,
            asked_by=row.asker,
            asked_ms=row.asked_ms,
            open=bool(row.open),
            agreed=row.agreed,
            answer=row.answer,
            answered_by=row.answerer,
            answered_ms=row.answered_ms,
        )
        for row in rows
    ]


def papers_of(conn: Connection, actor: Actor, ticket_id: int) -> list[Paper]:
    """The papers that this person may read, oldest first."""
    return [found for _, found in papers_where(conn, actor, ticket_paper.c.ticket_id == ticket_id)]


def papers_where(
    conn: Connection, actor: Actor, condition: ColumnElement[bool], most: int = 500
) -> list[tuple[int, Paper]]:
    """Papers with their tickets' ids: those of a condition that this person may read."""
    p = ticket_paper.c
    rows = conn.execute(
        select(ticket_paper, _drafter.c.name.label("drafter"), _signer.c.name.label("signer"))
        .join(ticket, ticket.c.id == p.ticket_id)
        .outerjoin(_drafter, _drafter.c.id == p.drafted_by)
        .outerjoin(_signer, _signer.c.id == p.signed_by)
        .where(condition, papers.readable(actor), scope.visible(actor))
        .order_by(p.id)
        .limit(most)
    )
    return [
        (
            row.ticket_id,
            Paper(
                id=row.id,
                kind=row.kind,
                label=PAPERS[row.kind],
                number=row.number,
                state=row.state,
                round=row.round,
                body=row.body,
                drafted_by=row.drafter,
                drafted_ms=row.drafted_ms,
                signed_by=row.signer,
                signed_ms=row.signed_ms,
                answer=row.answer,
            ),
        )
        for row in rows
    ]


def ratings(conn: Connection, ticket_id: int) -> list[Rating]:
    r = ticket_rating.c
    rows = conn.execute(
        select(r.at_ms, r.round, r.rectified, r.stars, r.how, r.text, account.c.name.label("by"))
        .outerjoin(account, account.c.id == r.account_id)
        .where(r.ticket_id == ticket_id)
        .order_by(r.id)
    )
    return [Rating(**row._mapping) for row in rows]


def lists(conn: Connection, ticket_id: int) -> list[Listed]:
    t = ticket_list.c
    rows = conn.execute(
        select(t.list, t.round, t.opened_ms, t.closed_ms)
        .where(t.ticket_id == ticket_id)
        .order_by(t.id)
    )
    return [Listed(*row) for row in rows]


def attached(conn: Connection, actor: Actor, ticket_id: int, state: str) -> list[Attached]:
    """The files, each with whether she may take it off: her own, a head any, while it is open."""
    asked = select(ticket_attachment.c.id).where(
        ticket_attachment.c.ticket_id == ticket_id,
        ticket_attachment.c.account_id == actor.account_id,
    )
    hers = set(conn.execute(asked).scalars())
    return [
        Attached(
            one.id, one.name, one.media, one.size_bytes, one.by or None, one.at_ms,
            state not in CLOSED_TO_FILES and (one.id in hers or actor.role in HEADS),
        )
        for one in attachments.of_ticket(conn, ticket_id)
    ]  # fmt: skip


def links(conn: Connection, actor: Actor, ticket_id: int, merged_into: int | None) -> list[Link]:
    """The tickets that this one went into, or that went into it; only those that she may see."""
    t = ticket.c
    rows = conn.execute(
        select(t.id, t.number, t.state)
        .where(or_(t.id == (merged_into or 0), t.merged_into == ticket_id), scope.visible(actor))
        .order_by(t.id)
    )
    return [
        Link(row.id, row.number, row.state, "merged_into" if row.id == merged_into else "merged_from")
        for row in rows
    ]  # fmt: skip
