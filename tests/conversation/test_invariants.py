"""What holds whatever happens: in every conversation of the small world, and in random long ones."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr import conversation as c
from ivr.conversation import STATES, Conversation, Event, Leg, Outcome
from ivr.conversation_table import HAPPENINGS, TABLE
from tests.conversation import world
from tests.conversation.world import Step, everything, first_two, is_over, step
from tests.support.examples import examples


def inside(conversation: Conversation) -> list[Leg]:
    return [leg for leg in conversation.legs if leg.place == "in"]


def check_conversation(now: Conversation) -> None:
    """What holds of every conversation as it stands."""
    assert [leg.role for leg in now.legs].count("caller") == 1
    assert [leg.role for leg in now.legs].count("agent") <= 1
    assert len({leg.id for leg in now.legs}) == len(now.legs)
    assert now.state in STATES
    for leg in now.legs:
        assert leg.answered or leg.place == "ringing", f"{leg.id} is {leg.place}, never answered"
        assert leg.place != "apart" or leg.role == "supervisor"
    assert len(now.others("ringing", "announcing")) <= 1, "two are rung at a time"
    assert len(now.others()) <= c.MOST_OTHERS
    seats = [leg.seat_id for leg in now.legs if leg.seat_id is not None]
    assert len(set(seats)) == len(seats), "one seat is on the call twice"
    check_nobody_is_forgotten(now)


def check_nobody_is_forgotten(now: Conversation) -> None:
    """Who waits, waits for somebody; who is in, is not alone in silence."""
    caller = now.caller
    if caller.place == "in":
        assert len(inside(now)) > 1, "the caller is alone in silence"
    elif now.agent is None:
        coming = now.others("ringing", "announcing") or now.lost_seat is not None
        assert coming, "the caller has music, and nobody is on his way"
    for leg in now.others("in"):
        assert len(inside(now)) > 1, f"{leg.id} is alone in silence"
    for leg in now.others("held"):
        waits = now.agent is not None or now.lost_seat is not None
        assert waits, f"{leg.id} has music, and nobody is there who could take him back"
    if now.agent is None and now.lost_seat is None:
        assert not [leg.id for leg in now.legs if leg.muted], "muted by nobody who is there"


def check_outcome(made: Step, outcome: Outcome) -> None:
    """What holds of every step: the actions bring the legs where the conversation has them."""
    before, after = made.before, outcome.conversation
    gone = [leg for leg in before.legs if after.leg(leg.id) is None]
    hung_up = [action.leg for action in outcome.actions if isinstance(action, c.HangUp)]
    assert len(set(hung_up)) == len(hung_up)
    for leg in gone:
        assert outcome.causes.get(leg.id), f"{leg.id} went without a cause"
        ended_itself = made.event.name in HAPPENINGS and made.event.leg == leg.id
        if leg.answered and not (ended_itself and made.event.name != "agent_lost"):
            assert leg.id in hung_up, f"{leg.id} stays on the line for ever"
    assert set(outcome.causes) == {leg.id for leg in gone}
    assert set(hung_up) <= {leg.id for leg in gone}
    if is_over(outcome):
        return
    for leg in after.legs:
        check_moved(before.leg(leg.id), leg, outcome)


def check_moved(was: Leg | None, leg: Leg, outcome: Outcome) -> None:
    """Exactly the actions that bring a leg from where it was to where it is."""
    done = [action for action in outcome.actions if getattr(action, "leg", None) == leg.id]
    kinds = [type(action) for action in done if not isinstance(action, c.Mute)]
    mutes = [action.on for action in done if isinstance(action, c.Mute)]
    assert mutes == ([leg.muted] if was is not None and was.muted != leg.muted else [])
    if was is None:
        assert kinds in ([c.Ring], [c.RingSeat])
        return
    moved = was.place != leg.place
    match leg.place:
        case "in":
            if moved and leg.role != "supervisor" and c.Supervise not in kinds:
                assert kinds == [c.Join], f"{leg.id} was {was.place}: {kinds}"
        case "held":
            assert kinds == [c.Hold] or (not moved and kinds in ([], [c.Hold]))
        case "announcing":
            assert kinds == ([c.Announce] if moved else [])
        case "ringing":
            assert kinds == []
        case "apart":
            assert set(kinds) <= {c.Supervise}
            assert kinds or not moved


def check(made: Step) -> None:
    """Everything that holds of one event in one conversation."""
    if isinstance(made.came_of_it, str):
        assert made.event.name not in HAPPENINGS, f"{made.event.name} was refused"
        assert made.came_of_it
        return
    check_outcome(made, made.came_of_it)
    if not is_over(made.came_of_it):
        check_conversation(made.came_of_it.conversation)


# --- everywhere in the small world ---


@pytest.mark.parametrize("name", list(TABLE))
def test_what_always_holds_holds_after_every_event_in_every_conversation(name: str) -> None:
    made = [one for one in everything() if one.event.name == name]
    assert made, "never tried"
    for one in made:
        try:
            check(one)
        except AssertionError as wrong:
            legs = [f"{x.id}:{x.place}" for x in one.before.legs]
            raise AssertionError(f"{one.before.state} {legs} + {one.event}: {wrong}") from wrong


def test_every_state_is_reached() -> None:
    assert {made.before.state for made in everything()} == set(STATES)


def test_what_comes_too_late_does_nothing() -> None:
    for now in world.conversations():
        for event in world.late(now):
            came = step(now, event).came_of_it
            assert isinstance(came, Outcome)
            assert (came.conversation, came.actions) == (now, ()), (now.state, event.name)


def test_the_caller_stays_until_somebody_hangs_up_or_he_waits_again() -> None:
    """An end has one of four reasons, and only when nobody is left to talk to him."""
    for made in everything():
        if isinstance(made.came_of_it, str):
            continue
        for action in made.came_of_it.actions:
            if not isinstance(action, c.End):
                continue
            name = made.event.name
            if action.reason == "caller_hung_up":
                assert name == "caller_gone"
            elif action.reason == "agent_hung_up":
                assert name in ("hang_up", "agent_gone")
                assert not made.before.others(), "somebody else was there"
            else:
                assert (action.reason, name) == ("expert_hung_up", "party_gone")
                assert made.event.cause == c.HUNG_UP
                assert len(made.before.others()) == 1
                assert made.before.lost_seat is None
            barged = [leg for leg in made.before.supervisors if leg.place == "in"]
            assert not barged or action.reason == "caller_hung_up"


def test_agent_and_expert_alone_means_that_the_caller_hears_music() -> None:
    for now in world.conversations():
        if now.state == "consulting":
            assert now.caller.place == "held"
            assert c.activity(now, now.caller) == "hold"
        if now.agent is not None and now.agent.place == "in" and now.caller.place != "in":
            assert c.activity(now, now.agent) in ("hold", "consult")


def test_whatever_is_left_alone_ends() -> None:
    """Nobody presses anything any more: the telephones and the clock bring every caller on."""
    for now in world.conversations():
        for _ in range(12):
            ahead = patient(now)
            if ahead is None:
                break
            came = step(now, ahead).came_of_it
            assert isinstance(came, Outcome)
            if is_over(came):
                break
            now = came.conversation
        waits = now.caller.place != "in" and now.agent is None
        assert is_over_or_talking(now) or not waits, now


def patient(now: Conversation) -> Event | None:
    """What happens when nobody picks up and nobody comes back."""
    ringing = next((leg for leg in now.legs if leg.place == "ringing"), None)
    spare = world.free_id(now, "agent")
    if ringing is not None:
        name = {"other": "party_gone", "supervisor": "supervisor_gone"}
        event = name.get(ringing.role, "agent_not_answered")
        return Event(event, leg=ringing.id, cause=c.NO_ANSWER, spare=spare)
    announcing = next((leg for leg in now.legs if leg.place == "announcing"), None)
    if announcing is not None:
        return Event("party_gone", leg=announcing.id, cause=world.GONE, spare=spare)
    if now.lost_seat is not None:
        return Event("grace_over", cause=c.NO_ANSWER, spare=spare)
    return None


def is_over_or_talking(now: Conversation) -> bool:
    return patient(now) is not None


# --- long random ways, beyond the small world ---


@st.composite
def ways(draw: st.DrawFn) -> list[Step]:
    """A conversation of up to forty events, with as many people as there may be."""
    now, made = first_two(), []
    for _ in range(draw(st.integers(5, 40))):
        possible = [event for event in world.events(now) if event.name != "caller_gone"]
        one = step(now, draw(st.sampled_from(possible)))
        made.append(one)
        if isinstance(one.came_of_it, Outcome):
            if is_over(one.came_of_it):
                break
            now = one.came_of_it.conversation
    return made


@settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.data_too_large],
)
@given(ways())
def test_what_always_holds_holds_on_every_way(way: list[Step]) -> None:
    for made in way:
        check(made)
