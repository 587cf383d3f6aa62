"""`[clocks]`: the working hours of the authorities, the periods of tickets and when they are
reminded of; formulas in docs/clocks.md."""

from __future__ import annotations

import datetime as dt
import re

from config.model import Clocks
from config.reader import Table

REGION = re.compile(r"[0-9]{2}([0-9]{2}){0,5}")
REGION_SAYS = "a division code of 2 to 12 digits such as 450900, or nothing"
PERIOD_BOUNDS: dict[str, tuple[int, int]] = {
    "dispatch_days": (1, 30),
    "review_days": (1, 30),
    "accept_days": (1, 30),
    "return_days": (1, 30),
    "reply_days": (1, 30),
    "simple_days": (1, 60),
    "ordinary_days": (1, 90),
    "difficult_days": (1, 180),
    "extension_most_days": (1, 180),
    "approve_days": (1, 30),
    "follow_up_days": (1, 30),
    "supervise_days": (1, 60),
    "rectify_days": (1, 90),
    "follow_up_tries": (1, 10),
    "archive_days": (1, 3650),
    "repeat_days": (1, 365),
    "suspension": (0, 1),
}
"""The periods of a place, and what each may be set to."""


def clocks(table: Table) -> Clocks:
    """The section; the periods are the defaults under those that an administrator sets."""
    with table.table("periods") as periods:
        given = {name: periods.integer(name, *span) for name, span in PERIOD_BOUNDS.items()}
    read = Clocks(
        region=table.text("region", REGION_SAYS, pattern=REGION, empty=True),
        opens=table.clock("opens"),
        lunch_from=table.clock("lunch_from"),
        lunch_to=table.clock("lunch_to"),
        closes=table.clock("closes"),
        half_closes=table.clock("half_closes"),
        remind_before_hours=table.integer("remind_before_hours", 1, 80),
        remind_after_hours=table.integer("remind_after_hours", 1, 80),
        sweep_every_s=table.seconds("sweep_every_s", 1, 3600),
        periods=given,
    )
    _in_order(table, read)
    return read


def _in_order(table: Table, read: Clocks) -> None:
    """A day opens, breaks, goes on and closes. The end of the day is no end of business hours."""
    if table.fine("opens", "lunch_from") and read.lunch_from <= read.opens:
        _late(table, "lunch_from", read.lunch_from, "a time after opens")
    if table.fine("lunch_from", "lunch_to") and read.lunch_to < read.lunch_from:
        _late(table, "lunch_to", read.lunch_to, "lunch_from or later; the same means no break")
    if table.fine("lunch_to", "closes") and not read.lunch_to < read.closes < dt.time.max:
        _late(table, "closes", read.closes, "a time after lunch_to and before 24:00")
    if table.fine("opens", "half_closes", "closes") and not (
        read.opens < read.half_closes <= read.closes
    ):
        _late(table, "half_closes", read.half_closes, "a time after opens, not after closes")


def _late(table: Table, key: str, found: dt.time, expected: str) -> None:
    shown = "24:00" if found == dt.time.max else f"{found:%H:%M}"
    table.mistake(key, f'"{shown}"', expected)
