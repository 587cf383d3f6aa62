"""From the screen's request to the telephone that rings: console, controller and Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import Connection, select
from yarl import URL

from agent_console import auth
from agent_console.openapi import COOKIE
from agent_console.server import Console
from db.clock import now_ms
from db.models import account, change, missed_call
from floor import calls
from hotline import wiring
from tests.console.house import Browser
from tests.support.conversing import EXPERT, Scene, everybody_goes, in_state, party, scene
from tests.support.copy import WITHIN_S, Copy, SeatAt, running_copy
from tests.support.steps import waiting_citizen

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

HOUR_MS = 3600 * 1000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Copy]:
    async with running_copy(outside=True) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def console(house: Copy) -> AsyncIterator[Console]:
    """The console as `hotline` wires it: with the controller's key for numbers."""
    async with wiring.console(house.settings, house.db) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def copy(house: Copy) -> AsyncIterator[Copy]:
    yield house
    await everybody_goes(house)


@pytest_asyncio.fixture(loop_scope="module")
async def screens(console: Console) -> AsyncIterator[Screens]:
    made = Screens(console)
    yield made
    await made.close()


class Screens:
    """Browsers of people who are signed in."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open: list[aiohttp.ClientSession] = []

    async def of(self, seat: SeatAt) -> Browser:
        """The screen of the seat's person."""

        def sign_in(conn: Connection) -> tuple[str, auth.SignedIn]:
            row = conn.execute(select(account).where(account.c.id == seat.account_id)).one()
            who = auth.Account(row.id, row.login, row.name, row.role)
            return auth.open_session(conn, who, now_ms(), HOUR_MS)

        token, opened = await seat.copy.db.write(sign_in)
        http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        http.cookie_jar.update_cookies({COOKIE: token}, URL(self._console.url))
        self._open.append(http)
        return Browser(self._console.url, http, csrf=opened.csrf, seat_id=seat.id)

    async def close(self) -> None:
        for http in self._open:
            await http.close()


async def press(who: Browser, talk: Scene, verb: str, **args: Any) -> None:
    answer = await who.post(f"/calls/{talk.id}/requests", {"verb": verb, "args": args})
    assert answer.status == 200, f"{answer.body.decode()}\n{talk.copy.log()}"


async def card(who: Browser) -> Any:
    return (await who.get("/calls/current")).json


async def test_given_a_typed_number_when_the_agent_asks_then_that_telephone_rings(
    copy: Copy, screens: Screens
) -> None:
    async with scene(copy) as talk:
        agent = await screens.of(talk.seat)
        await press(agent, talk, "consult", target={"kind": "number", "value": "138 0000-9001"})
        desk = await copy.outside.rung(EXPERT)
        await desk.answer()
        await talk.is_("consulting")
        shown = await card(agent)
        assert (shown["state"], shown["is_owner"]) == ("consulting", True)
        other = next(p for p in shown["parties"] if p["role"] == "other")
        assert (other["label"], other["kind"], other["place"]) == ("138****9001", "number", "in")
        await press(agent, talk, "join")
        await press(agent, talk, "mute", leg=other["leg"])
        assert [p["muted"] for p in (await card(agent))["parties"] if p["role"] == "other"] == [
            True
        ]
        refused = await agent.post(f"/calls/{talk.id}/requests", {"verb": "swap"})
        assert refused.status == 409
        await press(agent, talk, "drop", leg=other["leg"])
        assert await desk.ended() == "by_far_end"
        await talk.caller.hang_up()
        await copy.complete(talk.caller, "caller_hung_up")
        kept = (await agent.get(f"/calls/{talk.id}")).json
    assert [r["verb"] for r in kept["requests"]] == ["consult", "join", "mute", "swap", "drop"]
    assert kept["requests"][3]["detail"] == refused.json["detail"]
    assert {s["what"] for s in kept["spans"]} >= {"talk", "consult"}
    assert all(s["to_ms"] is not None for s in kept["spans"])
    assert EXPERT not in str(kept)


