"""Who hears whom under supervision: the mechanism alone, on a real Asterisk, by its sound.

Citizen, agent and supervisor each speak a tone of their own all the time; what reaches each of
them, and the recording, is looked at while both tones that must be heard are heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from hotline.testphone import Citizen, SeatCall, Seats, hearing
from hotline.testphone.alaw import Samples
from ivr import ari, supervision
from ivr.supervision import Supervision
from tests.support.asterisk import Running, running_asterisk
from tests.support.tones import CITIZEN_HZ, SEAT_HZ

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

SUPERVISOR_HZ = 1300.0
WITHIN_S = 10.0
SPEAK_S = 60.0
HEARD_S = 0.5
LATELY_S = 0.2
AUDIBLE = 0.15
"""The share of a tone among two or three that sound together."""
INAUDIBLE = 0.03
"""Fifteen decibels below what is audible: lost packets of a busy machine smear a tone a little."""

TONES = {"citizen": CITIZEN_HZ, "agent": SEAT_HZ, "supervisor": SUPERVISOR_HZ}
ALL = frozenset(TONES)


@dataclass(slots=True)
class House:
    asterisk: Running
    seats: Seats
    client: ari.Client
    starts: asyncio.Queue[ari.StasisStart]

    async def ring(self, seat: int, call_id: str) -> tuple[ari.Channel, SeatCall]:
        """Ring a seat's telephone and pick up."""
        endpoint = await self.asterisk.push_seat(seat, self.seats.port)
        channel = ari.new_id("seat")
        await self.client.originate(
            f"PJSIP/{endpoint}", channel_id=channel, app_args=("seat", call_id), timeout=20
        )
        phone = await self.seats.rung()
        await phone.answer()
        async with asyncio.timeout(WITHIN_S):
            while (await self.starts.get()).channel.id != channel:
                pass
        return self.client.channel(channel), phone


@dataclass(slots=True)
class Scene:
    """Citizen and agent in the call's bridge, the supervisor's telephone up and nowhere yet."""

    house: House
    call_id: str
    citizen: Citizen
    caller: ari.Channel
    agent: ari.Channel
    agent_phone: SeatCall
    chief: ari.Channel
    chief_phone: SeatCall
    bridge: ari.Bridge
    watch: Supervision

    @property
    def raw(self) -> Path:
        return self.house.asterisk.settings.spool / f"{self.call_id}.raw"

    def ears(self) -> dict[str, Citizen | SeatCall]:
        return {
            "citizen": self.citizen,
            "agent": self.agent_phone,
            "supervisor": self.chief_phone,
        }

    async def hear(self, **expected: str) -> None:
        """Each person named hears exactly the voices named (with spaces), from now on."""
        for who, voices in expected.items():
            await self._no_longer(who, ALL - set(voices.split()))
        since = self.citizen.media.now()
        for who, voices in expected.items():
            for voice in voices.split():
                await self._comes(who, voice, since)
        for who, voices in expected.items():
            for voice in ALL - set(voices.split()):
                sound = self.ears()[who].media.heard(since)
                share = hearing.tone_share(sound, TONES[voice])
                assert share < INAUDIBLE, f"{who} hears the {voice}: {share}"

    async def _comes(self, who: str, voice: str, since: float) -> None:
        media = self.ears()[who].media

        def heard() -> bool:
            return hearing.tone_seconds(media.heard(since), TONES[voice], AUDIBLE) >= HEARD_S

        try:
            await media.hears(heard, WITHIN_S)
        except TimeoutError:
            raise AssertionError(f"{who} does not hear the {voice}") from None

    async def _no_longer(self, who: str, voices: frozenset[str]) -> None:
        """What was said before the last change has run out of every buffer on the way."""
        media = self.ears()[who].media

        def silent() -> bool:
            late = media.heard(media.now() - LATELY_S)
            return all(hearing.tone_share(late, TONES[v]) < INAUDIBLE for v in voices)

        try:
            await media.hears(silent, WITHIN_S)
        except TimeoutError:
            raise AssertionError(f"{who} still hears one of {sorted(voices)}") from None

    async def found(self) -> tuple[dict[str, ari.ChannelData], dict[str, ari.BridgeData]]:
        channels = {channel.id: channel for channel in await self.house.client.list_channels()}
        bridges = {bridge.id: bridge for bridge in await self.house.client.list_bridges()}
        return channels, bridges

    async def left(self) -> set[str]:
        """What is there besides the three and their bridge."""
        channels, bridges = await self.found()
        ours = {self.caller.id, self.agent.id, self.chief.id, self.bridge.id}
        return ({*channels} | {*bridges}) - ours

    async def nothing_left(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            while await self.left():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)

    async def recorded(self) -> tuple[Samples, Samples]:
        """The two sides of the recording, once the call is over and Asterisk has closed it."""
        await self.house.asterisk.has_closed()
        data = np.frombuffer(await asyncio.to_thread(self.raw.read_bytes), "<i2")
        return np.ascontiguousarray(data[0::2]), np.ascontiguousarray(data[1::2])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[House]:
    starts: asyncio.Queue[ari.StasisStart] = asyncio.Queue()

    def on_event(event: ari.Event) -> None:
        if isinstance(event, ari.StasisStart):
            starts.put_nowait(event)

    async with running_asterisk() as asterisk:
        address = ("127.0.0.1", asterisk.sip_port)
        app = asterisk.settings.asterisk.app
        async with (
            Seats(address) as seats,
            ari.Client(
                f"{asterisk.url}/ari", asterisk.user, asterisk.password, app, on_event=on_event
            ) as client,
        ):
            yield House(asterisk, seats, client, starts)


