"""Files at rest: what was cut, swapped or changed does not open, and rotation reaches every one."""

from __future__ import annotations

import hashlib
import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from db import resealing_files, sealed_files
from db.keyring import KEY_BYTES
from db.sealed import CannotOpen, Sealer
from db.sealed_files import CHUNK, HEAD_BYTES, TAG, SealedWriter, open_file

OLD, NEW = Sealer(b"o" * KEY_BYTES), Sealer(b"n" * KEY_BYTES)
BOTH = Sealer(b"n" * KEY_BYTES, b"o" * KEY_BYTES)
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17]


def sealed(path: Path, content: bytes, sealer: Sealer, piece: int = 10_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = SealedWriter(file, sealer)
        for at in range(0, len(content), piece):
            writer.write(content[at : at + piece])
        writer.finish()
    return path


def read(path: Path, sealer: Sealer = OLD) -> bytes:
    with open_file(path, sealer) as file:
        return file.read()


def chunks(path: Path) -> tuple[bytes, list[bytes]]:
    raw = path.read_bytes()
    body = raw[HEAD_BYTES:]
    whole = CHUNK + TAG
    return raw[:HEAD_BYTES], [body[at : at + whole] for at in range(0, len(body), whole)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", [7_000, CHUNK, 200_000])
def test_what_was_written_is_read_and_nothing_of_it_lies_there(
    tmp_path: Path, size: int, piece: int
) -> None:
    content = os.urandom(size)
    path = sealed(tmp_path / "f", content, OLD, piece)
    assert read(path) == content
    assert path.stat().st_size == HEAD_BYTES + size + TAG * max(1, -(-size // CHUNK))
    for at in range(0, size - 32, CHUNK // 2):
        assert content[at : at + 32] not in path.read_bytes()


def test_it_is_read_anywhere_as_an_archive_needs_it(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("first", os.urandom(2 * CHUNK))
        archive.writestr("second", b"found again")
    path = sealed(tmp_path / "f", made.getvalue(), OLD)
    with open_file(path, OLD) as file, zipfile.ZipFile(file) as archive:
        assert archive.read("second") == b"found again"
        assert archive.testzip() is None


def test_every_single_changed_byte_is_found(tmp_path: Path) -> None:
    path = sealed(tmp_path / "f", b"x" * 40, OLD)
    raw = path.read_bytes()
    for at in range(len(sealed_files.MAGIC), len(raw)):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(CannotOpen):
            read(path)


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_change_in_any_chunk_is_found(tmp_path: Path, at: int) -> None:
    path = sealed(tmp_path / "f", os.urandom(3 * CHUNK + 5), OLD)
    raw = bytearray(path.read_bytes())
    raw[HEAD_BYTES + at * (CHUNK + TAG) + 2] ^= 0x80
    path.write_bytes(raw)
    with pytest.raises(CannotOpen, match="changed"):
        read(path)


def test_a_file_cut_anywhere_is_known_before_a_byte_is_read(tmp_path: Path) -> None:
    path = sealed(tmp_path / "f", os.urandom(3 * CHUNK + 5), OLD)
    raw = path.read_bytes()
    whole = CHUNK + TAG
    cuts = [HEAD_BYTES + n * whole + more for n in range(3) for more in (0, 1, TAG, TAG + 1)]
    for cut in [len(sealed_files.MAGIC), HEAD_BYTES, *cuts, len(raw) - 1]:
        path.write_bytes(raw[:cut])
        with pytest.raises(CannotOpen):
            open_file(path, OLD)


def test_swapped_repeated_left_out_and_foreign_chunks_are_found(tmp_path: Path) -> None:
    head, (a, b, c, last) = chunks(sealed(tmp_path / "f", os.urandom(3 * CHUNK + 5), OLD))
    other, (_, theirs, _, their_last) = chunks(
        sealed(tmp_path / "g", os.urandom(3 * CHUNK + 5), OLD)
    )
    path = tmp_path / "h"
    for wrong in (
        [b, a, c, last], [a, a, c, last], [a, c, last], [a, b, c], [a, b, c, last, last],
        [a, theirs, c, last], [a, b, c, their_last], [a, b, c, last, b"x" * 40],
    ):  # fmt: skip
        path.write_bytes(head + b"".join(wrong))
        with pytest.raises(CannotOpen):
            read(path)
    path.write_bytes(other + a + b + c + last)
    with pytest.raises(CannotOpen):
        read(path)
    path.write_bytes(head + a + b + c + last)
    assert len(read(path)) == 3 * CHUNK + 5


def test_a_clear_file_of_an_older_version_is_read_as_it_is(tmp_path: Path) -> None:
    for content in (b"%PDF-1.7", b"", b"x" * 200_000):
        (tmp_path / "f").write_bytes(content)
        assert read(tmp_path / "f") == content


def test_without_its_key_it_stays_shut(tmp_path: Path) -> None:
    path = sealed(tmp_path / "f", b"something", OLD)
    with pytest.raises(CannotOpen, match="key"):
        read(path, NEW)
    assert read(path, BOTH) == b"something"


def test_a_large_file_never_lies_in_memory_whole(tmp_path: Path) -> None:
    pieces = 300
    tracemalloc.start()
    try:
        with (tmp_path / "f").open("wb") as file:
            writer = SealedWriter(file, OLD)
            for _ in range(pieces):
                writer.write(b"x" * CHUNK)
            writer.finish()
        with open_file(tmp_path / "f", OLD) as opened:
            size = sum(len(piece) for piece in iter(lambda: opened.read(CHUNK), b""))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == pieces * CHUNK
    assert peak < 20 * CHUNK


def house(directory: Path) -> dict[str, bytes]:
    """Clear, old, new and empty files as they are stored; by name."""
    contents = [b"clear", b"old" * CHUNK, b"new", b""]
    names = {hashlib.sha256(content).hexdigest(): content for content in contents}
    for content, sealer in zip(contents, (None, OLD, NEW, OLD), strict=True):
        path = resealing_files.path_of(directory, hashlib.sha256(content).hexdigest())
        path.parent.mkdir(parents=True, exist_ok=True)
        if sealer is None:
            path.write_bytes(content)
        else:
            sealed(path, content, sealer)
    return names


def test_stopped_after_any_file_it_goes_on(tmp_path: Path) -> None:
    names = house(tmp_path)
    for stop in range(len(names) + 1):
        carrying = resealing_files.carry(tmp_path, BOTH)
        for _ in range(stop):
            next(carrying)
        carrying.close()
        for name, content in names.items():
            assert read(resealing_files.path_of(tmp_path, name), BOTH) == content
    assert resealing_files.left(tmp_path, BOTH) == 0
    assert [one.changed for one in resealing_files.carry(tmp_path, BOTH)] == [False] * 4
    for name, content in names.items():
        assert read(resealing_files.path_of(tmp_path, name), NEW) == content


def test_a_kill_in_the_middle_of_a_file_leaves_it_and_its_remains_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = house(tmp_path)

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(resealing_files, "put", killed)
        with pytest.raises(SystemExit):
            list(resealing_files.carry(tmp_path, BOTH))
    (tmp_path / "incoming" / "half").write_bytes(b"as a kill leaves it")
    for name, content in names.items():
        assert read(resealing_files.path_of(tmp_path, name), BOTH) == content
    assert sum(one.changed for one in resealing_files.carry(tmp_path, BOTH)) == 3
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_damaged_file_is_named_and_stays_as_it_is(tmp_path: Path) -> None:
    names = house(tmp_path)
    name = hashlib.sha256(b"old" * CHUNK).hexdigest()
    path = resealing_files.path_of(tmp_path, name)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    clear = resealing_files.path_of(tmp_path, hashlib.sha256(b"clear").hexdigest())
    clear.write_bytes(b"something else")
    unreadable = {one.name for one in resealing_files.carry(tmp_path, BOTH) if one.unreadable}
    assert unreadable == {name, clear.name}
    assert (path.read_bytes(), clear.read_bytes()) == (bytes(raw), b"something else")
    assert resealing_files.left(tmp_path, BOTH) == 2
    assert len(names) == 4


def test_nothing_stored_is_nothing_to_do(tmp_path: Path) -> None:
    assert list(resealing_files.carry(tmp_path / "none", BOTH)) == []
    assert resealing_files.left(tmp_path / "none", BOTH) == 0
