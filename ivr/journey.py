"""The caller's way: greeting, menu, waiting, talking, message, ended. Reads like the call.

Each stage is a coroutine that returns the next one. The stage is kept at every change,
and each can be entered cold: that is how a restart picks a call up again (`recovery`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Optional
from zoneinfo import ZoneInfo

import msgspec

from config.model import Line
from ivr import ari, doors, hours
from ivr.call import HungUp, LiveCall
from ivr.inbox import NextSentence, Pressed, Spoken
from ivr.talk import Waits, talk
from ivr.waiting import wait

log = logging.getLogger("hotline.call")

Stage = Callable[[LiveCall], Awaitable[Optional["Stage"]]]

ABANDONED = {
    "greeting": "abandoned_in_menu",
    "menu": "abandoned_in_menu",
    "waiting": "abandoned_in_queue",
    "dialling": "callee_unreachable",
    "talking": "caller_hung_up",
    "message": "message_left",
}


async def run(call: LiveCall, first: Stage) -> None:
    """Carry a call from a stage to its end. Its failure ends this call alone, politely."""
    stage: Stage | None = first
    try:
        while stage is not None:
            stage = await stage(call)
    except HungUp:
        await finish(call, call.ends_because or ABANDONED[call.row.stage])
    except (asyncio.CancelledError, ari.ClientClosed, ari.Fenced):
        # The controller stops or was replaced: the call itself goes on without us.
        raise
    except Exception:
        log.exception("call %s failed at stage %s", call.id, call.row.stage)
        if call.row.direction == "out":
            # Whom we called has nothing to wait for.
            await finish(call, "failed")
            return
        await give_to_fallback(call)


async def greet(call: LiveCall) -> Stage | None:
    """Say who we are and that the call is recorded (PIPL 30), then offer the menu."""
    line = call.parts.settings.line(call.row.line)
    if not is_open(call, line):
        return await closed(call, line)
    return await choose(call, line, (line.greeting, line.menu))


async def menu(call: LiveCall) -> Stage | None:
    """Entered cold after a restart: offer the menu again, without the greeting."""
    line = call.parts.settings.line(call.row.line)
    return await choose(call, line, (line.menu,))


async def choose(call: LiveCall, line: Line, sentences: tuple[str, ...]) -> Stage:
    """Ask until a key means something; after the set tries a person answers all the same."""
    for _ in range(line.tries):
        key = await ask(call, line, sentences)
        if key is not None and (queue := line.queue_for(key)) is not None:
            return waiting_in(queue, key=key)
        sentence = "no_key" if key is None else "wrong_key"
        await enter_menu(call)
        await call.note(sentence)
        sentences = (sentence, line.menu)
    # A person, never a dead end (GB/T 33358).
    return waiting_in(line.silence_queue, sentence="to_person")


async def enter_menu(call: LiveCall) -> None:
    """The greeting is behind him: whoever picks the call up again does not say it twice."""
    if call.row.stage == "greeting":
        await call.step("menu", stage="menu")


async def ask(call: LiveCall, line: Line, sentences: tuple[str, ...]) -> str | None:
    """Play prompts until a key is pressed (barge-in); None when none came in time."""
    loop = asyncio.get_running_loop()
    prompts = call.parts.prompts
    call.say(*sentences)
    until = loop.time() + sum(prompts.length_s(s) for s in sentences) + line.key_wait_s + 5.0
    while (happening := await call.next(until)) is not None:
        match happening:
            case Pressed(key):
                call.hush()
                return key
            case NextSentence(playback) if playback == call.playing:
                await enter_menu(call)
            case Spoken() if call.spoken(happening):
                until = loop.time() + line.key_wait_s
            case _:
                pass
    call.hush()
    return None


def waiting_in(queue: str, *, key: str | None = None, sentence: str | None = None) -> Stage:
    """The stage of waiting in a queue, having come by a key or without one."""

    async def stage(call: LiveCall) -> Stage | None:
        served = await wait(call, queue, key=key, sentence=sentence)
        return talking if served else message

    return stage


async def talking(call: LiveCall) -> Stage | None:
    """Caller and agent talk, and whoever else is brought in, until it ends or he waits again."""
    came_of_it = await talk(call)
    if isinstance(came_of_it, Waits):
        return waiting_in(came_of_it.queue, sentence=came_of_it.sentence)
    await finish(call, came_of_it.reason)
    return None


async def message(call: LiveCall) -> Stage | None:
    """Nobody could come: the caller's words become a ticket, and he is rung back."""
    await call.say_whole("leave_message", "beep")
    settings = call.parts.settings
    row = msgspec.structs.replace(call.row, stage="message")
    call.row = await call.keep(row, doors.leave_message, call.id, ZoneInfo(settings.zone))
    until = asyncio.get_running_loop().time() + settings.recording.max_message_s
    while (happening := await call.next(until)) is not None:
        if isinstance(happening, Pressed) and happening.key == "#":
            break
    await call.say_whole("message_thanks")
    await finish(call, "message_left")
    return None


