"""The test telephone against itself: a citizen calls a seat, no Asterisk in between.

What the other end-to-end tests rest on has to be right by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from hotline.testphone import Citizen, NotAnswered, SeatCall, Seats, alaw, hearing
from hotline.testphone.media import RtpPeer
from hotline.testphone.packets import TELEPHONE_EVENT, Packet, event_payloads
from hotline.testphone.seats import Refusal
from tests.support.ports import free_port

pytestmark = pytest.mark.integration


@asynccontextmanager
async def dialled(number: str = "seat-000007") -> AsyncIterator[tuple[Citizen, SeatCall]]:
    port = free_port()
    async with (
        Seats(("127.0.0.1", port)) as seats,
        Citizen(("127.0.0.1", seats.port), number=number, sip_port=port) as citizen,
    ):
        yield citizen, await seats.rung()


async def test_given_ringing_seat_when_it_answers_then_both_hear_each_other() -> None:
    async with dialled() as (citizen, call):
        assert call.endpoint == "seat-000007"
        await citizen.rings()
        await call.answer()
        await citizen.answered()
        call.say_tone(1000, 1.0)
        citizen.say_tone(440, 1.0)
        await asyncio.gather(citizen.hears_tone(1000, 5), call.hears_tone(440, 5))
        assert not citizen.heard_tone(440)
        await citizen.hang_up()
        assert await call.ended() == "by_far_end"
    assert (citizen.outcome.status, citizen.outcome.end) == (200, "by_us")


async def test_given_ringing_seat_when_citizen_hangs_up_then_ringing_stops() -> None:
    async with dialled() as (citizen, call):
        await citizen.rings()
        await citizen.hang_up()
        assert await call.ended() == "stopped_ringing"
    assert (citizen.outcome.status, citizen.outcome.end) == (487, "cancelled")


@pytest.mark.parametrize(("how", "status"), [("busy", 486), ("decline", 603), ("unknown", 404)])
async def test_given_ringing_seat_when_it_refuses_then_citizen_is_told(
    how: Refusal, status: int
) -> None:
    async with dialled() as (citizen, call):
        await call.refuse(how)
        with pytest.raises(NotAnswered):
            await citizen.answered()
    assert (citizen.outcome.status, citizen.outcome.end) == (status, "refused")


async def test_given_talk_when_seat_hangs_up_then_citizen_sees_it() -> None:
    async with dialled() as (citizen, call):
        await call.answer()
        await citizen.answered()
        await call.hang_up()
        await citizen.ended()
    assert citizen.outcome.end == "by_far_end"


async def test_given_open_line_when_key_is_pressed_then_event_is_told_as_rfc_4733_asks() -> None:
    loop = asyncio.get_running_loop()
    heard: list[Packet] = []

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            packet = Packet.from_bytes(data)
            assert packet is not None
            heard.append(packet)

    ear, _ = await loop.create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 0))
    peer = await RtpPeer.open()
    try:
        peer.send_to(ear.get_extra_info("sockname"))
        await peer.press("5", press_ms=100)
        await peer.hears(lambda: len(heard) > 10, within_s=5)
    finally:
        peer.close()
        ear.close()
    events = [packet for packet in heard if packet.payload_type == TELEPHONE_EVENT]
    assert [p.marker for p in events] == [True] + [False] * 7
    assert len({p.timestamp for p in events}) == 1
    durations = [int.from_bytes(p.payload[2:4], "big") for p in events]
    assert durations == [160, 320, 480, 640, 800, 800, 800, 800]
    assert [bool(p.payload[1] & 0x80) for p in events] == [False] * 5 + [True] * 3
    sequence = [p.sequence for p in heard]
    assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))


def test_given_something_that_is_no_key_when_pressed_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="no such key"):
        event_payloads("x", 100)


def test_given_every_a_law_code_when_decoded_and_encoded_then_it_comes_back() -> None:
    codes = bytes(range(256))
    assert alaw.encode(alaw.decode(codes)) == codes


def test_given_a_tone_when_listened_to_then_level_and_pitch_are_known() -> None:
    sound = alaw.decode(alaw.encode(hearing.tone(440, 1.0, dbfs=-15)))
    assert hearing.level_dbfs(sound) == pytest.approx(-15, abs=0.2)
    assert hearing.has_tone(sound, 440)
    assert not hearing.has_tone(sound, 480)
    assert hearing.tone_seconds(np.concatenate([np.zeros(8000, np.int16), sound]), 440) == 1.0
