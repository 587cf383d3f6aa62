"""Waiting music of our own: a calm loop, synthesised, so that no foreign recording is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

RATE_HZ = 8000
_CHORD_S = 4.0
_LEVEL = 0.16
"""Of full scale: quieter than speech, because sentences are spoken in between."""

# Four soft chords that lead back to the first (frequencies in Hz: C, A minor, F, G).
_CHORDS = (
    (261.63, 329.63, 392.00),
    (220.00, 261.63, 329.63),
    (174.61, 261.63, 349.23),
    (196.00, 246.94, 392.00),
)


def ensure(directory: Path) -> None:
    """Put the loop into `directory` unless a place has put music of its own there."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        return
    temporary = directory / ".calm"
    temporary.write_bytes(loop().tobytes())
    temporary.rename(directory / "calm.sln")


def loop() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """About half a minute, 16 bits at 8 kHz, which ends as it begins."""
    total = round(_CHORD_S * RATE_HZ) * len(_CHORDS) * 2
    sound = np.zeros(total)
    for turn in range(2):
        for at, chord in enumerate(_CHORDS):
            start = (turn * len(_CHORDS) + at) * round(_CHORD_S * RATE_HZ)
            for voice, pitch_hz in enumerate(chord):
                # An arpeggio: the voices enter one after another and fade over the next chord.
                _add(sound, _note(pitch_hz), start + round((voice + turn * 0.5) * 0.6 * RATE_HZ))
    scale = _LEVEL * 32767 / float(np.abs(sound).max())
    return np.asarray(sound * scale, dtype=np.int16)


def _note(pitch_hz: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    time_s = np.arange(round(1.6 * _CHORD_S * RATE_HZ)) / RATE_HZ
    swell = np.minimum(time_s / 0.25, 1.0) * np.exp(-time_s / 1.8)
    tone: np.ndarray[tuple[int], np.dtype[np.float64]] = np.sin(
        2 * np.pi * pitch_hz * time_s
    ) + 0.25 * np.sin(4 * np.pi * pitch_hz * time_s)
    faded: np.ndarray[tuple[int], np.dtype[np.float64]] = tone * swell
    return faded


def _add(
    sound: np.ndarray[tuple[int], np.dtype[np.float64]],
    note: np.ndarray[tuple[int], np.dtype[np.float64]],
    start: int,
) -> None:
    """Add a note; what runs over the end goes on at the beginning, so the loop has no seam."""
    at = (start + np.arange(note.size)) % sound.size
    np.add.at(sound, at, note)
