"""Calling back, in virtual time: every end it can take, and a controller that dies on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection, select

from db.keyring import KEY_BYTES
from db.models import call, missed_call, recording
from db.sealed import Sealer
from floor import call_words, calls, missed, requests, seats
from floor.calls import Call
from ivr import ari, doors, numbers, outbound
from ivr.ami import AmiRefused
from ivr.outbound import Dialling
from tests.floor.furnishing import new_call_id, person
from tests.ivr.fake_asterisk import Phone
from tests.ivr.house import FakeAmi, House, in_a_house
from tests.ivr.test_recovery import SETTLING, Moment
from tests.ivr.virtual import calm
from tickets import contacts, store

HIS = "13800000077"
HIS_PHONE = f"{HIS}@trunk-local"
"""As the fake Asterisk names who is dialled."""


class Back:
    """One agent who calls one citizen back."""

    def __init__(self, house: House, seat: int, missed_id: int) -> None:
        self.house = house
        self.seat = seat
        self.missed_id = missed_id
        self.call_id = ""

    async def dials(self) -> None:
        """The button is pressed and the controller has answered."""
        self.call_id = str((await self.asks(missed_id=self.missed_id))["call_id"])

    async def asks(self, state: str = "done", **args: Any) -> dict[str, Any]:
        seat = self.house.seat(self.seat)
        asked = self.house.db.do(requests.put, seat.account_id, None, "dial", args)
        await calm()
        answer = self.house.answer(asked)
        assert answer.state == state, answer.outcome
        return answer.outcome or {}

    @property
    def row(self) -> Call:
        found = self.house.db.now(calls.get, self.call_id)
        assert found is not None
        return found  # type: ignore[no-any-return]

    @property
    def events(self) -> list[str]:
        return [kind for kind, _ in self.house.events(self.call_id)]

    @property
    def hers(self) -> str:
        return self.row.seat_channel or ""

    @property
    def his(self) -> str:
        return self.row.channel

    def missed(self) -> tuple[str, str | None]:
        m = missed_call.c
        ((state, note),) = self.house.look(select(m.state, m.note).where(m.id == self.missed_id))
        return state, note

    def rung(self) -> list[str]:
        return [name for name, call_id in self.house.asterisk.rung if call_id == self.call_id]

    def check_ended(self, reason: str) -> None:
        """The record is whole, and nobody is left on the line."""
        row = self.row
        assert (row.stage, row.end_reason) == ("ended", reason), self.events
        assert self.events[0] == "dialled"
        assert self.events.count("ended") == 1
        assert self.house.asterisk.legs == {}
        assert self.house.asterisk.bridges == {}
        assert self.house.controller.parts.directory.calls() == []
        answered = "callee_answered" in self.events
        recordings = select(recording.c.id).where(recording.c.call_id == self.call_id)
        assert len(self.house.look(recordings)) == int(answered)
        assert self.house.seat(self.seat).call_id in (None, self.call_id)
        assert self.house.seat(self.seat).state not in ("reserved", "ringing", "talking")


def gave_up(conn: Connection, sealer: Any, number: str = HIS) -> Call:
    """Somebody who called, and left before anybody could answer."""
    row = calls.begin(
        conn, call_id=new_call_id(), asterisk="another", line="main", trunk="local",
        channel=f"gone-{number}", caller_hash=sealer.find(number),
        caller_sealed=sealer.seal(number), caller_masked=numbers.masked(number),
    )  # fmt: skip
    doors.queue_up(conn, row.id, "business", {})
    ended = doors.end(conn, row.id, "abandoned_in_queue", 0.0)
    assert ended is not None
    return ended


def back(house: House, *, hers: Phone | None = None, his: Phone | None = None) -> Back:
    """A missed call, an agent on a pause, and their telephones."""
    sealer = house.controller.parts.sealer
    first = house.db.do(gave_up, sealer)
    ((missed_id,),) = house.look(select(missed_call.c.id).where(missed_call.c.call_id == first.id))
    seat = house.new_seat(phone=hers or Phone())
    house.asterisk.phones[HIS_PHONE] = his or Phone(answers_after_s=5.0)
    return Back(house, seat, missed_id)


@in_a_house()
async def test_when_he_answers_they_talk_and_the_missed_call_is_done(house: House) -> None:
    b = back(house)
    await b.dials()
    await asyncio.sleep(3)
    assert house.seat(b.seat).state == "talking"
    assert (b.row.stage, b.row.direction) == ("dialling", "out")
    assert house.asterisk.legs[b.hers].hears_ringing
    assert b.missed() == ("open", None)
    await asyncio.sleep(10)
    assert b.row.stage == "talking"
    assert not house.asterisk.legs[b.hers].hears_ringing
    assert house.asterisk.heard[b.his] == ["outbound_notice"]
    assert set(house.asterisk.bridges[f"br-{b.call_id}"]) == {b.hers, b.his}
    assert list(house.asterisk.recorded.values()) == [
        str(house.settings.spool / f"{b.call_id}.raw")
    ]
    assert b.missed() == ("done", "回电：已接通")
    assert b.row.owner_seat_id == b.seat
    house.asterisk.hangs_up(b.his)
    await calm()
    b.check_ended("callee_hung_up")
    assert house.seat(b.seat).state == "wrap_up"
    assert [t[0] for t in house.tickets(b.call_id)] == ["call"]


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (1, "callee_wrong_number"),
        (17, "callee_busy"),
        (19, "callee_no_answer"),
        (21, "callee_refused"),
        (38, "callee_unreachable"),
        (127, "callee_unreachable"),
    ],
)
@in_a_house()
async def test_when_he_is_not_reached_the_reason_is_kept_and_it_stays_to_be_done(
    house: House, cause: int, reason: str
) -> None:
    b = back(house, his=Phone(fails_with=cause))
    await b.dials()
    await asyncio.sleep(3)
    b.check_ended(reason)
    assert b.missed() == ("open", f"回电：{call_words.END_REASONS[reason]}")
    assert house.seat(b.seat).state == "wrap_up"


@in_a_house()
async def test_when_nobody_comes_it_rings_for_the_set_time(house: House) -> None:
    b = back(house, his=Phone(answers_after_s=None))
    await b.dials()
    await asyncio.sleep(house.settings.talk.outbound_ring_s - 2)
    assert b.row.stage == "dialling"
    await asyncio.sleep(10)
    b.check_ended("callee_no_answer")


@in_a_house()
async def test_when_his_telephone_can_not_be_rung_at_all(house: House) -> None:
    b = back(house, his=Phone(refuses_request=True))
    await b.dials()
    await asyncio.sleep(3)
    b.check_ended("callee_unreachable")


@pytest.mark.parametrize(
    ("phone", "kind"),
    [
        (Phone(answers_after_s=None), "not_answered"),
        (Phone(rejects=True), "refused"),
        (Phone(refuses_request=True), "unreachable"),
    ],
)
@in_a_house()
async def test_when_her_own_telephone_does_not_answer_he_is_not_rung(
    house: House, phone: Phone, kind: str
) -> None:
    b = back(house, hers=phone)
    await b.dials()
    await asyncio.sleep(60)
    b.check_ended("agent_hung_up")
    assert kind in b.events
    assert HIS_PHONE not in b.rung()
    assert b.missed()[0] == "open"
    assert house.seat(b.seat).call_id is None


@pytest.mark.parametrize("verb", ["hang_up", "cancel"])
@pytest.mark.parametrize("after_s", [0.5, 3.0, 7.0])
@in_a_house()
async def test_when_she_cancels_at_any_moment_both_telephones_are_still(
    house: House, verb: str, after_s: float
) -> None:
    """While hers rings, while his rings, while he hears the notice."""
    b = back(house)
    await b.dials()
    await asyncio.sleep(after_s)
    assert b.row.stage == "dialling"
    asked = house.asks(b.call_id, verb)
    await calm()
    assert house.answer(asked).state == "done"
    b.check_ended("agent_hung_up")


@in_a_house()
async def test_when_she_asks_for_something_else_while_it_rings_she_is_told(house: House) -> None:
    b = back(house)
    await b.dials()
    await asyncio.sleep(3)
    asked = house.asks(b.call_id, "hold")
    await calm()
    assert house.answer(asked).outcome == {"detail": "正在呼出，请等待对方接听"}
    await asyncio.sleep(10)
    assert b.row.stage == "talking"


@in_a_house()
async def test_when_he_hangs_up_during_the_notice(house: House) -> None:
    b = back(house)
    await b.dials()
    await asyncio.sleep(6.5)
    assert house.asterisk.heard[b.his] == ["outbound_notice"]
    house.asterisk.hangs_up(b.his)
    await calm()
    b.check_ended("callee_hung_up")
    assert b.missed()[0] == "done"


@in_a_house()
async def test_when_he_hangs_up_with_his_answer_it_is_his_and_he_stays_to_be_called(
    house: House,
) -> None:
    """Both are told before our task can read the first: it was not that he can't be reached."""
    b = back(house, his=Phone(answers_after_s=None))
    await b.dials()
    await asyncio.sleep(3)
    house.asterisk.picks_up(b.his)
    house.asterisk.hangs_up(b.his)
    await calm()
    b.check_ended("callee_hung_up")
    assert b.missed() == ("open", "回电：对方挂机")


