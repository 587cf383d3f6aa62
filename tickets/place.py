"""What the rules of this place are just now: periods, calendar and hours, a law's own periods."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from config.model import Settings
from tickets import calendar, periods
from tickets.clock import Hours
from tickets.rules.facts import Limits
from workdays import reading
from workdays.days import Calendar


@dataclass(frozen=True, slots=True)
class Place:
    """One hotline; hands the tables' contents to the pure rules."""

    settings: Settings

    @property
    def hours(self) -> Hours:
        return calendar.hours(self.settings)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.zone)

    def calendar(self, conn: Connection) -> Calendar:
        """The working days of the place's region."""
        return reading.load(conn, self.settings.clocks.region)

    def periods(self, conn: Connection) -> dict[str, int]:
        """Each period by name: what the administrator set, else the settings' own."""
        return periods.current(conn, self.settings)

    def limits(self, conn: Connection) -> Limits:
        """The figures that guards ask for."""
        found = self.periods(conn)
        return Limits(
            follow_up_tries=found["follow_up_tries"],
            extension_most_days=found["extension_most_days"],
            archive_days=found["archive_days"],
            suspension=bool(found["suspension"]),
        )

    def needs_class(self, disposition: str | None) -> bool | None:
        """Whether this disposition needs type, class and text; None when there is none."""
        chosen = (d for d in self.settings.tickets.dispositions if d.code == disposition)
        return next((d.needs_class for d in chosen), None)
