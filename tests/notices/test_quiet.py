"""Nobody's telephone rings at night for a notice; who is on duty is told at any hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert, update

from config.model import Settings
from db import Database
from db.clock import now_ms
from db.models import outbox, ticket
from notices import rows, worker
from notices.outcome import Notice, Outcome, later, sent
from notices.quiet import Quiet
from tests.db.databases import database, sqlite, url
from tests.notices import places
from tests.notices.places import (
    DUTY,
    REPORTER,
    all_rows,
    put,
    row_when,
    rows_when,
    set_row,
    working,
)  # fmt: skip

__all__ = ["database", "sqlite", "url"]
ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = (dt.time(21), dt.time(8))
NOON = (dt.time(12), dt.time(14))


def at(day: int, hour: int, minute: int = 0) -> int:
    return int(dt.datetime(2026, 11, day, hour, minute, tzinfo=ZONE).timestamp() * 1000)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        (NIGHT, at(22, 20, 59), None),
        (NIGHT, at(22, 21), at(23, 8)),
        (NIGHT, at(22, 23, 59), at(23, 8)),
        (NIGHT, at(23, 0), at(23, 8)),
        (NIGHT, at(23, 7, 59), at(23, 8)),
        (NIGHT, at(23, 8), None),
        (NIGHT, at(23, 12), None),
        (NIGHT, at(30, 22), int(dt.datetime(2026, 12, 1, 8, tzinfo=ZONE).timestamp() * 1000)),
        (NOON, at(22, 11, 59), None),
        (NOON, at(22, 12), at(22, 14)),
        (NOON, at(22, 13, 59), at(22, 14)),
        (NOON, at(22, 14), None),
        ((dt.time(8), dt.time(8)), at(22, 3), None),
    ],
)
def test_quiet_hours_end_when_they_say(
    hours: tuple[dt.time, dt.time], now: int, until: int | None
) -> None:
    assert Quiet(*hours, ZONE, lambda: now).until_ms() == until


def test_a_change_of_the_clocks_moves_nothing() -> None:
    zone = ZoneInfo("Europe/Berlin")
    night = dt.datetime(2026, 10, 24, 22, tzinfo=zone)
    morning = dt.datetime(2026, 10, 25, 8, tzinfo=zone)
    quiet = Quiet(*NIGHT, zone, lambda: int(night.timestamp() * 1000))
    assert quiet.until_ms() == int(morning.timestamp() * 1000)
    assert morning.timestamp() - night.timestamp() == 11 * 3600


def test_the_sentence_says_from_when_to_when() -> None:
    assert Quiet(*NIGHT, ZONE).why == "夜间不向市民发送短信（21:00 至次日 08:00），到时自动发送"
    assert Quiet(*NOON, ZONE).why == "该时段不向市民发送短信（12:00 至 14:00），到时自动发送"


class Sms:
    name = "sms"
    idempotent = True

    def __init__(self, *answers: Outcome) -> None:
        self.answers = list(answers)
        self.told: list[tuple[str, ...]] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, notice: Notice) -> Outcome:
        self.told.append(notice.to)
        return self.answers.pop(0) if self.answers else sent("ref")


class HandedIn:
    """A clock of the quiet hours alone."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandedIn:
    """It is three in the night, tomorrow: what is held waits far longer than the test."""
    here = dt.datetime.fromtimestamp(now_ms() / 1000, ZONE) + dt.timedelta(days=1)
    made = HandedIn(int(here.replace(hour=3, minute=0).timestamp() * 1000))
    real: Callable[..., Quiet] = Quiet
    monkeypatch.setattr(worker, "Quiet", lambda *parts: real(*parts, made))
    return made


def by_sms(**more: Any) -> Settings:
    night = {"quiet_from": NIGHT[0], "quiet_to": NIGHT[1], "unit": ("sms",)}
    return places.settings_with(**places.sms_http("http://127.0.0.1:9") | night | more)


async def test_given_the_night_then_a_citizen_is_told_in_the_morning_and_the_row_says_why(
    database: Database, clock: HandedIn
) -> None:
    settings, channel = by_sms(), Sms()
    await database.write(places.furnish)
    await database.write(put, settings, to="caller:1", template="received")
    await database.write(put, settings, to="unit:5")
    morning = Quiet(*NIGHT, ZONE, clock).until_ms()
    async with working(settings, database, [channel]):
        duty = await row_when(database, lambda row: row.state == "sent", 2)
        held = await row_when(database, lambda row: row.next_ms == morning, 1)
        assert (duty.recipient, held.state, held.tries) == ("unit:5", "waiting", 0)
        assert held.error.startswith("夜间不向市民发送短信")
        assert channel.told == [(DUTY,)]
    # The morning has come. A look that began before would hold it back once more: the quiet hours
    # have a clock of their own here.
    clock.now = held.next_ms
    await database.write(set_row, 1, next_ms=now_ms())
    async with working(settings, database, [channel]):
        told = await row_when(database, lambda row: row.state == "sent", 1)
    assert (told.error, channel.told) == (None, [(DUTY,), (REPORTER,)])


