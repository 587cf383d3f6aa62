"""Events: in order, none lost, and nothing that comes can stop the reading."""

import asyncio
import json
import logging
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from ivr.ari import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelTransfer,
    Client,
    Dial,
    Event,
    EventsLost,
    PlaybackFinished,
    StasisStart,
    UnknownEvent,
    new_id,
)
from ivr.ari.decoding import decode_event
from ivr.ari.events import EVENTS
from ivr.ari.ids import WIDTH
from tests.ari.conftest import MakeClient
from tests.ari.fake_asterisk import FakeAsterisk

SECRET = "13800138000"


def of(kind: str, channel: str = "c1", **more: Any) -> dict[str, Any]:
    return {"type": kind, "application": "test", "channel": {"id": channel}, **more}


def decode(message: dict[str, Any]) -> Event:
    event = decode_event(json.dumps(message).encode())
    assert event is not None
    return event


def test_given_a_known_type_then_a_typed_event_with_what_was_left_out_as_default() -> None:
    event = decode(of("ChannelDestroyed", cause=17, cause_txt="User busy"))
    assert isinstance(event, ChannelDestroyed)
    assert (event.cause, event.tech_cause, event.channel.caller.number) == (17, 0, "")


def test_given_any_known_type_with_nothing_but_its_type_then_it_decodes() -> None:
    for name, kind in EVENTS.items():
        assert type(decode({"type": name})) is kind


def test_given_an_unknown_type_then_it_passes_through_with_what_it_is_about() -> None:
    message = of("NeverHeardOf", bridge={"id": "b1"}, news=[1, 2])
    event = decode(message)
    assert isinstance(event, UnknownEvent)
    assert event.type == "NeverHeardOf"
    assert event.application == "test"
    assert json.loads(event.raw) == message
    assert event.resources() == ("c1", "b1")


@pytest.mark.parametrize("channel", [{"id": 5}, "c1", None, []])
def test_given_a_known_type_of_another_shape_then_it_is_not_lost(
    channel: object, caplog: pytest.LogCaptureFixture
) -> None:
    message = {"type": "ChannelDestroyed", "channel": channel, "cause_txt": "13800138000"}
    with caplog.at_level(logging.WARNING, "ari"):
        event = decode(message)
    assert isinstance(event, UnknownEvent)
    assert event.type == "ChannelDestroyed"
    assert "ChannelDestroyed does not fit" in caplog.text
    assert "13800138000" not in caplog.text


@pytest.mark.parametrize(
    "message", [b"", b"{", b"[]", b'"x"', b"13800138000", b'{"a": 1}', b'{"type": 1}', b"\xff"]
)
def test_given_something_that_is_no_event_then_it_is_logged_without_content(
    message: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "ari"):
        assert decode_event(message) is None
    assert f"a message of {len(message)} bytes" in caplog.text
    assert "13800138000" not in caplog.text


def test_given_events_about_several_things_then_all_are_named() -> None:
    playback = {"id": "p1", "target_uri": "bridge:b1"}
    assert decode({"type": "PlaybackFinished", "playback": playback}).resources() == ("p1", "b1")
    recording = {"name": "r/1", "target_uri": "channel:c1"}
    assert decode({"type": "RecordingFailed", "recording": recording}).resources() == ("r/1", "c1")
    entered = of("ChannelEnteredBridge", bridge={"id": "b1"})
    assert decode(entered).resources() == ("c1", "b1")
    dial = {"type": "Dial", "peer": {"id": "c2"}, "caller": {"id": "c1"}}
    assert decode(dial).resources() == ("c2", "c1")
    assert decode({"type": "Dial", "peer": {"id": "c2"}}).resources() == ("c2",)
    replaces = of("StasisStart", replace_channel={"id": "c0"})
    assert decode(replaces).resources() == ("c1", "c0")
    endpoint = {"technology": "PJSIP", "resource": "s1"}
    changed = decode({"type": "EndpointStateChange", "endpoint": endpoint})
    assert changed.resources() == ("PJSIP/s1",)
    device = {"name": "Stasis:x", "state": "INUSE"}
    changed = decode({"type": "DeviceStateChanged", "device_state": device})
    assert changed.resources() == ("Stasis:x",)


