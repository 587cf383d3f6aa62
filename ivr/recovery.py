"""After every connection: read what Asterisk has and what we know, and settle the difference.

Events of a gap are lost and StasisStart is not said again, so the truth is read:
calls that live are picked up at their stage, with their place and the time they have
waited; calls that are gone are ended with their record; channels nobody knows are new.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence

from db.clock import now_ms
from floor import calls, seats
from floor.calls import Call
from ivr import ari, conversing, doors, journey, outbound, supervision
from ivr.call import Found, LiveCall
from ivr.directory import Directory
from ivr.inbox import Gone, InHand, SeatAnswered, SeatGone
from ivr.journey import Stage
from ivr.parts import Parts
from ivr.performing import look

log = logging.getLogger("hotline.recovery")

FILTERED = (
    "ApplicationRegistered",
    "BridgeCreated",
    "BridgeDestroyed",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelDialplan",
    "ChannelEnteredBridge",
    "ChannelHangupRequest",
    "ChannelHold",
    "ChannelLeftBridge",
    "ChannelStateChange",
    "ChannelUnhold",
    "ChannelUserevent",
    "ChannelVarset",
    "Dial",
    "PlaybackStarted",
)
"""Events that we do not use: two thirds of them all, and their cost on both sides."""

OURS = ("seat-", "party-", "callee-")
"""How the ids of channels that we make begin (`ari.new_id`)."""

YOUNG_MS = 5000
"""A call so young may just be on its way into our hands."""


async def prepare(client: ari.Client, endpoints: Sequence[str]) -> None:
    """What a new connection must be told: which events we want, and whose telephones."""
    await client.filter_events(FILTERED)
    await watch_phones(client, endpoints)


async def watch_phones(client: ari.Client, endpoints: Sequence[str]) -> None:
    """Hear of each telephone that registers or goes.

    By its device's state: subscribing to the endpoint would bring every event of its
    channels a second time, and each key pressed would count twice.
    """
    if endpoints:
        await client.subscribe(*(f"deviceState:PJSIP/{name}" for name in endpoints))


async def settle(
    parts: Parts, begin: Callable[[LiveCall, Stage], None], *, reborn: bool = False
) -> None:
    """Settle the calls. `begin` is told of each that is to be carried on, and from which stage.

    `reborn`: Asterisk was started anew, and all calls went with the one before.
    At once, one by one: should the rest fail and be tried again, these are in good hands.
    """
    # What still waits to be written would look like a difference.
    await parts.keeper.back()
    rows = [
        row
        for row in await parts.db.read(calls.open_calls, parts.asterisk)
        if not parts.directory.expects(row.channel)
    ]
    known = {row.id: call for row in rows if (call := parts.directory.call(row.id)) is not None}
    # Before it is looked, and longer than that: whoever hangs up or picks up meanwhile is heard.
    taken = {row.id: in_hand(parts, row) for row in rows if row.id not in known}
    try:
        found = await look(parts.client)
        for row in rows:
            if (
                row.id in taken
                and row.stage != "dialling"
                and not found.in_application(row.channel)
            ):
                # At once: it may come back from the fallback at any moment.
                _let_be(taken.pop(row.id))
        for row in rows:
            if row.id in known:
                _catch_up(known[row.id], found, reborn)
            elif row.id in taken:
                await parts.db.write(calls.note, row.id, "recovered", {"stage": row.stage})
                call = taken.pop(row.id)
                begin(call, _where(call, found))
            elif row.channel not in found.channels:
                log.info("call %s ended while nobody watched", row.id)
                await _close(parts, row, _why_gone(row))
            else:
                log.info("call %s is in the fallback's hands until it comes back", row.id)
    finally:
        # It failed, and will be tried again.
        for call in taken.values():
            _let_be(call)
    await _hang_up_strays(parts, found)
    await _free_stranded_seats(parts)


def newcomers(found: Found, directory: Directory, app: str) -> list[ari.StasisStart]:
    """Callers who came into the application while nobody listened."""
    starts = []
    for channel in found.channels.values():
        application, _, args = channel.dialplan.app_data.partition(",")
        if channel.dialplan.app_name != "Stasis" or application != app:
            continue
        if not args.startswith("inbound,"):
            continue
        start = ari.StasisStart(channel=channel, args=tuple(args.split(",")))
        if directory.call(start.args[1]) is None:
            starts.append(start)
    return starts


def _catch_up(call: InHand, found: Found, reborn: bool) -> None:
    """A call whose task lives: tell it what it can't have heard."""
    if reborn and call.row.stage in ("talking", "dialling"):
        call.ends_because = "lost"
    if call.row.stage == "dialling":
        # Who is not there may not have been rung yet: the stage looks for itself.
        return
    if call.channel.id not in found.channels:
        call.put(Gone(0))
        return
    for channel in call.legs | ({call.seat_channel} if call.seat_channel else set()):
        seat = found.channels.get(channel)
        if seat is None:
            call.put(SeatGone(0, channel))
        elif seat.state == "Up" and found.in_application(channel):
            # Who was known to be there is not told twice: only a ringing leg can answer.
            call.put(SeatAnswered(channel))


