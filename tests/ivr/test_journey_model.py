"""Whatever citizens, agents and fate do, in any order: every call comes to an end with its record.

It ends with a person, a message, or a caller who hung up; no seat, no telephone and no bridge is
left with a call that is over; and nobody goes a way that is not drawn in docs/architecture.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from db.feed import changes_since
from db.models import request, seat_history
from floor import calls, seats
from floor.seats import NotNow
from ivr import ari
from tests.ivr.fake_asterisk import Phone
from tests.ivr.house import Citizen, House, house, shipped
from tests.ivr.test_docs import ARCHITECTURE, SEAT_MOVES, drawn, section
from tests.ivr.virtual import calm, run
from tests.support.examples import examples

STAGE_MOVES = drawn(section(ARCHITECTURE, "Stages of a call"))
VERBS = ("hold", "resume", "hang_up", "pause_recording", "resume_recording", "send_digits")
FAILURES = (
    "POST /channels/{channelId}",
    "POST /channels/{channelId}/play/{playbackId}",
    "POST /channels/{channelId}/moh",
    "POST /bridges/{bridgeId}",
    "POST /bridges/{bridgeId}/addChannel",
    "DELETE /channels/{channelId}",
)
QUITE_SOME_TIME_S = 900.0
"""Longer than anybody waits, leaves a message or is wrapped up."""


@dataclass
class Story:
    """A house and who is in it."""

    house: House
    citizens: list[Citizen] = field(default_factory=list)
    seats: list[int] = field(default_factory=list)
    killed: bool = False

    def citizen(self, at: int) -> Citizen | None:
        return self.citizens[at % len(self.citizens)] if self.citizens else None

    def seat(self, at: int) -> int | None:
        return self.seats[at % len(self.seats)] if self.seats else None


Action = Callable[[Story], Coroutine[Any, Any, None]]


def action(name: str, doing: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> Action:
    async def act(story: Story) -> None:
        note(f"{asyncio.get_running_loop().time():8.2f} {name} {args}")
        await doing(story, *args)

    return act


async def dials(story: Story) -> None:
    if len(story.citizens) < 4:
        story.citizens.append(story.house.new_caller(f"1380000000{len(story.citizens)}"))


async def presses(story: Story, at: int, key: str) -> None:
    if (citizen := story.citizen(at)) is not None:
        citizen.presses(key)


async def hangs_up(story: Story, at: int) -> None:
    if (citizen := story.citizen(at)) is not None:
        citizen.hangs_up()


async def sits_down(story: Story, skills: dict[str, int], phone: Phone) -> None:
    if len(story.seats) < 3 and not story.house.db.away:
        story.seats.append(story.house.new_seat(skills, replace(phone)))


async def moves(story: Story, at: int, door: Any, *args: Any) -> None:
    if (seat := story.seat(at)) is not None:
        with contextlib.suppress(NotNow):
            story.house.db.do(door, seat, *args)


async def agent_hangs_up(story: Story, at: int) -> None:
    channels = [c for c in story.house.asterisk.legs if c.startswith("seat-")]
    if channels:
        story.house.asterisk.hangs_up(channels[at % len(channels)])


async def telephone(story: Story, at: int, online: bool) -> None:
    if (seat := story.seat(at)) is not None:
        story.house.asterisk.phone_changes(seats.endpoint_of(seat), online)


async def button(story: Story, at: int, verb: str) -> None:
    citizen = story.citizen(at)
    if citizen is not None and story.house.db.now(calls.get, citizen.call_id) is not None:
        story.house.asks(citizen.call_id, verb, digits="1")


async def time_passes(_: Story, seconds: float) -> None:
    await asyncio.sleep(seconds)


async def controller_dies(story: Story, for_s: float) -> None:
    story.killed = True
    await story.house.kill()
    await asyncio.sleep(for_s)
    await story.house.start()


async def asterisk_refuses(story: Story, what: str, how: ari.AriError) -> None:
    story.house.asterisk.fail_next[what] = how


at = st.integers(0, 3)
phones = st.sampled_from(
    [
        Phone(answers_after_s=0.0),
        Phone(answers_after_s=1.0),
        Phone(answers_after_s=14.9),
        Phone(answers_after_s=None),
        Phone(rejects=True),
        Phone(online=False),
        Phone(refuses_request=True),
    ]
)
skills = st.sampled_from([{"business": 1}, {"general": 1}, {"business": 1, "general": 2}])
gaps = st.sampled_from([0.0, 0.0, 0.1, 1.0, 2.0, 3.0, 10.0, 16.0, 60.0, 130.0])
refusals = st.sampled_from(
    [ari.RequestTimeout("no answer"), ari.ServerError(500, "no", "", "", "")]
)
person_moves = st.sampled_from(
    [
        (seats.go_available,),
        (seats.pause, "meal"),
        (seats.go_offline,),
        (seats.end_wrap_up,),
    ]
)
usual = st.one_of(
    st.builds(lambda: action("dials", dials)),
    st.builds(lambda a, k: action("presses", presses, a, k), at, st.sampled_from("120379#*")),
    st.builds(lambda a: action("hangs up", hangs_up, a), at),
    st.builds(lambda s, p: action("sits down", sits_down, s, p), skills, phones),
    st.builds(lambda a, m: action("moves", moves, a, *m), at, person_moves),
    st.builds(lambda a: action("agent hangs up", agent_hangs_up, a), at),
    st.builds(lambda a, o: action("telephone", telephone, a, o), at, st.booleans()),
    st.builds(lambda a, v: action("button", button, a, v), at, st.sampled_from(VERBS)),
    st.builds(lambda s: action("time passes", time_passes, s), gaps),
)
fate = st.one_of(
    st.builds(lambda s: action("controller dies", controller_dies, s), gaps),
    st.builds(
        lambda w, h: action("refuses", asterisk_refuses, w, h), st.sampled_from(FAILURES), refusals
    ),
)


async def tell(story: Story, actions: list[Action]) -> None:
    for act in actions:
        await act(story)
        await calm()


async def come_to_an_end(story: Story) -> None:
    """Whoever still talks hangs up; everybody else is given the time that the rules give him."""
    story.house.asterisk.fail_next.clear()
    await asyncio.sleep(QUITE_SOME_TIME_S)
    for citizen in story.citizens:
        if citizen.there:
            assert citizen.row.stage == "talking", "only who talks may stay for ever"
            assert citizen.talks_with is not None or citizen.row.held
            citizen.hangs_up()
    await asyncio.sleep(QUITE_SOME_TIME_S)


def check(story: Story) -> None:
    made = story.house
    assert made.failed() is None, "the controller died"
    for citizen in story.citizens:
        if made.db.now(calls.get, citizen.call_id) is not None:
            made.check_record(citizen.call_id)
        assert not citizen.there
    made.check_nothing_left()
    for seat in made.db.now(seats.all_seats):
        assert seat.state in ("offline", "available", "paused", "no_answer"), seat
        assert seat.call_id is None
    moved = {tuple(row) for row in made.look(_moves())}
    assert moved <= SEAT_MOVES
    check_stages(made)
    open_requests = made.look(select(request.c.id).where(request.c.state.in_(("new", "taken"))))
    assert story.killed or open_requests == []


def _moves() -> Any:
    return select(seat_history.c.from_state, seat_history.c.to_state)


def check_stages(made: House) -> None:
    """Every way that a call went is drawn."""
    stages: dict[str, list[str]] = {}
    for change in made.db.now(changes_since, 0, 1_000_000):
        if change.topic == "call":
            stages.setdefault(change.key, []).append(change.data["stage"])
    for way in stages.values():
        assert way[0] == "greeting"
        steps = {(a, b) for a, b in itertools.pairwise(way) if a != b}
        assert steps <= STAGE_MOVES


def live(actions: list[Action]) -> None:
    async def go() -> None:
        async with house(shipped()) as made:
            made.asterisk.retries = True
            story = Story(made)
            await tell(story, actions)
            await come_to_an_end(story)
            check(story)

    run(go)


@pytest.mark.slow
@given(st.lists(usual, max_size=25))
@hypothesis_settings(max_examples=examples(40))
def test_any_sequence_of_what_people_do(actions: list[Action]) -> None:
    live(actions)


@pytest.mark.slow
@given(st.lists(st.one_of(usual, usual, fate), max_size=25))
@hypothesis_settings(max_examples=examples(40))
def test_any_sequence_with_deaths_and_refusals(actions: list[Action]) -> None:
    live(actions)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.05, 0.5, 1.9, 2.0, 2.1, 5.0, 8.9, 9.0]),
            st.text("120379#*", max_size=2),
        ),
        max_size=6,
    ),
    st.one_of(st.none(), st.floats(0, 30)),
)
@hypothesis_settings(max_examples=examples(40))
def test_any_keys_in_the_menu_end_at_a_person_or_with_a_record(
    keys: list[tuple[float, str]], hangs_up_after_s: float | None
) -> None:
    async def go() -> None:
        async with house(shipped()) as made:
            story = Story(made)
            story.seats = [made.new_seat({"business": 1, "general": 1}, Phone(answers_after_s=0.5))]
            story.citizens = [made.new_caller()]
            citizen = story.citizens[0]
            if hangs_up_after_s is not None:
                loop = asyncio.get_running_loop()
                loop.call_later(hangs_up_after_s, citizen.hangs_up)
            for gap_s, pressed in keys:
                await asyncio.sleep(gap_s)
                for key in pressed:
                    citizen.presses(key)
            await asyncio.sleep(60)
            if hangs_up_after_s is None:
                assert citizen.talks_with == story.seats[0], "a person answers in the end"
            citizen.hangs_up()
            await asyncio.sleep(100)
            check(story)

    run(go)
