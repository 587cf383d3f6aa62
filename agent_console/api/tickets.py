"""Tickets: the list, one with its timeline, saving as typed, completing."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Row, select

from agent_console.api import ticket_queries as queries
from agent_console.api.call_queries import took_part
from agent_console.api.calls import problem_words
from agent_console.api.fields import RowPath, head
from agent_console.api.ticket_shapes import (
    RecordingMark,
    Ticket,
    TicketConflict,
    TicketEdit,
    TicketPage,
    TicketQuery,
    TicketRecording,
    TicketRow,
    TicketVersion,
    TimelineEntry,
)
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem, forbidden, not_found, refused
from agent_console.roles import HEADS, STAFF
from config import model
from db.models import recording_mark
from floor import seats
from recordings import catalogue
from tickets import rules, store

operations = Operations("tickets")

CONFLICT: dict[int, type[msgspec.Struct] | None] = {404: None, 409: TicketConflict, 422: None}


@operations.add("GET", "/tickets", "Search tickets", roles=STAFF)
async def list_tickets(context: Context, *, query: TicketQuery) -> TicketPage:
    parts = context.parts
    rows, total = await parts.database.read(
        queries.page, query, context.account.id, parts.caller_hash
    )
    return TicketPage([_row(r) for r in rows], total, query.page, query.size)


@operations.add("GET", "/tickets/{id}", "One ticket", roles=STAFF, problems=(404,))
async def read_ticket(context: Context, *, path: RowPath) -> Ticket:
    found = await context.parts.database.read(_full, path.id, context.account)
    if found is None:
        raise not_found("这张工单")
    return found


@operations.add("PATCH", "/tickets/{id}", "Save fields", roles=STAFF, problems=CONFLICT)
async def edit_ticket(context: Context, *, path: RowPath, body: TicketEdit) -> Ticket:
    fields = {name: value for name in store.FIELDS if (value := getattr(body, name)) is not UNSET}
    errors = unknown_codes(context.parts.settings.tickets, fields)
    if errors:
        raise Problem(422, "请检查所选内容", code="unknown-code", errors=errors)
    return await context.parts.database.write(_edit, path.id, body.version, context.account, fields)


@operations.add(
    "POST", "/tickets/{id}/complete", "The form is complete", roles=STAFF, problems=CONFLICT
)
async def complete_ticket(context: Context, *, path: RowPath, body: TicketVersion) -> Ticket:
    return await context.parts.database.write(
        _complete, context.parts.settings.tickets, path.id, body.version, context.account
    )


def unknown_codes(place: model.Tickets, fields: dict[str, Any]) -> tuple[FieldError, ...]:
    """Choices that this place does not offer."""
    known = {
        "type": {c.code for c in place.types},
        "content_class": {c.code for c in place.classes},
        "disposition": {d.code for d in place.dispositions},
    }
    return tuple(
        FieldError(name, "没有这个选项")
        for name, codes in known.items()
        if fields.get(name) is not None and fields[name] not in codes
    )


def _edit(
    conn: Connection, ticket_id: int, version: int, who: Account, fields: dict[str, Any]
) -> Ticket:
    _changeable(conn, ticket_id, version, who)
    if fields:
        store.edit(conn, ticket_id, version, who.id, fields)
    return _shown(conn, ticket_id, who)


def _complete(
    conn: Connection, place: model.Tickets, ticket_id: int, version: int, who: Account
) -> Ticket:
    current = _changeable(conn, ticket_id, version, who)
    chosen = next((d for d in place.dispositions if d.code == current.disposition), None)
    form = {name: getattr(current, name) for name in store.FIELDS}
    missing = rules.what_is_missing(form, needs_class=chosen.needs_class if chosen else None)
    if missing or chosen is None:
        errors = tuple(FieldError(m.field, m.message) for m in missing)
        raise Problem(422, "工单还没有填写完整", code="form-incomplete", errors=errors)
    store.settle(conn, ticket_id, version, who.id, chosen.state)
    _end_wrap_up(conn, who, current.call_id)
    return _shown(conn, ticket_id, who)


def _changeable(conn: Connection, ticket_id: int, version: int, who: Account) -> store.Ticket:
    """The ticket, if this person may change it as it stands; else the problem that says why."""
    found = store.get(conn, ticket_id)
    if found is None:
        raise not_found("这张工单")
    if who.role not in HEADS and found.account_id not in (None, who.id):
        raise forbidden("这张工单由其他座席办理，不能修改")
    if found.version != version:
        current = _shown(conn, ticket_id, who)
        raise Problem(
            409, "工单已被修改，请核对后再保存", code="version-old", more={"current": current}
        )
    if found.complete:
        raise refused("工单已经提交，不能再修改", "ticket-complete")
    return found


def _end_wrap_up(conn: Connection, who: Account, call_id: str | None) -> None:
    """With the form complete, the wrap-up of its call has nothing left to wait for."""
    seat = seats.of_account(conn, who.id)
    if seat is not None and seat.state == "wrap_up" and seat.call_id == call_id:
        seats.end_wrap_up(conn, seat.id)


def _shown(conn: Connection, ticket_id: int, who: Account) -> Ticket:
    found = _full(conn, ticket_id, who)
    if found is None:
        raise not_found("这张工单")
    return found


def _full(conn: Connection, ticket_id: int, who: Account) -> Ticket | None:
    found = store.get(conn, ticket_id)
    if found is None:
        return None
    same = {n: getattr(found, n) for n in store.Ticket.__struct_fields__}
    steps = queries.timeline(conn, ticket_id, found.call_id)
    return Ticket(
        **same,
        agent_name=queries.agent_name(conn, found.account_id),
        timeline=[TimelineEntry(*step) for step in steps],
        recordings=_recordings(conn, found.call_id, who) if found.call_id else [],
    )


def _row(r: Row[Any]) -> TicketRow:
    return TicketRow(
        r.id, r.number, r.state, r.type, r.content_class, r.company, head(r.text), r.disposition,
        r.complete, r.agent_name, r.caller_masked, r.created_ms, r.updated_ms,
    )  # fmt: skip


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
