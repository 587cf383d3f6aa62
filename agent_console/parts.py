"""What the console is built from, handed in by `hotline` (or by a test)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.model import Settings
from db import Database
from db.clock import now_ms
from db.sealed import Sealer

WEB = Path(__file__).parent / "web" / "dist"


@dataclass(frozen=True, slots=True)
class KeptNumber:
    """A number that a person typed, as it may lie in a row: sealed, and masked for screens."""

    sealed: str
    masked: str


@dataclass(frozen=True, slots=True)
class Parts:
    """Settings, storage, secrets and clock of one console."""

    settings: Settings
    database: Database
    asterisk_password: str
    """The password of ARI (`settings.asterisk.user`), as rendered for this Asterisk."""
    caller_hash: Callable[[str], str]
    """The keyed hash that finds a caller's number again; takes the number as typed."""
    keep_number: Callable[[str], KeptNumber | None]
    """Seals a number as typed; None for one that can't be dialled."""
    sealer: Sealer
    """Seals and opens what reporters are called."""
    now_ms: Callable[[], int] = now_ms
    web: Path = WEB