@asynccontextmanager
async def talking(house: House) -> AsyncIterator[Scene]:
    """All three speak from the beginning on."""
    async with Citizen(("127.0.0.1", house.asterisk.sip_port)) as citizen:
        async with asyncio.timeout(WITHIN_S):
            while (start := await house.starts.get()).args[0] != "inbound":
                pass
        call_id = start.args[1]
        caller = house.client.channel(start.channel.id)
        agent, agent_phone = await house.ring(1, call_id)
        bridge = await house.client.create_bridge(f"br-{call_id}", types=("mixing",))
        await bridge.add(caller, agent)
        chief, chief_phone = await house.ring(2, call_id)
        scene = Scene(
            house, call_id, citizen, caller, agent, agent_phone, chief, chief_phone, bridge,
            Supervision(house.client, call_id, caller.id),
        )  # fmt: skip
        for who, ear in scene.ears().items():
            ear.say_tone(TONES[who], SPEAK_S)
        try:
            yield scene
        finally:
            await scene.watch.close()
            for phone in (agent_phone, chief_phone):
                await phone.hang_up()
            await bridge.destroy()


async def test_given_talk_when_she_listens_then_she_hears_both_and_nobody_hears_her(
    house: House,
) -> None:
    async with talking(house) as scene:
        await scene.watch.listen(scene.chief.id, scene.agent.id)
        assert scene.watch.mode(scene.chief.id) == "listen"
        await scene.hear(supervisor="citizen agent", citizen="agent", agent="citizen")
        await scene.watch.stop(scene.chief.id)
        assert scene.watch.mode(scene.chief.id) is None
        await scene.nothing_left()
    caller, others = await scene.recorded()
    assert hearing.tone_seconds(caller, CITIZEN_HZ) >= HEARD_S
    assert hearing.tone_seconds(others, SEAT_HZ) >= HEARD_S
    assert hearing.tone_share(caller, SUPERVISOR_HZ) < INAUDIBLE
    assert hearing.tone_share(others, SUPERVISOR_HZ) < INAUDIBLE


async def test_given_talk_when_she_whispers_then_only_the_agent_hears_her(house: House) -> None:
    async with talking(house) as scene:
        await scene.watch.whisper(scene.chief.id, scene.agent.id)
        await scene.hear(supervisor="citizen agent", citizen="agent", agent="citizen supervisor")
        await scene.watch.listen(scene.chief.id, scene.agent.id)
        await scene.hear(supervisor="citizen agent", citizen="agent", agent="citizen")
    caller, others = await scene.recorded()
    assert hearing.tone_seconds(others, SEAT_HZ) >= HEARD_S
    assert hearing.tone_share(caller, SUPERVISOR_HZ) < INAUDIBLE
    assert hearing.tone_share(others, SUPERVISOR_HZ) < INAUDIBLE


