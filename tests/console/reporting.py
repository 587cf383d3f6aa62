"""Matters from outside and whoever reported them, for tests of what must not be seen."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from agent_console.auth import role_of
from db.models import ticket, unit, unit_member
from tests.console.house import PASSWORD, SEALER, House
from tests.tickets.filled import filled
from tickets import contacts, intake, moving, people, store
from tickets.contacts import Reporter
from tickets.place import Place
from tickets.rules.facts import Actor
from tickets.rules.table import BY_NAME

NAME = "欧阳测试"
NUMBER = "13800004321"
MASKED = "138****4321"
TEXT = "店铺门口的路灯坏了三天，请派人修理"
KEY = "form-0123456789abcdef"


def reporter(number: str = NUMBER, name: str = NAME) -> Reporter:
    shown = f"{number[:3]}****{number[-4:]}"
    return Reporter(SEALER.seal(name), SEALER.seal(number), SEALER.find(number), shown)


def add_unit(conn: Connection, name: str, login: str | None = None, code: str = "") -> int:
    """A unit; the account `login` becomes one of its people."""
    values = {"code": code or name, "name": name, "addresses": {}, "region": "450902"}
    unit_id: int = conn.execute(insert(unit).returning(unit.c.id), values).scalar_one()
    if login:
        account_id = account_of(conn, login)
        conn.execute(insert(unit_member), {"account_id": account_id, "unit_id": unit_id})
    return unit_id


def account_of(conn: Connection, login: str) -> int:
    from db.models import account

    return int(conn.execute(select(account.c.id).where(account.c.login == login)).scalar_one())


def actor(conn: Connection, login: str) -> Actor:
    account_id = account_of(conn, login)
    return people.actor_of(conn, account_id, role_of(conn, account_id) or "")


def submitted(conn: Connection, place: Place, key: str = KEY, **matter: Any) -> store.Ticket:
    """A matter of the web's form, waiting to be dispatched."""
    values = {"type": place.settings.tickets.types[0].code, "text": TEXT, **matter}
    values.setdefault("content_class", place.settings.tickets.classes[0].code)
    made, _ = intake.take(
        conn, place, intake.Matter(**values), reporter(), source="web",
        key_id=intake.WEB_FORM, foreign_id=key,
    )  # fmt: skip
    return made


def dispatched(conn: Connection, place: Place, unit_id: int, key: str = KEY) -> store.Ticket:
    """The same, with this unit to accept it."""
    made = submitted(conn, place, key)
    form = filled(BY_NAME["dispatch"], unit_id=unit_id, assisting=[])
    who = actor(conn, "supervisor")
    return moving.move(conn, place, who, made.id, made.version, "dispatch", form)


def complain_of(conn: Connection, ticket_id: int, unit_id: int) -> None:
    conn.execute(ticket.update().where(ticket.c.id == ticket_id).values(complained_unit_id=unit_id))


def kept(conn: Connection, ticket_id: int) -> Reporter | None:
    return contacts.of_ticket(conn, ticket_id)


def body(**more: Any) -> dict[str, Any]:
    """What the page of the web sends."""
    return {
        "type": "consult", "text": TEXT, "name": NAME, "number": NUMBER, "agreed": True,
        "key": KEY, **more,
    }  # fmt: skip


async def second_unit(house: House) -> None:
    """A second account of role unit: `unit2`."""
    from agent_console.accounts import add_account
    from tests.console.house import HASHER

    await house.do(add_account, "unit2", "unit2-name", "unit", HASHER.hash(PASSWORD))
