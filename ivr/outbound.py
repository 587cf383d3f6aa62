"""Calling out: an agent calls a citizen back, from a ticket or a missed call.

Her own telephone rings first (it answers by itself), then his; she hears it ring. He hears who
calls and that it is recorded, and from there on it is a talk like any other, in which he has
the caller's place. How it fails (busy, no answer, wrong number, …) is how the call ends.
"""

from __future__ import annotations

import asyncio
import logging
import math
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace

from db.sealed import CannotOpen
from floor import seats
from floor.requests import Request
from ivr import ari, dialling, journey, outbound_doors
from ivr.ami import AmiError
from ivr.call import HungUp, LiveCall
from ivr.dialling import Dialled
from ivr.inbox import Asked, CalleeAnswered, Happening, SeatAnswered, SeatGone, Spoken
from ivr.journey import Stage
from ivr.outbound_doors import Callee, CannotDial
from ivr.parts import Parts

__all__ = ["CannotDial", "dialling_on", "dialling_out", "start", "why_not"]

log = logging.getLogger("hotline.outbound")

CALLEE = "callee"
"""How the ids of channels to citizens begin, and the first of their arguments."""

RING_GRACE_S = 3.0
"""Asterisk ends a ringing itself; only when it says nothing do we."""

LOOK_AGAIN_S = 5.0
"""How often it is looked whether both channels are there: an event may have been lost."""

END_GRACE_S = 1.0
"""Who is not there any more was perhaps busy: so long the end that says so may be on its way."""

NOTICE_GRACE_S = 5.0

_REASONS = {
    "callee_hung_up": (16,),
    "callee_wrong_number": (1, 22, 28),
    "callee_busy": (17,),
    "callee_no_answer": (18, 19),
    "callee_refused": (21,),
}
"""Q.850, as Asterisk 22 makes them of SIP (measured): 1 of 404 and 604, 22 of 410, 28 of 484, 17 of
486 and 600, 18 of 408, 19 of 480 and of ringing too long, 21 of 403 and 603. 16 is the end of a call
that was up: he answered and hung up before we could read of his answer."""


def why_not(cause: int) -> str:
    """The end reason of a call whose callee was not reached, by the cause of its channel's end."""
    return next((r for r, causes in _REASONS.items() if cause in causes), "callee_unreachable")


async def start(parts: Parts, request: Request) -> tuple[LiveCall, Stage]:
    """Begin the call that an agent asked for (verb `dial`, `ticket_id` or `missed_id`).

    Raises:
        CannotDial: it can't be made; the text is for the screen. Nothing is written then.
        DatabaseUnavailable: as it says.
    """
    callee = await parts.db.read(
        outbound_doors.find, _number(request, "ticket_id"), _number(request, "missed_id")
    )
    _way(parts, callee.sealed)
    row, _ = await parts.db.write(
        outbound_doors.begin,
        request.account_id,
        _with_queue(parts, callee),
        call_id=uuid.uuid4().hex,
        asterisk=parts.asterisk,
        trunk=dialling.outbound_trunk(parts.settings).name,
        channel=ari.new_id(CALLEE),
        seat_channel=ari.new_id("seat"),
    )
    call = LiveCall(parts, row, "")
    parts.directory.enter(call)
    return call, dialling_out


async def dialling_out(call: LiveCall) -> Stage | None:
    """The stage `dialling`, from its beginning."""
    return await Dialling(call).carry(resumed=False)


async def dialling_on(call: LiveCall) -> Stage | None:
    """The stage `dialling`, entered cold after a restart."""
    return await Dialling(call).carry(resumed=True)


