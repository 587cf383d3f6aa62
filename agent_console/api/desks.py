"""Desks: what waits for this person, and how much of it is late."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from agent_console.api.ticket_view import Seer
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.roles import DESKS
from tickets import desks

operations = Operations("desks")


class Desk(msgspec.Struct, frozen=True):
    name: str
    label: str
    count: int
    late: int


class DeskList(msgspec.Struct, frozen=True):
    items: list[Desk]


@operations.add("GET", "/desks", "What waits for me", roles=DESKS)
async def list_desks(context: Context) -> DeskList:
    return await context.parts.database.read(_counted, Seer.of(context))


def _counted(conn: Connection, seer: Seer) -> DeskList:
    found = desks.counts(conn, seer.actor(conn), seer.now_ms)
    return DeskList([Desk(one.desk.name, one.desk.label, one.count, one.late) for one in found])
