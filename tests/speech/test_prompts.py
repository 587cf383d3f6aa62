"""Announcements from text to files, by the real espeak-ng."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from config.load import DEFAULT, load
from config.model import Announcements, Settings
from ivr.speech import alaw, espeak, wav, words
from ivr.speech.errors import (
    SpeakerFailed,
    SpeakerMissing,
    UnfitSounds,
    UnknownPrompt,
    Unwritable,
)
from ivr.speech.prompts import Prompts
from ivr.speech.wav import Samples

SHIPPED: dict[str, str] = tomllib.loads(DEFAULT.read_text(encoding="utf-8"))["announcements"][
    "texts"
]
HANZI = re.compile(r"[\u4e00-\u9fff]")
COUNTED = 100
TONE_AND_MANY = 2


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The shipped settings, their announcements rendered."""
    directory = tmp_path_factory.mktemp("shipped")
    (directory / "hotline.toml").touch()
    settings = load(directory / "hotline.toml", {})
    Prompts(settings).render()
    return settings


Place = Callable[..., Settings]


@pytest.fixture
def place(tmp_path: Path, shipped: Settings) -> Place:
    """A place with two sentences of its own; further fields of its announcements by name.

    Its numbers are there already, unless it is `empty`.
    """

    def build(*, empty: bool = False, **fields: object) -> Settings:
        if not empty and not (tmp_path / "var").exists():
            shutil.copytree(shipped.sounds, tmp_path / "var" / "sounds")
        texts = {"first": "您好。", "second": "再见。"}
        own = Announcements("cmn-latn-pinyin", 165, tmp_path / "recorded", texts)
        own.recorded.mkdir(exist_ok=True)
        return replace(
            shipped,
            var=tmp_path / "var",
            announcements=replace(own, **fields),  # type: ignore[arg-type]
        )

    return build


def sound(prompts: Prompts, name: str) -> Samples:
    return np.fromfile(prompts.media(name).removeprefix("sound:") + ".sln", dtype="<i2")


def record(settings: Settings, name: str, length_s: float = 1.0, rate_hz: int = 16000) -> None:
    at = np.arange(round(rate_hz * length_s)) / rate_hz
    path = settings.announcements.recorded / f"{name}.wav"
    soundfile.write(path, np.sin(at * 2 * np.pi * 440) * 0.2, rate_hz, subtype="PCM_16")


class TestShipped:
    @pytest.mark.parametrize("name", SHIPPED)
    def test_sentence_lasts_as_long_as_it_takes_to_say(self, shipped: Settings, name: str) -> None:
        syllables = len(HANZI.findall(words.spoken(SHIPPED[name])))
        length_s = Prompts(shipped).length_s(name)
        assert 0.15 < length_s / syllables < 0.42

    @pytest.mark.parametrize("name", SHIPPED)
    def test_sentence_has_the_level_of_speech(self, shipped: Settings, name: str) -> None:
        samples = sound(Prompts(shipped), name)
        assert wav.level_dbfs(samples) == pytest.approx(wav.SPEECH_DBFS, abs=2)
        assert np.abs(samples.astype(np.int32)).max() < 27000

    @pytest.mark.parametrize("name", SHIPPED)
    def test_sentence_is_read_in_mandarin(self, name: str) -> None:
        """Every Hanzi is one syllable with a tone; nothing is spelled or read in English."""
        text = words.spoken(SHIPPED[name])
        said = espeak.phonemes(text, "cmn-latn-pinyin")
        assert "(" not in said
        assert len(re.findall(r"\d+[nN]?_\|", said)) == len(HANZI.findall(text))

    def test_a_law_is_the_same_sound(self, shipped: Settings) -> None:
        prompts = Prompts(shipped)
        path = Path(prompts.media("greeting").removeprefix("sound:") + ".alaw")
        samples = sound(prompts, "greeting")
        assert path.read_bytes() == alaw.encode(samples)
        assert path.stat().st_size == samples.size == round(prompts.length_s("greeting") * 8000)

    @pytest.mark.parametrize(("number", "name"), [(0, "0"), (2, "2"), (99, "99"), (100, "many")])
    def test_number_is_one_sound(self, shipped: Settings, number: int, name: str) -> None:
        prompts = Prompts(shipped)
        (media,) = prompts.number(number)
        assert media == f"sound:{shipped.sounds}/zh/digits/{name}"
        assert Path(media.removeprefix("sound:") + ".sln").stat().st_size > 2000

    def test_negative_number_is_refused(self, shipped: Settings) -> None:
        with pytest.raises(ValueError, match="negative"):
            Prompts(shipped).number(-1)

    def test_beep_is_a_tone(self, shipped: Settings) -> None:
        samples = sound(Prompts(shipped), "beep")
        peak = int(np.argmax(np.abs(np.fft.rfft(samples))))
        assert peak * 8000 / samples.size == pytest.approx(1000, abs=5)

    def test_unknown_name_is_told(self, shipped: Settings) -> None:
        for ask in (Prompts(shipped).media, Prompts(shipped).length_s):
            with pytest.raises(UnknownPrompt, match="'nobody'"):
                ask("nobody")


