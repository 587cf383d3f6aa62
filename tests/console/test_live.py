"""`/live`: each change once and in order, whatever happens to the connection."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest
from sqlalchemy import Connection, delete, text

from agent_console import auth, keeper, live
from agent_console.live_messages import Said, Watcher, frame
from db import Change, publish
from db.feed import changes_since, last_seq
from db.models import change as change_table
from db.models import session
from floor import seats
from tests.console.clock import Clock
from tests.console.house import Browser, House, arrive, talk, until

ON_BOTH = True

Socket = aiohttp.ClientWebSocketResponse


def note(conn: Connection, n: int) -> None:
    publish(conn, "notice", n, {"n": n})


def notes(conn: Connection, first: int, count: int) -> None:
    for n in range(first, first + count):
        note(conn, n)


async def receive(socket: Socket) -> Any:
    return json.loads(await socket.receive_str(timeout=10))


async def changes(socket: Socket, count: int) -> list[Any]:
    """The next changes; pings are left out, and figures, which come when their second is over."""
    got: list[Any] = []
    while len(got) < count:
        message = await receive(socket)
        if message["type"] == "change" and message["topic"] != "figures":
            got.append(message)
    return got


async def nothing_more(house: House, socket: Socket) -> None:
    """Nothing came before this mark."""
    await house.do(note, 999_999)
    assert [c["data"] for c in await changes(socket, 1)] == [{"n": 999_999}]


async def test_given_a_new_screen_then_it_hears_what_comes_from_now_on(house: House) -> None:
    await house.do(note, 1)
    await house.read_up()
    agent = await house.signed_in("agent")
    socket = await agent.live()
    hello = await receive(socket)
    assert hello == {"type": "hello", "seq": await house.read_up(), "reset": False}
    await house.do(note, 2)
    told = (await changes(socket, 1))[0]
    assert told["data"] == {"n": 2}
    assert told["topic"] == "notice"
    assert told["key"] == "2"
    assert told["seq"] == hello["seq"] + 1
    assert abs(told["at_ms"] - Clock()()) < 60_000


async def test_given_a_floor_read_when_watching_from_its_seq_then_nothing_is_missed(
    house: House,
) -> None:
    agent = await house.signed_in("agent")
    await house.do(arrive, 1)
    seq = (await agent.get("/floor")).json["seq"]
    await house.do(arrive, 2)
    socket = await agent.live(seq)
    assert (await receive(socket)) == {"type": "hello", "seq": seq, "reset": False}
    told = await changes(socket, 1)
    assert told[0]["data"]["call_id"].endswith("2")
    assert told[0]["data"]["caller_masked"] == "138****0001"
    await nothing_more(house, socket)


async def test_given_a_screen_ahead_of_the_feeds_reader_then_it_is_no_reset(house: House) -> None:
    agent = await house.signed_in("agent")
    feed = house.database.feed
    seq = await house.read_up()
    # As when another process wrote and this one's reader has not come round yet.
    with patch.object(feed, "seq", seq - 2):
        socket = await agent.live(seq - 1)
        assert await receive(socket) == {"type": "hello", "seq": seq - 1, "reset": False}
    await house.do(note, 1)
    assert (await changes(socket, 1))[0]["seq"] == seq + 1


@pytest.mark.parametrize("ahead", [1, 10**15])
async def test_given_a_seq_that_never_was_then_reset(house: House, ahead: int) -> None:
    agent = await house.signed_in("agent")
    seq = await house.read_up()
    hello = await receive(await agent.live(seq + ahead))
    assert hello == {"type": "hello", "seq": seq, "reset": True}


async def test_given_changes_already_forgotten_then_reset(house: House) -> None:
    await house.do(notes, 1, 10)
    seq = await house.read_up()
    await house.do(
        lambda conn: (
            conn.execute(delete(change_table).where(change_table.c.seq <= seq - 5)).rowcount
        )
    )
    agent = await house.signed_in("agent")
    for since, reset in ((seq - 6, True), (seq - 5, False), (seq - 1, False), (0, True)):
        hello = await receive(await agent.live(since))
        assert hello["reset"] is reset, since
        assert hello["seq"] == (seq if reset else since)


async def test_given_a_gap_too_wide_then_reset(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_BEHIND", 5)
    seq = await house.read_up()
    await house.do(notes, 1, 6)
    agent = await house.signed_in("agent")
    await house.read_up()
    assert (await receive(await agent.live(seq)))["reset"] is True
    assert (await receive(await agent.live(seq + 1)))["reset"] is False


@pytest.mark.parametrize("seed", range(6))
async def test_given_breaks_at_any_moment_then_each_change_comes_once_and_in_order(
    house: House, seed: int
) -> None:
    chance = random.Random(seed)
    agent = await house.signed_in("agent")
    begin = await house.read_up()
    total = 300

    async def write() -> None:
        n = 0
        while n < total:
            burst = min(chance.choice((1, 1, 2, 7, 40)), total - n)
            await house.do(notes, n, burst)
            n += burst
            await asyncio.sleep(chance.choice((0, 0, 0.001, 0.02)))

    async def watch(own: random.Random) -> list[int]:
        seq, got = begin, list[int]()
        while len(got) < total:
            socket = await agent.live(seq)
            hello = await receive(socket)
            assert hello == {"type": "hello", "seq": seq, "reset": False}
            for _ in range(own.choice((0, 1, 5, 60, 400))):
                if len(got) == total:
                    break
                told = (await changes(socket, 1))[0]
                assert told["seq"] > seq
                seq = told["seq"]
                got.append(told["data"]["n"])
            if own.random() < 0.5:
                await socket.close()
            else:
                transport = socket.get_extra_info("socket")
                assert transport
                socket._response.connection.transport.abort()  # type: ignore[union-attr]
        return got

    watching = [watch(random.Random(seed * 100 + n)) for n in range(4)]
    async with asyncio.timeout(60):
        _, *heard = await asyncio.gather(write(), *watching)
    for got in heard:
        assert got == list(range(total))
    await until(lambda: len(house.console.services.hub) == 0)


async def test_given_more_missed_than_one_page_then_all_pages_come(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "changes_since", lambda conn, seq: changes_since(conn, seq, 2))
    agent = await house.signed_in("agent")
    begin = await house.read_up()
    await house.do(notes, 0, 7)
    await house.read_up()
    socket = await agent.live(begin)
    await receive(socket)
    assert [c["data"]["n"] for c in await changes(socket, 7)] == list(range(7))


async def test_given_changes_while_the_missed_are_read_then_none_falls_between(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await house.signed_in("agent")
    begin = await house.read_up()
    await house.do(note, 0)
    await house.read_up()
    database, rounds = house.database, 0
    original = database.read

    def missed(conn: Connection, seq: int) -> list[Change]:
        return changes_since(conn, seq)

    async def slowly(fn: Any, *args: Any, **more: Any) -> Any:
        nonlocal rounds
        got = await original(fn, *args, **more)
        if fn is missed and rounds < 5:
            rounds += 1
            await house.do(note, rounds)
            newest = await original(last_seq)
            await until(lambda: database.feed.seq >= newest)
        return got

    monkeypatch.setattr(database, "read", slowly)
    # Not the feed's own reader, which asks for changes as well.
    monkeypatch.setattr(live, "changes_since", missed)
    socket = await agent.live(begin)
    await receive(socket)
    assert [c["data"]["n"] for c in await changes(socket, 6)] == list(range(6))
    await nothing_more(house, socket)


async def test_given_screens_joining_while_changes_are_gathered_then_none_comes_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "GATHER_S", 0.3)
    agent = await house.signed_in("agent")
    first = await agent.live()
    await receive(first)
    begin = await house.read_up()
    await house.do(note, 0)
    await changes(first, 1)
    await house.do(note, 1)
    await until(lambda: house.database.feed.seq == begin + 2)
    # The second change is known and not yet written to anybody.
    second, third = await agent.live(begin), await agent.live(at_once=True)
    assert (await receive(second))["seq"] == begin
    assert (await receive(third))["seq"] == begin + 2
    await house.do(note, 2)
    assert [c["data"]["n"] for c in await changes(second, 3)] == [0, 1, 2]
    assert [c["data"]["n"] for c in await changes(first, 2)] == [1, 2]
    assert [c["data"]["n"] for c in await changes(third, 1)] == [2]


async def test_given_roles_then_each_hears_what_is_theirs(house: House) -> None:
    people = {}
    for login in ("agent", "agent2", "supervisor", "unit"):
        people[login] = await house.signed_in(login)
    sockets = {login: await browser.live() for login, browser in people.items()}
    for socket in sockets.values():
        await receive(socket)
    await house.do(seats.pause, people["agent"].seat_id, "meal")
    await house.do(lambda conn: publish(conn, "request", 1, {"id": 1}))
    told = {}
    for login in ("agent", "agent2", "supervisor"):
        told[login] = (await changes(sockets[login], 1))[0]["data"]
        await nothing_more(house, sockets[login])
    assert told["agent"] == told["supervisor"]
    assert told["agent"]["reason"] == "meal"
    assert told["agent2"] == {
        **told["agent"], "reason": None, "call_id": None, "wrap_up_until_ms": None,
        "after_call": None,
    }  # fmt: skip
    assert told["agent2"]["state"] == "paused"
    house.console.services.hub.ping_once()
    assert await receive(sockets["unit"]) == {"type": "ping"}, "nothing before it"


async def test_given_the_same_changes_missed_then_roles_hold_for_them_too(house: House) -> None:
    agent, other = await house.signed_in("agent"), await house.signed_in("agent2")
    begin = await house.read_up()
    await house.do(seats.pause, agent.seat_id, "meal")
    for browser, reason in ((agent, "meal"), (other, None)):
        socket = await browser.live(begin)
        await receive(socket)
        assert (await changes(socket, 1))[0]["data"]["reason"] == reason


async def test_given_sign_out_then_the_screen_is_closed(house: House) -> None:
    agent = await house.signed_in("agent")
    await house.read_up()
    socket = await agent.live()
    await receive(socket)
    await agent.ask("DELETE", "/session")
    closed = await socket.receive(timeout=10)
    assert closed.type is aiohttp.WSMsgType.CLOSE
    assert closed.data == 4401


async def test_given_a_session_that_ended_elsewhere_then_the_keeper_closes_its_screen(
    house: House,
) -> None:
    agent, other = await house.signed_in("agent"), await house.signed_in("agent2")
    gone, stays = await agent.live(), await other.live()
    await receive(gone)
    await receive(stays)
    await house.do(
        lambda conn: (
            conn.execute(delete(session).where(session.c.account_id == agent.account_id)).rowcount
        )
    )
    await keeper.check_sessions(house.console.services)
    assert (await gone.receive(timeout=10)).data == 4401
    await nothing_more(house, stays)


async def test_given_an_open_screen_then_its_session_stays_in_use(
    house: House, clock: Clock
) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.live()
    await receive(socket)
    for _ in range(4):
        clock.pass_s(auth.IDLE_MS / 2000)
        await keeper.check_sessions(house.console.services)
    assert (await agent.get("/session")).status == 200


async def test_given_pings_then_a_silent_screen_is_cut_off_and_an_answering_one_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, now = house.console.services.hub, 1000.0
    monkeypatch.setattr(hub, "_now", lambda: now)
    agent = await house.signed_in("agent")
    silent, answering = await agent.live(), await agent.live()
    for socket in (silent, answering):
        assert (await receive(socket))["type"] == "hello"
    await until(lambda: len(hub) == 2)
    for _ in range(3):
        now += live.SILENT_S / 2.5
        hub.ping_once()
        assert await receive(answering) == {"type": "ping"}
        await answering.send_str('{"type":"pong"}')
        await until(lambda at=now: any(screen.heard_at == at for screen in hub._screens))
    assert len(hub) == 1
    async with asyncio.timeout(10):
        while (await silent.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    hub.ping_once()
    assert await receive(answering) == {"type": "ping"}


@pytest.mark.parametrize("said", ["{}", "[]", "x", '{"type":"pang"}', '{"type":1}'])
async def test_given_anything_but_a_pong_then_the_screen_is_closed(house: House, said: str) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.live()
    await receive(socket)
    await socket.send_str('{"type":"pong"}')
    await socket.send_str(said)
    assert (await socket.receive(timeout=10)).data == aiohttp.WSCloseCode.POLICY_VIOLATION


@pytest.mark.slow
async def test_given_a_screen_that_does_not_read_then_it_alone_is_cut_off_and_resumes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MAX_UNSENT", 64 * 1024)
    agent, other = await house.signed_in("agent"), await house.signed_in("agent2")
    seq = await house.read_up()
    slow, quick = await deaf(agent, house), await other.live(seq)
    await receive(quick)
    hub = house.console.services.hub
    await until(lambda: len(hub) == 2)
    total = 0
    while len(hub) == 2:
        await house.do(lambda conn: publish(conn, "notice", 1, {"long": "x" * 200_000}))
        total += 1
        assert len(await changes(quick, 1)) == 1
        assert total < 200, "nothing was cut off"
    slow.close()
    again = await agent.live(seq)
    await receive(again)
    assert len(await changes(again, total)) == total


async def deaf(browser: Browser, house: House) -> asyncio.StreamWriter:
    """A screen that opened its socket and never reads."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.console.port, limit=1024)
    writer.write(
        f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {browser.url}\r\n"
        f"Cookie: hotline_session={browser.cookie('hotline_session')}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    assert b"101" in await reader.readline()
    return writer


async def test_given_the_console_stops_then_screens_are_told_to_come_back(house: House) -> None:
    agent = await house.signed_in("agent")
    socket = await agent.live()
    await receive(socket)
    await house.console.services.hub.stop()
    assert (await socket.receive(timeout=10)).data == aiohttp.WSCloseCode.GOING_AWAY


async def test_given_many_screens_then_a_change_is_encoded_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = []
    original = Said.text_for

    def counting(self: Said, watcher: Watcher) -> bytes:
        encoded.append(watcher)
        return original(self, watcher)

    agent = await house.signed_in("agent")
    sockets = [await agent.live() for _ in range(30)]
    for socket in sockets:
        await receive(socket)
    monkeypatch.setattr(Said, "text_for", counting)
    await house.do(note, 1)
    for socket in sockets:
        await changes(socket, 1)
    assert len(encoded) == 1


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_given_any_length_then_the_frame_is_as_the_rfc_says(size: int) -> None:
    made = frame(b"x" * size)
    if size == 0:
        assert made == b""
        return
    assert made[0] == 0x81
    length, at = made[1], 2
    if length == 126:
        length, at = int.from_bytes(made[2:4], "big"), 4
    elif length == 127:
        length, at = int.from_bytes(made[2:10], "big"), 10
    assert length == size
    assert made[at:] == b"x" * size


def test_given_a_topic_between_processes_then_no_screen_hears_it() -> None:
    said = Said(Change(1, 1, "request", "1", {"id": 1}))
    for role in ("agent", "expert", "supervisor", "unit", "admin"):
        assert said.text_for(Watcher(1, role)) == b""


def said(topic: str, **data: Any) -> Said:
    return Said(Change(1, 1, topic, "1", data))


def told(what: Said, watcher: Watcher) -> Any:
    """The data that this watcher gets; None for nothing."""
    text = what.text_for(watcher)
    return json.loads(text)["data"] if text else None


PARTIES = [{"leg": "a", "seat_id": 5}, {"leg": "b", "seat_id": 6}, {"leg": "c", "seat_id": None}]


@pytest.mark.parametrize(
    ("watcher", "all_of_it"),
    [
        (Watcher(1, "agent", 5), True),
        (Watcher(2, "agent", 6), True),
        (Watcher(3, "expert", 7), True),
        (Watcher(4, "agent", 8), False),
        (Watcher(5, "expert"), False),
        (Watcher(6, "supervisor"), True),
        (Watcher(7, "admin", 8), True),
    ],
)
def test_given_a_conversation_then_who_is_on_it_is_told_to_those_on_it_and_to_heads(
    watcher: Watcher, all_of_it: bool
) -> None:
    call = said("call", state="conference", owner_seat_id=7, seat_id=5, parties=PARTIES, hint="h")
    got = told(call, watcher)
    assert got["state"] == "conference"
    assert (got["parties"], got["hint"]) == ((PARTIES, "h") if all_of_it else ([], None))


def test_given_a_notice_to_one_then_nobody_else_but_heads_is_told() -> None:
    one = said("message", text="请回电", to_seat_id=5, to_account_id=1)
    everybody = said("message", text="系统升级", to_seat_id=None, to_account_id=None)
    for watcher, hears in (
        (Watcher(1, "agent", 5), True),
        (Watcher(2, "agent", 6), False),
        (Watcher(3, "expert"), False),
        (Watcher(4, "supervisor"), True),
        (Watcher(5, "unit"), False),
    ):
        assert (told(one, watcher) is not None) is hears, watcher
        assert (told(everybody, watcher) is not None) is (watcher.role != "unit"), watcher


@pytest.mark.parametrize("topic", ["figures", "staffing"])
def test_given_figures_of_the_floor_then_heads_alone_are_told(topic: str) -> None:
    for role in ("agent", "expert", "supervisor", "unit", "admin"):
        got = told(said(topic, at_ms=1), Watcher(1, role))
        assert (got is not None) is (role in ("supervisor", "admin")), role


async def test_given_a_conversation_then_each_screen_gets_its_own_view_of_it(
    house: House,
) -> None:
    people = [await house.signed_in(login) for login in ("agent", "agent2", "supervisor")]
    sockets = [await one.live() for one in people]
    for socket in sockets:
        await receive(socket)
    agent = people[0]
    await house.do(talk, agent.seat_id, agent.account_id)
    views = []
    for socket in sockets:
        while (change := (await changes(socket, 1))[0])["data"].get("state") != "talking" or (
            change["topic"] != "call"
        ):
            continue
        views.append(len(change["data"]["parties"]))
    assert views == [2, 0, 2]


async def test_given_the_database_then_its_changes_hold_masked_numbers_only(house: House) -> None:
    await house.do(arrive, 1, "13800000042")
    held = await house.database.read(
        lambda conn: [str(row) for row in conn.execute(text("SELECT data FROM change"))]
    )
    assert not any("13800000042" in row for row in held)
