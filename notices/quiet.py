"""Hours in which no SMS goes to a citizen; who is on duty is told at any hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from db.clock import now_ms
from notices.addresses import role_of

CITIZEN = "caller"


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `start` to before `end` of a day in the place's time, over midnight or not.

    Equal times: there are none. Called, it says whether a row may go out now (`notices.rows.May`).
    """

    start: dt.time
    end: dt.time
    zone: ZoneInfo
    now: Callable[[], int] = now_ms

    def until_ms(self) -> int | None:
        """When the present quiet hours end (epoch milliseconds); None: it is not quiet now."""
        if self.start == self.end:
            return None
        here = dt.datetime.fromtimestamp(self.now() / 1000, self.zone)
        at = here.time()
        over_midnight = self.start > self.end
        if over_midnight and (at >= self.start or at < self.end):
            day = here.date() + dt.timedelta(days=at >= self.start)
        elif not over_midnight and self.start <= at < self.end:
            day = here.date()
        else:
            return None
        return int(dt.datetime.combine(day, self.end, self.zone).timestamp() * 1000)

    def __call__(self, _conn: Connection, recipient: str) -> bool:
        return role_of(recipient) != CITIZEN or self.until_ms() is None

    @property
    def why(self) -> str:
        """What the row of a held message says."""
        over_midnight = self.start > self.end
        when, day = ("夜间", "次日") if over_midnight else ("该时段", "")
        hours = f"{self.start:%H:%M} 至{day} {self.end:%H:%M}"
        return f"{when}不向市民发送短信（{hours}），到时自动发送"
