"""The database goes away for a while: calls go on, and what happened is written when it is back.

In the order in which it happened, as of the time at which it happened, and nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from db.clock import now_ms
from db.engine import url_of
from db.models import leg, ticket
from tests.support.copy import Copy, running_copy
from tests.support.postgres import NoPostgres, Postgres, postgres
from tests.support.states import in_states, patient
from tests.support.steps import hear_each_other, hears
from tests.support.talks import long_lasting, talks

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of this file's own: others' may not be stopped."""
    try:
        with postgres(durable=True) as running:
            yield running
    except NoPostgres as reason:
        pytest.skip(f"PostgreSQL can't run here: {reason}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def copy(server: Postgres) -> AsyncIterator[Copy]:
    async with running_copy(
        long_lasting, database_url=server.new_database(), outside=True
    ) as running:
        yield running


async def legs_are_whole(copy: Copy, call_id: str, answered: int) -> None:
    """Every leg has ended, once, not before it began."""
    statement = select(leg.c.started_ms, leg.c.answered_ms, leg.c.ended_ms).where(
        leg.c.call_id == call_id
    )
    rows = await copy.db.read(lambda conn: conn.execute(statement).all())
    assert sum(row.answered_ms is not None for row in rows) == answered
    for row in rows:
        assert max(row.started_ms, row.answered_ms or 0) <= row.ended_ms


async def tickets_of(copy: Copy, call_id: str) -> list[int]:
    found = select(ticket.c.id).where(ticket.c.call_id == call_id)
    return await copy.db.read(lambda conn: list(conn.execute(found).scalars()))


@pytest.mark.postgres
async def test_given_a_call_in_every_state_when_database_goes_then_calls_go_on_and_all_is_written(
    server: Postgres, copy: Copy
) -> None:
    async with in_states(copy) as scenes:
        held, talking, ringing, waiting, menu, greeting = scenes
        await asyncio.to_thread(server.crash)
        gone_ms = now_ms()

        await held.citizen.hang_up()
        await held.seat_call.ended()
        await talking.seat_call.hang_up()
        await talking.citizen.ended()
        await ringing.seat_call.answer()
        await ringing.hears()
        await waiting.citizen.hang_up()
        await menu.citizen.press("1")
        await hears(copy, menu.citizen, "waiting_first")
        await greeting.citizen.hang_up()
        async with copy.citizen() as newcomer:
            await hears(copy, newcomer, "system_busy")
            await newcomer.hang_up()
        await ringing.hears()

        back_ms = now_ms()
        await asyncio.to_thread(server.start)
        # The first seat that came free is rung for who waits.
        call = await copy.telephones.rung(20)
        assert call.endpoint in (held.seat.endpoint, talking.seat.endpoint)
        await call.answer()
        await hear_each_other(menu.citizen, call)
        await menu.citizen.hang_up()
        await ringing.ends()

        waited = await copy.missed_of(
            (await copy.complete(waiting.citizen, "abandoned_in_queue")).id
        )
        assert waited == "abandoned"
        ended = {
            "held": await copy.complete(held.citizen, "caller_hung_up"),
            "talking": await copy.complete(talking.citizen, "agent_hung_up"),
            "waiting": await copy.complete(waiting.citizen, "abandoned_in_queue"),
            "greeting": await copy.complete(greeting.citizen, "abandoned_in_menu"),
        }
        for state, row in ended.items():
            assert row.ended_ms is not None
            assert gone_ms <= row.ended_ms <= back_ms, f"{state}: as of when it happened"
        answered = await copy.complete(ringing.citizen, "agent_hung_up")
        assert answered.talk_ms is not None
        assert gone_ms <= answered.talk_ms <= back_ms
        served = await copy.complete(menu.citizen, "caller_hung_up")
        assert served.queued_ms is not None
        assert gone_ms <= served.queued_ms <= back_ms

        one_seat = ["queued", "offered", "answered"]
        assert await copy.events_of(ended["held"].id) == ["arrived", *one_seat, "held", "ended"]
        assert await copy.events_of(ended["talking"].id) == ["arrived", *one_seat, "ended"]
        assert await copy.events_of(answered.id) == ["arrived", *one_seat, "ended"]
        assert await copy.events_of(served.id) == ["arrived", "menu", *one_seat, "ended"]
        left_early = await copy.events_of(ended["greeting"].id)
        assert left_early in (["arrived", "ended"], ["arrived", "menu", "ended"])
        for row in (ended["held"], ended["talking"], answered, served):
            await legs_are_whole(copy, row.id, 2)
            assert await tickets_of(copy, row.id) == [row.ticket_id], "one, and the call knows it"
        for scene in (held, talking, ringing):
            await scene.seat.is_in("available")
        await copy.until(copy.none_open, 30, "no call is open")


@pytest.mark.postgres
async def test_given_conversations_when_database_goes_then_who_comes_and_goes_is_written_afterwards(
    server: Postgres, copy: Copy
) -> None:
    async with talks(copy, ("asking", "consulting", "conference", "left", "handing")) as made:
        asking, consulting, conference, left, handing = made
        await asyncio.to_thread(server.stop)
        gone_ms = now_ms()

        await asking.other.answer()
        await asking.other.hears_tone(copy.pitch["expert_notice"], 20)
        await consulting.other.hang_up()
        await conference.other.hang_up()
        await left.other.hang_up()
        await left.scene.caller.ended()
        await handing.other.answer()
        await handing.other.hears_tone(copy.pitch["expert_notice"], 20)

        back_ms = now_ms()
        await asyncio.to_thread(server.start)
        row = await copy.complete(left.scene.caller, "expert_hung_up")
        assert row.ended_ms is not None
        assert gone_ms <= row.ended_ms <= back_ms
        asking.state, handing.state = "consulting", "left"
        for alone in (consulting, conference):
            alone.state = "talking"
        for talk in (asking, consulting, conference, handing):
            await talk.still()
            await talk.ends()
            kinds = await copy.events_of(talk.scene.id)
            assert kinds[:4] == ["arrived", "queued", "offered", "answered"]
            assert len(kinds) == len(set(kinds)), "nothing twice"


async def test_given_other_process_holds_the_file_when_agent_hangs_up_then_it_is_written_later() -> (
    None
):
    async with running_copy(patient) as copy, in_states(copy, ("held", "talking")) as scenes:
        held, talking = scenes
        path = url_of(copy.settings.database_url, copy.settings.var).removeprefix("sqlite:///")
        locker = sqlite3.connect(path, isolation_level=None)
        with contextlib.closing(locker):
            locker.execute("BEGIN IMMEDIATE")
            await talking.seat_call.hang_up()
            await talking.citizen.ended()
            await held.citizen.hang_up()
            await held.seat_call.ended()
            freed_ms = now_ms()
            locker.execute("ROLLBACK")
        for scene, reason in ((talking, "agent_hung_up"), (held, "caller_hung_up")):
            row = await copy.complete(scene.citizen, reason)
            assert row.ended_ms is not None
            assert row.ended_ms <= freed_ms
            assert (await copy.events_of(row.id)).count("ended") == 1
            await scene.seat.is_in("available")
