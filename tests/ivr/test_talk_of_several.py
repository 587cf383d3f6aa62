"""Conversations of several in virtual time: who is with whom, and what becomes of the caller."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from floor import seats
from ivr import ari
from tests.ivr.fake_asterisk import Phone
from tests.ivr.house import House, in_a_house
from tests.ivr.several import EXPERT, OTHER, Scene, at_number, at_queue, at_seat, talking, telephone
from tests.ivr.virtual import calm

CALLER = "caller"


async def over(scene: Scene) -> None:
    """The caller hangs up; whatever happened before, the record is whole and nothing is left."""
    scene.citizen.hangs_up()
    await calm()
    await asyncio.sleep(1)
    scene.house.check_record(scene.citizen.call_id)
    scene.house.check_nothing_left()


# --- consult, swap, three-way ---


@in_a_house()
async def test_the_caller_hears_nothing_of_a_consultation(house: House) -> None:
    scene = await talking(house)
    telephone(house, EXPERT)
    await scene.does("consult", target=at_number())
    assert (scene.state, scene.citizen.hears_music()) == ("asking", True)
    assert scene.together == {scene.seat}
    await asyncio.sleep(1.5)
    assert house.asterisk.heard[scene.channel_of(EXPERT)] == ["expert_notice"]
    assert scene.together == {scene.seat}, "nobody speaks before the notice is heard"
    await asyncio.sleep(3)
    assert scene.state == "consulting"
    assert scene.together == {scene.seat, EXPERT}
    await over(scene)


@in_a_house()
async def test_swap_and_back_and_all_together(house: House) -> None:
    scene = await talking(house)
    await scene.asks_expert()
    steps = [
        ("swap", "aside", {scene.seat, CALLER}),
        ("swap", "consulting", {scene.seat, EXPERT}),
        ("join", "conference", {scene.seat, EXPERT, CALLER}),
        ("hold", "consulting", {scene.seat, EXPERT}),
        ("back", "talking", {scene.seat, CALLER}),
    ]
    for verb, state, inside in steps:
        await scene.does(verb)
        assert (scene.state, scene.together) == (state, inside)
        waits = CALLER not in inside
        assert (scene.citizen.hears_music(), scene.citizen.row.held) == (waits, waits)
    await over(scene)


@in_a_house()
async def test_a_second_expert_makes_four(house: House) -> None:
    scene = await talking(house)
    await scene.asks_expert("invite")
    assert scene.state == "conference"
    await scene.asks_expert("invite", OTHER)
    assert scene.together == {scene.seat, CALLER, EXPERT, OTHER}
    await over(scene)


@in_a_house()
async def test_an_expert_who_does_not_answer_brings_the_caller_back(house: House) -> None:
    scene = await talking(house)
    telephone(house, EXPERT, Phone(answers_after_s=None))
    await scene.does("consult", target=at_number())
    ring_s = house.settings.talk.consult_ring_s
    await asyncio.sleep(ring_s - 1)
    assert scene.state == "asking"
    await asyncio.sleep(2)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    assert scene.causes()[-1] == ("party", "not_answered")
    await over(scene)


@pytest.mark.parametrize(
    ("phone", "why"),
    [
        (Phone(refuses_request=True), "unreachable"),
        (Phone(rejects=True), "refused"),
        (Phone(fails_with=17), "busy"),
        (Phone(fails_with=1), "wrong_number"),
    ],
)
@in_a_house()
async def test_an_expert_who_can_not_be_had(house: House, phone: Phone, why: str) -> None:
    scene = await talking(house)
    telephone(house, EXPERT, phone)
    await scene.does("consult", target=at_number())
    await asyncio.sleep(1)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    assert scene.causes()[-1] == ("party", why)
    await over(scene)


@in_a_house()
async def test_a_notice_whose_end_nobody_hears_of(house: House) -> None:
    """The connection to Asterisk was cut just then, say: the expert joins all the same."""
    scene = await talking(house)
    telephone(house, EXPERT)
    await scene.does("consult", target=at_number())
    await asyncio.sleep(1.5)
    (playing,) = house.asterisk.legs[scene.channel_of(EXPERT)].playbacks
    assert playing.timer is not None
    playing.timer.cancel()
    await asyncio.sleep(8)
    assert (scene.state, scene.together) == ("consulting", {scene.seat, EXPERT})
    await over(scene)


@in_a_house()
async def test_the_agent_hears_the_ringing_until_it_ends(house: House) -> None:
    scene = await talking(house)
    telephone(house, EXPERT, Phone(answers_after_s=3))
    await scene.does("consult", target=at_number())
    channel = scene.channel_of(scene.seat)
    heard = [house.asterisk.legs[channel].hears_ringing]
    await asyncio.sleep(3.5)
    heard.append(house.asterisk.legs[channel].hears_ringing)
    assert heard == [True, False]
    await over(scene)


# --- leaving, and who has the call then ---


@in_a_house()
async def test_who_leaves_is_free_and_the_call_stays_hers(house: House) -> None:
    scene = await talking(house)
    await scene.asks_expert("invite")
    await scene.does("mute", leg=scene.channel_of(EXPERT))
    assert house.asterisk.legs[scene.channel_of(EXPERT)].unheard
    await scene.does("leave")
    assert (scene.state, scene.together) == ("left", {EXPERT, CALLER})
    assert not house.asterisk.legs[scene.channel_of(EXPERT)].unheard
    assert house.seat(scene.seat).state == "wrap_up"
    assert scene.citizen.row.owner_seat_id == scene.seat
    await scene.does("come_back")
    await asyncio.sleep(1)
    assert (scene.state, scene.together) == ("conference", {scene.seat, EXPERT, CALLER})
    assert house.seat(scene.seat).state == "talking"
    await over(scene)


@in_a_house()
async def test_when_the_expert_alone_with_the_caller_hangs_up_it_is_over(house: House) -> None:
    scene = await talking(house)
    await scene.asks_expert("invite")
    await scene.does("leave")
    scene.hangs_up(EXPERT)
    await calm()
    assert house.check_record(scene.citizen.call_id).end_reason == "expert_hung_up"
    house.check_nothing_left()


@in_a_house()
async def test_when_the_line_of_the_expert_breaks_the_agent_is_rung(house: House) -> None:
    scene = await talking(house)
    await scene.asks_expert("invite")
    await scene.does("leave")
    house.asterisk.hangs_up(scene.channel_of(EXPERT), 44)
    await calm()
    assert (scene.state, scene.citizen.hears_music()) == ("recalling", False)
    assert scene.citizen.heard[-1] == "connecting"
    await asyncio.sleep(1)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    await over(scene)


@in_a_house()
async def test_a_colleague_who_stays_has_call_and_ticket(house: House) -> None:
    scene = await talking(house)
    colleague = house.new_seat({"general": 1})
    await scene.does("consult", target=at_seat(colleague))
    await asyncio.sleep(2)
    assert scene.together == {scene.seat, colleague}
    await scene.does("leave")
    assert (scene.state, scene.together) == ("talking", {colleague, CALLER})
    row = scene.citizen.row
    assert (row.owner_seat_id, row.seat_id) == (colleague, colleague)
    assert house.seat(scene.seat).state == "wrap_up"
    (ticket,) = house.tickets(row.id)
    assert ticket[2] == house.seat(colleague).account_id
    await over(scene)
    assert house.seat(colleague).state == "wrap_up"


# --- transfers ---


@in_a_house()
async def test_a_transfer_to_a_colleague(house: House) -> None:
    scene = await talking(house)
    colleague = house.new_seat({"general": 1})
    await scene.does("transfer", target=at_seat(colleague))
    assert (scene.state, house.seat(scene.seat).state) == ("handing", "wrap_up")
    assert scene.citizen.heard[-1] == "connecting"
    await asyncio.sleep(2)
    assert (scene.state, scene.together) == ("talking", {colleague, CALLER})
    assert scene.citizen.row.owner_seat_id == colleague
    await over(scene)
    assert house.seat(scene.seat).state == "wrap_up"


@pytest.mark.parametrize("tells_first", [False, True])
@in_a_house()
async def test_a_transfer_to_a_queue(house: House, tells_first: bool) -> None:
    """The end of the agent's channel may be told when the next seat rings already."""
    house.asterisk.tells_first = tells_first
    scene = await talking(house)
    other = house.new_seat({"general": 1})
    await scene.does("transfer", target=at_queue("general"))
    assert (scene.citizen.row.queue, scene.citizen.row.head) == ("general", False)
    assert house.seat(scene.seat).state == "wrap_up"
    await asyncio.sleep(6)
    assert scene.citizen.talks_with == other
    assert "not_answered" not in scene.events
    assert len(house.tickets(scene.citizen.call_id)) == 1
    await over(scene)


