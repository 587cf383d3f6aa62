"""When a term ends: working days, half days, and how much working time is left. Pure.

N working days are the end of the Nth working day after the day a term begins (Q二(二)1);
the first day does not count, and business hours end the last one (民法典 201、203). A half
day is a working day that ends early. All times are epoch milliseconds, days are dates of
the place's zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from workdays.days import Calendar, Kind

ONE = timedelta(days=1)
LOOK_AHEAD_DAYS = 4000
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Hours:
    """The working hours of one day. No lunch break: `lunch_from` equals `lunch_to`.

    Raises:
        ValueError: the times are not in order.
    """

    opens: time
    lunch_from: time
    lunch_to: time
    closes: time
    half_closes: time
    zone: tzinfo

    def __post_init__(self) -> None:
        if not self.opens < self.lunch_from <= self.lunch_to < self.closes:
            raise ValueError("opens, lunch and closes are not in order")
        if not self.opens < self.half_closes <= self.closes:
            raise ValueError("a half day ends after it opens and not after a whole one")

    def day_of(self, at_ms: int) -> date:
        """The day of the place on which a moment lies."""
        return datetime.fromtimestamp(at_ms / 1000, self.zone).date()

    def at(self, day: date, moment: time) -> int:
        return int(datetime.combine(day, moment, self.zone).timestamp()) * 1000

    def end(self, day: date, kind: Kind) -> int:
        """The moment (ms) at which business ends on a working day."""
        return self.at(day, self.half_closes if kind == "half" else self.closes)

    def spans(self, day: date, kind: Kind) -> list[tuple[int, int]]:
        """The spans (ms) of a day in which work is done; none on a day off."""
        if kind == "off":
            return []
        end = self.end(day, kind)
        morning = (self.at(day, self.opens), min(self.at(day, self.lunch_from), end))
        afternoon = (self.at(day, self.lunch_to), end)
        return [morning, afternoon] if afternoon[0] < end else [morning]


@dataclass(frozen=True, slots=True)
class Due:
    """When a term ends, and whether a year it reaches into is still to be announced."""

    ms: int
    provisional: bool


@dataclass(frozen=True, slots=True)
class Left:
    """Working time to a deadline, or since one (`late`): whole working days, and the rest."""

    days: int
    hours: int
    minutes: int
    late: bool


def deadline(calendar: Calendar, hours: Hours, from_ms: int, days: int) -> Due:
    """The end of the `days`th working day after the day of `from_ms` (Q二(二)1).

    Raises:
        ValueError: `days` is below 1, or the calendar has no such working day in ten years.
    """
    _at_least_one(days)
    first = hours.day_of(from_ms) + ONE
    certain, left = True, days
    for day in _from(first):
        certain = certain and calendar.announced(day)
        kind = calendar.kind(day)
        left -= kind != "off"
        if not left:
            return Due(hours.end(day, kind), not certain)
    raise ValueError("the calendar has no such working day")


def natural(calendar: Calendar, hours: Hours, from_ms: int, days: int) -> Due:
    """The end of the `days`th calendar day after the day of `from_ms`.

    On a day off it falls forward to the end of the next working day (民法典 203).

    Raises:
        ValueError: as `deadline`.
    """
    _at_least_one(days)
    certain = True
    for day in _from(hours.day_of(from_ms) + days * ONE):
        certain = certain and calendar.announced(day)
        kind = calendar.kind(day)
        if kind != "off":
            return Due(hours.end(day, kind), not certain)
    raise ValueError("the calendar has no such working day")


def working_days_between(calendar: Calendar, hours: Hours, from_ms: int, to_ms: int) -> int:
    """Working days d with day(from) < d ≤ day(to); 0 when `to_ms` is not on a later day.

    Inverse of `deadline`: from a term's begin to its end it gives the term's days.
    """
    first, last = hours.day_of(from_ms) + ONE, hours.day_of(to_ms)
    return sum(calendar.kind(day) != "off" for day in _between(first, last))


def days_until(
    calendar: Calendar, hours: Hours, from_ms: int, to_ms: int, *, natural_days: bool
) -> int:
    """The fewest days of a term that does not end before the day of `to_ms`, a later day."""
    if natural_days:
        return (hours.day_of(to_ms) - hours.day_of(from_ms)).days
    worked = working_days_between(calendar, hours, from_ms, to_ms)
    return worked + (calendar.kind(hours.day_of(to_ms)) == "off")


def computed_again(
    calendar: Calendar, hours: Hours, told: Due, *, from_ms: int, days: int, natural_days: bool
) -> tuple[Due, int] | None:
    """What a changed calendar makes of a term that was told: its end and its days from now on.

    Never an earlier day: nobody loses time that was promised. Where a notice would end a
    provisional term sooner (days that were taken to be off are worked), the day that was told
    stays, or the next working day when it is off now, and the term has the days that lead there.

    Returns:
        None when the term stays as it is; a certain one stays unless its day moves.
    """
    count = natural if natural_days else deadline
    due, before = count(calendar, hours, from_ms, days), hours.day_of(told.ms)
    if not told.provisional:
        return (due, days) if hours.day_of(due.ms) > before else None
    own = days
    if hours.day_of(due.ms) < before:
        days = days_until(calendar, hours, from_ms, told.ms, natural_days=natural_days)
        due = count(calendar, hours, from_ms, days)
    return None if (due, days) == (told, own) else (due, days)


def remaining(calendar: Calendar, hours: Hours, now_ms: int, due_ms: int) -> Left:
    """Working time from now to a deadline, or since it when it is over.

    A working day that lies whole between the two counts as a day, parts of days are added up
    as hours and minutes (lunch left out) and make a day when they reach a whole day's hours.
    """
    late = now_ms > due_ms
    begin, end = (due_ms, now_ms) if late else (now_ms, due_ms)
    days, rest_ms = 0, 0
    for day in _between(hours.day_of(begin), hours.day_of(end)):
        spans = hours.spans(day, calendar.kind(day))
        worked = _length(spans)
        within = _length([(max(a, begin), min(b, end)) for a, b in spans])
        if worked and within == worked:
            days += 1
        else:
            rest_ms += within
    more, rest_ms = divmod(rest_ms, _length(hours.spans(hours.day_of(end), "work")))
    minutes = rest_ms // 60_000
    return Left(days + more, minutes // 60, minutes % 60, late)


def ahead(calendar: Calendar, hours: Hours, from_ms: int, worked_hours: int) -> int:
    """The moment at which so many working hours will have gone by."""
    left = worked_hours * HOUR_MS
    for day in _from(hours.day_of(from_ms)):
        for begin, end in hours.spans(day, calendar.kind(day)):
            begin = max(begin, from_ms)
            if begin + left <= end:
                return begin + left
            left -= max(0, end - begin)
    raise ValueError("the calendar has no such working day")


def back(calendar: Calendar, hours: Hours, from_ms: int, worked_hours: int) -> int:
    """The moment since which so many working hours have gone by."""
    left = worked_hours * HOUR_MS
    last = hours.day_of(from_ms)
    for day in (last - offset * ONE for offset in range(LOOK_AHEAD_DAYS)):
        for begin, end in reversed(hours.spans(day, calendar.kind(day))):
            end = min(end, from_ms)
            if end - left >= begin:
                return end - left
            left -= max(0, end - begin)
    raise ValueError("the calendar has no such working day")


def in_words(left: Left) -> str:
    """Working time as a screen and a notice say it: 2 个工作日 3 小时, 40 分钟."""
    parts = []
    if left.days:
        parts.append(f"{left.days} 个工作日")
    if left.hours:
        parts.append(f"{left.hours} 小时")
    if left.minutes and not left.days:
        parts.append(f"{left.minutes} 分钟")
    return " ".join(parts) or "不足 1 分钟"


def _at_least_one(days: int) -> None:
    if days < 1:
        raise ValueError("a term has at least one day")


def _from(first: date) -> Iterator[date]:
    return (first + offset * ONE for offset in range(LOOK_AHEAD_DAYS))


def _between(first: date, last: date) -> Iterator[date]:
    return (first + offset * ONE for offset in range((last - first).days + 1))


def _length(spans: list[tuple[int, int]]) -> int:
    return sum(max(0, end - begin) for begin, end in spans)
