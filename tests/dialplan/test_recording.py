"""The recording that the dialplan starts: in step, pausable, and never the end of a call."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ivr.ami import Ami, AmiRefused
from tests.dialplan.conftest import no_call_left, until
from tests.dialplan.sipp import FRAME, RATE_HZ, Sound, ear, purely, sipp, stereo, tone
from tests.support.asterisk import Running, running_asterisk

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

BYTES_A_SECOND = RATE_HZ * 2 * 2
BLOCK_S = 32 * 1024 / BYTES_A_SECOND
"""Asterisk writes in blocks: so much may have been recorded already and not be in the file yet."""


async def test_when_paused_then_silence_keeps_the_time(asterisk: Running, ami: Ami) -> None:
    spooled = set(asterisk.settings.spool.glob("*.raw"))
    async with (
        no_call_left(asterisk),
        ear(tone(440)) as caller,
        sipp("caller", sip_port=asterisk.sip_port, ear_port=caller.port, hold_s=9) as calls,
    ):
        await until(lambda: bool(set(asterisk.settings.spool.glob("*.raw")) - spooled))
        (recording,) = set(asterisk.settings.spool.glob("*.raw")) - spooled
        (channel,) = await asterisk.channels()

        def written_s() -> float:
            return recording.stat().st_size / BYTES_A_SECOND

        await until(lambda: written_s() > 2)
        await ami.mixmonitor_mute(str(channel["name"]), True)
        paused_at = written_s()
        await until(lambda: written_s() > paused_at + 2)
        # What was written before it was asked for, however late the answer comes, is silence.
        silent_until = written_s()
        await ami.mixmonitor_mute(str(channel["name"]), False)
        resumed_at = written_s()
        await calls.done()
    left, right = stereo(recording)
    assert left.size / RATE_HZ > resumed_at + BLOCK_S + 1
    gap = slice(round((paused_at + BLOCK_S) * RATE_HZ), round(silent_until * RATE_HZ))
    assert gap.stop - gap.start > RATE_HZ / 2
    assert not left[gap].any()
    assert not right[gap].any()
    rest = left[round((resumed_at + BLOCK_S) * RATE_HZ) :]
    assert purely(rest, 440) > 0.5
    assert purely(left[: round(paused_at * RATE_HZ)], 440) > 0.5


async def test_when_the_caller_sends_nothing_then_his_side_is_filled_with_silence(
    asterisk: Running,
) -> None:
    spooled = set(asterisk.settings.spool.glob("*.raw"))
    async with (
        no_call_left(asterisk),
        ear(tone(440)) as caller,
        sipp("caller", sip_port=asterisk.sip_port, ear_port=caller.port, hold_s=7) as calls,
    ):
        await until(lambda: len(caller.heard) > 100)
        caller.silent = True
        frames = len(caller.heard)
        await until(lambda: len(caller.heard) > frames + 100)
        left_out_s = (len(caller.heard) - frames) * FRAME / RATE_HZ
        caller.silent = False
        await calls.done()
    (recording,) = set(asterisk.settings.spool.glob("*.raw")) - spooled
    left, _ = stereo(recording)
    # How long the whole is tells nothing on a busy machine, where packets come too late to be
    # written; were the gap skipped, no silence would be there at all.
    begins, ends = longest_silence(left)
    assert 0.75 < (ends - begins) / RATE_HZ / left_out_s < 1.5
    assert purely(left[:begins], 440) > 0.5
    assert purely(left[ends:], 440) > 0.5


def longest_silence(sound: Sound) -> tuple[int, int]:
    """Where the longest run of silent tenths of a second begins and ends, in samples."""
    tenth = RATE_HZ // 10
    whole = sound[: sound.size // tenth * tenth].reshape(-1, tenth)
    # Sound at either end, so that each silence lies between two.
    loud = np.concatenate(([-1], np.flatnonzero(np.abs(whole).max(axis=1)), [len(whole)]))
    at = int(np.diff(loud).argmax())
    return (int(loud[at]) + 1) * tenth, int(loud[at + 1]) * tenth


async def test_given_a_channel_that_is_gone_when_paused_then_asterisks_words_are_raised(
    ami: Ami,
) -> None:
    with pytest.raises(AmiRefused, match="MixMonitorMute: No such channel"):
        await ami.mixmonitor_mute("PJSIP/trunk-local-ffffffff", True)


async def call_of(asterisk: Running, hold_s: float) -> int:
    """Call and stay; how many frames of sound were heard."""
    async with (
        no_call_left(asterisk),
        ear(tone(440)) as caller,
        sipp("caller", sip_port=asterisk.sip_port, ear_port=caller.port, hold_s=hold_s) as calls,
    ):
        await calls.done()
    return len(caller.heard)


@contextlib.contextmanager
def small_disk(at: Path) -> Iterator[None]:
    """A file system of 64 kB; the test is skipped, with the reason, where none can be mounted."""
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(at)]
    mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def said(asterisk: Running) -> str:
    """What Asterisk has logged; it writes a line a little after what the line tells of."""
    return asterisk.process.log_file.read_text()


async def test_when_the_disk_is_full_then_the_call_goes_on_and_the_file_stops_growing() -> None:
    async with running_asterisk() as asterisk:
        with small_disk(asterisk.settings.spool):
            assert await call_of(asterisk, 5) > 150
            (recording,) = asterisk.settings.spool.glob("*.raw")
            # Two seconds of sound fit, beside what the dialplan notes down.
            assert recording.stat().st_size <= 65_536
            await until(lambda: "No space left on device" in said(asterisk))


def spoil(spool: Path) -> None:
    spool.rmdir()
    spool.write_text("not a directory")


async def test_when_the_spool_can_not_be_written_then_the_call_goes_on_without_a_file() -> None:
    async with running_asterisk() as asterisk:
        spoil(asterisk.settings.spool)
        assert await call_of(asterisk, 2) > 50
        await until(lambda: "app_mixmonitor.c: Cannot open" in said(asterisk))


async def test_when_the_spool_is_gone_then_it_is_made_again() -> None:
    async with running_asterisk() as asterisk:
        asterisk.settings.spool.rmdir()
        assert await call_of(asterisk, 2) > 50
        (recording,) = asterisk.settings.spool.glob("*.raw")
        assert recording.stat().st_size > BYTES_A_SECOND