@in_a_house()
async def test_when_he_hangs_up_before_the_recording_can_begin(house: House) -> None:
    """His channel is gone when it is asked for, and that is told only later."""
    b = back(house, his=Phone(answers_after_s=None))
    await b.dials()
    await asyncio.sleep(3)
    house.asterisk.picks_up(b.his)
    del house.asterisk.legs[b.his]
    await calm()
    b.check_ended("callee_hung_up")
    assert b.missed() == ("open", "回电：对方挂机")


@in_a_house()
async def test_when_the_recording_can_not_begin_the_call_goes_on(house: House) -> None:
    b = back(house)
    await b.dials()

    async def refuses(*_: Any) -> None:
        raise AmiRefused("MixMonitor", "no")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakeAmi, "mixmonitor", refuses)
        await asyncio.sleep(12)
    assert b.row.stage == "talking"


@in_a_house()
async def test_when_an_event_is_lost_it_is_found_out_by_looking(house: House) -> None:
    b = back(house, his=Phone(answers_after_s=None))
    await b.dials()
    await asyncio.sleep(3)
    # He is gone, and nobody is told.
    leg = house.asterisk.legs.pop(b.his)
    for timer in leg.timers:
        timer.cancel()
    await asyncio.sleep(outbound.LOOK_AGAIN_S + outbound.END_GRACE_S)
    b.check_ended("callee_unreachable")


