"""A controller whose Asterisk another one has taken: it ends, and says so where people look."""

from __future__ import annotations

import asyncio

import pytest

from floor import controllers
from ivr.controller import FencedOff
from tests.ivr.house import House, house
from tests.ivr.virtual import calm, run


def state_of(made: House) -> list[tuple[str, str | None]]:
    return [(beat.state, beat.detail) for beat in made.db.now(controllers.all_of)]


def test_given_a_talk_when_another_controller_connects_then_this_one_ends_and_says_so() -> None:
    async def story() -> None:
        async with house() as made:
            seat = made.new_seat()
            citizen = await made.caller_waits()
            await asyncio.sleep(2)
            assert citizen.talks_with == seat
            made.controller._fenced_by_asterisk()
            await calm()
            error = made.failed()
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            assert isinstance(error, FencedOff)
            assert state_of(made) == [
                ("fenced", "another controller has connected to this Asterisk")
            ]
            # The talk is the other's now: nothing was ended.
            assert citizen.there
            assert citizen.row.ended_ms is None

    run(story)


def test_given_it_is_stopped_then_it_says_that_it_stopped() -> None:
    async def story() -> None:
        async with house() as made:
            await made.stop()
            assert state_of(made) == [("stopped", None)]

    run(story)


@pytest.mark.parametrize("times", [1, 2])
def test_given_another_took_over_in_the_database_when_the_next_beat_is_due_then_it_ends(
    times: int,
) -> None:
    async def story() -> None:
        async with house() as made:
            for number in range(times):
                made.db.do(controllers.take_over, made.controller.asterisk, f"other-{number}")
            await asyncio.sleep(2 * controllers.BEAT_S + 120)
            error = made.failed()
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            assert isinstance(error, FencedOff)
            assert state_of(made) == [("starting", None)], "the row is the other's"

    run(story)
