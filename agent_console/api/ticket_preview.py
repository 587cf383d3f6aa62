"""Deadlines of a move, shown before they are set."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from agent_console.api.fields import RowPath
from agent_console.api.ticket_conflicts import gone
from agent_console.api.ticket_shapes import (
    PreviewedTerm,
    PreviewedTerms,
    TicketPreview,
)
from agent_console.api.ticket_view import Seer, seen_row
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem
from agent_console.roles import DESKS
from db.models import ticket_term
from tickets import reading
from tickets.clock import Due
from tickets.rules import fields
from tickets.rules.decide import Decision, Refused, Unfit, decide
from tickets.rules.effects import effects
from tickets.rules.facts import Actor, Facts
from tickets.rules.states import TERMS
from tickets.rules.table import BY_NAME, Move
from tickets.terms import Terms

operations = Operations("tickets")


@operations.add(
    "POST", "/tickets/{id}/preview", "The deadlines that a move would set", roles=DESKS,
    problems=(404, 422),
)  # fmt: skip
async def preview_move(context: Context, *, path: RowPath, body: TicketPreview) -> PreviewedTerms:
    return await context.parts.database.read(_preview, Seer.of(context), path.id, body)


def _preview(conn: Connection, seer: Seer, ticket_id: int, wanted: TicketPreview) -> PreviewedTerms:
    actor = seer.actor(conn)
    row = seen_row(conn, actor, ticket_id)
    if row is None:
        raise gone()
    move = BY_NAME.get(wanted.move)
    if move is None:
        errors = (FieldError("move", "没有这种操作"),)
        raise Problem(422, "没有这种操作", code="unknown-move", errors=errors)
    facts = reading.facts(conn, seer.place, row, seer.now_ms)
    try:
        decision = _thought_of(conn, seer, actor, facts, move, wanted.form)
    except Refused:
        # What can't be done sets no deadline; why not is said when it is asked for.
        return PreviewedTerms([])
    return PreviewedTerms(
        [
            PreviewedTerm(kind, TERMS[kind], due.ms, due.provisional)
            for kind, due in _dues(conn, seer, row, facts, decision)
        ]
    )


def _thought_of(
    conn: Connection, seer: Seer, actor: Actor, facts: Facts, move: Move, form: dict[str, Any]
) -> Decision:
    """The move as it would be done; a form that is half empty counts as far as it goes."""
    limits = seer.place.limits(conn)
    try:
        return decide(move.name, facts, actor, form, reading.known(conn, move, form), limits)
    except Unfit:
        values, _ = fields.read(move.fields, form)
        return Decision(move, move, _Half(values))


class _Half(dict[str, Any]):
    """A form in which what is not filled in yet is None."""

    def __missing__(self, name: str) -> None:
        return None


def _dues(
    conn: Connection, seer: Seer, row: Row[Any], facts: Facts, decision: Decision
) -> list[tuple[str, Due]]:
    """Kinds and ends of the terms that the move begins or moves."""
    terms = Terms(conn, seer.place, row, seer.now_ms)
    changing = effects(facts, decision)
    found = [(new.kind, terms.due_of(new, row.content_class)[0]) for new in changing.begin]
    days = changing.extend_days
    if decision.move.name == "ask_extension":
        days = decision.form.get("days") or 0
    further = terms.extended(days) if days else None
    if further is not None:
        found.append(("done", further[0]))
    if changing.reopen:
        found += _done_before(conn, row.id)
    return found


def _done_before(conn: Connection, ticket_id: int) -> list[tuple[str, Due]]:
    """What is sent back is to be done by the date that it had."""
    last = (
        select(ticket_term.c.due_ms, ticket_term.c.provisional)
        .where(ticket_term.c.ticket_id == ticket_id, ticket_term.c.kind == "done")
        .order_by(ticket_term.c.id.desc())
        .limit(1)
    )
    return [("done", Due(due_ms, provisional)) for due_ms, provisional in conn.execute(last)]