@in_a_house()
async def test_a_transfer_that_fails_comes_back_to_the_agent(house: House) -> None:
    scene = await talking(house)
    telephone(house, EXPERT, Phone(fails_with=17))
    await scene.does("transfer", target=at_number())
    await asyncio.sleep(0.3)
    assert scene.state == "recalling"
    assert scene.citizen.heard[-1] == "transfer_failed"
    await asyncio.sleep(2)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    assert house.seat(scene.seat).state == "talking"
    await over(scene)


@in_a_house()
async def test_a_transfer_that_fails_when_the_agent_talks_already(house: House) -> None:
    """She is free at once, and takes the next: he whom she gave away is next in the queue."""
    scene = await talking(house)
    telephone(house, EXPERT, Phone(answers_after_s=None))
    await scene.does("transfer", target=at_number())
    house.db.do(seats.end_wrap_up, scene.seat)
    behind = await house.caller_waits()
    await asyncio.sleep(2)
    assert behind.talks_with == scene.seat
    third = await house.caller_waits()
    await asyncio.sleep(house.settings.talk.transfer_ring_s + 1)
    row = scene.citizen.row
    assert (row.stage, row.head, row.hint is not None) == ("waiting", True, True)
    assert "transfer_failed" in scene.citizen.heard
    free = house.new_seat()
    await asyncio.sleep(3)
    assert (scene.citizen.talks_with, third.row.stage) == (free, "waiting")
    assert house.failed() is None


