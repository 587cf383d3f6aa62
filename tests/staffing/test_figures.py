"""The day's figures: each caller counted once, whatever becomes of him, and by the tables alike."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from config.load import load
from db import Database
from db.feed import changes_since
from floor import calls, history, legs, seats
from floor.alarms import raised
from floor.day import read_day
from floor.figures import Day, QueueFigures
from floor.staffing import Times
from tests.db.databases import plain_sqlite
from tests.floor.furnishing import new_call, new_seat
from tests.support.examples import examples

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
QUEUES = {"business": "优化营商环境专线", "general": "政务服务"}
DATE = dt.date(2026, 11, 22)
NINE_MS = int(dt.datetime.combine(DATE, dt.time(9), ZONE).timestamp()) * 1000
ALARMS = load(environ={}).alarms


def call_of(n: int = 1, **values: Any) -> dict[str, Any]:
    """A call as the feed shows it."""
    return {
        "call_id": f"{n:032x}",
        "stage": "waiting",
        "queue": "business",
        "seat_id": None,
        "queued_ms": NINE_MS,
        "talk_ms": None,
        "ended_ms": None,
        "end_reason": None,
        "direction": "in",
        "owner_seat_id": None,
        "parties": [],
        **values,
    }


def seat_of(n: int, state: str, since_s: float, call: int | None = None, **more: Any) -> Any:
    """A seat as the feed shows it, `since_s` after nine o'clock."""
    return {
        "id": n,
        "state": state,
        "since_ms": NINE_MS + int(since_s * 1000),
        "call_id": f"{call:032x}" if call else None,
        "skills": [{"queue": "business", "level": 1}],
        **more,
    }


class Story:
    """Told in seconds after nine."""

    def __init__(self) -> None:
        self.day = Day(QUEUES, DATE, ZONE)

    def call(self, n: int, at_s: float, **values: Any) -> None:
        self.day.see_call(call_of(n, **values), NINE_MS + int(at_s * 1000))

    def seat(self, n: int, state: str, at_s: float, call: int | None = None, **more: Any) -> None:
        self.day.see_seat(seat_of(n, state, at_s, call, **more), NINE_MS + int(at_s * 1000))

    def talk(self, n: int, seat: int, queued_s: float, talk_s: float, end_s: float) -> None:
        """From the queue to the end, with the seat's part."""
        self.call(n, queued_s, queued_ms=ms(queued_s))
        self.seat(seat, "talking", talk_s, n)
        ours = {"queued_ms": ms(queued_s), "talk_ms": ms(talk_s), "seat_id": seat}
        self.call(n, talk_s, stage="talking", **ours)
        self.seat(seat, "wrap_up", end_s, n)
        self.call(n, end_s, stage="ended", ended_ms=ms(end_s), end_reason="caller_hung_up", **ours)

    def of(self, queue: str = "business") -> QueueFigures:
        return next(f for f in self.day.figures(180.0, 30.0) if f.name == queue)


def ms(at_s: float) -> int:
    return NINE_MS + int(at_s * 1000)


def test_given_answered_and_abandoned_calls_then_the_shares_are_of_those_decided() -> None:
    story = Story()
    story.talk(1, 7, 0.0, 15.0, 115.0)
    story.talk(2, 8, 0.0, 18.0, 218.0)
    story.call(3, 5.0)
    story.call(3, 9.0, stage="ended", ended_ms=ms(9), end_reason="abandoned_in_queue")
    story.call(4, 6.0, queued_ms=ms(6))
    story.seat(7, "available", 145.0)
    found = story.of()
    assert (found.offered, found.answered, found.abandoned, found.waiting) == (4, 2, 1, 1)
    assert found.connect_rate == pytest.approx(2 / 3, abs=1e-4)
    assert found.within_15 == pytest.approx(1 / 3, abs=1e-4)
    assert found.within_20 == pytest.approx(2 / 3, abs=1e-4)
    assert (found.mean_wait_s, found.mean_talk_s, found.mean_wrap_up_s) == (16.5, 150.0, 30.0)
    assert found.longest_since_ms == ms(6)
    nine = found.by_hour[9]
    assert (nine.hour, nine.offered, nine.answered, nine.abandoned) == (9, 4, 2, 1)
    assert sum(hour.offered for hour in found.by_hour) == 4


@pytest.mark.parametrize(
    ("end_reason", "abandoned"),
    [("abandoned_in_queue", 1), ("message_left", 0), ("failed", 0), ("stopped", 0)],
)
def test_given_a_wait_that_nobody_answered_then_it_counts_against_us(
    end_reason: str, abandoned: int
) -> None:
    story = Story()
    story.call(1, 0.0)
    story.call(1, 30.0, stage="ended", ended_ms=ms(30), end_reason=end_reason)
    found = story.of()
    assert (found.connect_rate, found.abandoned, found.waiting) == (0.0, abandoned, 0)


