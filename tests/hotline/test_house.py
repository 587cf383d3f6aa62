"""Parts that live together: what ends the house, and in which order it is stopped."""

import asyncio
import os
import signal

import pytest

from hotline.house import House
from hotline.progress import StepFailed


async def for_ever() -> None:
    await asyncio.Event().wait()


async def dying() -> None:
    raise RuntimeError("broken")


async def nothing() -> None:
    return


async def test_given_all_live_when_a_signal_comes_then_the_house_is_over() -> None:
    house = House()
    house.listen_to_signals()
    house.live("a", for_ever())
    assert await house.started(asyncio.create_task(nothing()))
    os.kill(os.getpid(), signal.SIGTERM)
    assert await house.until_over() is None
    await house.close()


async def test_given_all_live_when_a_part_dies_then_its_name_and_why_are_told() -> None:
    house = House()
    house.live("good", for_ever())
    house.live("bad", dying())
    assert await house.until_over() == "bad ended by itself (RuntimeError: broken)"
    await house.close()


async def test_given_all_live_when_a_part_just_ends_then_that_is_a_death_too() -> None:
    house = House()
    house.live("bad", nothing())
    assert await house.until_over() == "bad ended by itself (it ended without a word)"
    await house.close()


async def test_given_the_start_is_under_way_when_a_part_dies_then_the_start_fails() -> None:
    house = House()
    house.live("bad", dying())
    with pytest.raises(StepFailed) as caught:
        await house.started(asyncio.create_task(for_ever()))
    assert caught.value.step == "bad"
    assert caught.value.reason == "RuntimeError: broken"
    await house.close()


async def test_given_the_start_is_under_way_when_a_signal_comes_then_it_is_given_up() -> None:
    house = House()
    house.listen_to_signals()
    starting = asyncio.create_task(for_ever())
    os.kill(os.getpid(), signal.SIGINT)
    assert not await house.started(starting)
    assert starting.cancelled()
    await house.close()


async def test_what_started_last_stops_first_and_a_failed_stop_hinders_no_other() -> None:
    house = House()
    order: list[str] = []

    def stop(name: str, error: Exception | None = None) -> None:
        async def end() -> None:
            order.append(name)
            if error:
                raise error

        house.on_stop(name, end)

    stop("database")
    stop("controller", OSError("stuck"))
    stop("console")
    await house.close()
    assert order == ["console", "controller", "database"]


async def test_ending_a_part_waits_for_its_own_last_words() -> None:
    house = House()
    said: list[str] = []

    async def part() -> None:
        try:
            await for_ever()
        finally:
            await asyncio.sleep(0)
            said.append("good bye")

    house.live("part", part())
    await asyncio.sleep(0)
    house.on_stop("stopping the part", house.ending("part"))
    await house.close()
    assert said == ["good bye"]