@in_a_house()
async def test_a_transfer_that_fails_when_the_agent_does_not_come(house: House) -> None:
    scene = await talking(house)
    telephone(house, EXPERT, Phone(fails_with=17))
    house.phone(scene.seat).answers_after_s = None
    await scene.does("transfer", target=at_number())
    await asyncio.sleep(house.settings.talk.transfer_ring_s + 1)
    assert (scene.citizen.row.stage, scene.citizen.row.head) == ("waiting", True)
    assert house.seat(scene.seat).state == "no_answer", "who misses a call is not rung again"
    other = house.new_seat()
    await asyncio.sleep(3)
    assert scene.citizen.talks_with == other


@in_a_house()
async def test_a_transfer_to_who_is_not_free_changes_nothing(house: House) -> None:
    scene = await talking(house)
    busy = house.new_seat(state="offline")
    state, sentence = await scene.press("transfer", target=at_seat(busy))
    assert (state, "不能接听" in sentence) == ("refused", True)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    await over(scene)


# --- an agent whose page is gone ---


@in_a_house()
async def test_an_agent_who_comes_back_in_time(house: House) -> None:
    scene = await talking(house)
    scene.loses_page()
    await calm()
    assert (scene.state, scene.citizen.heard[-1]) == ("lost", "agent_lost")
    await asyncio.sleep(3)
    assert scene.citizen.hears_music()
    assert house.seat(scene.seat).state == "talking", "never shown as available"
    await asyncio.sleep(10)
    scene.page_is_back()
    await asyncio.sleep(2)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    assert not scene.citizen.hears_music()
    assert house.seat_states(scene.seat).count("talking") == 1
    assert scene.events.count("agent_back") == 1
    await over(scene)


@in_a_house()
async def test_an_agent_who_does_not_come_back(house: House) -> None:
    scene = await talking(house)
    before = await house.caller_waits()
    scene.loses_page()
    await asyncio.sleep(house.settings.talk.lost_seat_s + 1)
    row = scene.citizen.row
    assert (row.stage, row.head) == ("waiting", True)
    assert "掉线" in (row.hint or "")
    assert (house.seat(scene.seat).state, house.seat(scene.seat).reason) == (
        "offline",
        "phone_lost",
    )
    other = house.new_seat()
    await asyncio.sleep(3)
    assert scene.citizen.talks_with == other, "he is next, before those who waited"
    assert before.row.stage == "waiting"
    (ticket,) = house.tickets(row.id)
    assert ticket[2] == house.seat(other).account_id
    assert scene.causes()[:2] == [("caller", None), ("seat", "lost")]


