"""What the dialplan did while no controller answered, found again and written down.

Beside each recording it leaves `<call>.fallback` when it takes a call (trunk, dialled
number, time, caller) and `<call>.over` when it ended (time, and the seat that had
answered, if one had). The files go as soon as the call stands in the database: one holds
a number.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from floor import calls
from ivr import doors
from ivr.parts import Parts

log = logging.getLogger("hotline.recovery")

BEGUN, OVER = ".fallback", ".over"
MEMBER = "PJSIP/seat-"


@dataclass(frozen=True, slots=True)
class Left:
    """One call of the fallback. `ended` is False while it is still in its hands."""

    trunk: str
    dialled: str
    started_ms: int
    caller: str
    ended: bool
    seat_id: int | None


def parse(begun: str, over: str | None) -> Left | None:
    """Read what the dialplan left; None when it is not complete.

    Args:
        begun: "trunk dialled epoch caller"; a withheld number is empty.
        over: "epoch member"; None while the call is still in the fallback's hands.
    """
    words = begun.rstrip("\n").split(" ")
    if len(words) != 4 or not words[2].isdigit():
        return None
    trunk, dialled, epoch, caller = words
    member = (over or "").strip().partition(" ")[2]
    seat = member.removeprefix(MEMBER)
    return Left(
        trunk=trunk,
        dialled=dialled,
        started_ms=int(epoch) * 1000,
        caller=caller,
        ended=over is not None,
        seat_id=int(seat) if member.startswith(MEMBER) and seat.isdigit() else None,
    )


class Fallback:
    """Adopts the calls that ended without a controller.

    Args:
        describe: trunk and written number to the caller columns of a call.
    """

    def __init__(self, parts: Parts, describe: Callable[[str, str], dict[str, str]]) -> None:
        self._parts = parts
        self._describe = describe

    async def adopt_all(self) -> int:
        """Write down every call that is over; how many there were."""
        spool = self._parts.settings.spool
        adopted = 0
        for path in await asyncio.to_thread(lambda: sorted(spool.glob(f"*{BEGUN}"))):
            adopted += await self._adopt(path)
        return adopted

    async def _adopt(self, path: Path) -> bool:
        call_id = path.stem
        left = await asyncio.to_thread(_read, path)
        known = await self._parts.db.read(calls.get, call_id)
        if known is not None:
            if known.ended_ms is not None:
                await asyncio.to_thread(_forget, path)
            return False
        if left is None:
            log.error("call %s: what the fallback left can't be read", call_id)
            return False
        if not left.ended and not await self._died_with_asterisk(left):
            return False
        await self._write_down(call_id, left)
        await asyncio.to_thread(_forget, path)
        self._parts.recorder.file_later(call_id)
        return True

    async def _died_with_asterisk(self, left: Left) -> bool:
        """Its end was never written, and the Asterisk that had it is not the one of today."""
        started = (await self._parts.client.info()).status.startup_time
        return left.started_ms < datetime.fromisoformat(started).timestamp() * 1000

    async def _write_down(self, call_id: str, left: Left) -> None:
        settings = self._parts.settings
        line = settings.line_of(left.dialled) or settings.lines[0]
        await self._parts.db.write(
            doors.adopt,
            left.seat_id,
            ZoneInfo(settings.zone),
            call_id=call_id,
            asterisk=self._parts.asterisk,
            line=line.name,
            trunk=left.trunk,
            channel=f"fallback-{call_id}",
            started_ms=left.started_ms,
            **self._describe(left.trunk, left.caller),
        )
        log.info("call %s had been in the fallback's hands alone", call_id)


def _read(path: Path) -> Left | None:
    over = path.with_suffix(OVER)
    return parse(path.read_text(), over.read_text() if over.exists() else None)


def _forget(path: Path) -> None:
    path.with_suffix(OVER).unlink(missing_ok=True)
    path.unlink(missing_ok=True)
