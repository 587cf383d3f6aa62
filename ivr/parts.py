"""What every part of the controller is handed: one object, built in `controller`."""

from __future__ import annotations

from dataclasses import dataclass

from config.model import Settings
from db.engine import Database
from db.sealed import Sealer
from ivr import ari
from ivr.ami import Ami
from ivr.directory import Directory
from ivr.keeping import Keeper
from ivr.queue import Floor
from ivr.recorder import Recorder
from ivr.speech.prompts import Prompts
from ivr.workdays import WorkingDays


@dataclass(slots=True)
class Parts:
    """`asterisk` names the Asterisk that this controller answers for."""

    settings: Settings
    asterisk: str
    db: Database
    keeper: Keeper
    client: ari.Client
    ami: Ami
    prompts: Prompts
    sealer: Sealer
    floor: Floor
    recorder: Recorder
    directory: Directory
    days: WorkingDays
