"""The administrator's pages: what is made, changed and taken in there, and what can't be."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.async_api import FilePayload
from sqlalchemy import Connection, insert

from agent_console import spreadsheets
from agent_console.api import catalogue_sheet
from db.models import outbox
from tests.browser.conftest import Browsers, Opener
from tests.browser.looks import at_rest, fits, reads_well
from tests.browser.steps import ask_server, sign_in
from tests.browser.test_pages import PROBLEM, answering
from tests.support.browser import Window, until
from tests.support.console import House

SECTIONS = (
    "units", "people", "classes", "catalogue", "calendar", "periods", "texts", "keys", "notices",
)  # fmt: skip
READINGS = {"keys": "intake-keys"}
"""Where the path of a page's reading is not the page's own name."""
UNUSED_YEAR = 2031
"""No deadline of another test lies there."""


async def opened(house: House, browsers: Browsers, windows: Opener, section: str) -> Window:
    window: Window = await windows(browsers.agents)
    await sign_in(house, window, await house.person("admin"), f"/admin/{section}")
    await window.see(f"admin-{section}")
    return window


async def pick(window: Window, field: str, value: object) -> None:
    """Choose from the list of a field."""
    await window.page.click(f"{window.at(f'admin-field-{field}')} .el-select__wrapper")
    await window.press(f"admin-pick-{field}-{value}")


async def written(window: Window, field: str, words: str) -> None:
    await window.type(f"admin-field-{field}", words)


async def saved(window: Window) -> None:
    await window.press("admin-save")
    await window.gone("admin-dialog")


async def make_unit(window: Window, code: str, name: str) -> int:
    made = await ask_server(window, "POST", "/admin/units", {"code": code, "name": name})
    assert made["status"] == 200, made
    return int(made["body"]["id"])


async def look(window: Window, path: Path) -> None:
    await window.page.mouse.move(0, 0)
    for scheme in ("dark", "light"):
        await window.page.emulate_media(color_scheme=scheme)
        await at_rest(window)
        await reads_well(window)
    await fits(window)
    await window.shows(path)


async def test_given_unit_with_wrong_address_when_put_right_then_it_stands_below_its_parent(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    admin = await opened(house, browsers, windows, "units")
    admin.expect("status of 422")
    parent = await make_unit(admin, "PARENT", "某市人民政府")
    await admin.press("admin-new")
    await written(admin, "name", "某市丙丁戊局")
    await written(admin, "code", "PARENT-BUREAU")
    await written(admin, "duty_number", "07750000001")
    await written(admin, "addresses-email", "no address")
    await admin.press("admin-save")
    await admin.says("admin-error-addresses-email", "邮箱")
    assert await admin.typed("admin-field-name") == "某市丙丁戊局"
    await look(admin, tmp_path / "unit-wrong.png")
    await written(admin, "addresses-email", "duty@example.cn")
    await saved(admin)
    await admin.see("unit-row", code="PARENT-BUREAU")
    row = admin.at("unit-row", code="PARENT-BUREAU")
    assert "0000001" not in await admin.page.inner_text(row)
    await admin.page.click(row)
    await pick(admin, "parent_id", parent)
    await saved(admin)
    await admin.page.wait_for_selector(f'{row}[aria-level="2"]')
    await admin.type("admin-search", "bdwj")
    await admin.page.wait_for_selector(f"{admin.at('unit-row', code='PARENT')}[aria-expanded]")
    assert await admin.page.locator(admin.at("unit-row")).count() == 2


async def test_given_unit_that_somebody_else_changed_when_saved_then_both_are_told_and_text_stays(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    admin = await opened(house, browsers, windows, "units")
    admin.expect("status of 409")
    unit = await make_unit(admin, "TWO-AT-ONCE", "两人同改局")
    await admin.page.reload()
    await admin.page.click(admin.at("unit-row", code="TWO-AT-ONCE"))
    await written(admin, "duty_name", "值班室甲")
    other = await ask_server(
        admin, "PATCH", f"/admin/units/{unit}", {"version": 1, "name": "两人同改管理局"}
    )
    assert other["status"] == 200, other
    await admin.press("admin-save")
    await admin.says("admin-problem", "名称")
    assert await admin.typed("admin-field-duty_name") == "值班室甲"
    await saved(admin)
    # The list is read again while the dialog goes.
    row = admin.at("unit-row", code="TWO-AT-ONCE")
    await admin.page.wait_for_selector(f"{row} >> text=值班室甲")


async def test_given_catalogue_with_bad_lines_when_imported_then_all_are_listed_until_it_is_good(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    admin = await opened(house, browsers, windows, "catalogue")
    admin.expect("status of 422")
    await make_unit(admin, "LEAD", "主办局")
    trial = {"code": "import_trial", "label": "导入试验"}
    assert (await ask_server(admin, "POST", "/admin/classes", trial))["status"] == 200
    before = (await ask_server(admin, "GET", "/admin/catalogue"))["body"]
    good = [["import_trial", "", "450921", "LEAD", "", "", ""]]
    bad = [
        *good,
        ["import_trial", "", "450902", "NOBODY", "", "", ""],
        ["no_such_class", "", "", "LEAD", "", "", ""],
        ["import_trial", "", "", "", "", "", ""],
    ]
    await admin.press("catalogue-import")
    await admin.page.set_input_files(admin.at("import-file"), _sheet(bad))
    await admin.says("import-problem", "3 处")
    lines = await admin.page.locator(admin.at("import-bad-line")).all_inner_texts()
    assert [line.split("行")[0] for line in lines] == ["第 3 ", "第 4 ", "第 5 "]
    await look(admin, tmp_path / "catalogue-bad.png")
    assert (await ask_server(admin, "GET", "/admin/catalogue"))["body"] == before
    await admin.page.set_input_files(admin.at("import-file"), _sheet(good))
    await admin.says("import-would", "新增 1 条")
    assert "主办局" in await admin.page.inner_text(admin.at("import-change"))
    await look(admin, tmp_path / "catalogue-would.png")
    assert (await ask_server(admin, "GET", "/admin/catalogue"))["body"] == before
    await admin.press("import-send")
    await admin.says("import-done", "新增 1 条")
    await admin.press("import-close")
    row = '[data-class="import_trial"][data-region="450921"]'
    await admin.page.wait_for_selector(f"{row} >> text=容县")
    await look(admin, tmp_path / "catalogue.png")


def _sheet(rows: list[list[str]]) -> FilePayload:
    book = spreadsheets.written("派单目录", catalogue_sheet.COLUMNS, rows)
    return {"name": "派单目录.xlsx", "mimeType": spreadsheets.CONTENT_TYPE, "buffer": book}


async def test_given_year_not_announced_when_day_is_changed_and_notice_imported_then_page_shows_it(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    admin = await opened(house, browsers, windows, "calendar")
    admin.expect("status of 422")
    await admin.page.goto(f"{house.address}/admin/calendar?year={UNUSED_YEAR}&region=")
    await admin.says("calendar-provisional", f"{UNUSED_YEAR} 年")
    await look(admin, tmp_path / "calendar.png")
    day = f"{UNUSED_YEAR}-05-15"
    await admin.page.click(admin.at("calendar-day", day=day, kind="work"))
    await admin.press("day-kind-off")
    await admin.press("admin-save")
    await admin.says("admin-error-source", "依据")
    await written(admin, "source", "某办发明电〔2030〕9号")
    await saved(admin)
    await admin.see("calendar-day", day=day, kind="off")
    await admin.says("calendar-told", "已保存")

    await admin.press("calendar-import")
    await written(admin, "source", "某办发明电〔2030〕10号")
    await admin.page.set_input_files(
        admin.at("import-file"), _csv(f"日期,类型\n{UNUSED_YEAR}-02-30,放假\n2001-01-01,上班\n")
    )
    await admin.says("import-problem", "处问题")
    assert await admin.page.locator(admin.at("import-bad-line")).count() == 2
    await admin.page.set_input_files(
        admin.at("import-file"),
        _csv(f"日期,类型\n{UNUSED_YEAR}-01-01,放假\n{UNUSED_YEAR}-01-04,上班\n"),
    )
    await admin.see("import-would")
    await admin.press("import-send")
    await admin.see("import-done")
    await admin.press("import-close")
    await admin.see("calendar-day", day=f"{UNUSED_YEAR}-01-04", kind="work")
    await admin.gone("calendar-provisional")


def _csv(text: str) -> FilePayload:
    return {"name": "放假安排.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}


async def test_given_new_person_when_password_was_shown_then_she_signs_in_until_she_is_closed(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    admin = await opened(house, browsers, windows, "people")
    admin.expect("status of 422")
    await admin.press("admin-new")
    await written(admin, "name", "新同事")
    await written(admin, "login", "Not Allowed")
    await admin.press("admin-save")
    await admin.see("admin-error-login")
    await written(admin, "login", "newcomer")
    await admin.press("person-duty-follow_up")
    await look(admin, tmp_path / "person.png")
    await saved(admin)
    password = await admin.text("shown-once-secret")
    await look(admin, tmp_path / "password.png")
    await admin.press("shown-once-close")
    await admin.gone("shown-once")
    assert password not in await admin.page.content()
    row = admin.at("person-row", login="newcomer")
    assert "回访" in await admin.page.inner_text(row)

    newcomer = await windows(browsers.agents)
    # Her session ends while her page is open: its line to the server is refused from then on.
    newcomer.expect("status of 401", "/api/v1/live")
    await newcomer.page.goto(house.address)
    await newcomer.type("login-name", "newcomer")
    await newcomer.type("login-password", password)
    await newcomer.press("login-submit")
    await newcomer.see("account-name")

    await admin.page.click(row)
    await admin.press("person-open")
    await saved(admin)
    await admin.page.wait_for_selector(f"{row} >> text=停用")
    assert (await ask_server(newcomer, "GET", "/tickets"))["status"] == 401


async def test_given_every_section_when_its_reading_fails_then_it_says_so_and_reads_again(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    admin = await opened(house, browsers, windows, "units")
    admin.expect("status of 500")
    for section in SECTIONS:
        path = f"**/api/v1/admin/{READINGS.get(section, section)}*"
        await admin.page.route(path, answering(500, PROBLEM))
        await admin.press(f"admin-{section}")
        if section == "units":
            await admin.page.reload()
        await admin.see("state-failed")
        await admin.page.unroute_all(behavior="wait")
        await admin.press("state-act")
        await admin.gone("state-failed")
        await admin.gone("loading")
        await look(admin, tmp_path / f"{section}.png")


async def test_given_period_text_and_key_when_changed_then_they_show_it_and_the_key_only_once(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    admin = await opened(house, browsers, windows, "periods")
    await admin.page.click(admin.at("period-row", period="archive_days"))
    await written(admin, "value", "100000")
    await admin.press("admin-save")
    await admin.says("admin-error-value", "整数")
    await written(admin, "value", "45")
    await saved(admin)
    await admin.page.wait_for_selector(
        f"{admin.at('period-row', period='archive_days')} >> text=45 天"
    )

    await admin.press("admin-texts")
    row = admin.at("text-row", text="notice.dispatched")
    await admin.page.click(row)
    await written(admin, "body", "请尽快签收工单{number}。")
    await saved(admin)
    await admin.page.wait_for_selector(f"{row} >> text=请尽快签收工单〔工单编号〕。")

    # Other tests of the house go on with what was shipped.
    for path, shipped in (
        ("/admin/periods/archive_days", {"value": None}),
        ("/admin/texts/notice.dispatched", {"body": None}),
    ):
        assert (await ask_server(admin, "PATCH", path, shipped))["status"] == 200

    await admin.press("admin-keys")
    await admin.press("admin-new")
    await written(admin, "name", "某政务平台")
    await saved(admin)
    key = await admin.text("shown-once-secret")
    await admin.press("shown-once-close")
    row = f"{admin.at('key-row')} >> text=某政务平台"
    await admin.page.wait_for_selector(row)
    await admin.page.reload()
    await admin.page.wait_for_selector(row)
    assert key not in await admin.page.content()


def _failed(conn: Connection) -> None:
    conn.execute(
        insert(outbox),
        {
            "key": "test-admin", "channel": "email", "recipient": "supervisors",
            "template": "escalated", "args": {}, "state": "failed", "tries": 5,
            "error": "对方拒绝接收", "created_ms": 1, "next_ms": 2**52, "done_ms": 2,
        },
    )  # fmt: skip


async def test_given_notice_that_failed_when_supervisor_lets_it_go_then_it_leaves_the_list(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    await house.copy.db.write(_failed)
    head = await windows(browsers.agents)
    await sign_in(house, head, await house.person("supervisor"), "/admin/units")
    await head.says("state-forbidden", "没有进入“承办单位”的权限")
    assert await head.page.query_selector(head.at("admin-units")) is None
    await head.press("admin-notices")
    await head.says("notice-row", "对方拒绝接收")
    await look(head, tmp_path / "notices.png")
    await head.press("notice-drop")
    await head.page.click(".sure-yes")
    await head.gone("notice-row")
    await head.see("state-empty")
    await head.press("notices-dropped")
    await head.says("notice-row", "对方拒绝接收")


def _broke_off(conn: Connection) -> None:
    conn.execute(
        insert(outbox),
        {
            "key": "test-unknown", "channel": "sms", "recipient": "supervisors",
            "template": "escalated", "args": {}, "state": "failed", "tries": 1,
            "error": "结果未知：短信网关未答复，请核实后决定是否重发",
            "created_ms": 1, "next_ms": 2**52, "done_ms": 2,
        },
    )  # fmt: skip


async def test_given_a_notice_that_may_have_arrived_when_sent_again_then_the_risk_is_said_first(
    house: House, browsers: Browsers, windows: Opener, tmp_path: Path
) -> None:
    await house.copy.db.write(_broke_off)
    head = await windows(browsers.agents)
    await sign_in(house, head, await house.person("supervisor"), "/admin/notices")
    await head.says("notice-risk", "对方可能收到两次")
    await head.press("notice-again")
    await head.page.wait_for_selector(".el-message-box :text('可能已经送达')")
    await look(head, tmp_path / "unknown.png")
    await head.page.keyboard.press("Escape")
    await head.page.wait_for_selector(".el-message-box", state="hidden")
    await head.see("notice-risk")
    await head.press("notice-drop")
    await head.page.click(".sure-yes")
    await head.gone("notice-row")


async def test_given_form_with_something_typed_when_left_then_it_asks_first(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    admin = await opened(house, browsers, windows, "classes")
    await admin.press("admin-new")
    await written(admin, "label", "尚未保存的分类")
    await admin.page.keyboard.press("Escape")
    await admin.page.click(".el-message-box__btns button:not(.sure-yes)")
    assert await admin.typed("admin-field-label") == "尚未保存的分类"
    await admin.page.route("**/api/v1/admin/classes", answering(500, PROBLEM))
    admin.expect("status of 500")
    await written(admin, "code", "kept_class")
    await admin.press("admin-save")
    await admin.says("admin-problem", "请稍后再试")
    assert await admin.typed("admin-field-label") == "尚未保存的分类"
    await admin.press("admin-cancel")
    await admin.page.click(".sure-yes")
    await admin.gone("admin-dialog")

    async def none_made() -> bool:
        found = await ask_server(admin, "GET", "/classes")
        return "kept_class" not in json.dumps(found["body"])

    await admin.page.unroute_all(behavior="wait")
    await until(none_made, "nothing was made")
