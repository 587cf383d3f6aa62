"""The connection: made, kept, lost, made again, fenced, closed."""

import asyncio
import json
import logging

import pytest
from websockets.frames import Frame, Opcode

from ivr.ari import (
    Client,
    ClientClosed,
    ConnectionLost,
    Event,
    EventsLost,
    Fenced,
    NotConnected,
    State,
    Unauthorized,
)
from ivr.ari.backoff import Backoff
from tests.ari.conftest import MakeClient
from tests.ari.fake_asterisk import Answer, FakeAsterisk, credentials

SECRET = "13800138000"
REPLACED = {"type": "ApplicationReplaced", "application": "test"}


async def test_given_a_start_then_the_handshake_names_app_and_user_and_no_password_in_the_url(
    client: Client, fake: FakeAsterisk
) -> None:
    handshake = fake.handshakes[0]
    assert handshake.query["app"] == "test"
    assert credentials(handshake) == "user:secret"
    assert "secret" not in handshake.raw_path
    assert "Sec-WebSocket-Extensions" not in handshake.headers
    assert client.state is State.CONNECTED


async def test_given_asterisk_not_ready_when_started_then_it_is_tried_again(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    fake.refusals.extend([503, 404])
    async with make_client() as client:
        assert client.state is State.CONNECTED
    assert not fake.refusals


async def test_given_a_wrong_password_when_started_then_unauthorized(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    fake.refusals.append(401)
    client = make_client()
    with pytest.raises(Unauthorized):
        await client.start()
    assert client.closed


async def test_given_nobody_there_when_the_limit_is_over_then_connection_lost(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    await fake.stop()
    client = make_client({"start_timeout": 0.05})
    with pytest.raises(ConnectionLost):
        await client.start()
    assert client.state is State.CLOSED


async def test_given_a_handshake_never_answered_then_its_limit_ends_it(
    make_client: MakeClient,
) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    client = make_client({"start_timeout": 0.1, "connect_timeout": 0.01})
    client._events_url = f"ws://127.0.0.1:{port}/ari/events?app=test"
    with pytest.raises(ConnectionLost):
        await client.start()
    silent.close()


@pytest.mark.parametrize("gentle", [False, True])
async def test_given_a_break_then_it_connects_again_and_says_that_events_were_lost(
    make_client: MakeClient, fake: FakeAsterisk, gentle: bool
) -> None:
    events: asyncio.Queue[Event] = asyncio.Queue()
    client = make_client(on_event=events.put_nowait)
    await client.start()
    stream = client.watch("anything")
    await fake.next_connection()
    if gentle:
        await fake.say_good_bye()
    else:
        fake.break_off()
    assert isinstance(await events.get(), EventsLost)
    assert isinstance(await stream.get(), EventsLost)
    assert client.state is State.CONNECTED
    await client.channel("c1").answer()


async def test_given_refusals_after_a_break_then_it_keeps_trying_even_when_unauthorized(
    client: Client, fake: FakeAsterisk
) -> None:
    await fake.next_connection()
    fake.refusals.extend([401, 503])
    fake.break_off()
    await fake.next_connection()
    await client.wait_connected()
    await client.channel("c1").answer()


async def test_given_each_connection_then_on_connected_runs_and_may_make_requests(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    runs: asyncio.Queue[bool] = asyncio.Queue()

    async def on_connected(first: bool) -> None:
        await client.ping()
        runs.put_nowait(first)

    fake.handler = lambda _asked: Answer(200, {"ping": "pong"})
    client = make_client(on_connected=on_connected)
    await client.start()
    assert await runs.get() is True
    fake.break_off()
    assert await runs.get() is False


async def test_given_on_connected_fails_then_it_is_tried_again_and_its_words_are_not_logged(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    done = asyncio.Event()
    runs: list[bool] = []

    async def on_connected(first: bool) -> None:
        runs.append(first)
        if len(runs) < 3:
            raise KeyError(SECRET)
        done.set()

    with caplog.at_level(logging.ERROR, "ari"):
        await make_client(on_connected=on_connected).start()
        await done.wait()
    assert runs == [True, True, True]
    assert "KeyError" in caplog.text
    assert "13800138000" not in caplog.text


async def test_given_a_break_while_on_connected_runs_then_it_is_stopped_before_the_next_begins(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    steps: list[str] = []
    second = asyncio.Event()
    never = asyncio.Event()

    async def on_connected(first: bool) -> None:
        if not first:
            steps.append("second")
            second.set()
            return
        try:
            fake.break_off()
            await never.wait()
        finally:
            steps.append("first stopped")

    await make_client(on_connected=on_connected).start()
    await second.wait()
    assert steps == ["first stopped", "second"]


async def test_given_a_line_gone_dead_then_it_is_found_out_and_connected_again(
    make_client: MakeClient, fake: FakeAsterisk, caplog: pytest.LogCaptureFixture
) -> None:
    fake.deaf = True
    with caplog.at_level(logging.WARNING, "ari"):
        client = make_client({"ping_interval": 0.01, "silence_limit": 0.02})
        await client.start()
        await fake.next_connection()
        fake.deaf = False
        await fake.next_connection()
        await client.wait_connected()
    assert "nothing heard" in caplog.text


async def test_given_a_good_bye_heard_then_nothing_more_is_sent_on_that_line(
    client: Client,
) -> None:
    connection = client._connection
    assert connection is not None
    connection.data_received(Frame(Opcode.CLOSE, b"").serialize(mask=False))
    assert client.state is State.CONNECTING
    with pytest.raises(NotConnected):
        await client.ping()
    await client.wait_connected()
    await client.channel("c1").answer()


# --- fencing ---


async def test_given_another_takes_the_application_then_this_client_is_finished(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    fenced = asyncio.Event()
    seen: list[Event] = []
    client = make_client(on_fenced=fenced.set, on_event=seen.append)
    await client.start()
    stream = client.watch("c1")
    fake.handler = lambda _asked: None
    waiting = asyncio.create_task(client.ping())
    await fake.next_asked()

    await fake.send(REPLACED)
    await fenced.wait()

    assert client.state is State.FENCED
    assert client.closed
    assert [type(event).__name__ for event in seen] == ["ApplicationReplaced"]
    with pytest.raises(Fenced):
        await waiting
    for blocking in (False, True):
        with pytest.raises(Fenced):
            await client.channel("c1").answer(blocking=blocking)
    with pytest.raises(Fenced):
        await stream.get()
    with pytest.raises(Fenced):
        await client.watch("c2").get()
    with pytest.raises(Fenced):
        await client.wait_closed()
    assert len(fake.asked) == 1


async def test_given_fenced_then_it_does_not_connect_again(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    fenced = asyncio.Event()
    client = make_client(on_fenced=fenced.set)
    await client.start()
    await fake.send(REPLACED)
    await fenced.wait()
    fake.break_off()
    assert client._runner is not None
    await asyncio.wait([client._runner])
    await client.close()
    assert client.state is State.FENCED
    assert len(fake.handshakes) == 1


async def test_given_on_fenced_fails_then_the_client_is_fenced_all_the_same(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    def fail() -> None:
        raise RuntimeError

    client = make_client(on_fenced=fail)
    await client.start()
    await fake.send(REPLACED)
    with pytest.raises(Fenced):
        await client.wait_closed()


async def test_given_another_application_is_replaced_then_nothing_happens(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    events: asyncio.Queue[Event] = asyncio.Queue()
    client = make_client(on_event=events.put_nowait)
    await client.start()
    await fake.send({"type": "ApplicationReplaced", "application": "other"})
    await events.get()
    assert client.state is State.CONNECTED
    await client.channel("c1").answer()


async def test_given_fenced_then_what_still_comes_is_not_ours_any_more(
    make_client: MakeClient,
) -> None:
    seen: list[Event] = []
    client = make_client(on_event=seen.append)
    await client.start()
    for message in (REPLACED, {"type": "StasisStart", "application": "test"}):
        client.received(json.dumps(message).encode())
    assert [type(event).__name__ for event in seen] == ["ApplicationReplaced"]


# --- closing ---


async def test_given_close_then_the_socket_is_closed_with_a_good_bye(
    client: Client, fake: FakeAsterisk
) -> None:
    await client.close()
    assert client.state is State.CLOSED
    assert fake.sockets[0].close_code == 1000
    await client.wait_closed()
    await client.close()


async def test_given_close_while_connecting_then_it_ends(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    await fake.stop()
    client = make_client()
    starting = asyncio.create_task(client.start())
    await asyncio.sleep(0)
    await client.close()
    with pytest.raises(ClientClosed):
        await starting


async def test_given_a_client_then_it_is_started_once(client: Client) -> None:
    with pytest.raises(RuntimeError):
        await client.start()


async def test_given_a_mistake_of_ours_in_the_keeping_then_who_waits_is_told(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client()

    async def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(client, "_try_to_connect", broken)
    with pytest.raises(ZeroDivisionError):
        await client.start()
    with pytest.raises(ZeroDivisionError):
        await client.wait_closed()


def test_given_failures_then_waits_double_to_a_most_and_are_never_equal_for_all() -> None:
    backoff = Backoff(1.0, 8.0)
    for whole in (1.0, 2.0, 4.0, 8.0, 8.0):
        assert whole / 2 <= backoff.next() <= whole
    backoff.reset()
    assert backoff.next() <= 1.0
    assert len({Backoff(1.0, 8.0).next() for _ in range(20)}) > 1