async def test_given_an_expert_of_the_directory_when_asked_then_the_light_is_busy(
    copy: Copy, screens: Screens
) -> None:
    head = await screens.of(await copy.seat({}, available=False, role="supervisor"))
    made = (await head.post("/experts", {"name": "张三", "number": EXPERT})).json
    assert made["light"] == "free"
    async with scene(copy) as talk:
        agent = await screens.of(talk.seat)
        target = {"kind": "expert", "value": made["id"]}
        await press(agent, talk, "invite", target=target)
        desk = await copy.outside.rung(EXPERT)
        assert await light(agent, made["id"]) == "busy"
        await told(copy, "busy")
        await desk.answer()
        await talk.is_("conference")
        await desk.hang_up()
        await talk.is_("talking")
        await told(copy, "free")
        assert await light(agent, made["id"]) == "free"
        await press(agent, talk, "invite", target=target)
        await copy.outside.rung(EXPERT)
        await told(copy, "busy")
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")
    await told(copy, "free")


async def told(copy: Copy, wanted: str) -> None:
    """Wait until the light that every screen was told last is this one."""
    last = select(change.c.data).where(change.c.topic == "expert").order_by(change.c.seq.desc())

    def look(conn: Connection) -> bool:
        data = conn.execute(last.limit(1)).scalar_one_or_none()
        return data is not None and data["light"] == wanted

    await copy.until(look, what=f"the screens were told that the expert is {wanted}")


async def light(who: Browser, expert_id: int) -> str:
    items = (await who.get("/experts")).json["items"]
    return str(next(one["light"] for one in items if one["id"] == expert_id))


async def test_given_a_talk_when_a_supervisor_listens_then_her_telephone_answers_by_itself(
    copy: Copy, screens: Screens
) -> None:
    hers = await copy.seat({}, available=False, role="supervisor")
    async with scene(copy) as talk:
        head = await screens.of(hers)
        await press(head, talk, "listen")
        rung = await hers.rung()
        assert (await card(head))["auto_answer"] is True
        await rung.answer()
        me = await party(copy, talk.id, role="supervisor", kind="listen", place="apart")
        shown = await card(head)
        assert (shown["my_leg"], shown["is_owner"]) == (me["leg"], False)
        await press(head, talk, "stop")
        assert await rung.ended() == "by_far_end"
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_a_talk_when_the_page_says_goodbye_then_the_seat_is_rung_again(
    copy: Copy, screens: Screens
) -> None:
    async with scene(copy) as talk:
        agent = await screens.of(talk.seat)
        assert (await agent.post("/seat/bye", {"page": "one"})).status == 204
        await talk.caller.hears_tone(copy.pitch["agent_lost"], WITHIN_S)
        # Its telephone is still there, as after a reload that took no time.
        again = await talk.seat.rung()
        assert (await card(agent))["auto_answer"] is True
        await again.answer()
        await talk.is_("talking")
        await talk.caller.hang_up()
    await copy.complete(talk.caller, "caller_hung_up")


async def test_given_a_missed_call_when_calling_back_then_the_agents_telephone_rings_first(
    copy: Copy, screens: Screens
) -> None:
    async with waiting_citizen(copy) as citizen:
        await citizen.hang_up()
    gone = await copy.complete(citizen, "abandoned_in_queue")
    missed: int = await copy.db.read(
        lambda conn: conn.execute(
            select(missed_call.c.id).where(missed_call.c.call_id == gone.id)
        ).scalar_one()
    )
    seat = await copy.seat(available=False)
    agent = await screens.of(seat)
    answer = await agent.post("/outbound", {"missed_id": missed})
    assert answer.status == 200, answer.body
    rung = await seat.rung()
    shown = await card(agent)
    assert (shown["call_id"], shown["direction"]) == (answer.json["call_id"], "out")
    assert shown["auto_answer"] is True
    await rung.answer()
    his = await copy.outside.rung(citizen.caller)
    await his.answer()
    await in_state(copy, answer.json["call_id"], "talking")
    await his.hang_up()
    ended = await copy.until(
        lambda conn: _ended(calls.get(conn, answer.json["call_id"])), what="the call is over"
    )
    assert ended.end_reason == "callee_hung_up"


def _ended(row: calls.Call | None) -> calls.Call | None:
    return row if row is not None and row.ended_ms is not None else None
