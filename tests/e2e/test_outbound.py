"""An agent calls a citizen back: her telephone, his, the notice, the talk; and how it fails."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, select

from config.model import Settings
from db.models import missed_call
from floor import calls, requests
from floor.calls import Call
from floor.requests import Request
from hotline import wiring
from hotline.testphone import SeatCall, hearing
from ivr import ari, doors, numbers, outbound
from recordings import catalogue
from tests.support.asterisk import running_asterisk
from tests.support.copy import WITHIN_S, Copy, SeatAt, running_copy
from tests.support.outside import shown_to
from tests.support.settings import make_settings
from tests.support.steps import ask, sides
from tests.support.tones import CITIZEN_HZ, SEAT_HZ
from tickets import store

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

RINGING_HZ = 450.0
WRAP_UP_S = 60.0


def with_wrap_up(settings: Settings) -> Settings:
    """Wrap-up is to be seen."""
    queues = tuple(replace(queue, wrap_up_s=WRAP_UP_S) for queue in settings.queues)
    return replace(settings, queues=queues)


def impatient(settings: Settings) -> Settings:
    """Citizens are not rung for long."""
    talk = replace(settings.talk, outbound_ring_s=1.0)
    return replace(with_wrap_up(settings), talk=talk)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def copy() -> AsyncIterator[Copy]:
    async with running_copy(with_wrap_up, outside=True) as running:
        yield running


# --- steps ---

_citizens = iter(range(1, 1000))


def new_number() -> str:
    return f"1380000{next(_citizens):04d}"


def gave_up(conn: Connection, copy: Copy, number: str, *, message: bool = False) -> Call:
    """Somebody who called, and left before anybody could answer (with a message, or without)."""
    sealer = wiring.sealer(copy.settings)
    row = calls.begin(
        conn,
        call_id=uuid.uuid4().hex,
        asterisk="another",
        line="main",
        trunk="local",
        channel=f"gone-{number}",
        caller_hash=sealer.find(number),
        caller_sealed=sealer.seal(number),
        caller_masked=numbers.masked(number),
    )
    doors.queue_up(conn, row.id, "business", {})
    if message:
        doors.leave_message(conn, row.id, store.BEIJING)
    ended = doors.end(conn, row.id, "message_left" if message else "abandoned_in_queue", 0.0)
    assert ended is not None
    return ended


def missed_of(conn: Connection, call_id: str) -> int:
    found = select(missed_call.c.id).where(missed_call.c.call_id == call_id)
    return int(conn.execute(found).scalar_one())


async def to_be_rung_back(copy: Copy, number: str, *, message: bool = False) -> tuple[Call, int]:
    """A missed call: the first call and the id of what is to be done about it."""
    first = await copy.db.write(gave_up, copy, number, message=message)
    return first, await copy.db.read(missed_of, first.id)


async def how_missed_stands(copy: Copy, missed_id: int) -> tuple[str, str | None]:
    columns = (missed_call.c.state, missed_call.c.note)
    found = select(*columns).where(missed_call.c.id == missed_id)
    row = await copy.db.read(lambda conn: conn.execute(found).one())
    return row.state, row.note


async def dial(copy: Copy, seat: SeatAt, **args: Any) -> str:
    """Press the console's button; the id of the call that came of it."""
    put = await copy.db.write(requests.put, seat.account_id, None, "dial", args)

    def settled(conn: Connection) -> Request | None:
        found = requests.get(conn, put.id)
        return found if found is not None and found.state in ("done", "refused") else None

    answer = await copy.until(settled, what="answer to dial")
    assert answer.state == "done", answer.outcome
    return str((answer.outcome or {})["call_id"])


async def now(copy: Copy, call_id: str, **wanted: object) -> Call:
    """The call once its columns are as wanted."""

    def look(conn: Connection) -> Call | None:
        found = calls.get(conn, call_id)
        fits = found and all(getattr(found, name) == value for name, value in wanted.items())
        return found if fits else None

    return await copy.until(look, what=f"call with {wanted}")


async def ended(copy: Copy, call_id: str, reason: str) -> Call:
    """The end of a call and the whole of its record."""
    row = await now(copy, call_id, stage="ended")
    assert row.end_reason == reason, await copy.events_of(call_id)
    events = await copy.events_of(call_id)
    assert events[0] == "dialled"
    assert events[-1] == "ended"
    assert events.count("ended") == 1
    await copy.legs_of(call_id)
    return row


async def rings_her(copy: Copy, seat: SeatAt) -> SeatCall:
    """Her telephone rings and answers by itself, as the page does."""
    hers = await seat.rung()
    await hers.answer()
    return hers


