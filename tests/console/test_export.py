"""The list as a spreadsheet: the same tickets, no reporter, no formula, and it says when it is cut."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection, select, update

from agent_console.api import export
from agent_console.api.masking import without_numbers
from agent_console.spreadsheets import CONTENT_TYPE
from db.models import audit, ticket
from tests.console.house import Answer, Browser, House
from tests.console.office import UNITS, open_office


async def sheet(who: Browser, query: str = "") -> tuple[Answer, list[list[Any]]]:
    answer = await who.get(f"/tickets/export.xlsx{query}")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == CONTENT_TYPE
    rows = load_workbook(io.BytesIO(answer.body)).worksheets[0].iter_rows()
    return answer, [[cell.value for cell in row] for row in rows]


def _write(conn: Connection, ticket_id: int, **values: Any) -> None:
    conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(**values))


async def test_given_a_filter_then_the_sheet_has_what_the_list_has(house: House) -> None:
    office = await open_office(house)
    await office.ticket()
    sent = await office.ticket("submit", "dispatch")
    who = await house.signed_in("supervisor")
    answer, (head, *rows) = await sheet(who, "?state=to_accept&order=newest")
    assert head[:3] == ["工单编号", "状态", "诉求类型"]
    assert len(rows) == 1
    line = dict(zip(head, rows[0], strict=True))
    assert (line["工单编号"], line["状态"], line["诉求类型"]) == (sent.number, "待签收", "投诉")
    assert (line["承办单位"], line["当前期限"], line["是否逾期"]) == (UNITS[0], "签收", "否")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="tickets-')
    assert answer.headers["Cache-Control"] == "no-store"
    kept = await house.do(lambda conn: list(conn.execute(select(audit.c.act, audit.c.detail)))[-1])
    assert tuple(kept) == ("tickets_exported", {"rows": 1})
    lead, third = await house.signed_in("lead"), await house.signed_in("third")
    assert [row[0] for row in (await sheet(lead))[1][1:]] == [sent.number]
    assert (await sheet(third))[1][1:] == []


@pytest.mark.parametrize("begin", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(1)"])
async def test_given_a_formula_typed_by_a_citizen_then_no_cell_is_one(
    house: House, begin: str
) -> None:
    office = await open_office(house)
    made = await office.ticket("submit")
    await house.do(_write, made.id, text=begin)
    answer = await (await house.signed_in("supervisor")).get("/tickets/export.xlsx")
    cells = [c for row in load_workbook(io.BytesIO(answer.body)).worksheets[0] for c in row]
    assert all(c.data_type != "f" for c in cells)
    assert all(not str(c.value).startswith(("=", "+", "-", "@", "\t")) for c in cells if c.value)
    assert any(begin.strip() in str(c.value) for c in cells)


async def test_given_a_reporter_then_nothing_of_him_is_in_the_sheet(house: House) -> None:
    office = await open_office(house)
    made = await office.ticket("submit")
    await house.do(
        _write, made.id, company="甲乙丙商行", credit_code="91350100M000100Y43",
        text="请回 0775-000 1234 或 13800001234，工单 20261122-00001", caller_masked="138****1234",
    )  # fmt: skip
    _, rows = await sheet(await house.signed_in("supervisor"))
    said = "\n".join(str(value) for row in rows for value in row)
    assert all(word not in said for word in ("1234", "甲乙丙", "91350100", "138****"))
    assert "20261122-00001" in said


async def test_given_more_than_fit_then_the_sheet_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST", 2)
    office = await open_office(house)
    for _ in range(3):
        await office.ticket("submit")
    who = await house.signed_in("supervisor")
    answer, rows = await sheet(who)
    assert answer.headers["X-Export-Cut"] == "true"
    assert len(rows) == 4
    assert "只导出前 2 条" in rows[1][0]
    answer, rows = await sheet(who, "?desk=approve")
    assert (answer.headers["X-Export-Cut"], len(rows)) == ("false", 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话13800001234。", "电话*******。"),
        ("0775-0001234", "*******"),
        ("+86 138 0000 1234", "*******"),
        ("工单 20261122-00001 已办", "工单 20261122-00001 已办"),
        ("2026 年 11 月，第 123456 号", "2026 年 11 月，第 123456 号"),
        ("1380000123420261122-00001", "*******"),
        ("号码-13800001234", "号码-*******"),
        ("138.0000.1234，(0775)0001234", "*******，(*******"),
        ("2026-11-22 和 2026/1/2 之间，13800001234", "2026-11-22 和 2026/1/2 之间，*******"),
        ("１３８００００１２３４", "*******"),
        ("写信到 a.b@example.test 或微信号：abc_123", "写信到 ******* 或微信号：*******"),
    ],
)
def test_given_a_text_then_numbers_that_could_be_somebodys_are_hidden(
    text: str, shown: str
) -> None:
    assert without_numbers(text) == shown
