"""Real calls into a real Asterisk that no controller listens to."""

from __future__ import annotations

import asyncio
import json
import re

import aiohttp
import numpy as np
import pytest

from dialplan import phones
from ivr.ami import Ami
from tests.dialplan.conftest import BUSY_HZ, no_call_left, until
from tests.dialplan.sipp import RATE_HZ, Sound, ear, purely, sipp, stereo, strength, tone
from tests.support.asterisk import Running
from tests.support.ports import free_port

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

CALLER_HZ, SEAT_HZ = 440, 1000
OWN_LINES = re.compile(r"Stasis app|outbound websocket per-call")
"""What Asterisk has to say when it looks for a controller and finds none."""


def complaints(asterisk: Running) -> list[str]:
    lines = asterisk.process.log_file.read_text(encoding="utf-8").splitlines()
    return [s for s in lines if re.search("WARNING|ERROR", s) and not OWN_LINES.search(s)]


async def test_when_started_then_asterisk_complains_of_nothing(asterisk: Running) -> None:
    assert complaints(asterisk) == []
    output = asterisk.process.log_file.with_name("output").read_text()
    assert "ERROR" not in output
    assert "WARNING" not in output


async def test_given_no_controller_when_called_then_the_sentence_and_a_seat_answers(
    asterisk: Running, ami: Ami
) -> None:
    seat_port = free_port()
    endpoint = await asterisk.push_seat(1, seat_port)
    await ami.queue_add("fallback", f"PJSIP/{endpoint}", "seat 1")
    async with (
        no_call_left(asterisk),
        ear(tone(CALLER_HZ)) as caller,
        ear(tone(SEAT_HZ)) as seat,
        sipp("seat", sip_port=asterisk.sip_port, ear_port=seat.port, port=seat_port) as answers,
        sipp("caller", sip_port=asterisk.sip_port, ear_port=caller.port, hold_s=18) as calls,
    ):
        await until(lambda: strength(caller.sound()[:8000], BUSY_HZ) > 0.5, 5)
        await until(lambda: len(seat.heard) > 50, 30)
        await calls.done()
        await answers.done()
    assert purely(caller.sound(1), SEAT_HZ) > 0.5
    assert purely(seat.sound(1), CALLER_HZ) > 0.5
    await ami.queue_remove("fallback", f"PJSIP/{endpoint}")
    assert complaints(asterisk) == []


async def test_given_a_waiting_caller_when_a_controller_comes_then_it_gets_the_same_call(
    asterisk: Running,
) -> None:
    spooled = set(asterisk.settings.spool.glob("*.raw"))
    async with (
        no_call_left(asterisk),
        ear(tone(CALLER_HZ)) as caller,
        sipp("caller", sip_port=asterisk.sip_port, ear_port=caller.port, hold_s=8) as calls,
    ):
        await until(lambda: strength(caller.sound()[:8000], BUSY_HZ) > 0.5, 5)
        url = f"{asterisk.url}/ari/events?app={asterisk.settings.asterisk.app}"
        async with asterisk.http.ws_connect(url) as events:
            event = await next_event(events, "StasisStart")
        (recording,) = set(asterisk.settings.spool.glob("*.raw")) - spooled
        assert event["args"] == ["inbound", recording.stem, "local", "12345"]
        assert re.fullmatch(r"[0-9a-f]{32}", recording.stem)
        await calls.done()


async def next_event(
    events: aiohttp.ClientWebSocketResponse, kind: str, limit_s: float = 20.0
) -> dict[str, object]:
    async with asyncio.timeout(limit_s):
        while True:
            event: dict[str, object] = json.loads(await events.receive_str())
            if event["type"] == kind:
                return event


