"""Announcements: sentences of the settings kept as sound files that Asterisk plays.

Each sound lies twice in `settings.sounds`/zh, as `.alaw` for callers over trunks and as `.sln`
(16 bits) for everybody else; Asterisk takes the one that costs least. A manifest tells from what
each was made, so that only what changed is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from config.model import Settings
from ivr.speech import alaw, espeak, wav, words
from ivr.speech.errors import SpeakerFailed, UnfitSound, UnfitSounds, UnknownPrompt, Unwritable
from ivr.speech.wav import Samples

log = logging.getLogger("hotline.speech")

BEEP = "beep"
COUNTED = 100
"""Numbers below this have a sound each."""
_MANY = "digits/many"
_RECIPE = 1
"""Counts changes to how sound is made here: a new number has everything made again."""
_SUFFIXES = (".sln", ".alaw")

Progress = Callable[[int, int, str], None]
"""Told after each sound: how many are made, of how many, and its name."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """One line of the manifest. `made_of` is a hash of all that shaped the sound."""

    made_of: str
    samples: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    text: str
    """As it is spoken; empty for the tone and for what is only recorded."""
    recorded: Path | None


class Prompts:
    """The announcements of one hotline. `render` first (or once before); then ask for media."""

    def __init__(self, settings: Settings) -> None:
        self._announcements = settings.announcements
        self._directory = settings.sounds.absolute() / "zh"
        self._kept = self._read_manifest()

    # -- asked while calls run

    def media(self, name: str) -> str:
        """What ARI plays for an announcement. UnknownPrompt when there is none."""
        if name not in self._kept:
            raise UnknownPrompt(name)
        return f"sound:{self._directory / name}"

    def number(self, number: int) -> list[str]:
        """What ARI plays for a count of persons or minutes, before the measure word: 两, 十二."""
        if number < 0:
            raise ValueError("a count is not negative")
        return [self.media(f"digits/{number}" if number < COUNTED else _MANY)]

    def length_s(self, name: str) -> float:
        """How long an announcement lasts, in seconds."""
        if name not in self._kept:
            raise UnknownPrompt(name)
        return self._kept[name].samples / wav.LINE_HZ

    # -- making them

    def render(self, progress: Progress | None = None, at_once: int | None = None) -> list[str]:
        """Make what is missing or changed, `at_once` (default: a core each) in parallel.

        Returns the names made. SpeechError when something can't be made; what was made until
        then is kept. Blocks: call it before the loop starts, or in a thread.
        """
        wanted = {item.name: item for item in self._wanted()}
        stale = [item for item in wanted.values() if not self._is_fresh(item)]
        if any(item.text and not item.recorded for item in stale):
            espeak.check_voice(self._announcements.voice)
        unfit: list[str] = []
        made: list[str] = []
        with ThreadPoolExecutor(at_once or os.cpu_count() or 1) as pool:
            work = {pool.submit(self._make, item): item for item in stale}
            try:
                for done in as_completed(work):
                    item = work[done]
                    try:
                        self._kept[item.name] = done.result()
                    except UnfitSound as error:
                        unfit.append(f"{item.recorded}: {error}")
                        continue
                    made.append(item.name)
                    if progress:
                        progress(len(made), len(stale), item.name)
            finally:
                pool.shutdown(cancel_futures=True)
                if stale:
                    self._write_manifest()
        if unfit:
            raise UnfitSounds(tuple(sorted(unfit)))
        self._forget(set(self._kept) - set(wanted))
        log.info("announcements: %d made, %d kept", len(made), len(wanted) - len(made))
        return made

    def _wanted(self) -> Iterator[_Wanted]:
        texts = {name: words.spoken(text) for name, text in self._announcements.texts.items()}
        texts |= {f"digits/{n}": words.count(n) for n in range(COUNTED)}
        texts[_MANY] = words.MANY
        texts[BEEP] = ""
        recorded = self._announcements.recorded
        for path in recorded.glob("*.wav"):
            texts.setdefault(path.stem, "")
        for name, text in texts.items():
            path = recorded / f"{name}.wav"
            yield _Wanted(name, text, path if path.is_file() else None)

    def _is_fresh(self, item: _Wanted) -> bool:
        kept = self._kept.get(item.name)
        return (
            kept is not None
            and kept.made_of == self._hash(item)
            and all(path.is_file() for path in self._files(item.name))
        )

    def _hash(self, item: _Wanted) -> str:
        if item.recorded:
            parts: list[object] = [_RECIPE, hashlib.sha256(item.recorded.read_bytes()).hexdigest()]
        else:
            parts = [_RECIPE, item.text, self._announcements.voice, self._announcements.rate]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _make(self, item: _Wanted) -> _Kept:
        made_of = self._hash(item)
        samples = self._sound(item)
        sln, a_law = self._files(item.name)
        _write(sln, samples.astype("<i2").tobytes())
        _write(a_law, alaw.encode(samples))
        return _Kept(made_of, samples.size)

    def _sound(self, item: _Wanted) -> Samples:
        if item.recorded:
            return wav.read_recorded(item.recorded)
        if item.name == BEEP:
            return wav.beep()
        voice, rate = self._announcements.voice, self._announcements.rate
        samples = wav.for_line(*espeak.speak(item.text, voice, rate))
        if not samples.size:
            raise SpeakerFailed(f"nothing in the text of {item.name!r} can be spoken")
        return samples

    # -- files

    def _files(self, name: str) -> tuple[Path, Path]:
        sln, a_law = (self._directory / f"{name}{suffix}" for suffix in _SUFFIXES)
        return sln, a_law

    def _forget(self, names: set[str]) -> None:
        """Take away what the settings no longer name."""
        for name in names:
            del self._kept[name]
            for path in self._files(name):
                path.unlink(missing_ok=True)
        if names:
            self._write_manifest()

    @property
    def _manifest(self) -> Path:
        return self._directory / "manifest.json"

    def _read_manifest(self) -> dict[str, _Kept]:
        """Nothing when there is none or it can't be read: then all is made again."""
        try:
            lines = json.loads(self._manifest.read_text(encoding="utf-8"))
            return {name: _Kept(**line) for name, line in lines.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError):
            log.warning("the manifest of announcements can't be read; all are made again")
            return {}

    def _write_manifest(self) -> None:
        lines = {name: asdict(kept) for name, kept in sorted(self._kept.items())}
        _write(self._manifest, json.dumps(lines, indent=1).encode())


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing: a call may be reading the old one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise Unwritable(f"{path} can't be written: {error.strerror}") from error
