"""Photos and PDFs that a citizen sends with a matter: checked as they come, sealed, waiting.

The form's own key, which nobody else knows, is what they are sent, listed and removed by.
"""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from agent_console import files, slowdown, waiting_files
from agent_console.api.fields import NO_NUL
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.parts import Parts
from agent_console.problem import FieldError, Problem, refused
from agent_console.waiting_files import Waiting
from tickets import attachments
from tickets.attachments import OF_STRANGERS, Unfit

operations = Operations("public")

MB = 1_000_000
LOST_FILE = "有文件已过期，请重新添加"
FormKey = Annotated[str, Meta(min_length=16, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]
FileId = Annotated[str, Meta(max_length=70, pattern=rf"^{waiting_files.ID.pattern}$")]


class OfForm(msgspec.Struct, forbid_unknown_fields=True):
    key: FormKey


class Sending(msgspec.Struct, forbid_unknown_fields=True):
    """`name` tells the kind and is not kept."""

    key: FormKey
    name: Annotated[str, Meta(min_length=1, max_length=255, pattern=NO_NUL)]


class FilePath(msgspec.Struct, forbid_unknown_fields=True):
    file: FileId


class WaitingFiles(msgspec.Struct, frozen=True):
    items: list[Waiting]


@operations.add(
    "POST",
    "/public/files",
    "A photo or PDF that is to go with a matter; the body is the file",
    roles=None,
    problems=(404, 409, 413, 415, 422, 429),
)
async def send_public_file(context: Context, *, query: Sending) -> Waiting:
    parts, request = context.parts, context.request
    _open(parts)
    if request.content_type == "application/json":
        raise Problem(415, "请直接发送文件内容", code="not-a-file")
    declared = request.content_length
    if declared is not None and declared > _most_bytes(parts):
        raise _too_large(parts)
    try:
        size = 1 if declared is None else declared
        extension = attachments.check_name(query.name, size, _most_bytes(parts), OF_STRANGERS)
        await slow_down(context, slowdown.keys_of_files(context.address), "上传次数较多")
        await _room_for_one(parts, query.key)
        return await _receive(context, query.key, extension)
    except files.TooLarge:
        raise _too_large(parts) from None
    except Unfit as unfit:
        raise Problem(
            422,
            unfit.sentence,
            code="unfit-file",
            errors=(FieldError(unfit.field, unfit.sentence),),
        ) from None


@operations.add(
    "GET", "/public/files", "What was sent for this form and waits", roles=None, problems=(404,)
)
async def list_public_files(context: Context, *, query: OfForm) -> WaitingFiles:
    _open(context.parts)
    return WaitingFiles(await _listed(context.parts, query.key))


@operations.add(
    "DELETE", "/public/files/{file}", "Take a waiting file away", roles=None, problems=(404,)
)
async def remove_public_file(context: Context, *, path: FilePath, query: OfForm) -> None:
    _open(context.parts)
    directory = context.parts.settings.attached
    await asyncio.to_thread(waiting_files.remove, directory, query.key, path.file)


async def of_form(
    parts: Parts, key: str, wanted: list[str]
) -> tuple[list[Waiting], list[FieldError]]:
    """The waiting files of these ids, in this order; and what is wrong with them."""
    if not wanted:
        return [], []
    there = {one.id: one for one in await _listed(parts, key)}
    found = [there[file_id] for file_id in dict.fromkeys(wanted) if file_id in there]
    most = parts.settings.intake.web_files
    if len(found) < len(set(wanted)):
        return found, [FieldError("files", LOST_FILE)]
    if len(found) > most:
        return found, [FieldError("files", f"最多 {most} 个文件")]
    return found, []


async def slow_down(context: Context, keys: dict[str, slowdown.Rule], what: str) -> None:
    """Count one more try of these keys; 429 when it has to wait."""
    parts = context.parts
    wait_ms = await parts.database.write(slowdown.begin, keys, parts.now_ms())
    if wait_ms:
        seconds = math.ceil(wait_ms / 1000)
        raise Problem(
            429,
            f"{what}，请在 {seconds} 秒后再试",
            code="slow-down",
            headers={"Retry-After": str(seconds)},
        )


async def _receive(context: Context, key: str, extension: str) -> Waiting:
    parts = context.parts
    directory = parts.settings.attached
    stored = await files.receive(
        context.request.content.iter_chunked(files.CHUNK),
        directory,
        parts.sealer,
        _most_bytes(parts),
        partial(attachments.check_head, extension),
        partial(attachments.taken_of_stranger, extension),
        lambda sha256: waiting_files.drawer(directory, key) / f"{sha256}.{extension}",
    )
    return Waiting(f"{stored.sha256}.{extension}", extension, stored.size_bytes)


async def _room_for_one(parts: Parts, key: str) -> None:
    directory, most = parts.settings.attached, parts.settings.intake.web_files
    if len(await _listed(parts, key)) >= most:
        raise refused(f"最多 {most} 个文件", "many-files")
    if await asyncio.to_thread(waiting_files.waiting_bytes, directory) > waiting_files.MOST_BYTES:
        raise refused("现在上传的文件较多，请稍后再试，或不带文件先提交", "no-room")


async def _listed(parts: Parts, key: str) -> list[Waiting]:
    return await asyncio.to_thread(waiting_files.of_form, parts.settings.attached, key)


def _open(parts: Parts) -> None:
    if not parts.settings.intake.web_form or parts.settings.intake.web_files == 0:
        raise Problem(404, "这里不收网上文件", code="closed")


def _most_bytes(parts: Parts) -> int:
    return parts.settings.intake.web_file_mb * MB


def _too_large(parts: Parts) -> Problem:
    sentence = f"文件不能超过 {parts.settings.intake.web_file_mb} MB"
    return Problem(413, sentence, code="too-large", errors=(FieldError("size_bytes", sentence),))
