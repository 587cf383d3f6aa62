"""`hotline accounts list|add|password`."""

from __future__ import annotations

import argparse

from sqlalchemy.exc import IntegrityError

from agent_console.passwords import hash_password, new_password
from config.model import Settings
from db import Database, connect
from db.engine import url_of
from hotline import accounts


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
    queues = {queue.name for queue in settings.queues}
    skills = dict(_skill(wish, queues) for wish in words.seat or ())
    if skills and words.role in ("unit", "admin"):
        raise MistakenError(f"The role {words.role} takes no calls: at most a --telephone.")
    password = new_password()
    has_seat = bool(skills) or words.telephone
    person = accounts.Person(words.login, words.name, words.role, skills if has_seat else None)
    try:
        await database.write(accounts.create, person, hash_password(password))
    except IntegrityError:
        raise MistakenError(f"The login {words.login} is taken.") from None
    print(f"  {words.login}: {password}   (shown this once)")


def _skill(wish: str, queues: set[str]) -> tuple[str, int]:
    """QUEUE or QUEUE:LEVEL."""
    queue, _, level = wish.partition(":")
    if queue not in queues:
        raise MistakenError(f"There is no queue {queue}; there are: {', '.join(sorted(queues))}.")
    if level and (not level.isdecimal() or int(level) < 1):
        raise MistakenError(f"{wish}: the level is a whole number, 1 the best.")
    return queue, int(level or 1)
