"""Files on tickets: said before they are sent whether they may come, checked, never shown as pages."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Annotated, BinaryIO
from urllib.parse import quote

import msgspec
from aiohttp import web
from msgspec import Meta
from sqlalchemy import Connection, select

from agent_console import files
from agent_console.api.fields import MAX_ID, NO_NUL, RowPath
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Media, Operations
from agent_console.parts import Parts
from agent_console.problem import FieldError, Problem, forbidden, not_found, refused
from agent_console.roles import EVERYBODY, HEADS
from db.models import unit_member
from db.sealed import CannotOpen
from tickets import attachments, people, scope, store
from tickets.attachments import KINDS, Attachment, Listed, Unfit

operations = Operations("attachments")
log = logging.getLogger(__name__)

MB = 1_000_000
CLOSED_TO_FILES = frozenset({"archived", "merged"})
TYPES = tuple(sorted({kind.media for kind in KINDS.values()}))


class Announced(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=255, pattern=NO_NUL)]
    size_bytes: Annotated[int, Meta(ge=0, le=MAX_ID)]


class Named(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=255, pattern=NO_NUL)]


class Attached(msgspec.Struct, frozen=True):
    items: list[Listed]


@operations.add(
    "POST",
    "/tickets/{id}/attachments/check",
    "Whether a file may come, before it is sent",
    roles=EVERYBODY,
    problems=(404, 409, 422),
)
async def check_attachment(context: Context, *, path: RowPath, body: Announced) -> None:
    await context.parts.database.read(_may_attach, context.parts, path.id, context.account)
    _check_name(context.parts, body.name, body.size_bytes)


@operations.add(
    "POST",
    "/tickets/{id}/attachments",
    "Hang a file on a ticket; the body is the file",
    roles=EVERYBODY,
    problems=(404, 409, 413, 415, 422),
)
async def attach_file(context: Context, *, path: RowPath, query: Named) -> Listed:
    parts, request = context.parts, context.request
    if request.content_type == "application/json":
        raise Problem(415, "请直接发送文件内容", code="not-a-file")
    await parts.database.read(_may_attach, parts, path.id, context.account)
    declared = request.content_length
    if declared is not None and declared > most_bytes(parts):
        raise _too_large(parts)
    extension = _check_name(parts, query.name, 1 if declared is None else declared)
    try:
        stored = await files.receive(
            request.content.iter_chunked(files.CHUNK),
            parts.settings.attached,
            parts.sealer,
            most_bytes(parts),
            partial(attachments.check_head, extension),
            partial(attachments.taken, extension),
        )
        return await parts.database.write(
            _attach, parts, path.id, context.account, query.name, extension, stored
        )
    except files.TooLarge:
        raise _too_large(parts) from None
    except Unfit as unfit:
        raise _unfit(unfit) from None


@operations.add(
    "GET", "/tickets/{id}/attachments", "Files on a ticket", roles=EVERYBODY, problems=(404,)
)
async def list_attachments(context: Context, *, path: RowPath) -> Attached:
    return Attached(await context.parts.database.read(_list, path.id, context.account))


@operations.add(
    "GET",
    "/attachments/{id}",
    "A file, to be kept; never shown as a page",
    roles=EVERYBODY,
    problems=(404, 500),
    media=Media(TYPES),
)
async def read_attachment(context: Context, *, path: RowPath) -> web.StreamResponse:
    found = await context.parts.database.read(_of_hers, path.id, context.account)
    file = await asyncio.to_thread(_opened, context.parts, found)
    try:
        answer = web.StreamResponse(
            headers={
                "Content-Type": found.media,
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Cache-Control": "no-store",
            }
        )
        answer.content_length = found.size_bytes
        await answer.prepare(context.request)
        while piece := await asyncio.to_thread(file.read, files.CHUNK):
            await answer.write(piece)
        await answer.write_eof()
    finally:
        file.close()
    return answer


@operations.add(
    "DELETE",
    "/attachments/{id}",
    "Take a file off a ticket; the history keeps it",
    roles=EVERYBODY,
    problems=(404, 409),
)
async def remove_attachment(context: Context, *, path: RowPath) -> None:
    await context.parts.database.write(_remove, path.id, context.account)


def most_bytes(parts: Parts) -> int:
    return parts.settings.intake.attachment_mb * MB


def _opened(parts: Parts, found: Attachment) -> BinaryIO:
    """The file, unless it is not what was stored: half of one is never sent."""
    try:
        return files.open_stored(parts.settings.attached, parts.sealer, found.sha256)
    except FileNotFoundError:
        raise not_found("这个文件") from None
    except CannotOpen as error:
        # The name is what somebody typed: the log has the row alone.
        log.warning("attachment %s can't be opened: %s", found.id, error)
        raise Problem(
            500, "文件已损坏，无法打开，请告知管理员从备份恢复", code="damaged-file"
        ) from None


def _check_name(parts: Parts, name: str, size_bytes: int) -> str:
    try:
        return attachments.check_name(name, size_bytes, most_bytes(parts))
    except Unfit as unfit:
        raise _unfit(unfit) from None


def _too_large(parts: Parts) -> Problem:
    sentence = f"文件不能超过 {parts.settings.intake.attachment_mb} MB"
    errors = (FieldError("size_bytes", sentence),)
    return Problem(413, sentence, code="too-large", errors=errors)


def _unfit(unfit: Unfit) -> Problem:
    errors = (FieldError(unfit.field, unfit.sentence),)
    return Problem(422, unfit.sentence, code="unfit-file", errors=errors)


def _seen(conn: Connection, ticket_id: int, who: Account) -> store.Ticket:
    """The ticket, if this person sees it at all."""
    found = store.get(conn, ticket_id)
    if found is None or not scope.may_see(conn, people.actor_of(conn, who.id, who.role), ticket_id):
        raise not_found("这张工单")
    return found


def _may_attach(conn: Connection, parts: Parts, ticket_id: int, who: Account) -> None:
    found = _seen(conn, ticket_id, who)
    if found.state in CLOSED_TO_FILES:
        raise refused("工单已经结束，不能再添加附件", "ticket-over")
    if len(attachments.of_ticket(conn, ticket_id)) >= parts.settings.intake.attachments:
        raise refused(f"一张工单最多 {parts.settings.intake.attachments} 个附件", "many-files")


def _attach(
    conn: Connection,
    parts: Parts,
    ticket_id: int,
    who: Account,
    name: str,
    extension: str,
    stored: files.Stored,
) -> Listed:
    """Looked at once more: an upload takes its time, and the ticket may have gone on."""
    _may_attach(conn, parts, ticket_id, who)
    of_unit = select(unit_member.c.unit_id).where(unit_member.c.account_id == who.id)
    made = attachments.add(
        conn,
        ticket_id=ticket_id,
        name=name,
        extension=extension,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        account_id=who.id,
        unit_id=conn.execute(of_unit).scalar_one_or_none(),
        most=parts.settings.intake.attachments,
    )
    return next(one for one in attachments.of_ticket(conn, ticket_id) if one.id == made.id)


def _list(conn: Connection, ticket_id: int, who: Account) -> list[Listed]:
    _seen(conn, ticket_id, who)
    return attachments.of_ticket(conn, ticket_id)


def _of_hers(conn: Connection, attachment_id: int, who: Account) -> Attachment:
    """The file, if its ticket is one that this person sees."""
    try:
        found = attachments.get(conn, attachment_id)
        _seen(conn, found.ticket_id, who)
    except (attachments.NoSuchFile, Problem):
        raise not_found("这个文件") from None
    return found


def _remove(conn: Connection, attachment_id: int, who: Account) -> None:
    found = _of_hers(conn, attachment_id, who)
    if found.account_id != who.id and who.role not in HEADS:
        raise forbidden("只能移除自己添加的附件")
    if _seen(conn, found.ticket_id, who).state in CLOSED_TO_FILES:
        raise refused("工单已经结束，附件不能再移除", "ticket-over")
    attachments.remove(conn, attachment_id, who.id)
