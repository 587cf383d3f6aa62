"""A text with the reporter in it is not kept: who wrote it is told where, and loses nothing."""

from __future__ import annotations

from sqlalchemy import Connection

from hotline import wiring
from ivr import numbers
from tests.browser.conftest import Browsers, Opener
from tests.browser.steps import kept, now, sign_in
from tests.browser.test_desks import move
from tests.support.browser import until
from tests.support.console import House
from tickets import contacts
from tickets.contacts import Reporter

NAME, NUMBER = "司徒埋名", "13800007531"
TYPED = f"{NAME}反映工地夜里施工，电话 138-0000-7531"
CLEAN = "司**反映工地夜里施工，电话 （号码略）"


async def reported(house: House, ticket: int) -> None:
    sealer = wiring.sealer(house.copy.settings)
    who = Reporter(
        sealer.seal(NAME), sealer.seal(NUMBER), sealer.find(NUMBER), numbers.masked(NUMBER)
    )

    def write(conn: Connection) -> None:
        contacts.keep(conn, ticket, who)

    await house.copy.db.write(write)


async def test_given_agent_types_the_reporter_when_it_is_saved_then_she_is_told_and_it_is_mended(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    agent = await house.person()
    ticket = await house.ticket(agent)
    await reported(house, ticket)
    window = await windows(browsers.agents)
    window.expect("status of 422")
    await sign_in(house, window, agent, f"/tickets/{ticket}")
    await window.type("ticket-text", TYPED)
    assert "电话号码和姓名" in await window.says("ticket-text-error", "来电人")
    # What has nothing wrong with it is saved all the same.
    await window.press("ticket-type-complaint")

    async def look() -> bool:
        return (await now(house, ticket)).type == "complaint"

    await until(look, "the type is kept")
    assert (await now(house, ticket)).text == ""
    await window.page.reload()
    await window.says("ticket-text-error", "来电人")
    assert await window.typed("ticket-text") == TYPED
    await window.page.click(window.at("hide-reporter", field="text"))
    await kept(house, ticket, CLEAN)
    await window.says("ticket-saved", "已保存")
    assert await window.text("ticket-text-error") == ""


async def test_given_a_note_names_the_reporter_when_it_is_sent_then_the_dialog_keeps_it(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    agent = await house.person(seat=False)
    head = await house.person("supervisor")
    ticket = await house.ticket(
        agent, "工地夜里施工", type="complaint", content_class="inspection_penalty",
        disposition="passed_on",
    )  # fmt: skip
    await reported(house, ticket)
    await move(house, agent.account_id, "agent", ticket, "submit")
    window = await windows(browsers.agents)
    window.expect("status of 422")
    await sign_in(house, window, head, f"/tickets/{ticket}")
    await window.press("move-note")
    await window.type("field-text", TYPED)
    await window.press("move-submit")
    await window.says("field-error-text", "来电人的电话号码和姓名")
    assert await window.typed("field-text") == TYPED
    await window.press("field-instead")
    assert await window.typed("field-text") == CLEAN
    await window.press("move-submit")
    await window.says("move-said", "已备注")
    await window.says("timeline-note", CLEAN)
