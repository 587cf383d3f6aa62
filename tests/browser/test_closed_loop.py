"""A complaint and an enquiry, from the telephone to the end, each step at the page of its person."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers, Opener
from tests.browser.offices import open_offices
from tests.browser.steps import fill, hang_up, take_seat, talk, ticket_of
from tests.support.console import House

WORDS = "窗口两次要求补交同一份材料，办理超过一个月"


async def taken_by_telephone(
    house: House, browsers: Browsers, windows: Opener, kind: str, words: str = WORDS
) -> int:
    """A citizen calls, the agent fills the form while she talks and passes the matter on."""
    person = await house.person()
    agent, citizen = await windows(browsers.agents), await windows(browsers.citizens)
    await take_seat(house, agent, person)
    await talk(house, agent, citizen)
    await fill(agent, words)
    await agent.press(f"ticket-type-{kind}")
    await agent.press("ticket-disposition-passed_on")
    await agent.says("ticket-saved", "已保存")
    ticket = await ticket_of(agent)
    await hang_up(agent, citizen)
    await agent.press("ticket-complete")
    await agent.see("seat-state", state="available")
    return ticket


# Nineteen steps after the call, in seven windows: it takes longer on a busy machine.
@pytest.mark.timeout(600)
async def test_a_complaint_walks_the_whole_way_of_the_order(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    """Y二(五): dispatched, done, not satisfied, the same unit again, not satisfied, finding,
    整改函, follow-up, report."""
    ticket = await taken_by_telephone(house, browsers, windows, "complaint")
    offices = await open_offices(house, browsers, windows)
    await offices.do("dispatcher", ticket, "dispatch", unit_id=offices.lead)
    for round_, leads_to in ((1, "again"), (2, "escalate")):
        await offices.do("unit", ticket, "accept")
        await offices.do("unit", ticket, "contact")
        await offices.do("unit", ticket, "reply")
        await offices.do("approver", ticket, "approve")
        await offices.follow_up(ticket, 1, leads_to, f"第{round_}次办理仍未解决")
    assert await offices.state(ticket) == "supervision_review"
    await offices.do("supervisor", ticket, "draft_finding")
    await offices.sign(ticket, "order_rectification")
    await offices.do("unit", ticket, "contact")
    await offices.do("unit", ticket, "rectify")
    await offices.follow_up(ticket, 1, "follow_up", "整改后仍未解决")
    assert await offices.state(ticket) == "to_follow_up"
    await offices.do("supervisor", ticket, "draft_report", "supervise")
    await offices.sign(ticket, "report_to_discipline")
    await offices.do("supervisor", ticket, "conclude")
    assert await offices.state(ticket) == "closed"


async def test_an_enquiry_is_answered_by_its_unit_within_a_working_day(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    """Q二(二)1: what can't be answered at once goes to the unit, which answers the caller."""
    ticket = await taken_by_telephone(house, browsers, windows, "consult")
    only = ("dispatcher", "unit", "approver")
    offices = await open_offices(house, browsers, windows, only)
    await offices.do("dispatcher", ticket, "dispatch", unit_id=offices.lead)
    await offices.do("unit", ticket, "accept")
    await offices.do("unit", ticket, "contact")
    await offices.do("unit", ticket, "reply")
    await offices.do("approver", ticket, "approve")
    await offices.follow_up(ticket, 5, "settle")
    assert await offices.state(ticket) == "closed"
