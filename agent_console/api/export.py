"""The list of tickets as .xlsx, for reports: the reporter is left out of it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import Connection, Row

from agent_console import spreadsheets
from agent_console.api import ticket_queries as queries
from agent_console.api.masking import without_numbers
from agent_console.api.ticket_shapes import TicketFilter
from agent_console.api.ticket_view import Seer
from agent_console.context import Context
from agent_console.operations import Media, Operations
from agent_console.roles import DESKS
from agent_console.spreadsheets import Column, Value
from db import audit
from tickets import classes, search
from tickets.rules.states import DIFFICULTIES, STARS, STATES, TERMS

operations = Operations("export")

MOST = 10_000
# Neither company nor credit code nor caller: each of them leads to who reported.
COLUMNS = (
    Column("工单编号", 18), Column("状态", 12), Column("诉求类型", 10), Column("内容分类", 28),
    Column("诉求内容", 60), Column("承办单位", 24), Column("难易程度", 10), Column("办理轮次", 10),
    Column("受理时间", 18), Column("当前期限", 10), Column("期限时间", 18), Column("是否逾期", 10),
    Column("评价", 12), Column("疑难复杂", 10), Column("整改", 8), Column("办结时间", 18),
)  # fmt: skip


@operations.add(
    "GET", "/tickets/export.xlsx", "The list as a spreadsheet", roles=DESKS,
    media=Media((spreadsheets.CONTENT_TYPE,)),
)  # fmt: skip
async def export_tickets(context: Context, *, query: TicketFilter) -> web.Response:
    parts, seer = context.parts, Seer.of(context)
    rows, cut, labels = await parts.database.read(_every, seer, query, parts.caller_hash)
    await parts.database.write(_keep, seer.who.id, len(rows))
    zone = ZoneInfo(parts.settings.zone)
    types = {choice.code: choice.label for choice in parts.settings.tickets.types}
    # Seconds for ten thousand rows: not on the loop that serves the calls' screens.
    written = await asyncio.to_thread(_sheet, rows, cut, types, labels, zone, seer.now_ms)
    day = datetime.fromtimestamp(seer.now_ms / 1000, zone).strftime("%Y%m%d")
    return web.Response(
        body=written,
        headers={
            "Content-Type": spreadsheets.CONTENT_TYPE,
            "Content-Disposition": f'attachment; filename="tickets-{day}.xlsx"',
            "X-Export-Cut": "true" if cut else "false",
        },
    )


def _every(
    conn: Connection, seer: Seer, query: TicketFilter, caller_hash: queries.Hash
) -> tuple[list[Row[Any]], bool, dict[str, str]]:
    """The rows that go into the sheet, and whether there were more."""
    actor = seer.actor(conn)
    wanted = queries.wanted(conn, query, actor, seer.now_ms)
    hashed = queries.finding(actor, caller_hash)
    rows = search.every(conn, wanted, queries.LISTED, hashed, MOST + 1)
    return rows[:MOST], len(rows) > MOST, classes.all_labels(conn)


def _sheet(
    rows: list[Row[Any]], cut: bool, types: dict[str, str], labels: dict[str, str],
    zone: ZoneInfo, now_ms: int,
) -> bytes:  # fmt: skip
    lines: list[list[Value]] = [_line(row, types, labels, zone, now_ms) for row in rows]
    if cut:
        words = f"结果超过 {MOST} 条，只导出前 {MOST} 条，请缩小查询范围后再导出"
        lines.insert(0, [words, *[None] * (len(COLUMNS) - 1)])
    return spreadsheets.written("工单", COLUMNS, lines)


def _keep(conn: Connection, account_id: int, rows: int) -> None:
    audit.note(conn, account_id, "tickets_exported", "tickets", {"rows": rows})


def _line(
    r: Row[Any], types: dict[str, str], labels: dict[str, str], zone: ZoneInfo, now_ms: int
) -> list[Value]:
    late = r.due_ms is not None and r.due_ms < now_ms
    return [
        r.number,
        STATES.get(r.state, r.state),
        types.get(r.type, r.type),
        labels.get(r.content_class, r.content_class),
        without_numbers(r.text),
        r.unit_name,
        DIFFICULTIES.get(r.difficulty),
        r.round or None,
        _moment(r.created_ms, zone),
        TERMS.get(r.due_kind),
        _moment(r.due_ms, zone),
        ("是" if late else "否") if r.due_ms is not None else None,
        STARS.get(r.stars),
        "是" if r.special else None,
        "是" if r.rectified else None,
        _moment(r.closed_ms, zone),
    ]


def _moment(at_ms: int | None, zone: ZoneInfo) -> str | None:
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")
