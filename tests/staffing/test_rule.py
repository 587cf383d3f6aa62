"""The rule by which seats are called in and let go: any floor, and the cells that matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import load
from config.model import CallIn
from db.models.seat import STATES
from floor.calling_in import STAFFED, Look, Step, Waiting, cause_of, decide, staffed_in
from floor.loans import Loan
from floor.seats import Seat

RULE: CallIn = replace(
    load(environ={}).staffing.rules[0],
    lenders=("general", "tax"),
    keep=2,
    most=3,
    short_by=1,
    wait_limit_s=10.0,
    pause_s=20.0,
    quiet_s=300.0,
    longest_s=3600.0,
)
NOW_MS = 1_000_000_000


def seat(number: int, state: str = "available", *queues: str, idle_ms: int = 0) -> Seat:
    skills = dict.fromkeys(queues or ("general",), 1)
    return Seat(
        number, number, f"座席{number}", skills, state, 0, None, None, idle_ms, 0, None, None, True
    )


def loan(seat_id: int, kind: str = "staffing", queue: str = "business", from_ms: int = 0) -> Loan:
    return Loan(
        1000 + seat_id, seat_id, queue, 5, None, kind, None, "wait", from_ms, NOW_MS + 1,
        None, None, None,
    )  # fmt: skip


def floor(*seats: Seat, waits_s: tuple[float, ...] = (), need: int = 0, **more: Any) -> Look:
    waiting = Waiting(tuple(NOW_MS - int(s * 1000) for s in waits_s))
    loans = more.pop("loans", [])
    return Look(NOW_MS, waiting, need, seats, loans, **more)


GENERALS = tuple(seat(n) for n in range(1, 7))


@st.composite
def floors(draw: st.DrawFn) -> Look:
    queues = st.sets(st.sampled_from(["business", "general", "tax", "law"]), max_size=3)
    seats = [
        seat(
            n, draw(st.sampled_from(STATES)), *sorted(draw(queues)), idle_ms=draw(st.integers(0, 9))
        )
        for n in range(1, draw(st.integers(0, 9)) + 1)
    ]
    lent = draw(st.sets(st.integers(1, 9), max_size=4))
    loans = [
        loan(n, draw(st.sampled_from(["staffing", "manual"])), from_ms=draw(st.integers(0, 9)))
        for n in lent
    ]
    seats = [
        replace_skills(one, "business") if any(found.seat_id == one.id for found in loans) else one
        for one in seats
    ]
    return floor(
        *seats,
        waits_s=tuple(draw(st.lists(st.floats(0, 60), max_size=6))),
        need=draw(st.integers(0, 9)),
        loans=loans,
        mode=draw(st.sampled_from(["auto", "off", "hold"])),
        stepped_ms=NOW_MS - draw(st.integers(0, 40_000)),
        quiet_s=draw(st.floats(0, 600)),
    )


def replace_skills(one: Seat, more: str) -> Seat:
    return seat(one.id, one.state, *one.skills, more, idle_ms=one.idle_since_ms or 0)


@given(floors())
def test_whatever_the_floor_looks_like_the_limits_are_kept(look: Look) -> None:
    steps = decide(RULE, look)
    coming = {step.seat_id for step in steps if step.until_ms is not None}
    going = {step.seat_id for step in steps if step.until_ms is None}
    ours = {found.seat_id for found in look.loans if found.kind == "staffing"}
    assert len(steps) == len(coming) + len(going)
    assert going <= ours
    assert len(ours - going) + len(coming) <= max(RULE.most, len(ours))
    by_id = {one.id: one for one in look.seats}
    for number in coming:
        assert by_id[number].state in STAFFED
        assert "business" not in by_id[number].skills
        assert set(by_id[number].skills) & set(RULE.lenders)
    for lender in RULE.lenders:
        own = [one for one in look.seats if one.id not in ours]
        before = staffed_in(lender, own)
        after = staffed_in(lender, [one for one in own if one.id not in coming])
        assert after >= min(before, RULE.keep)
    if look.mode != "auto" or cause_of(RULE, look) is None:
        assert not coming
    if look.mode == "off":
        assert going == ours
    if cause_of(RULE, look) is not None and look.mode == "auto":
        assert all(number not in by_id or by_id[number].state == "offline" for number in going)


@given(floors())
def test_letting_go_never_leaves_fewer_than_the_need(look: Look) -> None:
    steps = decide(RULE, look)
    helping = {
        step.seat_id
        for step in steps
        if step.why == "quiet"
        and any(s.id == step.seat_id and s.state in STAFFED for s in look.seats)
    }
    if helping:
        assert staffed_in("business", look.seats) - len(helping) >= look.need


def test_given_nobody_waits_and_enough_seats_then_nothing_happens() -> None:
    assert decide(RULE, floor(seat(9, "talking", "business"), *GENERALS, need=1)) == []


def test_given_a_caller_waits_too_long_then_the_longest_idle_seat_is_called_in() -> None:
    one, other = seat(1, idle_ms=500), seat(2, idle_ms=100)
    busy = (seat(3, "talking", idle_ms=1), seat(4, "paused"))
    look = floor(one, other, *busy, waits_s=(10.0, 9.9))
    until_ms = NOW_MS + 3_600_000
    assert decide(RULE, look) == [Step(2, "wait", until_ms)]
    assert decide(RULE, replace(look, waiting=Waiting((NOW_MS - 9_999,)))) == []


def test_given_the_forecast_needs_more_then_as_many_are_called_in_as_are_short() -> None:
    look = floor(seat(9, "talking", "business"), *GENERALS, need=3)
    assert [step.why for step in decide(RULE, look)] == ["short", "short"]
    assert len(decide(RULE, replace(look, need=9))) == RULE.most
    assert decide(replace(RULE, short_by=3), look) == []


def test_given_a_lender_with_few_seats_then_its_minimum_stays() -> None:
    look = floor(*GENERALS[:3], need=9)
    assert len(decide(RULE, look)) == 1
    assert decide(RULE, floor(*GENERALS[:2], need=9)) == []
    both = seat(7, "available", "general", "tax")
    assert decide(RULE, floor(both, *GENERALS, need=1))[0].seat_id != 7, "tax would have none"


def test_given_a_step_just_made_then_the_next_waits_its_pause() -> None:
    look = floor(*GENERALS, waits_s=(30.0,), stepped_ms=NOW_MS - 19_999)
    assert decide(RULE, look) == []
    assert len(decide(RULE, replace(look, stepped_ms=NOW_MS - 20_000))) == 1


def test_given_two_wait_too_long_then_two_are_called_in() -> None:
    assert len(decide(RULE, floor(*GENERALS, waits_s=(30.0, 12.0, 2.0)))) == 2


LENT = (seat(1, "available", "general", "business"), seat(2, "talking", "general", "business"))
LOANS = [loan(1, from_ms=20), loan(2, from_ms=10)]


@pytest.mark.parametrize(
    ("quiet_s", "need", "expected"),
    [(299.9, 0, []), (300.0, 0, [2, 1]), (300.0, 1, [2]), (300.0, 2, [])],
)
def test_given_it_is_quiet_then_those_go_back_who_are_not_needed(
    quiet_s: float, need: int, expected: list[int]
) -> None:
    look = floor(*LENT, loans=LOANS, need=need, quiet_s=quiet_s)
    assert [step.seat_id for step in decide(RULE, look)] == expected


def test_given_a_person_who_helped_has_left_then_another_may_come() -> None:
    away = seat(1, "offline", "general", "business")
    look = floor(away, *GENERALS[1:], loans=[loan(1)], need=9)
    steps = decide(replace(RULE, most=1), look)
    assert [(step.seat_id, step.why) for step in steps] == [(1, "gone"), (2, "short")]


@pytest.mark.parametrize(
    ("mode", "expected"), [("auto", {"quiet"}), ("hold", set()), ("off", {"override"})]
)
def test_given_a_person_has_decided_then_the_rule_does_as_told(
    mode: str, expected: set[str]
) -> None:
    quiet = floor(*LENT, loans=LOANS, quiet_s=900.0, mode=mode)
    assert {step.why for step in decide(RULE, quiet)} == expected
    needed = floor(*GENERALS, waits_s=(60.0,), need=5, mode=mode)
    assert bool(decide(RULE, needed)) == (mode == "auto")


def test_given_a_seat_lent_by_hand_then_the_rule_counts_it_and_leaves_it() -> None:
    by_hand = [loan(1, "manual"), loan(2, "resident")]
    quiet = floor(*LENT, loans=by_hand, quiet_s=900.0)
    assert decide(RULE, quiet) == []
    assert decide(RULE, floor(*LENT, *GENERALS[2:], loans=by_hand, need=2)) == []
