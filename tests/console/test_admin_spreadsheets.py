"""Sheets that are written and read: no formula goes out, nothing that runs comes in."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_console import spreadsheets
from agent_console.spreadsheets import Column, Line, Unreadable, read, written
from tests.console.sheets import cells, repacked, sheet, types
from tests.support.examples import examples

COLUMNS = (Column("甲"), Column("乙"))
BOTH = ("甲", "乙")


def told(data: bytes) -> list[tuple[int | None, str, str]]:
    """What is wrong in a file, or with it."""
    try:
        troubles = read(data, BOTH).troubles
    except Unreadable as unreadable:
        troubles = unreadable.troubles
    return [(one.line, one.column, one.message) for one in troubles]


def lines_of(data: bytes) -> list[Line]:
    """The lines of a file in which nothing is wrong."""
    found = read(data, BOTH)
    assert found.troubles == []
    return found.lines


def refused(data: bytes) -> str:
    [(line, column, sentence)] = told(data)
    assert (line, column) == (None, "")
    return sentence


def test_given_texts_that_begin_a_formula_then_no_cell_is_one() -> None:
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "#N/A", "plain"]
    data = written("表", COLUMNS, [(text, 3) for text in evil])
    assert types(data) == {"s", "n"}
    shown = [row[0] for row in cells(data)[1:]]
    assert not [text for text in shown if text.startswith(spreadsheets.STARTS_A_FORMULA)]
    back = [line.cells["甲"] for line in lines_of(data)]
    assert back == evil


@settings(max_examples=examples(60))
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_given_any_texts_then_they_are_written_and_none_is_a_formula(texts: list[str]) -> None:
    data = written("表", COLUMNS, [(text, dt.date(2026, 11, 22)) for text in texts])
    assert types(data) <= {"s", "d"}
    for row in cells(data)[1:]:
        assert not str(row[0] or "").startswith(spreadsheets.STARTS_A_FORMULA)
    assert len(lines_of(data)) == len(texts)


def test_given_lines_then_each_is_read_with_its_number_and_as_text() -> None:
    day = dt.date(2026, 11, 22)
    data = sheet(("a", 450921), (None, None), ("'b", 1.5), (" c ", day), heads=("甲", "乙"))
    lines = lines_of(data)
    assert [(line.number, line.cells["甲"], line.cells["乙"]) for line in lines] == [
        (2, "a", "450921"), (4, "'b", "1.5"), (5, "c", "2026-11-22"),
    ]  # fmt: skip


def test_given_many_things_wrong_then_all_are_told_with_line_and_column() -> None:
    long = "长" * (spreadsheets.MAX_CELL + 1)
    data = sheet(("=1+1", "x"), ("a", long), ("=A1", "=B1"), heads=("甲", "乙"))
    formula = "单元格中是公式，请改为值"
    assert [(line, column) for line, column, _ in told(data)] == [
        (2, "甲"), (3, "乙"), (4, "甲"), (4, "乙"),
    ]  # fmt: skip
    assert told(data)[0][2] == formula


def test_given_a_head_that_lacks_or_repeats_a_column_then_it_is_told() -> None:
    assert told(sheet(("a", "b"), heads=("甲", "甲"))) == [
        (1, "甲", "这一列出现了两次"), (1, "乙", "缺少这一列"),
    ]  # fmt: skip
    assert [column for _, column, _ in told(sheet())] == ["甲", "乙"]


def test_given_too_many_lines_then_it_is_told_wherever_they_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spreadsheets, "MOST_LINES", 3)
    assert len(lines_of(sheet(*[("a", "b")] * 3, heads=BOTH))) == 3
    assert told(sheet(*[("a", "b")] * 5, heads=BOTH)) == [(5, "", "行数过多，最多 3 行")]
    far = sheet(("a", "b"), *[(None, None)] * 6, ("c", "d"), heads=BOTH)
    assert told(far) == [(9, "", "行数过多，最多 3 行")]


def test_given_what_is_no_spreadsheet_then_a_sentence_says_so() -> None:
    broken = "无法读取，请确认是 .xlsx 文件，并且没有损坏"
    good = sheet(("a", "b"), heads=BOTH)
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    for data in (b"", b"PK\x03\x04", b"a,b\n1,2\n", good[:-200], empty.getvalue()):
        assert refused(data) == broken
    for name in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"):
        assert refused(repacked(good, **{name: b"<a>"})) == broken
    assert ".xls " in refused(spreadsheets.OLD_EXCEL + b"x" * 600)


@pytest.mark.parametrize(
    ("part", "content", "word"),
    [
        ("xl/vbaProject.bin", b"x", "宏"),
        ("xl/macrosheets/sheet1.xml", b"<a/>", "宏"),
        ("docProps/custom.xml", b"application/vnd.ms-excel.sheet.macroEnabled.main+xml", "宏"),
        ("xl/externalLinks/externalLink1.xml", b"<a/>", "其他文件"),
        ("xl/embeddings/oleObject1.bin", b"x", "嵌有"),
        ("xl/activeX/activeX1.bin", b"x", "控件"),
        ("xl/sharedStrings.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "结构不正常"),
        ("xl/sharedStrings.xml", "<a/>".encode("utf-16"), "结构不正常"),
    ],
)
def test_given_parts_that_a_table_needs_not_then_the_file_is_refused(
    part: str, content: bytes, word: str
) -> None:
    assert word in refused(repacked(sheet(("a", "b"), heads=BOTH), **{part: content}))


def test_given_a_file_that_grows_then_it_is_refused_before_it_has_grown() -> None:
    bomb = repacked(
        sheet(("a", "b"), heads=BOTH),
        **{"xl/media/a.png": b"\0" * (spreadsheets.MOST_UNPACKED + 1)},
    )
    assert len(bomb) < 100_000
    assert "展开后过大" in refused(bomb)
    assert "文件过大" in refused(b"x" * (spreadsheets.MOST_BYTES + 1))
    many = {f"a{n}": b"" for n in range(spreadsheets.MOST_FILES + 1)}
    assert "结构不正常" in refused(repacked(sheet(), **many))


def test_given_a_zip_that_lies_about_its_sizes_then_it_is_refused() -> None:
    data = bytearray(repacked(sheet(("a", "b"), heads=BOTH), **{"xl/z": b"\0" * 2_000_000}))
    entry = data.rindex(b"xl/z") - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    # The central directory says that the part is of ten bytes, with the checksum of those ten.
    struct.pack_into("<I", data, entry + 16, 0xE38A6876)
    struct.pack_into("<I", data, entry + 24, 10)
    assert [line.cells["甲"] for line in lines_of(bytes(data))] == ["a"]
    struct.pack_into("<I", data, entry + 16, 0)
    assert "无法读取" in refused(bytes(data))