async def both(
    copy: Copy, seat: SeatAt, number: str, **args: Any
) -> tuple[str, SeatCall, SeatCall]:
    """Both telephones answered, and the notice told: the call, hers and his."""
    call_id = await dial(copy, seat, **args)
    hers = await rings_her(copy, seat)
    his = await copy.outside.rung(number)
    await his.answer()
    await his.hears_tone(copy.pitch["outbound_notice"], WITHIN_S)
    await now(copy, call_id, stage="talking")
    return call_id, hers, his


async def they_talk(hers: SeatCall, his: SeatCall) -> None:
    """Both say their tones until each has heard the other's."""
    hers.say_tone(SEAT_HZ, WITHIN_S)
    his.say_tone(CITIZEN_HZ, WITHIN_S)
    await hers.hears_tone(CITIZEN_HZ, WITHIN_S)
    await his.hears_tone(SEAT_HZ, WITHIN_S)


# --- reached ---


async def test_given_missed_call_when_agent_calls_back_then_they_talk_and_it_is_done(
    copy: Copy,
) -> None:
    number = new_number()
    first, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await rings_her(copy, seat)
    his = await copy.outside.rung(number)
    assert shown_to(his) == copy.settings.trunks[0].shown_as
    assert number not in hers.invite.message, "the agent's telephone is told the number"
    await hers.hears_tone(RINGING_HZ, WITHIN_S)
    await his.answer()
    await his.hears_tone(copy.pitch["outbound_notice"], WITHIN_S)
    await they_talk(hers, his)
    row = await now(copy, call_id, stage="talking")
    assert (row.direction, row.owner_seat_id, row.queue) == ("out", seat.id, "business")
    assert row.caller_masked == numbers.masked(number)
    assert (row.caller_hash, row.queued_ms) == (first.caller_hash, None)
    await seat.is_in("talking")
    await his.hang_up()
    assert await hers.ended() == "by_far_end"
    row = await ended(copy, call_id, "callee_hung_up")
    assert await how_missed_stands(copy, missed_id) == ("done", "回电：已接通")
    await seat.is_in("wrap_up")
    assert await copy.events_of(call_id) == [
        "dialled", "offered", "callee_rung", "callee_answered", "answered", "ended",
    ]  # fmt: skip
    draft = await copy.db.read(store.of_call, call_id)
    assert draft is not None, "a call that was answered has a ticket"
    assert (draft.account_id, row.ticket_id) == (seat.account_id, draft.id)


async def test_given_call_back_when_filed_then_it_holds_all_from_his_answer_on(copy: Copy) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id, hers, his = await both(copy, seat, number, missed_id=missed_id)
    # As long as it takes: who speaks before they are brought together is heard by nobody.
    hers.say_tone(SEAT_HZ, WITHIN_S)
    his.say_tone(CITIZEN_HZ, WITHIN_S)
    await hers.media.hears(
        lambda: hearing.tone_seconds(hers.media.heard(), CITIZEN_HZ) >= 1.0, WITHIN_S
    )
    await his.media.hears(lambda: hearing.tone_seconds(his.media.heard(), SEAT_HZ) >= 1.0, WITHIN_S)
    await hers.hang_up()
    assert await his.ended() == "by_far_end"
    await ended(copy, call_id, "agent_hung_up")
    left, right = sides(copy, await copy.recording_of(call_id))
    assert hearing.tone_seconds(left, CITIZEN_HZ) >= 0.7
    assert hearing.tone_seconds(right, SEAT_HZ) >= 0.7
    assert not hearing.has_tone(left, SEAT_HZ)
    # PIPL 30: the notice itself is on the recording.
    assert hearing.has_tone(right, copy.pitch["outbound_notice"])


async def test_given_ticket_of_a_message_when_agent_calls_back_then_the_call_is_tied_to_it(
    copy: Copy,
) -> None:
    number = new_number()
    first, missed_id = await to_be_rung_back(copy, number, message=True)
    of_message = await copy.db.read(store.of_call, first.id)
    assert of_message is not None
    seat = await copy.seat(available=False)
    call_id, hers, _ = await both(copy, seat, number, ticket_id=of_message.id)
    await hers.hang_up()
    row = await ended(copy, call_id, "agent_hung_up")
    assert row.ticket_id == of_message.id
    assert await copy.db.read(store.of_call, call_id) is None, "it got a second ticket"
    assert (await how_missed_stands(copy, missed_id))[0] == "open"


