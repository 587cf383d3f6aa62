"""The file of the keys: made once, private, replaced whole, and never half exchanged unseen."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from db import keyring
from db.keyring import KEY_BYTES, RotationUnfinished, UnsafeKeyFile
from db.sealed import Sealer

NUMBER = "13800000001"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "numbers.key"


def private(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_the_key_is_made_once_and_only_its_owner_may_read_it(path: Path) -> None:
    sealed = Sealer.of_file(path).seal(NUMBER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert Sealer.of_file(path).open(sealed) == NUMBER


def test_several_that_start_together_share_one_key(path: Path) -> None:
    start = threading.Barrier(8)

    def begin(_: int) -> str:
        start.wait(10)
        return Sealer.of_file(path).find(NUMBER)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(begin, range(8)))) == 1
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_every_place_has_a_key_of_its_own(tmp_path: Path) -> None:
    assert Sealer.of_file(tmp_path / "a").key_id != Sealer.of_file(tmp_path / "b").key_id


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_file_that_others_may_use_is_refused(path: Path, mode: int) -> None:
    Sealer.of_file(path)
    path.chmod(mode)
    with pytest.raises(UnsafeKeyFile, match="chmod 600"):
        Sealer.of_file(path)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused_and_not_replaced(path: Path, size: int) -> None:
    private(path, b"x" * size)
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer.of_file(path)
    assert path.read_bytes() == b"x" * size


@pytest.mark.parametrize("content", [b"{}", b'{"keys":[]}', b'{"keys":[{"id":"00000000"}]}', b"[]"])
def test_a_ring_without_keys_is_refused_and_not_replaced(path: Path, content: bytes) -> None:
    private(path, content)
    with pytest.raises(ValueError, match="key"):
        Sealer.of_file(path)
    assert path.read_bytes() == content


def test_a_key_under_another_name_is_refused(path: Path) -> None:
    made = keyring.read_or_make(path).keys[0]
    private(path, path.read_bytes().replace(made.id.encode(), b"00000000"))
    with pytest.raises(ValueError, match="changed"):
        Sealer.of_file(path)


def test_a_key_of_an_older_version_goes_on_working(path: Path) -> None:
    private(path, b"k" * KEY_BYTES)
    assert Sealer.of_file(path).find(NUMBER) == Sealer(b"k" * KEY_BYTES).find(NUMBER)
    assert path.read_bytes() == b"k" * KEY_BYTES


def test_a_rotation_begins_once_and_ends_with_one_key(path: Path) -> None:
    old = keyring.read_or_make(path).keys[0]
    begun = keyring.begin_rotation(path)
    assert begun.rotating
    assert [key.id for key in begun.keys][1:] == [old.id]
    assert keyring.begin_rotation(path) == begun == keyring.read(path)
    with pytest.raises(RotationUnfinished):
        Sealer.of_file(path)
    ended = keyring.end_rotation(path)
    assert ended.keys == begun.keys[:1]
    assert [gone.id for gone in ended.retired] == [old.id]
    assert old.secret.hex() not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_no_key_is_shown_when_a_ring_is_printed(path: Path) -> None:
    ring = keyring.read_or_make(path)
    assert repr(ring.keys[0].secret) not in repr(ring)
