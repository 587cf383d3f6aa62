"""What holds of every calendar and every term."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tickets import clock
from tickets.clock import Due, Hours
from workdays import law
from workdays.days import Calendar, Kind

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 1, 1)
DAYS = st.integers(0, 120).map(lambda n: FIRST + timedelta(n))
KINDS: st.SearchStrategy[Kind] = st.sampled_from(["work", "half", "off"])
YEARS = st.sets(st.sampled_from([2025, 2026, 2027])).map(frozenset)
CALENDARS = st.builds(Calendar, st.dictionaries(DAYS, KINDS, max_size=60), YEARS)
HOURS = st.sampled_from(
    [
        Hours(time(8, 30), time(12), time(14, 30), time(17, 30), time(12), ZONE),
        Hours(time(9), time(12), time(12), time(17), time(13), ZONE),
        Hours(time(8), time(11, 30), time(15), time(18), time(16, 30), ZONE),
    ]
)
BEGIN_MS = int(datetime(2026, 1, 1, tzinfo=ZONE).timestamp()) * 1000
MOMENTS = st.integers(0, 60 * 24 * 60).map(lambda n: BEGIN_MS + n * 60_000)
LENGTHS = st.integers(1, 40)
Count = Callable[[Calendar, Hours, int, int], Due]
COUNTS: st.SearchStrategy[Count] = st.sampled_from([clock.deadline, clock.natural])


@given(COUNTS, CALENDARS, HOURS, MOMENTS, LENGTHS)
def test_a_deadline_is_the_end_of_a_working_day(
    count: Count, calendar: Calendar, hours: Hours, begins: int, days: int
) -> None:
    due = count(calendar, hours, begins, days)
    day = hours.day_of(due.ms)
    assert calendar.kind(day) != "off"
    assert due.ms == hours.end(day, calendar.kind(day))
    assert day > hours.day_of(begins)


@given(COUNTS, CALENDARS, HOURS, MOMENTS, LENGTHS, st.integers(0, 10))
def test_more_days_never_end_earlier(
    count: Count, calendar: Calendar, hours: Hours, begins: int, days: int, more: int
) -> None:
    shorter = count(calendar, hours, begins, days)
    longer = count(calendar, hours, begins, days + more)
    assert shorter.ms <= longer.ms
    # What is not certain of the shorter is not certain of the longer.
    if count is clock.deadline:
        assert longer.provisional or not shorter.provisional


@given(COUNTS, CALENDARS, HOURS, MOMENTS, LENGTHS, st.integers(0, 20 * 24 * 60))
def test_a_later_begin_never_ends_earlier(
    count: Count, calendar: Calendar, hours: Hours, begins: int, days: int, minutes: int
) -> None:
    later = count(calendar, hours, begins + minutes * 60_000, days)
    assert count(calendar, hours, begins, days).ms <= later.ms


@given(COUNTS, CALENDARS, HOURS, MOMENTS, LENGTHS, st.sets(DAYS, min_size=1, max_size=10))
def test_another_day_off_never_shortens(
    count: Count, calendar: Calendar, hours: Hours, begins: int, days: int, off: set[date]
) -> None:
    fewer = Calendar({**calendar.days, **dict.fromkeys(off, "off")}, calendar.announced_years)
    assert count(calendar, hours, begins, days).ms <= count(fewer, hours, begins, days).ms


@given(st.booleans(), CALENDARS, CALENDARS, HOURS, MOMENTS, LENGTHS)
def test_a_term_computed_again_never_ends_on_an_earlier_day_and_stays_a_term(
    natural: bool, before: Calendar, after: Calendar, hours: Hours, begins: int, days: int
) -> None:
    """Whatever is announced after it was told, working days that were off included."""
    count = clock.natural if natural else clock.deadline
    told = count(before, hours, begins, days)
    made = clock.computed_again(after, hours, told, from_ms=begins, days=days, natural_days=natural)
    if made is None:
        assert not told.provisional or count(after, hours, begins, days) == told
        return
    due, further = made
    assert hours.day_of(due.ms) >= hours.day_of(told.ms)
    assert due == count(after, hours, begins, further)
    assert after.kind(hours.day_of(due.ms)) != "off"
    # No more than what was told: a day later only because the day itself is off now.
    plain = count(after, hours, begins, days)
    assert due == plain or hours.day_of(plain.ms) < hours.day_of(told.ms) <= hours.day_of(due.ms)
    again = clock.computed_again(
        after, hours, due, from_ms=begins, days=further, natural_days=natural
    )
    assert again is None


@given(COUNTS, HOURS, st.integers(2027, 2100), st.integers(0, 365), LENGTHS)
def test_a_year_that_is_not_announced_never_ends_a_term_on_a_day_of_the_law(
    count: Count, hours: Hours, year: int, offset: int, days: int
) -> None:
    begins = hours.at(date(year, 1, 1) + timedelta(offset), time(10))
    due = count(Calendar(), hours, begins, days)
    day = hours.day_of(due.ms)
    assert due.provisional
    assert day.isoweekday() < 6
    assert day not in law.days_off(day.year)


@given(CALENDARS, HOURS, MOMENTS, LENGTHS)
def test_counting_back_from_a_deadline_gives_its_days(
    calendar: Calendar, hours: Hours, begins: int, days: int
) -> None:
    due = clock.deadline(calendar, hours, begins, days)
    assert clock.working_days_between(calendar, hours, begins, due.ms) == days
    assert clock.working_days_between(calendar, hours, due.ms, begins) == 0
    assert clock.deadline(calendar, hours, begins, days).ms == due.ms


@given(CALENDARS, HOURS, MOMENTS, LENGTHS)
def test_at_the_deadline_nothing_is_left_and_before_it_the_whole_days(
    calendar: Calendar, hours: Hours, begins: int, days: int
) -> None:
    due = clock.deadline(calendar, hours, begins, days)
    assert clock.remaining(calendar, hours, due.ms, due.ms) == clock.Left(0, 0, 0, late=False)
    midnight = hours.at(hours.day_of(begins), time(23, 59, 59))
    left = clock.remaining(calendar, hours, midnight, due.ms)
    assert (left.days, left.hours, left.minutes, left.late) == (days, 0, 0, False)


@given(CALENDARS, HOURS, MOMENTS, LENGTHS, st.integers(0, 30 * 24 * 60))
def test_what_is_left_only_shrinks_and_lateness_only_grows(
    calendar: Calendar, hours: Hours, now: int, days: int, minutes: int
) -> None:
    due = clock.deadline(calendar, hours, now, days).ms
    one, other = (clock.remaining(calendar, hours, at, due) for at in (now, now + minutes * 60_000))
    before, after = ((left.days, left.hours, left.minutes) for left in (one, other))
    if one.late == other.late:
        assert after >= before if one.late else after <= before
    else:
        assert other.late


def worked(calendar: Calendar, hours: Hours, begins: int, ends: int) -> int:
    """Working time between two moments, minute by minute from the definition."""
    day, total = hours.day_of(begins), 0
    while day <= hours.day_of(ends):
        for a, b in hours.spans(day, calendar.kind(day)):
            total += max(0, min(b, ends) - max(a, begins))
        day += timedelta(1)
    return total


@given(CALENDARS, HOURS, MOMENTS, st.integers(1, 40))
def test_so_many_working_hours_lie_between_a_moment_and_the_one_ahead_or_back(
    calendar: Calendar, hours: Hours, at: int, count: int
) -> None:
    ahead = clock.ahead(calendar, hours, at, count)
    back = clock.back(calendar, hours, at, count)
    assert worked(calendar, hours, at, ahead) == count * clock.HOUR_MS
    assert worked(calendar, hours, back, at) == count * clock.HOUR_MS


@given(CALENDARS, HOURS, MOMENTS, LENGTHS, st.integers(0, 40 * 24 * 60), st.integers(1, 20))
def test_a_deadline_is_near_by_one_moment_for_all_of_them(
    calendar: Calendar, hours: Hours, begins: int, days: int, minutes: int, count: int
) -> None:
    """What the sweep relies on: compare the deadline with one moment, not with its own hours."""
    now = begins + minutes * 60_000
    due = clock.deadline(calendar, hours, begins, days).ms
    soon = clock.ahead(calendar, hours, now, count)
    late = clock.back(calendar, hours, now, count)
    if due > now:
        assert (due <= soon) == (worked(calendar, hours, now, due) <= count * clock.HOUR_MS)
    else:
        assert (due <= late) == (worked(calendar, hours, due, now) >= count * clock.HOUR_MS)
