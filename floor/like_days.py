"""Which past days tell of a day to come: holidays go like Sundays, make-up days are worked. Pure.

A holiday takes the profile of a Sunday, a make-up day that of the working day beside it (Friday for
a Saturday, Monday for a Sunday); any other day that of its own weekday. In turn a past holiday or
make-up day tells of no day but its kind: it is left out, and one week further back is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from workdays.days import Calendar

FRIDAY, SATURDAY, SUNDAY, MONDAY = 5, 6, 7, 1
WEEK = timedelta(weeks=1)
FURTHER = 4
"""How many weeks more may be looked at: no weekday is anything but ordinary for so many in a row."""


def goes_like(calendar: Calendar, day: date) -> int:
    """The ISO weekday whose ordinary days this day is like."""
    named, weekday = calendar.named(day), day.isoweekday()
    if named == "off":
        return SUNDAY
    if named is not None and weekday >= SATURDAY:
        return FRIDAY if weekday == SATURDAY else MONDAY
    return weekday


def before(calendar: Calendar, day: date, weeks: int) -> list[date]:
    """`weeks` past days that tell of `day`, the newest first; of an ordinary day those of its own
    weekday. Days that are not ordinary come last, should there be too few others.
    """
    like = goes_like(calendar, day)
    past = list(_of_weekday(day, like, weeks + FURTHER))
    found = [one for one in past if goes_like(calendar, one) == like]
    return (found + [one for one in past if one not in found])[:weeks]


def _of_weekday(day: date, weekday: int, count: int) -> Iterator[date]:
    """The days of a weekday that were over when the day before `day` began, the newest first."""
    over = day - timedelta(2)
    last = over - timedelta((over.isoweekday() - weekday) % 7)
    return (last - n * WEEK for n in range(count))
