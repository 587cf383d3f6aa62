"""The days off that the law itself gives, before any notice of a year is out. Pure.

全国年节及纪念日放假办法, as amended on 10 November 2024: thirteen days (article 2), and a day that
falls on a weekend is made good on a working day (article 6). Which working day that is, and which
weekends are worked to make long holidays, only the notice of the year says. Here the day that makes
good is the next working day, so that a year has as many weekdays off as the law gives: what the
notices since 2014 come to as well (`tests/workdays/test_law.py`).
"""

from __future__ import annotations

import functools
from datetime import date, timedelta

from borax.calendars.lunardate import LunarDate, TermUtils

SOURCE = "全国年节及纪念日放假办法（当年安排未公布）"
FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Of these the lunar calendar is known; of others the days of the sun alone are."""
FIXED = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
"""The holidays on days of the sun."""
ONE = timedelta(days=1)
SATURDAY = 6


@functools.cache
def days_off(year: int) -> frozenset[date]:
    """The days off of a year by the law alone, those that make good a weekend included."""
    found: set[date] = set()
    lost: list[date] = []
    for day in sorted(holidays(year)):
        # 中秋 may fall into 国庆: the day is given once more, as in 2020.
        if day in found or day.isoweekday() >= SATURDAY:
            lost.append(day)
        found.add(day)
    for day in lost:
        while day in found or day.isoweekday() >= SATURDAY:
            day += ONE
        found.add(day)
    return frozenset(found)


@functools.cache
def third_of_third(year: int) -> tuple[date, ...]:
    """The two days at 三月三 of a year as they may come to be: 初三, or the next working day, and
    the working day after it; none where the lunar calendar is not known."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return ()
    first = _working_day(_lunar(year, 3, 3))
    return first, _working_day(first + ONE)


def holidays(year: int) -> list[date]:
    """The days of article 2, each as often as it is given."""
    days = [date(year, month, day) for month, day in FIXED]
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return days
    spring = _lunar(year, 1, 1)
    days += [spring + offset * ONE for offset in (-1, 0, 1, 2)]
    days.append(TermUtils.day_start_from_term(year, "清明"))
    days += [_lunar(year, 5, 5), _lunar(year, 8, 15)]
    return days


def _lunar(year: int, month: int, day: int) -> date:
    found: date = LunarDate(year, month, day).to_solar_date()
    return found


def _working_day(day: date) -> date:
    while day.isoweekday() >= SATURDAY:
        day += ONE
    return day
