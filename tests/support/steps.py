"""Steps that many end-to-end tests take, named by what people do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import soundfile
from sqlalchemy import Connection

from floor import requests
from floor.requests import Request
from hotline.testphone import Citizen, SeatCall, hearing
from hotline.testphone.alaw import Samples
from recordings.catalogue import Recording
from tests.support.copy import WITHIN_S, Copy, SeatAt
from tests.support.tones import CITIZEN_HZ, SEAT_HZ


@asynccontextmanager
async def waiting_citizen(copy: Copy, key: str = "1") -> AsyncIterator[Citizen]:
    """A citizen who pressed a key in the greeting and now waits (or is being served)."""
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "greeting")
        await citizen.press(key)
        await copy.until(
            lambda conn: copy.newest_of(conn, citizen, queued=True), what="the citizen waits"
        )
        yield citizen


@asynccontextmanager
async def talking(copy: Copy, seat: SeatAt) -> AsyncIterator[tuple[Citizen, SeatCall]]:
    """A citizen and a seat who hear each other."""
    async with copy.citizen() as citizen:
        await hears(copy, citizen, "greeting")
        await citizen.press("1")
        call = await seat.rung()
        await call.answer()
        await hear_each_other(citizen, call)
        await copy.call_of(citizen, stage="talking")
        yield citizen, call


async def hears(
    copy: Copy, citizen: Citizen, sentence: str, within_s: float = WITHIN_S, since: float = 0.0
) -> float:
    """The citizen hears an announcement, known by its pitch; the time it was known."""
    try:
        return await citizen.hears_tone(copy.pitch[sentence], within_s, since)
    except TimeoutError:
        raise AssertionError(f"{sentence!r} was not heard\n{copy.log()}") from None


async def hear_each_other(citizen: Citizen, call: SeatCall, seconds: float = 0.4) -> None:
    """Both say their tones until each has heard the other's for so long."""
    start = citizen.media.now()
    citizen.say_tone(CITIZEN_HZ, WITHIN_S)
    call.say_tone(SEAT_HZ, WITHIN_S)
    ears = ((citizen.media, SEAT_HZ), (call.media, CITIZEN_HZ))
    try:
        for ear, hz in ears:
            await ear.hears(
                lambda ear=ear, hz=hz: (  # type: ignore[misc]
                    hearing.tone_seconds(ear.heard(start), hz) >= seconds
                ),
                WITHIN_S,
            )
    finally:
        citizen.media.hush()
        call.media.hush()


async def picked_up(copy: Copy, call: SeatCall) -> bool:
    """Whether an answer that no controller heard brought two together, where nobody else talks;
    else the telephone was let go. Until one of both is so, neither can be told.
    """
    await copy.until(lambda conn: call.end or copy.talking_call(conn), what="she is served")
    return call.end is None


async def ask(copy: Copy, seat: SeatAt, call_id: str, verb: str, **args: object) -> Request:
    """Press a button of the console; what came of it."""
    put = await copy.db.write(requests.put, seat.account_id, call_id, verb, args)

    def settled(conn: Connection) -> Request | None:
        found = requests.get(conn, put.id)
        return found if found is not None and found.state in ("done", "refused") else None

    return await copy.until(settled, what=f"answer to {verb}")


def sides(copy: Copy, recording: Recording) -> tuple[Samples, Samples]:
    """The two sides of a filed recording: the caller's, and everybody else's."""
    assert recording.path is not None
    sound, rate = soundfile.read(copy.settings.vault / recording.path, dtype="int16")
    assert rate == 8000
    assert sound.shape[1] == 2
    return np.ascontiguousarray(sound[:, 0]), np.ascontiguousarray(sound[:, 1])
