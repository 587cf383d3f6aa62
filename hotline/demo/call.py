"""The demonstration's call. SIPp dials over the first trunk, as a citizen's call comes in; the
speech is espeak-ng's; what the hotline says of the call is read from its database."""

from __future__ import annotations

import argparse
import asyncio
import secrets

import numpy as np

from config.model import Settings
from db import Database, connect
from db.engine import DatabaseUnavailable, url_of
from hotline.demo import before
from hotline.demo.seat import DemoSeat, answering
from hotline.demo.story import HinderedError, Story
from hotline.demo.watch import TOLD, Watch
from hotline.testphone import Citizen, NotAnswered, SippFailed
from hotline.testphone.alaw import Samples
from ivr.speech import wav
from ivr.speech.errors import SpeechError

ANSWER_LIMIT_S = 10.0
GREETING_LIMIT_S = 15.0
ARRIVAL_LIMIT_S = 10.0
LISTENED_S = 2.0
"""A citizen listens this long to the menu before pressing a key."""
MENU_LIMIT_S = 30.0
FILED_LIMIT_S = 30.0
PAUSE_S = 1.5


def demo_call(settings: Settings, words: argparse.Namespace) -> int:
    """Make one call; 0 when somebody answered it and its recording was settled."""
    try:
        asyncio.run(_demo_call(settings, words))
    except (HinderedError, SippFailed, SpeechError) as hindered:
        print(f"  ✗ {hindered}")
        return 1
    except DatabaseUnavailable:
        print("  ✗ The database does not answer. Start the hotline: make run")
        return 1
    return 0


async def _demo_call(settings: Settings, words: argparse.Namespace) -> None:
    await before.is_running(settings)
    queue = before.queue_behind(settings, words.key)
    database = await connect(url_of(settings.database_url, settings.var))
    try:
        speech = await asyncio.to_thread(before.speech, settings)
        if words.answer:
            async with answering(settings, database, queue) as seat:
                await _call(settings, words, database, speech, seat)
        else:
            await before.somebody_is_free(database, queue)
            await _call(settings, words, database, speech, None)
    finally:
        await database.close()


async def _call(
    settings: Settings,
    words: argparse.Namespace,
    database: Database,
    speech: list[Samples],
    seat: DemoSeat | None,
) -> None:
    story = Story()
    caller = words.caller or f"1380000{secrets.randbelow(10_000):04d}"
    number = settings.lines[0].numbers[0]
    target = (settings.asterisk.host, settings.asterisk.sip_port)
    watch = Watch(database, story, caller)
    try:
        async with Citizen(target, caller=caller, number=number) as citizen:
            story.begin()
            story.tell(f"dialled {number}")
            await _listen_and_press(citizen, watch, story, words.key)
            if seat is not None:
                await seat.answer(words.patience)
            await _reach(citizen, watch, "answered", words.patience)
            await _talk(citizen, speech, seat, words.talk)
            # Told before it is done: the hotline may know of it before our own telephone does.
            by_us = citizen.outcome.end is None
            story.tell("the citizen hangs up" if by_us else "the other side has hung up")
            await citizen.hang_up()
        await _aftermath(watch, story)
    finally:
        await watch.close()


async def _listen_and_press(citizen: Citizen, watch: Watch, story: Story, key: str) -> None:
    try:
        await citizen.answered(ANSWER_LIMIT_S)
    except NotAnswered as refused:
        raise HinderedError(f"The call was not answered ({refused}).") from refused
    except TimeoutError:
        raise HinderedError(f"Asterisk did not answer within {ANSWER_LIMIT_S:.0f} s.") from None
    story.tell("answered")
    try:
        await citizen.media.hears_sound(GREETING_LIMIT_S)
    except TimeoutError:
        raise HinderedError(f"No greeting was heard within {GREETING_LIMIT_S:.0f} s.") from None
    await _reach(citizen, watch, "arrived", ARRIVAL_LIMIT_S)
    story.tell("the greeting is heard")
    await _reach(citizen, watch, "menu", MENU_LIMIT_S)
    await asyncio.sleep(LISTENED_S)
    await citizen.press(key)
    story.tell(f"pressed {key}")


async def _reach(citizen: Citizen, watch: Watch, kind: str, limit_s: float) -> None:
    """Wait for a stage of the call, or say why it will not come."""
    try:
        async with asyncio.timeout(limit_s):
            while kind not in watch.seen:
                if citizen.outcome.end is not None:
                    raise HinderedError(f"The call ended before it came to: {TOLD[kind]}.")
                await watch.next_look()
    except TimeoutError:
        raise HinderedError(f"After {limit_s:.0f} s it had not come to: {TOLD[kind]}.") from None


async def _talk(
    citizen: Citizen, speech: list[Samples], seat: DemoSeat | None, talk_s: float
) -> None:
    """Speak until the time is over or the other side hangs up."""
    pause = np.zeros(round(PAUSE_S * wav.LINE_HZ), np.int16)
    for sentence in speech:
        citizen.say(sentence)
        citizen.say(pause)
    if seat is not None:
        seat.say(speech[-1])
    try:
        await citizen.ended(talk_s)
    except TimeoutError:
        return


async def _aftermath(watch: Watch, story: Story) -> None:
    """The ticket's number and the filed recording."""
    try:
        async with asyncio.timeout(FILED_LIMIT_S):
            while not (watch.recording_told and "ended" in watch.seen):
                await watch.next_look()
    except TimeoutError:
        raise HinderedError(
            f"The recording was not filed within {FILED_LIMIT_S:.0f} s; see the hotline's log."
        ) from None
    story.tell(f"ticket {watch.ticket_number or '(none)'}")
    story.tell(watch.recording_told)
