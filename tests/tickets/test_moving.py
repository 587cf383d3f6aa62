"""The one door of moves, on both databases: what a move changes, writes down and tells."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from db import Database
from db.clock import now_ms
from db.models import (
    ticket,
    ticket_ask,
    ticket_assist,
    ticket_event,
    ticket_list,
    ticket_paper,
    ticket_rating,
    ticket_term,
    unit,
)
from tests.tickets.filled import filled
from tests.tickets.town import (
    PLACE,
    TO_FOLLOW_UP,
    TO_UNIT,
    TO_WORK,
    Town,
    do,
    drafted,
    row,
    town,
    walk,
)
from tickets import clock, moving, store
from tickets.rules.decide import Refused, Unfit
from tickets.rules.table import BY_NAME
from tickets.store import Outdated

POOR: dict[str, Any] = {"stars": 1, "text": "没有解决"}


def moves_of(conn: Connection, ticket_id: int) -> list[tuple[str, str, str]]:
    e = ticket_event.c
    found = select(e.from_state, e.to_state, e.move).where(
        e.ticket_id == ticket_id, e.kind == "moved"
    )
    return [tuple(one) for one in conn.execute(found.order_by(e.id))]


def terms_of(conn: Connection, ticket_id: int) -> list[Any]:
    t = ticket_term.c
    return list(conn.execute(select(ticket_term).where(t.ticket_id == ticket_id).order_by(t.id)))


def open_lists(conn: Connection, ticket_id: int) -> set[str]:
    found = select(ticket_list.c.list).where(
        ticket_list.c.ticket_id == ticket_id, ticket_list.c.closed_ms.is_(None)
    )
    return set(conn.execute(found).scalars())


# --- the whole of Y二(五) ---


async def test_a_complaint_walks_the_whole_way_to_the_report(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_FOLLOW_UP)
        do(conn, there, made.id, "follow_up", **POOR)
        second = row(conn, made.id)
        assert (second.state, second.round, second.unit_id) == ("to_accept", 2, there.lead)
        assert open_lists(conn, made.id) == {"poor"}
        with pytest.raises(Refused) as refused:
            walk(conn, there, made.id, "accept", "reply")
        # What was said to the caller in the first round does not count for the second.
        assert refused.value.reasons[0].message == "请先联系来电人并登记"
        walk(conn, there, made.id, "contact", "reply", "approve")
        do(conn, there, made.id, "follow_up", **POOR)
        assert row(conn, made.id).state == "supervision_review"
        walk(conn, there, made.id, "draft_finding", "order_rectification")
        assert open_lists(conn, made.id) == {"poor", "responsibility", "rectification"}
        walk(conn, there, made.id, "contact", "rectify")
        do(conn, there, made.id, "follow_up", **POOR)
        failed = row(conn, made.id)
        assert (failed.state, failed.due_kind) == ("to_follow_up", "supervise")
        walk(conn, there, made.id, "draft_report", "report_to_discipline", "conclude")
        assert row(conn, made.id).state == "closed"
        assert [move for _, _, move in moves_of(conn, made.id)] == [
            "submit", "dispatch", "accept", "reply", "approve", "again", "accept", "reply",
            "approve", "escalate", "order_rectification", "rectify", "report_to_discipline",
            "conclude",
        ]  # fmt: skip
        ratings = select(ticket_rating.c.round, ticket_rating.c.rectified, ticket_rating.c.stars)
        assert [tuple(r) for r in conn.execute(ratings.order_by(ticket_rating.c.id))] == [
            (1, False, 1), (2, False, 1), (2, True, 1),
        ]  # fmt: skip
        signed = select(ticket_paper.c.kind, ticket_paper.c.number, ticket_paper.c.signed_by)
        signed = signed.where(ticket_paper.c.state == "signed").order_by(ticket_paper.c.id)
        year = PLACE.hours.day_of(now_ms()).year
        head = there.duties["head"].account_id
        assert [tuple(one) for one in conn.execute(signed)] == [
            ("finding", None, head),
            ("rectification_letter", f"营商整改〔{year}〕1号", head),
            ("discipline_report", f"营商报纪〔{year}〕1号", head),
        ]
        assert all(term.ended_ms is not None for term in terms_of(conn, made.id))

    await database.write(scene)


async def test_a_satisfied_rectification_closes_and_leaves_the_lists(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_FOLLOW_UP)
        do(conn, there, made.id, "follow_up", **POOR)
        walk(conn, there, made.id, "accept", "contact", "reply", "approve")
        do(conn, there, made.id, "follow_up", **POOR)
        walk(conn, there, made.id, "draft_finding", "order_rectification", "contact", "rectify")
        do(conn, there, made.id, "follow_up", stars=None, reached=False)
        do(conn, there, made.id, "follow_up", stars=4)
        assert row(conn, made.id).state == "closed"
        assert open_lists(conn, made.id) == set()

    await database.write(scene)


async def test_an_enquiry_is_answered_within_a_working_day(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there, type="consult")
        delivered = walk(conn, there, made.id, *TO_UNIT)
        calendar = PLACE.calendar(conn)
        term = next(t for t in terms_of(conn, delivered.id) if t.kind == "done")
        assert term.due_ms == clock.deadline(calendar, PLACE.hours, term.from_ms, 1).ms
        walk(conn, there, made.id, "accept", "contact", "reply", "approve", "follow_up")
        assert row(conn, made.id).state == "closed"

    await database.write(scene)


# --- periods ---


@pytest.mark.parametrize(("difficulty", "days"), [("simple", 2), ("ordinary", 5), ("difficult", 5)])
async def test_the_difficulty_says_how_long(sqlite: Database, difficulty: str, days: int) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, "submit")
        do(conn, there, made.id, "dispatch", unit_id=there.lead, difficulty=difficulty)
        accept, done = terms_of(conn, made.id)[-2:]
        calendar = PLACE.calendar(conn)
        assert (accept.kind, accept.days, done.kind, done.days) == ("accept", 1, "done", days)
        assert done.due_ms == clock.deadline(calendar, PLACE.hours, done.from_ms, days).ms
        assert row(conn, made.id).due_ms == accept.due_ms
        walk(conn, there, made.id, "accept")
        found = row(conn, made.id)
        assert (found.due_ms, found.due_kind) == (done.due_ms, "done")

    await sqlite.write(scene)


async def test_an_extension_moves_the_deadline_and_keeps_the_first(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, "submit")
        do(conn, there, made.id, "dispatch", unit_id=there.lead, difficulty="difficult")
        walk(conn, there, made.id, "accept")
        do(conn, there, made.id, "ask_extension", days=3)
        with pytest.raises(Refused):
            do(conn, there, made.id, "ask_extension", days=3)
        walk(conn, there, made.id, "agree_extension")
        done = terms_of(conn, made.id)[-1]
        calendar = PLACE.calendar(conn)
        assert done.due_ms == clock.deadline(calendar, PLACE.hours, done.from_ms, 8).ms
        assert (done.days, done.first_due_ms < done.due_ms) == (8, True)
        assert row(conn, made.id).due_ms == done.due_ms
        asked = conn.execute(select(ticket_ask.c.open, ticket_ask.c.agreed)).one()
        assert tuple(asked) == (None, True)

    await database.write(scene)


async def test_a_law_s_own_period_wins(sqlite: Database) -> None:
    def scene(conn: Connection) -> None:
        from db.models import ticket_class

        conn.execute(
            insert(ticket_class),
            {
                "code": "arrears", "label": "拖欠账款", "place": 1, "open": True, "pass_on_days": 10,
                "handle_days": 30, "handle_most_days": 90, "basis": "条例", "version": 1,
            },
        )  # fmt: skip
        there = town(conn)
        made = drafted(conn, there, content_class="arrears")
        walk(conn, there, made.id, "submit")
        calendar, hours = PLACE.calendar(conn), PLACE.hours
        pass_on = terms_of(conn, made.id)[-1]
        assert pass_on.due_ms == clock.deadline(calendar, hours, pass_on.from_ms, 10).ms
        do(conn, there, made.id, "dispatch", unit_id=there.lead, difficulty="difficult")
        done = terms_of(conn, made.id)[-1]
        assert (done.natural, done.days) == (True, 30)
        assert done.due_ms == clock.natural(calendar, hours, done.from_ms, 30).ms

    await sqlite.write(scene)


async def test_the_clock_stops_while_a_ticket_is_suspended(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(PLACE), "limits", lambda *_: _with_suspension())

    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_WORK)
        before = terms_of(conn, made.id)[-1]
        walk(conn, there, made.id, "ask_suspension", "suspend")
        stopped = row(conn, made.id)
        assert (stopped.state, stopped.due_ms, stopped.left_days) == ("suspended", None, 2)
        walk(conn, there, made.id, "resume")
        after = terms_of(conn, made.id)[-1]
        assert after.due_ms >= before.due_ms
        assert row(conn, made.id).due_ms == after.due_ms

    await sqlite.write(scene)


def _with_suspension() -> Any:
    from tickets.rules.facts import Limits

    return Limits(suspension=True)


# --- others' parts ---


async def test_a_reply_waits_for_the_assisting_unit(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, "submit")
        do(conn, there, made.id, "dispatch", unit_id=there.lead, assisting=[there.side])
        walk(conn, there, made.id, "accept", "contact")
        with pytest.raises(Refused):
            do(conn, there, made.id, "reply")
        walk(conn, there, made.id, "assist_reply", "reply")
        part = conn.execute(select(ticket_assist)).one()
        assert part.done_ms is not None
        assert part.account_id == there.other.account_id

    await database.write(scene)


async def test_a_ruled_unit_can_t_return_a_ticket_and_the_minutes_are_kept(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_UNIT, "ask_return", "agree_return")
        back = row(conn, made.id)
        assert (back.state, back.unit_id, back.due_kind) == ("to_dispatch", None, "dispatch")
        assert back.returned == 1
        walk(conn, there, made.id, "review", "rule")
        with pytest.raises(Refused):
            do(conn, there, made.id, "ask_return")
        minutes = conn.execute(select(ticket_paper)).one()
        assert (minutes.kind, minutes.state) == ("minutes", "kept")
        assert set(minutes.body) == {"issue", "present", "basis", "ruling", "unit_id"}

    await database.write(scene)


async def test_the_unit_that_gave_a_ticket_back_is_told_that_it_may(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "tickets.outbox.put", lambda *_, template, to, **__: told.append((template, to))
    )

    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_UNIT, "ask_return")
        told.clear()
        walk(conn, there, made.id, "agree_return")
        assert told == [("agreed_return", f"unit:{there.lead}")]

    await sqlite.write(scene)


async def test_what_was_asked_is_void_once_the_ticket_has_moved_on(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_UNIT, "ask_return", "accept")
        assert conn.execute(select(ticket_ask.c.open)).scalar_one() is None

    await database.write(scene)


async def test_what_was_sent_back_is_due_when_it_was(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_WORK)
        before = row(conn, made.id).due_ms
        walk(conn, there, made.id, "contact", "reply", "send_back")
        found = row(conn, made.id)
        assert (found.state, found.due_ms, found.due_kind) == ("in_progress", before, "done")

    await database.write(scene)


async def test_a_duplicate_goes_into_the_open_ticket_and_both_histories_say_so(
    database: Database,
) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        first = walk(conn, there, drafted(conn, there).id, "submit")
        second = drafted(conn, there)
        do(conn, there, second.id, "merge", into=first.id)
        gone = row(conn, second.id)
        assert (gone.state, gone.merged_into, gone.complete) == ("merged", first.id, True)
        e = ticket_event.c
        told = select(e.detail).where(e.ticket_id == first.id, e.kind == "merged_from")
        assert conn.execute(told).scalar_one() == {"from": second.id, "number": second.number}
        with pytest.raises(Unfit):
            do(conn, there, drafted(conn, there).id, "merge", into=second.id)

    await database.write(scene)


# --- two people, and what the database refuses by itself ---


async def test_of_two_people_at_one_ticket_the_second_is_told(
    database: Database, another: Database
) -> None:
    def furnish(conn: Connection) -> tuple[Town, int, int]:
        there = town(conn)
        made = drafted(conn, there)
        now = walk(conn, there, made.id, "submit")
        return there, now.id, now.version

    there, ticket_id, version = await database.write(furnish)
    dispatcher = there.duties["dispatcher"]

    def dispatch(conn: Connection, note: str) -> None:
        form = filled(BY_NAME["dispatch"], unit_id=there.lead, note=note)
        moving.move(conn, PLACE, dispatcher, ticket_id, version, "dispatch", form)

    outcomes = await asyncio.gather(
        database.write(dispatch, "甲"), another.write(dispatch, "乙"), return_exceptions=True
    )
    (lost,) = [one for one in outcomes if one is not None]
    assert isinstance(lost, Outdated)
    assert lost.current.state == "to_accept"
    assert len(await database.read(moves_of, ticket_id)) == 2


async def test_a_refused_move_leaves_nothing_behind(database: Database) -> None:
    def count(conn: Connection) -> list[int]:
        return [
            len(conn.execute(select(table)).all())
            for table in (ticket_event, ticket_term, ticket_ask, ticket_paper)
        ]

    def furnish(conn: Connection) -> tuple[Town, int]:
        there = town(conn)
        return there, walk(conn, there, drafted(conn, there).id, "submit").id

    there, ticket_id = await database.write(furnish)
    before = await database.read(count)
    for form in ({"unit_id": 10**9}, {"unit_id": there.lead, "assisting": [there.lead]}):
        with pytest.raises(Unfit):
            await database.write(do, there, ticket_id, "dispatch", **form)
    version = (await database.read(row, ticket_id)).version
    with pytest.raises(moving.NoSuchMove):
        await database.write(moving.move, PLACE, there.agent, ticket_id, version, "fly", {})
    assert await database.read(count) == before


@pytest.mark.parametrize(
    ("state", "values", "words"),
    [
        ("to_dispatch", {"state": "closed", "move": "settle"}, "illegal move"),
        ("to_dispatch", {"state": "to_accept", "move": "dispatch"}, "no unit has"),
        ("to_dispatch", {"state": "in_review", "move": "dispatch"}, "illegal move"),
        ("supervision_review", {"state": "rectifying", "move": "order_rectification"}, "signed"),
        ("to_follow_up", {"state": "reported_to_discipline", "move": "report_to_discipline"}, "signature"),
        ("to_follow_up", {"state": "to_accept", "move": "again", "round": 3}, "same unit"),
        ("to_follow_up", {"state": "closed", "move": "settle", "rectified": True}, None),
    ],
)  # fmt: skip
async def test_the_database_refuses_what_the_rules_should_have(
    database: Database, state: str, values: dict[str, Any], words: str | None
) -> None:
    def furnish(conn: Connection) -> int:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, "submit")
        if state != "to_dispatch":
            walk(conn, there, made.id, *TO_FOLLOW_UP[1:])
        if state == "supervision_review":
            do(conn, there, made.id, "follow_up", **POOR)
            walk(conn, there, made.id, "accept", "contact", "reply", "approve")
            do(conn, there, made.id, "follow_up", **POOR)
        return made.id

    ticket_id = await database.write(furnish)

    def force(conn: Connection) -> None:
        known = {"state_ms": 1, "moved": {}} | values
        conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(known))

    if words is None:
        await database.write(force)
        return
    with pytest.raises(DBAPIError, match=words):
        await database.write(force)


async def test_a_rectification_is_not_closed_without_a_satisfied_caller(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there)
        walk(conn, there, made.id, *TO_FOLLOW_UP)
        conn.execute(update(ticket).values(rectified=True))
        conn.execute(update(ticket).values(state="closed", move="settle", state_ms=1, moved={}))

    with pytest.raises(DBAPIError, match="satisfied"):
        await database.write(scene)


async def test_the_history_can_t_be_changed(database: Database) -> None:
    made = (await database.write(lambda conn: drafted(conn, town(conn)))).id
    for change in (
        update(ticket_event).where(ticket_event.c.ticket_id == made).values(why="别的理由"),
        delete(ticket_event).where(ticket_event.c.ticket_id == made),
    ):
        with pytest.raises(DBAPIError, match="history is kept"):
            await database.write(Connection.execute, change)


async def test_a_unit_is_never_its_own_judge_even_by_hand(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = drafted(conn, there, complained_unit_id=there.lead)
        conn.execute(update(ticket).where(ticket.c.id == made.id).values(unit_id=there.lead))

    with pytest.raises(DBAPIError, match="not_its_own_judge"):
        await database.write(scene)


@pytest.mark.parametrize("above", [True, False])
async def test_neither_those_above_nor_those_below_the_unit_complained_of_judge_it(
    sqlite: Database, above: bool
) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        one = unit.c
        child = insert(unit).returning(one.id)
        new = {"code": "below", "name": "注册科", "parent_id": there.lead, "addresses": {}}
        below = conn.execute(child, new).scalar_one()
        complained, chosen = (below, there.lead) if above else (there.lead, below)
        made = drafted(conn, there, complained_unit_id=complained)
        walk(conn, there, made.id, "submit")
        with pytest.raises(Unfit) as unfit:
            do(conn, there, made.id, "dispatch", unit_id=chosen)
        assert [m.field for m in unfit.value.mistakes] == ["unit_id"]

    await sqlite.write(scene)


async def test_what_a_unit_has_is_not_edited(database: Database) -> None:
    def scene(conn: Connection) -> None:
        there = town(conn)
        made = walk(conn, there, drafted(conn, there).id, *TO_UNIT)
        with pytest.raises(store.NotEditable):
            store.edit(conn, made.id, made.version, 1, {"text": "改写"})

    await database.write(scene)
