"""On a real Asterisk: nobody of the queue is there, a seat of another is called in and answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.model import Settings
from floor import staffing_doors
from tests.support.copy import running_copy
from tests.support.steps import hear_each_other, hears

pytestmark = pytest.mark.integration


def brisk_rule(settings: Settings) -> Settings:
    rule = replace(settings.staffing.rules[0], keep=0, most=1, wait_limit_s=1.0, quiet_s=10.0)
    how = replace(settings.staffing, on=True, every_s=1.0, rules=(rule,))
    return replace(settings, staffing=how)


async def test_given_nobody_of_the_queue_is_there_when_a_caller_waits_then_one_is_called_in() -> (
    None
):
    async with running_copy(brisk_rule) as copy:
        general = await copy.seat({"general": 1})
        async with copy.citizen() as citizen:
            await hears(copy, citizen, "greeting")
            await citizen.press("1")
            call = await general.rung(within_s=20)
            assert (await general.now()).skills == {"general": 1, "business": 5}
            await call.answer()
            await hear_each_other(citizen, call)
            await citizen.hang_up()
        row = await copy.complete(citizen, "caller_hung_up")
        assert (row.queue, row.owner_seat_id) == ("business", general.id)
        (step,) = await copy.db.read(staffing_doors.steps_of, "business")
        assert (step["kind"], step["seat_id"]) == ("called_in", general.id)
