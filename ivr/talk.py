"""Talking: a conversation carried on, from the first two to its end.

Whatever happens becomes an event of the conversation (`ivr.conversation`), which says what
is to be done; it is written down first, then done (`ivr.performing`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace

from db.clock import now_ms
from db.engine import DatabaseUnavailable
from dialplan.phones import GONE_CAUSE
from floor import seats
from floor.requests import Request
from ivr import ari, asking, conversing
from ivr.ami import AmiError
from ivr.buttons import BUTTONS
from ivr.call import HungUp, LiveCall
from ivr.conversation import (
    HUNG_UP,
    NO_ANSWER,
    Action,
    Conversation,
    End,
    Event,
    HangUp,
    Note,
    Outcome,
    Refused,
    Requeue,
)
from ivr.conversation_table import HAPPENINGS, decide
from ivr.inbox import Asked, Happening, PartySpoken, PhoneBack, SeatAnswered, SeatGone, Spoken
from ivr.limits import Limits
from ivr.performing import Performer, bridge_of, look

log = logging.getLogger("hotline.call")

UNKNOWN = 0

TROUBLE = (ari.ConnectionLost, ari.RequestTimeout, ari.BadAnswer, ari.Refused)
"""Asterisk does not do it, or does not say that it did; a controller that is replaced is none."""

MOST_TRIES = 10
"""How often a conversation is set right before its caller is given to the fallback."""


@dataclass(frozen=True, slots=True)
class Over:
    """The call is at its end."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waits:
    """The caller waits again."""

    queue: str
    sentence: str


async def talk(call: LiveCall) -> Over | Waits:
    """Carry a conversation until it ends or its caller waits again.

    Raises:
        HungUp: the caller hung up.
    """
    if call.row.stage != "talking":
        await connect(call)
    talking = Talk(call)
    try:
        came_of_it = await talking.carry()
    except HungUp:
        await talking.unwatch()
        raise
    await talking.unwatch()
    return came_of_it


async def connect(call: LiveCall) -> None:
    """Bring both into the bridge first, then write it: the two want to talk."""
    client = call.parts.client
    bridge = bridge_of(call.id)
    seat_channel, seat_id = call.row.seat_channel, call.row.seat_id
    if seat_channel is None or seat_id is None:
        raise RuntimeError("a talk needs a seat")
    call.hush()
    call.spawn(call.channel.stop_moh(), "stop the music")
    call.spawn(client.create_bridge(bridge, types=("mixing",)), "create the bridge")
    # Two who are not brought together would sit in silence: better the fallback than that.
    call.spawn(client.bridge(bridge).add(call.channel, seat_channel), "bridge", vital=True)
    await call.answered(seat_id, seat_channel, bridge)


