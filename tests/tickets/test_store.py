"""Tickets in the database: numbers without gaps, versions, and a history of every change."""

from __future__ import annotations

import asyncio
import functools
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select

from db import Database
from db.feed import changes_since
from db.models import ticket_event
from tests.db.databases import within
from tests.floor.furnishing import new_call, person
from tests.tickets import town
from tickets import store
from tickets.numbers import next_number
from tickets.store import NoSuchTicket, NotEditable, Outdated, Ticket

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str, zone: timezone | ZoneInfo = SHANGHAI) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def new_ticket(conn: Connection, /, call_id: str | None = None, **values: Any) -> Ticket:
    return store.draft(
        conn,
        **{
            "call_id": call_id,
            "source": "call",
            "caller_hash": "h",
            "caller_masked": "138****0001",
            "account_id": None,
            **values,
        },
    )


def history(conn: Connection, ticket_id: int) -> list[tuple[str, int | None, dict[str, Any]]]:
    e = ticket_event.c
    found = select(e.kind, e.account_id, e.detail).where(e.ticket_id == ticket_id).order_by(e.id)
    return [(kind, account, detail) for kind, account, detail in conn.execute(found)]


# --- numbers ---


class Refusal(Exception):
    """What a door of these tests raises."""


async def test_numbers_of_several_writers_have_no_gap_and_no_twin(
    database: Database, another: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "now_ms", lambda: at("2026-11-22T10:00"))

    def draft_and_refuse(conn: Connection) -> Ticket:
        new_ticket(conn)
        raise Refusal

    async def write(by: Database, n: int) -> str | None:
        try:
            made = await by.write(draft_and_refuse if n % 4 == 3 else new_ticket)
        except Refusal:
            return None
        return made.number

    numbers = await within(
        asyncio.gather(*(write(by, n) for n in range(20) for by in (database, another)))
    )
    given = sorted(number for number in numbers if number is not None)
    assert given == [f"20261122-{n:05d}" for n in range(1, 31)]


@pytest.mark.parametrize(
    ("moments", "zone", "numbers"),
    [
        (
            ["2026-11-22T23:59:59.999", "2026-11-23T00:00", "2026-11-23T00:00:01"],
            SHANGHAI,
            ["20261122-00001", "20261123-00001", "20261123-00002"],
        ),
        (["2026-12-31T23:59", "2027-01-01T00:00"], SHANGHAI, ["20261231-00001", "20270101-00001"]),
        (["2026-11-22T23:00", "2026-11-23T01:00"], UTC, ["20261122-00001", "20261123-00001"]),
    ],
)
async def test_the_day_is_the_hotlines_own(
    database: Database, moments: list[str], zone: timezone | ZoneInfo, numbers: list[str]
) -> None:
    found = [await database.write(next_number, at(moment, zone), zone) for moment in moments]
    assert found == numbers


async def test_a_day_in_shanghai_is_not_a_day_in_utc(database: Database) -> None:
    moment = at("2026-11-22T20:00", UTC)
    assert await database.write(next_number, moment, SHANGHAI) == "20261123-00001"
    assert await database.write(next_number, moment, UTC) == "20261122-00001"
    assert await database.write(next_number, moment, store.BEIJING) == "20261123-00002"


async def test_a_clock_set_back_makes_no_twin(database: Database) -> None:
    days = ["2026-11-22T10:00", "2026-11-23T10:00", "2026-11-22T11:00"]
    found = [await database.write(next_number, at(day), SHANGHAI) for day in days]
    assert found == ["20261122-00001", "20261123-00001", "20261122-00002"]


async def test_the_hundred_thousandth_of_a_day_still_has_a_number(sqlite: Database) -> None:
    def last_of_five_digits(conn: Connection) -> list[str]:
        next_number(conn, at("2026-11-22T10:00"), SHANGHAI)
        conn.exec_driver_sql("UPDATE ticket_day SET last = 99998")
        return [next_number(conn, at("2026-11-22T10:00"), SHANGHAI) for _ in range(2)]

    assert await sqlite.write(last_of_five_digits) == ["20261122-99999", "20261122-100000"]


def test_the_zone_without_a_setting_is_beijings() -> None:
    assert store.BEIJING.utcoffset(None) == timedelta(hours=8)


# --- the life of a draft ---


async def test_a_draft_is_tied_to_its_call(database: Database) -> None:
    def go(conn: Connection) -> tuple[Ticket, int]:
        call, agent = new_call(conn), person(conn)
        return new_ticket(conn, call.id, account_id=agent), agent

    made, agent = await database.write(go)
    assert (made.state, made.version, made.complete) == ("draft", 1, False)
    assert (made.company, made.text, made.type, made.disposition) == ("", "", None, None)
    assert await database.read(store.get, made.id) == made
    assert made.call_id is not None
    assert await database.read(store.of_call, made.call_id) == made
    assert await database.read(history, made.id) == [("drafted", agent, {"source": "call"})]


