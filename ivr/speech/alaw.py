"""G.711 A-law, so that a call over an ordinary trunk hears announcements without transcoding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ivr.speech.wav import Samples


def _decoded() -> npt.NDArray[np.int32]:
    """The sample behind each of the 256 codes (ITU-T G.711, table 1a, scaled to 16 bits)."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code & 0x70) >> 4, (code & 0x0F) << 4
    size = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, size, -size)


_LEVELS = _decoded()
_ORDER = np.argsort(_LEVELS)
_BORDERS = (_LEVELS[_ORDER][:-1] + _LEVELS[_ORDER][1:]) / 2


def encode(samples: Samples) -> bytes:
    """One byte a sample, each the nearest code."""
    return _ORDER[np.searchsorted(_BORDERS, samples)].astype(np.uint8).tobytes()


def decode(data: bytes) -> Samples:
    """The samples behind A-law bytes."""
    return _LEVELS[np.frombuffer(data, dtype=np.uint8)].astype(np.int16)
