"""Sound as a telephone line takes it: 8 kHz, mono, 16 bits; and recorded files made fit for it.

Arrays are int16 samples unless said otherwise. Levels are in dBFS, root mean square over what is
spoken.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

# By name: numpy loads it at its first use, and threads that use it first at one time recurse until
# they fail (CPython's issue 149728). Announcements are rendered by a thread a core.
from numpy import fft

from ivr.speech.errors import UnfitSound

Samples = npt.NDArray[np.int16]
_Waves = npt.NDArray[np.float64]

LINE_HZ = 8000
SPEECH_DBFS = -19.0
"""Level of rendered speech: as loud as people on the line, with room for its peaks."""
_PEAK_DBFS = -2.0
_FRAME = LINE_HZ // 50
_BAND_HZ = (3600.0, 3950.0)
_KEPT_BEFORE_S, _KEPT_AFTER_S = 0.03, 0.12
_FADE_S = 0.005

RATES_HZ = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
_SUBTYPES = ("PCM_16", "PCM_24")
SHORTEST_S, LONGEST_S = 0.1, 180.0
QUIETEST_DBFS = -45.0
_CLIPPED_SHARE = 0.001


def resample(waves: _Waves, rate_hz: int) -> _Waves:
    """From `rate_hz` to 8 kHz, band limited, in one piece."""
    if rate_hz == LINE_HZ:
        return waves
    # Silence of a tenth of a second keeps the end from leaking into the beginning.
    padded = np.concatenate([waves, np.zeros(rate_hz // 10)])
    length = round(padded.size * LINE_HZ / rate_hz)
    spectrum = fft.rfft(padded)[: length // 2 + 1]
    hertz = np.arange(spectrum.size) * rate_hz / padded.size
    low, high = _BAND_HZ
    spectrum *= 0.5 + 0.5 * np.cos(np.pi * np.clip((hertz - low) / (high - low), 0, 1))
    resampled: _Waves = fft.irfft(spectrum, length) * (LINE_HZ / rate_hz)
    return resampled[: round(waves.size * LINE_HZ / rate_hz)]


def level_dbfs(samples: Samples) -> float:
    """How loud the speech in it is: frames far below the loudest are pauses and don't count."""
    return _level(samples.astype(np.float64) / 32768)


def _level(waves: _Waves) -> float:
    frames = waves[: waves.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    powers = np.square(frames).mean(axis=1) if frames.size else np.zeros(1)
    loud = powers[powers > powers.max() / 1000]
    return 10 * float(np.log10(loud.mean())) if loud.size else -120.0


def for_line(samples: Samples, rate_hz: int) -> Samples:
    """Rendered speech at the line's rate and level, without the silence around it."""
    waves = _trimmed(resample(samples.astype(np.float64) / 32768, rate_hz))
    if not waves.any():
        return np.zeros(0, np.int16)
    gain = 10 ** ((SPEECH_DBFS - _level(waves)) / 20)
    gain = min(gain, 10 ** (_PEAK_DBFS / 20) / float(np.abs(waves).max()))
    return _to_samples(waves * gain)


def _trimmed(waves: _Waves) -> _Waves:
    heard = np.flatnonzero(np.abs(waves) > np.abs(waves).max(initial=0.0) / 100)
    if not heard.size:
        return waves
    start = max(0, int(heard[0]) - round(_KEPT_BEFORE_S * LINE_HZ))
    cut = waves[start : int(heard[-1]) + round(_KEPT_AFTER_S * LINE_HZ)].copy()
    ramp = np.linspace(0, 1, min(cut.size, round(_FADE_S * LINE_HZ)))
    cut[: ramp.size] *= ramp
    cut[cut.size - ramp.size :] *= ramp[::-1]
    return cut


def _to_samples(waves: _Waves) -> Samples:
    return np.clip(np.rint(waves * 32767), -32768, 32767).astype(np.int16)


def beep(hertz: float = 1000.0, length_s: float = 0.4, dbfs: float = -14.0) -> Samples:
    """The tone after which a caller speaks."""
    at = np.arange(round(length_s * LINE_HZ)) / LINE_HZ
    edge = np.minimum(1, np.minimum(at, at[::-1]) / 0.01)
    return _to_samples(np.sin(2 * np.pi * hertz * at) * edge * np.sqrt(2) * 10 ** (dbfs / 20))


def read_recorded(path: Path) -> Samples:
    """A recorded announcement at the line's rate; UnfitSound says why it can't be used."""
    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, OSError) as error:
        raise UnfitSound("no WAV file that can be read") from error
    if info.format not in ("WAV", "WAVEX") or info.subtype not in _SUBTYPES:
        raise UnfitSound(f"{info.format} {info.subtype}, expected WAV with 16 or 24 bits PCM")
    if info.channels != 1:
        raise UnfitSound(f"{info.channels} channels, expected 1")
    if info.samplerate not in RATES_HZ:
        rates = ", ".join(map(str, RATES_HZ))
        raise UnfitSound(f"{info.samplerate} Hz, expected one of {rates}")
    if not SHORTEST_S <= info.duration <= LONGEST_S:
        raise UnfitSound(f"{info.duration:.2f} s long, expected {SHORTEST_S:g} to {LONGEST_S:g}")
    waves, rate_hz = soundfile.read(str(path), dtype="float64")
    if np.count_nonzero(np.abs(waves) > 0.9999) > _CLIPPED_SHARE * waves.size:
        raise UnfitSound("overdriven: many samples at full scale, expected some head-room")
    line = resample(waves, rate_hz)
    if _level(line) < QUIETEST_DBFS:
        raise UnfitSound(f"silence ({_level(line):.0f} dBFS), expected speech")
    peak = float(np.abs(line).max())
    return _to_samples(line / max(1.0, peak))
