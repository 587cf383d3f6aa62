"""A unit calls whoever reported what it handles by a click, and never sees the number."""

from __future__ import annotations

from sqlalchemy import Connection

from config.model import Settings
from floor import seats
from tests.console.fake_controller import DIALLED, FakeController
from tests.console.house import Browser, House
from tests.console.reporting import (
    KEY,
    MASKED,
    NUMBER,
    account_of,
    add_unit,
    complain_of,
    dispatched,
)
from tickets.place import Place


async def seated(house: House) -> Browser:
    """The unit's account with a telephone, which has no skill: no caller is offered to it."""

    def seat(conn: Connection) -> None:
        made = seats.create(conn, account_of(conn, "unit"), "unit-seat", {})
        seats.set_phone(conn, made.id, True)

    await house.do(seat)
    return await house.signed_in("unit")


async def test_a_unit_calls_the_reporter_of_its_own_ticket(
    sealing: House, settings: Settings
) -> None:
    unit_id = await sealing.do(add_unit, "市场监管局", "unit")
    made = await sealing.do(dispatched, Place(settings), unit_id)
    unit = await seated(sealing)
    async with FakeController(sealing.database) as controller:
        answer = await unit.post("/outbound", {"ticket_id": made.id})
    assert (answer.status, answer.json) == (200, {"call_id": DIALLED})
    [taken] = controller.took
    assert (taken.verb, taken.args) == ("dial", {"ticket_id": made.id})
    page = await unit.get(f"/tickets/{made.id}")
    assert page.status == 200
    assert MASKED in page.body.decode()
    assert NUMBER not in page.body.decode()


async def test_a_unit_calls_nobody_else(sealing: House, settings: Settings) -> None:
    own = await sealing.do(add_unit, "市场监管局", "unit")
    other = await sealing.do(add_unit, "城管局")
    theirs = await sealing.do(dispatched, Place(settings), other)
    against = await sealing.do(dispatched, Place(settings), other, key=KEY + "-2")
    await sealing.do(complain_of, against.id, own)
    unit = await seated(sealing)
    for ticket in (theirs, against):
        assert (await unit.post("/outbound", {"ticket_id": ticket.id})).status == 404
    assert (await unit.post("/outbound", {"missed_id": 1})).status == 403


async def test_a_unit_has_its_telephone_and_nothing_else_of_the_floor(
    sealing: House, settings: Settings
) -> None:
    await sealing.do(add_unit, "市场监管局", "unit")
    unit = await seated(sealing)
    assert (await unit.get("/seat")).json["id"]
    assert (await unit.post("/seat/bye", {"page": "p"})).status == 204
    for method, path in (
        ("POST", "/seat/available"),
        ("POST", "/seat/pause"),
        ("GET", "/floor"),
        ("GET", "/calls/current"),
        ("GET", f"/calls/{'0' * 32}"),
    ):
        answer = await unit.ask(method, path, {} if method == "POST" else None)
        assert answer.status == 403, path
