"""Desks: each finds her work where it waits, sees deadlines before they are set, loses no text."""

from __future__ import annotations

import asyncio

from playwright.async_api import Route
from sqlalchemy import Connection

from tests.browser.conftest import Browsers, Opener
from tests.browser.offices import in_catalogue, open_offices
from tests.support.browser import Window
from tests.support.console import House
from tickets import contacts, moving, store
from tickets.contacts import Reporter
from tickets.people import actor_of
from tickets.place import Place

CLASS = "inspection_penalty"
"""No other test's catalogue names a unit for this one."""


class LateReadings:
    """Readings of a ticket that the page gets as they were when it asked, and only when let go.

    There from before the page opens: one that is under way already would bring what is new.
    """

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.let_go.set()

    async def answer(self, route: Route) -> None:
        as_it_is = await route.fetch()
        await self.let_go.wait()
        await route.fulfill(response=as_it_is)


async def submitted(house: House) -> int:
    """A complaint that waits to be dispatched; its id."""
    agent = await house.person(seat=False)
    ticket = await house.ticket(
        agent, "园区物业在水电费之外另收服务费", type="complaint", content_class=CLASS,
        disposition="passed_on",
    )  # fmt: skip
    reporter = Reporter(None, "sealed", "nobody's", "138****0000")
    await house.copy.db.write(contacts.keep, ticket, reporter)
    await move(house, agent.account_id, "agent", ticket, "submit")
    return ticket


async def move(
    house: House, account: int, role: str, ticket: int, name: str, **form: object
) -> None:
    """Somebody elsewhere does a move."""

    def write(conn: Connection) -> None:
        found = store.get(conn, ticket)
        assert found is not None
        place = Place(house.copy.settings)
        who = actor_of(conn, account, role)
        moving.move(conn, place, who, ticket, found.version, name, form)

    await house.copy.db.write(write)


async def begin_review(
    house: House, browsers: Browsers, windows: Opener, late: LateReadings | None = None
) -> tuple[int, Window]:
    """A dispatcher has written why a ticket should be reviewed, and not yet sent it."""
    ticket = await submitted(house)
    offices = await open_offices(house, browsers, windows, ("dispatcher",))
    window = offices.windows["dispatcher"]
    if late is not None:
        await window.page.route(f"**/api/v1/tickets/{ticket}", late.answer)
    await offices.find(window, ticket, "dispatch")
    await window.press("move-review")
    await window.type("field-reason", "住建、市监职责交叉，需联席研判")
    return ticket, window


async def test_dispatcher_sees_the_deadlines_before_they_are_set_and_the_unit_finds_its_ticket(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    ticket = await submitted(house)
    offices = await open_offices(house, browsers, windows, ("dispatcher", "unit"))
    await in_catalogue(house, offices.lead, CLASS)
    dispatcher, unit = offices.windows["dispatcher"], offices.windows["unit"]

    await offices.find(dispatcher, ticket, "dispatch")
    await dispatcher.press("move-dispatch")
    await dispatcher.says("field-unit_id", "市场监管局")
    await dispatcher.press("field-difficulty-simple")
    await dispatcher.see("move-terms", state="known")
    await dispatcher.says("move-terms", "签收期限")
    assert "办结期限" in await dispatcher.text("move-terms")
    await dispatcher.press("move-submit")
    await dispatcher.says("move-said", "已派单")
    await dispatcher.see("ticket-facts-state", state="to_accept")
    await dispatcher.see("timeline-dispatch")

    await offices.find(unit, ticket, "unit")
    await unit.press("move-accept")
    await unit.press("move-submit")
    await unit.see("ticket-facts-state", state="in_progress")
    assert await unit.page.query_selector(unit.at("unmask")) is None, "a unit sees no number"
    await unit.press("why-not")
    await unit.says("refused-reply", "提交答复")


async def test_a_form_half_written_comes_back_after_a_reload(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    _, window = await begin_review(house, browsers, windows)
    await window.page.reload()
    await window.see("move-dialog", move="review")
    assert await window.typed("field-reason") == "住建、市监职责交叉，需联席研判"
    await window.press("move-submit")
    await window.see("ticket-facts-state", state="in_review")


async def test_given_somebody_was_faster_when_she_sends_then_she_is_told_and_her_text_stays(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    late = LateReadings()
    ticket, window = await begin_review(house, browsers, windows, late)
    other = await house.person("supervisor", name="值班长乙")
    window.expect("status of 409")
    # The feed's news of the other's step is still on its way when she sends hers.
    late.let_go.clear()
    await move(house, other.account_id, "supervisor", ticket, "note", text="来电人补充了收费单据")
    await window.press("move-submit")
    await window.says("move-conflict", "已被他人更新")
    await window.says("move-conflict", "值班长乙")
    assert await window.typed("field-reason") == "住建、市监职责交叉，需联席研判"
    late.let_go.set()
    await window.page.unroute_all(behavior="wait")
    await window.press("move-submit")
    await window.see("ticket-facts-state", state="in_review")
    await window.see("timeline-note")
