"""What a third on the line costs: Asterisk's and our CPU for three against the same talks of two.

So many talks run at one time, everybody speaking; a window of them is measured as they are, then an
expert is invited to each over the trunk, and a window of all three is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection, select

from bench import load
from bench.cpu import Spent
from bench.house import OURS, House
from bench.load import KEY_AT_S, Load, SeatFarm
from db import Database, connect
from db.engine import url_of
from db.models import call, seat
from floor import calls, requests
from hotline import wiring
from hotline.testphone.twin import free_udp_port
from ivr import numbers

_EXPERT = "13800009999"
_SETTLE_S = 2.0
_LIMIT_S = 60.0
_LOOK_AGAIN_S = 0.1
_CALLS_A_SECOND = 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    talks: int
    """At one time: so few that nobody is short of CPU."""
    window_s: float


FULL = Plan(talks=12, window_s=15.0)
SHORT = Plan(talks=2, window_s=3.0)


@dataclass(slots=True)
class Found:
    """CPU seconds of a window, of two and of three on each line."""

    plan: Plan
    two: Spent | None = None
    three: Spent | None = None
    failures: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """Three to two, all processes together; None when either was not measured."""
        if self.two is None or self.three is None or not self.two.total:
            return None
        return round(self.three.total / self.two.total, 3)

    def as_json(self) -> dict[str, object]:
        """The keys a reader may count on: CPU in milliseconds for a second of one talk."""
        return {
            "talks_at_once": self.plan.talks,
            "window_s": self.plan.window_s,
            "cpu_ms_per_talk_second": {
                "two": self._a_second(self.two),
                "three": self._a_second(self.three),
            },
            "cpu_ratio": self.ratio,
            "failures": self.failures,
        }

    def _a_second(self, spent: Spent | None) -> dict[str, float] | None:
        if spent is None:
            return None
        seconds = self.plan.talks * self.plan.window_s
        parts = {"asterisk": spent.asterisk, "ours": spent.ours, "database": spent.database}
        return {
            name: round(s / seconds * 1000, 3)
            for name, s in (*parts.items(), ("total", spent.total))
        }


async def measure(house: House, plan: Plan, directory: Path) -> Found:
    """One run on a house whose trunk leads to `house.expert_port`."""
    found = Found(plan)
    talk_s = 2 * plan.window_s + plan.talks / _CALLS_A_SECOND + 20.0
    wanted = Load(OURS, plan.talks, _CALLS_A_SECOND, talk_s, KEY_AT_S)
    sounds = house.settings.sounds / "zh"
    desk = directory / "experts"
    _, voice = load.write_voices(replace(wanted, key_at_s=0.0), desk, sounds)
    experts = SeatFarm(desk, house.address, house.expert_port)
    await experts.start(wanted, voice, free_udp_port("127.0.0.1"))
    running = asyncio.create_task(
        load.run(wanted, directory / "talks", house.address, house.seat_port, sounds)
    )
    db = await connect(url_of(house.settings.database_url, house.settings.var))
    try:
        await _until(db, lambda conn: len(_talks(conn, "talking")) == plan.talks, "talks began")
        found.two = await _window(house, plan.window_s)
        await _invite(house, db)
        await _until(db, lambda conn: len(_talks(conn, "conference")) == plan.talks, "all joined")
        found.three = await _window(house, plan.window_s)
    except TimeoutError as problem:
        found.failures.append(f"threeway: {problem}")
    finally:
        await db.close()
        outcome = await running
        await experts.stop()
    if outcome.failed:
        found.failures.append(f"threeway: {outcome}")
    return found


async def _window(house: House, seconds: float) -> Spent:
    """CPU of so many seconds; scaled when the clock ran on longer."""
    await asyncio.sleep(_SETTLE_S)
    before, began = house.spent(), time.monotonic()
    await asyncio.sleep(seconds)
    spent, share = house.spent().since(before), seconds / (time.monotonic() - began)
    return Spent(spent.asterisk * share, spent.ours * share, spent.database * share)


def _talks(conn: Connection, state: str) -> list[tuple[str, int]]:
    """Calls in that state of the conversation, and the account at each one's seat."""
    rows = conn.execute(
        select(call.c.id, seat.c.account_id)
        .join(seat, seat.c.id == call.c.seat_id)
        .where(call.c.stage == "talking")
    )
    found = ((call_id, account, calls.get(conn, call_id)) for call_id, account in rows)
    return [
        (call_id, account) for call_id, account, row in found if row and row.talk_state == state
    ]


async def _invite(house: House, db: Database) -> None:
    sealed = wiring.sealer(house.settings).seal(_EXPERT)
    target = {"kind": "number", "sealed": sealed, "masked": numbers.masked(_EXPERT)}
    for call_id, account in await db.read(_talks, "talking"):
        await db.write(requests.put, account, call_id, "invite", {"target": target})


async def _until(db: Database, look: Callable[[Connection], bool], what: str) -> None:
    try:
        async with asyncio.timeout(_LIMIT_S):
            while not await db.read(look):  # noqa: ASYNC110 - another process
                await asyncio.sleep(_LOOK_AGAIN_S)
    except TimeoutError:
        raise TimeoutError(f"not within {_LIMIT_S:g} s: {what}") from None