async def test_given_talk_of_a_call_back_when_she_pauses_the_recording_then_it_is_as_any_other(
    copy: Copy,
) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id, hers, his = await both(copy, seat, number, missed_id=missed_id)
    assert (await ask(copy, seat, call_id, "pause_recording")).state == "done"
    assert (await ask(copy, seat, call_id, "resume_recording")).state == "done"
    await they_talk(hers, his)
    assert (await ask(copy, seat, call_id, "hang_up")).state == "done"
    await his.ended()
    await ended(copy, call_id, "agent_hung_up")


# --- not reached ---


@pytest.mark.parametrize(
    ("how", "reason", "noted"),
    [
        ("busy", "callee_busy", "回电：对方忙"),
        ("decline", "callee_refused", "回电：对方拒接"),
        ("unknown", "callee_wrong_number", "回电：号码有误"),
    ],
)
async def test_given_his_telephone_rings_when_he_does_not_answer_then_it_stays_to_be_done(
    copy: Copy, how: Any, reason: str, noted: str
) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await rings_her(copy, seat)
    his = await copy.outside.rung(number)
    await his.refuse(how)
    assert await hers.ended() == "by_far_end"
    await ended(copy, call_id, reason)
    assert await how_missed_stands(copy, missed_id) == ("open", noted)
    await seat.is_in("wrap_up")
    # Nothing was said, so nothing is missing from the recordings.
    assert await copy.db.read(catalogue.of_call, call_id) is None


async def test_given_his_telephone_rings_when_nobody_comes_then_it_rings_no_longer_than_set() -> (
    None
):
    async with running_copy(impatient, outside=True) as copy:
        number = new_number()
        _, missed_id = await to_be_rung_back(copy, number)
        seat = await copy.seat(available=False)
        call_id = await dial(copy, seat, missed_id=missed_id)
        hers = await rings_her(copy, seat)
        his = await copy.outside.rung(number)
        assert await his.ended() == "stopped_ringing"
        await hers.ended()
        await ended(copy, call_id, "callee_no_answer")
        assert await how_missed_stands(copy, missed_id) == ("open", "回电：无人接听")


async def test_given_his_telephone_rings_when_she_cancels_then_it_stops_ringing(
    copy: Copy,
) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await rings_her(copy, seat)
    his = await copy.outside.rung(number)
    assert (await ask(copy, seat, call_id, "hold")).state == "refused"
    assert (await ask(copy, seat, call_id, "hang_up")).state == "done"
    assert await his.ended() == "stopped_ringing"
    await hers.ended()
    await ended(copy, call_id, "agent_hung_up")
    assert (await how_missed_stands(copy, missed_id))[0] == "open"


async def test_given_his_telephone_rings_when_hers_hangs_up_then_it_stops_ringing(
    copy: Copy,
) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await rings_her(copy, seat)
    his = await copy.outside.rung(number)
    await hers.hang_up()
    assert await his.ended() == "stopped_ringing"
    await ended(copy, call_id, "agent_hung_up")


async def test_given_her_telephone_is_busy_then_he_is_not_rung(copy: Copy) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    before = len(copy.outside.calls)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await seat.rung()
    await hers.refuse("busy")
    await ended(copy, call_id, "agent_hung_up")
    assert await copy.events_of(call_id) == ["dialled", "offered", "refused", "ended"]
    assert len(copy.outside.calls) == before
    assert (await seat.now()).call_id is None


async def test_given_notice_when_he_hangs_up_then_the_call_is_over_and_kept(copy: Copy) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await rings_her(copy, seat)
    his = await copy.outside.rung(number)
    await his.answer()
    await his.hang_up()
    await hers.ended()
    await ended(copy, call_id, "callee_hung_up")
    await seat.is_in("wrap_up")


# --- the controller dies ---


async def restart(copy: Copy) -> None:
    await copy.controller.kill()
    await copy.controller.start()


async def test_given_her_telephone_rings_when_controller_is_killed_then_he_is_rung_all_the_same(
    copy: Copy,
) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await seat.rung()
    await restart(copy)
    await hers.answer()
    his = await copy.outside.rung(number)
    await his.answer()
    await his.hears_tone(copy.pitch["outbound_notice"], WITHIN_S)
    await they_talk(hers, his)
    await hers.hang_up()
    await ended(copy, call_id, "agent_hung_up")
    assert (await copy.events_of(call_id)).count("callee_rung") == 1