@in_a_house()
async def test_when_it_is_looked_before_his_end_is_told_then_it_says_why_all_the_same(
    house: House,
) -> None:
    """Asterisk has forgotten him already, and what it says of his end is still on its way."""
    b = back(house, his=Phone(answers_after_s=None))
    await b.dials()
    while b.his not in house.asterisk.legs:  # noqa: ASYNC110 - in virtual time
        await asyncio.sleep(0.1)
    leg = house.asterisk.legs.pop(b.his)
    for timer in leg.timers:
        timer.cancel()
    await asyncio.sleep(outbound.LOOK_AGAIN_S + outbound.END_GRACE_S / 2)
    assert b.row.stage == "dialling"
    house.asterisk.tell(ari.ChannelDestroyed(channel=leg.shown(), cause=17))
    await calm()
    b.check_ended("callee_busy")


@in_a_house()
async def test_when_she_leaves_as_he_is_about_to_be_rung_then_it_was_she(house: House) -> None:
    """Asterisk dials for her telephone, and refuses when that is gone."""
    b = back(house)
    originate = house.asterisk.originate

    def refuses_without_her(channel: str, *, endpoint: str, **asked: Any) -> None:
        if HIS in endpoint:
            house.asterisk.hangs_up(b.hers)
            raise ari.Refused(400, "Originator channel not found", "POST", "", "")
        originate(channel, endpoint=endpoint, **asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.asterisk, "originate", refuses_without_her)
        await b.dials()
        await asyncio.sleep(3)
    b.check_ended("agent_hung_up")


