"""Telephones of seats, as the controller comes to know of them."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from agent_console.accounts import add_account
from floor import seats
from floor.seats import Seat
from tests.support.copy import NOBODY, running_copy

pytestmark = pytest.mark.integration


async def test_given_telephone_there_already_when_its_seat_is_made_then_it_is_ready() -> None:
    async with running_copy() as copy:
        await copy.asterisk.push_seat(1, copy.telephones.port)

        def furnish(conn: Connection) -> Seat:
            account = add_account(conn, "early", "话务员", "agent", NOBODY)
            return seats.create(conn, account, "话务员", {"business": 1})

        made = await copy.db.write(furnish)
        assert (made.id, made.phone_ready) == (1, False)

        def ready(conn: Connection) -> bool:
            found = seats.get(conn, made.id)
            return found is not None and found.phone_ready

        await copy.until(ready, what="the seat's telephone is seen")
