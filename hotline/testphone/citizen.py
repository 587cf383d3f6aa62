"""A citizen with a telephone: SIPp signals, we speak and listen.

async with Citizen(("127.0.0.1", 5060), caller="13800000001") as citizen:
    await citizen.answered()
    await citizen.press("1")
    await citizen.hears_tone(440, within_s=20)
    await citizen.hang_up()
print(citizen.outcome)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from hotline.testphone.alaw import Samples
from hotline.testphone.media import RtpPeer
from hotline.testphone.scenario import scenario
from hotline.testphone.twin import Notice, Sipp, SippFailed

_LONGEST_CALL_S = 900
_GOODBYE_LIMIT_S = 8.0
_QUIET_S = 0.05

End = Literal["by_us", "by_far_end", "refused", "cancelled", "failed"]


class NotAnswered(Exception):
    """The call ended before it was answered. `outcome` says how."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"not answered: {outcome.end} {outcome.status or ''}".rstrip())
        self.outcome = outcome


@dataclass(slots=True)
class Outcome:
    """How a call went. Times are the event loop's clock, None when it never came to that."""

    status: int | None = None
    """The final answer to the INVITE."""
    dialled_at: float = 0.0
    ringing_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    end: End | None = None
    notices: list[Notice] = field(default_factory=list)


class Citizen:
    """One call from a test telephone. Entering dials; leaving hangs up if need be."""

    def __init__(
        self,
        target: tuple[str, int],
        caller: str = "13800000001",
        number: str = "12345",
        *,
        codecs: tuple[int, ...] = (8,),
        host: str = "127.0.0.1",
        sip_port: int = 0,
    ) -> None:
        self._target = target
        self.caller = caller
        self._number = number
        self._codecs = codecs
        self._host = host
        self._sip_port = sip_port
        self._sipp = Sipp(self._notice)
        self._call_id = ""
        self._changed = asyncio.Event()
        self._hanging_up = False
        self._media: RtpPeer | None = None
        self._watching: asyncio.Task[None] | None = None
        self.outcome = Outcome()

    async def __aenter__(self) -> Self:
        self._media = await RtpPeer.open(self._host)
        self.outcome.dialled_at = asyncio.get_running_loop().time()
        options = [
            "-m", "1", "-timeout", str(_LONGEST_CALL_S),
            "-key", "caller", self.caller,
            "-key", "number", self._number,
            "-key", "rtp_port", str(self._media.port),
        ]  # fmt: skip
        try:
            text = scenario("citizen", self._codecs)
            await self._sipp.start(text, self._target, options, self._sip_port)
        except BaseException:
            self._media.close()
            await self._sipp.stop()
            raise
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self.outcome.end is None:
                await self.hang_up()
        finally:
            self.media.close()
            await self._sipp.stop()
            if self._watching is not None:
                await self._watching

    @property
    def media(self) -> RtpPeer:
        """The sound of this call: speaking, pressing, listening."""
        if self._media is None:
            raise RuntimeError("the citizen has not dialled yet")
        return self._media

    # --- what the citizen does

    async def press(self, keys: str, press_ms: int = 100) -> float:
        """Press keys one after another; the loop's time of the last end packet."""
        return await self.media.press(keys, press_ms)

    async def press_together(self, keys: str, press_ms: int = 100) -> float:
        return await self.media.press_together(keys, press_ms)

    def say(self, sound: bytes | Samples) -> None:
        self.media.say(sound)

    def say_tone(self, hz: float, seconds: float) -> None:
        self.media.say_tone(hz, seconds)

    async def hang_up(self) -> None:
        """Hang up now (CANCEL before the answer, BYE after) and wait until that is done."""
        if self.outcome.end is None and not self._hanging_up:
            self._hanging_up = True
            await self._has(self._under_way, _GOODBYE_LIMIT_S)
            await self._quiet()
            self._sipp.command(self._call_id, "hangup")
        await self.ended(_GOODBYE_LIMIT_S)

    # --- what the citizen waits for

    async def answered(self, within_s: float = 10.0) -> float:
        """Wait for the answer; its time. Raises NotAnswered when the call ends instead."""
        await self._has(
            lambda: self.outcome.answered_at is not None or self.outcome.end is not None, within_s
        )
        if self.outcome.answered_at is None:
            raise NotAnswered(self.outcome)
        return self.outcome.answered_at

    async def rings(self, within_s: float = 10.0) -> None:
        """Wait for the first sign (180 or 183) that the far telephone rings."""
        await self._has(
            lambda: self.outcome.ringing_at is not None or self.outcome.end is not None, within_s
        )
        if self.outcome.ringing_at is None:
            raise NotAnswered(self.outcome)

    async def ended(self, within_s: float = 10.0) -> Outcome:
        """Wait for the end of the call, whoever makes it."""
        await self._has(lambda: self.outcome.end is not None, within_s)
        return self.outcome

    async def hears_tone(self, hz: float, within_s: float, since: float | None = None) -> float:
        return await self.media.hears_tone(hz, within_s, since)

    def heard_tone(self, hz: float, since: float = 0.0) -> bool:
        return self.media.heard_tone(hz, since)

    def level_dbfs(self, window_s: float) -> float:
        return self.media.level_dbfs(window_s)

    async def _quiet(self) -> None:
        """An answer often follows its "trying" within a millisecond; in between SIPp is at work
        and a command would be lost, and the call with it. (At every other moment it waits.)
        """
        loop = asyncio.get_running_loop()
        while self.outcome.notices and self.outcome.notices[-1].event in ("dials", "trying"):
            left = self.outcome.notices[-1].at + _QUIET_S - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(left)

    def _under_way(self) -> bool:
        return len(self.outcome.notices) > 1 or self.outcome.end is not None

    async def _has(self, condition: Callable[[], bool], within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    # --- what SIPp tells

    def _notice(self, notice: Notice) -> None:
        outcome = self.outcome
        self._call_id = notice.call_id
        outcome.notices.append(notice)
        match notice.event:
            case "ringing":
                outcome.ringing_at = outcome.ringing_at or notice.at
                self._send_where(notice)
            case "answered":
                outcome.answered_at = notice.at
                outcome.status = notice.status
                self._send_where(notice)
            case "refused":
                outcome.status = notice.status
                self._end("cancelled" if self._hanging_up else "refused", notice.at)
            case "far_end_hung_up":
                self._end("by_far_end", notice.at)
            case "hung_up":
                self._end("by_us", notice.at)
        self._changed.set()

    def _send_where(self, notice: Notice) -> None:
        address = notice.media_address()
        if address is not None:
            self.media.send_to(address)

    def _end(self, how: End, at: float) -> None:
        if self.outcome.end is None:
            self.outcome.end = how
            self.outcome.ended_at = at
            self._changed.set()

    async def _watch(self) -> None:
        """SIPp's own end closes the call too, or a failed SIPp would be waited for in vain."""
        await self._sipp.ended()
        self._end("failed", asyncio.get_running_loop().time())

    def complaint(self) -> str:
        """What SIPp did not like, for a failed call."""
        return self._sipp.complaint()


__all__ = ["Citizen", "NotAnswered", "Outcome", "SippFailed"]
