"""The worker: nothing twice, nothing lost, whoever dies and whatever goes away meanwhile."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from config.model import Settings
from db import Database
from db.clock import now_ms
from db.engine import DatabaseUnavailable, Door, P, T
from db.models import change, outbox, place_text, ticket_contact, unit
from notices import rows, worker
from notices.outcome import Notice, Outcome, later, refused, sent, unknown
from notices.pace import Pace
from notices.rows import CHANNEL_OFF, DIED, STALE
from notices.worker import Worker
from tests.db.databases import another, database, sqlite, url
from tests.notices import places
from tests.notices.places import (
    DUTY,
    REPORTER,
    SEALER,
    all_rows,
    put,
    row_when,
    rows_when,
    set_row,
    working,
)  # fmt: skip
from tests.support.gateways.http import DingTalkGroup, SmsGate

HOUR_MS = 3600 * 1000
__all__ = ["another", "database", "sqlite", "url"]


def quick(**parts: Any) -> Settings:
    """A place with 浙政钉 and webhooks on; tries follow each other at once."""
    given = places.zwding("http://127.0.0.1:9") | places.webhook("http://127.0.0.1:9")
    return places.settings_with(**given | {"first_wait_s": 0.0} | parts)


@dataclass
class Scripted:
    """A channel that answers as it is told, and counts."""

    name: str = "zwding"
    idempotent: bool = True
    answers: list[Outcome | Exception] = field(default_factory=list)
    sends: Counter[str] = field(default_factory=Counter)
    notices: list[Notice] = field(default_factory=list)
    first: Callable[[], Awaitable[Any]] | None = None

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, notice: Notice) -> Outcome:
        self.sends[notice.key] += 1
        self.notices.append(notice)
        if self.first is not None:
            await self.first()
        answer = self.answers.pop(0) if self.answers else sent("ref")
        if isinstance(answer, Exception):
            raise answer
        return answer


def put_many(conn: Connection, settings: Settings, count: int) -> None:
    for at in range(count):
        put(conn, settings, to="unit_head:5", key=f"k{at}")


# --- never twice ---


async def test_given_two_workers_then_each_notice_is_sent_by_one(
    database: Database, another: Database
) -> None:
    settings = quick(at_once=3)
    await database.write(places.furnish)
    await database.write(put_many, settings, 24)
    one, two = Scripted(first=lambda: asyncio.sleep(0)), Scripted(first=lambda: asyncio.sleep(0))
    async with working(settings, database, [one]), working(settings, another, [two]):
        await rows_when(database, lambda rows: all(row.state == "sent" for row in rows))
    assert set((one.sends + two.sends).values()) == {1}
    assert sum((one.sends + two.sends).values()) == 24


async def test_given_the_same_key_when_put_again_then_nothing_is_written(
    database: Database,
) -> None:
    settings = quick()
    await database.write(places.furnish)
    for _ in range(2):
        await database.write(put, settings, to="unit:5")
    assert len(await database.read(all_rows)) == 2  # one a channel
    await database.write(put, settings, to="unit:5", key="k2")
    assert len(await database.read(all_rows)) == 4


async def test_given_a_door_that_fails_then_its_notice_is_not_there(database: Database) -> None:
    settings = quick()
    await database.write(places.furnish)

    def fails(conn: Connection) -> None:
        put(conn, settings, to="unit:5")
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fails)
    assert await database.read(all_rows) == []


async def test_given_a_notice_then_the_feed_wakes_the_worker_before_its_poll(
    sqlite: Database,
) -> None:
    settings, channel = quick(), Scripted()
    await sqlite.write(places.furnish)
    slow = Worker(settings, sqlite, SEALER, lambda *_: [channel], poll_s=3600.0)
    running = asyncio.create_task(slow.run())
    try:
        await sqlite.write(put, settings, to="unit_head:5", key="first")
        await row_when(sqlite, lambda row: row.state == "sent")
        await sqlite.write(put, settings, to="unit_head:5", key="second")
        await row_when(sqlite, lambda row: row.state == "sent", 2)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await slow.stop()


# --- tries ---


async def test_given_it_goes_on_failing_then_it_is_given_up_after_the_set_tries(
    sqlite: Database,
) -> None:
    settings, channel = quick(tries=3), Scripted(answers=[later("暂不可用")] * 9)
    await sqlite.write(places.furnish)
    await sqlite.write(put, settings, to="unit_head:5")
    async with working(settings, sqlite, [channel]):
        row = await row_when(sqlite, lambda row: row.state == "failed")
    assert (row.tries, row.error, channel.sends["k1:zwding:unit_head:5"]) == (3, "暂不可用", 3)


async def test_given_an_unknown_end_on_a_channel_without_keys_then_a_person_decides(
    sqlite: Database,
) -> None:
    channel = Scripted(idempotent=False, answers=[unknown("连接中断，未收到答复")])
    settings = quick()
    await sqlite.write(places.furnish)
    await sqlite.write(put, settings, to="unit_head:5")
    async with working(settings, sqlite, [channel]):
        row = await row_when(sqlite, lambda row: row.state == "failed")
        assert row.error == "结果未知：连接中断，未收到答复，请核实后决定是否重发"
        assert sum(channel.sends.values()) == 1
        assert await sqlite.write(rows.again, 1)
        row = await row_when(sqlite, lambda row: row.state == "sent")
    assert (row.tries, row.error, row.reference) == (1, None, "ref")


async def test_given_an_unknown_end_on_a_channel_with_keys_then_the_same_key_goes_again(
    sqlite: Database,
) -> None:
    channel = Scripted(answers=[unknown("连接中断"), unknown("连接中断")])
    settings = quick()
    await sqlite.write(places.furnish)
    await sqlite.write(put, settings, to="unit_head:5")
    async with working(settings, sqlite, [channel]):
        row = await row_when(sqlite, lambda row: row.state == "sent")
    assert row.tries == 3
    assert len({notice.once for notice in channel.notices}) == 1


async def test_given_a_fault_of_the_program_then_the_worker_goes_on_and_logs_no_words_of_it(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    channel = Scripted(idempotent=False, answers=[ValueError(f"no way to {REPORTER}")])
    settings = quick()
    await sqlite.write(places.furnish)
    async with working(settings, sqlite, [channel]):
        await sqlite.write(put, settings, to="unit_head:5", key="bad")
        row = await row_when(sqlite, lambda row: row.state == "failed")
        await sqlite.write(put, settings, to="unit_head:5", key="good")
        await row_when(sqlite, lambda row: row.state == "sent", 2)
    assert row.error.startswith("结果未知：发送程序出错")
    assert "ValueError in send" in caplog.text
    assert REPORTER not in caplog.text


def test_waits_double_up_to_a_most_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = quick(first_wait_s=10.0, longest_wait_s=100.0)
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", draw)
    idle = Worker(settings, None, SEALER, lambda *_: [])  # type: ignore[arg-type]
    assert [idle._wait_s(tries, 0.0) for tries in (1, 2, 3, 4, 5, 60)] == [
        10.0, 20.0, 40.0, 80.0, 100.0, 100.0,
    ]  # fmt: skip
    assert idle._wait_s(1, 600.0) == 600.0
    assert set(drawn) == {(0.5, 1.0)}


async def test_given_one_channel_stalls_then_the_others_go_on(sqlite: Database) -> None:
    forever = asyncio.Event()
    stalled = Scripted("zwding", first=forever.wait)
    other = Scripted("webhook")
    settings = quick(at_once=1)
    await sqlite.write(places.furnish)
    for key in ("a", "b"):
        await sqlite.write(put, settings, to="unit:5", key=key)
    async with working(settings, sqlite, [stalled, other]):
        await rows_when(
            sqlite, lambda rows: {r.state for r in rows if r.channel == "webhook"} == {"sent"}
        )
        assert sum(stalled.sends.values()) == 1
        forever.set()
        await rows_when(sqlite, lambda rows: all(row.state == "sent" for row in rows))


# --- who dies ---


async def killed_while_sending(database: Database, settings: Settings, channel: Scripted) -> None:
    """A worker takes the row, begins to send, and is gone without a word."""
    begun = asyncio.Event()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    channel.first = hang
    one = Worker(settings, database, SEALER, lambda *_: [channel], poll_s=0.05)
    running = asyncio.create_task(one.run())
    await asyncio.wait_for(begun.wait(), places.LIMIT_S)
    for task in (running, *one._loops, *one._sending):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    channel.first = None


@pytest.mark.parametrize("idempotent", [True, False])
async def test_given_a_worker_killed_while_sending_then_another_knows_what_to_do(
    database: Database, idempotent: bool
) -> None:
    settings = quick()
    channel = Scripted(idempotent=idempotent)
    await database.write(places.furnish)
    await database.write(put, settings, to="unit_head:5")
    await killed_while_sending(database, settings, channel)
    (row,) = await database.read(all_rows)
    assert row.state == "sending"
    assert row.taken_until_ms > now_ms()
    await database.write(set_row, 1, taken_until_ms=now_ms() - 1)
    async with working(settings, database, [channel]):
        row = await row_when(database, lambda row: row.state in ("sent", "failed"))
    if idempotent:
        assert (row.state, row.tries) == ("sent", 2)
    else:
        assert (row.state, row.error) == ("failed", DIED)
        assert sum(channel.sends.values()) == 1


async def test_given_one_taken_for_dead_who_is_not_then_what_it_says_counts(
    database: Database,
) -> None:
    settings = quick()
    await database.write(places.furnish)
    await database.write(put, settings, to="unit_head:5")
    (taken,) = await database.write(rows.take, [1], "w1", 1)
    await database.write(set_row, 1, taken_until_ms=now_ms() - 1)
    on = frozenset({"zwding"})
    await database.write(rows.clear, [1], on, frozenset(), 8, HOUR_MS)
    (row,) = await database.read(all_rows)
    assert (row.state, row.error) == ("failed", DIED)
    assert await database.write(rows.settle, taken, "w1", sent("late"), None)
    (row,) = await database.read(all_rows)
    assert (row.state, row.error, row.reference) == ("sent", None, "late")
    assert not await database.write(rows.settle, taken, "w1", refused("no"), None)


async def test_given_another_has_the_row_then_the_first_one_s_word_counts_no_more(
    database: Database,
) -> None:
    settings = quick()
    await database.write(places.furnish)
    await database.write(put, settings, to="unit_head:5")
    (first,) = await database.write(rows.take, [1], "w1", 1)
    await database.write(set_row, 1, taken_until_ms=now_ms() - 1)
    on = frozenset({"zwding"})
    await database.write(rows.clear, [1], on, on, 8, HOUR_MS)
    (second,) = await database.write(rows.take, [1], "w2", HOUR_MS)
    assert not await database.write(rows.settle, first, "w1", refused("no"), None)
    assert await database.write(rows.settle, second, "w2", sent(), None)


async def test_given_a_stop_then_a_sending_under_way_ends_and_is_written_down(
    sqlite: Database,
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        begun.set()
        await go_on.wait()

    settings, channel = quick(), Scripted(first=slowly)
    await sqlite.write(places.furnish)
    await sqlite.write(put, settings, to="unit_head:5")
    one = Worker(settings, sqlite, SEALER, lambda *_: [channel], poll_s=0.05)
    running = asyncio.create_task(one.run())
    await asyncio.wait_for(begun.wait(), places.LIMIT_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    stopping = asyncio.create_task(one.stop())
    go_on.set()
    await stopping
    (row,) = await sqlite.read(all_rows)
    assert row.state == "sent"
    assert not one._sending


class Away:
    """A database that can be away, for whoever asks it through this."""

    def __init__(self, real: Database) -> None:
        self.real = real
        self.away = False
        self.refused = 0
        self.feed = real.feed
        self.dialect = real.dialect

    async def write(self, fn: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._ask()
        return await self.real.write(fn, *args, **kwargs)

    async def read(self, fn: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._ask()
        return await self.real.read(fn, *args, **kwargs)

    async def close(self) -> None: ...

    def _ask(self) -> None:
        if self.away:
            self.refused += 1
            raise DatabaseUnavailable


async def test_given_a_stop_in_the_moment_of_taking_then_the_row_waits_untouched(
    sqlite: Database,
) -> None:
    taken, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Away):
        async def write(self, fn: Door[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
            result = await self.real.write(fn, *args, **kwargs)
            if fn is rows.take:
                taken.set()
                await go_on.wait()
            return result

    settings, channel = quick(), Scripted(idempotent=False)
    await sqlite.write(places.furnish)
    await sqlite.write(put, settings, to="unit_head:5")
    one = Worker(settings, Slow(sqlite), SEALER, lambda *_: [channel], poll_s=0.05)
    running = asyncio.create_task(one.run())
    await asyncio.wait_for(taken.wait(), places.LIMIT_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    stopping = asyncio.create_task(one.stop())
    go_on.set()
    await stopping
    (row,) = await sqlite.read(all_rows)
    assert (row.state, row.tries, row.taken_by) == ("waiting", 0, None)
    assert not channel.sends


async def test_given_the_database_goes_while_sending_then_what_came_of_it_is_kept(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RETRY_S", 0.01)
    away, channel, settings = Away(sqlite), Scripted(), quick()

    async def goes() -> None:
        away.away = True

    channel.first = goes
    await sqlite.write(places.furnish)
    await sqlite.write(put, settings, to="unit_head:5", key="one")
    async with working(settings, away, [channel]):
        await until(lambda: away.refused >= 6)
        (row,) = await sqlite.read(all_rows)
        assert row.state == "sending"
        channel.first = None
        away.away = False
        await row_when(sqlite, lambda row: row.state == "sent")
        await sqlite.write(put, settings, to="unit_head:5", key="two")
        await row_when(sqlite, lambda row: row.state == "sent", 2)
    assert set(channel.sends.values()) == {1}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(places.LIMIT_S):
        while not condition():  # noqa: ASYNC110 - what is waited for lies in the test's own object
            await asyncio.sleep(0.005)


# --- what can't go out ---


async def test_given_a_channel_that_was_switched_off_then_its_notices_fail_and_say_so(
    database: Database,
) -> None:
    settings = quick()
    await database.write(places.furnish)
    await database.write(put, settings, to="unit:5")
    async with working(settings, database, [Scripted("webhook")]):
        row = await row_when(database, lambda row: row.state == "failed")
    assert (row.channel, row.error) == ("zwding", CHANNEL_OFF)


async def test_given_a_notice_too_old_then_it_is_not_sent(database: Database) -> None:
    settings, channel = quick(stale_hours=2), Scripted()
    await database.write(places.furnish)
    await database.write(put, settings, to="unit_head:5")
    await database.write(put, settings, to="unit_head:5", key="young")
    late_ms = now_ms() - 3 * HOUR_MS
    await database.write(set_row, 1, next_ms=late_ms)
    await database.write(rows.clear, [1, 2], {"zwding"}, {"zwding"}, 8, 2 * HOUR_MS)
    async with working(settings, database, [channel]):
        await row_when(database, lambda row: row.state == "sent", 2)
    (old, _) = await database.read(all_rows)
    assert (old.state, old.error) == ("failed", STALE)
    assert sum(channel.sends.values()) == 1


@pytest.mark.parametrize(
    ("to", "lost", "error"),
    [
        ("unit:5", {"addresses": {}}, "未登记该渠道的收件地址"),
        ("caller:1", None, "收件号码不是手机号码"),
    ],
)
async def test_given_an_address_that_went_then_it_fails_and_says_so(
    sqlite: Database, to: str, lost: dict[str, Any] | None, error: str
) -> None:
    settings = quick() if to == "unit:5" else places.settings_with(
        **places.sms_http("http://127.0.0.1:9")
    )  # fmt: skip
    await sqlite.write(places.furnish)
    await sqlite.write(put, settings, to=to, template="received" if lost is None else "urged")

    def lose(conn: Connection) -> None:
        if lost is not None:
            conn.execute(update(unit).values(**lost))
        else:
            fixed = SEALER.seal("07751234567")
            conn.execute(update(ticket_contact).values(number_sealed=fixed))

    await sqlite.write(lose)
    channel = Scripted("sms" if lost is None else "zwding")
    async with working(settings, sqlite, [channel, Scripted("webhook")]):
        row = await row_when(sqlite, lambda row: row.state == "failed")
    assert row.error == error
    assert not channel.sends


# --- whom it reaches ---


async def test_addresses_are_opened_for_the_channel_alone(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = places.settings_with(
        **places.zwding("http://127.0.0.1:9"), **places.sms_http("http://127.0.0.1:9"),
        **places.team(zwding=("acc-7",), sms=("13800006661", "13800006662")),
    )  # fmt: skip
    ding, sms = Scripted("zwding"), Scripted("sms", answers=[refused(REPORTER)] * 0)
    await sqlite.write(places.furnish)
    for to in ("unit:5", "unit_head:5", "supervisors", "caller:1"):
        template = "received" if to == "caller:1" else "urged"
        await sqlite.write(put, settings, to=to, template=template, key=to)
    async with working(settings, sqlite, [ding, sms]):
        found = await rows_when(sqlite, lambda rows: all(row.state == "sent" for row in rows))
    assert sorted(notice.to for notice in ding.notices) == [
        ("acc-1", "acc-2"),
        ("acc-7",),
        ("acc-9",),
    ]
    assert sorted(notice.to for notice in sms.notices) == sorted(
        [(DUTY,), ("13800006661",), ("13800006662",), (REPORTER,)]
    )
    everything = str(found) + caplog.text + str(await sqlite.read(changes))
    for number in (REPORTER, DUTY, "13800006661", "acc-7"):
        assert number not in everything
        assert number not in repr([*ding.notices, *sms.notices])


def changes(conn: Connection) -> list[Any]:
    return list(conn.execute(select(change)))


async def test_given_a_gateway_that_says_the_number_back_then_it_is_kept_nowhere(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with SmsGate("made-up") as server:
        server.fault = "refuse"
        settings = places.settings_with(**places.sms_http(server.url))
        await sqlite.write(places.furnish)
        await sqlite.write(put, settings, to="caller:1", template="received")
        async with working(settings, sqlite):
            row = await row_when(sqlite, lambda row: row.state == "failed")
    assert row.error == "短信网关拒绝发送（代码 E102）"
    assert REPORTER not in str(row) + caplog.text


async def test_given_a_text_of_the_place_then_it_is_the_one_that_goes_out(
    sqlite: Database,
) -> None:
    settings, channel = quick(), Scripted()

    def own(conn: Connection) -> None:
        text = {"name": "notice.urged", "body": "请速办{number}", "at_ms": 1}
        conn.execute(insert(place_text), text)

    await sqlite.write(places.furnish)
    await sqlite.write(own)
    await sqlite.write(put, settings, to="unit_head:5", template="urged")
    async with working(settings, sqlite, [channel]):
        await row_when(sqlite, lambda row: row.state == "sent")
    assert [notice.text for notice in channel.notices] == ["请速办20261122-00001"]


# --- the pace of a robot ---


async def test_given_many_notices_then_a_robot_is_asked_only_so_often_a_minute(
    sqlite: Database,
) -> None:
    async with DingTalkGroup("token-group", "SECmade-up") as server:
        settings = places.settings_with(**places.dingtalk(server.url))
        settings = replace(
            settings,
            notices=replace(
                settings.notices, dingtalk=replace(settings.notices.dingtalk, per_minute=5)
            ),
        )
        await sqlite.write(places.furnish)
        for at in range(8):
            await sqlite.write(put, settings, to="unit:5", key=f"k{at}")
        async with working(settings, sqlite), working(settings, sqlite):
            await rows_when(sqlite, lambda rows: count(rows, "sent") == 5)
            # A minute goes by for those that were sent; the workers look all the time.
            taken = await sqlite.read(rows.due, "dingtalk", 10)
            assert len(taken) == 3
            assert server.asked == 5
            await sqlite.write(age)
            await rows_when(sqlite, lambda rows: count(rows, "sent") == 8)
        assert server.asked == 8


def count(found: Any, state: str) -> int:
    return sum(row.state == state for row in found)


def age(conn: Connection) -> None:
    conn.execute(update(outbox).values(taken_until_ms=outbox.c.taken_until_ms - 62_000))


async def test_given_two_robots_then_each_has_a_minute_of_its_own(sqlite: Database) -> None:
    settings = places.settings_with(
        **places.dingtalk("http://127.0.0.1:9", "group", "chiefs"), **places.team(dingtalk="chiefs")
    )
    notices = settings.notices
    one = replace(notices, dingtalk=replace(notices.dingtalk, per_minute=1))
    settings = replace(settings, notices=one)
    await sqlite.write(places.furnish)
    for key in ("a", "b"):
        await sqlite.write(put, settings, to="unit:5", key=key)
        await sqlite.write(put, settings, to="supervisors", template="escalated", key=key)
    taken = await sqlite.write(rows.take, [1, 2, 3, 4], "w", 80_000, Pace(one, 80_000))
    assert [row.recipient for row in taken] == ["unit:5", "supervisors"]