@in_a_house()
async def test_an_agent_who_is_back_but_misses_the_first_ring(house: House) -> None:
    """A page that is just coming up: rung again while her time lasts."""
    scene = await talking(house)
    house.phone(scene.seat).fails_with = 20
    scene.loses_page()
    await asyncio.sleep(4)
    scene.page_is_back()
    await asyncio.sleep(5)
    assert scene.state == "lost"
    house.phone(scene.seat).fails_with = None
    await asyncio.sleep(4)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    await over(scene)


@in_a_house()
async def test_an_agent_who_is_rung_as_her_time_runs_out(house: House) -> None:
    scene = await talking(house)
    scene.loses_page()
    house.phone(scene.seat).answers_after_s = 5
    await asyncio.sleep(house.settings.talk.lost_seat_s - 2)
    scene.page_is_back()
    await asyncio.sleep(3)
    assert scene.state == "recalling"
    await asyncio.sleep(4)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    await over(scene)


@in_a_house()
async def test_an_agent_who_is_back_and_never_answers(house: House) -> None:
    scene = await talking(house)
    scene.loses_page()
    house.phone(scene.seat).answers_after_s = None
    await asyncio.sleep(2)
    scene.page_is_back()
    talk = house.settings.talk
    await asyncio.sleep(talk.lost_seat_s + talk.transfer_ring_s + 5)
    assert (scene.citizen.row.stage, scene.citizen.row.head) == ("waiting", True)
    assert house.seat(scene.seat).state == "offline"
    scene.citizen.hangs_up()
    await calm()
    house.check_record(scene.citizen.call_id)


@in_a_house()
async def test_an_agent_lost_in_a_conference_and_back(house: House) -> None:
    scene = await talking(house)
    await scene.asks_expert("invite")
    scene.loses_page()
    await calm()
    assert (scene.state, scene.together) == ("left", {EXPERT, CALLER})
    scene.page_is_back()
    await asyncio.sleep(2)
    assert (scene.state, scene.together) == ("conference", {scene.seat, EXPERT, CALLER})
    await over(scene)


@in_a_house()
async def test_when_the_expert_goes_while_the_agent_is_lost_the_caller_waits(house: House) -> None:
    scene = await talking(house)
    await scene.asks_expert("invite")
    scene.loses_page()
    await calm()
    scene.hangs_up(EXPERT)
    await calm()
    assert (scene.state, scene.citizen.there) == ("lost", True)
    scene.page_is_back()
    await asyncio.sleep(2)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    await over(scene)


@in_a_house()
async def test_a_lost_agent_while_she_asks_an_expert(house: House) -> None:
    scene = await talking(house)
    await scene.asks_expert()
    scene.loses_page()
    await calm()
    assert (scene.state, scene.together) == ("lost", set())
    assert house.asterisk.legs[scene.channel_of(EXPERT)].music
    scene.page_is_back()
    await asyncio.sleep(2)
    assert (scene.state, scene.together) == ("aside", {scene.seat, CALLER})
    await over(scene)


@in_a_house()
async def test_a_new_page_that_says_the_old_one_is_gone(house: House) -> None:
    scene = await talking(house)
    await scene.does("phone_gone")
    await asyncio.sleep(3)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    assert scene.events.count("agent_lost") == scene.events.count("agent_back") == 1
    await over(scene)


# --- buttons against each other ---


@pytest.mark.parametrize("verb", ["hold", "consult", "invite", "leave", "join", "swap", "back"])
@in_a_house()
async def test_the_same_button_twice(house: House, verb: str) -> None:
    scene = await talking(house)
    args: dict[str, Any] = {}
    if verb in ("leave", "join", "swap", "back"):
        await scene.asks_expert()
    else:
        telephone(house, EXPERT)
        args = {"target": at_number()} if verb != "hold" else {}
    await scene.does(verb, **args)
    before = scene.state
    again = await scene.press(verb, **args)
    if verb == "swap":
        assert again == ("done", "")
    else:
        assert again[0] == "refused"
        assert again[1]
        assert scene.state == before
    await over(scene)


@in_a_house()
async def test_two_people_press_opposite_buttons(house: House) -> None:
    """Both in one moment: the first counts, the second is told."""
    scene = await talking(house)
    boss = house.new_seat({"general": 1})
    await scene.does("barge", by=boss)
    await asyncio.sleep(2)
    first = house.asks(scene.citizen.call_id, "hang_up")
    taken = await scene.press("take_over", by=boss)
    assert house.answer(first).state == "done"
    assert taken[0] == "refused"
    assert (scene.state, scene.together) == ("talking", {boss, CALLER})
    assert house.seat(scene.seat).state == "wrap_up"
    await over(scene)