async def test_given_his_telephone_rings_when_controller_is_killed_then_it_rings_on(
    copy: Copy,
) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await rings_her(copy, seat)
    his = await copy.outside.rung(number)
    before = len(copy.outside.calls)
    await restart(copy)
    await his.answer()
    await his.hears_tone(copy.pitch["outbound_notice"], WITHIN_S)
    await they_talk(hers, his)
    await his.hang_up()
    await ended(copy, call_id, "callee_hung_up")
    assert len(copy.outside.calls) == before, "he was rung twice"
    await seat.is_in("wrap_up")


@pytest.mark.parametrize("meanwhile", ["answers", "refuses"])
async def test_given_no_controller_when_his_telephone_stops_ringing_then_the_try_is_noted(
    copy: Copy, meanwhile: str
) -> None:
    """Asterisk hangs up whoever answers while our application has nobody: he is rung back later."""
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await rings_her(copy, seat)
    his = await copy.outside.rung(number)
    await copy.loses_controller()
    await (his.answer() if meanwhile == "answers" else his.refuse("busy"))
    await his.ended()
    await copy.controller.start()
    await hers.ended()
    await ended(copy, call_id, "lost")
    assert await how_missed_stands(copy, missed_id) == ("open", "回电：通话中断")
    await seat.is_in("wrap_up")


async def test_given_his_telephone_rings_when_controller_is_killed_and_she_leaves_then_it_ends(
    copy: Copy,
) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id = await dial(copy, seat, missed_id=missed_id)
    hers = await rings_her(copy, seat)
    his = await copy.outside.rung(number)
    await copy.loses_controller()
    await hers.hang_up()
    await copy.controller.start()
    assert await his.ended() == "stopped_ringing"
    await ended(copy, call_id, "agent_hung_up")


async def test_given_talk_of_a_call_back_when_controller_is_killed_then_they_go_on(
    copy: Copy,
) -> None:
    number = new_number()
    _, missed_id = await to_be_rung_back(copy, number)
    seat = await copy.seat(available=False)
    call_id, hers, his = await both(copy, seat, number, missed_id=missed_id)
    await restart(copy)
    await they_talk(hers, his)
    await his.hang_up()
    await ended(copy, call_id, "callee_hung_up")
    await copy.recording_of(call_id)


# --- what Asterisk makes of answers that are none ---


class FarEnd(asyncio.DatagramProtocol):
    """Answers every INVITE with the status that the number called ends with."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = data.decode(errors="replace")
        called = re.match(r"INVITE sip:\d+(\d{3})@", message)
        if called is None:
            return
        lines = message.split("\r\n")
        kept = [line for line in lines if re.match(r"(Via|From|Call-ID|CSeq):", line)]
        (to,) = (line for line in lines if line.startswith("To:"))
        answer = [f"SIP/2.0 {called[1]} No", *kept, f"{to};tag=far", "Content-Length: 0", "", ""]
        self._transport.sendto("\r\n".join(answer).encode(), addr)


async def test_given_answers_of_a_trunk_when_a_call_fails_then_its_reason_is_the_true_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The causes that `why_not` reads are those that a real Asterisk gives for them."""
    expected = {
        403: "callee_refused", 603: "callee_refused",
        404: "callee_wrong_number", 410: "callee_wrong_number", 484: "callee_wrong_number",
        604: "callee_wrong_number",
        408: "callee_no_answer", 480: "callee_no_answer",
        486: "callee_busy", 600: "callee_busy",
        488: "callee_unreachable", 500: "callee_unreachable", 502: "callee_unreachable",
        503: "callee_unreachable", 504: "callee_unreachable",
    }  # fmt: skip
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(FarEnd, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    settings = make_settings(tmp_path_factory.mktemp("causes"))
    trunk = replace(settings.trunks[0], addresses=(f"127.0.0.1:{port}",))
    ends: asyncio.Queue[ari.ChannelDestroyed] = asyncio.Queue()

    def on_event(event: ari.Event) -> None:
        if isinstance(event, ari.ChannelDestroyed):
            ends.put_nowait(event)

    async with running_asterisk(settings=replace(settings, trunks=(trunk,))) as asterisk:
        url, app = f"{asterisk.url}/ari", asterisk.settings.asterisk.app
        async with ari.Client(url, asterisk.user, asterisk.password, app, on_event=on_event) as me:
            found = {}
            for status in expected:
                number = f"13800000{status}"
                await me.originate(f"PJSIP/{number}@trunk-{trunk.name}", app_args=("callee", "x"))
                async with asyncio.timeout(WITHIN_S):
                    found[status] = outbound.why_not((await ends.get()).cause)
    transport.close()
    assert found == expected
