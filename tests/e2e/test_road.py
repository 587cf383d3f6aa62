"""The whole road: dial, greeting, key 1, a seat answers, talk, hang up, everything kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from db.models import ticket
from hotline.testphone import hearing
from tests.support.copy import Copy, running_copy
from tests.support.postgres import NoPostgres, postgres
from tests.support.steps import hear_each_other, hears, sides, talking
from tests.support.tones import CITIZEN_HZ, SEAT_HZ

pytestmark = pytest.mark.integration


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def copy(request: pytest.FixtureRequest) -> AsyncIterator[Copy]:
    """On both databases."""
    if request.param == "sqlite":
        async with running_copy() as running:
            yield running
        return
    try:
        with postgres() as server:
            async with running_copy(database_url=server.new_database()) as running:
                yield running
    except NoPostgres as missing:
        pytest.skip(str(missing))


async def test_given_free_seat_when_citizen_presses_1_then_they_talk_and_all_is_kept(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    async with copy.citizen() as citizen:
        await citizen.answered()
        await hears(copy, citizen, "greeting")
        await citizen.press("1")
        call = await seat.rung()
        await seat.is_in("ringing", "reserved")
        await call.answer()
        await hear_each_other(citizen, call, seconds=1.0)
        await seat.is_in("talking")
        await call.hang_up()
        await citizen.ended()
    assert citizen.outcome.end == "by_far_end"

    row = await copy.complete(citizen, "agent_hung_up")
    assert (row.line, row.queue, row.seat_id) == ("main", "business", seat.id)
    assert row.caller_masked == f"138****{citizen.caller[-4:]}"
    assert row.queued_ms is not None
    assert row.talk_ms is not None
    assert row.started_ms <= row.queued_ms <= row.talk_ms
    events = await copy.events_of(row.id)
    assert events == ["arrived", "queued", "offered", "answered", "ended"]
    assert [role for role, _ in await copy.legs_of(row.id)] == ["caller", "seat"]
    draft = await copy.db.read(lambda conn: conn.execute(select(ticket)).one())
    assert (draft.call_id, draft.state, draft.account_id) == (row.id, "draft", seat.account_id)
    assert row.ticket_id == draft.id
    assert (await seat.is_in("available")).call_id is None


async def test_given_talk_when_filed_then_caller_is_left_and_seat_is_right(copy: Copy) -> None:
    seat = await copy.seat()
    async with talking(copy, seat) as (citizen, call):
        await hear_each_other(citizen, call, seconds=1.0)
        await citizen.hang_up()
        assert await call.ended() == "by_far_end"
    row = await copy.complete(citizen, "caller_hung_up")
    recording = await copy.recording_of(row.id)
    left, right = sides(copy, recording)
    assert hearing.tone_seconds(left, CITIZEN_HZ) >= 0.7
    assert hearing.tone_seconds(right, SEAT_HZ) >= 0.7
    assert not hearing.has_tone(left, SEAT_HZ)
    assert not hearing.has_tone(right, CITIZEN_HZ)
    # PIPL 30: the notice itself is on the recording.
    assert hearing.has_tone(right, copy.pitch["greeting"])
    assert recording.length_ms == pytest.approx(left.size / 8, abs=1)
    assert not list(copy.settings.spool.glob("*.raw"))
