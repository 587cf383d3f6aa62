"""The directory of experts: who may be rung now, and where. The rules alone, on a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, insert, select, update

from db.clock import now_ms
from db.engine import from_json, to_json
from db.models import account, call, change, leg, metadata, seat
from db.models.seat import STATES
from knowledge import experts

HOUR_MS = 3600 * 1000


@pytest.fixture
def conn() -> Iterator[Connection]:
    """The tables alone, in memory: the doors of experts need no trigger."""
    engine = create_engine(
        "sqlite://", json_serializer=to_json, json_deserializer=from_json, hide_parameters=True
    )
    event.listen(engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA foreign_keys=ON"))
    metadata.create_all(engine)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


def add(conn: Connection, **fields: Any) -> experts.Shown:
    way = {"ring": "number", "number_sealed": "sealed", "number_masked": "138****0001"}
    given = {"name": "张三", "department": "市场监管局", "on_duty": True, **way, **fields}
    return experts.create(conn, **given)


def add_seat(conn: Connection, state: str = "paused", phone: bool = True) -> int:
    person = {
        "login": f"l{now_ms()}-{state}", "name": "n", "role": "expert", "password_hash": "-",
        "disabled": False, "created_ms": 0,
    }  # fmt: skip
    owner = conn.execute(insert(account).returning(account.c.id), person).scalar_one()
    made: int = conn.execute(
        insert(seat).returning(seat.c.id),
        {
            "account_id": owner, "name": "s", "skills": {}, "state": state, "since_ms": 0,
            "call_id": "c", "phone_ready": phone, "offered_ms": 0, "version": 0,
        },
    ).scalar_one()  # fmt: skip
    return made


def on_a_call(conn: Connection, expert_id: int) -> None:
    conn.execute(
        insert(call),
        {
            "id": "c1", "asterisk": "a", "line": "main", "trunk": "t", "caller_hash": "h",
            "caller_sealed": "s", "caller_masked": "m", "stage": "talking", "channel": "ch",
            "started_ms": 1, "held": False, "recording_paused": False, "direction": "in",
            "head": False,
        },
    )  # fmt: skip
    conn.execute(
        insert(leg),
        {"id": "l1", "call_id": "c1", "role": "other", "started_ms": 1, "expert_id": expert_id},
    )


def light(conn: Connection, expert_id: int = 1) -> str:
    found = experts.get(conn, expert_id)
    assert found
    return experts.shown(conn, found).light


def test_given_a_plain_telephone_then_duty_and_calls_make_the_light(conn: Connection) -> None:
    add(conn)
    assert light(conn) == "free"
    on_a_call(conn, 1)
    assert light(conn) == "busy"
    conn.execute(update(leg).values(ended_ms=2))
    assert light(conn) == "free"
    conn.execute(update(leg).values(ended_ms=None))
    conn.execute(update(call).values(ended_ms=2))
    assert light(conn) == "free", "a leg of a call that is over holds nobody"
    experts.change(conn, 1, on_duty=False)
    assert light(conn) == "off"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("phone", [True, False])
def test_given_an_expert_at_a_seat_then_its_state_makes_the_light(
    conn: Connection, state: str, phone: bool
) -> None:
    add(conn, ring="seat", seat_id=add_seat(conn, state, phone))
    if state in ("reserved", "ringing", "talking"):
        assert light(conn) == "busy"
    else:
        assert light(conn) == ("free" if phone and state != "offline" else "off")


@pytest.mark.parametrize(("ahead_ms", "on_duty"), [(HOUR_MS, True), (-1, False), (None, True)])
def test_given_an_hour_at_which_duty_ends_then_it_ends_by_itself(
    conn: Connection, ahead_ms: int | None, on_duty: bool
) -> None:
    add(conn, until_ms=None if ahead_ms is None else now_ms() + ahead_ms)
    way = experts.reach(conn, 1)
    assert way
    assert way.on_duty is on_duty
    assert light(conn) == ("free" if on_duty else "off")


def test_given_the_directory_then_those_who_are_free_come_first(conn: Connection) -> None:
    add(conn, name="甲", on_duty=False)
    add(conn, name="乙")
    add(conn, name="丙")
    on_a_call(conn, 2)
    assert [(one.expert.name, one.light) for one in experts.listed(conn)] == [
        ("丙", "free"), ("乙", "busy"), ("甲", "off"),
    ]  # fmt: skip


def test_given_any_change_then_the_feed_says_it_without_the_number(conn: Connection) -> None:
    add(conn)
    experts.change(conn, 1, on_duty=False)
    experts.tell(conn, 1)
    told = conn.execute(select(change.c.topic, change.c.key, change.c.data)).all()
    assert [(row.topic, row.key, row.data["light"]) for row in told] == [
        ("expert", "1", "free"), ("expert", "1", "off"), ("expert", "1", "off"),
    ]  # fmt: skip
    assert all("sealed" not in str(row.data) for row in told)


@pytest.mark.parametrize(
    "fields",
    [
        {"ring": "seat"},
        {"number_sealed": None},
        {"ring": "pigeon"},
        {"seat_id": 99},
        {"account_id": 99},
    ],
)
def test_given_no_way_to_ring_then_no_entry_is_made(
    conn: Connection, fields: dict[str, Any]
) -> None:
    savepoint = conn.begin_nested()
    with pytest.raises(experts.NoWay):
        add(conn, **fields)
    savepoint.rollback()
    assert experts.listed(conn) == []


def test_given_an_older_version_or_no_entry_then_nothing_changes(conn: Connection) -> None:
    add(conn)
    experts.change(conn, 1, 1, name="李四")
    with pytest.raises(experts.Outdated) as seen:
        experts.change(conn, 1, 1, name="王五")
    assert (seen.value.current.name, seen.value.current.version) == ("李四", 2)
    with pytest.raises(experts.NoSuchExpert):
        experts.change(conn, 9, name="王五")
    with pytest.raises(experts.NoSuchExpert):
        experts.tell(conn, 9)
    with pytest.raises(ValueError, match="nickname"):
        experts.change(conn, 1, nickname="x")
    assert experts.reach(conn, 9) is None
