"""Raw sound of a call becomes FLAC or Opus: whole, on its sides, safe to repeat."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import soundfile

from recordings import vault as module
from recordings.vault import NothingToFile, StillWritten, file_away, free_mb
from tests.recordings.sounds import (
    AGENT_HZ,
    CALLER_HZ,
    read_back,
    strength,
    two_sided,
    write_raw,
)

Kind = Literal["flac", "opus"]
KINDS: tuple[Kind, ...] = ("flac", "opus")
CALL = "0123456789abcdef" * 2
STARTED_MS = 1_795_305_600_000
"""2026-11-22 00:00 UTC"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return write_raw(tmp_path / "spool" / f"{CALL}.raw", two_sided(12.5))


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.mark.parametrize("kind", KINDS)
def test_length_size_and_hash_are_those_of_the_file(raw: Path, vault: Path, kind: Kind) -> None:
    filed = file_away(raw, vault, CALL, STARTED_MS, kind)
    kept = vault / filed.path
    assert filed.path == Path(f"2026/11/22/{CALL}.{kind}")
    assert filed.format == kind
    assert filed.length_ms == 12_500
    assert filed.size_bytes == kept.stat().st_size > 1000
    assert filed.sha256 == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert not raw.exists()
    assert [p.name for p in kept.parent.iterdir()] == [kept.name], "nothing half is left"


@pytest.mark.parametrize("kind", KINDS)
def test_each_side_is_where_it_belongs(raw: Path, vault: Path, kind: Kind) -> None:
    filed = file_away(raw, vault, CALL, STARTED_MS, kind)
    sound, rate = read_back(vault / filed.path)
    assert (rate, sound.shape[1]) == (8000, 2)
    left, right = sound[4000:-4000, 0], sound[4000:-4000, 1]
    assert strength(left, CALLER_HZ) > 0.9
    assert strength(right, AGENT_HZ) > 0.9
    assert strength(left, AGENT_HZ) < 0.01
    assert strength(right, CALLER_HZ) < 0.01


def test_flac_keeps_every_sample(raw: Path, vault: Path) -> None:
    """Also over the edges of the blocks in which it is encoded."""
    filed = file_away(raw, vault, CALL, STARTED_MS, "flac")
    sound, _ = read_back(vault / filed.path)
    assert np.array_equal(sound, two_sided(12.5))


@pytest.mark.parametrize("kind", KINDS)
def test_a_player_can_seek_in_it(raw: Path, vault: Path, kind: Kind) -> None:
    filed = file_away(raw, vault, CALL, STARTED_MS, kind)
    with soundfile.SoundFile(vault / filed.path) as sound:
        assert sound.seekable()
        sound.seek(8000 * 6)
        assert len(sound.read(8000)) == 8000


@pytest.mark.parametrize("left_over", [1, 2, 3])
def test_a_frame_cut_in_half_is_left_out(raw: Path, vault: Path, left_over: int) -> None:
    with raw.open("ab") as file:
        file.write(b"x" * left_over)
    assert file_away(raw, vault, CALL, STARTED_MS, "flac").length_ms == 12_500


