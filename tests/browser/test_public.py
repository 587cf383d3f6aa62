"""What citizens see who do not sign in: the web form, and how a ticket stands."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import FilePayload, Page, Request, Route, ViewportSize
from sqlalchemy import Connection, select

from db.models import ticket, ticket_attachment
from tests.browser.conftest import Browsers, Opener
from tests.browser.looks import at_rest, fits, reads_well
from tests.support.browser import Window
from tests.support.console import House
from tests.support.pictures import jpeg

TELEPHONE = ViewportSize(width=375, height=740)
WORDS = "在政务大厅办理执照，窗口多次要求补充材料，希望一次性告知。"
DESK = ViewportSize(width=1366, height=768)
JPG = jpeg()
PDF = b"%PDF-1.7\n" + b"x" * 1_000
TARGETS_PX = 44
"""What a thumb can hit (WCAG 2.5.5)."""


async def on_a_telephone(house: House, browsers: Browsers, windows: Opener, path: str) -> Window:
    citizen: Window = await windows(browsers.citizens)
    await citizen.page.set_viewport_size(TELEPHONE)
    await citizen.page.goto(house.address + path)
    return citizen


async def fill(citizen: Window) -> None:
    await citizen.press("submit-type-complaint")
    await citizen.type("submit-text", WORDS)
    await citizen.type("submit-name", "某女士")
    await citizen.type("submit-tel", "13800001234")
    await citizen.press("submit-agreed")


async def looked_at(citizen: Window, path: Path) -> None:
    for scheme in ("dark", "light"):
        await citizen.page.emulate_media(color_scheme=scheme)
        await at_rest(citizen)
        await reads_well(citizen)
    await fits(citizen)
    await citizen.page.screenshot(path=path, full_page=True)
    small = await too_small(citizen.page)
    assert not small, small


async def too_small(page: Page) -> list[str]:
    """What is to be pressed and is lower than a thumb needs; a link in a text is exempt."""
    found: list[str] = await page.evaluate(
        """(least) => [...document.querySelectorAll('button, select, textarea, .choice, input')]
          .filter((one) => one.checkVisibility() && one.closest('.choice') !== one.parentElement)
          .filter((one) => one.tabIndex >= 0 || one.matches('.choice'))
          .filter((one) => one.getBoundingClientRect().height < least)
          .map((one) => one.outerHTML.slice(0, 80))""",
        TARGETS_PX,
    )
    return found


async def test_given_form_with_mistakes_when_sent_then_each_is_named_at_its_field_and_nothing_lost(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    citizen = await on_a_telephone(house, browsers, windows, "/submit")
    await citizen.see("submit-send")
    await looked_at(citizen, tmp_path / "submit.png")
    await citizen.type("submit-text", WORDS)
    await citizen.type("submit-credit-code", "91350100M000100Y44")
    await citizen.press("submit-send")
    await citizen.says("submit-mistakes", "有 5 处")
    for field in ("type", "credit_code", "name", "number", "agreed"):
        await citizen.see(f"public-error-{field}")
    assert await citizen.typed("submit-text") == WORDS
    await looked_at(citizen, tmp_path / "mistakes.png")
    # The words outlive a reload; who reports does not lie in the browser.
    await citizen.type("submit-name", "某女士")
    await citizen.page.reload()
    await citizen.see("submit-send")
    assert await citizen.typed("submit-text") == WORDS
    assert await citizen.typed("submit-name") == ""


def picked(name: str, content: bytes) -> FilePayload:
    return FilePayload(name=name, mimeType="application/octet-stream", buffer=content)


async def states(citizen: Window, *wanted: str) -> None:
    """As soon as the files on the page say so, in this order."""
    await citizen.page.wait_for_function(
        """(wanted) => {
          const rows = [...document.querySelectorAll('[data-test="submit-file"]')];
          return rows.length === wanted.length && wanted.every((w, n) => rows[n].innerText.includes(w));
        }""",
        arg=list(wanted),
    )


async def test_given_photos_and_a_pdf_when_sent_with_the_form_then_staff_finds_them_on_the_ticket(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    citizen = await on_a_telephone(house, browsers, windows, "/submit")
    citizen.expect("status of 422")
    await fill(citizen)
    files = citizen.at("submit-files")
    await citizen.page.set_input_files(
        files,
        [picked("现场.jpg", JPG), picked("说明.docx", b"x"), picked("不是照片.png", b"MZ" * 99)],
    )
    await states(citizen, "已上传", "不是能上传的格式", "不是 png 格式")
    await citizen.gone("submit-file-again")  # it would be refused again
    await looked_at(citizen, tmp_path / "files.png")
    await citizen.page.set_viewport_size(DESK)
    await looked_at(citizen, tmp_path / "files-wide.png")
    await citizen.page.set_viewport_size(TELEPHONE)
    await citizen.press("submit-send")
    await citizen.says("public-error-files", "重试或移除")
    for _ in range(2):
        await citizen.page.locator(citizen.at("submit-file-remove")).last.click()
    await states(citizen, "已上传")
    await citizen.gone("public-error-files")
    # What was received outlives a reload; its name does not lie in the browser.
    await citizen.page.reload()
    await states(citizen, "文件1.jpg")
    await citizen.page.set_input_files(files, [picked("证明.pdf", PDF)])
    await states(citizen, "文件1.jpg", "已上传")
    await citizen.page.wait_for_selector(f"{citizen.at('submit-file')}:last-child :text('已上传')")
    for name, value in (("submit-name", "某女士"), ("submit-tel", "13800001234")):
        await citizen.type(name, value)
    await citizen.press("submit-agreed")
    await citizen.press("submit-send")
    await citizen.see("submit-done")
    number = await citizen.text("submit-number")
    assert await house.copy.db.read(attached_to, number) == [
        ("网上提交附件1.jpg", len(JPG)), ("网上提交附件2.pdf", len(PDF)),
    ]  # fmt: skip


def attached_to(conn: Connection, number: str) -> list[tuple[str, int]]:
    found = select(ticket_attachment.c.name, ticket_attachment.c.size_bytes).join(ticket)
    rows = conn.execute(found.where(ticket.c.number == number).order_by(ticket_attachment.c.id))
    return [(row.name, row.size_bytes) for row in rows]


async def test_given_the_line_breaks_while_a_file_is_sent_when_tried_again_then_it_comes(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    citizen = await on_a_telephone(house, browsers, windows, "/submit")
    citizen.expect("ERR_CONNECTION_RESET", "ERR_FAILED")
    await citizen.see("submit-send")
    way = "**/api/v1/public/files?*name=*"
    await citizen.page.route(way, lambda route: route.abort("connectionreset"))
    await citizen.page.set_input_files(citizen.at("submit-files"), [picked("现场.jpg", JPG)])
    await states(citizen, "连接不上服务器")
    await citizen.page.unroute(way)
    await citizen.press("submit-file-again")
    await states(citizen, "已上传")


async def test_given_line_breaks_after_sending_when_sent_again_then_it_is_the_same_ticket(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    citizen = await on_a_telephone(house, browsers, windows, "/submit")
    citizen.expect("ERR_CONNECTION_RESET", "ERR_FAILED")
    taken: list[str] = []

    async def answer_is_lost(route: Route, request: Request) -> None:
        response = await route.fetch()
        taken.append((await response.json())["number"])
        await route.abort("connectionreset")

    await fill(citizen)
    await citizen.page.route("**/api/v1/public/tickets", answer_is_lost)
    await citizen.press("submit-send")
    await citizen.says("submit-problem", "您填写的内容仍在")
    assert await citizen.typed("submit-text") == WORDS
    await citizen.page.unroute_all(behavior="wait")
    await citizen.press("submit-send")
    await citizen.see("submit-done")
    number = await citizen.text("submit-number")
    assert [number] == taken
    await looked_at(citizen, tmp_path / "done.png")


async def test_given_ticket_of_the_web_when_asked_with_right_and_wrong_digits_then_only_right_tells(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    citizen = await on_a_telephone(house, browsers, windows, "/submit")
    citizen.expect("status of 404")
    await fill(citizen)
    await citizen.press("submit-send")
    await citizen.see("submit-done")
    number = await citizen.text("submit-number")
    await citizen.press("submit-to-status")
    await citizen.see("status-ask")
    assert await citizen.typed("status-number") == number
    await citizen.press("status-ask")
    await citizen.see("public-error-last4")
    await citizen.type("status-digits", "9999")
    await citizen.press("status-ask")
    wrong = await citizen.says("status-problem", "不正确")
    await looked_at(citizen, tmp_path / "wrong.png")
    await citizen.type("status-number", "20010101-00001")
    await citizen.type("status-digits", "1234")
    await citizen.press("status-ask")
    # Unknown and wrong are told by the same sentence.
    assert await citizen.says("status-problem", "不正确") == wrong
    await citizen.type("status-number", number.replace("-", ""))
    await citizen.type("status-digits", "１２３４")
    await citizen.press("status-ask")
    await citizen.says("status-state", "派单")
    assert number in await citizen.text("status-answer")
    assert WORDS not in await citizen.page.content()
    await looked_at(citizen, tmp_path / "status.png")


async def test_given_server_away_when_pages_are_opened_then_they_say_what_else_can_be_done(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    citizen = await on_a_telephone(house, browsers, windows, "/status")
    citizen.expect("ERR_CONNECTION_REFUSED")
    await citizen.page.route("**/api/v1/public/*", lambda route: route.abort("connectionrefused"))
    await citizen.type("status-number", "20261122-00001")
    await citizen.type("status-digits", "1234")
    await citizen.press("status-ask")
    await citizen.says("status-problem", "您填写的内容仍在")
    assert await citizen.typed("status-digits") == "1234"
    await looked_at(citizen, tmp_path / "status-away.png")
    await citizen.page.click('a[href="/submit"]')
    await citizen.says("state-failed", "12345")
    await looked_at(citizen, tmp_path / "submit-away.png")
    await citizen.page.unroute_all(behavior="wait")
    await citizen.press("state-act")
    await citizen.see("submit-send")
