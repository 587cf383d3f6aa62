"""CPU time of processes and of single threads, as the kernel counts it (/proc)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU (user and system) since each process began."""

    asterisk: float
    ours: float
    database: float

    def since(self, earlier: Spent) -> Spent:
        return Spent(
            self.asterisk - earlier.asterisk,
            self.ours - earlier.ours,
            self.database - earlier.database,
        )

    @property
    def total(self) -> float:
        return self.asterisk + self.ours + self.database

    def per_call(self, calls: int) -> dict[str, float]:
        return {
            "asterisk": round(self.asterisk / calls, 6),
            "ours": round(self.ours / calls, 6),
            "database": round(self.database / calls, 6),
            "total": round(self.total / calls, 6),
        }


def process_s(pid: int) -> float:
    """CPU seconds of a process, its ended and its living children counted."""
    fields = _stat(Path(f"/proc/{pid}/stat"))
    # utime, stime, cutime, cstime of proc(5), counted from after the name.
    own = sum(int(fields[n]) for n in (11, 12, 13, 14)) * _TICK_S
    return own + sum(process_s(child) for child in _children(pid))


def threads_s(pid: int, prefix: str) -> float:
    """CPU seconds of the living threads whose name begins with `prefix`."""
    total = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            if (task / "comm").read_text(encoding="ascii").startswith(prefix):
                fields = _stat(task / "stat")
                total += (int(fields[11]) + int(fields[12])) * _TICK_S
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(word) for word in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _stat(path: Path) -> list[str]:
    return path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
