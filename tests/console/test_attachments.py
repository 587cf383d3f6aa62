"""Files on tickets: what may come, what is said before it has come, and how it goes out."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Connection, select

from config.model import Settings
from db import Database
from db.models import ticket_attachment, ticket_event
from db.resealing_files import path_of
from tests.console.clock import Clock
from tests.console.house import API, Answer, Browser, House, serve, until
from tests.console.reporting import add_unit, complain_of, dispatched
from tests.support.pictures import EVERYTHING_IN_JPEG, EVERYTHING_IN_PNG, found_in, jpeg, png
from tickets.place import Place

MB = 1_000_000


def packed(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


PDF = b"%PDF-1.7\n" + b"x" * 100
DOCX = packed("[Content_Types].xml", "word/document.xml")
XLSX = packed("[Content_Types].xml", "xl/workbook.xml")
GOOD = [
    ("报告.pdf", PDF, "application/pdf"),
    ("a.JPG", jpeg(), "image/jpeg"),
    ("a.png", png(), "image/png"),
    ("a.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("a.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("说明.txt", "处理情况".encode("gb18030"), "text/plain"),
    ("a.mp3", b"ID3\x04" + b"x" * 10, "audio/mpeg"),
    ("a.wav", b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
]
BAD = [
    ("a.zip", packed("x")),
    ("a.html", b"<script>1</script>"),
    ("a.svg", b"<svg onload='1'/>"),
    ("a.pdf.exe", PDF),
    ("pdf", PDF),
    ("a.pdf", b"<html>%PDF-"),
    ("a.pdf", b""),
    ("a.png", PDF),
    ("a.png", png()[:-1]),
    ("a.jpg", jpeg()[:-1]),
    ("a.jpeg", b"\xff\xd8\xff\xe0" + b"x" * 9_000),
    ("a.docx", packed("word/document.xml")),
    ("a.docx", XLSX),
    ("a.xlsx", b"PK\x03\x04 and then nothing"),
    ("a.docx", packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
    ("a.txt", b"MZ\x00\x01"),
    ("a.txt", b"\xff\xff\xff\x81"),
    ("a.wav", b"RIFF\x00\x00\x00\x00AVI "),
    ("../a.pdf", PDF),
    ("a\nb.pdf", PDF),
    ("长" * 130 + ".pdf", PDF),
]


@pytest.fixture
async def small(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> AsyncIterator[House]:
    """A house where files of one megabyte are the largest, and three hang on a ticket."""
    limits = replace(settings.intake, attachment_mb=1, attachments=3)
    async with serve(replace(settings, intake=limits), database, dist, clock, seals=True) as ready:
        yield ready


@pytest.fixture
async def ticket_id(small: House, settings: Settings) -> int:
    """A ticket of the unit where the account `unit` works."""
    unit_id = await small.do(add_unit, "市场监管局", "unit")
    made = await small.do(dispatched, Place(settings), unit_id)
    return int(made.id)


async def attach(who: Browser, ticket_id: int, name: str, content: Any, **more: Any) -> Answer:
    path = f"/tickets/{ticket_id}/attachments?name={quote(name)}"
    headers = {"Content-Type": "application/octet-stream"} | more
    async with who.http.post(
        who.url + API + path, data=content, headers=who.headers() | headers
    ) as answer:
        raw = await answer.read()
        return Answer(answer.status, answer.headers, raw, await answer.json(content_type=None))


def rows(conn: Connection) -> list[Any]:
    return list(conn.execute(select(ticket_attachment).order_by(ticket_attachment.c.id)))


def files_in(settings: Settings) -> set[str]:
    if not settings.attached.exists():
        return set()
    return {p.name for p in settings.attached.rglob("*") if p.is_file()}


async def test_a_good_file_is_kept_and_goes_out_as_a_file(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> None:
    async with serve(settings, database, dist, clock, seals=True) as house:
        unit_id = await house.do(add_unit, "市场监管局", "unit")
        ticket = await house.do(dispatched, Place(settings), unit_id)
        for name, content, media in GOOD:
            await _goes_in_and_out(house, settings, ticket.id, (name, content, media))
        head = await house.signed_in("supervisor")
        listed = (await head.get(f"/tickets/{ticket.id}/attachments")).json["items"]
        assert [one["name"] for one in listed] == [name for name, _, _ in GOOD]


async def _goes_in_and_out(
    house: House, settings: Settings, ticket_id: int, file: tuple[str, bytes, str]
) -> None:
    name, content, media = file
    unit, head = await house.signed_in("unit"), await house.signed_in("supervisor")
    made = await attach(unit, ticket_id, name, content)
    assert made.status == 200, made.body
    assert {k: made.json[k] for k in ("name", "media", "size_bytes", "by")} == {
        "name": name, "media": media, "size_bytes": len(content), "by": "市场监管局",
    }  # fmt: skip
    digest = hashlib.sha256(content).hexdigest()
    assert digest in files_in(settings)
    assert content not in path_of(settings.attached, digest).read_bytes()
    async with head.http.get(
        f"{head.url}{API}/attachments/{made.json['id']}", headers=head.headers()
    ) as answer:
        assert await answer.read() == content
        assert answer.headers["Content-Type"] == media
        said = answer.headers["Content-Disposition"]
        assert said == f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_what_is_not_what_it_says_is_refused_and_leaves_nothing(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit = await small.signed_in("unit")
    for name, content in BAD:
        answer = await attach(unit, ticket_id, name, content)
        assert answer.status in (400, 422), (name, content[:20])
        assert answer.json["errors"], name
    assert await small.database.read(rows) == []
    assert files_in(settings) == set()


@pytest.mark.parametrize(
    ("name", "content"), [("现场.jpg", EVERYTHING_IN_JPEG), ("现场.png", EVERYTHING_IN_PNG)]
)
async def test_a_picture_is_kept_without_where_and_with_what_it_was_taken(
    small: House, settings: Settings, ticket_id: int, name: str, content: bytes
) -> None:
    assert found_in(content)
    unit = await small.signed_in("unit")
    made = (await attach(unit, ticket_id, name, content)).json
    served = (await unit.get(f"/attachments/{made['id']}")).body
    assert found_in(served) == []
    assert made["size_bytes"] == len(served) < len(content)
    (row,) = await small.database.read(rows)
    assert (row.size_bytes, row.sha256) == (len(served), hashlib.sha256(served).hexdigest())
    # What came lies nowhere any more, and what is kept may come again.
    assert files_in(settings) == {row.sha256}
    assert (await attach(unit, ticket_id, name, served)).json["size_bytes"] == len(served)
    assert files_in(settings) == {row.sha256}


async def test_a_picture_that_can_not_be_read_is_refused_with_a_word_what_to_do(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit = await small.signed_in("unit")
    answer = await attach(unit, ticket_id, "现场.jpg", EVERYTHING_IN_JPEG[:3_000])
    assert (answer.status, answer.problem) == (422, "unfit-file")
    [error] = answer.json["errors"]
    assert (error["field"], "重新拍摄" in error["message"]) == ("name", True)
    assert found_in(answer.body) == []
    assert (await small.database.read(rows), files_in(settings)) == ([], set())


async def test_it_is_said_before_a_byte_is_sent(small: House, ticket_id: int) -> None:
    unit = await small.signed_in("unit")
    path = f"/tickets/{ticket_id}/attachments/check"
    assert (await unit.post(path, {"name": "a.pdf", "size_bytes": MB})).status == 204
    for name, size, status, field in (
        ("a.pdf", MB + 1, 422, "size_bytes"),
        ("a.pdf", 0, 422, "size_bytes"),
        ("a.zip", 10, 422, "name"),
        ("a", 10, 422, "name"),
    ):
        answer = await unit.post(path, {"name": name, "size_bytes": size})
        assert (answer.status, answer.json["errors"][0]["field"]) == (status, field)
    answer = await unit.post("/tickets/999/attachments/check", {"name": "a.pdf", "size_bytes": 1})
    assert answer.status == 404


async def test_a_declared_size_is_answered_without_waiting_for_the_body(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit = await small.signed_in("unit")
    answer = await _raw(small, unit, ticket_id, f"Content-Length: {100 * MB}\r\n", b"%PDF-")
    assert answer.startswith(b"HTTP/1.1 413")
    assert files_in(settings) == set()


async def test_a_wrong_beginning_is_answered_before_the_rest_has_come(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit = await small.signed_in("unit")
    answer = await _raw(small, unit, ticket_id, f"Content-Length: {MB}\r\n", b"MZ" * 4096)
    assert answer.startswith(b"HTTP/1.1 422")
    assert files_in(settings) == set()


async def _raw(house: House, who: Browser, ticket_id: int, length: str, body: bytes) -> bytes:
    """An upload that sends its head and a little, and then only listens."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.console.port)
    lines = "".join(f"{k}: {v}\r\n" for k, v in who.headers().items())
    writer.write(
        f"POST {API}/tickets/{ticket_id}/attachments?name=a.pdf HTTP/1.1\r\nHost: x\r\n{lines}"
        f"Cookie: hotline_session={who.cookie('hotline_session')}\r\n"
        f"Content-Type: application/octet-stream\r\n{length}\r\n".encode()
        + body
    )
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"\r\n")
    writer.close()
    await writer.wait_closed()
    return answer


