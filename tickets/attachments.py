"""Files that hang on tickets: their rows, and what a file must be to hang there.

The bytes lie sealed under `var/attachments`, named by their SHA-256, so that no name of a
citizen's reaches a path. A removed file keeps its row and its bytes: nothing of a history is lost.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from db.clock import now_ms
from db.feed import publish
from db.models import account, ticket_attachment, unit
from tickets import pictures, store

MAX_NAME = 120
HEAD_BYTES = 4096
PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: how it is served, and how its first bytes look."""

    media: str
    starts: tuple[bytes, ...] = ()


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS: dict[str, Kind] = {
    "pdf": Kind("application/pdf", (b"%PDF-",)),
    "jpg": Kind("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": Kind("image/jpeg", (b"\xff\xd8\xff",)),
    "png": Kind("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "docx": Kind(WORD, (b"PK\x03\x04",)),
    "xlsx": Kind(SHEET, (b"PK\x03\x04",)),
    "txt": Kind("text/plain"),
    "mp3": Kind("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")),
    "wav": Kind("audio/wav", (b"RIFF",)),
}
PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
"""What a packed document must hold: any other archive is not one."""
OF_STRANGERS = ("jpg", "jpeg", "png", "pdf")
"""What the public form takes: photos and scans."""
ACTIVE = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia)(?![A-Za-z])")
LONGEST_ACTIVE = 20
MACROS = "vbaproject.bin"
NO_PICTURE = "图片不完整或无法识别，请重新拍摄，或另存为 jpg、png 后再试"


class Unfit(Exception):
    """This file may not hang on a ticket; `sentence` says why, for the person."""

    def __init__(self, sentence: str, field: str = "name") -> None:
        super().__init__("unfit")
        self.sentence = sentence
        self.field = field


class NoSuchFile(Exception):
    """There is no such attachment, or it was removed."""


class Attachment(msgspec.Struct, frozen=True):
    """A file on a ticket; `unit_id` is the unit of whoever hung it there."""

    id: int
    ticket_id: int
    name: str
    media: str
    size_bytes: int
    sha256: str
    account_id: int | None
    unit_id: int | None
    at_ms: int
    removed_ms: int | None


class Listed(msgspec.Struct, frozen=True):
    """A file as a list shows it; `by` is the person's name or, from outside, empty."""

    id: int
    name: str
    media: str
    size_bytes: int
    by: str
    at_ms: int


_columns = [ticket_attachment.c[name] for name in Attachment.__struct_fields__]


def check_name(name: str, size_bytes: int, most_bytes: int, kinds: Collection[str] = KINDS) -> str:
    """What can be said before a byte is sent; gives the extension.

    Raises:
        Unfit: the kind is not one of ours, it is empty, or it is too large.
    """
    extension = PurePosixPath(name).suffix.removeprefix(".").lower()
    if not name.strip() or len(name) > MAX_NAME or any(c in name for c in "/\\\x00\r\n"):
        raise Unfit(f"文件名不能为空，不超过 {MAX_NAME} 个字，不含斜线")
    if extension not in kinds:
        raise Unfit("只能上传 " + "、".join(sorted(kinds)) + " 文件")
    if size_bytes == 0:
        raise Unfit("文件是空的", "size_bytes")
    if size_bytes > most_bytes:
        raise Unfit(f"文件不能超过 {most_bytes // 1_000_000} MB", "size_bytes")
    return extension


def check_head(extension: str, head: bytes) -> None:
    """Whether the first bytes are of the kind that the name says; raises Unfit."""
    if not head:
        raise Unfit("文件是空的")
    starts = KINDS[extension].starts
    if starts and not head.startswith(starts):
        raise Unfit(f"文件内容不是 {extension} 格式")
    if extension == "wav" and head[8:12] != b"WAVE":
        raise Unfit("文件内容不是 wav 格式")
    if extension == "txt" and b"\x00" in head:
        raise Unfit("文件内容不是文本")


def taken(extension: str, file: BinaryIO) -> Iterator[bytes] | None:
    """Look at the whole file: what is kept of it, or None where it is kept as it came.

    Of a picture the picture is kept, not where, when, by whom and with what it was taken.

    Raises:
        Unfit: it may not hang on a ticket; a picture says so while the pieces are read.
    """
    _check_whole(extension, file)
    cleaned = pictures.CLEANERS.get(KINDS[extension].media)
    return None if cleaned is None else _picture(cleaned(file))


def taken_of_stranger(extension: str, file: BinaryIO) -> Iterator[bytes] | None:
    """As `taken`, of what anybody may send: a PDF must not do anything; raises Unfit.

    What lies packed within it is not looked into.
    """
    if extension == "pdf":
        _check_passive(file)
    return taken(extension, file)


