"""What is printed: letters and the 倒查问责 sheet, as the printer gets them."""

from __future__ import annotations

import re

from sqlalchemy import Connection, insert, select

from db.models import account_duty, ticket_paper
from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import sign_in
from tests.support.browser import Window
from tests.support.console import House
from tests.tickets.town import TO_FOLLOW_UP, do, drafted, town, walk

NOTES = 40
"""So many lines of the history that they need several pages."""
DEMANDS = (
    "{unit}：\n"
    "2026年11月2日，市12345热线受理工单并交由贵单位办理。经第2轮办理，来电人仍不满意。经督办研判，"
    "认定该事项属于贵单位职责范围，办理中存在以下问题：\n\n"
    "一、超过办结期限，未向来电人说明延期理由。\n"
    "二、答复内容与现场情况不符，未提供检查记录。\n"
    "请贵单位在收到本函后限期整改，报送整改报告，并向来电人作出答复。整改后将再次回访，"
    "仍未落实的，将按规定上报纪委监委。"
)
REPORT = "经下达整改函并回访，整改仍未落实。现将有关材料上报：\n\n" + "\n".join(
    f"{n}、"
    + "督办人员到现场核实，商户门前仍堆放建筑材料，占用通道，来电人多次反映未得到处理。" * 5
    for n in "一二三四五六"
)


def furnished(conn: Connection) -> dict[str, str]:
    """A matter that went to its end, with a long history; the address of each of its sheets."""
    there = town(conn)
    ticket = drafted(conn, there, text="门前施工占道，影响经营。" * 12, company="某商行").id
    walk(conn, there, ticket, *TO_FOLLOW_UP)
    do(conn, there, ticket, "follow_up", stars=1, text="没有解决")
    walk(conn, there, ticket, "accept", "contact")
    do(conn, there, ticket, "flag_special", text=REPORT)
    do(conn, there, ticket, "sign_special")
    for number in range(NOTES):
        do(
            conn,
            there,
            ticket,
            "note",
            text=f"第{number + 1}次核实：" + "现场仍有材料堆放。" * (number % 9),
        )
    walk(conn, there, ticket, "reply", "approve")
    do(conn, there, ticket, "follow_up", stars=1, text="仍未解决")
    do(conn, there, ticket, "draft_finding", within_duty=True, causes=["delay"],
       evidence="两次答复与现场不符", letter=DEMANDS.format(unit="市场监管局"))  # fmt: skip
    walk(conn, there, ticket, "order_rectification", "contact")
    do(conn, there, ticket, "rectify", report="已清理堆放材料")
    do(conn, there, ticket, "follow_up", stars=1, text="整改后仍未解决")
    do(conn, there, ticket, "draft_report", text=REPORT)
    papers = select(ticket_paper.c.kind, ticket_paper.c.id).where(
        ticket_paper.c.ticket_id == ticket
    )
    found = {kind: f"/tickets/{ticket}/papers/{id_}" for kind, id_ in conn.execute(papers)}
    return found | {"trace": f"/tickets/{ticket}/trace"}


SHOWN = """
() => [...document.querySelectorAll('nav, button, a, .el-button')]
  .filter((one) => one.checkVisibility()).map((one) => one.outerHTML)
"""
"""Whatever a sheet of paper has no use for."""
UNBROKEN = """
() => [...document.querySelectorAll('tr')].every(
  (row) => getComputedStyle(row).breakInside === 'avoid')
"""


async def head_of_the_hotline(house: House, browsers: Browsers, windows: Opener) -> Window:
    person = await house.person("supervisor", name="热线办主任")

    def appoint(conn: Connection) -> None:
        conn.execute(insert(account_duty), {"account_id": person.account_id, "duty": "sign"})

    await house.copy.db.write(appoint)
    window = await windows(browsers.agents)
    await sign_in(house, window, person)
    return window


async def printed(window: Window, address: str) -> int:
    """Open a sheet as the printer sees it; how many pages it makes."""
    await window.page.goto(address)
    await window.page.wait_for_selector("[data-test=paper-sheet], [data-test=trace-sheet]")
    await window.page.emulate_media(media="print")
    assert await window.page.evaluate(SHOWN) == []
    assert await window.page.evaluate(UNBROKEN)
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await window.page.evaluate(ground) == "rgb(255, 255, 255)"
    pdf = await window.page.pdf(prefer_css_page_size=True, print_background=True)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


async def test_given_a_matter_at_its_end_when_its_sheets_are_printed_then_each_is_a_letter(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    sheets = await house.copy.db.write(furnished)
    window = await head_of_the_hotline(house, browsers, windows)

    assert await printed(window, house.address + sheets["rectification_letter"]) == 1
    letter = await window.text("paper-sheet")
    assert re.search(r"〔\d{4}〕\d+号", letter)
    assert letter.count("市场监管局：") == 1, "it is addressed once"
    lines = [line for line in letter.splitlines() if line.strip()]
    assert lines[0] == "整改函"
    assert re.fullmatch(r"\d{4}年\d{1,2}月\d{1,2}日", lines[-1])
    assert lines[-2] == "12345 政务服务便民热线"
    assert "二、答复内容与现场情况不符" in letter

    assert await printed(window, house.address + sheets["special_report"]) > 1
    assert "党委、政府：" in await window.text("paper-sheet")
    assert await printed(window, house.address + sheets["discipline_report"]) > 1
    report = await window.text("paper-sheet")
    assert "纪委监委：" in report
    assert "待签发，未生效" in report

    assert await printed(window, house.address + sheets["trace"]) > 2
    rows = await window.page.locator(window.at("trace-entry")).all_inner_texts()
    for number in range(NOTES):
        assert any(f"第{number + 1}次核实" in row for row in rows)
    for left_out in ("某商行", "138****0001"):
        assert left_out not in await window.text("trace-sheet")
