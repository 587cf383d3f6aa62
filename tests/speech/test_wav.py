"""Sound made fit for the line, and recordings that are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.speech import alaw, wav
from ivr.speech.errors import UnfitSound
from ivr.speech.wav import Samples


def tone(hertz: float, rate_hz: int = 22050, length_s: float = 1.0, size: float = 0.2) -> Samples:
    at = np.arange(round(rate_hz * length_s)) / rate_hz
    return (np.sin(2 * np.pi * hertz * at) * size * 32767).astype(np.int16)


def loudest_hz(samples: Samples, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum)) * rate_hz / samples.size


def test_threads_need_load_nothing_when_they_render_the_first_sentences() -> None:
    """What two threads load at one time through an attribute of numpy fails now and then."""
    asked = "import numpy, ivr.speech.wav; assert 'fft' in vars(numpy), sorted(vars(numpy))"
    subprocess.run([sys.executable, "-c", asked], check=True, timeout=60)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000])
def test_tone_keeps_pitch_length_and_level(rate_hz: int) -> None:
    waves = tone(1000, rate_hz).astype(np.float64)
    line = wav.resample(waves, rate_hz)
    assert line.size == 8000
    assert abs(loudest_hz(line.astype(np.int16), 8000) - 1000) < 3
    assert np.std(line[800:-800]) == pytest.approx(np.std(waves), rel=0.01)


def test_what_a_line_can_not_carry_is_taken_out_and_not_folded_back() -> None:
    line = wav.resample(tone(6000).astype(np.float64), 22050)
    assert np.abs(line[800:-800]).max() < 20


def test_rendered_speech_has_its_level_and_no_silence_around() -> None:
    quiet = np.concatenate([np.zeros(22050, np.int16), tone(440, size=0.01), np.zeros(9000)])
    line = wav.for_line(quiet.astype(np.int16), 22050)
    assert wav.level_dbfs(line) == pytest.approx(wav.SPEECH_DBFS, abs=0.5)
    assert 1.0 < line.size / 8000 < 1.2
    assert line[0] == line[-1] == 0


def test_loud_peaks_are_never_cut() -> None:
    spiky = tone(440, size=0.01)
    spiky[5000:5005] = 32000
    line = wav.for_line(spiky, 22050)
    assert 20000 < np.abs(line.astype(np.int32)).max() < 27000


def test_silence_stays_empty() -> None:
    assert wav.for_line(np.zeros(8000, np.int16), 22050).size == 0


def test_a_law_is_that_of_the_standard(tmp_path: Path) -> None:
    samples = np.arange(-32768, 32768, 7).astype(np.int16)
    path = tmp_path / "x.alaw"
    path.write_bytes(alaw.encode(samples))
    decoded, _ = soundfile.read(
        path, samplerate=8000, channels=1, format="RAW", subtype="ALAW", dtype="int16"
    )
    assert np.array_equal(decoded, alaw.decode(path.read_bytes()))
    error = np.abs(decoded.astype(np.int32) - samples)
    assert np.all(error <= np.maximum(8, np.abs(samples.astype(np.int32)) // 16))


def write(path: Path, samples: Samples, rate_hz: int, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples, rate_hz, subtype=subtype, format="WAV")
    return path


@pytest.mark.parametrize("rate_hz", wav.RATES_HZ)
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_good_recording_is_taken(tmp_path: Path, rate_hz: int, subtype: str) -> None:
    line = wav.read_recorded(write(tmp_path / "x.wav", tone(440, rate_hz), rate_hz, subtype))
    assert line.size == pytest.approx(8000, abs=2)
    assert abs(loudest_hz(line, 8000) - 440) < 3


@pytest.mark.parametrize(
    ("samples", "rate_hz", "subtype", "reason"),
    [
        (np.column_stack([tone(440)] * 2), 22050, "PCM_16", "2 channels, expected 1"),
        (tone(440, 11025), 11025, "PCM_16", "11025 Hz, expected one of 8000, 16000"),
        (tone(440), 22050, "PCM_U8", "WAV PCM_U8, expected WAV with 16 or 24 bits PCM"),
        (tone(440), 22050, "ALAW", "WAV ALAW, expected WAV with 16 or 24 bits PCM"),
        (tone(440, length_s=0.05), 22050, "PCM_16", "0.05 s long, expected 0.1 to 180"),
        (tone(440, 8000, length_s=181), 8000, "PCM_16", "181.00 s long"),
        (np.zeros(22050, np.int16), 22050, "PCM_16", "silence (-120 dBFS), expected speech"),
        (tone(440, size=0.002), 22050, "PCM_16", "silence (-57 dBFS)"),
        (np.sign(tone(440)) * 32767, 22050, "PCM_16", "overdriven"),
    ],
)
def test_unfit_recording_is_refused_with_its_reason(
    tmp_path: Path, samples: Samples, rate_hz: int, subtype: str, reason: str
) -> None:
    path = write(tmp_path / "x.wav", samples.astype(np.int16), rate_hz, subtype)
    with pytest.raises(UnfitSound) as caught:
        wav.read_recorded(path)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all", bytes(2000)])
def test_file_that_is_no_wav_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(UnfitSound, match="no WAV file that can be read"):
        wav.read_recorded(path)
