"""Working time in words: what is left to a deadline, or how late it is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from agent_console.api.ticket_parts import Left
from tickets import clock
from tickets.clock import Hours
from tickets.place import Place
from workdays.days import Calendar


@dataclass(frozen=True, slots=True)
class Watch:
    """The calendar and hours of the place, at one moment."""

    calendar: Calendar
    hours: Hours
    now_ms: int

    @classmethod
    def at(cls, conn: Connection, place: Place, now_ms: int) -> Watch:
        return cls(place.calendar(conn), place.hours, now_ms)

    def left(self, due_ms: int | None) -> Left | None:
        """What is left until a deadline; None without one."""
        return None if due_ms is None else self.between(self.now_ms, due_ms)

    def between(self, at_ms: int, due_ms: int) -> Left:
        """As seen from a moment."""
        found = clock.remaining(self.calendar, self.hours, at_ms, due_ms)
        return Left(found.days, found.hours, found.minutes, found.late, words(found))

    def late(self, due_ms: int, ended_ms: int | None) -> Left | None:
        """How late a term was ended, or is by now; None when it is not."""
        at_ms = self.now_ms if ended_ms is None else ended_ms
        return self.between(at_ms, due_ms) if at_ms > due_ms else None


def words(left: clock.Left) -> str:
    """“剩 2 个工作日 3 小时”, “逾期 40 分钟”."""
    return f"{'逾期' if left.late else '剩'} {clock.in_words(left)}"
