"""Accounts made from the command line, and those of a demonstration."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from agent_console.accounts import add_account, set_password
from agent_console.parts import KeptNumber
from agent_console.passwords import hash_password, new_password
from config.model import Settings
from db import Database
from db.models import account, account_duty, unit_member
from floor import seats
from hotline import demo_place
from hotline.numbers import Numbers
from knowledge import experts

DEMO_NUMBER = "07750000123"
"""Made up: the telephone of an expert outside, for the demonstration."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person with an account. `skills` None means that there is no seat; a seat without any is
    a telephone that no caller is ever offered to: to listen in, to be asked, to call somebody.
    """

    login: str
    name: str
    role: str
    skills: dict[str, int] | None = None
    duties: tuple[str, ...] = ()
    unit: str | None = None
    """The code of the unit that she works for."""
    head: bool = False


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a person needs to sign in. The password is shown once and kept nowhere."""

    login: str
    name: str
    role: str
    password: str


def people(settings: Settings) -> list[Person]:
    """Two agents (one takes every queue, one the first alone) and everybody that a ticket meets.

    The supervisor, the expert and who calls for a unit have a telephone without skills.
    """
    queues = [queue.name for queue in settings.queues]
    return [
        Person("agent", "话务员甲", "agent", dict.fromkeys(queues, 1)),
        Person("agent2", "话务员乙", "agent", dict.fromkeys(queues[:1], 2)),
        Person("expert", "值班专家", "expert", {}),
        Person("supervisor", "值班长", "supervisor", {}),
        Person("dispatcher", "派单员", "agent", duties=("dispatch", "office")),
        Person("approver", "审核回访员", "agent", duties=("approve", "follow_up")),
        Person("head", "热线办主任", "supervisor", duties=("sign",)),
        Person("unit", "市场监管局经办人", "unit", {}, unit="scjg"),
        Person("unit_head", "市场监管局负责人", "unit", unit="scjg", head=True),
        Person("unit2", "人社局经办人", "unit", unit="rsj"),
        Person("admin", "管理员", "admin"),
    ]


def how_many(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(account)).scalar_one()


def create(
    conn: Connection, person: Person, password_hash: str, units: dict[str, int] | None = None
) -> int:
    """Make the account with duties, unit and seat; returns the account's id.

    Args:
        units: the ids of units by code, where the person has one.

    Raises sqlalchemy.exc.IntegrityError when the login is taken.
    """
    made = add_account(conn, person.login, person.name, person.role, password_hash)
    for duty in person.duties:
        conn.execute(insert(account_duty), {"account_id": made, "duty": duty})
    if person.unit is not None:
        unit_id = (units or {})[person.unit]
        member = {"account_id": made, "unit_id": unit_id, "head": person.head}
        conn.execute(insert(unit_member), member)
    if person.skills is not None:
        seats.create(conn, made, person.name, person.skills)
    return made


def _create_all(
    conn: Connection,
    settings: Settings,
    ready: list[tuple[Person, str]],
    outside: KeptNumber | None,
    duty: dict[str, KeptNumber | None],
) -> bool:
    """All or none, and only into a database without a single account."""
    if how_many(conn):
        return False
    units = demo_place.furnish(conn, settings, duty)
    for person, password_hash in ready:
        made = create(conn, person, password_hash, units)
        if person.role == "expert":
            _add_expert(conn, made, person)
    if outside is not None:
        experts.create(
            conn, name="张专家", department="市场监管局", topics=["营业执照", "食品经营许可"],
            ring="number", on_duty=True,
            number_sealed=outside.sealed, number_masked=outside.masked,
        )  # fmt: skip
    return True


def _add_expert(conn: Connection, account_id: int, person: Person) -> None:
    """The directory's entry of an expert who signs in; rung at her own seat."""
    seat = seats.of_account(conn, account_id)
    if seat is not None:
        experts.create(
            conn, name=person.name, department="行政审批局", topics=["惠企政策", "项目审批"],
            ring="seat", on_duty=True, account_id=account_id, seat_id=seat.id,
        )  # fmt: skip


async def make_demo(database: Database, settings: Settings) -> list[SignIn]:
    """Make the demonstration's accounts, experts, units, classes and dispatch catalogue; an empty
    list when there are accounts already.
    """
    if await database.read(how_many):
        return []
    secrets_of = {person.login: new_password() for person in people(settings)}
    everybody = people(settings)
    hashes = await asyncio.gather(
        *(asyncio.to_thread(hash_password, secrets_of[one.login]) for one in everybody)
    )
    ready = list(zip(everybody, hashes, strict=True))
    numbers = Numbers(settings)
    duty = {code: numbers.keep(typed) for code, typed in demo_place.duty_numbers().items()}
    outside = numbers.keep(DEMO_NUMBER)
    if not await database.write(_create_all, settings, ready, outside, duty):
        return []
    return [SignIn(p.login, p.name, p.role, secrets_of[p.login]) for p, _ in ready]


async def renew(database: Database, login: str) -> str | None:
    """A new password for an account, ending its sessions; None when there is no such login."""
    password = new_password()
    return password if await database.write(set_password, login, hash_password(password)) else None


def listed(conn: Connection) -> list[tuple[str, str, str, bool]]:
    """Login, name, role and whether it is disabled, by login."""
    columns = (account.c.login, account.c.name, account.c.role, account.c.disabled)
    rows = conn.execute(select(*columns).order_by(account.c.login))
    return [(row.login, row.name, row.role, row.disabled) for row in rows]
