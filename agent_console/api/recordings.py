"""The sound of a call: who may hear it is checked at every request, and kept."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from sqlalchemy import Connection, func, select

from agent_console.api.call_queries import took_part
from agent_console.api.fields import RowPath
from agent_console.auth import Account
from agent_console.context import Context
from agent_console.operations import Media, Operations
from agent_console.problem import Problem, forbidden, not_found, refused
from agent_console.roles import HEADS, STAFF
from db.clock import now_ms
from db.models import recording_access
from recordings import catalogue

operations = Operations("recordings")

TYPES = {"flac": "audio/flac", "opus": "audio/ogg"}
ONE_HEARING_MS = 10 * 60 * 1000
"""A player asks for a recording piece by piece: that is one hearing."""


@operations.add(
    "GET",
    "/recordings/{id}/audio",
    "The sound, whole or in part (Range)",
    roles=STAFF,
    problems=(404, 409, 416),
    media=Media(tuple(TYPES.values()), (200, 206)),
)
async def read_audio(context: Context, *, path: RowPath) -> web.StreamResponse:
    found = await context.parts.database.write(_hear, path.id, context.account)
    if found.path is None or found.format not in TYPES:
        raise not_found("录音文件")
    file = in_vault(context.parts.settings.vault, found.path)
    if file is None:
        raise not_found("录音文件")
    _check_range(context.request, file.stat().st_size)
    return web.FileResponse(
        file, headers={"Content-Type": TYPES[found.format], "Cache-Control": "no-store"}
    )


def in_vault(vault: Path, relative: str) -> Path | None:
    """The file, when it is there and nowhere but in the vault."""
    root = vault.resolve()
    file = (root / relative).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None


def _check_range(request: web.Request, size: int) -> None:
    """416 as a problem document; ranges that can be served are aiohttp's."""
    try:
        start = request.http_range.start
    except ValueError:
        start = size
    if start is not None and start >= size:
        raise Problem(416, code="range", headers={"Content-Range": f"bytes */{size}"})


def _hear(conn: Connection, recording_id: int, who: Account) -> catalogue.Recording:
    """The recording, if this person may hear it; that she did is kept."""
    found = catalogue.get(conn, recording_id)
    if found is None:
        raise not_found("这段录音")
    if who.role not in HEADS and not took_part(conn, found.call_id, who.id):
        raise forbidden("只能听取自己接听的通话的录音")
    if found.state == "running":
        raise refused("录音还在整理，请稍后再听", "recording-running")
    if found.state != "filed":
        raise not_found("录音文件")
    if not _heard_lately(conn, recording_id, who.id):
        catalogue.heard(conn, recording_id, who.id)
    return found


def _heard_lately(conn: Connection, recording_id: int, account_id: int) -> bool:
    last: int | None = conn.execute(
        select(func.max(recording_access.c.at_ms)).where(
            recording_access.c.recording_id == recording_id,
            recording_access.c.account_id == account_id,
        )
    ).scalar()
    return last is not None and last > now_ms() - ONE_HEARING_MS
