"""What an agent asks for that changes nobody's place: pause of the recording, keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from floor import calls
from floor.requests import Request
from ivr.call import LiveCall
from ivr.conversation import Refused
from recordings import catalogue


async def pause_recording(call: LiveCall, request: Request) -> None:
    """An identity number is about to be spoken: what is said now is not kept."""
    if call.row.recording_paused:
        raise Refused("录音已经暂停")
    await call.parts.ami.mixmonitor_mute(call.channel_name, True)
    await call.keep(None, catalogue.mark, call.id, "pause")
    await call.step("recording_paused", {"by": request.account_id}, recording_paused=True)


async def resume_recording(call: LiveCall, request: Request) -> None:
    """What is said is kept again."""
    if not call.row.recording_paused:
        raise Refused("录音没有暂停")
    await call.parts.ami.mixmonitor_mute(call.channel_name, False)
    await call.keep(None, catalogue.mark, call.id, "resume")
    await call.step("recording_resumed", {"by": request.account_id}, recording_paused=False)


async def send_digits(call: LiveCall, request: Request) -> None:
    """Keys for a machine at the caller's end; which ones is not written down."""
    digits = str(request.args.get("digits", ""))
    if not digits or len(digits) > 32 or set(digits) - set("0123456789*#"):
        raise Refused("按键只能是数字、星号和井号，最多三十二位")
    await call.channel.send_dtmf(digits)
    await call.keep(None, calls.note, call.id, "digits", {"by": request.account_id})


BUTTONS: dict[str, Callable[[LiveCall, Request], Awaitable[None]]] = {
    "pause_recording": pause_recording,
    "resume_recording": resume_recording,
    "send_digits": send_digits,
}