def test_given_calls_that_are_none_of_the_queue_then_they_count_nowhere() -> None:
    story = Story()
    story.call(1, 0.0, queued_ms=None, stage="menu")
    story.call(2, 0.0, direction="out", stage="talking", talk_ms=ms(3))
    story.call(3, 0.0, queue="gone")
    story.call(4, 0.0, queued_ms=story.day.from_ms - 1, stage="talking", talk_ms=ms(1))
    assert [story.of(queue).offered for queue in QUEUES] == [0, 0]
    assert story.of().connect_rate is None


def test_given_a_caller_of_yesterday_still_waits_then_he_is_seen_but_not_counted() -> None:
    story = Story()
    story.call(1, 0.0, queued_ms=story.day.from_ms - 5000)
    assert (story.of().waiting, story.of().offered) == (1, 0)


def test_given_a_caller_helped_over_to_another_queue_then_he_counts_where_he_asked() -> None:
    story = Story()
    story.call(1, 0.0)
    story.call(1, 120.0, queue="general")
    assert (story.of().offered, story.of("general").offered) == (1, 0)
    assert (story.of().waiting, story.of("general").waiting) == (0, 1)
    story.call(1, 130.0, queue="general", stage="talking", talk_ms=ms(130))
    assert (story.of().answered, story.of("general").answered) == (1, 0)


def test_given_a_caller_moved_by_a_person_then_he_counts_where_he_is() -> None:
    story = Story()
    story.call(1, 0.0, first_queue="business")
    story.call(1, 20.0, queue="general", first_queue="general")
    assert (story.of().offered, story.of("general").offered) == (0, 1)


def test_given_a_transfer_to_another_queue_then_the_answer_stays_and_each_seat_counts_its_part() -> (
    None
):
    story = Story()
    story.call(1, 0.0)
    story.seat(7, "talking", 10.0, 1)
    story.call(1, 10.0, stage="talking", talk_ms=ms(10), seat_id=7)
    story.seat(7, "wrap_up", 70.0, 1)
    again = {"queue": "general", "first_queue": "general", "talk_ms": ms(10)}
    story.call(1, 70.0, stage="waiting", **again)
    assert story.of("general").longest_since_ms == ms(70), "he waits from now on"
    story.seat(8, "talking", 100.0, 1)
    story.call(1, 100.0, stage="talking", seat_id=8, **again)
    story.seat(8, "available", 200.0)
    story.call(1, 200.0, stage="ended", ended_ms=ms(200), end_reason="agent_hung_up", **again)
    found = story.of()
    assert (found.offered, found.answered, found.mean_wait_s) == (1, 1, 10.0)
    assert found.mean_talk_s == (60.0 + 100.0) / 2
    assert (story.of("general").offered, story.of("general").answered) == (0, 0)


def test_given_one_who_listens_and_one_who_advises_then_their_time_is_not_the_queues() -> None:
    story = Story()
    story.call(1, 0.0)
    for seat in (7, 8, 9):
        story.seat(seat, "talking", 10.0, 1)
    parties = [
        {"role": "agent", "seat_id": 7},
        {"role": "other", "seat_id": 8},
        {"role": "supervisor", "seat_id": 9},
    ]
    story.call(1, 10.0, stage="talking", talk_ms=ms(10), seat_id=7, parties=parties)
    for seat, at_s in ((8, 20.0), (9, 30.0), (7, 110.0)):
        story.seat(seat, "available", at_s)
    assert story.of().mean_talk_s == 100.0


def test_given_free_busy_and_paused_seats_then_expected_wait_is_as_callers_are_told() -> None:
    story = Story()
    assert story.of().expected_wait_s is None, "nobody is there"
    story.seat(1, "talking", 0.0, 5)
    story.seat(2, "wrap_up", 0.0, 6)
    story.seat(3, "paused", 0.0)
    story.call(9, 0.0)
    found = story.of()
    assert (found.seats.free, found.seats.busy, found.seats.paused) == (0, 2, 1)
    assert found.expected_wait_s == 2 * (180.0 + 30.0) / 2
    story.call(9, 1.0, stage="talking", talk_ms=ms(1))
    story.seat(3, "available", 2.0)
    assert story.of().expected_wait_s == 0.0


def alarms(story: Story, at_s: float) -> dict[str, str]:
    found = raised([story.of()], story.day, ALARMS, ms(at_s))
    return {alarm.code: alarm.level for alarm in found}


