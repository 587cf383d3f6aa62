"""Talking: caller and agent in one bridge, with hold, digits and pause of the recording."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from floor import calls
from floor.requests import Request
from ivr import ari, doors
from ivr.ami import AmiError
from ivr.call import LiveCall
from ivr.inbox import Asked, Pressed, SeatGone, Spoken
from ivr.requests import accept, refuse
from recordings import catalogue

log = logging.getLogger("hotline.call")


class CannotDo(Exception):
    """What was asked for can't be done now; the text is the sentence for the screen."""


def bridge_of(call_id: str) -> str:
    """The bridge of a call: known before it exists, found again after a restart."""
    return f"br-{call_id}"


async def talk(call: LiveCall) -> str:
    """Connect caller and seat and stay until one of them goes; the answer is the end reason.

    Raises:
        HungUp: the caller hung up.
    """
    if call.row.stage != "talking":
        await connect(call)
    while True:
        happening = await call.next()
        match happening:
            case SeatGone():
                call.seat_channel = None
                return "agent_hung_up"
            case Asked(request) if request.verb == "hang_up":
                await accept(call.parts.db, request)
                return "agent_hung_up"
            case Asked(request):
                await carry_out(call, request)
            case Spoken():
                call.spoken(happening)
            case Pressed() | None | _:
                pass


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
    zone = ZoneInfo(call.parts.settings.zone)
    call.row, _ = await call.parts.db.write(
        doors.answer, call.id, seat_id, seat_channel, bridge, zone
    )


async def carry_out(call: LiveCall, request: Request) -> None:
    """Do what a person asked for, or say why not."""
    doing = VERBS.get(request.verb, unknown)
    try:
        await doing(call, request)
    except CannotDo as error:
        await refuse(call.parts.db, request, str(error))
    except (ari.AriError, AmiError) as error:
        log.warning("call %s: %s failed: %s", call.id, request.verb, error)
        await refuse(call.parts.db, request, "电话系统未能完成该操作，请稍后再试")
    else:
        await accept(call.parts.db, request)


async def unknown(_call: LiveCall, _request: Request) -> None:
    """A button of a newer screen."""
    raise CannotDo("不支持的操作")


async def hold(call: LiveCall, request: Request) -> None:
    """The caller hears music, the agent nothing."""
    if call.row.held:
        raise CannotDo("通话已经处于保持状态")
    bridge = call.parts.client.bridge(bridge_of(call.id))
    await bridge.remove(call.channel)
    queue = call.row.queue
    try:
        await call.channel.start_moh(call.parts.settings.queue(queue).music if queue else None)
    except ari.AriError:
        # Half a hold is silence for both, and no button would end it.
        await bridge.add(call.channel)
        raise
    call.row = await call.parts.db.write(calls.step, call.id, "held", {"by": request.account_id})


async def resume(call: LiveCall, request: Request) -> None:
    """Back to the caller."""
    if not call.row.held:
        raise CannotDo("通话没有处于保持状态")
    await call.channel.stop_moh()
    await call.parts.client.bridge(bridge_of(call.id)).add(call.channel)
    call.row = await call.parts.db.write(calls.step, call.id, "resumed", {"by": request.account_id})


async def pause_recording(call: LiveCall, request: Request) -> None:
    """An identity number is about to be spoken: what is said now is not kept."""
    if call.row.recording_paused:
        raise CannotDo("录音已经暂停")
    await call.parts.ami.mixmonitor_mute(call.channel_name, True)
    await call.parts.db.write(catalogue.mark, call.id, "pause")
    call.row = await call.parts.db.write(
        calls.step, call.id, "recording_paused", {"by": request.account_id}
    )


async def resume_recording(call: LiveCall, request: Request) -> None:
    """What is said is kept again."""
    if not call.row.recording_paused:
        raise CannotDo("录音没有暂停")
    await call.parts.ami.mixmonitor_mute(call.channel_name, False)
    await call.parts.db.write(catalogue.mark, call.id, "resume")
    call.row = await call.parts.db.write(
        calls.step, call.id, "recording_resumed", {"by": request.account_id}
    )


async def send_digits(call: LiveCall, request: Request) -> None:
    """Keys for a machine at the caller's end; which ones is not written down."""
    digits = str(request.args.get("digits", ""))
    if not digits or len(digits) > 32 or set(digits) - set("0123456789*#"):
        raise CannotDo("按键只能是数字、星号和井号，最多三十二位")
    await call.channel.send_dtmf(digits)
    await call.parts.db.write(calls.note, call.id, "digits", {"by": request.account_id})


VERBS: dict[str, Callable[[LiveCall, Request], Awaitable[None]]] = {
    "hold": hold,
    "resume": resume,
    "pause_recording": pause_recording,
    "resume_recording": resume_recording,
    "send_digits": send_digits,
}