async def test_the_newest_ticket_of_a_call_counts(database: Database) -> None:
    def go(conn: Connection) -> tuple[Ticket, Ticket | None]:
        call = new_call(conn)
        new_ticket(conn, call.id)
        return new_ticket(conn, call.id), store.of_call(conn, call.id)

    newest, found = await database.write(go)
    assert found == newest


async def test_what_does_not_exist_is_not_found(database: Database) -> None:
    assert await database.read(store.get, 999) is None
    assert await database.read(store.of_call, "f" * 32) is None
    agent = await database.write(person)
    with pytest.raises(NoSuchTicket):
        await database.write(store.edit, 999, 1, agent, {"text": "x"})


async def test_each_change_is_kept_with_who_and_what(database: Database) -> None:
    made = await database.write(new_ticket)
    agent = await database.write(person)
    edited = await database.write(
        store.edit, made.id, 1, agent, {"text": "路灯不亮", "type": "help", "company": "某公司"}
    )
    assert (edited.version, edited.text, edited.type) == (2, "路灯不亮", "help")
    assert edited.updated_ms >= made.updated_ms
    assert await database.read(history, made.id) == [
        ("drafted", None, {"source": "call"}),
        ("edited", agent, {"what": ["company", "text", "type"]}),
    ]


async def test_the_second_of_two_people_is_told_and_loses_nothing(
    database: Database, another: Database
) -> None:
    made = await database.write(new_ticket)
    first, second = await database.write(person), await database.write(person)
    outcomes = await within(
        asyncio.gather(
            database.write(store.edit, made.id, 1, first, {"text": "first"}),
            another.write(store.edit, made.id, 1, second, {"text": "second"}),
            return_exceptions=True,
        )
    )
    (saved,) = [o for o in outcomes if isinstance(o, Ticket)]
    (refused,) = [o for o in outcomes if isinstance(o, Outdated)]
    assert refused.current == saved == await database.read(store.get, made.id)
    assert saved.version == 2
    assert [kind for kind, _, _ in await database.read(history, made.id)] == ["drafted", "edited"]


async def test_what_a_unit_has_is_not_written_over(database: Database) -> None:
    there = await database.write(town.town)
    made = await database.write(lambda conn: town.drafted(conn, there))
    agent = there.agent.account_id
    assert agent is not None
    passed_on = await database.write(town.walk, there, made.id, "submit")
    corrected = await database.write(store.edit, made.id, passed_on.version, agent, {"text": "x"})
    sent = await database.write(town.walk, there, made.id, "dispatch")
    with pytest.raises(NotEditable) as refused:
        await database.write(store.edit, made.id, sent.version, agent, {"text": "y"})
    assert refused.value.current == sent == await database.read(store.get, made.id)
    assert (corrected.text, sent.text) == ("x", "x")


@pytest.mark.parametrize("version", [0, 2, -1])
async def test_a_version_that_is_not_the_present_one_changes_nothing(
    database: Database, version: int
) -> None:
    made = await database.write(new_ticket)
    agent = await database.write(person)
    with pytest.raises(Outdated):
        await database.write(store.edit, made.id, version, agent, {"text": "x"})
    assert await database.read(store.get, made.id) == made


@pytest.mark.parametrize("field", ["state", "number", "version", "account_id", "no_such"])
async def test_only_the_fields_of_the_form_can_be_edited(database: Database, field: str) -> None:
    made = await database.write(new_ticket)
    agent = await database.write(person)
    with pytest.raises(ValueError, match=field):
        await database.write(store.edit, made.id, 1, agent, {"text": "x", field: "y"})
    assert await database.read(store.get, made.id) == made


async def test_the_feed_says_that_it_changed_and_nothing_of_what_was_said(
    database: Database,
) -> None:
    made = await database.write(new_ticket)
    agent = await database.write(person)
    secret = {"text": "路灯不亮", "company": "某公司"}
    edited = await database.write(store.edit, made.id, 1, agent, secret)
    told = [c for c in await database.read(changes_since, 0) if c.topic == "ticket"]
    assert [c.data for c in told] == [made.told(), edited.told()]
    assert all(word not in str(c.data) for c in told for word in (*secret.values(), "138"))


async def test_the_longest_text_and_odd_characters_come_back(database: Database) -> None:
    made = await database.write(new_ticket)
    agent = await database.write(person)
    text = "诉求𠮷\n\t'\"\\%_\u200b" * 1500
    edited = await database.write(
        functools.partial(store.edit, fields={"text": text}), made.id, 1, agent
    )
    assert edited.text == text
