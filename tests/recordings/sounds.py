"""Raw sound as Asterisk interleaves it, and looking for tones in what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE_HZ = 8000
CALLER_HZ, AGENT_HZ = 440.0, 1000.0

Samples = np.ndarray[Any, np.dtype[np.int16]]


def two_sided(seconds: float) -> Samples:
    """The caller's tone on the left, everybody else's on the right."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sides = [12_000 * np.sin(2 * np.pi * hz * at) for hz in (CALLER_HZ, AGENT_HZ)]
    return np.stack(sides, axis=1).astype(np.int16)


def write_raw(path: Path, sound: Samples) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound.astype("<i2").tobytes())
    return path


def strength(side: Samples, hz: float) -> float:
    """How much of a tone is in a side: 1 for nothing else, 0 for nothing of it."""
    spectrum = np.abs(np.fft.rfft(side.astype(float)))
    wanted = round(hz * len(side) / RATE_HZ)
    return float((spectrum[wanted - 2 : wanted + 3] ** 2).sum() / (spectrum**2).sum())


def read_back(path: Path) -> tuple[Samples, int]:
    """The sound of a filed recording at 8 kHz, and the rate it was kept at."""
    sound, rate = soundfile.read(path, dtype="int16")
    return sound, rate
