"""Terms in working days, by hand and by properties."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from tickets.clock import Calendar, Due, Hours, deadline

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = Hours(time(9), time(12), time(13), time(17), time(12), ZONE)


def ms(day: str, at: str = "10:00") -> int:
    return int(datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=ZONE).timestamp()) * 1000


def test_one_working_day_is_the_end_of_the_next() -> None:
    calendar = Calendar({}, frozenset({2026}))
    assert deadline(calendar, HOURS, ms("2026-03-10"), 1) == Due(ms("2026-03-11", "17:00"), False)
    assert calendar.kind(date(2026, 3, 14)) == "off"
