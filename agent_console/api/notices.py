"""Notices that leave the house: what waits, what failed and why; sent again or let go by a person."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from agent_console.api.fields import Page, RowPath, Size
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import not_found, refused
from agent_console.roles import HEADS
from config.notice_texts import TEMPLATES, template_for
from db import audit
from db.models import outbox, ticket, unit
from notices import rows
from notices.addresses import role_of

operations = Operations("notices")

State = Literal["waiting", "sending", "sent", "failed", "dropped"]
ChannelCode = Literal["zwding", "dingtalk", "sms", "email", "webhook"]
CHANNEL_LABELS = {
    "zwding": "浙政钉",
    "dingtalk": "钉钉",
    "sms": "短信",
    "email": "电子邮件",
    "webhook": "接口推送",
}
STATE_LABELS = {
    "waiting": "待发送",
    "sending": "发送中",
    "sent": "已发送",
    "failed": "未送达",
    "dropped": "不再发送",
}
RISKS = {
    "zwding": "浙政钉对同一条通知只收一次，重新发送不会重复。",
    "dingtalk": "请先到群里查看是否已有这条消息；重新发送，群里可能出现两次。",
    "sms": "请先在短信平台核对发送记录，或电话核实；重新发送，对方可能收到两次。",
    "email": "请先向对方核实，并查看发件邮箱有无退信；重新发送，对方可能收到两封。",
    "webhook": "接收方对同一条通知只收一次，重新发送不会重复。",
}
"""How to find out whether a notice of unknown outcome arrived, and what sending it again may do."""
_ROLES = {
    "dispatchers": "派单岗",
    "office": "热线办",
    "supervisors": "督办岗",
    "business_office": "营商环境主管部门",
    "caller": "来电人",
}


class NoticeQuery(msgspec.Struct, forbid_unknown_fields=True):
    state: State | Literal[""] = ""
    channel: ChannelCode | Literal[""] = ""
    page: Page = 1
    size: Size = 20


class NoticeRow(msgspec.Struct, frozen=True):
    """A notice as screens get it: whom it is for in words, never where that is reached."""

    id: int
    channel: str
    channel_label: str
    recipient_label: str
    template: str
    template_label: str
    ticket_id: int | None
    ticket_number: str | None
    state: str
    state_label: str
    tries: int
    error: str | None
    risk: str | None
    """Of one that may have arrived (结果未知): how to find out, and what sending again may do."""
    created_ms: int
    next_ms: int
    done_ms: int | None


class NoticePage(msgspec.Struct, frozen=True):
    """A page of notices, newest first; `counts` of every state, whatever was asked for."""

    items: list[NoticeRow]
    total: int
    page: int
    size: int
    counts: dict[str, int]


@operations.add("GET", "/admin/notices", "Notices by state", roles=HEADS)
async def list_notices(context: Context, *, query: NoticeQuery) -> NoticePage:
    return await context.parts.database.read(_page, query)


@operations.add(
    "POST", "/admin/notices/{id}/again", "Send a notice again", roles=HEADS, problems=(404, 409)
)
async def send_notice_again(context: Context, *, path: RowPath) -> NoticeRow:
    return await context.parts.database.write(_again, path.id, context.account.id)


@operations.add(
    "POST", "/admin/notices/{id}/drop", "Let a notice go", roles=HEADS, problems=(404, 409)
)
async def drop_notice(context: Context, *, path: RowPath) -> NoticeRow:
    return await context.parts.database.write(_drop, path.id, context.account.id)


def _again(conn: Connection, row_id: int, by: int) -> NoticeRow:
    if not rows.again(conn, row_id):
        raise _why_not(conn, row_id, "只有未送达或不再发送的通知可以重发")
    audit.note(conn, by, "notice_again", f"notice:{row_id}")
    return _shown(conn, outbox.c.id == row_id)[0]


def _drop(conn: Connection, row_id: int, by: int) -> NoticeRow:
    if not rows.drop(conn, row_id):
        raise _why_not(conn, row_id, "通知已发出或正在发送，不能取消")
    audit.note(conn, by, "notice_dropped", f"notice:{row_id}")
    return _shown(conn, outbox.c.id == row_id)[0]


def _why_not(conn: Connection, row_id: int, sentence: str) -> Exception:
    if _shown(conn, outbox.c.id == row_id):
        return refused(sentence, "notice-state")
    return not_found("这条通知")


_select = select(
    outbox.c.id, outbox.c.channel, outbox.c.recipient, outbox.c.template, outbox.c.ticket_id,
    ticket.c.number, outbox.c.state, outbox.c.tries, outbox.c.error, outbox.c.created_ms,
    outbox.c.next_ms, outbox.c.done_ms,
).outerjoin(ticket, ticket.c.id == outbox.c.ticket_id)  # fmt: skip


def _page(conn: Connection, query: NoticeQuery) -> NoticePage:
    wanted: list[ColumnElement[bool]] = []
    if query.state:
        wanted.append(outbox.c.state == query.state)
    if query.channel:
        wanted.append(outbox.c.channel == query.channel)
    total = conn.execute(select(func.count()).select_from(outbox).where(*wanted)).scalar_one()
    by_state = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    counted = {row[0]: int(row[1]) for row in conn.execute(by_state)}
    return NoticePage(
        items=_shown(conn, *wanted, page=query.page, size=query.size),
        total=total,
        page=query.page,
        size=query.size,
        counts={state: counted.get(state, 0) for state in STATE_LABELS},
    )


def _shown(
    conn: Connection, *wanted: ColumnElement[bool], page: int = 1, size: int = 1
) -> list[NoticeRow]:
    found = conn.execute(
        _select.where(*wanted).order_by(outbox.c.id.desc()).limit(size).offset((page - 1) * size)
    ).all()
    names = _unit_names(conn, [row.recipient for row in found])
    return [_row(row, names) for row in found]


def _row(row: Any, names: dict[str, str]) -> NoticeRow:
    role = role_of(row.recipient)
    # A row may be older than a template's name.
    known = row.template in TEMPLATES
    return NoticeRow(
        id=row.id,
        channel=row.channel,
        channel_label=CHANNEL_LABELS.get(row.channel, row.channel),
        recipient_label=names.get(row.recipient) or _ROLES.get(role, role),
        template=row.template,
        template_label=template_for(row.template, role).label if known else row.template,
        ticket_id=row.ticket_id,
        ticket_number=row.number,
        state=row.state,
        state_label=STATE_LABELS[row.state],
        tries=row.tries,
        error=row.error,
        risk=RISKS.get(row.channel) if _nobody_knows(row.state, row.error) else None,
        created_ms=row.created_ms,
        next_ms=row.next_ms,
        done_ms=row.done_ms,
    )


def _nobody_knows(state: str, error: str | None) -> bool:
    return state == "failed" and (error or "").startswith(rows.UNKNOWN)


def of_ticket(conn: Connection, ticket_id: int, most: int) -> list[NoticeRow]:
    """The notices about one ticket, newest first."""
    return _shown(conn, outbox.c.ticket_id == ticket_id, size=most)


def _unit_names(conn: Connection, recipients: list[str]) -> dict[str, str]:
    """The names of those recipients that are units or their heads."""
    ids = {
        recipient: int(recipient.partition(":")[2].partition("#")[0])
        for recipient in recipients
        if role_of(recipient) in ("unit", "unit_head")
    }
    if not ids:
        return {}
    found = conn.execute(select(unit.c.id, unit.c.name).where(unit.c.id.in_(set(ids.values()))))
    names = {row.id: str(row.name) for row in found}
    return {
        recipient: names.get(unit_id, "")
        + ("（负责人）" if role_of(recipient) == "unit_head" else "")
        for recipient, unit_id in ids.items()
    }
