"""A ticket and its rows as one person may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from agent_console.api import ticket_details as details
from agent_console.api import ticket_queries as queries
from agent_console.api.call_queries import took_part
from agent_console.api.calls import problem_words
from agent_console.api.fields import head
from agent_console.api.ticket_choices import Choices
from agent_console.api.ticket_parts import UnitRef
from agent_console.api.ticket_shapes import (
    RecordingMark,
    Ticket,
    TicketRecording,
    TicketRow,
    TimelineEntry,
)
from agent_console.api.working_time import Watch
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.roles import HEADS
from db.models import recording_mark, ticket
from db.sealed import Sealer
from recordings import catalogue
from tickets import classes, people, reading, scope, store, units
from tickets.place import Place
from tickets.rules.facts import Actor

SAME = (
    "id", "number", "version", "state", "type", "content_class", "company", "credit_code",
    "region", "text", "disposition", "complete", "source", "account_id", "caller_masked",
    "created_ms", "updated_ms", "closed_ms", "difficulty", "round", "ruled", "rectified",
    "special", "returned", "extended", "tries", "stars", "reply_internal", "reply_public",
    "due_ms", "due_kind", "due_provisional",
)  # fmt: skip
CORRECTING = frozenset({"dispatch", "office"})
"""Duties that may correct a ticket that was submitted, until a unit has it."""


@dataclass(frozen=True, slots=True)
class Seer:
    """Who looks at tickets, in which place, at which moment."""

    place: Place
    sealer: Sealer
    who: Account
    now_ms: int

    @classmethod
    def of(cls, context: Context) -> Seer:
        parts = context.parts
        return cls(Place(parts.settings), parts.sealer, context.account, parts.now_ms())

    def actor(self, conn: Connection) -> Actor:
        """What she may do with tickets, as it is now."""
        return people.actor_of(conn, self.who.id, self.who.role)

    def watch(self, conn: Connection) -> Watch:
        return Watch.at(conn, self.place, self.now_ms)


def may_edit(actor: Actor, row: Row[Any]) -> bool:
    """Whether she may change the fields of the form as the ticket stands."""
    if row.state == "draft":
        heads = actor.role in HEADS
        return actor.role != "unit" and (heads or row.account_id in (None, actor.account_id))
    return row.state in store.EDITABLE and bool(actor.duties & CORRECTING)


def seen_row(conn: Connection, actor: Actor, ticket_id: int) -> Row[Any] | None:
    """The ticket's row when she may see it."""
    found = select(ticket).where(ticket.c.id == ticket_id, scope.visible(actor))
    return conn.execute(found).one_or_none()


def full(conn: Connection, seer: Seer, ticket_id: int) -> Ticket | None:
    """One ticket with all that hangs on it; None when there is none that she may see."""
    actor = seer.actor(conn)
    row = seen_row(conn, actor, ticket_id)
    if row is None:
        return None
    of_unit = actor.role == "unit"
    watch = seer.watch(conn)
    facts = reading.facts(conn, seer.place, row, seer.now_ms)
    limits = seer.place.limits(conn)
    choices = Choices(conn, seer.place.settings, actor, facts, row.region)
    # What a unit reads of a call are the words of the ticket.
    call_id = None if of_unit else row.call_id
    complained = None if of_unit else _unit(conn, row.complained_unit_id)
    return Ticket(
        **{name: getattr(row, name) for name in SAME},
        call_id=call_id,
        agent_name=queries.agent_name(conn, row.account_id),
        class_label=classes.all_labels(conn).get(row.content_class),
        contact=details.contact(conn, seer.sealer, row.id, row.caller_masked),
        unit=_unit(conn, row.unit_id),
        assists=details.assists(conn, row.id),
        complained_unit_id=complained.id if complained else None,
        complained_unit_name=complained.name if complained else None,
        repeats=None if of_unit else row.repeats,
        left=watch.left(row.due_ms),
        terms=details.terms(conn, watch, row.id, standing=row.state == "suspended"),
        asks=details.asks(conn, row.id),
        papers=details.papers_of(conn, actor, row.id),
        ratings=details.ratings(conn, row.id),
        lists=details.lists(conn, row.id),
        attachments=details.attached(conn, actor, row.id, row.state),
        links=details.links(conn, actor, row.id, row.merged_into),
        editable=may_edit(actor, row),
        moves=choices.possible(limits),
        refused=choices.refused(limits),
        timeline=[TimelineEntry(*step) for step in queries.timeline(conn, actor, row.id, call_id)],
        recordings=_recordings(conn, call_id, seer.who) if call_id else [],
    )


def _unit(conn: Connection, unit_id: int | None) -> UnitRef | None:
    found = units.get(conn, unit_id) if unit_id is not None else None
    return UnitRef(found.id, found.name) if found else None


def listed(
    rows: list[Row[Any]], labels: dict[str, str], watch: Watch, actor: Actor
) -> list[TicketRow]:
    """Rows of a list."""
    return [_row(row, labels, watch, of_unit=actor.role == "unit") for row in rows]


def _row(r: Row[Any], labels: dict[str, str], watch: Watch, *, of_unit: bool) -> TicketRow:
    return TicketRow(
        id=r.id,
        number=r.number,
        state=r.state,
        type=r.type,
        content_class=r.content_class,
        class_label=labels.get(r.content_class),
        company=r.company,
        text_head=head(r.text),
        disposition=r.disposition,
        complete=r.complete,
        agent_name=r.agent_name,
        caller_masked=r.caller_masked,
        created_ms=r.created_ms,
        updated_ms=r.updated_ms,
        unit_id=r.unit_id,
        unit_name=r.unit_name,
        due_ms=r.due_ms,
        due_kind=r.due_kind,
        due_provisional=r.due_provisional,
        left=watch.left(r.due_ms),
        round=r.round,
        repeats=None if of_unit else r.repeats,
        special=r.special,
        difficulty=r.difficulty,
        stars=r.stars,
    )


def _recordings(conn: Connection, call_id: str, who: Account) -> list[TicketRecording]:
    found = catalogue.of_call(conn, call_id)
    if found is None:
        return []
    marks = conn.execute(
        select(recording_mark.c.at_ms, recording_mark.c.kind)
        .where(recording_mark.c.recording_id == found.id)
        .order_by(recording_mark.c.id)
    )
    allowed = who.role in HEADS or took_part(conn, call_id, who.id)
    return [
        TicketRecording(
            found.id, found.state, found.length_ms, found.size_bytes, found.format,
            [RecordingMark(*mark) for mark in marks], problem_words(found.problem),
            allowed and found.state == "filed",
        )
    ]  # fmt: skip
