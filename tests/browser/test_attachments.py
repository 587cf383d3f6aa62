"""Files on a ticket, in the hands of a unit's handler and of the hotline."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

from playwright.async_api import Route

from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import sign_in
from tests.browser.test_unit_calls import Handler, with_handler
from tests.console.test_attachments import PDF
from tests.support.browser import WITHIN_S, Window, until
from tests.support.console import House
from tests.support.pictures import EVERYTHING_IN_JPEG, EVERYTHING_IN_PNG, HEIGHT, WIDTH, found_in

PICTURES = {"jpg": EVERYTHING_IN_JPEG, "png": EVERYTHING_IN_PNG}
"""Lying on their sides, and in colours of a profile."""
SENT = "/attachments?name="
DROPPED = """
(png) => {
  const carried = new DataTransfer();
  const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
  carried.items.add(new File([bytes], '现场.png', { type: 'image/png' }));
  return carried;
}
"""
SEEN = """
(pictures) => Promise.all(pictures.map(async (picture) => {
  const bytes = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const paper = canvas.getContext('2d');
  paper.drawImage(image, 0, 0);
  const { data } = paper.getImageData(0, 0, image.width, image.height);
  return { width: image.width, height: image.height, pixels: Array.from(data) };
}))
"""
"""Pictures as the browser shows them: turned the right way up, in their profile's colours."""


async def both(house: House, browsers: Browsers, windows: Opener) -> tuple[Handler, Window]:
    """A unit's handler and a supervisor at the same ticket."""
    handler = await with_handler(house, browsers, windows)
    head = await windows(browsers.agents)
    person = await house.person("supervisor", name="督办员")
    await sign_in(house, head, person, f"/tickets/{handler.ticket}")
    await head.see("attachments")
    return handler, head


async def choose(window: Window, file: Path) -> None:
    await window.page.set_input_files(window.at("attach-choose"), file)


async def lists(window: Window, *names: str) -> None:
    async def look() -> bool:
        shown = await window.page.locator(window.at("attachment") + " a").all_inner_texts()
        return shown == list(names)

    await until(look, f"{names} are listed")


async def downloaded(window: Window, name: str) -> bytes:
    async with window.page.expect_download(timeout=WITHIN_S * 1000) as coming:
        await window.page.click(f"{window.at('attachment')} a:has-text('{name}')")
    download = await coming.value
    assert download.suggested_filename == name
    return await asyncio.to_thread(Path(await download.path()).read_bytes)


async def shows_the_same(window: Window, name: str, sent: bytes) -> None:
    """A file that was kept looks as it was sent, and says nothing else any more."""
    kept = await downloaded(window, name)
    assert (found_in(kept), found_in(sent) != []) == ([], True)
    pictures = [base64.b64encode(one).decode() for one in (sent, kept)]
    first, second = await window.page.evaluate(SEEN, pictures)
    assert (second["width"], second["height"]) == (HEIGHT, WIDTH)
    assert first == second
    assert len(set(first["pixels"])) > 10


async def test_given_a_ticket_when_unit_and_hotline_hang_files_on_it_then_both_have_them(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    handler, head = await both(house, browsers, windows)
    window = handler.window
    report = tmp_path / "整改报告.pdf"
    report.write_bytes(PDF)
    go_on = asyncio.Event()

    async def slow(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await window.page.route(f"**{SENT.replace('?', '[?]')}*", slow)
    await choose(window, report)
    await window.page.wait_for_selector(f"{window.at('upload', state='sending')} progress")
    go_on.set()
    await lists(window, report.name)
    await window.gone("upload")
    await window.page.unroute_all(behavior="wait")
    await lists(head, report.name)

    carried = await head.page.evaluate_handle(DROPPED, base64.b64encode(PICTURES["png"]).decode())
    await head.page.dispatch_event(head.at("attachments"), "drop", {"dataTransfer": carried})
    for one in (head, window):
        await lists(one, report.name, "现场.png")
    assert await downloaded(window, report.name) == PDF
    assert await downloaded(head, report.name) == PDF
    await shows_the_same(window, "现场.png", PICTURES["png"])
    photo = tmp_path / "照片.jpg"
    photo.write_bytes(PICTURES["jpg"])
    await choose(head, photo)
    await lists(window, report.name, "现场.png", photo.name)
    await shows_the_same(window, photo.name, PICTURES["jpg"])

    # Her own she may take off again, the hotline's she may not.
    assert await window.page.locator(window.at("attachment-remove")).count() == 1
    await window.press("attachment-remove")
    await window.page.click(".el-message-box__btns .el-button--primary")
    for one in (window, head):
        await lists(one, "现场.png", photo.name)


async def test_given_files_that_may_not_come_when_chosen_then_she_is_told_before_they_are_sent(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    handler = await with_handler(house, browsers, windows)
    window = handler.window
    window.expect("status of 422")
    most_mb = house.copy.settings.intake.attachment_mb
    large, wrong = tmp_path / "录像.pdf", tmp_path / "程序.exe"
    with large.open("wb") as file:
        file.truncate(most_mb * 1_000_000 + 1)
    wrong.write_bytes(b"MZ")
    for file_, words in ((large, f"文件不能超过 {most_mb} MB"), (wrong, "只能上传")):
        await choose(window, file_)
        await window.says("upload-problem", words)
        await window.page.click(f"{window.at('upload')} button")
        await window.gone("upload")
    assert not [url for _, url in window.answers if SENT in url], "bytes were sent"

    disguised = tmp_path / "报告.pdf"
    disguised.write_bytes(b"<html>")
    await choose(window, disguised)
    await window.says("upload-problem", "文件内容不是 pdf 格式")
    assert await window.page.locator(window.at("attachment")).count() == 0
