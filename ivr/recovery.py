"""After every connection: read what Asterisk has and what we know, and settle the difference.

Events of a gap are lost and StasisStart is not said again, so the truth is read:
calls that live are picked up at their stage, with their place and the time they have
waited; calls that are gone are ended with their record; channels nobody knows are new.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from db.clock import now_ms
from floor import calls, seats
from floor.calls import Call
from ivr import ari, doors, journey
from ivr.call import LiveCall
from ivr.directory import Directory
from ivr.inbox import Gone, InHand, SeatAnswered, SeatGone
from ivr.journey import Stage
from ivr.parts import Parts
from ivr.talk import bridge_of

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

SEAT_CHANNEL = "seat-"
"""How the ids of channels to seats begin (`ari.new_id`)."""

YOUNG_MS = 5000
"""A call so young may just be on its way into our hands."""


@dataclass(frozen=True, slots=True)
class Found:
    """What Asterisk has at this moment."""

    channels: dict[str, ari.ChannelData]
    bridges: dict[str, ari.BridgeData]

    def in_application(self, channel: str) -> bool:
        data = self.channels.get(channel)
        return data is not None and data.dialplan.app_name == "Stasis"


async def look(client: ari.Client) -> Found:
    """Read Asterisk's channels and bridges."""
    channels = {channel.id: channel for channel in await client.list_channels()}
    bridges = {bridge.id: bridge for bridge in await client.list_bridges()}
    return Found(channels, bridges)


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


async def settle(parts: Parts, begin: Callable[[LiveCall, Stage], None]) -> None:
    """Settle the calls. `begin` is told of each that is to be carried on, and from which stage.

    At once, one by one: should the rest fail and be tried again, these are in good hands.
    """
    found = await look(parts.client)
    for row in await parts.db.read(calls.open_calls, parts.asterisk):
        known = parts.directory.call(row.id)
        if known is not None:
            _catch_up(known, found)
        elif row.channel not in found.channels:
            log.info("call %s ended while nobody watched", row.id)
            await _close(parts, row, _why_gone(row))
        elif found.in_application(row.channel):
            begin(*await carry_on(parts, row, found))
        else:
            log.info("call %s is in the fallback's hands until it comes back", row.id)
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


def _catch_up(call: InHand, found: Found) -> None:
    """A call whose task lives: tell it what it can't have heard."""
    if call.channel.id not in found.channels:
        call.put(Gone(0))
    elif call.seat_channel is not None:
        seat = found.channels.get(call.seat_channel)
        if seat is None:
            call.put(SeatGone(0))
        elif call.row.stage == "waiting" and seat.state == "Up":
            call.put(SeatAnswered())


async def close_vanished(parts: Parts) -> None:
    """End the calls that ended in the fallback's hands, where their events don't reach us."""
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
    if row.seat_channel is not None:
        await _hang_up(parts, row.seat_channel)
    if row.bridge is not None:
        with contextlib.suppress(ari.NotFound):
            await parts.client.bridge(row.bridge).destroy()
    parts.recorder.file_later(row.id)


async def carry_on(parts: Parts, row: Call, found: Found) -> tuple[LiveCall, Stage]:
    """Take a living call into our hands; the answer says where its way goes on."""
    await parts.db.write(calls.note, row.id, "recovered", {"stage": row.stage})
    call = LiveCall(parts, row, found.channels[row.channel].name)
    parts.directory.enter(call)
    parts.recorder.watch(row.id)
    call.hush_leftovers()
    seat = found.channels.get(row.seat_channel or "")
    stage: Stage
    if row.stage == "talking" and row.seat_channel is not None:
        try:
            await _mend_bridge(parts, call, found)
        except ari.Refused as error:
            call.fail(error)
        except BaseException:
            parts.directory.forget(call)
            raise
        if seat is None:
            call.put(SeatGone(0))
        stage = journey.talking
    elif row.stage in ("waiting", "talking") and row.queue is not None:
        if row.seat_channel is not None and (seat is None or seat.state == "Up"):
            call.put(SeatAnswered() if seat is not None else SeatGone(0))
        stage = journey.waiting_in(row.first_queue or row.queue)
    elif row.stage == "message":
        stage = journey.message
    else:
        stage = journey.greet if row.stage == "greeting" else journey.menu
    return call, stage


async def _mend_bridge(parts: Parts, call: LiveCall, found: Found) -> None:
    """Both were to talk; see to it that they really are in the bridge."""
    if call.seat_channel is None or call.row.held:
        return
    bridge = bridge_of(call.id)
    inside = found.bridges[bridge].channels if bridge in found.bridges else ()
    missing = [c for c in (call.channel.id, call.seat_channel) if c not in inside]
    missing = [c for c in missing if c in found.channels]
    if not missing:
        return
    if bridge not in found.bridges:
        await parts.client.create_bridge(bridge, types=("mixing",))
    await parts.client.bridge(bridge).add(*missing)


async def _hang_up_strays(parts: Parts, found: Found) -> None:
    """Telephones of seats that were rung for a call which is no longer theirs."""
    for channel in found.channels.values():
        if _is_seats(channel) and parts.directory.seat_call(channel.id) is None:
            log.info("a seat's telephone was left without a call")
            await _hang_up(parts, channel.id)


def _is_seats(channel: ari.ChannelData) -> bool:
    return channel.id.startswith(SEAT_CHANNEL)


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
