"""G.711 A-law, the sound of every telephone line here (RTP payload 8)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

RATE_HZ = 8000
SILENCE = 0xD5


def _decode_table() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code & 0x70) >> 4
    step = (code & 0x0F) << 4
    magnitude = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _encode_table(decoded: Samples) -> npt.NDArray[np.uint8]:
    """The nearest code of each of the 65536 sample values, found from the decoder's own."""
    order = np.argsort(decoded, kind="stable")
    levels = decoded[order].astype(np.int32)
    borders = (levels[:-1] + levels[1:] + 1) // 2
    values = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    table: npt.NDArray[np.uint8] = order[np.searchsorted(borders, values, side="right")].astype(
        np.uint8
    )
    return table


_DECODE = _decode_table()
_ENCODE = _encode_table(_DECODE)


def encode(samples: Samples) -> bytes:
    """16-bit samples to A-law bytes."""
    return bytes(_ENCODE[samples.view(np.uint16)])


def decode(payload: bytes) -> Samples:
    """A-law bytes to 16-bit samples."""
    return _DECODE[np.frombuffer(payload, dtype=np.uint8)]
