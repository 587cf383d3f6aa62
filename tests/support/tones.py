"""Announcements as tones: each sentence is one pitch, so a test hears which one is played."""

from __future__ import annotations

import wave
from pathlib import Path

from config.model import Settings
from hotline.testphone import alaw, hearing

CITIZEN_HZ = 350.0
"""What citizens say in tests."""
SEAT_HZ = 2900.0
"""What seats say in tests."""
DIGITS_HZ = 2800.0
"""Every spoken number."""

LENGTH_S = 0.6
_LONGER_S = {"greeting": 2.5, "menu": 1.5, "blocked": 1.5, "wrong_key": 1.5, "no_key": 1.5}
"""What a key is pressed into must still be playing then, on however busy a machine."""
_LOWEST_HZ, _STEP_HZ = 500.0, 60.0


def pitches(settings: Settings) -> dict[str, float]:
    """The pitch of each sentence of the settings, in Hz, far enough apart to be told."""
    names = sorted(settings.announcements.texts)
    return {name: _LOWEST_HZ + _STEP_HZ * n for n, name in enumerate(names)}


def record(settings: Settings, directory: Path) -> dict[str, float]:
    """Write the recorded announcements; a recorded file wins over the text."""
    (directory / "digits").mkdir(parents=True, exist_ok=True)
    found = pitches(settings)
    assert max(found.values()) < DIGITS_HZ - _STEP_HZ, "no room for one more sentence"
    for name, hz in found.items():
        _write(directory / f"{name}.wav", hz, _LONGER_S.get(name, LENGTH_S))
    for number in [*range(100), "many"]:
        _write(directory / "digits" / f"{number}.wav", DIGITS_HZ, 0.3)
    return found


def _write(path: Path, hz: float, seconds: float) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(alaw.RATE_HZ)
        file.writeframes(hearing.tone(hz, seconds).astype("<i2").tobytes())