async def test_given_held_caller_when_she_whispers_then_the_agent_hears_her_all_the_same(
    house: House,
) -> None:
    """Alone in the bridge nothing is written to the agent's channel: found by measuring."""
    async with talking(house) as scene:
        await scene.watch.whisper(scene.chief.id, scene.agent.id)
        await scene.bridge.remove(scene.caller)
        await scene.hear(supervisor="agent", agent="supervisor")
        await scene.bridge.add(scene.caller)
        await scene.hear(supervisor="citizen agent", citizen="agent", agent="citizen supervisor")


async def test_given_any_mode_when_she_changes_it_then_her_telephone_does_not_ring_again(
    house: House,
) -> None:
    async with talking(house) as scene:
        chief, agent = scene.chief.id, scene.agent.id
        both = {"citizen": "agent supervisor", "agent": "citizen supervisor"}
        for mode, heard in (
            ("listen", {"citizen": "agent", "agent": "citizen"}),
            ("barge", both),
            ("whisper", {"citizen": "agent", "agent": "citizen supervisor"}),
            ("barge", both),
            ("listen", {"citizen": "agent", "agent": "citizen"}),
        ):
            await scene.watch.supervise(chief, mode, agent)
            assert scene.watch.mode(chief) == mode
            await scene.hear(supervisor="citizen agent", **heard)
        assert scene.house.seats.rung_now() is None
        await scene.watch.close()
        await scene.nothing_left()
        assert (await scene.chief.get()).state == "Up"
    _, others = await scene.recorded()
    assert hearing.tone_seconds(others, SUPERVISOR_HZ, AUDIBLE) >= HEARD_S


async def test_given_whisper_when_the_agent_has_left_then_she_hears_the_caller_and_he_not_her(
    house: House,
) -> None:
    async with talking(house) as scene:
        await scene.watch.whisper(scene.chief.id, scene.agent.id)
        await scene.agent.hangup()
        await scene.watch.whisper(scene.chief.id, scene.caller.id)
        assert scene.watch.mode(scene.chief.id) == "listen"
        await scene.hear(supervisor="citizen", citizen="")


@pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
async def test_given_mode_when_the_controller_is_another_then_it_goes_on_and_can_be_changed(
    house: House, mode: str
) -> None:
    heard = {
        "listen": {"citizen": "agent", "agent": "citizen"},
        "whisper": {"citizen": "agent", "agent": "citizen supervisor"},
        "barge": {"citizen": "agent supervisor", "agent": "citizen supervisor"},
    }
    async with talking(house) as scene:
        chief = scene.chief.id
        await scene.watch.supervise(chief, mode, scene.agent.id)
        # Nothing but Asterisk remembers from here on.
        scene.watch = Supervision(house.client, scene.call_id, scene.caller.id)
        await scene.watch.recover(*await scene.found(), [chief])
        assert scene.watch.mode(chief) == mode
        await scene.hear(supervisor="citizen agent", **heard[mode])
        after = "listen" if mode != "listen" else "whisper"
        await scene.watch.supervise(chief, after, scene.agent.id)
        await scene.hear(supervisor="citizen agent", **heard[after])
        await scene.watch.close()
        await scene.nothing_left()


async def test_given_supervisor_hung_up_when_it_is_swept_then_snoop_and_bridge_are_gone(
    house: House,
) -> None:
    async with talking(house) as scene:
        await scene.watch.listen(scene.chief.id, scene.agent.id)
        scene.watch = Supervision(house.client, scene.call_id, scene.caller.id)
        await supervision.sweep(house.client, *await scene.found(), [scene.chief.id])
        assert len(await scene.left()) == 2, "what is hers was swept away"
        await scene.chief_phone.hang_up()
        await supervision.sweep(house.client, *await scene.found(), [])
        async with asyncio.timeout(WITHIN_S):
            while await scene.left():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)


async def test_given_listening_when_the_agent_is_gone_then_a_whisper_is_refused_and_she_listens(
    house: House,
) -> None:
    async with talking(house) as scene:
        await scene.watch.listen(scene.chief.id, scene.agent.id)
        with pytest.raises(ari.NotFound):
            await scene.watch.whisper(scene.chief.id, ari.new_id("seat"))
        assert scene.watch.mode(scene.chief.id) == "listen"
        await scene.hear(supervisor="citizen agent", citizen="agent", agent="citizen")