def test_given_limits_then_alarms_come_and_go_by_them() -> None:
    story = Story()
    story.seat(1, "available", 0.0)
    assert alarms(story, 10.0) == {}
    story.seat(1, "talking", 20.0, 99)
    assert alarms(story, 49.0) == {}
    assert alarms(story, 50.0) == {"no_free_seat": "amber"}
    assert alarms(story, 900.0) == {"no_free_seat": "amber"}, "nobody is kept waiting"
    for n in range(2, 10):
        story.call(n, 900.0, queued_ms=ms(900))
    assert alarms(story, 910.0) == {"no_free_seat": "red", "waiting": "red"}
    assert alarms(story, 915.0)["longest_wait"] == "amber"
    assert alarms(story, 960.0)["longest_wait"] == "red"
    for n in range(2, 10):
        story.call(n, 970.0, stage="talking", queued_ms=ms(900), talk_ms=ms(970))
    story.seat(1, "available", 980.0)
    assert alarms(story, 981.0) == {}


def test_given_a_day_that_is_read_then_no_seat_has_been_free_since_the_last_moved() -> None:
    story = Story()
    story.day.furnish([seat_of(1, "talking", 0.0, 5), seat_of(2, "wrap_up", 40.0, 6)])
    assert story.day.no_free_since_ms("business") == ms(40)
    assert alarms(story, 69.0) == {}
    assert alarms(story, 70.0) == {"no_free_seat": "amber"}


@pytest.mark.parametrize(
    ("answered", "lost", "level"), [(19, 0, None), (10, 9, None), (18, 2, "amber"), (16, 4, "red")]
)
def test_given_a_connect_rate_then_it_is_told_when_there_were_enough_calls(
    answered: int, lost: int, level: str | None
) -> None:
    story = Story()
    story.seat(1, "available", 0.0)
    for n in range(answered):
        story.talk(n + 1, 7, 0.0, 5.0, 50.0)
    for n in range(lost):
        story.call(100 + n, 0.0)
        story.call(100 + n, 9.0, stage="ended", ended_ms=ms(9), end_reason="abandoned_in_queue")
    assert alarms(story, 60.0).get("connect_rate") == level


def test_given_alarms_then_the_red_ones_come_first_and_their_text_does_not_run() -> None:
    story = Story()
    for n in range(1, 5):
        story.call(n, 0.0)
    found = raised([story.of()], story.day, ALARMS, ms(70))
    assert [(alarm.code, alarm.level) for alarm in found] == [
        ("longest_wait", "red"),
        ("no_free_seat", "red"),
        ("waiting", "amber"),
    ]
    assert found == raised([story.of()], story.day, ALARMS, ms(90))
    assert all(alarm.text.startswith("优化营商环境专线：") for alarm in found)


@given(st.data())
def test_whatever_is_told_twice_or_again_later_counts_once(data: st.DataObject) -> None:
    """After a read of the tables the feed tells again what was read: the end is the same."""
    told = []
    for n in range(1, data.draw(st.integers(1, 4)) + 1):
        answered = data.draw(st.booleans())
        told.append([call_of(n)])
        if answered:
            told[-1].append(call_of(n, stage="talking", talk_ms=ms(10), seat_id=n))
        told[-1].append(
            call_of(
                n,
                stage="ended",
                talk_ms=ms(10) if answered else None,
                ended_ms=ms(30),
                end_reason="caller_hung_up" if answered else "abandoned_in_queue",
            )
        )
    once, again = Story(), Story()
    for changes in told:
        for change in changes:
            once.day.see_call(change, NINE_MS)
            again.day.see_call(change, NINE_MS)
        for change in changes[data.draw(st.integers(0, len(changes) - 1)) :]:
            again.day.see_call(change, NINE_MS)
    assert again.of() == once.of()


# --- the tables say the same ---

DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["come", "answer", "give_up", "hang_up", "back", "overflow"]),
        st.integers(0, 5),
        st.integers(0, 3),
    ),
    max_size=25,
)


def do(conn: Connection, deeds: list[tuple[str, int, int]]) -> None:
    """A made-up hour on the floor; what is not possible is left out."""
    there = [new_seat(conn, {"business": 1}).id for _ in range(4)]
    for seat_id in there:
        seats.go_available(conn, seat_id)
    open_calls: dict[int, str] = {}
    talks: dict[int, int] = {}
    for deed, n, m in deeds:
        seat_id = there[m]
        found = seats.get(conn, seat_id)
        state = found.state if found else ""
        if deed == "come" and n not in open_calls:
            open_calls[n] = new_call(conn).id
            queue = "business" if n % 2 else "general"
            calls.step(conn, open_calls[n], "queued", queue=queue)
        elif deed == "overflow" and n in open_calls and n not in talks:
            calls.step(conn, open_calls[n], "overflow", queue="general")
        elif deed == "answer" and n in open_calls and n not in talks and state == "available":
            _answer(conn, open_calls[n], seat_id)
            talks[n] = seat_id
        elif deed == "give_up" and n in open_calls and n not in talks:
            calls.end(conn, open_calls.pop(n), "abandoned_in_queue")
        elif deed == "hang_up" and n in talks:
            seats.end_call(conn, talks.pop(n), 60.0)
            calls.end(conn, open_calls.pop(n), "caller_hung_up")
        elif deed == "back" and state == "wrap_up":
            seats.end_wrap_up(conn, seat_id)