async def test_given_a_controller_when_called_in_another_writing_then_the_number_is_ours(
    asterisk: Running,
) -> None:
    url = f"{asterisk.url}/ari/events?app={asterisk.settings.asterisk.app}"
    async with (
        no_call_left(asterisk),
        asterisk.http.ws_connect(url) as events,
        ear(tone(CALLER_HZ)) as caller,
        sipp(
            "caller",
            sip_port=asterisk.sip_port,
            ear_port=caller.port,
            dialled="+8677512345",
            hold_s=1,
        ) as calls,
    ):
        event = await next_event(events, "StasisStart")
        assert event["args"][2:] == ["local", "077512345"]  # type: ignore[index]
        channel = event["channel"]
        assert isinstance(channel, dict)
        assert channel["state"] == "Up"
        await calls.done()


@pytest.mark.parametrize("dialled", ["10086", "123456", "1", "s", "h", "12345abc", "+12345"])
async def test_given_a_number_not_ours_then_404(asterisk: Running, dialled: str) -> None:
    await refused(asterisk, 404, dialled=dialled)


async def test_given_no_common_codec_then_488(asterisk: Running) -> None:
    await refused(asterisk, 488, payloads="18")


@pytest.mark.parametrize("name", ["13800000001", "trunk-local", "anonymous"])
async def test_given_a_source_nobody_knows_then_refused_whatever_its_name(
    asterisk: Running, name: str
) -> None:
    await refused(asterisk, 401, host="127.0.0.2", from_user=name)


async def test_given_a_browsers_telephone_then_its_name_alone_opens_nothing(
    asterisk: Running,
) -> None:
    phone = phones.browser_phone(
        asterisk.settings.asterisk, "seat-000077", "secret", context="from-seat"
    )
    await asterisk.push(phone)
    await refused(asterisk, 401, from_user="seat-000077")


async def test_given_a_seat_when_it_dials_then_403(asterisk: Running) -> None:
    endpoint = await asterisk.push_seat(78, free_port())
    for dialled in ("12345", "10086", "seat-000078"):
        await refused(asterisk, 403, from_user=endpoint, dialled=dialled)


async def refused(asterisk: Running, status: int, **call: str) -> None:
    spooled = set(asterisk.settings.spool.glob("*.raw"))
    async with sipp(
        "refused",
        sip_port=asterisk.sip_port,
        ear_port=9,
        status=status,
        host=call.pop("host", "127.0.0.1"),
        **call,  # type: ignore[arg-type]
    ) as calls:
        await calls.done(20)
    assert set(asterisk.settings.spool.glob("*.raw")) == spooled
    assert complaints(asterisk) == []


async def test_a_number_never_stands_in_the_log(asterisk: Running) -> None:
    number = "13800009876"
    await refused(asterisk, 404, from_user=number, dialled="07750001234")
    await refused(asterisk, 401, from_user=number, host="127.0.0.2")
    async with (
        no_call_left(asterisk),
        ear(tone(CALLER_HZ)) as caller,
        sipp(
            "caller",
            sip_port=asterisk.sip_port,
            ear_port=caller.port,
            from_user=number,
            hold_s=1,
        ) as calls,
    ):
        await calls.done()
    said = asterisk.process.log_file.read_text(encoding="utf-8")
    assert number not in said
    assert "07750001234" not in said