def test_given_a_transfer_then_who_asks_and_where_to_are_named() -> None:
    event = decode(
        {
            "type": "ChannelTransfer",
            "refer_to": {"requested_destination": {"destination": "9"}, "bridge": {"id": "b1"}},
            "referred_by": {"source_channel": {"id": "c1"}, "connected_channel": {"id": "c2"}},
        }
    )
    assert isinstance(event, ChannelTransfer)
    assert event.resources() == ("c1", "c2", "b1")
    assert event.refer_to.requested_destination.destination == "9"


def test_given_any_event_then_its_repr_holds_nothing_personal() -> None:
    party = {"name": "张三", "number": "13800138000"}
    channel = {"id": "c1", "name": "PJSIP/x", "caller": party, "connected": party}
    for name in EVENTS:
        event = decode(
            {
                "type": name,
                "channel": channel,
                "digit": "7",
                "value": "13800138000",
                "endpoint": {"resource": "13800138000"},
                "device_state": {"name": "13800138000"},
            }
        )
        assert not any(secret in repr(event) for secret in ("13800138000", "张三", "7"))
    dtmf = decode({"type": "ChannelDtmfReceived", "digit": "7", "channel": channel})
    assert isinstance(dtmf, ChannelDtmfReceived)
    assert repr(dtmf.channel) == "ChannelData(id='c1', state='')"
    assert "13800138000" not in repr(dtmf.channel.caller)


# --- through the client ---


