"""The one place where parts are built and handed to each other."""

from __future__ import annotations

from pathlib import Path

from agent_console.parts import KeptNumber
from agent_console.parts import Parts as ConsoleParts
from agent_console.server import Console
from config.model import Settings
from db import Database
from dialplan.secrets import ami_password, ari_password
from floor.sealed import Sealer
from ivr import numbers
from ivr.controller import Controller
from ivr.speech.prompts import Prompts

__all__ = ["Console", "Controller", "console", "controller", "key_file", "sealer"]


def key_file(settings: Settings) -> Path:
    """Without this file no caller's number can be read again: back it up apart from the data."""
    return settings.var / "secrets" / "numbers.key"


def sealer(settings: Settings) -> Sealer:
    """What seals callers' numbers; its key is made at the first start."""
    return Sealer.of_file(key_file(settings))


def console(settings: Settings, database: Database) -> Console:
    """The web console; needs a running loop."""
    sealing = sealer(settings)
    trunk = settings.trunks[0]
    own = {number for line in settings.lines for number in line.numbers}

    def kept(typed: str) -> str:
        return numbers.canonical(typed, trunk.country_code, trunk.area_code)

    def caller_hash(number: str) -> str:
        return sealing.find(kept(number))

    def keep_number(typed: str) -> KeptNumber | None:
        number = kept(typed)
        if number in own or not numbers.dialable(number):
            return None
        return KeptNumber(sealing.seal(number), numbers.masked(number))

    return Console(
        ConsoleParts(
            settings=settings,
            database=database,
            asterisk_password=ari_password(settings),
            caller_hash=caller_hash,
            keep_number=keep_number,
        )
    )


def controller(settings: Settings, database: Database) -> Controller:
    """The controller of this machine's Asterisk; needs a running loop."""
    return Controller(
        settings,
        database,
        Prompts(settings),
        sealer(settings),
        ari_password=ari_password(settings),
        ami_password=ami_password(settings),
    )
