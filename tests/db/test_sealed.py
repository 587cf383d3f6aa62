"""Numbers at rest: opened with the key only, found again without opening, never changed unseen."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from db.keyring import KEY_BYTES
from db.sealed import CannotOpen, Sealer

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
    raw = base64.b64decode(sealer.seal(NUMBER).split(".")[1])
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
    name, _, written = sealer.seal(NUMBER).partition(".")
    raw = bytearray(base64.b64decode(written))
    assert len(raw) == 39
    raw[at] ^= 1 << bit
    with pytest.raises(CannotOpen):
        sealer.open(f"{name}.{base64.b64encode(raw).decode()}")


def test_the_name_of_the_key_can_not_be_changed_unseen(sealer: Sealer) -> None:
    other = Sealer(b"o" * KEY_BYTES)
    both = Sealer(b"o" * KEY_BYTES, b"k" * KEY_BYTES)
    written = sealer.seal(NUMBER).split(".")[1]
    for forged in (f"{other.key_id}.{written}", written, f"deadbeef.{written}"):
        with pytest.raises(CannotOpen):
            both.open(forged)


def nameless(key: bytes, number: str) -> str:
    """As versions before the ring of keys sealed."""
    nonce = b"n" * 12
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, number.encode(), None)).decode()


def test_what_older_versions_sealed_is_opened_by_whichever_key_it_was() -> None:
    old, new = b"o" * KEY_BYTES, b"n" * KEY_BYTES
    assert Sealer(old).open(nameless(old, NUMBER)) == NUMBER
    assert Sealer(new, old).open(nameless(old, NUMBER)) == NUMBER
    with pytest.raises(CannotOpen):
        Sealer(new).open(nameless(old, NUMBER))


def test_the_newest_key_seals_and_finds_and_older_ones_open() -> None:
    old, new = Sealer(b"o" * KEY_BYTES), Sealer(b"n" * KEY_BYTES)
    both = Sealer(b"n" * KEY_BYTES, b"o" * KEY_BYTES)
    assert both.open(old.seal(NUMBER)) == NUMBER
    assert new.open(both.seal(NUMBER)) == NUMBER
    assert both.find(NUMBER) == new.find(NUMBER) != old.find(NUMBER)
    assert both.is_newest(new.seal(NUMBER))
    assert not both.is_newest(old.seal(NUMBER))
    assert both.knows(old.seal(NUMBER))
    assert not new.knows(old.seal(NUMBER))


@pytest.mark.parametrize(
    "sealed",
    ["", "AAAA", "not base64 at all", "====", "中文", "A" * 15, "0123abcd.", "0123abcd.AAAA", "."],
)
def test_what_was_never_sealed_can_not_be_opened(sealer: Sealer, sealed: str) -> None:
    with pytest.raises(CannotOpen):
        sealer.open(sealed)


@given(cut=st.integers(0, 60))
def test_what_was_cut_off_can_not_be_opened(cut: int) -> None:
    sealer = Sealer(b"k" * KEY_BYTES)
    with pytest.raises(CannotOpen):
        sealer.open(sealer.seal(NUMBER)[:cut])
