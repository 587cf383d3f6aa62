"""The one place where parts are built and handed to each other."""

from __future__ import annotations

from agent_console.parts import Parts as ConsoleParts
from agent_console.server import Console
from config.model import Settings
from db import Database
from dialplan.secrets import ami_password, ari_password
from hotline.numbers import Numbers, key_file, sealer
from ivr.controller import Controller
from ivr.speech.prompts import Prompts
from notices.worker import Worker

__all__ = [
    "Console",
    "Controller",
    "Worker",
    "console",
    "controller",
    "key_file",
    "notices",
    "sealer",
]


def console(settings: Settings, database: Database) -> Console:
    """The web console; needs a running loop."""
    numbers = Numbers(settings)
    return Console(
        ConsoleParts(
            settings=settings,
            database=database,
            asterisk_password=ari_password(settings),
            caller_hash=numbers.hash_of,
            keep_number=numbers.keep,
            sealer=numbers.sealer,
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


def notices(settings: Settings, database: Database) -> Worker:
    """What sends the outbox's notices; runs beside the console. Needs a running loop."""
    return Worker(settings, database, sealer(settings))