class Talk:
    """One call's conversation while it is carried."""

    def __init__(self, call: LiveCall) -> None:
        found = conversing.read(call.row)
        if found is None:
            raise RuntimeError("a talk needs a conversation")
        self.call = call
        self.now: Conversation = found
        self.performer = Performer(call)
        self.over: Over | Waits | None = None
        parts = call.parts
        notice_s = parts.prompts.length_s("expert_notice")
        clock = asyncio.get_running_loop().time
        self.limits = Limits(parts.settings.talk, notice_s, clock)
        self.unsure = False
        """Whether Asterisk may have it otherwise: a request of ours failed."""
        self.to_let_go: set[str] = set()
        self.tries = 0

    async def unwatch(self) -> None:
        """It is over for supervisors too. What can't be taken down is swept at the next start."""
        try:
            await self.performer.supervision.close()
        except TROUBLE as error:
            log.warning("call %s: a supervisor is left: %s", self.call.id, type(error).__name__)

    # --- the loop ---

    async def carry(self) -> Over | Waits:
        call = self.call
        if call.found is not None:
            found, call.found = call.found, None
            await self.performer.mend(self.now, found.channels, found.bridges)
        await self.performer.keep_mixing(self.now)
        self.limits.follow(self.now)
        while self.over is None:
            happening = await call.next(self.limits.next_due(self.now, unsure=self.unsure))
            if happening is None:
                await self._clock_struck()
            else:
                await self._happened(happening)
        return self.over

    async def _happened(self, happening: Happening) -> None:
        match happening:
            case SeatGone(cause, channel):
                if channel == self.call.seat_channel:
                    # Nothing is left there to be hung up in the end.
                    self.call.seat_channel = None
                await self._gone(channel, cause)
            case SeatAnswered(channel):
                await self._answered(channel)
            case PartySpoken(channel):
                await self._turn(Event("party_ready", leg=channel))
            case PhoneBack(seat_id):
                if seat_id == self.now.lost_seat:
                    await self._turn(Event("agent_back", spare=ari.new_id("seat")))
            case Asked(request):
                await self._asked(request)
            case Spoken(playback):
                self.call.spoken(happening)
                await self.performer.sentence_over(playback)
            case _:
                pass

    async def _gone(self, channel: str, cause: int) -> None:
        self.call.legs.discard(channel)
        leg = self.now.leg(channel or self.call.row.seat_channel or "")
        if leg is None:
            return
        if cause == UNKNOWN and leg.answered:
            # So Asterisk reports a telephone that hangs up by itself.
            cause = HUNG_UP
        spare = ari.new_id("seat")
        if leg.role == "supervisor":
            await self._turn(Event("supervisor_gone", leg=leg.id, cause=cause))
            await self.performer.supervision.stop(leg.id)
        elif leg.role == "other":
            await self._turn(Event("party_gone", leg=leg.id, cause=cause, spare=spare))
        elif leg.place == "ringing":
            await self._turn(Event("agent_not_answered", leg=leg.id, cause=cause))
        elif cause == GONE_CAUSE:
            await self._turn(Event("agent_lost", leg=leg.id, cause=cause))
        else:
            await self._turn(Event("agent_gone", leg=leg.id, cause=cause))

    async def _answered(self, channel: str) -> None:
        leg = self.now.leg(channel)
        if leg is None or leg.place != "ringing":
            return
        name = {"agent": "agent_answered", "supervisor": "supervisor_answered"}
        await self._turn(Event(name.get(leg.role, "party_answered"), leg=leg.id))

    # --- an event ---

    async def _turn(self, event: Event) -> None:
        """Carry an event out; what merely happened is never refused.

        An agent who is to be rung again may be on another call by now, or the database, which
        alone can say so, away: then it goes on as if nobody were left to ring.
        """
        try:
            await self._carry_through(event)
        except (Refused, DatabaseUnavailable):
            if event.name not in HAPPENINGS or self.now.owner_seat is None:
                raise
            self.now = replace(self.now, owner_seat=None, owner_label="")
            await self._carry_through(event)

    async def _carry_through(self, event: Event) -> None:
        """Decide, write down, do."""
        before = self.now
        outcome = decide(before, event, now_ms())
        await self._write(before, outcome)
        self.now = outcome.conversation
        self.limits.follow(self.now)
        try:
            await self._do(outcome)
        except TROUBLE as error:
            log.warning("call %s: %s half done: %s", self.call.id, event.name, type(error).__name__)
            if not await self._mended(before) and event.name not in HAPPENINGS:
                raise
        if self.over is None:
            await self._comfort()

    async def _comfort(self) -> None:
        """What is good to have and no reason to refuse what was done."""
        try:
            await self.performer.keep_mixing(self.now)
            await self.performer.ring_tone(self.now)
        except TROUBLE as error:
            log.warning("call %s: no tone or mixing: %s", self.call.id, type(error).__name__)

    async def _do(self, outcome: Outcome) -> None:
        ends = any(isinstance(action, (End, Requeue)) for action in outcome.actions)
        for action in outcome.actions:
            if isinstance(action, End):
                self.over = Over(action.reason)
            elif isinstance(action, Requeue):
                await self._back_to_queue(action, outcome)
            elif ends:
                # Whatever fails now, the caller must not be left where nobody is.
                await self._anyhow(action)
            else:
                await self.performer.perform(action)

    async def _anyhow(self, action: Action) -> None:
        """Who could not be hung up is tried once more: he would hear whoever comes next."""
        try:
            await self.performer.perform(action)
        except TROUBLE as error:
            log.warning("call %s: left undone at its end: %s", self.call.id, type(error).__name__)
            if isinstance(action, HangUp):
                again = self.performer.client.channel(action.leg).hangup("normal")
                self.call.spawn(again, "hang up a leg")

    async def _mended(self, before: Conversation) -> bool:
        """Asterisk could not do all of it. Who was let go or rung can't be undone: then what was
        decided is carried through; else everybody goes back to where he was.

        The answer is whether it was carried through. Either is tried until it is so.
        """
        after = self.now
        gone = {leg.id for leg in before.legs} - {leg.id for leg in after.legs}
        new = {leg.id for leg in after.legs} - {leg.id for leg in before.legs}
        self.to_let_go |= gone
        self.unsure = True
        if not gone and not new:
            self.now = before
            await self.call.converse(after, before, [Note("undone")], {})
        return await self._try_to_set_right() and bool(gone or new)

    async def _try_to_set_right(self) -> bool:
        try:
            await self._set_right()
        except TROUBLE:
            self.tries += 1
            if self.tries > MOST_TRIES:
                raise
            return False
        self.tries = 0
        return True

    async def _set_right(self) -> None:
        """See to it that Asterisk has everybody where the conversation has him."""
        found = await look(self.performer.client)
        for leg in tuple(self.to_let_go):
            await self.performer.perform(HangUp(leg))
            self.to_let_go.discard(leg)
        await self.performer.mend(self.now, found.channels, found.bridges)
        self.unsure = False

    async def _write(self, before: Conversation, outcome: Outcome) -> None:
        ends = any(isinstance(action, (End, Requeue)) for action in outcome.actions)
        notes = [action for action in outcome.actions if isinstance(action, Note)]
        if ends:
            # The end, or the way back, is one door that frees everybody by itself.
            for note in notes:
                await self.call.note(note.kind, dict(note.detail))
            return
        if outcome.conversation is before and not notes:
            return
        try:
            await self.call.converse(before, outcome.conversation, notes, outcome.causes)
        except seats.NotNow as taken:
            state = seats.LABELS[taken.seat.state] if taken.seat else "没有这个席位"
            raise Refused(f"对方席位现在不能接听（{state}）") from None

    async def _back_to_queue(self, action: Requeue, outcome: Outcome) -> None:
        call = self.call
        queue = action.queue or call.row.queue or call.parts.settings.queues[0].name
        causes = outcome.causes
        for leg in self.now.legs:
            if leg.role != "caller":
                causes.setdefault(leg.id, "ended")
                await self._anyhow(HangUp(leg.id))
        await self.unwatch()
        with contextlib.suppress(*TROUBLE):
            await self.performer.bridge.remove(call.channel)
        await call.back_to_queue(queue, action.head, action.hint, causes)
        call.legs.clear()
        call.seat_channel = None
        self.over = Waits(queue, action.sentence)

    # --- what persons ask for ---

    async def _asked(self, request: Request) -> None:
        call = self.call
        try:
            await self._carry_out(request)
        except Refused as error:
            await call.refused(request, str(error))
        except (ari.AriError, AmiError) as error:
            log.warning("call %s: %s failed: %s", call.id, request.verb, type(error).__name__)
            await call.refused(request, "电话系统未能完成该操作，请稍后再试")
        except DatabaseUnavailable:
            await call.refused(request, "数据库暂时不可用，请稍后再试")
        else:
            await call.accepted(request)

    async def _carry_out(self, request: Request) -> None:
        if request.verb in BUTTONS:
            await BUTTONS[request.verb](self.call, request)
            return
        press = await asking.read(self.call, self.now, request)
        if press is None:
            return
        if press.way is not None:
            self.performer.ways[press.event.leg] = press.way
        await self._turn(press.event)
        if press.hang_up is not None:
            leg = self.performer.client.channel(press.hang_up)
            await self.performer.quietly(leg.hangup("normal"))

    # --- what the clock brings ---

    async def _clock_struck(self) -> None:
        if self.unsure:
            await self._try_to_set_right()
        if (due := self.limits.take_due()) is not None:
            # As if Asterisk had said so; what still rings is hung up by the move.
            leg_id, place = due
            if place == "ringing":
                await self._gone(leg_id, NO_ANSWER)
            else:
                await self._turn(Event("party_ready", leg=leg_id))
        elif self.limits.gave_up(self.now):
            await self._turn(Event("grace_over", cause=NO_ANSWER, spare=ari.new_id("seat")))
        elif self.now.state == "lost" and self._phone_is_back():
            await self._turn(Event("agent_back", spare=ari.new_id("seat")))

    def _phone_is_back(self) -> bool:
        lost = self.now.lost_seat
        seat = self.call.parts.floor.seat(lost) if lost is not None else None
        return seat is not None and seat.phone_ready