@in_a_house()
async def test_a_transfer_as_the_caller_hangs_up(house: House) -> None:
    scene = await talking(house)
    asked = house.asks(scene.citizen.call_id, "transfer", target=at_queue("general"))
    scene.citizen.hangs_up()
    await asyncio.sleep(12)
    assert house.answer(asked).state in ("done", "refused")
    house.check_record(scene.citizen.call_id)
    house.check_nothing_left()


@pytest.mark.parametrize("leg", ["", "nobody", "party-of-another-call"])
@in_a_house()
async def test_a_leg_that_is_not_there(house: House, leg: str) -> None:
    scene = await talking(house)
    for verb in ("mute", "unmute", "drop"):
        state, sentence = await scene.press(verb, leg=leg)
        assert (state, "不在通话中" in sentence) == ("refused", True)
    assert scene.together == {scene.seat, CALLER}
    await over(scene)


@pytest.mark.parametrize(
    "target",
    [
        None,
        {},
        {"kind": "seat", "value": 99},
        {"kind": "seat", "value": "abc"},
        {"kind": "expert", "value": 7},
        {"kind": "queue", "value": "business"},
        {"kind": "number", "sealed": "rubbish", "masked": "x"},
        {"kind": "moon", "value": 1},
    ],
)
@in_a_house()
async def test_whom_nobody_can_ring(house: House, target: object) -> None:
    scene = await talking(house)
    for verb in ("consult", "invite"):
        state, sentence = await scene.press(verb, target=target)
        assert (state, bool(sentence)) == ("refused", True)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    await over(scene)


# --- supervisors ---


@in_a_house()
async def test_a_supervisor_listens_whispers_barges_and_takes_over(house: House) -> None:
    scene = await talking(house)
    boss = house.new_seat({"general": 1}, state="paused")
    house.db.do(seats.pause, boss, "meeting")
    await scene.does("listen", by=boss)
    await asyncio.sleep(2)
    assert scene.together == {scene.seat, CALLER}, "nobody hears her"
    assert house.seat(boss).state == "talking"
    await scene.does("whisper", by=boss)
    assert scene.together == {scene.seat, CALLER}
    await scene.does("barge", by=boss)
    assert scene.together == {scene.seat, CALLER, boss}
    await scene.does("take_over", by=boss)
    assert (scene.state, scene.together) == ("talking", {boss, CALLER})
    assert scene.citizen.row.owner_seat_id == boss
    assert house.tickets(scene.citizen.call_id)[0][2] == house.seat(boss).account_id
    await over(scene)


@in_a_house()
async def test_a_supervisor_who_stops_goes_back_to_what_she_did(house: House) -> None:
    scene = await talking(house)
    boss = house.new_seat({"general": 1}, state="offline")
    house.db.do(seats.pause, boss, "meeting")
    await scene.does("listen", by=boss)
    await asyncio.sleep(2)
    await scene.does("stop", by=boss)
    await calm()
    assert (house.seat(boss).state, house.seat(boss).reason) == ("paused", "meeting")
    assert scene.together == {scene.seat, CALLER}
    await over(scene)


@in_a_house()
async def test_a_supervisor_who_barged_in_stays_with_the_caller(house: House) -> None:
    scene = await talking(house)
    boss = house.new_seat({"general": 1})
    await scene.does("barge", by=boss)
    await asyncio.sleep(2)
    scene.hangs_up(scene.seat)
    await calm()
    assert (scene.state, scene.together) == ("talking", {boss, CALLER})
    assert scene.citizen.row.owner_seat_id == boss
    await over(scene)


@pytest.mark.parametrize("how", ["listen", "whisper", "barge"])
@pytest.mark.parametrize("error", [ari.RequestTimeout("no"), ari.ConnectionLost("no")])
@in_a_house()
async def test_who_hung_up_has_though_a_supervisor_can_not_be_taken_out(
    house: House, how: str, error: ari.AriError
) -> None:
    scene = await talking(house)
    boss = house.new_seat({"general": 1})
    await scene.does(how, by=boss)
    await asyncio.sleep(2)
    house.asterisk.fail_next["POST /bridges/{bridgeId}/removeChannel"] = error
    scene.citizen.hangs_up()
    await asyncio.sleep(1)
    assert house.check_record(scene.citizen.call_id).end_reason == "caller_hung_up"
    assert not house.asterisk.fail_next


