"""Reporting periods: months and quarters as a place counts them. Pure.

每月一汇总，每季一上报: Q二(二)1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_ORDINALS = "一二三四"


@dataclass(frozen=True, slots=True)
class Period:
    """A month (`number` 1 to 12) or, with `quarter`, a quarter (1 to 4) of a year."""

    year: int
    number: int
    quarter: bool = False

    @property
    def key(self) -> str:
        """2026-10 or 2026-Q4; months and quarters each in the order of time."""
        return f"{self.year}-Q{self.number}" if self.quarter else f"{self.year}-{self.number:02d}"

    @property
    def label(self) -> str:
        if self.quarter:
            return f"{self.year}年第{_ORDINALS[self.number - 1]}季度"
        return f"{self.year}年{self.number}月"

    def months(self) -> tuple[Period, ...]:
        """The months of it."""
        if not self.quarter:
            return (self,)
        first = 3 * (self.number - 1) + 1
        return tuple(Period(self.year, month) for month in range(first, first + 3))

    def before(self) -> Period:
        """The one of the same length before it."""
        if self.number > 1:
            return Period(self.year, self.number - 1, self.quarter)
        return Period(self.year - 1, 4 if self.quarter else 12, self.quarter)

    def after(self) -> Period:
        """The one of the same length after it."""
        if self.number < (4 if self.quarter else 12):
            return Period(self.year, self.number + 1, self.quarter)
        return Period(self.year + 1, 1, self.quarter)

    def begins_ms(self, zone: tzinfo) -> int:
        """The first moment of it, epoch milliseconds."""
        day = datetime(self.year, self.months()[0].number, 1, tzinfo=zone)
        return int(day.timestamp() * 1000)

    def ends_ms(self, zone: tzinfo) -> int:
        """The first moment that is not of it any more."""
        return self.after().begins_ms(zone)


def parse(key: str) -> Period:
    """The period that a key names.

    Raises:
        ValueError: it names none.
    """
    if found := _MONTH.fullmatch(key):
        return Period(int(found[1]), int(found[2]))
    if found := _QUARTER.fullmatch(key):
        return Period(int(found[1]), int(found[2]), quarter=True)
    raise ValueError("neither a month nor a quarter")


def holding(at_ms: int, zone: tzinfo, *, quarter: bool = False) -> Period:
    """The month or quarter that a moment lies in."""
    day = datetime.fromtimestamp(at_ms / 1000, zone)
    number = (day.month - 1) // 3 + 1 if quarter else day.month
    return Period(day.year, number, quarter)
