"""A copy of the house with the console as a process of its own, and people who can sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from agent_console.accounts import add_account
from agent_console.passwords import hash_password
from config.model import Settings
from db.models import call
from floor import seats
from floor.seats import Seat
from hotline.address import address_of
from tests.support.copy import Copy, running_copy
from tests.support.forked import ForkedPart
from tickets import store

PASSWORD = "lake-rice-nine-bell"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in; `seat_id` 0 means that there is no seat."""

    login: str
    name: str
    role: str
    account_id: int
    seat_id: int
    password: str = PASSWORD


class House:
    """A running copy with its console. Made by `running_house`."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.console = ForkedPart("console", copy.settings)
        self.address = address_of(copy.settings)
        self._password_hash = hash_password(PASSWORD)
        self._people = 0

    async def person(
        self, role: str = "agent", *, name: str = "", seat: bool | None = None
    ) -> Person:
        """A new person; agents have a seat of the business line."""
        self._people += 1
        login, name = f"person{self._people}", name or f"话务员{self._people}"
        seated = role == "agent" if seat is None else seat

        def furnish(conn: Connection) -> tuple[int, int]:
            account = add_account(conn, login, name, role, self._password_hash)
            return account, seats.create(conn, account, name, {"business": 1}).id if seated else 0

        account_id, seat_id = await self.copy.db.write(furnish)
        return Person(login, name, role, account_id, seat_id)

    def seat_without_queue(self, conn: Connection, account_id: int, name: str) -> int:
        """A seat that no caller waits for: an expert's, a supervisor's; its id."""
        return seats.create(conn, account_id, name, {}).id

    async def seat_of(self, person: Person) -> Seat:
        found = await self.copy.db.read(seats.get, person.seat_id)
        assert found is not None
        return found

    async def seat_is(self, person: Person, *states: str) -> Seat:
        """Wait until the server holds the person's seat to be in one of the states."""

        def look(conn: Connection) -> Seat | None:
            found = seats.get(conn, person.seat_id)
            return found if found is not None and found.state in states else None

        return await self.copy.until(look, 20, f"seat is {' or '.join(states)}")

    async def ticket(self, owner: Person, text: str = "", **fields: str) -> int:
        """A draft of this person's, as if a call of hers had just ended; its id."""
        filled = {**({"text": text} if text else {}), **fields}

        def begin(conn: Connection) -> int:
            made = store.draft(
                conn,
                call_id=None,
                source="call",
                caller_hash="nobody's",
                caller_masked="138****0000",
                account_id=owner.account_id,
            )
            if filled:
                store.edit(conn, made.id, made.version, owner.account_id, filled)
            return made.id

        return await self.copy.db.write(begin)

    async def newest_call(self) -> str:
        """The id of the call that came last; empty when none did."""
        statement = select(call.c.id).order_by(call.c.started_ms.desc()).limit(1)
        return await self.copy.db.read(lambda conn: conn.execute(statement).scalar() or "")

    async def everybody_goes(self) -> None:
        """Wait for every call to end, then send every seat home: the next test starts afresh."""
        await self.copy.everybody_goes(30)


def for_screens(settings: Settings) -> Settings:
    """Times long enough for a busy browser; wrap-up as long as a test needs."""
    lines = tuple(replace(line, key_wait_s=8.0) for line in settings.lines)
    queues = tuple(
        replace(queue, ring_s=30.0, wrap_up_s=60.0, announce_first_s=60.0, announce_every_s=60.0)
        for queue in settings.queues
    )
    return replace(settings, lines=lines, queues=queues)


@asynccontextmanager
async def running_house(
    settings: Callable[[Settings], Settings] = for_screens, *, outside: bool = False
) -> AsyncIterator[House]:
    """Start everything, hand it out, stop it. With `outside` somebody can be called there."""
    async with running_copy(settings, outside=outside) as copy:
        house = House(copy)
        # Somebody is there first, so that no accounts of a demonstration are made.
        await house.person("admin")
        try:
            await house.console.start()
            yield house
        finally:
            await house.console.stop()
