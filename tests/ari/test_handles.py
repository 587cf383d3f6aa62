"""Each method of client and handles, and the request it makes. None may be missing."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ivr.ari import Client, StasisStart
from ivr.ari import models as m
from ivr.ari import operations as op
from tests.ari.fake_asterisk import Answer, Asked, FakeAsterisk

Call = Callable[[Client], Awaitable[Any]]
CHANNEL, BRIDGE = "channels/c1", "bridges/b1"
DYNAMIC = "asterisk/config/dynamic/res_pjsip/auth/s1"

# method, path, query, body, the call
REQUESTS: list[tuple[str, str, dict[str, str], Any, Call]] = [
    ("GET", CHANNEL, {}, None, lambda c: c.channel("c1").get()),
    ("POST", f"{CHANNEL}/answer", {}, None, lambda c: c.channel("c1").answer()),
    ("DELETE", CHANNEL, {}, None, lambda c: c.channel("c1").hangup()),
    ("DELETE", CHANNEL, {"reason": "busy"}, None, lambda c: c.channel("c1").hangup("busy")),
    (
        "DELETE",
        CHANNEL,
        {"reason_code": "17"},
        None,
        lambda c: c.channel("c1").hangup(reason_code=17),
    ),
    ("POST", f"{CHANNEL}/ring", {}, None, lambda c: c.channel("c1").ring()),
    ("DELETE", f"{CHANNEL}/ring", {}, None, lambda c: c.channel("c1").ring_stop()),
    ("POST", f"{CHANNEL}/progress", {}, None, lambda c: c.channel("c1").progress()),
    (
        "POST",
        f"{CHANNEL}/dial",
        {"caller": "c0", "timeout": "20"},
        None,
        lambda c: c.channel("c1").dial(caller="c0", timeout=20),
    ),
    ("POST", f"{CHANNEL}/hold", {}, None, lambda c: c.channel("c1").hold()),
    ("DELETE", f"{CHANNEL}/hold", {}, None, lambda c: c.channel("c1").unhold()),
    ("POST", f"{CHANNEL}/mute", {"direction": "both"}, None, lambda c: c.channel("c1").mute()),
    (
        "DELETE",
        f"{CHANNEL}/mute",
        {"direction": "in"},
        None,
        lambda c: c.channel("c1").unmute("in"),
    ),
    (
        "POST",
        f"{CHANNEL}/dtmf",
        {"dtmf": "1#", "before": "1", "between": "2", "duration": "3", "after": "4"},
        None,
        lambda c: c.channel("c1").send_dtmf(
            "1#", before_ms=1, between_ms=2, duration_ms=3, after_ms=4
        ),
    ),
    (
        "POST",
        f"{CHANNEL}/play/p1",
        {"media": "sound:a,sound:b", "lang": "zh", "offsetms": "1", "skipms": "2"},
        None,
        lambda c: c.channel("c1").play(
            "sound:a", "sound:b", playback_id="p1", lang="zh", offset_ms=1, skip_ms=2
        ),
    ),
    ("POST", f"{CHANNEL}/moh", {}, None, lambda c: c.channel("c1").start_moh()),
    ("POST", f"{CHANNEL}/moh", {"mohClass": "x"}, None, lambda c: c.channel("c1").start_moh("x")),
    ("DELETE", f"{CHANNEL}/moh", {}, None, lambda c: c.channel("c1").stop_moh()),
    ("POST", f"{CHANNEL}/silence", {}, None, lambda c: c.channel("c1").start_silence()),
    ("DELETE", f"{CHANNEL}/silence", {}, None, lambda c: c.channel("c1").stop_silence()),
    (
        "POST",
        f"{CHANNEL}/record",
        {
            "name": "d/r",
            "format": "wav",
            "maxDurationSeconds": "9",
            "maxSilenceSeconds": "3",
            "ifExists": "fail",
            "beep": "true",
            "terminateOn": "#",
        },
        None,
        lambda c: c.channel("c1").record(
            "d/r",
            "wav",
            max_duration_s=9,
            max_silence_s=3,
            if_exists="fail",
            beep=True,
            terminate_on="#",
        ),
    ),
    (
        "POST",
        f"{CHANNEL}/snoop/s1",
        {"spy": "in", "whisper": "out", "app": "test", "appArgs": "a,b"},
        None,
        lambda c: c.channel("c1").snoop(
            spy="in", whisper="out", snoop_id="s1", app_args=["a", "b"]
        ),
    ),
    ("GET", f"{CHANNEL}/rtp_statistics", {}, None, lambda c: c.channel("c1").rtp_statistics()),
    ("GET", f"{CHANNEL}/variable", {"variable": "V"}, None, lambda c: c.channel("c1").get_var("V")),
    (
        "POST",
        f"{CHANNEL}/variable",
        {"variable": "V", "value": "1", "report_events": "true"},
        None,
        lambda c: c.channel("c1").set_var("V", "1", report_events=True),
    ),
    (
        "GET",
        f"{CHANNEL}/variables",
        {"variables": "V,W"},
        None,
        lambda c: c.channel("c1").get_vars("V", "W"),
    ),
    (
        "POST",
        f"{CHANNEL}/variables",
        {},
        {"variables": {"V": "1"}},
        lambda c: c.channel("c1").set_vars({"V": "1"}),
    ),
    (
        "POST",
        f"{CHANNEL}/continue",
        {"context": "x", "extension": "s", "priority": "1", "label": "l"},
        None,
        lambda c: c.channel("c1").continue_in_dialplan(
            context="x", extension="s", priority=1, label="l"
        ),
    ),
    (
        "POST",
        f"{CHANNEL}/move",
        {"app": "other", "appArgs": "a"},
        None,
        lambda c: c.channel("c1").move("other", ["a"]),
    ),
    (
        "POST",
        f"{CHANNEL}/redirect",
        {"endpoint": "PJSIP/x"},
        None,
        lambda c: c.channel("c1").redirect("PJSIP/x"),
    ),
    (
        "POST",
        f"{CHANNEL}/transfer_progress",
        {"states": "channel_answered"},
        None,
        lambda c: c.channel("c1").transfer_progress("channel_answered"),
    ),
    # making
    (
        "POST",
        "channels/create",
        {
            "endpoint": "Local/x@y",
            "app": "test",
            "channelId": "c9",
            "otherChannelId": "c8",
            "appArgs": "a",
            "originator": "c0",
            "formats": "ulaw,alaw",
        },
        {"variables": {"V": "1"}},
        lambda c: c.create_channel(
            "Local/x@y",
            channel_id="c9",
            other_channel_id="c8",
            app_args=["a"],
            originator="c0",
            formats=["ulaw", "alaw"],
            variables={"V": "1"},
        ),
    ),
    (
        "POST",
        "channels/c9",
        {
            "endpoint": "PJSIP/x",
            "app": "test",
            "appArgs": "a",
            "callerId": "12345",
            "timeout": "20",
            "otherChannelId": "c8",
            "originator": "c0",
            "formats": "ulaw",
        },
        {"variables": {"V": "1"}},
        lambda c: c.originate(
            "PJSIP/x",
            channel_id="c9",
            app_args=["a"],
            caller_id="12345",
            timeout=20,
            other_channel_id="c8",
            originator="c0",
            formats=["ulaw"],
            variables={"V": "1"},
        ),
    ),
    (
        "POST",
        "channels/c9",
        {
            "endpoint": "PJSIP/x",
            "context": "ctx",
            "extension": "s",
            "priority": "1",
            "label": "l",
        },
        None,
        lambda c: c.originate(
            "PJSIP/x", channel_id="c9", context="ctx", extension="s", priority=1, label="l"
        ),
    ),
    (
        "POST",
        "channels/externalMedia",
        {
            "channelId": "c9",
            "app": "test",
            "external_host": "INCOMING",
            "transport": "websocket",
            "encapsulation": "none",
            "connection_type": "server",
            "format": "slin16",
            "transport_data": "f(json)",
            "data": "d",
        },
        {"variables": {"V": "1"}},
        lambda c: c.external_media(
            channel_id="c9", transport_data="f(json)", data="d", variables={"V": "1"}
        ),
    ),
    (
        "POST",
        BRIDGE,
        {"type": "mixing,dtmf_events", "name": "n"},
        None,
        lambda c: c.create_bridge("b1", name="n"),
    ),
    # bridges
    ("GET", BRIDGE, {}, None, lambda c: c.bridge("b1").get()),
    ("DELETE", BRIDGE, {}, None, lambda c: c.bridge("b1").destroy()),
    (
        "POST",
        f"{BRIDGE}/addChannel",
        {
            "channel": "c1,c2",
            "role": "participant",
            "absorbDTMF": "true",
            "mute": "false",
            "inhibitConnectedLineUpdates": "true",
        },
        None,
        lambda c: c.bridge("b1").add(
            c.channel("c1"),
            "c2",
            role="participant",
            absorb_dtmf=True,
            mute=False,
            inhibit_connected_line_updates=True,
        ),
    ),
    (
        "POST",
        f"{BRIDGE}/removeChannel",
        {"channel": "c1,c2"},
        None,
        lambda c: c.bridge("b1").remove("c1", c.channel("c2")),
    ),
    ("POST", f"{BRIDGE}/moh", {"mohClass": "x"}, None, lambda c: c.bridge("b1").start_moh("x")),
    ("DELETE", f"{BRIDGE}/moh", {}, None, lambda c: c.bridge("b1").stop_moh()),
    (
        "POST",
        f"{BRIDGE}/play/p1",
        {"media": "sound:a", "lang": "zh", "offsetms": "1", "skipms": "2"},
        None,
        lambda c: c.bridge("b1").play(
            "sound:a", playback_id="p1", lang="zh", offset_ms=1, skip_ms=2
        ),
    ),
    (
        "POST",
        f"{BRIDGE}/record",
        {"name": "r", "format": "wav"},
        None,
        lambda c: c.bridge("b1").record("r", "wav"),
    ),
    # playbacks and recordings
    ("GET", "playbacks/p1", {}, None, lambda c: c.playback("p1").get()),
    ("DELETE", "playbacks/p1", {}, None, lambda c: c.playback("p1").stop()),
    (
        "POST",
        "playbacks/p1/control",
        {"operation": "restart"},
        None,
        lambda c: c.playback("p1").control("restart"),
    ),
    (
        "POST",
        "playbacks/p1/control",
        {"operation": "pause"},
        None,
        lambda c: c.playback("p1").pause(),
    ),
    (
        "POST",
        "playbacks/p1/control",
        {"operation": "unpause"},
        None,
        lambda c: c.playback("p1").unpause(),
    ),
    ("GET", "recordings/live/r", {}, None, lambda c: c.live_recording("r").get()),
    ("POST", "recordings/live/d%2Fr/stop", {}, None, lambda c: c.live_recording("d/r").stop()),
    ("DELETE", "recordings/live/r", {}, None, lambda c: c.live_recording("r").discard()),
    ("POST", "recordings/live/r/pause", {}, None, lambda c: c.live_recording("r").pause()),
    ("DELETE", "recordings/live/r/pause", {}, None, lambda c: c.live_recording("r").unpause()),
    ("POST", "recordings/live/r/mute", {}, None, lambda c: c.live_recording("r").mute()),
    ("DELETE", "recordings/live/r/mute", {}, None, lambda c: c.live_recording("r").unmute()),
    ("GET", "recordings/stored", {}, None, lambda c: c.list_stored_recordings()),
    ("GET", "recordings/stored/r", {}, None, lambda c: c.stored_recording("r").get()),
    ("DELETE", "recordings/stored/r", {}, None, lambda c: c.stored_recording("r").delete()),
    # what there is
    ("GET", "channels", {}, None, lambda c: c.list_channels()),
    ("GET", "bridges", {}, None, lambda c: c.list_bridges()),
    ("GET", "endpoints", {}, None, lambda c: c.list_endpoints()),
    ("GET", "endpoints/PJSIP", {}, None, lambda c: c.list_endpoints("PJSIP")),
    ("GET", "endpoints/PJSIP/s1", {}, None, lambda c: c.get_endpoint("PJSIP", "s1")),
    ("GET", "deviceStates", {}, None, lambda c: c.list_device_states()),
    ("GET", "deviceStates/Stasis%3Ax", {}, None, lambda c: c.get_device_state("Stasis:x")),
    (
        "PUT",
        "deviceStates/Stasis%3Ax",
        {"deviceState": "INUSE"},
        None,
        lambda c: c.set_device_state("Stasis:x", "INUSE"),
    ),
    ("DELETE", "deviceStates/Stasis%3Ax", {}, None, lambda c: c.delete_device_state("Stasis:x")),
    # the application
    ("GET", "applications/test", {}, None, lambda c: c.application()),
    (
        "POST",
        "applications/test/subscription",
        {"eventSource": "endpoint:PJSIP,bridge:b1"},
        None,
        lambda c: c.subscribe("endpoint:PJSIP", "bridge:b1"),
    ),
    (
        "DELETE",
        "applications/test/subscription",
        {"eventSource": "bridge:b1"},
        None,
        lambda c: c.unsubscribe("bridge:b1"),
    ),
    (
        "PUT",
        "applications/test/eventFilter",
        {},
        {"disallowed": [{"type": "ChannelVarset"}]},
        lambda c: c.filter_events(["ChannelVarset"]),
    ),
    # Asterisk itself
    ("GET", "asterisk/info", {}, None, lambda c: c.info()),
    ("GET", "asterisk/ping", {}, None, lambda c: c.ping()),
    ("GET", "asterisk/variable", {"variable": "G"}, None, lambda c: c.get_global("G")),
    (
        "POST",
        "asterisk/variable",
        {"variable": "G", "value": "1"},
        None,
        lambda c: c.set_global("G", "1"),
    ),
    (
        "PUT",
        "asterisk/modules/res_musiconhold.so",
        {},
        None,
        lambda c: c.reload_module("res_musiconhold.so"),
    ),
    ("GET", DYNAMIC, {}, None, lambda c: c.get_dynamic("res_pjsip", "auth", "s1")),
    (
        "PUT",
        DYNAMIC,
        {},
        {"fields": [{"attribute": "username", "value": "s1"}]},
        lambda c: c.put_dynamic("res_pjsip", "auth", "s1", {"username": "s1"}),
    ),
    ("DELETE", DYNAMIC, {}, None, lambda c: c.delete_dynamic("res_pjsip", "auth", "s1")),
]


def the_operation(asked: Asked) -> op.Operation[Any]:
    """The one operation of the table that a request carries out."""
    pieces = asked.path.split("/")

    def fits(template: str) -> bool:
        wanted = template.split("/")
        return len(wanted) == len(pieces) and all(
            want == piece or want.startswith("{")
            for want, piece in zip(wanted, pieces, strict=True)
        )

    found = [
        operation
        for _, operation in op.operations()
        if operation.method == asked.method and fits(operation.path)
    ]
    return min(found, key=lambda operation: operation.path.count("{"))


@pytest.mark.parametrize(("method", "path", "query", "body", "call"), REQUESTS)
async def test_given_a_method_then_its_request(
    client: Client,
    fake: FakeAsterisk,
    method: str,
    path: str,
    query: dict[str, str],
    body: Any,
    call: Call,
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "channels/create" or "/snoop/" in asked.path:
            made = asked.query.get("channelId") or asked.path.rpartition("/")[2]
            client.dispatch(StasisStart(channel=m.ChannelData(id=made)))
        result = the_operation(asked).result
        empty: object = [] if getattr(result, "__origin__", None) is list else {}
        return Answer(204) if result is type(None) else Answer(200, empty)

    fake.handler = answer
    await call(client)
    (asked,) = fake.asked
    assert (asked.method, asked.path, asked.query, asked.body) == (method, path, query, body)


def test_every_operation_of_the_table_is_tried_here() -> None:
    tried = {the_operation(Asked("websocket", method, path)) for method, path, _, _, _ in REQUESTS}
    assert {repr(one) for _, one in op.operations()} == {repr(one) for one in tried}


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize(
    "call",
    [
        lambda c, b: c.channel("c1").answer(blocking=b),
        lambda c, b: c.channel("c1").set_var("V", "1", blocking=b),
        lambda c, b: c.channel("c1").set_vars({"V": "1"}, blocking=b),
        lambda c, b: c.bridge("b1").add("c1", blocking=b),
        lambda c, b: c.bridge("b1").remove("c1", blocking=b),
    ],
)
async def test_given_a_method_that_can_wait_for_a_channel_then_its_road_can_be_chosen(
    client: Client,
    fake: FakeAsterisk,
    call: Callable[[Client, bool], Awaitable[None]],
    blocking: bool,
) -> None:
    await call(client, blocking)
    assert fake.asked[0].road == ("http" if blocking else "websocket")
    assert the_operation(fake.asked[0]).waits


async def test_given_no_id_then_one_is_chosen_and_returned(
    client: Client, fake: FakeAsterisk
) -> None:
    playback = await client.channel("c1").play("sound:a")
    bridge = await client.create_bridge()
    channel = await client.originate("PJSIP/x")
    assert [asked.path for asked in fake.asked] == [
        f"channels/c1/play/{playback.id}",
        f"bridges/{bridge.id}",
        f"channels/{channel.id}",
    ]


def test_given_handles_then_their_repr_names_them_and_they_watch_themselves() -> None:
    client = Client("http://localhost/ari", "u", "p", "test")
    channel, bridge, playback = client.channel("x1"), client.bridge("x1"), client.playback("x1")
    assert [repr(one) for one in (channel, bridge, playback)] == [
        "<Channel x1>",
        "<Bridge x1>",
        "<Playback x1>",
    ]
    assert channel.watch().ids == bridge.watch().ids == playback.watch().ids == {"x1"}
    assert client.live_recording("r1").watch().ids == {"r1"}
