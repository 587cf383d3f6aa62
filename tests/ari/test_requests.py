"""Requests: each gets its own answer, its refusal, or an error at its limit."""

import asyncio
import logging

import pytest

from ivr.ari import (
    AriError,
    BadAnswer,
    BadRequest,
    Client,
    ClientClosed,
    Conflict,
    ConnectionLost,
    Forbidden,
    NotConnected,
    NotFound,
    PreconditionFailed,
    Refused,
    RequestTimeout,
    ServerError,
    Unauthorized,
    Unprocessable,
)
from ivr.ari import operations as op
from tests.ari.conftest import MakeClient
from tests.ari.fake_asterisk import Answer, Asked, FakeAsterisk


def stall(_asked: Asked) -> None:
    return None


async def test_given_many_in_flight_when_answered_backwards_then_each_gets_its_own(
    client: Client, fake: FakeAsterisk
) -> None:
    fake.handler = stall
    waiting = [asyncio.create_task(client.channel(f"c{i}").get()) for i in range(20)]
    asked = [await fake.next_asked() for _ in waiting]
    for one in reversed(asked):
        await fake.reply(one, Answer(200, {"id": one.path.removeprefix("channels/")}))
    assert [data.id for data in await asyncio.gather(*waiting)] == [f"c{i}" for i in range(20)]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (412, PreconditionFailed),
        (418, Refused),
        (422, Unprocessable),
        (500, ServerError),
        (503, ServerError),
    ],
)
@pytest.mark.parametrize("blocking", [False, True])
async def test_given_a_refusal_then_the_error_of_its_status_carries_asterisks_words(
    client: Client, fake: FakeAsterisk, status: int, kind: type[Refused], blocking: bool
) -> None:
    fake.handler = lambda _asked: Answer(status, {"message": "Words of 13800138000"})
    with pytest.raises(Refused) as caught:
        await client.channel("c1").set_var("SECRET", "13900139000", blocking=blocking)
    error = caught.value
    assert type(error) is kind
    assert error.status == status
    assert error.message == "Words of 13800138000"
    assert (error.method, error.path) == ("POST", "channels/c1/variable")
    for text in (str(error), repr(error)):
        assert "POST /channels/{channelId}/variable" in text
        assert "13800138000" not in text
        assert "13900139000" not in text


async def test_given_a_refusal_without_words_then_the_reason_stands_in(
    client: Client, fake: FakeAsterisk
) -> None:
    fake.handler = lambda _asked: Answer(404, None, "Not Found")
    with pytest.raises(NotFound) as caught:
        await client.channel("c1").answer()
    assert caught.value.message == "Not Found"


@pytest.mark.parametrize("blocking", [False, True])
async def test_given_no_answer_when_the_limit_is_over_then_timeout(
    make_client: MakeClient, fake: FakeAsterisk, blocking: bool
) -> None:
    client = make_client({"request_timeout": 0.01, "blocking_timeout": 0.01})
    await client.start()
    fake.handler = stall
    with pytest.raises(RequestTimeout):
        await client.channel("c1").answer(blocking=blocking)


async def test_given_a_limit_of_its_own_then_it_overrides_the_setting(
    client: Client, fake: FakeAsterisk
) -> None:
    fake.handler = stall
    with pytest.raises(RequestTimeout):
        await client.request(op.PING, timeout=0.01)


async def test_given_a_timeout_when_the_answer_comes_late_then_the_next_request_is_unharmed(
    client: Client, fake: FakeAsterisk
) -> None:
    fake.handler = stall
    with pytest.raises(RequestTimeout):
        await client.request(op.PING, timeout=0.01)
    late = await fake.next_asked()
    await fake.reply(late, Answer(200, {"ping": "late"}))
    fake.handler = lambda _asked: Answer(200, {"ping": "pong"})
    assert (await client.ping()).ping == "pong"


async def test_given_a_cancelled_request_when_its_answer_comes_then_nothing_breaks(
    client: Client, fake: FakeAsterisk
) -> None:
    fake.handler = stall
    waiting = asyncio.create_task(client.ping())
    asked = await fake.next_asked()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    await fake.reply(asked, Answer(200, {"ping": "pong"}))
    fake.handler = lambda _asked: Answer(200, {"ping": "again"})
    assert (await client.ping()).ping == "again"


@pytest.mark.parametrize("gentle", [False, True])
async def test_given_requests_in_flight_when_the_connection_breaks_then_all_fail_at_once(
    client: Client, fake: FakeAsterisk, gentle: bool
) -> None:
    fake.handler = stall
    waiting = [asyncio.create_task(client.ping()) for _ in range(3)]
    for _ in waiting:
        await fake.next_asked()
    if gentle:
        await fake.say_good_bye()
    else:
        fake.break_off()
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert type(outcome) is ConnectionLost


async def test_given_no_connection_then_not_connected_and_nothing_is_sent(
    make_client: MakeClient, fake: FakeAsterisk
) -> None:
    client = make_client()
    for blocking in (False, True):
        with pytest.raises(NotConnected):
            await client.channel("c1").answer(blocking=blocking)
    assert fake.asked == []


async def test_given_a_closed_client_then_client_closed(client: Client, fake: FakeAsterisk) -> None:
    fake.handler = stall
    waiting = asyncio.create_task(client.ping())
    await fake.next_asked()
    await client.close()
    with pytest.raises(ClientClosed):
        await waiting
    with pytest.raises(ClientClosed):
        await client.ping()


