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
FRAME_BYTES = 2 * CHANNELS
BLOCK_BYTES = RATE_HZ * 10 * FRAME_BYTES
FORMATS: dict[str, tuple[str, str]] = {"flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}


class NothingToFile(Exception):
    """The raw file is missing or can't be read; `what` is a problem of the catalogue."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class StillWritten(Exception):
    """The raw file grew while it was encoded: it is whole only later."""


def free_mb(directory: Path) -> int:
    """Free space where recordings are written, in MiB."""
    return shutil.disk_usage(directory).free // (1024 * 1024)


def file_away(
    raw: Path, vault: Path, call_id: str, started_ms: int, kind: Literal["flac", "opus"]
) -> Filed:
    """Encode `raw` into the vault and remove it; the answer's path is relative to the vault.

    Safe to repeat: a half-written file never carries the final name, and what was filed
    already is described again.

    Raises:
        NothingToFile: missing, unreadable or empty sound.
        StillWritten: it grew meanwhile; the raw file stays.
        OSError: the vault could not be written; the raw file stays.
    """
    day = datetime.fromtimestamp(started_ms / 1000, UTC).strftime("%Y/%m/%d")
    relative = Path(day) / f"{call_id}.{kind}"
    final = vault / relative
    if not raw.is_file():
        # We may have died between removing the raw file and telling the catalogue.
        if not final.is_file():
            raise NothingToFile("missing")
        try:
            return _describe(final, relative, kind)
        except soundfile.LibsndfileError as error:
            raise NothingToFile("unreadable") from error
    size = raw.stat().st_size
    if size < FRAME_BYTES:
        raise NothingToFile("empty")
    final.parent.mkdir(parents=True, exist_ok=True)
    half = final.with_suffix(final.suffix + ".part")
    try:
        _encode(raw, half, kind)
        with half.open("rb") as written:
            os.fsync(written.fileno())
        filed = _describe(half, relative, kind)
        _still_has(size, raw)
        half.replace(final)
    except soundfile.LibsndfileError as error:
        half.unlink(missing_ok=True)
        raise OSError("what was written to the vault can't be read back") from error
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    raw.unlink()
    return filed


def _still_has(size: int, raw: Path) -> None:
    if raw.stat().st_size != size:
        raise StillWritten


def _describe(written: Path, relative: Path, kind: str) -> Filed:
    with written.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    sound = soundfile.info(written)
    return Filed(
        path=relative,
        format=kind,
        length_ms=sound.frames * 1000 // sound.samplerate,
        size_bytes=written.stat().st_size,
        sha256=digest,
    )


def _encode(raw: Path, target: Path, kind: str) -> None:
    major, subtype = FORMATS[kind]
    # FLAC's quickest level: a third less work for half a percent more space.
    level = 0.0 if kind == "flac" else None
    try:
        source = raw.open("rb")
    except PermissionError as error:
        raise NothingToFile("unreadable") from error
    with source:
        try:
            with soundfile.SoundFile(
                target, "w", RATE_HZ, CHANNELS, subtype, format=major, compression_level=level
            ) as sink:
                while block := source.read(BLOCK_BYTES):
                    whole = len(block) // FRAME_BYTES * FRAME_BYTES
                    sink.buffer_write(block[:whole], dtype="int16")
        except (soundfile.LibsndfileError, AssertionError) as error:
            # A full disk is an error of libsndfile, or a shorter write than was asked for.
            raise OSError("the vault could not be written") from error
