"""People with duties and people of units in a console's house, and tickets on their way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from agent_console.accounts import add_account
from db.models import account, account_duty, period, unit, unit_member
from tests.console.house import HASHER, PASSWORD, House
from tests.tickets import town
from tests.tickets.town import Town
from tickets.people import actor_of
from tickets.rules.facts import DUTIES
from tickets.store import Ticket

UNITS = ("市场监管局", "人社局", "住建局")
MEMBERS = {"lead": (0, False), "chief": (0, True), "side": (1, False), "third": (2, False)}
"""Login of people of units: which unit, and whether its head."""
POOR: dict[str, Any] = {"stars": 1, "text": "没有解决", "reached": True}

WORK = ("submit", "dispatch", "accept")
REPLIED = (*WORK, "contact", "reply")
RATED = (*REPLIED, "approve")
ESCALATED = (*RATED, "poor", "accept", "contact", "reply", "approve", "poor")
RECTIFYING = (*ESCALATED, "draft_finding", "order_rectification")
FAILED = (*RECTIFYING, "contact", "rectify", "poor")


class Office:
    """The house's people as the rules know them, and its units' ids."""

    def __init__(self, house: House, there: Town, units: list[int]) -> None:
        self.house = house
        self.there = there
        self.units = units

    async def ticket(self, *moves: str, **fields: Any) -> Ticket:
        """A ticket of the agent's, carried by its doors through these moves."""
        found: Ticket = await self.house.do(_carried, self.there, moves, fields)
        return found

    async def go_on(self, ticket_id: int, *moves: str) -> Ticket:
        found: Ticket = await self.house.do(_go_on, self.there, ticket_id, moves)
        return found


async def open_office(house: House) -> Office:
    """Furnish the house; everybody signs in with her login."""
    there, units = await house.do(_furnish)
    return Office(house, there, units)


def _furnish(conn: Connection) -> tuple[Town, list[int]]:
    password_hash = HASHER.hash(PASSWORD)
    units = [
        conn.execute(
            insert(unit).returning(unit.c.id),
            {"code": f"o{n}", "name": name, "addresses": {}},
        ).scalar_one()
        for n, name in enumerate(UNITS)
    ]
    duties = {}
    for duty, kind in DUTIES.items():
        made = add_account(conn, duty, f"{duty}-name", "agent", password_hash)
        conn.execute(insert(account_duty), {"account_id": made, "duty": duty})
        duties[kind] = actor_of(conn, made, "agent")
    members = {}
    for login, (n, head) in MEMBERS.items():
        made = add_account(conn, login, f"{login}-name", "unit", password_hash)
        conn.execute(insert(unit_member), {"account_id": made, "unit_id": units[n], "head": head})
        members[login] = actor_of(conn, made, "unit")
    agent = conn.execute(select(account.c.id).where(account.c.login == "agent")).scalar_one()
    there = Town(
        actor_of(conn, agent, "agent"), members["lead"], members["chief"], members["side"],
        units[0], units[1], duties,
    )  # fmt: skip
    return there, units


def allow_suspension(conn: Connection) -> None:
    conn.execute(insert(period), {"name": "suspension", "value": 1, "at_ms": 1})


def _carried(
    conn: Connection, there: Town, moves: tuple[str, ...], fields: dict[str, Any]
) -> Ticket:
    drafted = town.drafted(conn, there, **fields)
    return _go_on(conn, there, drafted.id, moves) if moves else drafted


def _go_on(conn: Connection, there: Town, ticket_id: int, moves: tuple[str, ...]) -> Ticket:
    found: Ticket | None = None
    for move in moves:
        found = _step(conn, there, ticket_id, move)
    assert found is not None
    return found


def _step(conn: Connection, there: Town, ticket_id: int, move: str) -> Ticket:
    if move == "poor":
        return town.do(conn, there, ticket_id, "follow_up", **POOR)
    form: dict[str, Any] = {}
    if move in ("dispatch", "rule"):
        form = {"unit_id": there.lead, "difficulty": "difficult", "assisting": []}
    if move == "dispatch_both":
        move = "dispatch"
        form = {"unit_id": there.lead, "difficulty": "ordinary", "assisting": [there.side]}
    return town.do(conn, there, ticket_id, move, **form)
