"""A unit calls whoever reported what it handles by a click, and never sees the number."""

from __future__ import annotations

from sqlalchemy import Connection

from config.model import Settings
from floor import seats
from tests.console.fake_controller import DIALLED, FakeController
from tests.console.house import Browser, House, call_id, talk
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
        ("GET", f"/calls/{'0' * 32}"),
    ):
        answer = await unit.ask(method, path, {} if method == "POST" else None)
        assert answer.status == 403, path


async def test_a_unit_sees_its_call_without_what_else_the_reporter_brought(
    sealing: House, settings: Settings
) -> None:
    unit_id = await sealing.do(add_unit, "市场监管局", "unit")
    await sealing.do(dispatched, Place(settings), unit_id)
    unit = await seated(sealing)
    await sealing.do(talk, unit.seat_id, unit.account_id)
    agent = await sealing.signed_in("agent")
    await sealing.do(talk, agent.seat_id, agent.account_id, 2)
    theirs, own = await agent.get("/calls/current"), await unit.get("/calls/current")
    assert theirs.json["earlier_calls"]
    assert (own.json["earlier_calls"], own.json["earlier_tickets"]) == ([], [])
    assert own.json["caller_masked"] == "138****0001"


async def test_a_unit_holds_and_hangs_up_and_brings_nobody_in(
    sealing: House, settings: Settings
) -> None:
    await sealing.do(add_unit, "市场监管局", "unit")
    unit = await seated(sealing)
    await sealing.do(talk, unit.seat_id, unit.account_id)
    path = f"/calls/{call_id(1)}/requests"
    async with FakeController(sealing.database) as controller:
        assert (await unit.post(path, {"verb": "hold"})).status == 200
        assert (await unit.post(path, {"verb": "hang_up"})).status == 200
        for verb, args in (
            ("consult", {"target": {"kind": "number", "value": NUMBER}}),
            ("transfer", {"target": {"kind": "queue", "value": "general"}}),
            ("emergency", {"number": "110"}),
            ("pause_recording", {}),
            ("listen", {}),
        ):
            answer = await unit.post(path, {"verb": verb, "args": args})
            assert (answer.status, answer.problem) == (403, "forbidden"), verb
    assert [taken.verb for taken in controller.took] == ["hold", "hang_up"]
