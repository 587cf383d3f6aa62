"""Calls that are not taken: blocked, to a number that is not ours, in a language of none."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

from db.clock import now_ms
from db.models import blocked_number
from db.models import call as call_table
from tests.support.copy import Copy
from tests.support.steps import hears

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


async def test_given_blocked_number_when_it_calls_then_it_hears_why_and_is_kept(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    citizen = copy.citizen()
    values = {
        "caller_hash": copy.hash_of(citizen), "caller_masked": "138****0001",
        "reason": "nuisance", "since_ms": now_ms(),
    }  # fmt: skip
    await copy.db.write(lambda conn: conn.execute(insert(blocked_number), values))
    async with citizen:
        await hears(copy, citizen, "blocked")
        await citizen.press("1")
        await citizen.ended()
    assert citizen.outcome.end == "by_far_end"
    row = await copy.complete(citizen, "blocked")
    assert await copy.events_of(row.id) == ["arrived", "blocked", "ended"]
    assert (await seat.now()).offered_ms == 0
    assert not citizen.heard_tone(copy.pitch["greeting"])


async def test_given_number_of_nobody_when_dialled_then_404_and_no_record(copy: Copy) -> None:
    before = await _kept(copy)
    async with copy.citizen(number="07750000001") as citizen:
        outcome = await citizen.ended()
    assert (outcome.end, outcome.status) == ("refused", 404)
    assert await _kept(copy) == before


async def test_given_no_common_codec_when_dialled_then_488_and_no_record(copy: Copy) -> None:
    before = await _kept(copy)
    async with copy.citizen(codecs=(18,)) as citizen:
        outcome = await citizen.ended()
    assert (outcome.end, outcome.status) == ("refused", 488)
    assert await _kept(copy) == before


@pytest.mark.parametrize("written", ["077512345", "8677512345", "+8677512345"])
async def test_given_number_written_as_trunks_do_when_dialled_then_line_answers(
    copy: Copy, written: str
) -> None:
    async with copy.citizen(number=written) as citizen:
        await hears(copy, citizen, "greeting")
        await citizen.hang_up()
    row = await copy.complete(citizen, "abandoned_in_menu")
    assert row.line == "main"


async def _kept(copy: Copy) -> int:
    counted = select(func.count()).select_from(call_table)
    return await copy.db.read(lambda conn: conn.execute(counted).scalar_one())