class NotReached(Exception):
    """The call is over before the two could talk; `reason` is its end reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Dialling:
    """One call out, from the agent's telephone to the moment when both can talk."""

    def __init__(self, call: LiveCall) -> None:
        self.call = call
        self.parts = call.parts
        self.client = call.parts.client
        self.loop = asyncio.get_running_loop()
        self.ringing_him = False
        self.answered = False
        self.missing = False

    async def carry(self, *, resumed: bool) -> Stage | None:
        """Both telephones, the notice; then the talk, or the end."""
        call = self.call
        try:
            await (self._go_on() if resumed else self._begin())
        except HungUp:
            reason = "callee_hung_up" if self.answered else why_not(call.cause)
        except NotReached as ended:
            reason = ended.reason
        else:
            return journey.talking
        reason = call.ends_because or reason
        if not self.answered:
            await call.keep(None, outbound_doors.not_reached, call.id, reason)
        await journey.finish(call, reason)
        return None

    async def _begin(self) -> None:
        await self._ring_her()
        await self._until(lambda h: isinstance(h, SeatAnswered), self._her_limit_s(), self._late)
        await self._her_telephone_is_up()
        await self._ring_him()
        await self._he_answers()

    async def _go_on(self) -> None:
        """After a restart: what is up stays up, what was not begun is begun."""
        call = self.call
        dialled = await self.parts.db.read(outbound_doors.was_dialled, call.id)
        self.answered = await self.parts.db.read(outbound_doors.was_answered, call.id)
        hers = await self._state(call.seat_channel or "")
        his = await self._state(call.row.channel)
        if hers is None:
            call.seat_channel = None
            raise NotReached("lost" if his is None else "agent_hung_up")
        if hers != "Up":
            await self._until(
                lambda h: isinstance(h, SeatAnswered), self._her_limit_s(), self._late
            )
        await self._her_telephone_is_up()
        if his is None and dialled:
            raise NotReached("callee_hung_up" if self.answered else "lost")
        if his is None:
            await self._ring_him()
        self.ringing_him = True
        await self._he_answers(already=his == "Up")

    async def _he_answers(self, *, already: bool = False) -> None:
        if not already:
            await self._until(
                lambda h: isinstance(h, CalleeAnswered), self._his_limit_s(), self._no_answer
            )
        await self._record()
        await self._tell_him()

    # --- her telephone ---

    async def _ring_her(self) -> None:
        call, seat_id = self.call, self.call.row.seat_id
        if seat_id is None or call.seat_channel is None:
            raise RuntimeError("a call out needs a seat")
        try:
            await self.client.originate(
                f"PJSIP/{seats.endpoint_of(seat_id)}",
                channel_id=call.seat_channel,
                app_args=("seat", call.id),
                caller_id=call.row.caller_masked,
                timeout=math.ceil(self.parts.settings.talk.transfer_ring_s),
            )
        except ari.Refused as error:
            log.warning("call %s: the agent's telephone can't be rung: %s", call.id, error)
            await self._her_fault("unreachable")
        call.spawn(self._note_ringing(seat_id), "note the ringing")

    async def _note_ringing(self, seat_id: int) -> None:
        try:
            await self.parts.db.write(seats.ring, seat_id)
        except seats.NotNow:
            log.debug("seat %s picked up before its ringing was written", seat_id)

    async def _her_fault(self, why: str) -> None:
        """Her own telephone did not answer: the call ends before anybody else was rung."""
        await self.call.note(why, {"seat": self.call.row.seat_id})
        raise NotReached("agent_hung_up")

    async def _her_telephone_is_up(self) -> None:
        call = self.call
        if call.row.seat_id is None or call.seat_channel is None:
            raise NotReached("agent_hung_up")
        await call.settled()
        await call.keep(
            None, outbound_doors.seat_answered, call.id, call.row.seat_id, call.seat_channel
        )

    def _her_limit_s(self) -> float:
        return self.parts.settings.talk.transfer_ring_s + RING_GRACE_S

    async def _late(self) -> None:
        await self._her_fault("not_answered")

    # --- his telephone ---

    async def _ring_him(self) -> None:
        call = self.call
        dialled = _way(self.parts, await self.parts.db.read(outbound_doors.sealed, call.id))
        # Before, not after: a restart must not ring him a second time.
        await call.note("callee_rung")
        self.ringing_him = True
        try:
            await self.client.originate(
                dialled.endpoint,
                channel_id=call.row.channel,
                app_args=(CALLEE, call.id),
                caller_id=dialled.caller_id,
                timeout=math.ceil(self.parts.settings.talk.outbound_ring_s),
                originator=call.seat_channel,
            )
        except ari.Refused as error:
            # Its own words may hold the number.
            log.warning("call %s: nobody can be dialled: %s", call.id, type(error).__name__)
            # Asterisk refuses too when the telephone that it is dialled for is gone.
            left = await self._state(call.seat_channel or "") is None
            raise NotReached("agent_hung_up" if left else "callee_unreachable") from None
        if call.seat_channel is not None:
            call.spawn(self.client.channel(call.seat_channel).ring(), "let her hear it ring")

    def _his_limit_s(self) -> float:
        return self.parts.settings.talk.outbound_ring_s + RING_GRACE_S

    async def _no_answer(self) -> None:
        raise NotReached("callee_no_answer")

    async def _record(self) -> None:
        """From his answer on, as the dialplan records who calls us (PIPL 30: then he is told)."""
        call = self.call
        try:
            call.channel_name = (await call.channel.get()).name
        except ari.NotFound:
            raise NotReached("callee_hung_up") from None
        raw = self.parts.recorder.raw(call.id)
        if not await asyncio.to_thread(raw.exists):
            try:
                await self.parts.ami.mixmonitor(call.channel_name, str(raw), "D")
            except AmiError as error:
                # It is shown as a problem of the recording and ends no call.
                log.warning("call %s is not being recorded: %s", call.id, error)
        await call.keep(None, outbound_doors.callee_answered, call.id, call.row.channel)
        self.answered = True
        self.parts.recorder.watch(call.id)

    async def _tell_him(self) -> None:
        call = self.call
        if call.seat_channel is not None:
            call.spawn(self.client.channel(call.seat_channel).ring_stop(), "it rings no more")
        call.say("outbound_notice")
        limit_s = self.parts.prompts.length_s("outbound_notice") + NOTICE_GRACE_S
        await self._until(
            lambda h: isinstance(h, Spoken) and call.spoken(h), limit_s, self._notice_hangs
        )

    async def _notice_hangs(self) -> None:
        log.warning("call %s: the notice did not end within its limit", self.call.id)
        self.call.hush()

    # --- waiting ---

    async def _until(
        self,
        done: Callable[[Happening], bool],
        limit_s: float,
        late: Callable[[], Awaitable[None]],
    ) -> None:
        """Wait for what is to happen next; `late` says what it means that it does not.

        Raises:
            NotReached: she hung up, or asked for it.
            HungUp: he did.
        """
        until = self.loop.time() + limit_s
        while (now := self.loop.time()) < until:
            look_at = now + (END_GRACE_S if self.missing else LOOK_AGAIN_S)
            happening = await self.call.next(min(until, look_at))
            if happening is None:
                happening = await self._look()
            if happening is not None and done(happening):
                return
            match happening:
                case SeatGone():
                    self.call.seat_channel = None
                    if not self.ringing_him:
                        await self._her_fault(_why_she_did_not(happening.cause))
                    raise NotReached("agent_hung_up")
                case Asked(request) if request.verb in ("hang_up", "cancel"):
                    await self.call.accepted(request)
                    raise NotReached("agent_hung_up")
                case Asked(request):
                    await self.call.refused(request, "正在呼出，请等待对方接听")
                case _:
                    pass
        await late()

    async def _look(self) -> Happening | None:
        """What may have happened without our hearing of it."""
        hers = await self._state(self.call.seat_channel or "")
        if hers is None:
            return SeatGone(0, self.call.seat_channel or "")
        if not self.ringing_him:
            return SeatAnswered(self.call.seat_channel or "") if hers == "Up" else None
        his = await self._state(self.call.row.channel)
        if his is None and self.missing:
            raise HungUp
        self.missing = his is None
        return CalleeAnswered() if his == "Up" else None

    async def _state(self, channel: str) -> str | None:
        """The state of a channel; None when it is not there (any more)."""
        if not channel:
            return None
        try:
            return (await self.client.channel(channel).get()).state
        except ari.NotFound:
            return None


def _why_she_did_not(cause: int) -> str:
    if cause in (17, 21):
        return "refused"
    return "unreachable" if cause in (3, 20) else "not_answered"


def _number(request: Request, name: str) -> int | None:
    found = request.args.get(name)
    return found if isinstance(found, int) else None


def _way(parts: Parts, sealed: str) -> Dialled:
    """How the citizen is dialled. Raises CannotDial."""
    try:
        return dialling.dial(parts.settings, parts.sealer.open(sealed))
    except CannotOpen:
        raise CannotDial("来电号码无法读取，不能回拨") from None
    except dialling.CannotDial as error:
        log.warning("nobody can be called back: %s", error)
        raise CannotDial("该号码不能外呼") from None


def _with_queue(parts: Parts, callee: Callee) -> Callee:
    """Who never came to a queue belongs to the one that serves his line's silent callers."""
    if callee.queue is not None:
        return callee
    lines = parts.settings.lines
    line = next((line for line in lines if line.name == callee.line), lines[0])
    return replace(callee, line=line.name, queue=line.silence_queue)
