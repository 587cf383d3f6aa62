"""`hotline accounts list|add|password`."""

from __future__ import annotations

import argparse

from sqlalchemy import Connection

from agent_console import people_doors
from agent_console.passwords import hash_password, new_password
from agent_console.people import Wish
from agent_console.people_rules import DUTIES, LOGIN, ON_DUTY, WITH_SKILLS
from config.model import Settings
from db import Database, connect
from db.engine import url_of
from hotline import accounts
from tickets import units
from tickets.kept import Mistaken
from tickets.units import Unit

SHOWN = 20
"""So many codes of units are listed where one was wrong."""


class MistakenError(Exception):
    """Something on the command line can't be; the words say what."""


async def run(settings: Settings, words: argparse.Namespace) -> int:
    """Do what the words say; the code of the command."""
    database = await connect(url_of(settings.database_url, settings.var))
    try:
        if words.what == "list":
            await _list(database)
        elif words.what == "password":
            await _new_password(database, words.login)
        else:
            await _add(settings, database, words)
    except MistakenError as mistaken:
        print(f"  ✗ {mistaken}")
        return 1
    finally:
        await database.close()
    return 0


async def _list(database: Database) -> None:
    for login, name, role, disabled in await database.read(accounts.listed):
        print(f"  {role:<12}{login:<16}{name}{'  (disabled)' if disabled else ''}")


async def _new_password(database: Database, login: str) -> None:
    password = await accounts.renew(database, login)
    if password is None:
        raise MistakenError(f"There is no account {login}.")
    print(f"  {login}: {password}   (shown this once)")


async def _add(settings: Settings, database: Database, words: argparse.Namespace) -> None:
    queues = frozenset(queue.name for queue in settings.queues)
    skills = dict(_skill(wish, queues) for wish in words.seat or ())
    if skills and words.role not in WITH_SKILLS:
        raise MistakenError(f"The role {words.role} takes no calls: at most a --telephone.")
    everywhere = await database.read(_units)
    taken = {login for login, *_ in await database.read(accounts.listed)}
    _look(words, everywhere, taken)
    wish = Wish(
        name=words.name.strip(),
        role=words.role,
        unit_id=everywhere[words.unit].id if words.unit else None,
        head=words.head,
        duties=frozenset(words.duty or ()),
        skills=skills if skills or words.telephone else None,
    )
    password = new_password()
    hashed = hash_password(password)
    try:
        await database.write(people_doors.create, None, words.login, wish, hashed, queues)
    except Mistaken as mistaken:
        told = "; ".join(f"{one.field}: {one.message}" for one in mistaken.mistakes)
        raise MistakenError(told) from None
    print(f"  {words.login}: {password}   (shown this once)")


def _units(conn: Connection) -> dict[str, Unit]:
    """Every unit by its code, closed ones too."""
    return {one.code: one for one in units.all_units(conn, closed=True)}


def _look(words: argparse.Namespace, everywhere: dict[str, Unit], taken: set[str]) -> None:
    """What can be said in the words of the command line; all of it at once."""
    wrong = []
    if not LOGIN.fullmatch(words.login):
        wrong.append(
            "The login has 2 to 32 small letters, digits or . _ -, a letter or digit first."
        )
    elif words.login in taken:
        wrong.append(f"The login {words.login} is taken.")
    if not words.name.strip():
        wrong.append("The name is empty.")
    duties = set(words.duty or ())
    if unknown := sorted(duties - set(DUTIES)):
        wrong.append(f"There is no duty {unknown[0]}; there are: {', '.join(DUTIES)}.")
    elif duties and words.role not in ON_DUTY:
        wrong.append(f"Duties are for {' and '.join(sorted(ON_DUTY))}s, not for {words.role}.")
    elif "sign" in duties and words.role != "supervisor":
        wrong.append("Only a supervisor (the head of the hotline) has the duty sign.")
    if words.role != "unit":
        wrong += [
            f"Only the role unit takes {option}."
            for option, said in (("--unit", words.unit), ("--head", words.head))
            if said
        ]
    elif words.unit is None or words.unit not in everywhere or not everywhere[words.unit].open:
        wrong.append(_which_unit(words.unit, everywhere))
    if wrong:
        raise MistakenError("\n    ".join(wrong))


def _which_unit(code: str | None, everywhere: dict[str, Unit]) -> str:
    there = sorted(one.code for one in everywhere.values() if one.open)
    if not there:
        return "There is no unit yet: an administrator makes them on the page first."
    listed = ", ".join(there[:SHOWN]) + (", …" if len(there) > SHOWN else "")
    if code is None:
        return f"The role unit needs --unit CODE; there are: {listed}."
    closed = code in everywhere
    return f"{'The unit ' + code + ' is closed' if closed else 'There is no unit ' + code}; there are: {listed}."


def _skill(wish: str, queues: frozenset[str]) -> tuple[str, int]:
    """QUEUE or QUEUE:LEVEL."""
    queue, _, level = wish.partition(":")
    if queue not in queues:
        raise MistakenError(f"There is no queue {queue}; there are: {', '.join(sorted(queues))}.")
    if level and (not level.isdecimal() or int(level) < 1):
        raise MistakenError(f"{wish}: the level is a whole number, 1 the best.")
    return queue, int(level or 1)
