"""Talking: a conversation carried on, from the first two to its end.

Whatever happens becomes an event of the conversation (`ivr.conversation`), which says what
is to be done; it is written down first, then done (`ivr.performing`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace
from typing import Any

from db.clock import now_ms
from db.engine import DatabaseUnavailable
from dialplan.phones import GONE_CAUSE
from floor import seats
from floor.requests import Request
from ivr import ari, conversing
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
    Leg,
    Note,
    Outcome,
    Refused,
    Requeue,
)
from ivr.conversation_table import HAPPENINGS, TABLE, decide
from ivr.inbox import Asked, Happening, PartySpoken, PhoneBack, SeatAnswered, SeatGone, Spoken
from ivr.performing import Performer, bridge_of, look
from ivr.targets import find

log = logging.getLogger("hotline.call")

RING_GRACE_S = 3.0
"""Asterisk ends a ringing itself; only when it says nothing do we."""

LOOK_AGAIN_S = 1.0
"""How often it is looked whether a lost telephone is there again, beside being told so."""

UNKNOWN = 0

TROUBLE = (ari.ConnectionLost, ari.RequestTimeout, ari.BadAnswer, ari.Refused)
"""Asterisk does not do it, or does not say that it did; a controller that is replaced is none."""

MOST_TRIES = 10
"""How often a conversation is set right before its caller is given to the fallback."""

NEEDS_TARGET = ("consult", "invite", "transfer", "emergency")
SUPERVISING = ("listen", "whisper", "barge", "take_over", "stop")


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
        await talking.performer.supervision.close()
        raise
    await talking.performer.supervision.close()
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
        self.loop = asyncio.get_running_loop()
        self.until: dict[tuple[str, str], float] = {}
        """Whoever rings or hears the notice does so until then, by leg and place."""
        self.lost_until: float | None = None
        self.unsure = False
        """Whether Asterisk may have it otherwise: a request of ours failed."""
        self.to_let_go: set[str] = set()
        self.tries = 0

    # --- the loop ---

    async def carry(self) -> Over | Waits:
        call = self.call
        if call.found is not None:
            found, call.found = call.found, None
            await self.performer.mend(self.now, found.channels, found.bridges)
        await self.performer.keep_mixing(self.now)
        self._set_timers()
        while self.over is None:
            happening = await call.next(self._next_due())
            if happening is None:
                await self._clock_struck()
            else:
                await self._happened(happening)
        return self.over

    async def _happened(self, happening: Happening) -> None:
        match happening:
            case SeatGone(cause, channel):
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
        self._set_timers()
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
        with contextlib.suppress(*TROUBLE):
            await self.performer.supervision.close()
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
        verb, args = request.verb, request.args
        if verb in BUTTONS:
            await BUTTONS[verb](self.call, request)
        elif verb == "phone_gone":
            await self._phone_gone(request)
        elif verb in TABLE:
            await self._press(verb, args, request.account_id)
        else:
            raise Refused("不支持的操作")

    async def _press(self, verb: str, args: dict[str, Any], account: int) -> None:
        leg, target = str(args.get("leg") or ""), None
        hers = self._leg_of(account)
        if verb == "hang_up" and hers is not None and hers.role != "agent":
            await self._leave_as_other(hers)
            return
        if verb in NEEDS_TARGET:
            cell = TABLE[verb][self.now.state]
            if isinstance(cell, str):
                # Not worth looking anybody up.
                raise Refused(cell)
            leg = ari.new_id("party")
            target, way = await find(self.call, verb, args)
            self.performer.ways[leg] = way
        seat = None
        if verb in SUPERVISING or verb == "come_back":
            leg = ari.new_id("seat")
            seat = await self._seat_of(account)
        await self._turn(
            Event(
                verb,
                leg=leg,
                target=target,
                account=account,
                seat=seat.id if seat else None,
                label=seat.name if seat else "",
            )
        )

    def _leg_of(self, account: int) -> Leg | None:
        """The leg of a colleague whose seat was brought in, if this person has one."""
        return next((x for x in self.now.legs if x.account_id == account), None)

    async def _leave_as_other(self, leg: Leg, cause: int = HUNG_UP) -> None:
        event = "supervisor_gone" if leg.role == "supervisor" else "party_gone"
        await self._turn(Event(event, leg=leg.id, cause=cause, spare=ari.new_id("seat")))
        await self.performer.quietly(self.performer.client.channel(leg.id).hangup("normal"))

    async def _seat_of(self, account: int) -> seats.Seat | None:
        return await self.call.parts.db.read(seats.of_account, account)

    async def _phone_gone(self, request: Request) -> None:
        """A page said good-bye, or a new one asks for the telephone: that line is dead."""
        seat = await self._seat_of(request.account_id)
        leg = next((x for x in self.now.legs if seat and x.seat_id == seat.id), None)
        if leg is None or not leg.answered:
            return
        if leg.role == "agent":
            await self._turn(Event("agent_lost", leg=leg.id))
        else:
            # He did not hang up: a caller who was alone with him is not let go for it.
            await self._leave_as_other(leg, GONE_CAUSE)

    # --- what the clock brings ---

    def _set_timers(self) -> None:
        """Every ringing, every notice, and every waiting for a lost seat, has its limit."""
        talk = self.call.parts.settings.talk
        coming = [leg for leg in self.now.legs if leg.place in ("ringing", "announcing")]
        now = self.loop.time()
        limits = {(leg.id, leg.place): now + self._limit_s(leg) + RING_GRACE_S for leg in coming}
        self.until = {key: self.until.get(key, limit) for key, limit in limits.items()}
        if self.now.lost_seat is None:
            self.lost_until = None
        elif self.lost_until is None:
            self.lost_until = self.loop.time() + talk.lost_seat_s

    def _limit_s(self, leg: Leg) -> float:
        parts = self.call.parts
        if leg.place == "announcing":
            return parts.prompts.length_s("expert_notice")
        talk = parts.settings.talk
        return talk.consult_ring_s if leg.role == "other" else talk.transfer_ring_s

    def _next_due(self) -> float | None:
        due = list(self.until.values())
        if self.lost_until is not None and not self._rings_agent():
            due.append(self.lost_until)
            if self.now.state == "lost":
                due.append(self.loop.time() + LOOK_AGAIN_S)
        if self.unsure:
            due.append(self.loop.time() + LOOK_AGAIN_S)
        return min(due, default=None)

    async def _clock_struck(self) -> None:
        now = self.loop.time()
        if self.unsure:
            await self._try_to_set_right()
        for (leg_id, place), until in list(self.until.items()):
            if now < until:
                continue
            # As if Asterisk had said so; what still rings is hung up by the move.
            del self.until[leg_id, place]
            if place == "ringing":
                await self._gone(leg_id, NO_ANSWER)
            else:
                await self._turn(Event("party_ready", leg=leg_id))
            return
        if self.lost_until is not None and now >= self.lost_until and not self._rings_agent():
            await self._turn(Event("grace_over", cause=NO_ANSWER, spare=ari.new_id("seat")))
        elif self.now.state == "lost" and self._phone_is_back():
            await self._turn(Event("agent_back", spare=ari.new_id("seat")))

    def _rings_agent(self) -> bool:
        """Her time may run out while her telephone rings: that ring she still has."""
        return self.now.agent is not None and self.now.agent.place == "ringing"

    def _phone_is_back(self) -> bool:
        lost = self.now.lost_seat
        seat = self.call.parts.floor.seat(lost) if lost is not None else None
        return seat is not None and seat.phone_ready