@pytest.mark.parametrize(("size", "what"), [(None, "missing"), (0, "empty"), (3, "empty")])
@pytest.mark.parametrize("kind", KINDS)
def test_no_sound_is_said_and_nothing_is_filed(
    tmp_path: Path, vault: Path, kind: Kind, size: int | None, what: str
) -> None:
    raw = tmp_path / "call.raw"
    if size is not None:
        raw.write_bytes(b"x" * size)
    with pytest.raises(NothingToFile) as refusal:
        file_away(raw, vault, CALL, STARTED_MS, kind)
    assert refusal.value.what == what
    assert not list(vault.rglob("*.*"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_grows_as_it_is_encoded_is_filed_later(
    raw: Path, vault: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = module._encode

    def meanwhile(source: Path, target: Path, as_kind: str) -> None:
        encode(source, target, as_kind)
        with source.open("ab") as file:
            file.write(bytes(32_000))

    with monkeypatch.context() as patched:
        patched.setattr(module, "_encode", meanwhile)
        with pytest.raises(StillWritten):
            file_away(raw, vault, CALL, STARTED_MS, kind)
    assert raw.exists()
    assert not list(vault.rglob("*.*"))
    assert file_away(raw, vault, CALL, STARTED_MS, kind).length_ms == 13_500


def test_a_directory_in_its_place_is_no_sound(tmp_path: Path, vault: Path) -> None:
    with pytest.raises(NothingToFile, match="missing"):
        file_away(tmp_path, vault, CALL, STARTED_MS, "flac")


def test_a_raw_file_that_may_not_be_read_is_said(
    raw: Path, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal is played, for root may read everything."""
    opened: Any = Path.open

    def refuse(path: Path, *args: str) -> object:
        if path == raw:
            raise PermissionError
        return opened(path, *args)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(NothingToFile, match="unreadable"):
        file_away(raw, vault, CALL, STARTED_MS, "flac")
    assert raw.exists()
    assert not list(vault.rglob("*.part"))


# --- a vault that can't be written keeps the raw sound ---


def no_directory(vault: Path, kind: Kind) -> None:
    vault.write_text("a file stands where the vault should be")


def full_disk(vault: Path, kind: Kind) -> None:
    (vault / "2026/11/22").mkdir(parents=True)
    (vault / "2026/11/22" / f"{CALL}.{kind}.part").symlink_to("/dev/full")


@pytest.mark.parametrize("trouble", [no_directory, full_disk])
@pytest.mark.parametrize("kind", KINDS)
def test_a_vault_in_trouble_keeps_the_raw_sound(
    raw: Path, vault: Path, kind: Kind, trouble: object
) -> None:
    before = raw.read_bytes()
    assert callable(trouble)
    trouble(vault, kind)
    with pytest.raises(OSError) as refusal:
        file_away(raw, vault, CALL, STARTED_MS, kind)
    assert not isinstance(refusal.value, NothingToFile)
    assert raw.read_bytes() == before
    assert not (vault / "2026/11/22" / f"{CALL}.{kind}").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_after_the_trouble_it_is_filed(raw: Path, vault: Path, kind: Kind) -> None:
    full_disk(vault, kind)
    with pytest.raises(OSError, match="written"):
        file_away(raw, vault, CALL, STARTED_MS, kind)
    assert file_away(raw, vault, CALL, STARTED_MS, kind).length_ms == 12_500


# --- dying at any moment, and beginning again ---


@pytest.mark.parametrize("kind", KINDS)
def test_a_half_written_file_of_before_is_no_hindrance(raw: Path, vault: Path, kind: Kind) -> None:
    half = vault / "2026/11/22" / f"{CALL}.{kind}.part"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    filed = file_away(raw, vault, CALL, STARTED_MS, kind)
    assert filed.length_ms == 12_500
    assert not half.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_given_died_before_the_raw_file_was_removed_when_repeated_then_the_same(
    raw: Path, vault: Path, kind: Kind
) -> None:
    first = file_away(raw, vault, CALL, STARTED_MS, kind)
    write_raw(raw, two_sided(12.5))
    again = file_away(raw, vault, CALL, STARTED_MS, kind)
    assert (again.path, again.length_ms) == (first.path, first.length_ms)
    assert not raw.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_given_died_before_the_catalogue_knew_when_repeated_then_described_again(
    raw: Path, vault: Path, kind: Kind
) -> None:
    first = file_away(raw, vault, CALL, STARTED_MS, kind)
    assert file_away(raw, vault, CALL, STARTED_MS, kind) == first


@pytest.mark.parametrize("kind", KINDS)
def test_what_lies_in_the_vault_and_can_not_be_read_is_said(
    raw: Path, vault: Path, kind: Kind
) -> None:
    filed = file_away(raw, vault, CALL, STARTED_MS, kind)
    (vault / filed.path).write_bytes(b"not sound")
    with pytest.raises(NothingToFile, match="unreadable"):
        file_away(raw, vault, CALL, STARTED_MS, kind)


def test_two_calls_of_one_day_lie_side_by_side(raw: Path, vault: Path) -> None:
    other = write_raw(raw.with_name("other.raw"), two_sided(1.0))
    file_away(raw, vault, CALL, STARTED_MS, "flac")
    file_away(other, vault, "f" * 32, STARTED_MS + 86_399_999, "flac")
    assert len(list((vault / "2026/11/22").iterdir())) == 2


def test_free_space_is_told_in_mebibytes(tmp_path: Path) -> None:
    found = os.statvfs(tmp_path)
    assert abs(free_mb(tmp_path) - found.f_bavail * found.f_frsize // 2**20) < 4096
