"""Whether a line is staffed at a moment, and why (not). Pure.

A line that follows the public holidays follows the place's working calendar (`workdays`): the
announced days of the country, those of its region, and what an administrator set. In a year that is
not announced yet weekdays and the law decide, and the answer says that it is provisional.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal

from config.model import Hours
from workdays.days import Calendar, Kind

Reason = Literal[
    "open", "make_up_day", "closed_on", "holiday", "day_off", "before_opening", "after_closing"
]


@dataclass(frozen=True, slots=True)
class Staffing:
    """The answer for one moment."""

    open: bool
    reason: Reason
    provisional: bool = False
    """True: the notice that decides about the day is not out."""


def staffing(hours: Hours, at: datetime, calendar: Calendar, half_closes: time) -> Staffing:
    """Whether `hours` are open at `at`, an aware time in the hotline's zone.

    Args:
        half_closes: when a half day ends; a line that closes earlier anyway still does.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs its zone")
    day = at.date()
    if day in hours.closed_on:
        return Staffing(False, "closed_on")
    named: Kind | None = None
    provisional = False
    if hours.follow_public_holidays:
        named, provisional = calendar.named(day), not calendar.announced(day)
    if named == "off":
        return Staffing(False, "holiday", provisional)
    ordinary = at.isoweekday() in hours.weekdays
    if named is None and not ordinary:
        return Staffing(False, "day_off", provisional)
    if at.time() < hours.opens:
        return Staffing(False, "before_opening", provisional)
    closes = min(hours.closes, half_closes) if named == "half" else hours.closes
    if at.time() >= closes and closes != time.max:
        return Staffing(False, "after_closing", provisional)
    return Staffing(True, "open" if ordinary else "make_up_day", provisional)
