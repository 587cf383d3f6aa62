"""People, for the administrator: accounts, roles, units, duties, seats, new passwords."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Connection

from agent_console import people, people_doors
from agent_console.api.admin_units import Version
from agent_console.api.fields import NO_NUL, Code, RowId, RowPath
from agent_console.api.kept import as_problems, checked
from agent_console.api.shown_seat import Skill
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.parts import Parts
from agent_console.passwords import new_password
from agent_console.people import Wish
from agent_console.people_doors import Changed
from agent_console.people_rules import WORST_LEVEL
from agent_console.roles import ADMINS, Role
from tickets.kept import Missing, Mistake, Outdated

operations = Operations("admin-people")

Login = Annotated[str, Meta(min_length=1, max_length=32, pattern=NO_NUL)]
PersonName = Annotated[str, Meta(min_length=1, max_length=50, pattern=NO_NUL)]
Duties = Annotated[list[Code], Meta(max_length=10)]


class SkillWish(msgspec.Struct, forbid_unknown_fields=True):
    queue: Code
    level: Annotated[int, Meta(ge=1, le=WORST_LEVEL)] = 1


Skills = Annotated[list[SkillWish], Meta(max_length=50)]


class PeopleQuery(msgspec.Struct, forbid_unknown_fields=True):
    q: Annotated[str, Meta(max_length=100, pattern=NO_NUL)] = ""
    unit_id: RowId | None = None


class KeptPerson(msgspec.Struct, frozen=True):
    """`duties` are her own (none: those of her role); `skills` None: no seat."""

    id: int
    login: str
    name: str
    role: str
    unit_id: int | None
    unit_name: str | None
    head: bool
    duties: list[str]
    skills: list[Skill] | None
    seat_id: int | None
    open: bool
    created_ms: int
    version: int


class KeptPeople(msgspec.Struct, frozen=True):
    items: list[KeptPerson]


class NewPerson(msgspec.Struct, forbid_unknown_fields=True):
    login: Login
    name: PersonName
    role: Role
    unit_id: RowId | None = None
    head: bool = False
    duties: Duties = []
    skills: Skills | None = None


class PersonEdit(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change. Another role than `unit` leaves the unit by itself."""

    version: Version
    name: PersonName | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    unit_id: RowId | UnsetType | None = UNSET
    head: bool | UnsetType = UNSET
    duties: Duties | UnsetType = UNSET
    skills: Skills | UnsetType | None = UNSET
    open: bool | UnsetType = UNSET


class WithPassword(msgspec.Struct, frozen=True):
    """The password is shown this once and kept nowhere."""

    person: KeptPerson
    password: str


@operations.add("GET", "/admin/people", "Everybody with an account", roles=ADMINS)
async def list_people(context: Context, *, query: PeopleQuery) -> KeptPeople:
    found = await context.parts.database.read(people.listed, query.q, query.unit_id)
    return KeptPeople([shown(one) for one in found])


@operations.add("POST", "/admin/people", "Add a person", roles=ADMINS, problems=(422,))
async def add_person(context: Context, *, body: NewPerson) -> WithPassword:
    skills, mistakes = _skills(body.skills)
    wish = Wish(
        body.name.strip(), body.role, body.unit_id, body.head, frozenset(body.duties), skills
    )
    password = new_password()
    hashed = await context.services.passwords.hash(password)
    with as_problems("人员"):
        made = await context.parts.database.write(
            _add, context.account.id, body.login.strip(), wish, hashed, _queues(context.parts),
            mistakes,
        )  # fmt: skip
    return WithPassword(shown(made), password)


@operations.add(
    "PATCH", "/admin/people/{id}", "Change a person", roles=ADMINS, problems=(404, 409, 422)
)
async def change_person(context: Context, *, path: RowPath, body: PersonEdit) -> KeptPerson:
    with as_problems("人员", shown):
        changed = await context.parts.database.write(
            _change, context.account.id, path.id, body, _queues(context.parts)
        )
    await _leave(context, changed)
    return shown(changed.person)


@operations.add(
    "POST", "/admin/people/{id}/password", "A new password", roles=ADMINS, problems=(404, 409)
)
async def renew_password(context: Context, *, path: RowPath) -> WithPassword:
    password = new_password()
    hashed = await context.services.passwords.hash(password)
    with as_problems("人员"):
        changed = await context.parts.database.write(
            people_doors.renew_password, context.account.id, path.id, hashed, context.session.id
        )
    await _leave(context, changed)
    return WithPassword(shown(changed.person), password)


def shown(found: people.Person) -> KeptPerson:
    wish = found.wish
    skills = None
    if wish.skills is not None:
        skills = [Skill(queue, level) for queue, level in sorted(wish.skills.items())]
    return KeptPerson(
        found.id, found.login, wish.name, wish.role, wish.unit_id, found.unit_name, wish.head,
        sorted(wish.duties), skills, found.seat_id, wish.open, found.created_ms, wish.version,
    )  # fmt: skip


def _add(
    conn: Connection, by: int, login: str, wish: Wish, hashed: str, queues: frozenset[str],
    mistakes: list[Mistake],
) -> people.Person:  # fmt: skip
    return checked(mistakes, lambda: people_doors.create(conn, by, login, wish, hashed, queues))


def _change(
    conn: Connection, by: int, account_id: int, body: PersonEdit, queues: frozenset[str]
) -> Changed:
    before = people.get(conn, account_id)
    if before is None:
        raise Missing
    if before.wish.version != body.version:
        raise Outdated(before)
    wish, mistakes = _wished(before.wish, body)
    return checked(
        mistakes, lambda: people_doors.change(conn, by, account_id, body.version, wish, queues)
    )


def _wished(before: Wish, body: PersonEdit) -> tuple[Wish, list[Mistake]]:
    """What she is to be: as before, but for what was sent."""
    names = ("name", "role", "unit_id", "head", "open")
    given = {name: value for name in names if (value := getattr(body, name)) is not UNSET}
    mistakes: list[Mistake] = []
    if isinstance(body.name, str):
        given["name"] = body.name.strip()
    if isinstance(body.duties, list):
        given["duties"] = frozenset(body.duties)
    if body.skills is not UNSET:
        given["skills"], mistakes = _skills(body.skills)
    if given.get("role", "unit") != "unit":
        given = {"unit_id": None, "head": False} | given
    return msgspec.structs.replace(before, **given), mistakes


def _skills(wished: list[SkillWish] | None) -> tuple[dict[str, int] | None, list[Mistake]]:
    if wished is None:
        return None, []
    skills = {wish.queue: wish.level for wish in wished}
    twice = len(skills) != len(wished)
    return skills, [Mistake("skills", "同一个队列只能出现一次")] if twice else []


def _queues(parts: Parts) -> frozenset[str]:
    return frozenset(queue.name for queue in parts.settings.queues)


async def _leave(context: Context, changed: Changed) -> None:
    """Close what her ended sessions had open."""
    for session_id in changed.sessions:
        await context.services.hub.end_session(session_id)
        await context.services.sip.end_session(session_id)
    if changed.endpoint is not None:
        await context.services.phones.remove(changed.endpoint)