# --- when Asterisk can't ---


@in_a_house()
async def test_a_consultation_that_asterisk_half_does_is_never_heard_by_the_caller(
    house: House,
) -> None:
    scene = await talking(house)
    telephone(house, EXPERT)
    house.asterisk.fail_next["POST /bridges/{bridgeId}/removeChannel"] = ari.RequestTimeout("no")
    await scene.does("consult", target=at_number())
    assert scene.together == {scene.seat}
    await asyncio.sleep(5)
    assert (
        EXPERT not in scene.together
        or CALLER not in scene.together
        or (scene.state == "conference")
    )
    await over(scene)


@in_a_house()
async def test_a_transfer_that_asterisk_half_does_leaves_no_agent_behind(house: House) -> None:
    scene = await talking(house)
    telephone(house, EXPERT)
    house.asterisk.fail_next["POST /bridges/{bridgeId}/removeChannel"] = ari.RequestTimeout("no")
    await scene.does("transfer", target=at_number())
    await asyncio.sleep(5)
    held = {leg["id"] for leg in scene.citizen.row.conversation["legs"]}  # type: ignore[index]
    assert set(house.asterisk.legs) == held
    assert len(scene.together) == 2
    await over(scene)


@pytest.mark.parametrize("verb", ["swap", "join", "back"])
@pytest.mark.parametrize("request_", ["POST /bridges/{bridgeId}/addChannel", "GET /channels"])
@in_a_house()
async def test_a_move_that_asterisk_half_does(house: House, verb: str, request_: str) -> None:
    """Undone; or carried through, when somebody was let go already. Tried until it is so."""
    scene = await talking(house)
    await scene.asks_expert()
    house.asterisk.fail_next["POST /bridges/{bridgeId}/addChannel"] = ari.RequestTimeout("no")
    house.asterisk.fail_next[request_] = ari.RequestTimeout("no")
    first_time = request_ != "GET /channels"
    state, _ = await scene.press(verb)
    assert state == ("done" if verb == "back" and first_time else "refused")
    await asyncio.sleep(2)
    expected = {"back": ("talking", {scene.seat, CALLER})}
    undone = ("consulting", {scene.seat, EXPERT})
    assert (scene.state, scene.together) == expected.get(verb, undone)
    assert scene.citizen.hears_music() == (CALLER not in scene.together)
    await over(scene)


@pytest.mark.parametrize(
    "request_", ["POST /channels/{channelId}/ring", "POST /bridges/{bridgeId}/play/{playbackId}"]
)
@in_a_house()
async def test_what_is_only_good_to_have_may_fail(house: House, request_: str) -> None:
    scene = await talking(house)
    house.asterisk.fail_next[request_] = ari.RequestTimeout("no")
    await scene.asks_expert()
    assert request_ not in house.asterisk.fail_next, "it is not asked for any more"
    assert (scene.state, scene.together) == ("consulting", {scene.seat, EXPERT})
    await over(scene)


@pytest.mark.parametrize("request_", ["POST /bridges/{bridgeId}/addChannel", "GET /bridges"])
@in_a_house()
async def test_what_happens_and_fails_is_tried_again(house: House, request_: str) -> None:
    """An expert has heard the notice, and Asterisk does not let him in at once."""
    scene = await talking(house)
    telephone(house, EXPERT)
    await scene.does("consult", target=at_number())
    await asyncio.sleep(1.5)
    for failing in ("POST /bridges/{bridgeId}/addChannel", request_):
        house.asterisk.fail_next[failing] = ari.RequestTimeout("no")
    await asyncio.sleep(15)
    assert not house.asterisk.fail_next
    assert (scene.state, scene.together) == ("consulting", {scene.seat, EXPERT})
    await over(scene)


@in_a_house()
async def test_a_transfer_to_a_queue_leaves_nobody_alone_whatever_fails(house: House) -> None:
    scene = await talking(house)
    house.asterisk.fail_next["DELETE /channels/{channelId}"] = ari.RequestTimeout("no")
    house.asterisk.fail_next["POST /bridges/{bridgeId}/removeChannel"] = ari.RequestTimeout("no")
    await scene.does("transfer", target=at_queue("general"))
    assert scene.citizen.row.stage == "waiting"
    other = house.new_seat({"general": 1})
    await asyncio.sleep(6)
    assert scene.citizen.talks_with == other


