"""Sentences to sound by espeak-ng, run as a program of its own (it is GPL and stays outside)."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np

from ivr.speech.errors import SpeakerFailed, SpeakerMissing
from ivr.speech.wav import Samples

_PROGRAM = "espeak-ng"
_LIMIT_S = 60.0
"""A sentence takes some milliseconds; this only ends a program that hangs."""
_HEADER_BYTES = 44
_RATE_AT = slice(24, 28)


def speak(text: str, voice: str, rate: int) -> tuple[Samples, int]:
    """The sentence as 16-bit mono samples, and their rate in hertz (22050).

    `rate` counts words a minute. SpeakerMissing when espeak-ng is not there, SpeakerFailed when
    it refuses.
    """
    # -b 1: the text is UTF-8, whatever the locale says. By stdin no sentence becomes an option.
    wav = _run("-b", "1", "-v", voice, "-s", str(rate), "--stdout", "--stdin", text=text)
    if len(wav) <= _HEADER_BYTES or wav[:4] != b"RIFF":
        raise SpeakerFailed(f"espeak-ng gave no sound for the voice {voice!r}")
    rate_hz = int.from_bytes(wav[_RATE_AT], "little")
    samples = np.frombuffer(wav[_HEADER_BYTES : len(wav) // 2 * 2], dtype="<i2")
    return samples.astype(np.int16), rate_hz


def phonemes(text: str, voice: str) -> str:
    """How espeak-ng reads a sentence, in its own notation: one group a syllable."""
    return _run("-b", "1", "-v", voice, "-q", "-x", "--stdin", text=text).decode("utf-8").strip()


def check_voice(voice: str) -> None:
    """SpeakerFailed when espeak-ng has no such voice; it takes a wrong +variant without a word."""
    _, _, variant = voice.partition("+")
    if variant:
        variants = _run("--voices=variant").decode("utf-8", errors="replace").split()
        if f"!v/{variant}" not in variants:
            raise SpeakerFailed(f"espeak-ng has no voice variant {variant!r} (of {voice!r})")
    _run("-v", voice, "-q", "--stdin")


def _run(*arguments: str, text: str = "") -> bytes:
    program = shutil.which(_PROGRAM)
    if program is None:
        raise SpeakerMissing
    try:
        done = subprocess.run(
            [program, *arguments],
            # Ubuntu 24.04's loses the end of a text that no newline closes.
            input=f"{text}\n".encode(),
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SpeakerFailed(f"espeak-ng did not end within {_LIMIT_S:g} s") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", errors="replace").strip() or "no reason given"
        raise SpeakerFailed(f"espeak-ng failed: {said}")
    return done.stdout
