"""What is kept beside a running Asterisk, so that the next controller knows it again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from dialplan import pids


@dataclass(frozen=True, slots=True)
class Kept:
    """A process started on a rendered configuration. `hashes` are those of `Rendered`."""

    pid: int
    started_ticks: int
    url: str
    hashes: dict[str, str]


def keep(base: Path, pid: int, url: str, hashes: Mapping[str, str]) -> None:
    """Write down that `pid` runs on the configuration below `base`."""
    kept = Kept(pid, pids.started_ticks(pid), url, dict(hashes))
    temporary = _file(base).with_suffix(".new")
    temporary.write_text(json.dumps(asdict(kept)), encoding="utf-8")
    temporary.replace(_file(base))


def forget(base: Path) -> None:
    """Nothing runs below `base` any more."""
    _file(base).unlink(missing_ok=True)


def running(base: Path) -> Kept | None:
    """The Asterisk that runs below `base`, whoever of ours started it; None when none does."""
    try:
        kept = Kept(**json.loads(_file(base).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        # Killed between starting it and writing it down: Asterisk's own file still tells.
        kept = Kept(_own_pid_file(base), 0, "", {})
    if not pids.alive(kept.pid) or os.fsencode(base / "etc/asterisk.conf") not in pids.words(
        kept.pid
    ):
        return None
    # A process number is used again; the time it was started at is its own.
    if kept.started_ticks not in (0, pids.started_ticks(kept.pid)):
        return None
    return kept


def _file(base: Path) -> Path:
    return base / "run" / "hotline.json"


def _own_pid_file(base: Path) -> int:
    try:
        return int((base / "run" / "asterisk.pid").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0