# --- while a caller waits ---


@in_a_house()
async def test_a_waiting_caller_is_moved_to_the_head_and_to_another_queue(house: House) -> None:
    first, second, third = [await house.caller_waits() for _ in range(3)]
    asked = house.asks(third.call_id, "move", head=True)
    elsewhere = house.asks(second.call_id, "move", queue="general")
    nowhere = house.asks(first.call_id, "move", queue="moon")
    await calm()
    states = [house.answer(one).state for one in (asked, elsewhere, nowhere)]
    assert states == ["done", "done", "refused"]
    assert (third.row.head, second.row.queue) == (True, "general")
    seat = house.new_seat({"business": 1})
    await asyncio.sleep(2)
    assert (third.talks_with, first.row.stage) == (seat, "waiting")
    other = house.new_seat({"general": 1})
    await asyncio.sleep(2)
    assert second.talks_with == other


# --- while the database is away ---


@in_a_house()
async def test_a_consultation_ends_well_while_the_database_is_away(house: House) -> None:
    scene = await talking(house)
    await scene.asks_expert()
    house.db.away = True
    scene.hangs_up(EXPERT)
    await calm()
    assert scene.together == {scene.seat, CALLER}
    await asyncio.sleep(20)
    house.db.away = False
    await asyncio.sleep(2)
    assert scene.state == "talking"
    assert scene.causes()[-1] == ("party", "hung_up")
    await over(scene)


@in_a_house()
async def test_an_agent_lost_and_back_while_the_database_is_away(house: House) -> None:
    scene = await talking(house)
    house.db.away = True
    scene.loses_page()
    await asyncio.sleep(3)
    assert scene.citizen.hears_music()
    house.db.away = False
    await asyncio.sleep(3)
    scene.page_is_back()
    await asyncio.sleep(3)
    assert (scene.state, scene.together) == ("talking", {scene.seat, CALLER})
    assert scene.events.count("agent_lost") == 1
    await over(scene)


@in_a_house()
async def test_a_transfer_that_fails_while_the_database_is_away(house: House) -> None:
    """Nobody can say whether the agent is free: he is next in the queue, not in silence."""
    scene = await talking(house)
    telephone(house, EXPERT, Phone(fails_with=17))
    telephone(house, EXPERT, Phone(answers_after_s=None))
    await scene.does("transfer", target=at_number())
    house.db.away = True
    house.asterisk.hangs_up(scene.channel_of(EXPERT), 17)
    await asyncio.sleep(5)
    assert scene.citizen.hears_music()
    house.db.away = False
    await asyncio.sleep(5)
    assert (scene.citizen.row.stage, scene.citizen.row.head) == ("waiting", True)
    scene.citizen.hangs_up()
    await calm()
    house.check_record(scene.citizen.call_id)


# --- the controller is killed ---


async def into(scene: Scene, state: str) -> None:
    """Bring a talk into a state."""
    if state in ("asking", "inviting", "handing"):
        telephone(scene.house, EXPERT, Phone(answers_after_s=None))
    match state:
        case "held":
            await scene.does("hold")
        case "asking":
            await scene.does("consult", target=at_number())
        case "inviting":
            await scene.does("invite", target=at_number())
        case "handing":
            await scene.does("transfer", target=at_number())
        case "consulting" | "aside" | "conference" | "left":
            await scene.asks_expert()
            if state == "aside":
                await scene.does("swap")
            elif state != "consulting":
                await scene.does("join" if state == "conference" else "leave")
        case "lost":
            scene.loses_page()
            await asyncio.sleep(3)
    assert scene.state == state


@pytest.mark.parametrize(
    "state",
    [
        "held",
        "asking",
        "consulting",
        "aside",
        "inviting",
        "conference",
        "left",
        "handing",
        "lost",
    ],
)
@in_a_house()
async def test_after_a_kill_everybody_is_where_he_was(house: House, state: str) -> None:
    scene = await talking(house)
    await into(scene, state)
    await asyncio.sleep(3)
    before, music = scene.together, scene.citizen.hears_music()
    await house.kill()
    await house.start()
    await asyncio.sleep(1)
    assert (scene.state, scene.together) == (state, before)
    assert scene.citizen.hears_music() == music
    await over(scene)
