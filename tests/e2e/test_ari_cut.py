"""The controller's line to Asterisk is cut: calls go on, and what happened meanwhile is settled.

One copy serves the whole file; its controller reaches Asterisk through a wire that can be cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from floor import requests
from floor.requests import Request
from tests.support.copy import Copy, running_copy
from tests.support.states import GAVE_UP, Scene, all_go_on, in_state, in_states, patient
from tests.support.steps import hear_each_other, picked_up
from tests.support.wire import Wire, settled_again, times_settled
from tests.support.wire import wired as by_wire

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True, slots=True)
class Wired:
    """A copy and the wire from its controller to its Asterisk."""

    copy: Copy
    wire: Wire


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wired() -> AsyncIterator[Wired]:
    async with running_copy(patient) as copy, by_wire(copy) as wire:
        yield Wired(copy, wire)


async def test_given_a_call_in_every_state_when_line_is_cut_then_all_go_on(wired: Wired) -> None:
    async with in_states(wired.copy) as scenes:
        times = times_settled(wired.copy)
        wired.wire.cut()
        await asyncio.gather(*(s.hears() for s in scenes if s.state == "talking"))
        await settled_again(wired.copy, times)
        await all_go_on(scenes)


async def test_given_a_call_in_every_state_when_caller_leaves_unseen_then_his_record_is_whole(
    wired: Wired,
) -> None:
    async with in_states(wired.copy) as scenes:
        await wired.wire.close()
        await asyncio.gather(*(scene.citizen.hang_up() for scene in scenes))
        await wired.wire.mend()
        for scene in scenes:
            row = await wired.copy.complete(scene.citizen, GAVE_UP[scene.state])
            wanted = "abandoned" if scene.state in ("waiting", "ringing") else None
            assert await wired.copy.missed_of(row.id) == wanted, scene.state
            if scene.call is not None:
                await scene.call.ended()
                await scene.seat.is_in("available")


async def test_given_a_call_in_every_state_when_seat_leaves_or_answers_unseen_then_it_is_settled(
    wired: Wired,
) -> None:
    async with in_states(wired.copy, ("held", "talking", "ringing")) as scenes:
        held, talking, ringing = scenes
        for leaving in (held, talking):
            await leaving.seat.pause()  # from the call's end on
        await wired.wire.close()
        await held.seat_call.hang_up()
        await talking.seat_call.hang_up()
        await ringing.seat_call.answer()
        await wired.wire.mend()
        for left in (held, talking):
            await left.citizen.ended()
            await wired.copy.complete(left.citizen, "agent_hung_up")
            await left.seat.is_in("paused")
        await picked_up_unseen(ringing)
        await ringing.hears()
        await ringing.ends()


async def picked_up_unseen(scene: Scene) -> None:
    """Either the two are connected, or she was let go and is rung again."""
    if not await picked_up(scene.copy, scene.seat_call):
        await scene.seat.is_in("no_answer")
        await scene.seat.go_available()
        scene.call = await scene.seat.rung()
        await scene.seat_call.answer()


async def test_given_line_stalls_when_hold_is_pressed_then_it_is_done_once_it_flows(
    wired: Wired,
) -> None:
    async with in_state(wired.copy, "talking") as scene:
        copy, row = wired.copy, await wired.copy.call_of(scene.citizen)
        wired.wire.stall()
        put = await copy.db.write(requests.put, scene.seat.account_id, row.id, "hold", {})
        await copy.until(lambda conn: of(conn, put.id).state == "taken", what="hold is taken")
        await hear_each_other(scene.citizen, scene.seat_call)
        await wired.wire.mend()
        await copy.until(lambda conn: of(conn, put.id).state == "done", what="hold is done")
        scene.state = "held"
        await all_go_on([scene])


def of(conn: Connection, request_id: int) -> Request:
    found = requests.get(conn, request_id)
    assert found is not None
    return found
