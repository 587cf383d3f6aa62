"""Photos and PDFs with a matter of the web: taken, sealed, shown to staff; abandoned ones go."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Connection, select

from agent_console import slowdown, waiting_files
from agent_console.sweeping import Sweeper
from config.model import Settings
from db import Database, resealing_files
from db.keyring import KEY_BYTES
from db.models import ticket, ticket_attachment
from db.sealed import Sealer
from db.sealed_files import open_file
from tests.console.clock import Clock
from tests.console.house import API, SEALER, Answer, Browser, House, serve, until
from tests.console.reporting import KEY, body
from tests.console.test_sweeping import parts
from tests.support.pictures import IN_JPEG, found_in, jpeg, png

PDF = b"%PDF-1.7\nplanted" + b"x" * 200_000
JPG, PNG = jpeg(), png()
TAKEN = jpeg(IN_JPEG["gps"], IN_JPEG["iptc"], after=IN_JPEG["comment"])
"""JPG as a telephone writes it: where and with what it was taken stand in it."""
OTHER = "form-of-somebody-else"
MB = 1_000_000


@pytest.fixture
async def small(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> AsyncIterator[House]:
    """A house where two files of one megabyte may come."""
    limits = replace(settings.intake, web_file_mb=1, web_files=2)
    async with serve(replace(settings, intake=limits), database, dist, clock, seals=True) as ready:
        yield ready


async def send(who: Browser, name: str, content: Any, key: str = KEY, **more: str) -> Answer:
    headers = {"Content-Type": "application/octet-stream"} | more
    url = f"{who.url}{API}/public/files?key={key}&name={quote(name)}"
    async with who.http.post(url, data=content, headers=who.headers() | headers) as answer:
        raw = await answer.read()
        return Answer(answer.status, answer.headers, raw, await answer.json(content_type=None))


async def waiting(who: Browser, key: str = KEY) -> Any:
    return (await who.get(f"/public/files?key={key}")).json["items"]


def rows(conn: Connection) -> list[Any]:
    return list(conn.execute(select(ticket_attachment).order_by(ticket_attachment.c.id)))


def newest(conn: Connection) -> Any:
    return conn.execute(select(ticket).order_by(ticket.c.id.desc()).limit(1)).one()


def lying(settings: Settings) -> list[Path]:
    return [path for path in settings.attached.rglob("*") if path.is_file()]


async def test_files_of_a_matter_hang_on_its_ticket_and_staff_reads_them(
    sealing: House, settings: Settings
) -> None:
    citizen = sealing.browser()
    assert found_in(TAKEN)
    sent = [await send(citizen, "欧阳测试的证明.PDF", PDF), await send(citizen, "b.jpeg", TAKEN)]
    assert [one.status for one in sent] == [200, 200]
    ids = [one.json["id"] for one in sent]
    assert [(one["kind"], one["size_bytes"]) for one in await waiting(citizen)] == [
        ("pdf", len(PDF)), ("jpeg", len(JPG)),
    ]  # fmt: skip
    assert not any(b"planted" in path.read_bytes() for path in lying(settings))
    assert sorted(path.name for path in lying(settings)) == sorted(ids)  # nothing that came besides
    answer = await citizen.post("/public/tickets", body(files=ids[::-1]))
    assert answer.status == 200, answer.body
    made = await sealing.database.read(newest)
    head = await sealing.signed_in("supervisor")
    listed = (await head.get(f"/tickets/{made.id}/attachments")).json["items"]
    assert [(one["name"], one["by"]) for one in listed] == [
        ("网上提交附件1.jpeg", ""), ("网上提交附件2.pdf", ""),
    ]  # fmt: skip
    for one, content in zip(listed, (JPG, PDF), strict=True):
        assert (await head.get(f"/attachments/{one['id']}")).body == content
    assert await waiting(citizen) == []
    assert not list((settings.attached / "waiting").glob("*"))
    assert not any("欧阳" in str(path) for path in lying(settings))
    assert "欧阳" not in repr(await sealing.database.read(rows))


async def test_sent_again_or_twice_at_once_the_files_hang_there_once(sealing: House) -> None:
    citizen = sealing.browser()
    file_id = (await send(citizen, "a.png", PNG)).json["id"]
    matter = body(files=[file_id, file_id])
    answers = await asyncio.gather(*(citizen.post("/public/tickets", matter) for _ in range(3)))
    answers.append(await citizen.post("/public/tickets", matter))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["number"] for answer in answers}) == 1
    assert len(await sealing.database.read(rows)) == 1


async def test_what_is_no_photo_and_no_pdf_is_refused_and_leaves_nothing(
    small: House, settings: Settings, clock: Clock
) -> None:
    citizen = small.browser()
    for name, content, field in (
        ("a.exe", PDF, "name"), ("a.docx", PDF, "name"), ("a.svg", b"<svg/>", "name"),
        ("a.pdf", b"MZ" * 5000, "name"), ("a.png", JPG, "name"), ("a.jpg", b"", "size_bytes"),
        ("a.jpg", TAKEN[:900], "name"), ("a.png", PNG[:-1], "name"),
        ("a.pdf", b"%PDF-1.7 /OpenAction << /S /JavaScript /JS (x) >>", "name"),
        ("a.pdf", b"%PDF-1.7" + b"x" * (64 * 1024 - 12) + b"/Launch ", "name"),
        ("a/b.pdf", PDF, "name"),
    ):  # fmt: skip
        clock.pass_s(60)
        answer = await send(citizen, name, content)
        assert (answer.status, answer.problem) == (422, "unfit-file"), (name, content[:9])
        assert [e["field"] for e in answer.json["errors"]] == [field]
    answer = await send(citizen, "a.pdf", PDF, **{"Content-Type": "application/json"})
    assert answer.status == 415
    assert await waiting(citizen) == []
    assert lying(settings) == []


async def test_the_form_says_what_may_come_before_anything_is_sent(small: House) -> None:
    told = (await small.browser().get("/public/form")).json["files"]
    assert told == {"most": 2, "most_mb": 1, "kinds": ["jpg", "jpeg", "png", "pdf"]}


async def test_too_large_and_too_many_are_refused(small: House, settings: Settings) -> None:
    citizen = small.browser()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield PDF[:100_000]

    for content in (b"%PDF-" + b"x" * MB, endless()):
        answer = await send(citizen, "a.pdf", content)
        assert (answer.status, answer.problem) == (413, "too-large")
    await until(lambda: lying(settings) == [])
    first = (await send(citizen, "a.pdf", PDF)).json["id"]
    assert (await send(citizen, "a.png", PNG)).status == 200
    answer = await send(citizen, "a.jpg", JPG)
    assert (answer.status, answer.problem) == (409, "many-files")
    gone = await citizen.ask("DELETE", f"/public/files/{first}?key={KEY}")
    assert gone.status == 204
    assert [one["kind"] for one in await waiting(citizen)] == ["png"]
    assert (await send(citizen, "a.jpg", JPG)).status == 200


async def test_nobody_reaches_the_files_of_another_form(sealing: House) -> None:
    citizen, other = sealing.browser(), sealing.browser()
    file_id = (await send(citizen, "a.pdf", PDF)).json["id"]
    assert await waiting(other, OTHER) == []
    assert (await other.ask("DELETE", f"/public/files/{file_id}?key={OTHER}")).status == 204
    answer = await other.post("/public/tickets", body(key=OTHER, files=[file_id]))
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "files")
    assert [one["id"] for one in await waiting(citizen)] == [file_id]


async def test_a_file_that_went_is_said_with_all_that_is_wrong_and_nothing_is_kept(
    sealing: House,
) -> None:
    answer = await sealing.browser().post(
        "/public/tickets", body(name=" ", files=[f"{'0' * 64}.pdf"])
    )
    assert {e["field"] for e in answer.json["errors"]} == {"name", "files"}
    assert await sealing.database.read(rows) == []
    for odd in ("../../x.pdf", f"{'0' * 64}.pdf/", "x"):
        answer = await sealing.browser().post("/public/tickets", body(files=[odd]))
        assert answer.status == 400


async def test_many_files_from_one_address_have_to_wait(sealing: House, clock: Clock) -> None:
    citizen = sealing.browser()
    for n in range(slowdown.WEB_FILES.free + 1):
        answer = await send(citizen, "a.png", b"no png", key=f"form-0123456789-{n:04d}")
        assert answer.status == 422
    answer = await send(citizen, "a.png", PNG)
    assert (answer.status, answer.problem) == (429, "slow-down")
    clock.pass_s(int(answer.headers["Retry-After"]))
    assert (await send(citizen, "a.png", PNG)).status == 200


async def test_when_much_waits_already_no_more_is_taken(
    sealing: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizen = sealing.browser()
    assert (await send(citizen, "a.pdf", PDF, key=OTHER)).status == 200
    monkeypatch.setattr(waiting_files, "MOST_BYTES", 1000)
    answer = await send(citizen, "a.png", PNG)
    assert (answer.status, answer.problem) == (409, "no-room")


async def test_where_no_files_are_taken_the_form_says_so_and_none_comes(
    settings: Settings, database: Database, dist: Path, clock: Clock
) -> None:
    none = replace(settings, intake=replace(settings.intake, web_files=0))
    async with serve(none, database, dist, clock, seals=True) as house:
        citizen = house.browser()
        assert (await citizen.get("/public/form")).json["files"]["most"] == 0
        assert (await send(citizen, "a.png", PNG)).status == 404
        assert (await citizen.post("/public/tickets", body())).status == 200


async def test_abandoned_files_go_after_a_day_and_others_stay(settings: Settings) -> None:
    for key in (KEY, OTHER):
        path = waiting_files.drawer(settings.attached, key) / f"{'0' * 64}.pdf"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 100)
    drawer = waiting_files.drawer(settings.attached, KEY)
    long_ago = time.time() - waiting_files.KEPT_S - 60
    os.utime(drawer, (long_ago, long_ago))
    assert await asyncio.to_thread(waiting_files.clean, settings.attached) == 0
    assert len(lying(settings)) == 2  # its file came after the drawer
    os.utime(next(drawer.iterdir()), (long_ago, long_ago))
    assert await asyncio.to_thread(waiting_files.clean, settings.attached) == 1
    assert [path.parent for path in lying(settings)] == [
        waiting_files.drawer(settings.attached, OTHER)
    ]


async def test_the_sweep_lets_abandoned_files_go(
    settings: Settings, database: Database, clock: Clock
) -> None:
    drawer = waiting_files.drawer(settings.attached, KEY)
    drawer.mkdir(parents=True)
    os.utime(drawer, (1, 1))
    assert await Sweeper(parts(settings, database, clock)).sweep()
    assert not drawer.exists()


async def test_waiting_files_are_carried_over_to_a_new_key(
    sealing: House, settings: Settings
) -> None:
    await send(sealing.browser(), "a.pdf", PDF)
    newer = Sealer(b"n" * KEY_BYTES, b"k" * KEY_BYTES)
    assert SEALER.key_id != newer.key_id
    assert [one.changed for one in resealing_files.carry(settings.attached, newer)] == [True]
    assert resealing_files.left(settings.attached, newer) == 0
    (path,) = lying(settings)
    with open_file(path, Sealer(b"n" * KEY_BYTES)) as file:
        assert file.read() == PDF


async def test_the_words_on_privacy_are_the_places_own(sealing: House) -> None:
    admin, citizen = await sealing.signed_in("admin"), sealing.browser()
    shipped = (await citizen.get("/public/form")).json["privacy"]
    listed = (await admin.get("/admin/texts")).json["items"]
    (text,) = [one for one in listed if one["name"] == "public.privacy"]
    assert (text["body"], text["group"], text["fields"]) == (shipped, "网页", [])
    changed = await admin.ask("PATCH", "/admin/texts/public.privacy", {"body": "本地的告知。"})
    assert changed.status == 200
    assert (await citizen.get("/public/form")).json["privacy"] == "本地的告知。"
    long = await admin.ask("PATCH", "/admin/texts/public.privacy", {"body": "长" * 3001})
    assert (long.status, "3000" in long.json["errors"][0]["message"]) == (422, True)
    await admin.ask("PATCH", "/admin/texts/public.privacy", {"body": None})
    assert (await citizen.get("/public/form")).json["privacy"] == shipped
