"""Tickets: the list, one with everything that hangs on it, saving as typed, completing."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from sqlalchemy import Connection

from agent_console.api import ticket_queries as queries
from agent_console.api.fields import RowPath
from agent_console.api.ticket_conflicts import CONFLICT, gone
from agent_console.api.ticket_form import complete, do, edit
from agent_console.api.ticket_parts import UnitRef
from agent_console.api.ticket_shapes import (
    SuggestedUnit,
    Ticket,
    TicketDone,
    TicketEdit,
    TicketMove,
    TicketPage,
    TicketQuery,
    UnitQuery,
)
from agent_console.api.ticket_view import Seer, full, listed
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.roles import DESKS, STAFF
from tickets import catalogue, classes, search, store, units

operations = Operations("tickets")


@operations.add("GET", "/tickets", "Search tickets", roles=DESKS)
async def list_tickets(context: Context, *, query: TicketQuery) -> TicketPage:
    parts = context.parts
    return await parts.database.read(_page, Seer.of(context), query, parts.caller_hash)


@operations.add("GET", "/tickets/suggested-unit", "Whom the dispatch catalogue names", roles=STAFF)
async def read_suggested_unit(context: Context, *, query: UnitQuery) -> SuggestedUnit:
    return await context.parts.database.read(_suggested, query.content_class, query.region)


@operations.add("GET", "/tickets/{id}", "One ticket", roles=DESKS, problems=(404,))
async def read_ticket(context: Context, *, path: RowPath) -> Ticket:
    return await shown(context, path.id)


@operations.add("PATCH", "/tickets/{id}", "Save fields", roles=STAFF, problems=CONFLICT)
async def edit_ticket(context: Context, *, path: RowPath, body: TicketEdit) -> Ticket:
    fields = {name: value for name in store.FIELDS if (value := getattr(body, name)) is not UNSET}
    await context.parts.database.write(edit, Seer.of(context), path.id, body.version, fields)
    return await shown(context, path.id)


@operations.add(
    "POST", "/tickets/{id}/complete", "The form is complete", roles=STAFF, problems=CONFLICT
)
async def complete_ticket(context: Context, *, path: RowPath, body: TicketDone) -> Ticket:
    seer = Seer.of(context)
    await context.parts.database.write(complete, seer, path.id, body.version, body.form)
    return await shown(context, path.id)


@operations.add("POST", "/tickets/{id}/moves", "Do a move", roles=DESKS, problems=CONFLICT)
async def move_ticket(context: Context, *, path: RowPath, body: TicketMove) -> Ticket:
    seer = Seer.of(context)
    await context.parts.database.write(do, seer, path.id, body.version, body.move, body.form)
    return await shown(context, path.id)


async def shown(context: Context, ticket_id: int) -> Ticket:
    """The ticket as it stands; read apart from the writing, which others wait for."""
    found = await context.parts.database.read(full, Seer.of(context), ticket_id)
    if found is None:
        raise gone()
    return found


def _page(conn: Connection, seer: Seer, query: TicketQuery, caller_hash: Any) -> TicketPage:
    actor = seer.actor(conn)
    wanted = queries.wanted(conn, query, actor, seer.now_ms, query.page, query.size)
    found = search.page(conn, wanted, queries.LISTED, queries.finding(actor, caller_hash))
    rows = listed(found.rows, classes.all_labels(conn), seer.watch(conn), actor)
    return TicketPage(rows, found.total, found.more, query.page, query.size)


def _suggested(conn: Connection, content_class: str, region: str) -> SuggestedUnit:
    line = catalogue.suggest(conn, content_class, region)
    if line is None:
        return SuggestedUnit(None, [])
    named = units.names(conn)
    assisting = [UnitRef(i, named[i]) for i in line.assisting]
    return SuggestedUnit(UnitRef(line.unit_id, line.unit_name), assisting)
