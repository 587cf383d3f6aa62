"""Numbers at rest: opened with the key only, found again without opening, never changed unseen."""

from __future__ import annotations

import base64
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.sealed import KEY_BYTES, CannotOpen, Sealer

NUMBER = "13800000001"


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(b"k" * KEY_BYTES)


@given(st.text(max_size=40))
def test_what_was_sealed_is_opened_again(number: str) -> None:
    sealer = Sealer(b"k" * KEY_BYTES)
    assert sealer.open(sealer.seal(number)) == number


def test_one_number_is_sealed_differently_each_time_and_found_alike(sealer: Sealer) -> None:
    assert sealer.seal(NUMBER) != sealer.seal(NUMBER)
    assert sealer.find(NUMBER) == sealer.find(NUMBER) == Sealer(b"k" * KEY_BYTES).find(NUMBER)
    assert sealer.find(NUMBER) != sealer.find("13800000002")


def test_neither_form_shows_the_number(sealer: Sealer) -> None:
    raw = base64.b64decode(sealer.seal(NUMBER))
    assert NUMBER.encode() not in raw
    assert NUMBER not in sealer.find(NUMBER)


def test_another_key_neither_opens_nor_finds(sealer: Sealer) -> None:
    other = Sealer(b"o" * KEY_BYTES)
    with pytest.raises(CannotOpen):
        other.open(sealer.seal(NUMBER))
    assert other.find(NUMBER) != sealer.find(NUMBER)


@given(at=st.integers(0, 38), bit=st.integers(0, 7))
def test_a_single_changed_bit_is_noticed(at: int, bit: int) -> None:
    sealer = Sealer(b"k" * KEY_BYTES)
    raw = bytearray(base64.b64decode(sealer.seal(NUMBER)))
    assert len(raw) == 39
    raw[at] ^= 1 << bit
    with pytest.raises(CannotOpen):
        sealer.open(base64.b64encode(raw).decode())


@pytest.mark.parametrize("sealed", ["", "AAAA", "not base64 at all", "====", "中文", "A" * 15])
def test_what_was_never_sealed_can_not_be_opened(sealer: Sealer, sealed: str) -> None:
    with pytest.raises(CannotOpen):
        sealer.open(sealed)


@given(cut=st.integers(0, 51))
def test_what_was_cut_off_can_not_be_opened(cut: int) -> None:
    sealer = Sealer(b"k" * KEY_BYTES)
    with pytest.raises(CannotOpen):
        sealer.open(sealer.seal(NUMBER)[:cut])


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "field.key"
    sealed = Sealer.of_file(path).seal(NUMBER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_bytes()) == KEY_BYTES
    assert Sealer.of_file(path).open(sealed) == NUMBER


def test_several_that_start_together_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "field.key"
    start = threading.Barrier(8)

    def begin(_: int) -> str:
        start.wait(10)
        return Sealer.of_file(path).find(NUMBER)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(begin, range(8)))) == 1
    assert [p.name for p in path.parent.iterdir()] == ["field.key"]


def test_every_place_has_a_key_of_its_own(tmp_path: Path) -> None:
    Sealer.of_file(tmp_path / "a")
    Sealer.of_file(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused_and_not_replaced(tmp_path: Path, size: int) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"x" * size)
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer.of_file(path)
    assert path.read_bytes() == b"x" * size