async def close_vanished(parts: Parts) -> None:
    """End the calls that ended in the fallback's hands, where their events don't reach us."""
    await parts.keeper.back()
    strays = [
        row
        for row in await parts.db.read(calls.open_calls, parts.asterisk)
        if parts.directory.call(row.id) is None and now_ms() - row.started_ms > YOUNG_MS
    ]
    if not strays:
        return
    found = await look(parts.client)
    for row in strays:
        if row.channel not in found.channels and parts.directory.call(row.id) is None:
            await _close(parts, row, "fallback")


def _why_gone(row: Call) -> str:
    return "lost" if row.stage == "talking" else journey.ABANDONED[row.stage]


async def _close(parts: Parts, row: Call, reason: str) -> None:
    queue = parts.settings.queue(row.queue) if row.queue else None
    await parts.db.write(doors.end, row.id, reason, queue.wrap_up_s if queue else 0.0)
    talk = conversing.read(row)
    legs = {leg.id for leg in talk.legs if leg.role != "caller"} if talk else set()
    for channel in legs | ({row.seat_channel} if row.seat_channel else set()):
        await _hang_up(parts, channel)
    if row.bridge is not None:
        with contextlib.suppress(ari.NotFound):
            await parts.client.bridge(row.bridge).destroy()
    parts.recorder.file_later(row.id)


async def carry_on(parts: Parts, row: Call, found: Found) -> tuple[LiveCall, Stage]:
    """Take a living call into our hands; the answer says where its way goes on."""
    await parts.db.write(calls.note, row.id, "recovered", {"stage": row.stage})
    call = in_hand(parts, row)
    return call, _where(call, found)


def in_hand(parts: Parts, row: Call) -> LiveCall:
    """A call whose events are kept from here on, for the task that is to carry it."""
    call = LiveCall(parts, row, "")
    talk = conversing.read(row)
    if talk is not None:
        call.legs.update(leg.id for leg in talk.legs if leg.role != "caller")
    parts.directory.enter(call)
    return call


def _let_be(call: LiveCall) -> None:
    """It is not for us to carry it."""
    call.parts.directory.forget(call)
    call.refuse_left()


def _where(call: LiveCall, found: Found) -> Stage:
    """Where the way of a call goes on that is in our hands again."""
    row = call.row
    if row.stage == "dialling":
        # Whom it rings may not be there yet: the stage looks for itself.
        return outbound.dialling_on
    call.channel_name = found.channels[row.channel].name
    call.parts.recorder.watch(row.id)
    call.hush_leftovers()
    seat = found.channels.get(row.seat_channel or "")
    stage: Stage
    if row.stage == "talking" and row.conversation is not None:
        # The conversation puts everybody where he belongs when its task begins.
        call.found = found
        stage = journey.talking
    elif row.stage in ("waiting", "talking") and row.queue is not None:
        if row.seat_channel is not None and (seat is None or seat.state == "Up"):
            channel = row.seat_channel
            call.put(SeatAnswered(channel) if seat is not None else SeatGone(0, channel))
        stage = journey.waiting_in(row.first_queue or row.queue)
    elif row.stage == "message":
        stage = journey.message
    else:
        stage = journey.greet if row.stage == "greeting" else journey.menu
    return stage


async def _hang_up_strays(parts: Parts, found: Found) -> None:
    """Telephones of seats that were rung for a call which is no longer theirs."""
    for channel in found.channels.values():
        if channel.id.startswith(OURS) and parts.directory.owner(channel.id) is None:
            log.info("somebody whom we rang was left without a call")
            await _hang_up(parts, channel.id)
    supervisors = [c for c in found.channels if parts.directory.owner(c) is not None]
    await supervision.sweep(parts.client, found.channels, found.bridges, supervisors)


async def _free_stranded_seats(parts: Parts) -> None:
    """Seats that the database has with a call that is over."""
    for seat in await parts.db.read(seats.all_seats):
        if seat.call_id is None or seat.state == "wrap_up":
            continue
        row = await parts.db.read(calls.get, seat.call_id)
        if row is None or row.ended_ms is not None:
            log.info("seat %s was left with a call that is over", seat.id)
            try:
                await parts.db.write(seats.cut_off, seat.id, "recovered")
            except seats.NotNow as moved:
                log.info("seat %s moved on by itself: %s", seat.id, moved)


async def _hang_up(parts: Parts, channel: str) -> None:
    try:
        await parts.client.channel(channel).hangup("normal")
    except ari.NotFound:
        log.debug("a seat's channel was gone already")
