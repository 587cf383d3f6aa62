"""The office is told when a month is over and its suggestions are to be gathered (Q二(二)1).

An hour into the first working day after it; once, however often it is asked.
"""

from __future__ import annotations

from sqlalchemy import Connection

from db import marks
from tickets import clock, digests, outbox
from tickets.place import Place
from tickets.reporting import Period, holding

TOLD = "digest_told"
"""The mark: up to which month the office was told, as months since the year 0."""


def is_due(conn: Connection, place: Place, at_ms: int) -> bool:
    """Whether the office is to be told now; a read, so that an idle look stops no writer."""
    return bool(_to_tell(conn, place, at_ms))


def tell(conn: Connection, place: Place, at_ms: int) -> int:
    """Write the notices of the month that is over, and of the quarter when one is; how many."""
    told = _to_tell(conn, place, at_ms)
    for period in told:
        outbox.put(
            conn,
            place,
            template="to_report" if period.quarter else "to_gather",
            to="office",
            ticket_id=None,
            args={"period": period.label, "count": digests.total(conn, place, period)},
            key=f"digest:{period.key}",
        )
    if told:
        marks.put(conn, TOLD, _count(holding(at_ms, place.zone).before()))
    return len(told)


def _to_tell(conn: Connection, place: Place, at_ms: int) -> list[Period]:
    month = holding(at_ms, place.zone).before()
    if marks.read(conn, TOLD) >= _count(month):
        return []
    if at_ms < clock.ahead(place.calendar(conn), place.hours, month.ends_ms(place.zone), 1):
        return []
    quarter = holding(at_ms, place.zone, quarter=True).before()
    over = {month, quarter} if quarter.months()[-1] == month else {month}
    return [period for period in digests.due(conn, place, at_ms) if period in over]


def _count(month: Period) -> int:
    return month.year * 12 + month.number
