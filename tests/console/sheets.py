"""Spreadsheets as tests make and read them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook, load_workbook

HEADS = ("分类代码", "分类名称", "区域代码", "主办单位代码", "主办单位", "协办单位代码", "协办单位")


def sheet(*rows: Sequence[Any], heads: Sequence[str] = HEADS) -> bytes:
    """An .xlsx with these lines below the head."""
    book = Workbook()
    page = book.active
    assert page
    for row in (heads, *rows):
        page.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def cells(data: bytes) -> list[list[Any]]:
    """What stands in an .xlsx, line by line."""
    page = load_workbook(io.BytesIO(data)).active
    assert page
    return [list(row) for row in page.iter_rows(values_only=True)]


def types(data: bytes) -> set[str]:
    """The kinds of its cells: s text, n number, f formula, e error."""
    page = load_workbook(io.BytesIO(data)).active
    assert page
    return {cell.data_type for row in page.iter_rows() for cell in row if cell.value is not None}


def repacked(data: bytes, **parts: bytes | None) -> bytes:
    """The file with parts put in, changed (`__` for `/`), by name."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()