def _answer(conn: Connection, call_id: str, seat_id: int) -> None:
    seats.reserve(conn, seat_id, call_id)
    channel = f"seat-{call_id[-8:]}"
    legs.add(conn, channel, call_id, "seat", seat_id)
    calls.step(conn, call_id, "offered", seat=seat_id, seat_channel=channel)
    seats.ring(conn, seat_id)
    seats.answer(conn, seat_id)
    calls.step(conn, call_id, "answered", bridge="b", ticket=None, talk=None, owner=seat_id)


@given(DEEDS)
@settings(max_examples=examples(25))
def test_the_tables_and_the_feed_tell_the_same_day(deeds: list[tuple[str, int, int]]) -> None:
    with plain_sqlite() as conn:
        do(conn, deeds)
        changes = changes_since(conn, 0, 100_000)
        at_ms = changes[-1].at_ms if changes else NINE_MS
        date = dt.datetime.fromtimestamp(at_ms / 1000, ZONE).date()
        followed = Day(QUEUES, date, ZONE)
        for change in changes:
            if change.topic == "call":
                followed.see_call(change.data, change.at_ms)
            elif change.topic == "seat":
                followed.see_seat(change.data, change.at_ms)
        _, read = read_day(conn, QUEUES, date, ZONE, at_ms)
        assert read.figures(180.0, 30.0) == followed.figures(180.0, 30.0)


async def test_the_tables_are_counted_alike_on_both_databases(database: Database) -> None:
    deeds = [("come", 1, 0), ("come", 3, 0), ("come", 2, 0), ("answer", 1, 0), ("overflow", 3, 0)]
    more = [("hang_up", 1, 0), ("back", 1, 0), ("give_up", 3, 0), ("answer", 2, 1)]
    await database.write(do, deeds + more)
    at_ms = (await database.read(changes_since, 0))[-1].at_ms
    date = dt.datetime.fromtimestamp(at_ms / 1000, ZONE).date()
    seq, day = await database.read(read_day, QUEUES, date, ZONE, at_ms)
    business, general = day.figures(180.0, 30.0)
    assert seq == (await database.read(changes_since, 0))[-1].seq
    assert (business.offered, business.answered, business.abandoned) == (2, 1, 1)
    assert (general.offered, general.answered, general.waiting) == (1, 1, 0)
    around = (at_ms - 3_600_000, at_ms + 1)
    assert await database.read(history.arrivals, *around) == {"business": 2, "general": 1}
    slots = await database.read(history.arrivals_by_slot, around[0], 900_000, 5)
    assert {queue: sum(counts) for queue, counts in slots.items()} == {"business": 2, "general": 1}
    assert {len(counts) for counts in slots.values()} == {5}
    talks = await database.read(history.talks, *around)
    assert talks.keys() == {"business"}
    assert talks["business"].count == 1
    wrap_ups = await database.read(history.wrap_ups, *around)
    assert wrap_ups.keys() == {"business"}
    assert isinstance(wrap_ups["business"], Times)


def test_given_a_caller_handed_on_to_another_queue_then_the_tables_know_where_he_asked_first() -> (
    None
):
    with plain_sqlite() as conn:
        seat = seats.go_available(conn, new_seat(conn, {"business": 1}).id)
        row = new_call(conn)
        calls.step(conn, row.id, "queued", {"queue": "business"}, queue="business")
        _answer(conn, row.id, seat.id)
        seats.end_call(conn, seat.id, 60.0)
        calls.step(conn, row.id, "taken_back")
        calls.step(conn, row.id, "returned", queue="general", to_head=True, told_next=None)
        changes = changes_since(conn, 0, 1000)
        at_ms = changes[-1].at_ms
        date = dt.datetime.fromtimestamp(at_ms / 1000, ZONE).date()
        followed = Day(QUEUES, date, ZONE)
        for change in changes:
            see = followed.see_call if change.topic == "call" else followed.see_seat
            see(change.data, change.at_ms)
        _, read = read_day(conn, QUEUES, date, ZONE, at_ms)
        for day in (read, followed):
            business, general = day.figures(180.0, 30.0)
            assert (business.offered, business.answered, business.waiting) == (1, 1, 0)
            assert (general.offered, general.waiting) == (0, 1)
