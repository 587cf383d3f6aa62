"""Whether a line is staffed at a moment, and why (not). Pure.

Public holidays and make-up working days are those the State Council announces each autumn for the
next year; a region can have days of its own (广西 三月三). For a year not announced yet weekdays
decide, and the answer says that it is provisional.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal, Protocol

import chinese_calendar

from config.model import Hours

DayKind = Literal["ordinary", "holiday", "make_up"]
Reason = Literal[
    "open", "make_up_day", "closed_on", "holiday", "day_off", "before_opening", "after_closing"
]


class Calendar(Protocol):
    """Tells what is special about a day."""

    def kind(self, day: date) -> DayKind | None:
        """None for a day of a year that is not announced yet."""
        ...


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """The announced days of the whole country, and over them those of a region."""

    regional: Mapping[date, DayKind] = field(default_factory=dict)

    def kind(self, day: date) -> DayKind | None:
        if day in self.regional:
            return self.regional[day]
        try:
            chinese_calendar.is_holiday(day)
        except NotImplementedError:
            return None
        if day in chinese_calendar.holidays:
            return "holiday"
        return "make_up" if day in chinese_calendar.workdays else "ordinary"


@dataclass(frozen=True, slots=True)
class Staffing:
    """The answer for one moment."""

    open: bool
    reason: Reason
    provisional: bool = False
    """True: the year's holidays are not announced, so weekdays alone decided."""


def staffing(hours: Hours, at: datetime, calendar: Calendar | None = None) -> Staffing:
    """Whether `hours` are open at `at`, an aware time in the hotline's zone."""
    if at.tzinfo is None:
        raise ValueError("a moment needs its zone")
    day = at.date()
    if day in hours.closed_on:
        return Staffing(False, "closed_on")
    kind: DayKind | None = "ordinary"
    if hours.follow_public_holidays:
        kind = (calendar or PublicHolidays()).kind(day)
    provisional = kind is None
    if kind == "holiday":
        return Staffing(False, "holiday")
    if kind != "make_up" and at.isoweekday() not in hours.weekdays:
        return Staffing(False, "day_off", provisional)
    if at.time() < hours.opens:
        return Staffing(False, "before_opening", provisional)
    if at.time() >= hours.closes and hours.closes != time.max:
        return Staffing(False, "after_closing", provisional)
    return Staffing(True, "make_up_day" if kind == "make_up" else "open", provisional)
