"""What can be told of a stretch of sound: how loud it is, and which tone is in it."""

from __future__ import annotations

import math

import numpy as np

from hotline.testphone.alaw import RATE_HZ, Samples

SILENCE_DBFS = -120.0
_WINDOW = RATE_HZ // 10
_AUDIBLE_DBFS = -45.0


def level_dbfs(samples: Samples) -> float:
    """RMS level; 0 is the loudest square wave there can be, -120 stands for nothing at all."""
    if samples.size == 0:
        return SILENCE_DBFS
    rms = math.sqrt(float(np.mean(np.square(samples.astype(np.float64)))))
    return 20 * math.log10(rms / 32768) if rms > 0.03 else SILENCE_DBFS


def tone_share(samples: Samples, hz: float) -> float:
    """Which share (0..1) of the sound's power lies at `hz` (Goertzel's single bin)."""
    if samples.size == 0:
        return 0.0
    sound = samples.astype(np.float64)
    power = float(np.sum(np.square(sound)))
    if power == 0.0:
        return 0.0
    turns = np.exp(-2j * math.pi * hz / RATE_HZ * np.arange(sound.size))
    bin_power = abs(complex(np.dot(sound, turns))) ** 2
    return min(1.0, 2 * bin_power / (sound.size * power))


def has_tone(samples: Samples, hz: float, share: float = 0.5) -> bool:
    """True when some tenth of a second is audible and mostly the tone `hz`."""
    starts = range(0, samples.size - _WINDOW + 1, _WINDOW // 2)
    return any(_is_tone(samples[start : start + _WINDOW], hz, share) for start in starts)


def tone_seconds(samples: Samples, hz: float, share: float = 0.5) -> float:
    """For how long, in steps of a tenth of a second, the tone `hz` is what is heard."""
    starts = range(0, samples.size - _WINDOW + 1, _WINDOW)
    return sum(_is_tone(samples[s : s + _WINDOW], hz, share) for s in starts) * _WINDOW / RATE_HZ


def _is_tone(window: Samples, hz: float, share: float) -> bool:
    return level_dbfs(window) > _AUDIBLE_DBFS and tone_share(window, hz) >= share


def tone(hz: float, seconds: float, dbfs: float = -12.0) -> Samples:
    """A sine of `hz` at the RMS level `dbfs`."""
    amplitude = 32768 * 10 ** (dbfs / 20) * math.sqrt(2)
    turns = 2 * math.pi * hz / RATE_HZ * np.arange(round(seconds * RATE_HZ))
    samples: Samples = np.round(amplitude * np.sin(turns)).astype(np.int16)
    return samples