@pytest.mark.parametrize("body", [[], {"id": 1}, "text"])
async def test_given_an_answer_of_the_wrong_shape_then_bad_answer(
    client: Client, fake: FakeAsterisk, body: object
) -> None:
    fake.handler = lambda _asked: Answer(200, body)
    with pytest.raises(BadAnswer):
        await client.channel("c1").get()


@pytest.mark.parametrize("body", ['{"ping": "pong"}', "7", "null", '"\\"no json"'])
async def test_given_an_answer_wrapped_wrongly_then_bad_answer_or_its_refusal(
    client: Client, fake: FakeAsterisk, body: str
) -> None:
    fake.handler = stall
    for status, kind in ((200, BadAnswer), (404, NotFound)):
        waiting = asyncio.create_task(client.ping())
        asked = await fake.next_asked()
        await fake.send_text(
            f'{{"type": "RESTResponse", "request_id": "{asked.request_id}",'
            f' "status_code": {status}, "message_body": {body}}}'
        )
        with pytest.raises(kind):
            await waiting


async def test_given_no_body_where_one_is_due_then_bad_answer(
    client: Client, fake: FakeAsterisk
) -> None:
    fake.handler = lambda _asked: Answer(200)
    with pytest.raises(BadAnswer):
        await client.ping()


# --- the road over HTTP ---


async def test_given_blocking_then_the_same_request_goes_over_http(
    client: Client, fake: FakeAsterisk
) -> None:
    value = "a%20b+c&d=e 你好"
    await client.channel("a b").set_var("X", value)
    await client.channel("a b").set_var("X", value, blocking=True)
    await client.channel("c1").set_vars({"X": value})
    await client.channel("c1").set_vars({"X": value}, blocking=True)
    for over_websocket, over_http in (fake.asked[0:2], fake.asked[2:4]):
        assert (over_websocket.road, over_http.road) == ("websocket", "http")
        assert over_websocket.method == over_http.method
        assert over_websocket.path == over_http.path
        assert over_websocket.query == over_http.query
        assert over_websocket.body == over_http.body
    assert fake.asked[0].query["value"] == value
    assert fake.asked[3].body == {"variables": {"X": value}}


async def test_given_a_message_too_long_for_the_websocket_then_it_goes_over_http(
    client: Client, fake: FakeAsterisk
) -> None:
    await client.channel("c1").set_vars({"X": "x" * 70_000})
    assert fake.asked[0].road == "http"


async def test_given_http_breaks_then_connection_lost(client: Client, fake: FakeAsterisk) -> None:
    fake.handler = stall
    waiting = asyncio.create_task(client.channel("c1").answer(blocking=True))
    await fake.next_asked()
    fake.drop_http()
    with pytest.raises(ConnectionLost):
        await waiting


async def test_given_a_request_holds_up_the_websocket_then_others_go_over_http_until_its_answer(
    make_client: MakeClient,
    fake: FakeAsterisk,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = make_client({"slow_answer": 0.0})
    await client.start()
    fake.handler = lambda asked: Answer() if asked.road == "http" else None
    held = asyncio.create_task(client.channel("c1").answer())
    first = await fake.next_asked()
    told = asyncio.Event()

    def tell(_record: logging.LogRecord) -> bool:
        told.set()
        return True

    with monkeypatch.context() as patch:
        patch.setattr(logging.getLogger("ari"), "filters", [tell])
        await told.wait()
    await client.channel("c2").ring()
    assert (await fake.next_asked()).road == "http"
    assert "wants blocking=True" in caplog.text

    await fake.reply(first, Answer())
    await held
    fake.handler = lambda _asked: Answer()
    await client.channel("c2").ring()
    assert (await fake.next_asked()).road == "websocket"


# --- what goes into a request ---


async def test_given_values_then_none_is_left_out_and_the_rest_is_text(
    client: Client, fake: FakeAsterisk
) -> None:
    await client.channel("c1").record("r", "wav", max_duration_s=5, beep=False)
    assert fake.asked[0].query == {
        "name": "r",
        "format": "wav",
        "maxDurationSeconds": "5",
        "beep": "false",
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("PJSIP-0_a.b~c", "PJSIP-0_a.b~c"),
        ("a/b", "a%2Fb"),
        ("a b?c#d%", "a%20b%3Fc%23d%25"),
        ("张三", "%E5%BC%A0%E4%B8%89"),
    ],
)
@pytest.mark.parametrize("blocking", [False, True])
async def test_given_an_id_then_it_stays_one_piece_of_the_path(
    client: Client, fake: FakeAsterisk, given: str, sent: str, blocking: bool
) -> None:
    await client.channel(given).answer(blocking=blocking)
    assert fake.asked[0].path == f"channels/{sent}/answer"


async def test_given_mistakes_of_the_caller_then_they_are_told_and_nothing_is_sent(
    client: Client, fake: FakeAsterisk
) -> None:
    with pytest.raises(TypeError, match="takes no volume"):
        await client.request(op.CHANNEL_ANSWER, "c1", query={"volume": 1})
    with pytest.raises(TypeError, match="takes 1 ids"):
        await client.request(op.CHANNEL_ANSWER)
    with pytest.raises(ValueError, match="empty id"):
        await client.channel("").answer()
    with pytest.raises(ValueError, match="comma"):
        await client.channel("c1").play("sound:a,b")
    assert fake.asked == []


def test_every_error_is_of_one_tree() -> None:
    for kind in (NotConnected, RequestTimeout, ClientClosed, BadAnswer, NotFound, ServerError):
        assert issubclass(kind, AriError)
    assert issubclass(NotConnected, ConnectionLost)
