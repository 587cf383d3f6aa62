"""What is asked before dialling: does the hotline run, is a seat free, what will be said."""

from __future__ import annotations

import aiohttp

from config.model import Settings
from db import Database
from floor import seats
from hotline.address import address_of
from hotline.demo.story import HinderedError
from hotline.testphone.alaw import Samples
from ivr.speech import espeak, wav

HEALTH_LIMIT_S = 5.0

SPEECH = (
    "您好，我们是一家小微企业，想咨询一下稳岗补贴的申请条件。",
    "我们公司去年没有裁员，社会保险也一直按时缴纳。",
    "请问需要准备哪些材料，在哪个窗口办理？",
    "好的，我记下了，谢谢您的耐心解答。",
)


async def is_running(settings: Settings) -> None:
    """Raises HinderedError, naming what is missing."""
    address = address_of(settings)
    limit = aiohttp.ClientTimeout(total=HEALTH_LIMIT_S)
    try:
        # The certificate is made out to the place's public name, and this is the same machine.
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(f"{address}/healthz", ssl=False) as answer,
        ):
            health = await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise HinderedError(
            f"Nothing is running at {address} (settings: {settings.source.name}).\n"
            "    Start the hotline in another terminal: make run"
        ) from error
    unwell = [
        f"{name}: {part['detail']}"
        for name, part in health.items()
        if isinstance(part, dict) and not part.get("ok")
    ]
    if unwell:
        raise HinderedError("The hotline is running but not well: " + "; ".join(unwell))


def queue_behind(settings: Settings, key: str) -> str:
    """The queue behind the key of the first line."""
    queue = settings.lines[0].queue_for(key)
    if queue is None:
        raise HinderedError(f"Key {key} means nothing in the menu of {settings.lines[0].name}.")
    return queue


async def somebody_is_free(database: Database, queue: str) -> None:
    """Raises HinderedError when no seat would be rung, with how the seats stand."""
    skilled = [seat for seat in await database.read(seats.all_seats) if queue in seat.skills]
    if any(seat.state == "available" for seat in skilled):
        return
    now = ", ".join(f"{seat.id} {seat.state}" for seat in skilled) or "none has the skill"
    raise HinderedError(
        f"No seat of the queue {queue} is free (seats: {now}).\n"
        "    Sign in to the console as the agent, allow the microphone and press 示闲, then say\n"
        "    it again; or let the command answer its own call: make demo-call ANSWER=1"
    )


def speech(settings: Settings) -> list[Samples]:
    """What the citizen says, as it goes over the line (blocking; SpeechError)."""
    voice, rate = settings.announcements.voice, settings.announcements.rate
    return [wav.for_line(*espeak.speak(sentence, voice, rate)) for sentence in SPEECH]
