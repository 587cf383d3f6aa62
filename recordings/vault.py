"""The vault: raw sound of a call becomes FLAC or Opus, with length, size and hash.

Raw sound is what Asterisk's MixMonitor interleaves: 8 kHz, 16 bit, caller left,
everybody else right. Everything here blocks: run it in a worker process or thread.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import soundfile

from recordings.catalogue import Filed

RATE_HZ = 8000
CHANNELS = 2
BLOCK_FRAMES = RATE_HZ * 10
FORMATS: dict[str, tuple[str, str]] = {"flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}


class NothingToFile(Exception):
    """The raw file is missing or can't be read; `what` is a problem of the catalogue."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def free_mb(directory: Path) -> int:
    """Free space where recordings are written, in MiB."""
    return shutil.disk_usage(directory).free // (1024 * 1024)


def file_away(
    raw: Path, vault: Path, call_id: str, started_ms: int, kind: Literal["flac", "opus"]
) -> Filed:
    """Encode `raw` into the vault and remove it; the answer's path is relative to the vault.

    Safe to repeat: a half-written file never carries the final name.

    Raises:
        NothingToFile: missing or unreadable sound.
        OSError: the vault could not be written; the raw file stays.
    """
    if not raw.is_file():
        raise NothingToFile("missing")
    day = datetime.fromtimestamp(started_ms / 1000, UTC).strftime("%Y/%m/%d")
    suffix = "flac" if kind == "flac" else "opus"
    relative = Path(day) / f"{call_id}.{suffix}"
    final = vault / relative
    final.parent.mkdir(parents=True, exist_ok=True)
    half = final.with_suffix(final.suffix + ".part")
    frames = _encode(raw, half, kind)
    with half.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
        os.fsync(written.fileno())
    half.replace(final)
    raw.unlink()
    return Filed(
        path=relative,
        format=kind,
        length_ms=frames * 1000 // RATE_HZ,
        size_bytes=final.stat().st_size,
        sha256=digest,
    )


def _encode(raw: Path, target: Path, kind: str) -> int:
    major, subtype = FORMATS[kind]
    # FLAC's quickest level: a third less work for half a percent more space.
    level = 0.0 if kind == "flac" else None
    frames = 0
    try:
        with (
            soundfile.SoundFile(raw, "r", RATE_HZ, CHANNELS, "PCM_16", "LITTLE", "RAW") as source,
            soundfile.SoundFile(
                target, "w", RATE_HZ, CHANNELS, subtype, format=major, compression_level=level
            ) as sink,
        ):
            while len(block := source.read(BLOCK_FRAMES, dtype="int16")):
                sink.write(block)
                frames += len(block)
    except soundfile.LibsndfileError as error:
        raise NothingToFile("unreadable") from error
    return frames
