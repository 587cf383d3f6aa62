"""From a key to the seat's INVITE, and from a free seat to the next INVITE, in milliseconds."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from bench.house import House
from bench.load import caller
from bench.wire import Seen
from db import connect
from db.engine import url_of
from db.models import call as call_table
from db.models import leg
from floor.seats import endpoint_of
from hotline import wiring
from ivr import numbers

_CLOCKS_APART_S = 0.05
"""The row is written just before the INVITE goes out; its time is whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds, and of how many measurements."""

    median: float
    p99: float
    count: int

    def as_json(self) -> dict[str, float | int]:
        return {"median": self.median, "p99": self.p99, "count": self.count}


def figures(seconds: Sequence[float]) -> Figures | None:
    """None when nothing was measured."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    # The nearest rank: a p99 that was really seen, never one between two.
    rank = max(0, -(-len(ordered) * 99 // 100) - 1)
    middle = (len(ordered) - 1) // 2
    return Figures(round(ordered[middle] * 1000, 2), round(ordered[rank] * 1000, 2), len(ordered))


async def key_to_invite_s(house: House, seen: Seen, calls: int) -> list[float]:
    """For each caller: his key's end on the wire, to the INVITE of the seat our records name.

    The INVITE itself shows no caller (a seat must not see his number), so the two are
    brought together by what was written down: which call rang which seat, and when.
    """
    rung = await _rung(house)
    by_seat: dict[str, list[float]] = {}
    for ring in seen.rings:
        by_seat.setdefault(ring.seat, []).append(ring.at)
    trunk = house.settings.trunks[0]
    sealer = wiring.sealer(house.settings)
    found = []
    for n in range(calls):
        number = caller(n)
        key = seen.keys.get(number)
        hashed = sealer.find(numbers.canonical(number, trunk.country_code, trunk.area_code))
        if key is None:
            continue
        for seat, offered in rung.get(hashed, ()):
            times = by_seat.get(seat, [])
            at = bisect.bisect_left(times, offered - _CLOCKS_APART_S)
            if offered >= key - _CLOCKS_APART_S and at < len(times):
                found.append(times[at] - key)
                break
    return found


async def _rung(house: House) -> dict[str, list[tuple[str, float]]]:
    """By caller: the seats rung for him and when (seconds since the epoch), in order."""
    statement = (
        select(call_table.c.caller_hash, leg.c.seat_id, leg.c.started_ms)
        .join(leg, leg.c.call_id == call_table.c.id)
        .where(leg.c.role == "seat")
        .order_by(leg.c.started_ms)
    )
    db = await connect(url_of(house.settings.database_url, house.settings.var))
    try:

        def rows(conn: Connection) -> dict[str, list[tuple[str, float]]]:
            found: dict[str, list[tuple[str, float]]] = {}
            for hashed, seat_id, at_ms in conn.execute(statement):
                found.setdefault(hashed, []).append((endpoint_of(seat_id), at_ms / 1000))
            return found

        return await db.read(rows)
    finally:
        await db.close()
