"""Notices: from the supervisors to the floor, or to one seat."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from agent_console.api.fields import NO_NUL, RowId, RowPath
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem, not_found
from agent_console.roles import HEADS, STAFF
from db import audit
from floor import messages

operations = Operations("messages")


class NewMessage(msgspec.Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=500, pattern=NO_NUL)]
    to: RowId | None = None
    """The seat that it is for; left out, everybody on the floor."""


class Message(msgspec.Struct, frozen=True):
    id: int
    text: str
    from_name: str
    to_seat_id: int | None
    at_ms: int
    read_ms: int | None


class MessageList(msgspec.Struct, frozen=True):
    items: list[Message]


@operations.add("POST", "/messages", "Tell the floor, or one seat", roles=HEADS, problems=(422,))
async def send_message(context: Context, *, body: NewMessage) -> Message:
    text = body.text.strip()
    if not text:
        errors = (FieldError("text", "请填写通知内容"),)
        raise Problem(422, "请填写通知内容", code="empty", errors=errors)
    return await context.parts.database.write(_send, context.account.id, text, body.to)


@operations.add("GET", "/messages", "The newest notices to me", roles=STAFF)
async def list_messages(context: Context) -> MessageList:
    who = context.account
    found = await context.parts.database.read(messages.of_account, who.id, who.role in HEADS)
    return MessageList([_shown(one) for one in found])


@operations.add("POST", "/messages/{id}/read", "I have read it", roles=STAFF, problems=(404,))
async def read_message(context: Context, *, path: RowPath) -> None:
    who = context.account
    marked = await context.parts.database.write(
        messages.mark_read, path.id, who.id, who.role in HEADS
    )
    if not marked:
        raise not_found("这条通知")


def _send(conn: Connection, account_id: int, text: str, to: int | None) -> Message:
    try:
        sent = messages.send(conn, account_id, text, to)
    except messages.NoSuchSeat:
        errors = (FieldError("to", "没有这个座席"),)
        raise Problem(422, "没有这个座席", code="unknown-seat", errors=errors) from None
    subject = "floor" if to is None else f"seat:{to}"
    audit.note(conn, account_id, "message", subject, {"message": sent.id})
    return _shown(sent)


def _shown(sent: messages.Message) -> Message:
    return Message(**msgspec.structs.asdict(sent))
