"""A ticket's accountability (倒查问责) on one sheet: each step, who did it, for which unit, and how
late it was in working time. From the history, the terms, the calls, papers, ratings and notices;
the reporter and his company are left out, as of every paper.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Row, or_, select

from agent_console.api import ticket_details as details
from agent_console.api import ticket_queries as queries
from agent_console.api.fields import RowPath
from agent_console.api.masking import without_numbers
from agent_console.api.notices import of_ticket as notices_of
from agent_console.api.ticket_conflicts import gone
from agent_console.api.ticket_parts import Left, Paper, Rating, Term
from agent_console.api.ticket_view import Seer, seen_row
from agent_console.api.trace_words import basis_of, title_of, words_of
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import forbidden
from agent_console.roles import STAFF
from db.models import call, ticket_event, unit, unit_member
from floor import call_words
from tickets import classes, papers, units
from tickets.rules.states import STATES

operations = Operations("trace")

MOST_NOTICES = 500


class TracedTicket(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    number: str
    state: str
    state_label: str
    type: str | None
    class_label: str | None
    text: str
    unit_name: str | None
    source: str
    round: int
    created_ms: int
    closed_ms: int | None
    reply_public: str | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line: `kind` is ticket, call, late or notice."""

    at_ms: int
    kind: str
    who: str | None
    unit_name: str | None
    title: str
    words: str
    basis: str | None
    late: Left | None


class Trace(msgspec.Struct, frozen=True):
    ticket: TracedTicket
    entries: list[Entry]
    terms: list[Term]
    papers: list[Paper]
    ratings: list[Rating]
    printed_by: str
    printed_ms: int
    zone: str


@operations.add(
    "GET", "/tickets/{id}/trace", "Who did what and how late", roles=STAFF, problems=(404,)
)
async def read_trace(context: Context, *, path: RowPath) -> Trace:
    return await context.parts.database.read(_trace, Seer.of(context), path.id)


def _trace(conn: Connection, seer: Seer, ticket_id: int) -> Trace:
    actor = seer.actor(conn)
    row = seen_row(conn, actor, ticket_id)
    if row is None:
        raise gone()
    if not papers.has_duty(actor):
        raise forbidden("倒查记录由派单、热线办、审核、回访、督办、签发人员查看")
    watch = seer.watch(conn)
    terms = details.terms(conn, watch, row.id, standing=row.state == "suspended")
    entries = _of_ticket(conn, row.id, terms)
    entries += _of_calls(conn, row.id, row.call_id)
    entries += _missed(terms)
    entries += _of_notices(conn, row.id)
    entries.sort(key=lambda entry: entry.at_ms)
    return Trace(
        _shown(conn, row),
        entries,
        terms,
        details.papers_of(conn, actor, row.id),
        details.ratings(conn, row.id),
        seer.who.name,
        seer.now_ms,
        seer.place.settings.zone,
    )


def _shown(conn: Connection, row: Row[tuple[object, ...]]) -> TracedTicket:
    found = units.get(conn, row.unit_id) if row.unit_id is not None else None
    return TracedTicket(
        id=row.id,
        number=row.number,
        state=row.state,
        state_label=STATES.get(row.state, row.state),
        type=row.type,
        class_label=classes.all_labels(conn).get(row.content_class),
        text=without_numbers(row.text),
        unit_name=found.name if found else None,
        source=row.source,
        round=row.round,
        created_ms=row.created_ms,
        closed_ms=row.closed_ms,
        reply_public=without_numbers(row.reply_public) if row.reply_public else None,
    )


def _of_ticket(conn: Connection, ticket_id: int, terms: list[Term]) -> list[Entry]:
    """The steps of the history, with the unit of who did each, and how late it came."""
    steps = queries.steps_of(conn, ticket_id)
    theirs = _units_of_people(conn, ticket_id)
    ended = {term.ended_ms: term.late for term in terms if term.late is not None}
    return [
        Entry(
            at_ms=step.at_ms,
            kind="ticket",
            who=step.who,
            unit_name=unit_name,
            title=title_of(step),
            words=without_numbers(words_of(step)),
            basis=basis_of(step),
            late=ended.get(step.at_ms) if step.kind == "moved" else None,
        )
        for step, unit_name in zip(steps, theirs, strict=True)
    ]


def _units_of_people(conn: Connection, ticket_id: int) -> list[str | None]:
    """The unit of who did each step of the history, in its order; None for the hotline's own."""
    e = ticket_event.c
    joined = ticket_event.outerjoin(unit_member, unit_member.c.account_id == e.account_id)
    joined = joined.outerjoin(unit, unit.c.id == unit_member.c.unit_id)
    rows = conn.execute(
        select(unit.c.name).select_from(joined).where(e.ticket_id == ticket_id).order_by(e.id)
    )
    return list(rows.scalars())


def _of_calls(conn: Connection, ticket_id: int, call_id: str | None) -> list[Entry]:
    """The call that the ticket came from and those that were made for it."""
    made = select(call.c.id).where(or_(call.c.id == (call_id or ""), call.c.ticket_id == ticket_id))
    return [
        Entry(
            at_ms=step.at_ms,
            kind="call",
            who=step.who,
            unit_name=None,
            title=call_words.EVENT_KINDS.get(step.kind, step.kind),
            words=call_words.END_REASONS.get(step.detail.get("reason", ""), ""),
            basis=None,
            late=None,
        )
        for one in conn.execute(made.order_by(call.c.started_ms)).scalars().all()
        for step in queries.steps_of_call(conn, one)
    ]


def _missed(terms: list[Term]) -> list[Entry]:
    """When a term passed without having been met."""
    return [
        Entry(
            at_ms=term.due_ms,
            kind="late",
            who=None,
            unit_name=term.unit_name,
            title=f"{term.label}期限已过",
            words="至今未完成" if term.ended_ms is None else "",
            basis=None,
            late=term.late,
        )
        for term in terms
        if term.late is not None
    ]


def _of_notices(conn: Connection, ticket_id: int) -> list[Entry]:
    """What was sent to whom; never where that is reached."""
    return [
        Entry(
            at_ms=one.created_ms,
            kind="notice",
            who=None,
            unit_name=None,
            title=f"通知：{one.template_label}",
            words=f"{one.recipient_label}，{one.channel_label}，{one.state_label}",
            basis=None,
            late=None,
        )
        for one in notices_of(conn, ticket_id, MOST_NOTICES)
    ]
