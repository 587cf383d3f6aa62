"""Writing a notice down: whom it reaches, and what may never be in it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from config.model import Settings
from db.models import change, ticket_contact, unit
from notices import addresses
from tests.db.databases import plain_sqlite
from tests.notices import places
from tests.notices.places import DUTY, REPORTER, all_rows, put

EVERYTHING = (
    places.zwding("http://127.0.0.1:9")
    | places.dingtalk("http://127.0.0.1:9")
    | places.sms_http("http://127.0.0.1:9")
    | places.email(9)
    | places.webhook("http://127.0.0.1:9")
)


def written(conn: Connection) -> list[tuple[str, str, str]]:
    return [(row.channel, row.recipient, row.state) for row in all_rows(conn)]


def place(**more: Any) -> Settings:
    return places.settings_with(**(EVERYTHING | more))


def test_one_row_a_channel_that_is_on_and_has_an_address() -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        put(conn, place(), to="unit:5")
        assert written(conn) == [
            (channel, "unit:5", "waiting") for channel in ("zwding", "dingtalk", "email", "webhook")
        ]
        row = all_rows(conn)[0]
        assert row.args == {"number": places.TICKET_NUMBER}
        assert (row.tries, row.ticket_id, row.template) == (0, 1, "dispatched")
        told = conn.execute(select(change.c.topic, change.c.data)).all()
        assert [tuple(one) for one in told] == [
            ("outbox", {"id": at, "state": "waiting"}) for at in (1, 2, 3, 4)
        ]


def test_a_head_without_an_address_of_his_own_is_reached_at_his_unit() -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        put(conn, place(), to="unit_head:5")
        assert [channel for channel, *_ in written(conn)] == ["zwding", "email", "sms"]


def test_each_number_of_a_team_gets_a_message_of_its_own() -> None:
    settings = place(**places.team(sms=("13800006661", "13800006662"), email=("a@example.cn",)))
    with plain_sqlite() as conn:
        places.furnish(conn)
        put(conn, settings, to="supervisors", template="escalated")
        assert [row[:2] for row in written(conn)] == [
            ("email", "supervisors"), ("sms", "supervisors#0"), ("sms", "supervisors#1"),
        ]  # fmt: skip
        for row in all_rows(conn):
            assert "1380000" not in str(row)
            assert DUTY not in str(row)


def test_a_unit_with_two_robots_has_a_row_for_each_and_many_accounts_share_one() -> None:
    kept = {"dingtalk": "one、two", "zwding": "a，b、c"}
    with plain_sqlite() as conn:
        places.furnish(conn)
        conn.execute(update(unit).values(addresses=kept))
        put(conn, place(), to="unit:5")
        assert [row[:2] for row in written(conn)] == [
            ("zwding", "unit:5"), ("dingtalk", "unit:5#0"), ("dingtalk", "unit:5#1"),
        ]  # fmt: skip
        notices = place().notices
        found = [addresses.find(conn, notices, *row[:2]).open for row in written(conn)]
        assert found == [("a", "b", "c"), ("one",), ("two",)]


def test_given_no_address_at_all_then_one_failed_row_says_so() -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        conn.execute(update(unit).values(addresses={}))
        put(conn, place(), to="unit:5")
        put(conn, place(), to="unit:5")
        (row,) = all_rows(conn)
        assert (row.state, row.error) == ("failed", "未登记可用的收件地址")
        put(conn, place(), to="office", template="to_dispatch")
        assert all_rows(conn)[1].state == "failed"


def test_given_no_channel_is_on_then_nothing_is_written() -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        put(conn, places.shipped(), to="unit:5")
        put(conn, places.shipped(), to="supervisors", template="escalated")
        assert all_rows(conn) == []


@pytest.mark.parametrize("masked", ["0775****234", None, "未知"])
def test_given_a_caller_without_a_mobile_then_nothing_is_written(masked: str | None) -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        conn.execute(update(ticket_contact).values(number_masked=masked))
        put(conn, place(), to="caller:1", template="received")
        assert all_rows(conn) == []


def test_given_a_caller_with_a_mobile_then_the_row_names_the_ticket_alone() -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        put(conn, place(), to="caller:1", template="received")
        (row,) = all_rows(conn)
        assert (row.channel, row.recipient) == ("sms", "caller:1")
        assert REPORTER not in str(row)


@pytest.mark.parametrize(
    "to", ["unit", "unit:", "unit:x", "caller", "supervisors:1", "13800001111"]
)
def test_unknown_recipients_are_refused_without_being_said(to: str) -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        with pytest.raises(ValueError) as caught:
            put(conn, place(), to=to)
        assert "1380000" not in str(caught.value)


@pytest.mark.parametrize("args", [{"reason": "企业说"}, {"name": "张三"}, {"phone": 1}])
def test_what_is_no_fact_of_the_procedure_is_refused(args: dict[str, Any]) -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        with pytest.raises(ValueError, match="not a fact of a notice"):
            put(conn, place(), to="unit:5", **args)
        assert all_rows(conn) == []


@pytest.mark.parametrize("value", [["x"], True, 1.5])
def test_a_value_is_a_text_or_a_whole_number(value: Any) -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        with pytest.raises(TypeError):
            put(conn, place(), to="unit:5", unit=value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (f"找{REPORTER}", "找…"),
        ("0775-1234567", "…"),
        ("138 0000 7777办", "…办"),
        ("12345热线办2组", "12345热线办2组"),
        (
            f"{places.TICKET_NUMBER}，{REPORTER}，20261122-00002",
            f"{places.TICKET_NUMBER}，…，20261122-00002",
        ),
        ("字" * 101, "字" * 99 + "…"),
    ],
)
def test_a_value_that_could_hold_a_number_loses_it_and_never_stops_the_move(
    value: str, kept: str
) -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        put(conn, place(), to="unit:5", unit=value)
        assert all_rows(conn)[0].args["unit"] == kept


def test_numbers_of_tickets_and_papers_and_what_is_not_known_may_be_told() -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        put(
            conn, place(), to="unit:5", template="rectification", number=places.TICKET_NUMBER,
            paper_number="20261122-00001-整改1", due=1_795_305_600_000, unit=None,
        )  # fmt: skip
        assert all_rows(conn)[0].args == {
            "number": places.TICKET_NUMBER,
            "paper_number": "20261122-00001-整改1",
            "due": 1_795_305_600_000,
        }


def test_an_unknown_template_is_refused() -> None:
    with plain_sqlite() as conn:
        places.furnish(conn)
        with pytest.raises(ValueError, match="no notice is called nothing"):
            put(conn, place(), to="unit:5", template="nothing")
