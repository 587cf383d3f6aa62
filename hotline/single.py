"""One running copy for one `var`: a locked file that also says where the copy is."""

from __future__ import annotations

import fcntl
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True)
class Running:
    """What a running copy says of itself."""

    pid: int
    address: str


class AlreadyRunning(Exception):
    """Another copy runs on the same `var`."""

    def __init__(self, running: Running | None) -> None:
        super().__init__("another copy runs on this directory")
        self.running = running


class Claim:
    """Holds `<var>/<name>.lock` until `release` or the end of the process.

    The lock is the kernel's, so a copy that was killed leaves nothing to clean up.
    """

    def __init__(self, var: Path, name: str) -> None:
        self._path = var / f"{name}.lock"
        self._file: IO[str] | None = None

    def take(self, running: Running) -> None:
        """Raises AlreadyRunning when another process holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise AlreadyRunning(read(self._path)) from None
        file.seek(0)
        file.truncate()
        json.dump(asdict(running), file)
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def read(path: Path) -> Running | None:
    """What the file says; None when there is none or it is empty or cut short."""
    try:
        return Running(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def running(var: Path, name: str) -> Running | None:
    """The copy that holds the lock now; None when nobody does."""
    path = var / f"{name}.lock"
    try:
        with path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return read(path) or Running(0, "")
    return None
