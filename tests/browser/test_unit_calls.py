"""联系来电人: a unit's handler rings the reporter by a click, and never gets to see the number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Response, WebSocket
from sqlalchemy import Connection, Row, insert, select

from db.models import call, ticket_event, unit, unit_member
from db.models import seat as seat_table
from hotline import wiring
from hotline.testphone import SeatCall, hearing
from hotline.testphone.seats import Refusal
from ivr import numbers
from tests.browser.conftest import Browsers, Opener
from tests.browser.offices import answer
from tests.browser.steps import sign_in
from tests.browser.test_desks import move
from tests.support.browser import WITHIN_S, Window
from tests.support.console import House, Person
from tests.support.steps import sides
from tests.support.tones import CITIZEN_HZ, SEAT_HZ
from tests.tickets.filled import filled
from tickets import contacts
from tickets.contacts import Reporter
from tickets.rules.table import BY_NAME

NAME = "司徒埋名"
TOLD = "已说明办理进度，来电人表示知晓"


@dataclass
class Heard:
    """All that a page got from the server: answers, and frames of its sockets."""

    answers: list[Response] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)

    def listen(self, window: Window) -> None:
        window.page.on("response", self._answer)
        window.page.on("websocket", self._socket)

    def _answer(self, one: Response) -> None:
        self.answers.append(one)

    def _socket(self, socket: WebSocket) -> None:
        for event in ("framereceived", "framesent"):
            socket.on(event, self._frame)

    def _frame(self, frame: str | bytes) -> None:
        self.frames.append(frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame)

    async def everything(self, window: Window) -> list[tuple[str, str]]:
        """Where it stood, and what; the document of the page among it."""
        found = [("page", await window.page.content())]
        found += [("frame", frame) for frame in self.frames]
        for one in self.answers:
            found.append((one.url, one.url + str(one.headers)))
            if "/api/" in one.url:
                found.append((one.url, (await one.body()).decode("utf-8", "replace")))
        return found


@dataclass(frozen=True)
class Handler:
    """A unit's person with a telephone in her page, at the page of a ticket of her unit."""

    house: House
    person: Person
    window: Window
    heard: Heard
    ticket: int
    number: str

    async def rings_him(self) -> SeatCall:
        """She presses the button and says yes; the reporter's telephone rings."""
        await self.window.see("phone-light", state="ready")
        await self.window.press("call-back")
        await self.window.page.click(".el-message-box__btns .el-button--primary")
        return await self.house.copy.outside.rung(self.number, WITHIN_S)


_numbers = iter(range(1, 100))


async def with_handler(house: House, browsers: Browsers, windows: Opener) -> Handler:
    """A ticket that her unit has accepted, of somebody whom nobody else knows."""
    number = f"138000055{next(_numbers):02d}"
    person = await house.person("unit", name="市场监管局经办人")
    agent = await house.person(seat=False)
    head = await house.person("supervisor")
    ticket = await house.ticket(
        agent, "园区物业另收服务费", type="complaint", content_class="inspection_penalty",
        disposition="passed_on",
    )  # fmt: skip
    sealer = wiring.sealer(house.copy.settings)
    reporter = Reporter(
        sealer.seal(NAME), sealer.seal(number), sealer.find(number), numbers.masked(number)
    )

    def furnish(conn: Connection) -> int:
        house.seat_without_queue(conn, person.account_id, person.name)
        values = {"code": person.login, "name": "市场监管局", "addresses": {}}
        unit_id: int = conn.execute(insert(unit).returning(unit.c.id), values).scalar_one()
        conn.execute(insert(unit_member), {"account_id": person.account_id, "unit_id": unit_id})
        contacts.keep(conn, ticket, reporter)
        return unit_id

    unit_id = await house.copy.db.write(furnish)
    await move(house, agent.account_id, "agent", ticket, "submit")
    form = filled(BY_NAME["dispatch"], unit_id=unit_id, assisting=[])
    await move(house, head.account_id, "supervisor", ticket, "dispatch", **form)
    await move(house, person.account_id, "unit", ticket, "accept")
    window, heard = await windows(browsers.agents), Heard()
    heard.listen(window)
    await sign_in(house, window, person, f"/tickets/{ticket}")
    await window.see("ticket-facts-state", state="in_progress")
    return Handler(house, person, window, heard, ticket, number)