def add(
    conn: Connection,
    *,
    ticket_id: int,
    name: str,
    extension: str,
    size_bytes: int,
    sha256: str,
    account_id: int | None,
    unit_id: int | None,
    most: int,
) -> Attachment:
    """Hang a file, whose bytes are stored already, on a ticket.

    Raises:
        Unfit: the ticket holds `most` files already.
    """
    hangs = (ticket_attachment.c.ticket_id == ticket_id, ticket_attachment.c.removed_ms.is_(None))
    count = conn.execute(
        select(func.count()).select_from(ticket_attachment).where(*hangs)
    ).scalar_one()
    if count >= most:
        raise Unfit(f"一张工单最多 {most} 个附件")
    row = conn.execute(
        insert(ticket_attachment).returning(*_columns),
        {
            "ticket_id": ticket_id,
            "name": name,
            "media": KINDS[extension].media,
            "size_bytes": size_bytes,
            "sha256": sha256,
            "account_id": account_id,
            "unit_id": unit_id,
            "at_ms": now_ms(),
        },
    ).one()
    made = Attachment(*row)
    # A name is what somebody typed: the history has the number and the kind alone.
    detail = {"id": made.id, "kind": extension, "size_bytes": size_bytes}
    store.note(conn, ticket_id, "attached", account_id, detail)
    _tell(conn, ticket_id)
    return made


def get(conn: Connection, attachment_id: int) -> Attachment:
    """Raises NoSuchFile, for a removed one too."""
    row = conn.execute(
        select(*_columns).where(ticket_attachment.c.id == attachment_id)
    ).one_or_none()
    if row is None or row.removed_ms is not None:
        raise NoSuchFile(str(attachment_id))
    return Attachment(*row)


def of_ticket(conn: Connection, ticket_id: int) -> list[Listed]:
    """The files that hang there, oldest first."""
    rows = conn.execute(
        select(
            ticket_attachment.c.id,
            ticket_attachment.c.name,
            ticket_attachment.c.media,
            ticket_attachment.c.size_bytes,
            func.coalesce(unit.c.name, account.c.name, ""),
            ticket_attachment.c.at_ms,
        )
        .outerjoin(account, account.c.id == ticket_attachment.c.account_id)
        .outerjoin(unit, unit.c.id == ticket_attachment.c.unit_id)
        .where(ticket_attachment.c.ticket_id == ticket_id, ticket_attachment.c.removed_ms.is_(None))
        .order_by(ticket_attachment.c.id)
    )
    return [Listed(*row) for row in rows]


def remove(conn: Connection, attachment_id: int, account_id: int) -> Attachment:
    """Take a file off; its row, its bytes and the history stay. Raises NoSuchFile."""
    found = get(conn, attachment_id)
    conn.execute(
        update(ticket_attachment)
        .where(ticket_attachment.c.id == attachment_id)
        .values(removed_ms=now_ms())
    )
    store.note(conn, found.ticket_id, "attachment_removed", account_id, {"id": found.id})
    _tell(conn, found.ticket_id)
    return found


def _tell(conn: Connection, ticket_id: int) -> None:
    """Whoever has the ticket open reads it again."""
    found = store.get(conn, ticket_id)
    if found is not None:
        publish(conn, "ticket", ticket_id, found.told())


def _picture(pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    except pictures.Unreadable:
        raise Unfit(NO_PICTURE) from None


def _check_whole(extension: str, file: BinaryIO) -> None:
    if extension in PARTS:
        _check_packed(extension, file)
    elif extension == "txt":
        _check_text(file)


def _check_packed(extension: str, file: BinaryIO) -> None:
    """A document is an archive with the right part in it and no program; nothing is unpacked."""
    try:
        with zipfile.ZipFile(file) as packed:
            names = {name.lower() for name in packed.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        raise Unfit(f"文件内容不是 {extension} 格式") from None
    if "[content_types].xml" not in names or PARTS[extension] not in names:
        raise Unfit(f"文件内容不是 {extension} 格式")
    if any(name.rsplit("/", 1)[-1] == MACROS for name in names):
        raise Unfit("文件含有宏，不能上传")


def _check_passive(file: BinaryIO) -> None:
    before = b""
    while piece := file.read(PIECE):
        if ACTIVE.search(before + piece):
            raise Unfit("PDF 含有脚本或内嵌文件，不能上传，请另存或打印成普通 PDF 后再试")
        before = piece[-LONGEST_ACTIVE:]


def _check_text(file: BinaryIO) -> None:
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        if _reads_as(file, encoding):
            return
    raise Unfit("文件内容不是文本")


def _reads_as(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(PIECE):
            if b"\x00" in piece:
                return False
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