async def blocked(call: LiveCall) -> Stage | None:
    """A blocked number hears why nobody answers, and the call is kept like any other."""
    call.ends_because = "blocked"
    await call.note("blocked")
    await call.say_whole("blocked")
    await finish(call, "blocked")
    return None


def is_open(call: LiveCall, line: Line) -> bool:
    """Whether the line is staffed now, by its hours and the place's working calendar."""
    settings = call.parts.settings
    table = next((h for h in settings.hours if h.name == line.hours), None)
    if table is None:
        return True
    now = datetime.now(ZoneInfo(settings.zone))
    calendar, half_closes = call.parts.days.calendar, settings.clocks.half_closes
    return hours.staffing(table, now, calendar, half_closes).open


async def closed(call: LiveCall, line: Line) -> Stage | None:
    """Outside the hours: the other greeting, and the other destination."""
    table = next(h for h in call.parts.settings.hours if h.name == line.hours)
    await call.note("closed")
    await call.say_whole(table.closed_greeting)
    if table.closed_queue is not None:
        return waiting_in(table.closed_queue)
    return message


async def finish(call: LiveCall, reason: str) -> None:
    """Both sides hang up, the seat comes free, the record is complete."""
    parts = call.parts
    queue = call.row.queue
    if reason == "caller_hung_up" and call.row.direction == "out":
        reason = "callee_hung_up"
    ended = await asyncio.shield(call.end(reason))
    hang_up_others(call)
    if not call.gone:
        call.spawn(call.hang_up(), "hang up the caller")
    if call.row.bridge is not None:
        call.spawn(parts.client.bridge(call.row.bridge).destroy(), "destroy the bridge")
    if ended is not None:
        call.row = ended
        if ended.talk_ms is not None and ended.ended_ms is not None and queue:
            parts.floor.talked(queue, (ended.ended_ms - ended.talk_ms) / 1000)
    parts.recorder.file_later(call.id)
    call.refuse_left()
    await call.settled()


def hang_up_others(call: LiveCall) -> None:
    """Everybody but the caller is off the line."""
    channels = call.legs | ({call.seat_channel} if call.seat_channel else set())
    for channel in channels:
        call.spawn(call.parts.client.channel(channel).hangup("normal"), "hang up a leg")


async def give_to_fallback(call: LiveCall) -> None:
    """We failed and the caller must not pay for it: the dialplan takes him over.

    It plays music, rings seats by itself and comes back to us, in the caller's old place.
    """
    try:
        row = msgspec.structs.replace(call.row, seat_id=None, seat_channel=None, conversation=None)
        call.row = await asyncio.shield(call.keep(row, doors.lose_seat, call.id))
    except Exception:
        log.exception("call %s: what became of it could not be written", call.id)
    hang_up_others(call)
    if not call.gone:
        call.spawn(call.channel.continue_in_dialplan(), "hand over")
    call.refuse_left()
    await call.settled()