async def test_without_a_declared_size_reading_stops_at_the_limit(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit = await small.signed_in("unit")

    async def endless() -> AsyncIterator[bytes]:
        yield PDF
        for _ in range(20):
            yield b"x" * 100_000

    answer = await attach(unit, ticket_id, "a.pdf", endless())
    assert (answer.status, answer.problem) == (413, "too-large")
    await until(lambda: files_in(settings) == set())


async def test_the_same_bytes_lie_there_once(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit = await small.signed_in("unit")
    for name in ("a.pdf", "b.pdf"):
        assert (await attach(unit, ticket_id, name, PDF)).status == 200
    assert len(files_in(settings)) == 1
    assert [r.name for r in await small.database.read(rows)] == ["a.pdf", "b.pdf"]


async def test_so_many_hang_on_a_ticket(small: House, ticket_id: int) -> None:
    unit = await small.signed_in("unit")
    for n in range(3):
        assert (await attach(unit, ticket_id, f"{n}.pdf", PDF)).status == 200
    answer = await attach(unit, ticket_id, "4.pdf", PDF)
    assert (answer.status, answer.problem) == (409, "many-files")


async def test_a_file_that_was_changed_or_cut_is_never_sent_by_half(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit = await small.signed_in("unit")
    large = PDF + b"x" * 300_000
    made = (await attach(unit, ticket_id, "a.pdf", large)).json
    path = path_of(settings.attached, hashlib.sha256(large).hexdigest())
    whole = path.read_bytes()
    exchanged = bytearray(whole)
    exchanged[100] ^= 1
    for raw in (bytes(exchanged), whole[:-1], whole[: len(whole) // 2], b"%PDF-1.7 another"):
        path.write_bytes(raw)
        answer = await unit.get(f"/attachments/{made['id']}")
        assert (answer.status, answer.problem) == (500, "damaged-file")
        assert "已损坏" in answer.json["detail"]
    path.write_bytes(large)
    assert (await unit.get(f"/attachments/{made['id']}")).body == large
    path.unlink()
    assert (await unit.get(f"/attachments/{made['id']}")).status == 404


async def test_while_it_comes_nothing_clear_lies_on_the_disk(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit = await small.signed_in("unit")
    seen: list[bytes] = []

    async def slowly() -> AsyncIterator[bytes]:
        yield PDF + b"planted" * 40_000
        incoming = settings.attached / "incoming"
        await until(lambda: any(f.stat().st_size > 100_000 for f in incoming.glob("*")))
        seen.extend(f.read_bytes() for f in incoming.iterdir())

    assert (await attach(unit, ticket_id, "a.pdf", slowly())).status == 200
    assert seen
    assert not any(b"planted" in raw or PDF in raw for raw in seen)


async def test_a_removed_file_is_gone_for_everybody_and_its_history_stays(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit, agent = await small.signed_in("unit"), await small.signed_in("agent")
    made = (await attach(unit, ticket_id, "欧阳测试.pdf", PDF)).json
    assert (await agent.ask("DELETE", f"/attachments/{made['id']}")).status == 403
    assert (await unit.ask("DELETE", f"/attachments/{made['id']}")).status == 204
    assert (await unit.ask("DELETE", f"/attachments/{made['id']}")).status == 404
    assert (await unit.get(f"/attachments/{made['id']}")).status == 404
    assert (await unit.get(f"/tickets/{ticket_id}/attachments")).json["items"] == []
    (row,) = await small.database.read(rows)
    assert row.removed_ms is not None
    assert files_in(settings) == {row.sha256}

    def told(conn: Connection) -> list[Any]:
        kinds = ("attached", "attachment_removed")
        found = select(ticket_event.c.kind, ticket_event.c.detail)
        return list(conn.execute(found.where(ticket_event.c.kind.in_(kinds))))

    events = await small.database.read(told)
    assert [e.kind for e in events] == ["attached", "attachment_removed"]
    assert "欧阳" not in repr(events)


async def test_a_unit_has_the_files_of_its_own_tickets_alone(
    small: House, settings: Settings
) -> None:
    handling = await small.do(add_unit, "市场监管局")
    complained = await small.do(add_unit, "城管局", "unit")
    made = await small.do(dispatched, Place(settings), handling)
    head, unit = await small.signed_in("supervisor"), await small.signed_in("unit")
    file = (await attach(head, made.id, "a.pdf", PDF)).json
    await small.do(complain_of, made.id, complained)
    assert (await unit.get(f"/attachments/{file['id']}")).status == 404
    assert (await unit.get(f"/tickets/{made.id}/attachments")).status == 404
    assert (await attach(unit, made.id, "b.pdf", PDF)).status == 404
    assert (await unit.ask("DELETE", f"/attachments/{file['id']}")).status == 404


async def test_an_upload_that_breaks_off_leaves_nothing(
    small: House, settings: Settings, ticket_id: int
) -> None:
    unit = await small.signed_in("unit")
    reader, writer = await asyncio.open_connection("127.0.0.1", small.console.port)
    lines = "".join(f"{k}: {v}\r\n" for k, v in unit.headers().items())
    writer.write(
        f"POST {API}/tickets/{ticket_id}/attachments?name=a.pdf HTTP/1.1\r\nHost: x\r\n{lines}"
        f"Cookie: hotline_session={unit.cookie('hotline_session')}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {MB}\r\n\r\n".encode()
        + PDF * 50
    )
    await writer.drain()
    incoming = settings.attached / "incoming"
    await until(lambda: incoming.exists() and any(incoming.iterdir()))
    writer.close()
    await until(lambda: files_in(settings) == set())
    assert await small.database.read(rows) == []
    assert reader is not None


async def test_a_form_or_json_is_no_file(small: House, ticket_id: int) -> None:
    unit = await small.signed_in("unit")
    answer = await attach(unit, ticket_id, "a.pdf", PDF, **{"Content-Type": "application/json"})
    assert (answer.status, answer.problem) == (415, "not-a-file")
