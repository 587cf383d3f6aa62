"""The telephones of seats: one SIPp on one port answers for hundreds of endpoints.

Asterisk's AORs point at `sip:<endpoint>@127.0.0.1:<port>`; which seat is called is read
from the request's address. Each ringing call is handed out and does what it is told.

    async with Seats(asterisk=("127.0.0.1", 5060)) as seats:
        call = await seats.rung(within_s=10)
        await call.answer()
        call.say_tone(1000, 5)
        await call.hang_up()
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from hotline.testphone.media import RtpPeer
from hotline.testphone.scenario import scenario
from hotline.testphone.twin import Notice, Sipp

Refusal = Literal["busy", "decline", "unknown"]
SeatEnd = Literal["by_us", "by_far_end", "refused", "stopped_ringing"]
_ENDS: dict[str, SeatEnd] = {
    "hung_up": "by_us",
    "far_end_hung_up": "by_far_end",
    "refused": "refused",
    "stopped_ringing": "stopped_ringing",
}
_ADDRESSED = re.compile(r"^INVITE sips?:([^@;>]+)@", re.IGNORECASE)
_GOODBYE_LIMIT_S = 8.0


class SeatCall:
    """One call that a seat's telephone gets."""

    def __init__(self, sipp: Sipp, invite: Notice, host: str) -> None:
        found = _ADDRESSED.match(invite.message)
        self.endpoint = found.group(1) if found else ""
        self.call_id = invite.call_id
        self.invite = invite
        self.rung_at = invite.at
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.end: SeatEnd | None = None
        self._sipp = sipp
        self._host = host
        self._media: RtpPeer | None = None
        self._changed = asyncio.Event()

    @property
    def media(self) -> RtpPeer:
        """The sound of this call, once it is answered."""
        if self._media is None:
            raise RuntimeError("the seat has not answered")
        return self._media

    async def answer(self, within_s: float = 5.0) -> None:
        """Pick up; back when the far end has acknowledged it. TimeoutError otherwise."""
        self._media = await RtpPeer.open(self._host)
        self._sipp.command(self.call_id, "answer", port=self._media.port)
        address = self.invite.media_address()
        if address is not None:
            self._media.send_to(address)
        await self._has(lambda: self.answered_at is not None or self.end is not None, within_s)

    async def refuse(self, how: Refusal = "busy") -> None:
        """Answer 486 (busy), 603 (declined) or 404 (there is no such number)."""
        self._sipp.command(self.call_id, how)
        await self.ended(_GOODBYE_LIMIT_S)

    async def hang_up(self) -> None:
        if self.end is None:
            self._sipp.command(self.call_id, "hangup")
        await self.ended(_GOODBYE_LIMIT_S)

    async def ended(self, within_s: float = 10.0) -> SeatEnd:
        """Wait for the end of the call, whoever makes it."""
        await self._has(lambda: self.end is not None, within_s)
        assert self.end is not None  # noqa: S101 - waited for
        return self.end

    def say_tone(self, hz: float, seconds: float) -> None:
        self.media.say_tone(hz, seconds)

    async def hears_tone(self, hz: float, within_s: float, since: float | None = None) -> float:
        return await self.media.hears_tone(hz, within_s, since)

    def notice(self, notice: Notice) -> None:
        """Something happened to this call (called by `Seats`)."""
        if notice.event == "answered":
            self.answered_at = notice.at
        elif notice.event in _ENDS:
            self.end = _ENDS[notice.event]
            self.ended_at = notice.at
            self.close()
        self._changed.set()

    def close(self) -> None:
        if self._media is not None:
            self._media.close()

    async def _has(self, condition: Callable[[], bool], within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


class Seats:
    """The farm of telephones. `calls` keeps every call that ever came, in order."""

    def __init__(
        self,
        asterisk: tuple[str, int],
        *,
        host: str = "127.0.0.1",
        codecs: tuple[int, ...] = (8,),
    ) -> None:
        self._asterisk = asterisk
        self._host = host
        self._codecs = codecs
        self._sipp = Sipp(self._notice)
        self._by_id: dict[str, SeatCall] = {}
        self._ringing: asyncio.Queue[SeatCall] = asyncio.Queue()
        self.calls: list[SeatCall] = []
        self.port = 0

    async def __aenter__(self) -> Self:
        options = ["-deadcall_wait", "1000"]
        text = scenario("seat", self._codecs)
        try:
            self.port = await self._sipp.start(text, self._asterisk, options)
        except BaseException:
            await self._sipp.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for call in self.calls:
            if call.end is None:
                self._sipp.command(call.call_id, "hangup")
            call.close()
        await self._sipp.stop()

    def contact(self, endpoint: str) -> str:
        """The static contact of a seat's AOR."""
        return f"sip:{endpoint}@{self._host}:{self.port}"

    async def rung(self, within_s: float = 10.0) -> SeatCall:
        """The next call that rings any of the seats."""
        async with asyncio.timeout(within_s):
            return await self._ringing.get()

    def complaint(self) -> str:
        """What SIPp did not like, for a telephone that never rings."""
        return self._sipp.complaint()

    def rung_now(self) -> SeatCall | None:
        """A call that rings already and was not handed out yet; None when there is none."""
        return None if self._ringing.empty() else self._ringing.get_nowait()

    def _notice(self, notice: Notice) -> None:
        call = self._by_id.get(notice.call_id)
        if call is not None:
            call.notice(notice)
        elif notice.event == "ringing":
            call = SeatCall(self._sipp, notice, self._host)
            self._by_id[notice.call_id] = call
            self.calls.append(call)
            self._ringing.put_nowait(call)
