"""The key of the callers' numbers, and numbers as people of this place type them."""

from __future__ import annotations

from pathlib import Path

from agent_console.parts import KeptNumber
from config.model import Settings
from db.sealed import Sealer
from ivr import numbers


def key_file(settings: Settings) -> Path:
    """Without this file no caller's number can be read again: back it up apart from the data."""
    return settings.var / "secrets" / "numbers.key"


def sealer(settings: Settings) -> Sealer:
    """What seals callers' numbers; its key is made at the first start."""
    return Sealer.of_file(key_file(settings))


class Numbers:
    """Numbers as typed here: a local one is completed as the first trunk does it."""

    def __init__(self, settings: Settings) -> None:
        self.sealer = sealer(settings)
        self._trunk = settings.trunks[0]
        self._own = {number for line in settings.lines for number in line.numbers}

    def hash_of(self, typed: str) -> str:
        """The keyed hash that finds the number again."""
        return self.sealer.find(self._kept(typed))

    def keep(self, typed: str) -> KeptNumber | None:
        """Sealed and masked; None when it can't exist, or is a line of ours."""
        number = self._kept(typed)
        if number in self._own or not numbers.dialable(number):
            return None
        return KeptNumber(self.sealer.seal(number), numbers.masked(number))

    def _kept(self, typed: str) -> str:
        return numbers.canonical(typed, self._trunk.country_code, self._trunk.area_code)
