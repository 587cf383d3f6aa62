"""The client on a real Asterisk, with Local channels as callers."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from dialplan import phones
from hotline.testphone import Seats
from ivr.ari import (
    AriError,
    BridgeDestroyed,
    Channel,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    ChannelLeftBridge,
    ChannelVarset,
    Client,
    Conflict,
    DeviceStateChanged,
    Dial,
    Event,
    EventsLost,
    EventStream,
    Fenced,
    NotFound,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFinished,
    RecordingStarted,
    Settings,
    StasisEnd,
    StasisStart,
    State,
    Unauthorized,
    UnknownEvent,
    new_id,
)
from tests.ari.conftest import AriServer

pytestmark = pytest.mark.integration

ENDLESS = "tone:440"  # plays until it is stopped, and needs no file

MakeClient = Callable[..., Client]


@pytest.fixture
async def connect(ari_server: AriServer) -> AsyncIterator[MakeClient]:
    """Clients of the real Asterisk; whatever their application still holds goes with them."""
    made: list[Client] = []

    def make(app: str | None = None, **options: Any) -> Client:
        client = Client(
            options.pop("url", ari_server.url),
            ari_server.username,
            options.pop("password", ari_server.password),
            app or new_id("app"),
            **options,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        if client.state is State.CONNECTED:
            await clear(client)
        await client.close()


async def clear(client: Client) -> None:
    held = await client.application()
    for channel_id in held.channel_ids:
        await quietly(client.channel(channel_id).hangup())
    for bridge_id in held.bridge_ids:
        await quietly(client.bridge(bridge_id).destroy())


async def quietly(request: Awaitable[None]) -> None:
    with contextlib.suppress(AriError):
        await request


@pytest.fixture
async def client(connect: MakeClient) -> Client:
    client = connect()
    await client.start()
    return client


class Call:
    """A leg that has been dialled and answered, and all its events."""

    def __init__(self, client: Client, context: str) -> None:
        self.client = client
        self.context = context
        self.channel = Channel(client, new_id("ch"))
        self.events: EventStream = self.channel.watch()

    async def made(self, extension: str = "wait") -> "Call":
        await self.client.create_channel(
            f"Local/{extension}@{self.context}",
            channel_id=self.channel.id,
            other_channel_id=new_id("ch"),
        )
        return self

    async def answered(self) -> "Call":
        await self.made()
        await self.channel.dial(timeout=10)
        while (await self.events.until(Dial)).dialstatus != "ANSWER":
            pass
        return self


@pytest.fixture
def new_call(client: Client, ari_server: AriServer) -> Callable[[], Call]:
    return lambda: Call(client, ari_server.context)


@pytest.fixture
async def call(new_call: Callable[[], Call]) -> Call:
    return await new_call().answered()


# --- calls ---


async def test_given_a_channel_when_dialled_bridged_and_hung_up_then_its_events_tell_the_story(
    client: Client, new_call: Callable[[], Call]
) -> None:
    call = await new_call().made()
    bridge = await client.create_bridge()
    await bridge.add(call.channel)
    await call.channel.dial(timeout=10)
    while (await call.events.until(Dial)).dialstatus != "ANSWER":
        pass
    data = await call.channel.get()
    assert (data.id, data.state) == (call.channel.id, "Up")
    assert (await bridge.get()).channels == (call.channel.id,)
    await bridge.remove(call.channel)
    await call.channel.hangup(reason_code=17)
    story = [type(event) async for event in until_destroyed(call.events)]
    wanted = [ChannelLeftBridge, ChannelHangupRequest, StasisEnd, ChannelDestroyed]
    assert [kind for kind in story if kind in wanted] == wanted
    with pytest.raises(NotFound):
        await call.channel.get()


async def until_destroyed(events: EventStream) -> AsyncIterator[Event]:
    async for event in events:
        yield event
        if isinstance(event, ChannelDestroyed):
            return


async def test_given_a_busy_telephone_when_dialled_then_destroyed_tells_the_cause(
    client: Client, ari_server: AriServer
) -> None:
    if ari_server.running is None:
        pytest.skip("a telephone can be made known only to an Asterisk of our own")
    async with Seats(("127.0.0.1", ari_server.running.sip_port)) as telephones:
        settings = ari_server.running.settings.asterisk
        contact = telephones.contact(endpoint := phones.seat_id(1))
        for made in phones.wired_phone(settings, endpoint, contact, context="from-seat"):
            await client.put_dynamic("res_pjsip", made.kind, made.id, dict(made.fields))
        for dial in (False, True):
            channel = Channel(client, new_id("ch"))
            with channel.watch() as events:
                if dial:
                    await client.create_channel(f"PJSIP/{endpoint}", channel_id=channel.id)
                    await channel.dial(timeout=10)
                else:
                    await client.originate(f"PJSIP/{endpoint}", channel_id=channel.id)
                await (await telephones.rung()).refuse("busy")
                assert (await events.until(ChannelDestroyed)).cause == 17


async def test_given_a_caller_when_he_comes_by_the_dialplan_then_stasis_start_with_his_arguments(
    connect: MakeClient, ari_server: AriServer
) -> None:
    arrivals: asyncio.Queue[StasisStart] = asyncio.Queue()
    client = connect(
        on_event=lambda event: (
            arrivals.put_nowait(event) if isinstance(event, StasisStart) else None
        )
    )
    await client.start()
    caller = await client.originate(
        f"Local/app-{client.app}@{ari_server.context}", app_args=["dialled"]
    )
    called = await arrivals.get()
    assert called.args == ("one", "two")
    await client.channel(called.channel.id).answer()
    answered = await arrivals.get()
    assert (answered.channel.id, answered.args) == (caller.id, ("dialled",))


async def test_given_a_live_id_then_its_beginning_is_refused_and_ours_never_is(
    client: Client, new_call: Callable[[], Call]
) -> None:
    call = await new_call().made()
    with pytest.raises(Conflict):
        await client.originate("Local/wait@nowhere", channel_id=call.channel.id[:-1])
    with pytest.raises(Conflict):
        await client.originate("Local/wait@nowhere", channel_id=call.channel.id.upper()[:-1])
    await new_call().made()


async def test_given_two_calls_when_added_to_a_bridge_in_one_request_then_both_enter(
    client: Client, new_call: Callable[[], Call]
) -> None:
    one, two = await new_call().answered(), await new_call().answered()
    bridge = await client.create_bridge()
    with bridge.watch() as events:
        await bridge.add(one.channel, two.channel)
        entered = [await events.until(ChannelEnteredBridge) for _ in range(2)]
        assert {event.channel.id for event in entered if event.channel is not None} == {
            one.channel.id,
            two.channel.id,
        }
        await bridge.start_moh()
        await bridge.stop_moh()
        # Without it the news of a bridge ends with its last channel, before its own end.
        await client.subscribe(f"bridge:{bridge.id}")
        assert bridge.id in [data.id for data in await client.list_bridges()]
        await bridge.destroy()
        await events.until(BridgeDestroyed)
    with pytest.raises(NotFound):
        await bridge.get()


async def test_given_each_small_thing_done_to_a_channel_then_asterisk_accepts_it(
    call: Call,
) -> None:
    channel = call.channel
    for method in (
        channel.answer,
        channel.ring,
        channel.ring_stop,
        channel.progress,
        channel.hold,
        channel.unhold,
        channel.mute,
        channel.unmute,
        channel.start_moh,
        channel.stop_moh,
        channel.start_silence,
        channel.stop_silence,
    ):
        await method()
    await channel.send_dtmf("12#", between_ms=1, duration_ms=1)
    await channel.hangup("busy")
    assert (await call.events.until(ChannelDestroyed)).cause == 17


async def test_given_a_channel_sent_away_then_it_leaves_stasis_and_lives(
    call: Call, client: Client, ari_server: AriServer
) -> None:
    await call.channel.move(client.app, ["again"])
    assert (await call.events.until(StasisStart)).args == ("again",)
    await call.channel.continue_in_dialplan(
        context=ari_server.context, extension="wait", priority=1
    )
    await call.events.until(StasisEnd)
    assert (await call.channel.get()).state == "Up"
    await call.channel.hangup()


# --- sound ---


async def test_given_a_playback_when_stopped_then_finished(call: Call) -> None:
    playback = await call.channel.play(ENDLESS)
    started = await call.events.until(PlaybackStarted)
    assert started.playback.id == playback.id
    assert (await playback.get()).state == "playing"
    await playback.stop()
    finished = await call.events.until(PlaybackFinished)
    assert finished.playback.id == playback.id
    with pytest.raises(NotFound):
        await playback.stop()


async def test_given_a_playback_when_answer_is_asked_blocking_then_nobody_else_waits(
    call: Call, client: Client
) -> None:
    playback = await call.channel.play(ENDLESS)
    await call.events.until(PlaybackStarted)
    answering = asyncio.create_task(call.channel.answer(blocking=True))
    await client.ping()
    assert not answering.done()
    await playback.stop()
    await answering


async def test_given_a_playback_when_answer_is_asked_on_the_websocket_then_others_go_round_it(
    connect: MakeClient, ari_server: AriServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(settings=Settings(slow_answer=0.0, request_timeout=60.0))
    await client.start()
    call = await Call(client, ari_server.context).answered()
    playback = await call.channel.play(ENDLESS)
    await call.events.until(PlaybackStarted)
    told = asyncio.Event()

    def tell(_record: logging.LogRecord) -> bool:
        told.set()
        return True

    with monkeypatch.context() as patch:
        patch.setattr(logging.getLogger("ari"), "filters", [tell])
        answering = asyncio.create_task(call.channel.answer())
        await told.wait()
    # On the WebSocket this would wait for the playback's end, which never comes by itself.
    await playback.stop()
    await answering
    await client.ping()


async def test_given_a_recording_then_it_can_be_paused_and_is_stored_and_deleted(
    call: Call, client: Client
) -> None:
    snoop = await call.channel.snoop(spy="in")
    name = f"tests/{new_id('rec')}"
    with client.watch(name) as events:
        recording = await snoop.record(name, "wav")
        await events.until(RecordingStarted)
        await recording.pause()
        assert (await recording.get()).state == "paused"
        await recording.unpause()
        await recording.mute()
        await recording.unmute()
        assert (await recording.get()).state == "recording"
        await recording.stop()
        finished = await events.until(RecordingFinished)
    assert finished.recording.name == name
    assert name in [stored.name for stored in await client.list_stored_recordings()]
    stored = client.stored_recording(name)
    assert (await stored.get()).format == "wav"
    await stored.delete()
    with pytest.raises(NotFound):
        await stored.get()


async def test_given_external_media_then_asterisk_names_its_websocket(client: Client) -> None:
    data = await client.external_media()
    assert data.media_connection_id
    await client.channel(data.id).hangup()


# --- variables ---

VALUES = ["", "plain", "a%20b+c&d=e", "你好，12345", 'quote " and \\ backslash', "x" * 3000]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("blocking", [False, True])
async def test_given_any_value_then_it_comes_back_as_it_was_over_either_road(
    call: Call, value: str, blocking: bool
) -> None:
    await call.channel.set_var("ONE", value, blocking=blocking)
    assert await call.channel.get_var("ONE") == value
    await call.channel.set_vars({"TWO": value, "THREE": "3"}, blocking=blocking)
    assert await call.channel.get_vars("TWO", "THREE") == {"TWO": value, "THREE": "3"}


async def test_given_a_variable_to_be_reported_then_events_and_get_show_it(call: Call) -> None:
    await call.channel.set_var("STAGE", "menu", report_events=True)
    assert (await call.channel.get()).channelvars["STAGE"] == "menu"
    await call.channel.set_var("OTHER", "1")
    while (event := await call.events.until(ChannelVarset)).variable != "OTHER":
        pass
    assert event.channel is not None
    assert event.channel.channelvars["STAGE"] == "menu"


async def test_given_a_variable_nobody_set_then_not_found(call: Call) -> None:
    with pytest.raises(NotFound):
        await call.channel.get_var("NOBODY_SET_THIS")


async def test_given_a_global_then_it_comes_back(client: Client) -> None:
    name = new_id("g").replace("-", "_").upper()
    await client.set_global(name, "值")
    assert await client.get_global(name) == "值"


# --- the application ---


async def test_given_a_filter_then_its_types_are_not_sent_until_it_is_lifted(
    call: Call, client: Client
) -> None:
    filtered = await client.filter_events(["ChannelVarset"])
    assert [one.type for one in filtered.events_disallowed] == ["ChannelVarset"]
    bridge = await client.create_bridge()

    async def kinds_until_bridged() -> set[type[Event]]:
        await call.channel.set_var("X", "1")
        await bridge.add(call.channel)
        kinds: set[type[Event]] = set()
        while ChannelEnteredBridge not in kinds:
            kinds.add(type(await call.events.get()))
        await bridge.remove(call.channel)
        return kinds

    assert ChannelVarset not in await kinds_until_bridged()
    await client.filter_events([])
    assert ChannelVarset in await kinds_until_bridged()


async def test_given_things_of_ours_then_application_and_lists_name_them(
    call: Call, client: Client
) -> None:
    bridge = await client.create_bridge()
    await bridge.add(call.channel)
    held = await client.application()
    assert held.name == client.app
    assert call.channel.id in held.channel_ids
    assert bridge.id in held.bridge_ids
    assert call.channel.id in [data.id for data in await client.list_channels()]


async def test_given_a_subscription_to_a_device_then_its_changes_come_until_it_ends(
    client: Client,
) -> None:
    name = f"Stasis:{new_id('dev')}"
    with client.watch(name) as events:
        subscribed = await client.subscribe(f"deviceState:{name}")
        assert subscribed.device_names == (name,)
        await client.set_device_state(name, "INUSE")
        while (await events.until(DeviceStateChanged)).device_state.state != "INUSE":
            pass
    assert (await client.get_device_state(name)).state == "INUSE"
    assert name in [device.name for device in await client.list_device_states()]
    assert (await client.unsubscribe(f"deviceState:{name}")).device_names == ()
    await client.delete_device_state(name)


async def test_given_a_subscription_to_what_does_not_exist_then_it_is_refused(
    client: Client,
) -> None:
    with pytest.raises(AriError):
        await client.subscribe("bridge:nobody-made-this")


async def test_given_configuration_pushed_then_the_telephone_exists_until_it_is_deleted(
    client: Client,
) -> None:
    name = new_id("seat")
    secret = {"auth_type": "userpass", "username": name, "password": new_id("pw")}
    await client.put_dynamic("res_pjsip", "auth", name, secret)
    await client.put_dynamic("res_pjsip", "aor", name, {"max_contacts": "1"})
    endpoint = {"auth": name, "aors": name, "disallow": "all", "allow": "ulaw"}
    await client.put_dynamic("res_pjsip", "endpoint", name, endpoint)
    assert (await client.get_endpoint("PJSIP", name)).state == "offline"
    assert name in [one.resource for one in await client.list_endpoints("PJSIP")]
    fields = await client.get_dynamic("res_pjsip", "aor", name)
    assert ("max_contacts", "1") in [(one.attribute, one.value) for one in fields]
    for kind in ("endpoint", "aor", "auth"):
        await client.delete_dynamic("res_pjsip", kind, name)
    with pytest.raises(NotFound):
        await client.get_dynamic("res_pjsip", "auth", name)


async def test_given_asterisk_then_it_tells_its_version_and_answers_a_ping(
    client: Client,
) -> None:
    major, minor, *_ = (await client.info()).system.version.partition("+")[0].split(".")
    assert (int(major), int(minor)) >= (22, 4)
    assert (await client.ping()).ping == "pong"


async def test_given_a_list_longer_than_64_kb_then_the_websocket_carries_it(
    client: Client, new_call: Callable[[], Call]
) -> None:
    call = await new_call().made()
    for number in range(20):
        await call.channel.set_var(f"LONG_{number}", "x" * 4000, report_events=True)
    data = await call.channel.get()
    assert sum(len(value) for value in data.channelvars.values()) == 80_000


# --- the connection ---


async def test_given_a_wrong_password_then_unauthorized(connect: MakeClient) -> None:
    with pytest.raises(Unauthorized):
        await connect(password="wrong").start()


async def test_given_a_second_client_of_the_application_then_the_first_is_fenced(
    connect: MakeClient, ari_server: AriServer
) -> None:
    fenced = asyncio.Event()
    first = connect(on_fenced=fenced.set)
    await first.start()
    call = await Call(first, ari_server.context).answered()
    second = connect(first.app)
    await second.start()
    await fenced.wait()
    with pytest.raises(Fenced):
        await call.channel.hold()
    with second.watch(call.channel.id) as events:
        await second.channel(call.channel.id).set_var("X", "1")
        await events.until(ChannelVarset)


async def test_given_a_break_while_calls_talk_then_they_are_found_again_and_their_events_come(
    connect: MakeClient, ari_server: AriServer
) -> None:
    found: asyncio.Queue[tuple[bool, tuple[str, ...]]] = asyncio.Queue()

    async def on_connected(first: bool) -> None:
        found.put_nowait((first, (await ours.application()).channel_ids))

    ours = connect(on_connected=on_connected)
    await ours.start()
    assert await found.get() == (True, ())
    call = await Call(ours, ari_server.context).answered()

    assert ours._connection is not None
    ours._connection.abort()

    await call.events.until(EventsLost)
    assert await found.get() == (False, (call.channel.id,))
    await call.channel.set_var("X", "1")
    await call.events.until(ChannelVarset)


class Proxy:
    """Between client and Asterisk; can fall silent without closing anything."""

    def __init__(self, target: str) -> None:
        host, _, port = target.partition("//")[2].partition("/")[0].partition(":")
        self._host, self._port = host, int(port)
        self.silent = False
        self.writers: list[asyncio.StreamWriter] = []
        self.server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/ari"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other_reader, other_writer = await asyncio.open_connection(self._host, self._port)
        self.writers += [writer, other_writer]
        alive = [True]
        for source, sink in ((reader, other_writer), (other_reader, writer)):
            task = asyncio.create_task(self._carry(source, sink, alive))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, alive: list[bool]
    ) -> None:
        while data := await source.read(65536):
            if self.silent:
                alive[0] = False
            if alive[0]:
                sink.write(data)

    async def stop(self) -> None:
        for writer in self.writers:
            writer.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.server is not None:
            self.server.close()


async def test_given_a_line_that_falls_silent_then_the_client_comes_back_and_is_not_fenced(
    connect: MakeClient, ari_server: AriServer
) -> None:
    proxy = Proxy(ari_server.url)
    fenced = asyncio.Event()
    events: asyncio.Queue[Event] = asyncio.Queue()
    client = connect(
        url=await proxy.start(),
        on_fenced=fenced.set,
        on_event=events.put_nowait,
        settings=Settings(ping_interval=0.05, silence_limit=0.2),
    )
    try:
        await client.start()
        proxy.silent = True
        assert client._connection is not None
        await client._connection.ended
        proxy.silent = False
        while not isinstance(await events.get(), EventsLost):
            pass
        await client.ping()
        assert client.state is State.CONNECTED
        assert not fenced.is_set()
    finally:
        await client.close()
        await proxy.stop()


async def test_given_everything_above_then_no_event_of_asterisk_was_of_a_shape_unknown(
    connect: MakeClient, ari_server: AriServer
) -> None:
    events: list[Event] = []
    client = connect(on_event=events.append)
    await client.start()
    call = await Call(client, ari_server.context).answered()
    bridge = await client.create_bridge()
    await bridge.add(call.channel)
    await call.channel.hold()
    await bridge.remove(call.channel)
    playback = await call.channel.play(ENDLESS)
    await call.events.until(PlaybackStarted)
    await playback.stop()
    await call.channel.hangup()
    await call.events.until(ChannelDestroyed)
    assert len(events) > 10
    assert [event for event in events if isinstance(event, UnknownEvent)] == []