async def test_given_a_retry_or_a_person_at_night_then_it_waits_all_the_same(
    sqlite: Database, clock: HandedIn
) -> None:
    settings, channel = by_sms(first_wait_s=0.0), Sms(later("网关繁忙"))
    night, clock.now = clock.now, clock.now + 9 * 3600 * 1000
    channel.send = _night_falls(channel, clock, night)  # type: ignore[method-assign,assignment]
    await sqlite.write(places.furnish)
    await sqlite.write(put, settings, to="caller:1", template="received")
    async with working(settings, sqlite, [channel]):
        held = await row_when(sqlite, lambda row: (row.error or "").startswith("夜间"))
        assert (held.state, held.tries) == ("waiting", 1)
        assert await sqlite.write(rows.drop, 1)
        assert await sqlite.write(rows.again, 1)
        await row_when(sqlite, lambda row: (row.error or "").startswith("夜间"))
    assert channel.told == [(REPORTER,)]


def _night_falls(channel: Sms, clock: HandedIn, night: int) -> Callable[[Notice], Any]:
    real = channel.send

    async def send(notice: Notice) -> Outcome:
        clock.now = night
        return await real(notice)

    return send


async def test_given_a_row_that_came_between_two_looks_then_it_is_not_taken_at_night(
    sqlite: Database, clock: HandedIn
) -> None:
    settings = by_sms()
    await sqlite.write(places.furnish)
    await sqlite.write(put, settings, to="caller:1", template="received")
    await sqlite.write(put, settings, to="unit:5")
    quiet = Quiet(*NIGHT, ZONE, clock)
    taken = await sqlite.write(rows.take, [1, 2], "w", 1000, quiet)
    assert [row.recipient for row in taken] == ["unit:5"]


# --- what was sent long ago ---

DAY_MS = 24 * 3600 * 1000


def over(conn: Connection) -> int:
    """A ticket that is over; the furnished one, 1, is not."""
    made = conn.execute(
        insert(ticket).returning(ticket.c.id),
        {"number": "20261122-00002", "source": "web", "state": "draft", "caller_hash": "h",
         "caller_masked": "", "created_ms": 1, "updated_ms": 1, "version": 1, "company": "",
         "text": "", "complete": False},
    )  # fmt: skip
    made_id = int(made.scalar_one())
    conn.execute(
        update(ticket).where(ticket.c.id == made_id).values(state="rejected", move="reject")
    )
    return made_id


def row(ticket_id: int | None, state: str, age: int) -> dict[str, Any]:
    waiting = state == "waiting"
    return {
        "key": f"{ticket_id}:{age}:{state}", "channel": "sms", "recipient": "unit:5",
        "template": "dispatched", "args": {}, "ticket_id": ticket_id, "state": state, "tries": 1,
        "next_ms": now_ms() + DAY_MS if waiting else age, "created_ms": age,
        "done_ms": None if waiting else age,
    }  # fmt: skip


def many(conn: Connection, keep_days: int) -> set[str]:
    """Of every state, by tickets that are over and not, old and fresh; the keys that may go."""
    long_ago, fresh, done = now_ms() - (keep_days + 1) * DAY_MS, now_ms() - DAY_MS, over(conn)
    states = ("sent", "dropped", "failed", "waiting")
    for ticket_id in (1, done, None):
        for age in (long_ago, fresh):
            conn.execute(insert(outbox), [row(ticket_id, state, age) for state in states])
    return {f"{done}:{long_ago}:{state}" for state in rows.SETTLED}


async def test_what_was_sent_long_ago_goes_and_what_may_be_told_again_keeps_its_key(
    database: Database,
) -> None:
    settings = by_sms()
    await database.write(places.furnish)
    old = await database.write(many, settings.notices.keep_days)
    before = {row.key for row in await database.read(all_rows)}
    async with working(settings, database, [Sms()]):
        left = await rows_when(database, lambda left: len(left) < len(before))
    assert before - {row.key for row in left} == old
    assert len(old) == 2


async def test_old_rows_go_in_bounded_batches(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = by_sms()
    await sqlite.write(places.furnish)
    done = await sqlite.write(over)
    await sqlite.write(lambda conn: conn.execute(
        insert(outbox), [row(done, "sent", age) for age in range(1, 8)]
    ))  # fmt: skip
    assert [await sqlite.write(rows.prune, 8, most) for most in (2, 0, 3)] == [2, 0, 3]
    batches: list[int] = []
    real = rows.prune

    def counted(conn: Connection, before: int, most: int) -> int:
        batches.append(real(conn, before, most))
        return batches[-1]

    monkeypatch.setattr(rows, "prune", counted)
    monkeypatch.setattr(worker, "PRUNED", 1)
    async with working(settings, sqlite, [Sms()]):
        await rows_when(sqlite, lambda left: not left)
        await sqlite.write(put, settings, to="unit:5")
        await rows_when(sqlite, lambda left: [row.state for row in left] == ["sent"])
    assert batches[:2] == [1, 1]
    assert batches[2:] in ([], [0])