async def test_only_our_addresses_are_bound(asterisk: Running) -> None:
    shown = await asyncio.create_subprocess_exec(
        "ss", "-lntupH", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await shown.communicate()
    ours = [
        line.split()
        for line in said.decode().splitlines()
        if f"pid={asterisk.process.pid}," in line
    ]
    tcp = {words[4].rpartition(":")[0] for words in ours if words[0] == "tcp"}
    assert tcp
    assert all(address.startswith("127.") for address in tcp)
    sip = [words[4] for words in ours if words[0] == "udp"]
    assert f"127.0.0.1:{asterisk.sip_port}" in sip


async def test_while_talking_the_sound_stays_on_our_address(asterisk: Running) -> None:
    async with (
        no_call_left(asterisk),
        ear(tone(CALLER_HZ)) as caller,
        sipp("caller", sip_port=asterisk.sip_port, ear_port=caller.port, hold_s=2) as calls,
    ):
        await until(lambda: bool(caller.heard), 5)
        shown = await asyncio.create_subprocess_exec(
            "ss", "-unaH", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        said, _ = await shown.communicate()
        chosen = asterisk.settings.asterisk
        rtp = [
            words[3]
            for words in map(str.split, said.decode().splitlines())
            if (port := words[3].rpartition(":")[2]).isdigit()
            and chosen.rtp_first <= int(port) <= chosen.rtp_last
        ]
        assert rtp
        assert {address.rpartition(":")[0] for address in rtp} == {"127.0.0.1"}
        await calls.done()


async def test_a_recording_has_the_caller_left_and_what_he_hears_right(asterisk: Running) -> None:
    spooled = set(asterisk.settings.spool.glob("*.raw"))
    async with (
        no_call_left(asterisk),
        ear(tone(CALLER_HZ)) as caller,
        sipp("caller", sip_port=asterisk.sip_port, ear_port=caller.port, hold_s=3) as calls,
    ):
        await calls.done()
    (recording,) = set(asterisk.settings.spool.glob("*.raw")) - spooled
    left, right = stereo(recording)
    assert purely(left, CALLER_HZ) > 0.5
    assert strength(left, BUSY_HZ) < 0.01
    assert strength(right[:8000], BUSY_HZ) > 0.9
    assert strength(right, CALLER_HZ) < 0.01


def beat(pitch_hz: float) -> Sound:
    """A short tone at the start of every second."""
    sound = tone(pitch_hz, 1.0)
    sound[RATE_HZ // 5 :] = 0
    return sound


def place_of_beat(sound: Sound) -> float:
    """Where in the second the beat lies, in milliseconds."""
    level = np.abs(sound.astype(float))
    turns = np.exp(-2j * np.pi * np.arange(sound.size) / RATE_HZ)
    return float(np.angle(np.dot(level, turns)) / (2 * np.pi) * 1000)


def apart(one: float, other: float) -> float:
    """The shorter way around the second between two places."""
    return abs((one - other + 500) % 1000 - 500)


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_given_a_minute_of_talk_then_both_sides_stay_in_step(
    asterisk: Running, ami: Ami
) -> None:
    seat_port = free_port()
    endpoint = await asterisk.push_seat(2, seat_port)
    await ami.queue_add("fallback", f"PJSIP/{endpoint}", "seat 2")
    spooled = set(asterisk.settings.spool.glob("*.raw"))
    async with (
        no_call_left(asterisk),
        ear(beat(440)) as caller,
        ear(beat(1000)) as seat,
        sipp("seat", sip_port=asterisk.sip_port, ear_port=seat.port, port=seat_port) as answers,
        sipp("caller", sip_port=asterisk.sip_port, ear_port=caller.port, hold_s=76) as calls,
    ):
        await calls.done(120)
        await answers.done()
    await ami.queue_remove("fallback", f"PJSIP/{endpoint}")
    (recording,) = set(asterisk.settings.spool.glob("*.raw")) - spooled
    left, right = stereo(recording)
    talk = slice(left.size - 61 * RATE_HZ, left.size - RATE_HZ)
    for end in (slice(0, 10 * RATE_HZ), slice(50 * RATE_HZ, 60 * RATE_HZ)):
        assert strength(left[talk][end], 440) > 0.6
        assert strength(right[talk][end], 1000) > 0.6
        assert strength(left[talk][end], 1000) < 0.1
        assert strength(right[talk][end], 440) < 0.1
    first, last = slice(0, 10 * RATE_HZ), slice(50 * RATE_HZ, 60 * RATE_HZ)
    before = place_of_beat(left[talk][first]) - place_of_beat(right[talk][first])
    after = place_of_beat(left[talk][last]) - place_of_beat(right[talk][last])
    # A frame now and then is jitter; a drift would be many of them.
    assert apart(before, after) <= 100
