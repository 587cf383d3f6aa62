"""Seats follow the calls (Q二(一)): the controller looks every few seconds and calls seats in."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from config.model import CallIn, Settings
from db.clock import now_ms
from db.engine import Database, DatabaseUnavailable
from floor import staffing_doors
from floor.calling_in import Look, Waiting, cause_of, decide, staffed_in
from floor.outlook import Outlooks
from floor.staffing_doors import Situation

log = logging.getLogger("hotline.staffing")


async def follow_calls(settings: Settings, db: Database) -> None:
    """Runs for ever; whatever goes wrong costs a look and nothing else.

    The first look waits its turn: calls of before a restart are settled by then.
    """
    follower = Follower(settings, db)
    while True:
        await asyncio.sleep(settings.staffing.every_s)
        try:
            await follower.look()
        except DatabaseUnavailable as error:
            log.warning("the floor could not be looked at: %s", error)
        except Exception:
            # Seats that don't follow are no reason to let go of a single call.
            log.exception("the staffing rule failed; looking again")


class Follower:
    """The rule of every queue, and since when each of them is quiet."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._outlooks = Outlooks(settings, db)
        self._quiet_since_ms: dict[str, int] = {}

    async def look(self) -> None:
        """One look: end what is past its time, then let each rule decide."""
        now = await self._db.read(staffing_doors.situation)
        if any(loan.until_ms <= now_ms() for loan in now.loans):
            await self._db.write(staffing_doors.sweep)
            now = await self._db.read(staffing_doors.situation)
        if not self._settings.staffing.on or not self._settings.staffing.rules:
            return
        needs = await self._outlooks.now()
        for rule in self._settings.staffing.rules:
            await self._follow(rule, now, needs[rule.queue].need_now)

    async def _follow(self, rule: CallIn, now: Situation, need: int) -> None:
        at_ms = now_ms()
        mode = now.mode_of(rule.queue)
        look = Look(
            at_ms=at_ms,
            waiting=now.waiting.get(rule.queue, Waiting()),
            need=need,
            seats=now.seats,
            loans=now.loans,
            mode=mode.mode,
            stepped_ms=mode.stepped_ms,
            quiet_s=self._quiet_s(rule, now, need, at_ms),
            sent_back=now.sent_back.get(rule.queue, frozenset()),
        )
        steps = decide(rule, look)
        if not steps:
            return
        done = await self._db.write(
            staffing_doors.carry_out, rule, steps, mode.stepped_ms, _seen(rule, look)
        )
        log.info("queue %s: %s of %s steps (%s)", rule.queue, done, len(steps), steps[0].why)

    def _quiet_s(self, rule: CallIn, now: Situation, need: int, at_ms: int) -> float:
        """How long there has been no cause. A restart begins to count anew."""
        waiting = now.waiting.get(rule.queue, Waiting())
        if cause_of(rule, Look(at_ms, waiting, need, now.seats, now.loans)) is not None:
            self._quiet_since_ms.pop(rule.queue, None)
            return 0.0
        return (at_ms - self._quiet_since_ms.setdefault(rule.queue, at_ms)) / 1000


def _seen(rule: CallIn, look: Look) -> dict[str, Any]:
    """What the rule saw when it stepped, for the history."""
    longest = look.waiting.longest_since_ms
    return {
        "need": look.need,
        "staffed": staffed_in(rule.queue, look.seats),
        "waiting": len(look.waiting.since_ms),
        "longest_s": 0 if longest is None else (look.at_ms - longest) // 1000,
    }