@pytest.mark.parametrize("state", ["available", "paused", "wrap_up", "no_answer", "offline"])
@in_a_house()
async def test_she_may_call_from_any_state_in_which_she_is_on_no_call(
    house: House, state: str
) -> None:
    b = back(house)
    if state == "paused":
        house.db.do(seats.pause, b.seat, "rest")
    elif state == "offline":
        house.db.do(seats.go_offline, b.seat)
    elif state in ("wrap_up", "no_answer"):
        house.phone(b.seat).answers_after_s = 0.5 if state == "wrap_up" else None
        citizen = await house.caller_waits()
        await asyncio.sleep(2 if state == "wrap_up" else 25)
        citizen.hangs_up()
        await calm()
        house.phone(b.seat).answers_after_s = 0.5
    assert house.seat(b.seat).state == state
    await b.dials()
    await asyncio.sleep(12)
    assert b.row.stage == "talking"
    house.asterisk.hangs_up(b.his)
    await calm()
    b.check_ended("callee_hung_up")
    await asyncio.sleep(600)
    back_to = state if state in ("paused", "offline") else "available"
    assert house.seat(b.seat).state == back_to


@in_a_house()
async def test_who_is_on_a_call_can_not_call(house: House) -> None:
    b = back(house)
    await house.caller_waits()
    await asyncio.sleep(2)
    assert house.seat(b.seat).state == "talking"
    answer = await b.asks("refused", missed_id=b.missed_id)
    assert answer == {"detail": "您正在通话中，不能外呼"}


@in_a_house()
async def test_who_waits_in_the_queue_now_is_not_called_back(house: House) -> None:
    b = back(house)
    house.db.do(seats.pause, b.seat, "rest")
    citizen = house.new_caller(HIS)
    await calm()
    citizen.presses("1")
    await calm()
    answer = await b.asks("refused", missed_id=b.missed_id)
    assert answer == {"detail": "该来电人正在来电中，请稍后再试"}


@in_a_house()
async def test_two_who_press_at_once_ring_him_once(house: House) -> None:
    b = back(house)
    colleague = Back(house, house.new_seat(), b.missed_id)
    accounts = [house.seat(one.seat).account_id for one in (b, colleague)]
    args = {"missed_id": b.missed_id}
    asked = [house.db.do(requests.put, account, None, "dial", args) for account in accounts]
    await calm()
    answers = [house.answer(one) for one in asked]
    assert sorted(answer.state for answer in answers) == ["done", "refused"]
    outcomes = [answer.outcome or {} for answer in answers]
    assert {"detail": "已有人正在呼叫该来电人"} in outcomes
    await asyncio.sleep(12)
    assert [name for name, _ in house.asterisk.rung].count(HIS_PHONE) == 1


@in_a_house()
async def test_what_was_seen_to_already_is_not_called_again(house: House) -> None:
    b = back(house)
    house.db.do(missed.done, b.missed_id, house.seat(b.seat).account_id, None)
    answer = await b.asks("refused", missed_id=b.missed_id)
    assert answer == {"detail": "该未接来电已有人处理"}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({}, "请从工单或未接来电回拨"),
        ({"missed_id": 999}, "没有这个未接来电"),
        ({"ticket_id": 999}, "没有这张工单"),
        ({"missed_id": "1 or 1"}, "请从工单或未接来电回拨"),
    ],
)
@in_a_house()
async def test_what_is_not_there_can_not_be_called(
    house: House, args: dict[str, Any], sentence: str
) -> None:
    b = back(house)
    assert await b.asks("refused", **args) == {"detail": sentence}
    assert house.seat(b.seat).state == "available"


