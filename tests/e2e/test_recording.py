"""The recording: two sides, pauses, and what happens when it can't be written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from db.models import recording_mark
from hotline.testphone import hearing
from hotline.testphone.alaw import Samples
from tests.support.copy import WITHIN_S, Copy, running_copy
from tests.support.steps import ask, hear_each_other, sides, talking
from tests.support.tones import CITIZEN_HZ, SEAT_HZ

pytestmark = pytest.mark.integration


@pytest.fixture
async def copy() -> AsyncIterator[Copy]:
    """One for each test: they spoil its disk."""
    async with running_copy() as running:
        yield running


async def test_given_recording_paused_when_both_speak_then_nothing_of_it_is_kept(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    secret_hz = 1750.0
    async with talking(copy, seat) as (citizen, call):
        row = await copy.call_of(citizen, stage="talking")
        assert (await ask(copy, seat, row.id, "pause_recording")).state == "done"
        # As long as it takes: of what is said once a busy machine may lose a tenth too many.
        citizen.say_tone(secret_hz, WITHIN_S)
        call.say_tone(secret_hz, WITHIN_S)
        for ear in (citizen.media, call.media):
            await ear.hears(
                lambda ear=ear: hearing.tone_seconds(ear.heard(), secret_hz) > 0.8,  # type: ignore[misc]
                WITHIN_S,
            )
        citizen.media.hush()
        call.media.hush()
        # What was said last must have gone through before the recording listens again.
        for ear in (citizen.media, call.media):
            await ear.hears(lambda ear=ear: ear.level_dbfs(0.3) < -50, WITHIN_S)  # type: ignore[misc]
        assert (await ask(copy, seat, row.id, "resume_recording")).state == "done"
        await hear_each_other(citizen, call, seconds=1.0)
        await citizen.hang_up()
    row = await copy.complete(citizen, "caller_hung_up")
    left, right = sides(copy, await copy.recording_of(row.id))
    for side, hz in ((left, CITIZEN_HZ), (right, SEAT_HZ)):
        assert not hearing.has_tone(side, secret_hz)
        assert hearing.tone_seconds(side, hz) >= 0.7
        assert _longest_silence_s(side) >= 0.8
    marks = select(recording_mark.c.kind).order_by(recording_mark.c.id)
    assert await copy.db.read(lambda c: list(c.execute(marks).scalars())) == ["pause", "resume"]


async def test_given_recording_that_can_not_be_written_when_they_talk_then_call_goes_on(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    spool = copy.settings.spool
    spool.rename(spool.with_name("spool-away"))
    spool.symlink_to("/proc/nowhere")
    async with talking(copy, seat) as (citizen, call):
        row = await copy.call_of(citizen, stage="talking")
        await copy.until(
            lambda conn: copy.recording_problem(conn, row.id), what="the problem is shown"
        )
        await hear_each_other(citizen, call)
        await citizen.hang_up()
    row = await copy.complete(citizen, "caller_hung_up")
    recording = await copy.recording_of(row.id, "failed")
    assert recording.problem is not None
    assert "recording_problem" in await copy.events_of(row.id)


async def test_given_full_disk_when_they_talk_then_call_goes_on_and_it_is_shown(
    copy: Copy,
) -> None:
    seat = await copy.seat()
    with full_disk(copy.settings.spool):
        async with talking(copy, seat) as (citizen, call):
            row = await copy.call_of(citizen, stage="talking")
            await hear_each_other(citizen, call, seconds=1.0)
            await copy.until(
                lambda conn: copy.recording_problem(conn, row.id), what="the problem is shown"
            )
            await hear_each_other(citizen, call)
            await citizen.hang_up()
        await copy.complete(citizen, "caller_hung_up")


@contextmanager
def full_disk(directory: Path) -> Iterator[None]:
    """The directory as a disk of its own, without one byte left on it."""
    if os.geteuid() != 0:
        pytest.skip("a full disk is made with mount, which takes root")
    words = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(directory)]
    mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"this machine does not let us mount: {mounted.stderr.strip()}")
    try:
        (directory / "filler").write_bytes(b"\0" * 16384)
        yield
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


def _longest_silence_s(side: Samples) -> float:
    """The longest stretch, in steps of a tenth of a second, of nothing at all."""
    longest = running = 0
    for start in range(0, side.size - 800, 800):
        quiet = hearing.level_dbfs(np.asarray(side[start : start + 800])) < -60
        running = running + 1 if quiet else 0
        longest = max(longest, running)
    return longest / 10