async def test_given_her_ticket_when_a_units_handler_presses_the_button_then_they_talk_unnamed(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    handler = await with_handler(house, browsers, windows)
    window, number = handler.window, handler.number
    assert numbers.masked(number) in await window.text("contact")
    his = await handler.rings_him()
    await his.answer()
    await his.hears_tone(house.copy.pitch["outbound_notice"], WITHIN_S)
    await window.see("callbar")
    his.say_tone(CITIZEN_HZ, WITHIN_S)
    await window.forget_sound()
    await window.hears(CITIZEN_HZ)
    await his.hears_tone(SEAT_HZ, WITHIN_S)
    assert await window.text("callbar-number") == numbers.masked(number)

    await window.press("hang-up")
    assert await his.ended() == "by_far_end"
    await window.gone("callbar")
    await keeps_the_contact(handler)
    row = await record_of(handler)
    assert f"call:{row.id}" == await done_on(handler)
    left, right = sides(house.copy, await house.copy.recording_of(row.id))
    assert hearing.has_tone(left, CITIZEN_HZ)
    assert hearing.has_tone(right, SEAT_HZ)
    await nowhere(handler)


async def keeps_the_contact(handler: Handler) -> None:
    """联系情况 stands ready since the call was begun; she fills it in and the history has it."""
    window = handler.window
    await window.see("move-dialog", move="contact")
    for one in BY_NAME["contact"].fields:
        await answer(window, one, {"means": "phone", "text": TOLD}[one.name])
    await window.press("move-submit")
    await window.says("move-said", "已登记联系来电人")
    await window.says("timeline-contact", TOLD)


async def record_of(handler: Handler) -> Row[Any]:
    """The call's row: out, hers, of this ticket, ended by her."""
    found = select(call).where(call.c.ticket_id == handler.ticket)
    row = await handler.house.copy.db.read(lambda conn: conn.execute(found).one())
    assert (row.direction, row.end_reason) == ("out", "agent_hung_up")
    seat_id = select(seat_table.c.id).where(seat_table.c.account_id == handler.person.account_id)
    mine = await handler.house.copy.db.read(lambda conn: conn.execute(seat_id).scalar_one())
    assert row.owner_seat_id == mine
    assert row.caller_masked == numbers.masked(handler.number)
    return row


async def done_on(handler: Handler) -> str:
    """What the history says the contact was done on."""
    found = select(ticket_event.c.done_on).where(
        ticket_event.c.ticket_id == handler.ticket, ticket_event.c.move == "contact"
    )
    return await handler.house.copy.db.read(lambda conn: conn.execute(found).scalar_one())


async def nowhere(handler: Handler) -> None:
    """Neither number nor name is in anything that her page got."""
    seen = await handler.heard.everything(handler.window)
    assert sum(where == "frame" for where, _ in seen) > 10, "no frame was looked at"
    assert any(numbers.masked(handler.number) in text for _, text in seen)
    for where, text in seen:
        for planted in (handler.number, handler.number[3:], NAME, NAME[1:]):
            assert planted not in text, where


@pytest.mark.parametrize(
    ("how", "words"), [("busy", "对方忙"), ("decline", "对方拒接"), ("unknown", "号码有误")]
)
async def test_given_he_can_not_be_reached_when_she_rings_him_then_she_is_told_why(
    house: House, browsers: Browsers, windows: Opener, how: Refusal, words: str
) -> None:
    handler = await with_handler(house, browsers, windows)
    his = await handler.rings_him()
    await his.refuse(how)
    told = await handler.window.says("seat-problem", words)
    assert numbers.masked(handler.number) in told
    await handler.window.gone("callbar")
    await nowhere(handler)
    # Her telephone is free again: the button can be pressed at once.
    his = await handler.rings_him()
    await his.refuse(how)


async def test_given_nobody_answers_when_she_gives_up_then_his_telephone_rings_no_more(
    house: House, browsers: Browsers, windows: Opener
) -> None:
    handler = await with_handler(house, browsers, windows)
    his = await handler.rings_him()
    await handler.window.says("talk-state", "呼出中")
    await handler.window.press("hang-up")
    assert await his.ended() == "stopped_ringing"
    await handler.window.gone("callbar")
    await nowhere(handler)