@pytest.mark.parametrize("number", ["", "12345", "077512345"])
@in_a_house()
async def test_a_number_that_is_withheld_or_our_own_can_not_be_called(
    house: House, number: str
) -> None:
    b = back(house)
    first = house.db.do(gave_up, house.controller.parts.sealer, number)
    ((missed_id,),) = house.look(select(missed_call.c.id).where(missed_call.c.call_id == first.id))
    assert await b.asks("refused", missed_id=missed_id) == {"detail": "该号码不能外呼"}


@in_a_house()
async def test_a_number_sealed_under_another_key_can_not_be_called(house: House) -> None:
    b = back(house)
    first = house.db.do(gave_up, Sealer(b"o" * KEY_BYTES), "13800000078")
    ((missed_id,),) = house.look(select(missed_call.c.id).where(missed_call.c.call_id == first.id))
    answer = await b.asks("refused", missed_id=missed_id)
    assert answer == {"detail": "来电号码无法读取，不能回拨"}


@in_a_house()
async def test_who_has_no_seat_can_not_call(house: House) -> None:
    b = back(house)
    owner = house.db.do(person)
    asked = house.db.do(requests.put, owner, None, "dial", {"missed_id": b.missed_id})
    await calm()
    assert house.answer(asked).outcome == {"detail": "您没有席位，不能外呼"}


@in_a_house()
async def test_without_a_telephone_nothing_is_begun(house: House) -> None:
    b = back(house)
    house.asterisk.phone_changes(seats.endpoint_of(b.seat), online=False)
    await calm()
    answer = await b.asks("refused", missed_id=b.missed_id)
    assert answer == {"detail": "您的话机没有就绪，不能外呼"}


@in_a_house()
async def test_a_ticket_that_knows_its_caller_is_called_from_and_tied(house: House) -> None:
    b = back(house)

    def with_ticket(conn: Connection) -> int:
        ((call_id,),) = conn.execute(select(missed_call.c.call_id)).all()
        sealer = house.controller.parts.sealer
        made = store.draft(
            conn, call_id=call_id, source="message", caller_hash=sealer.find(HIS),
            caller_masked=numbers.masked(HIS), account_id=None,
        )  # fmt: skip
        return made.id

    ticket_id = house.db.do(with_ticket)
    b.call_id = str((await b.asks(ticket_id=ticket_id))["call_id"])
    await asyncio.sleep(12)
    assert (b.row.stage, b.row.ticket_id) == ("talking", ticket_id)
    assert house.tickets(b.call_id) == []


@in_a_house()
async def test_a_matter_of_the_web_is_called_at_the_number_that_was_left(house: House) -> None:
    b = back(house)
    sealer = house.controller.parts.sealer

    def of_the_web(conn: Connection) -> int:
        made = store.draft(
            conn, call_id=None, source="web", caller_hash="h", caller_masked="m", account_id=None
        )
        left = contacts.Reporter(
            None, sealer.seal(HIS), sealer.find(HIS), numbers.masked(HIS)
        )  # fmt: skip
        contacts.keep(conn, made.id, left)
        return made.id

    ticket_id = house.db.do(of_the_web)
    b.call_id = str((await b.asks(ticket_id=ticket_id))["call_id"])
    await asyncio.sleep(12)
    assert (b.row.stage, b.row.ticket_id) == ("talking", ticket_id)
    assert b.row.line == house.settings.lines[0].name
    assert (
        sealer.open(house.look(select(call.c.caller_sealed).where(call.c.id == b.call_id))[0][0])
        == HIS
    )


