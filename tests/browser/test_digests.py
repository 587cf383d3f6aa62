"""Suggestions: the office gathers the months, the head signs the quarter; a text is never lost."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, update

from db.clock import now_ms
from db.models import account_duty, digest, ticket
from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import sign_in
from tests.support.browser import Window
from tests.support.console import House
from tickets.place import Place
from tickets.reporting import Period, holding


async def with_duty(house: House, browsers: Browsers, windows: Opener, duty: str) -> Window:
    """A person with one duty, signed in, at the desk of the suggestions."""
    person = await house.person("agent", seat=False)
    given = {"account_id": person.account_id, "duty": duty}

    def give(conn: Connection) -> None:
        conn.execute(insert(account_duty), given)

    await house.copy.db.write(give)
    window = await windows(browsers.agents)
    await sign_in(house, window, person)
    return window


async def a_suggestion(house: House, at_ms: int) -> None:
    """One that came in at a moment."""
    agent = await house.person(seat=False)
    made = await house.ticket(agent, "建议企业窗口中午不休息", type="suggestion")

    def came(conn: Connection) -> None:
        of_it = update(ticket).where(ticket.c.id == made)
        conn.execute(of_it.values(created_ms=at_ms))

    await house.copy.db.write(came)


async def gathered(house: House, months: tuple[Period, ...], by: int) -> None:
    """Months that are kept already."""

    def write(conn: Connection) -> None:
        for month in months:
            conn.execute(insert(digest), {
                "period": month.key, "state": "kept", "text": f"{month.label}要点", "answer": "",
                "figures": {"total": 0, "settled": 0, "classes": []},
                "drafted_by": by, "drafted_ms": 1, "ended_by": by, "ended_ms": 1, "version": 2,
            })  # fmt: skip

    await house.copy.db.write(write)


async def look_at(window: Window, house: House, period: Period) -> None:
    await window.page.goto(f"{house.address}/desks/digests?period={period.key}")
    await window.see("digest-state")


async def test_given_a_quarter_then_months_are_kept_and_the_head_signs(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    zone = Place(house.copy.settings).zone
    quarter = holding(now_ms(), zone, quarter=True).before()
    first, *others = quarter.months()
    await a_suggestion(house, first.begins_ms(zone))
    keeper = await house.person(seat=False)
    await gathered(house, tuple(others), keeper.account_id)
    office = await with_duty(house, browsers, windows, "office")
    await look_at(office, house, first)
    await office.type("digest-text", "集中反映窗口时间")
    # Looking at another period loses nothing that was typed.
    await office.page.click(f'[data-test="digest-row"][data-period="{quarter.key}"]')
    await office.says("digest", quarter.label)
    await office.page.click(f'[data-test="digest-row"][data-period="{first.key}"]')
    await office.says("digest", first.label)
    assert await value(office) == "集中反映窗口时间"
    await office.press("digest-keep")
    await office.says("digest-state", "已存档")
    await look_at(office, house, quarter)
    await office.press("digest-take")
    assert "集中反映窗口时间" in await value(office)
    await office.press("digest-submit")
    await office.says("digest-state", "待签发")

    head = await with_duty(house, browsers, windows, "sign")
    await head.page.goto(f"{house.address}/desks/sign")
    await head.press("sign-digests")
    await head.says("digest", quarter.label)
    await head.press("digest-send-back")
    await head.says("digest", "请填写退回的理由")
    await head.type("digest-why", "请补充对策建议")
    await head.press("digest-send-back")
    # The office sees it without reading the page again.
    await office.says("digest-answer", "请补充对策建议")
    await office.press("digest-submit")
    await head.see("digest-sign")
    await head.press("digest-sign")
    await head.says("digest-state", "已签发")
    await head.press("digest-print")
    await head.says("digest-sheet", "建议分析〔")
    await head.says("digest-sheet", "集中反映窗口时间")


async def value(window: Window) -> Any:
    field = window.page.locator(
        f"{window.at('digest-text')} textarea, textarea{window.at('digest-text')}"
    )
    return await field.first.input_value()