class Seen:
    """An ``on_event`` that remembers, and can be waited on."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._grown = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._grown.set()

    async def wait_for(self, count: int) -> list[Event]:
        while len(self.events) < count:
            self._grown.clear()
            await self._grown.wait()
        return self.events


async def test_given_many_events_then_all_arrive_in_order(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    seen = Seen()
    await make_client(on_event=seen).start()
    for number in range(500):
        await fake.send(of("ChannelDestroyed", cause=number))
    causes = [getattr(event, "cause", None) for event in await seen.wait_for(500)]
    assert causes == list(range(500))


async def test_given_garbage_and_unknown_types_in_between_then_reading_goes_on(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    seen = Seen()
    await make_client(on_event=seen).start()
    await fake.send_text("no json")
    await fake.send(of("NeverHeardOf"))
    await fake.send_text("[1]")
    await fake.send(of("StasisStart"))
    kinds = [type(event) for event in await seen.wait_for(2)]
    assert kinds == [UnknownEvent, StasisStart]


async def test_given_on_event_fails_then_it_is_logged_and_reading_goes_on(
    make_client: MakeClient, fake: FakeAsterisk, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen()

    def on_event(event: Event) -> None:
        seen(event)
        raise ValueError(SECRET)

    client = make_client(on_event=on_event)
    await client.start()
    stream = client.watch("c1")
    with caplog.at_level(logging.ERROR, "ari"):
        await fake.send(of("StasisStart"))
        await fake.send(of("StasisEnd"))
        await seen.wait_for(2)
    assert "on_event failed at StasisStart: ValueError" in caplog.text
    assert "13800138000" not in caplog.text
    assert isinstance(await stream.get(), StasisStart)
    await client.channel("c1").answer()


async def test_given_a_message_in_fragments_with_a_ping_between_then_it_is_one_event(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    seen = Seen()
    await make_client(on_event=seen).start()
    text = json.dumps(of("StasisStart", args=["你好"]), ensure_ascii=False).encode()
    cut = text.index("好".encode()) + 1  # in the middle of a character
    frames = [
        Frame(Opcode.TEXT, text[:5], fin=False),
        Frame(Opcode.CONT, text[5:cut], fin=False),
        Frame(Opcode.PING, b"?"),
        Frame(Opcode.CONT, text[cut:]),
    ]
    for frame in frames:
        fake.write_raw(frame.serialize(mask=False))
    (event,) = await seen.wait_for(1)
    assert isinstance(event, StasisStart)
    assert event.args == ("你好",)


async def test_given_an_event_and_its_streams_then_streams_come_before_on_event(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    seen = Seen()
    late: list[Any] = []

    def on_event(event: Event) -> None:
        late.append(client.watch("c1"))
        seen(event)

    client = make_client(on_event=on_event)
    await client.start()
    early = client.watch("c1")
    await fake.send(of("StasisStart"))
    await seen.wait_for(1)
    assert isinstance(early.get_nowait(), StasisStart)
    assert late[0].get_nowait() is None


# --- streams ---


def started(channel: str) -> StasisStart:
    event = decode(of("StasisStart", channel))
    assert isinstance(event, StasisStart)
    return event


async def test_given_a_stream_then_it_holds_only_what_is_about_its_ids(client: Client) -> None:
    stream = client.watch("c1", "c3")
    events = [started(f"c{number}") for number in range(5)]
    for event in events:
        client.dispatch(event)
    assert [stream.get_nowait(), stream.get_nowait(), stream.get_nowait()] == [
        events[1],
        events[3],
        None,
    ]


async def test_given_an_event_about_two_ids_of_a_stream_then_it_comes_once(
    client: Client,
) -> None:
    stream = client.watch("c1", "b1")
    event = decode(of("ChannelEnteredBridge", bridge={"id": "b1"}))
    assert isinstance(event, ChannelEnteredBridge)
    client.dispatch(event)
    assert stream.get_nowait() is event
    assert stream.get_nowait() is None


async def test_given_two_streams_on_one_id_then_both_get_it_until_closed(
    client: Client,
) -> None:
    one, two = client.watch("c1"), client.watch("c1")
    client.dispatch(started("c1"))
    one.close()
    client.dispatch(started("c1"))
    assert one.get_nowait() is None
    assert two.get_nowait() is not None
    assert two.get_nowait() is not None
    two.close()
    assert client._streams._by_id == {}
    assert client._streams._all == set()


async def test_given_ids_added_and_dropped_then_the_stream_follows(client: Client) -> None:
    stream = client.watch("c1")
    stream.add("c2")
    stream.add("c2")
    stream.drop("c1")
    assert stream.ids == {"c2"}
    client.dispatch(started("c1"))
    client.dispatch(started("c2"))
    event = stream.get_nowait()
    assert isinstance(event, StasisStart)
    assert event.channel.id == "c2"
    assert stream.get_nowait() is None


async def test_given_a_get_cancelled_then_no_event_is_lost(client: Client) -> None:
    stream = client.watch("c1")
    waiting = asyncio.create_task(stream.get())
    await asyncio.sleep(0)
    client.dispatch(started("c1"))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert stream.get_nowait() is not None


async def test_given_two_readers_then_the_second_is_told(client: Client) -> None:
    stream = client.watch("c1")
    waiting = asyncio.create_task(stream.get())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        await stream.get()
    client.dispatch(started("c1"))
    await waiting


async def test_given_until_then_others_are_skipped(client: Client) -> None:
    stream = client.watch("c1")
    client.dispatch(started("c1"))
    client.dispatch(decode({"type": "Dial", "peer": {"id": "c1"}, "dialstatus": "ANSWER"}))
    assert (await stream.until(Dial)).dialstatus == "ANSWER"
    client.dispatch(EventsLost())
    client.dispatch(decode({"type": "PlaybackFinished", "playback": {"target_uri": "channel:c1"}}))
    assert isinstance(await stream.until(PlaybackFinished, EventsLost), PlaybackFinished)


async def test_given_a_closed_client_then_what_is_left_is_read_and_the_loop_ends(
    client: Client,
) -> None:
    stream = client.watch("c1")
    client.dispatch(started("c1"))
    await client.close()
    assert [type(event) async for event in stream] == [StasisStart]
    assert [type(event) async for event in client.watch("c1")] == []


async def test_given_a_stream_closed_by_another_task_then_its_reader_ends(
    client: Client,
) -> None:
    stream = client.watch("c1")

    async def read() -> list[Event]:
        return [event async for event in stream]

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    with stream:
        pass
    assert await reading == []


# --- ids ---


def test_given_any_prefix_then_ids_have_one_width_and_differ() -> None:
    ids = {new_id(prefix) for prefix in ("a", "ch", "snoop", "elevenchars") for _ in range(50)}
    assert len(ids) == 200
    assert {len(one) for one in ids} == {WIDTH}
    assert all(one == one.lower() for one in ids)


@pytest.mark.parametrize("prefix", ["", "Ch", "c-h", "a prefix", "c/h", "1a", "twelve-chars", "号"])
def test_given_a_prefix_that_would_spoil_the_id_then_it_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError):
        new_id(prefix)
