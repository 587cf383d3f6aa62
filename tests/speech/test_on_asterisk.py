"""What a real Asterisk makes of the two files of an announcement."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.testphone import Citizen
from ivr.speech import alaw, wav
from tests.support.asterisk import running_asterisk
from tests.support.settings import make_settings

pytestmark = pytest.mark.integration

ALAW_HZ, SLN_HZ = 1000.0, 600.0


@pytest.mark.parametrize(
    ("suffixes", "heard_hz"),
    [([".sln", ".alaw"], ALAW_HZ), ([".sln"], SLN_HZ), ([".alaw"], ALAW_HZ)],
)
async def test_caller_over_a_trunk_hears_the_a_law_file_and_else_the_other(
    tmp_path: Path, suffixes: list[str], heard_hz: float
) -> None:
    """Each file is another tone, so that the caller's telephone tells which one is played."""
    settings = make_settings(tmp_path)
    sounds = settings.sounds / "zh"
    sounds.mkdir(parents=True)
    data = {
        ".sln": wav.beep(SLN_HZ, length_s=2).astype("<i2").tobytes(),
        ".alaw": alaw.encode(wav.beep(ALAW_HZ, length_s=2)),
    }
    for suffix in suffixes:
        (sounds / f"system_busy{suffix}").write_bytes(data[suffix])
    # No controller answers here, so the dialplan says that the system is busy.
    async with (
        running_asterisk(settings=settings) as asterisk,
        Citizen(("127.0.0.1", asterisk.sip_port)) as citizen,
    ):
        answered_at = await citizen.answered()
        await citizen.hears_tone(heard_hz, within_s=10, since=answered_at)