@in_a_house()
async def test_the_number_that_was_left_goes_before_the_one_he_called_from(house: House) -> None:
    b = back(house)
    sealer, other = house.controller.parts.sealer, "13800000099"

    def with_ticket(conn: Connection) -> int:
        ((call_id,),) = conn.execute(select(missed_call.c.call_id)).all()
        made = store.draft(
            conn, call_id=call_id, source="call", caller_hash="h", caller_masked="m",
            account_id=None,
        )  # fmt: skip
        left = contacts.Reporter(None, sealer.seal(other), sealer.find(other), "138****0099")
        contacts.keep(conn, made.id, left)
        return made.id

    b.call_id = str((await b.asks(ticket_id=house.db.do(with_ticket)))["call_id"])
    kept = house.look(
        select(call.c.caller_sealed, call.c.caller_masked).where(call.c.id == b.call_id)
    )[0]
    assert (sealer.open(kept[0]), kept[1]) == (other, "138****0099")


@pytest.mark.parametrize("after_s", [0.0, 0.5, 1.5, 3.0, 5.9, 6.5, 7.5, 9.0, 12.0])
@in_a_house()
async def test_whenever_the_controller_is_killed_the_call_goes_on(
    house: House, after_s: float
) -> None:
    b = back(house)
    await b.dials()
    await asyncio.sleep(after_s)
    await house.kill()
    await house.start()
    await asyncio.sleep(20)
    assert b.row.stage == "talking", b.events
    assert b.rung().count(HIS_PHONE) == 1
    assert b.events.count("callee_answered") == 1
    assert len(house.asterisk.recorded) == 1
    house.asterisk.hangs_up(b.hers)
    await calm()
    b.check_ended("agent_hung_up")


@pytest.mark.parametrize(
    ("who", "after_s", "reason"),
    [
        ("hers", 0.5, "lost"),
        ("hers", 3.0, "agent_hung_up"),
        ("his", 3.0, "lost"),
        ("his", 6.5, "callee_hung_up"),
        ("both", 3.0, "lost"),
        ("both", 6.5, "lost"),
    ],
)
@in_a_house()
async def test_who_leaves_while_no_controller_watches_is_found_gone(
    house: House, who: str, after_s: float, reason: str
) -> None:
    b = back(house)
    await b.dials()
    await asyncio.sleep(after_s)
    await house.kill()
    if who in ("hers", "both"):
        house.asterisk.hangs_up(b.hers)
    if who in ("his", "both"):
        house.asterisk.hangs_up(b.his)
    await house.start()
    await asyncio.sleep(1)
    b.check_ended(reason)


@pytest.mark.parametrize("moment", SETTLING)
@pytest.mark.parametrize("who", ["she", "he"])
@in_a_house()
async def test_who_picks_up_as_a_new_controller_settles_is_not_let_go(
    house: House, moment: Moment, who: str
) -> None:
    b = back(
        house,
        hers=Phone(answers_after_s=None if who == "she" else 0.5),
        his=Phone(answers_after_s=None if who == "he" else 1.0),
    )
    await b.dials()
    await asyncio.sleep(2)
    await house.kill()
    channel = b.hers if who == "she" else b.his
    with moment(lambda: house.asterisk.picks_up(channel)):
        await house.start()
    await asyncio.sleep(20)
    assert b.row.stage == "talking", b.events
    house.asterisk.hangs_up(b.hers)
    await calm()
    b.check_ended("agent_hung_up")


@in_a_house()
async def test_a_failure_of_ours_ends_the_call_and_frees_both(house: House) -> None:
    b = back(house)

    async def fails(_: Dialling) -> None:
        raise RuntimeError("a mistake of ours")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dialling, "_tell_him", fails)
        await b.dials()
        await asyncio.sleep(12)
    b.check_ended("failed")
