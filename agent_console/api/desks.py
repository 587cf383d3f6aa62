"""Desks: what waits for this person, and how much of it is late."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from agent_console.api.ticket_view import Seer
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.roles import DESKS
from tickets import desks, digests

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
    actor = seer.actor(conn)
    found = desks.counts(conn, actor, seer.now_ms)
    items = [Desk(one.desk.name, one.desk.label, one.count, one.late) for one in found]
    if actor.duties & digests.READS:
        waiting = digests.waiting(conn, seer.place, actor, seer.now_ms)
        items.append(Desk("digests", "意见建议", waiting, 0))
    return DeskList(items)
