"""What is wrong with the settings, said all at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. `file` may also name the environment variable that brought the value."""

    file: str
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: found {self.found}, expected {self.expected}"


class SettingsError(Exception):
    """The settings hold at least one mistake; nothing may start with them.

    `mistakes` are in the order in which they were met. No message holds a password.
    """

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
