"""Everybody outside the house: experts at their desks, citizens who are called back, 110.

One SIPp stands at the far end of the copy's trunk; who is called is the user part of the INVITE.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from config.model import Settings
from hotline.testphone import SeatCall, Seats

_WITHIN_S = 20.0


def leading_to(settings: Settings, port: int) -> Settings:
    """The settings with the trunk's far end at this port; callers still come from the machine."""
    trunk = replace(settings.trunks[0], addresses=(f"127.0.0.1:{port}",))
    return replace(settings, trunks=(trunk, *settings.trunks[1:]))


class Outside:
    """The telephones outside. Each call that comes is kept until somebody asks for its number."""

    def __init__(self, farm: Seats) -> None:
        self._farm = farm
        self._rung: dict[str, list[SeatCall]] = {}

    @property
    def port(self) -> int:
        return self._farm.port

    @property
    def calls(self) -> list[SeatCall]:
        """Every call that ever went out, in order."""
        return self._farm.calls

    async def rung(self, number: str, within_s: float = _WITHIN_S) -> SeatCall:
        """The next call that rings this number (as the trunk dials it)."""
        try:
            async with asyncio.timeout(within_s):
                while not (waiting := self._rung.get(number)):
                    call = await self._farm.rung(within_s)
                    self._rung.setdefault(call.endpoint, []).append(call)
        except TimeoutError:
            others = [call.endpoint[-4:] for call in self._farm.calls]
            raise AssertionError(f"…{number[-4:]} did not ring; these did: {others}") from None
        return waiting.pop(0)

    def forget(self) -> None:
        """Leave aside what rang and nobody asked for: the next test starts afresh."""
        self._rung.clear()
        while self._farm.rung_now() is not None:
            continue


def shown_to(call: SeatCall) -> str:
    """The number that this telephone sees calling: P-Asserted-Identity's, else From's."""
    for name in ("P-Asserted-Identity", "From"):
        found = re.search(rf"^{name}:[^\r\n]*<sip:([^@>;]*)", call.invite.message, re.MULTILINE)
        if found:
            return found[1]
    return ""


@asynccontextmanager
async def outside_of(settings: Settings) -> AsyncIterator[Outside]:
    """Start them; their port is known before Asterisk is configured to lead there."""
    async with Seats(("127.0.0.1", settings.asterisk.sip_port)) as farm:
        yield Outside(farm)
