"""Asterisk's log file, kept to a size."""

from __future__ import annotations

from pathlib import Path

LARGEST_BYTES = 20_000_000
OLD_FILES = 5


def too_large(file: Path) -> bool:
    """Whether it is time to rotate."""
    return file.is_file() and file.stat().st_size >= LARGEST_BYTES


def remove_old(file: Path) -> None:
    """Remove what was rotated away long ago (`file.0` is the youngest)."""
    for old in file.parent.glob(f"{file.name}.*"):
        number = old.suffix.removeprefix(".")
        if number.isdigit() and int(number) >= OLD_FILES:
            old.unlink()


def last_lines(*files: Path, lines: int = 5) -> str:
    """The end of each file that has any, on one line, for a message."""
    said = [
        line.strip()
        for file in files
        if file.is_file()
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    ]
    return " | ".join(said) or "(nothing was written)"