class TestRendering:
    def test_all_is_made_once_and_progress_is_told(self, place: Place) -> None:
        told: list[tuple[int, int, str]] = []
        made = Prompts(place(empty=True)).render(lambda *step: told.append(step))
        total = 2 + COUNTED + TONE_AND_MANY
        assert len(made) == total
        assert [done for done, _, _ in told] == list(range(1, total + 1))
        assert {of for _, of, _ in told} == {total}
        assert Prompts(place()).render(lambda *step: told.append(step)) == []
        assert len(told) == total

    def test_changed_text_is_made_again_alone(self, place: Place) -> None:
        Prompts(place()).render()
        changed = place(texts={"first": "您好。", "second": "感谢您的来电，再见。"})
        before = Prompts(changed).length_s("second")
        prompts = Prompts(changed)
        assert prompts.render() == ["second"]
        assert prompts.length_s("second") > before

    @pytest.mark.slow
    @pytest.mark.parametrize("change", [{"rate": 120}, {"voice": "cmn-latn-pinyin+f2"}])
    def test_other_voice_or_rate_makes_every_sentence_again(
        self, place: Place, change: dict[str, object]
    ) -> None:
        Prompts(place()).render()
        made = Prompts(place(**change)).render()
        assert {"first", "second", "digits/7"} <= set(made)

    def test_lost_file_is_made_again(self, place: Place) -> None:
        prompts = Prompts(place())
        prompts.render()
        Path(prompts.media("first").removeprefix("sound:") + ".alaw").unlink()
        assert Prompts(place()).render() == ["first"]

    @pytest.mark.slow
    def test_broken_manifest_has_all_made_again(self, place: Place) -> None:
        settings = place()
        Prompts(settings).render()
        (settings.sounds / "zh" / "manifest.json").write_text("[1]")
        assert len(Prompts(settings).render()) == 2 + COUNTED + TONE_AND_MANY

    def test_dropped_sentence_is_taken_away(self, place: Place) -> None:
        Prompts(place()).render()
        prompts = Prompts(place(texts={"first": "您好。"}))
        media = prompts.media("second")
        prompts.render()
        with pytest.raises(UnknownPrompt):
            prompts.media("second")
        assert not Path(media.removeprefix("sound:") + ".sln").exists()

    def test_nothing_half_written_is_left(self, place: Place) -> None:
        settings = place()
        Prompts(settings).render()
        suffixes = {path.suffix for path in settings.sounds.rglob("*") if path.is_file()}
        assert suffixes == {".sln", ".alaw", ".json"}


class TestRecorded:
    def test_recording_wins_over_text(self, place: Place) -> None:
        settings = place()
        Prompts(settings).render()
        record(settings, "first", length_s=1.5)
        prompts = Prompts(settings)
        assert prompts.render() == ["first"]
        assert prompts.length_s("first") == pytest.approx(1.5)
        assert Prompts(settings).render() == []

    def test_recording_needs_no_text_and_changed_one_is_taken_again(self, place: Place) -> None:
        settings = place()
        record(settings, "mayor", length_s=1.0)
        prompts = Prompts(settings)
        assert "mayor" in prompts.render()
        record(settings, "mayor", length_s=2.0)
        assert prompts.render() == ["mayor"]
        assert prompts.length_s("mayor") == pytest.approx(2.0)

    def test_text_comes_back_when_the_recording_is_taken_away(self, place: Place) -> None:
        settings = place()
        record(settings, "first", length_s=3.0)
        Prompts(settings).render()
        (settings.announcements.recorded / "first.wav").unlink()
        prompts = Prompts(settings)
        assert prompts.render() == ["first"]
        assert prompts.length_s("first") < 1.5

    def test_all_unfit_recordings_are_told_at_once_and_the_rest_is_made(self, place: Place) -> None:
        settings = place()
        record(settings, "first", rate_hz=11025)
        (settings.announcements.recorded / "second.wav").write_text("nothing")
        with pytest.raises(UnfitSounds) as caught:
            Prompts(settings).render()
        first, second = caught.value.reasons
        assert "first.wav: 11025 Hz, expected one of 8000" in first
        assert "second.wav: no WAV file that can be read" in second
        assert Prompts(settings).length_s("digits/5") > 0


class TestTrouble:
    def test_missing_espeak_says_what_to_install(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "")
        with pytest.raises(SpeakerMissing, match="install the package espeak-ng"):
            Prompts(place()).render()

    def test_rendered_announcements_need_no_espeak(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Prompts(place()).render()
        monkeypatch.setenv("PATH", "")
        assert Prompts(place()).render() == []

    @pytest.mark.parametrize("voice", ["nobody", "cmn-latn-pinyin+nobody"])
    def test_unknown_voice_is_refused(self, place: Place, voice: str) -> None:
        with pytest.raises(SpeakerFailed, match="voice"):
            Prompts(place(voice=voice)).render()

    def test_text_without_a_word_is_refused(self, place: Place) -> None:
        with pytest.raises(SpeakerFailed, match="'first'"):
            Prompts(place(texts={"first": "……"})).render()

    def test_unwritable_directory_is_told(self, place: Place) -> None:
        settings = place(empty=True)
        settings.sounds.parent.mkdir(parents=True)
        settings.sounds.write_text("a file where a directory should be")
        with pytest.raises(Unwritable, match="can't be written"):
            Prompts(settings).render()

    def test_sentence_that_looks_like_an_option_is_spoken(self, place: Place) -> None:
        prompts = Prompts(place(texts={"first": "--version 您好"}))
        prompts.render()
        assert prompts.length_s("first") > 0.5
