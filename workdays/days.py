"""The days of a calendar: what is said of one, and which of them are worked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import msgspec

from workdays import law
from workdays.law import SATURDAY

Kind = Literal["work", "half", "off"]

COUNTRY = ""
# 元旦 of a year that is not announced may still take days of the December before and give
# make-up days for them: 12-29 to 12-31 in 2018, 12-28 at the earliest that weekdays allow.
LENT_TO_NEW_YEAR = (12, 28)


class Day(msgspec.Struct, frozen=True, gc=False):
    """One named day of a region ("" is the whole country), and the document that names it."""

    region: str
    day: date
    kind: Kind
    source: str
    announced: bool

    @property
    def of(self) -> tuple[str, int]:
        """The region's year it belongs to."""
        return self.region, self.day.year


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked in a region.

    A day that is not named is worked Monday to Friday, but for the holidays that the law itself
    gives when its year is not announced.
    """

    days: Mapping[date, Kind] = field(default_factory=dict)
    announced_years: frozenset[int] = frozenset()
    uncertain: frozenset[date] = frozenset()
    """Days that are named, but may still be moved (三月三 of a year that is announced)."""

    def named(self, day: date) -> Kind | None:
        """What is said of the day, by a notice, a person or the law; None: its weekday decides."""
        return self.days.get(day) or ("off" if self.by_law(day) else None)

    def by_law(self, day: date) -> bool:
        """Whether nothing but the law makes it a day off: no notice is out that names it."""
        if day in self.days or day.year in self.announced_years:
            return False
        return day in law.days_off(day.year)

    def kind(self, day: date) -> Kind:
        return self.named(day) or ("off" if day.isoweekday() >= SATURDAY else "work")

    def announced(self, day: date) -> bool:
        """Whether the notices that decide about this day are out."""
        if day.year not in self.announced_years or day in self.uncertain:
            return False
        return (day.month, day.day) < LENT_TO_NEW_YEAR or day.year + 1 in self.announced_years
