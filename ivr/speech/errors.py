"""What can go wrong with announcements.

SpeechError
├── SpeakerMissing     espeak-ng is not installed
├── SpeakerFailed      espeak-ng refused a sentence or a voice
├── UnfitSounds        recorded files that can't be played on a telephone
└── UnknownPrompt      a name that is neither text nor recording
"""

from __future__ import annotations


class SpeechError(Exception):
    """Any trouble with announcements."""


class SpeakerMissing(SpeechError):
    def __init__(self) -> None:
        super().__init__(
            "espeak-ng is not installed, so no announcement can be made from text: "
            "install the package espeak-ng"
        )


class SpeakerFailed(SpeechError):
    pass


class UnfitSound(SpeechError):
    """The message says what was found and what is expected."""


class Unwritable(SpeechError):
    pass


class UnfitSounds(SpeechError):
    """`reasons` holds one line a file: path, what was found and what is expected."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


class UnknownPrompt(SpeechError):
    def __init__(self, name: str) -> None:
        super().__init__(f"no announcement is called {name!r}, or it has not been rendered yet")
