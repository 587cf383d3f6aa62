"""Callers who gave up, asked to be rung back, or left a message."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, func, select

from agent_console.api.calls import queue_label
from agent_console.api.fields import NO_NUL, Page, RowPath, Size
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import not_found, refused
from agent_console.roles import STAFF
from config.model import Settings
from db.models import account, call, missed_call
from floor import missed

operations = Operations("missed")


class MissedQuery(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["open", "done", ""] = ""
    page: Page = 1
    size: Size = 20


class MissedCall(msgspec.Struct, frozen=True):
    id: int
    call_id: str
    kind: str
    caller_masked: str
    queue_label: str | None
    created_ms: int
    state: str
    done_ms: int | None
    done_by: str | None
    note: str | None


class MissedPage(msgspec.Struct, frozen=True):
    items: list[MissedCall]
    total: int
    page: int
    size: int


class DoneNote(msgspec.Struct, forbid_unknown_fields=True):
    note: Annotated[str, Meta(max_length=500, pattern=NO_NUL)] = ""


@operations.add("GET", "/missed", "Callers to be rung back", roles=STAFF)
async def list_missed(context: Context, *, query: MissedQuery) -> MissedPage:
    return await context.parts.database.read(_page, context.parts.settings, query)


@operations.add(
    "POST", "/missed/{id}/done", "The caller was rung back", roles=STAFF, problems=(404, 409)
)
async def finish_missed(context: Context, *, path: RowPath, body: DoneNote) -> MissedCall:
    database, settings = context.parts.database, context.parts.settings
    await database.write(done, path.id, context.account.id, body.note)
    return (await database.read(_one, settings, path.id))[0]


def done(conn: Connection, missed_id: int, account_id: int, note: str) -> None:
    """A person dealt with a missed call; raises Problem 404, or 409 when it was done already."""
    if missed.done(conn, missed_id, account_id, note):
        return
    if conn.execute(select(missed_call.c.id).where(missed_call.c.id == missed_id)).first():
        raise refused("已经有人处理过了", "already-done")
    raise not_found("这条未接来电")


_select = (
    select(
        missed_call.c.id, missed_call.c.call_id, missed_call.c.kind, call.c.caller_masked,
        missed_call.c.queue, missed_call.c.created_ms, missed_call.c.state, missed_call.c.done_ms,
        account.c.name, missed_call.c.note,
    )
    .join(call, call.c.id == missed_call.c.call_id)
    .outerjoin(account, account.c.id == missed_call.c.done_by)
)  # fmt: skip


def _page(conn: Connection, settings: Settings, query: MissedQuery) -> MissedPage:
    wanted: list[Any] = [missed_call.c.state == query.state] if query.state else []
    total = conn.execute(select(func.count()).select_from(missed_call).where(*wanted)).scalar_one()
    # The longest waiting first while they wait, the last dealt with first afterwards.
    order = missed_call.c.created_ms if query.state == "open" else missed_call.c.created_ms.desc()
    rows = conn.execute(
        _select.where(*wanted)
        .order_by(order, missed_call.c.id)
        .limit(query.size)
        .offset((query.page - 1) * query.size)
    )
    return MissedPage(_shown(settings, rows), total, query.page, query.size)


def _one(conn: Connection, settings: Settings, missed_id: int) -> list[MissedCall]:
    return _shown(settings, conn.execute(_select.where(missed_call.c.id == missed_id)))


def _shown(settings: Settings, rows: Any) -> list[MissedCall]:
    return [
        MissedCall(
            r.id, r.call_id, r.kind, r.caller_masked, queue_label(settings, r.queue),
            r.created_ms, r.state, r.done_ms, r.name, r.note,
        )
        for r in rows
    ]  # fmt: skip
