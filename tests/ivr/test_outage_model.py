"""Whatever people do while the database comes and goes: every record is whole in the end.

The stories of `test_journey_model`, in any weather: the database is away, slow, or commits and
does not live to say so. Nothing may be lost, nothing may stand there twice.
"""

from __future__ import annotations

import asyncio
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from db.engine import DatabaseUnavailable
from db.models import leg_span
from tests.ivr.house import house, shipped
from tests.ivr.test_journey_model import Action, Story, action, check, come_to_an_end, gaps, usual
from tests.ivr.test_keeping import Frail
from tests.ivr.virtual import calm, run
from tests.support.examples import examples

LONG_ENOUGH_S = 30.0
"""For all that was kept to be written, and for what waits for the database to be tried again."""


async def weather(story: Story, what: str) -> None:
    db = story.house.db
    assert isinstance(db, Frail)
    db.away = what == "away"
    db.unacknowledged = what == "unacknowledged"
    db.latency_s = 5.0 if what == "slow" else 0.0


skies = st.builds(
    lambda what: action("weather", weather, what),
    st.sampled_from(["away", "away", "unacknowledged", "slow", "fine"]),
)
steps = st.one_of(usual, usual, skies, st.builds(lambda s: action("time", wait, s), gaps))


async def wait(_: Story, seconds: float) -> None:
    await asyncio.sleep(seconds)


async def tell(story: Story, actions: list[Action]) -> None:
    for act in actions:
        try:
            await act(story)
        except DatabaseUnavailable:
            # At a screen, too, nothing can be done without it.
            story.killed = True
        await calm()


def live(actions: list[Action]) -> None:
    async def go() -> None:
        with patch("tests.ivr.house.InlineDatabase", Frail):
            async with house(shipped()) as made:
                made.asterisk.retries = True
                story = Story(made)
                await tell(story, actions)
                await weather(story, "fine")
                await asyncio.sleep(LONG_ENOUGH_S)
                await come_to_an_end(story)
                check(story)
                keeper = made.controller.parts.keeper
                assert not keeper.away
                open_spans = made.look(select(leg_span.c.id).where(leg_span.c.to_ms.is_(None)))
                assert open_spans == []
                for citizen in story.citizens:
                    kinds = [kind for kind, _ in made.events(citizen.call_id)]
                    assert kinds.count("arrived") <= 1

    run(go)


@pytest.mark.slow
@given(st.lists(steps, max_size=25))
@hypothesis_settings(max_examples=examples(15))
def test_any_sequence_in_any_weather(actions: list[Action]) -> None:
    live(actions)
