"""Tables as .xlsx files: written so that nothing in them is ever a formula, read with distrust.

A file that comes in is unpacked by us, piece by piece and only up to a limit, before any library
sees it; macros, formulas, links to other files and documents with an own grammar are refused. All
problems are told at once, each with its line and its column.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MOST_BYTES = 4 * 2**20
MOST_UNPACKED = 24 * 2**20
MOST_FILES = 200
MOST_LINES = 20_000
MOST_COLUMNS = 40
LAST_ROW = 2**20
MAX_CELL = 2_000
PIECE = 2**16

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What Excel, or a CSV made of the sheet, may take for the beginning of a formula (OWASP)."""
TEXT_MARK = "'"
REFUSED_PARTS = {
    "vbaproject": "文件中有宏，请另存为不含宏的 .xlsx 后再导入",
    "macrosheets/": "文件中有宏，请另存为不含宏的 .xlsx 后再导入",
    "externallinks/": "文件引用了其他文件，请去掉外部链接后再导入",
    "embeddings/": "文件中嵌有其他文件，请去掉后再导入",
    "activex/": "文件中有控件，请去掉后再导入",
}
UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
"""A document of two bytes a letter could hide what is looked for; no program writes such tables."""
OLD_EXCEL = b"\xd0\xcf\x11\xe0"

Value = str | int | float | bool | dt.date | None


class Column(msgspec.Struct, frozen=True):
    """A column of a sheet that is written: its title, and how many characters wide."""

    title: str
    width: int = 16


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong at one place: `line` as Excel numbers it, `column` by its title."""

    line: int | None
    column: str
    message: str

    @property
    def where(self) -> str:
        """For a person: 第 3000 行，主办单位代码."""
        parts = [f"第 {self.line} 行"] if self.line is not None else []
        return "，".join([*parts, *([self.column] if self.column else [])]) or "文件"


class Unreadable(Exception):
    """The file can't be taken in; all that is wrong with it, in the order of its lines."""

    def __init__(self, troubles: Sequence[Trouble], lines: int = 0) -> None:
        super().__init__(f"{len(troubles)} problems in a sheet")
        self.troubles = list(troubles)
        self.lines = lines


class Line(msgspec.Struct, frozen=True):
    """A line that was read: its number in the file, and its texts by column title."""

    number: int
    cells: dict[str, str]


class Sheet(msgspec.Struct, frozen=True):
    """What a file holds: its lines, and cells of theirs that can't be taken in (empty in the line).

    Whoever reads the lines adds what is wrong with them, and tells all of it at once.
    """

    lines: list[Line]
    troubles: list[Trouble]


def written(title: str, columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> bytes:
    """One sheet with a head that stays in sight; dates and numbers as such, texts as texts."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for n, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(n)].width = column.width
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)
    sheet.append([_cell(sheet, column.title, bold) for column in columns])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, value: Value, font: Font | None = None) -> Any:
    if not isinstance(value, str):
        return value
    text = harmless(value)
    cell = WriteOnlyCell(sheet, value=text)
    # Else openpyxl takes what begins with "=" for a formula, and "#N/A" for an error.
    cell.data_type = "s"
    if font is not None:
        cell.font = font
    elif "\n" in text:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula, without characters XML can't hold."""
    kept = "".join(c for c in text if c in "\n\t" or (c >= " " and c not in "\ufffe\uffff"))
    kept = kept.encode("utf-8", "ignore").decode()
    return TEXT_MARK + kept if kept.startswith(STARTS_A_FORMULA) else kept


def as_typed(text: str) -> str:
    """What was meant by a cell's text: without the mark that `harmless` set before it."""
    text = text.strip()
    marked = text.startswith(TEXT_MARK) and text[1:].startswith(STARTS_A_FORMULA)
    return text[1:] if marked else text


def read(data: bytes, needed: Sequence[str], known: Sequence[str] = ()) -> Sheet:
    """The first sheet, each line with the text of every column; blocking.

    Args:
        data: the file.
        needed: titles that the head must have, in any order.
        known: titles that may be there; any other column is passed over.

    Raises:
        Unreadable: the file is no .xlsx, or too big, or holds what a table has no need of, or
            lacks a column.
    """
    book = _opened(data)
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise Unreadable([Trouble(None, "", "文件中没有工作表")])
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=LAST_ROW, max_col=MOST_COLUMNS)
        try:
            return _lines(rows, needed, known)
        except (ValueError, KeyError, IndexError, TypeError, SyntaxError) as error:
            # openpyxl says in many ways that what it reads is not as it should be.
            raise _broken() from error
    finally:
        book.close()


def _lines(rows: Iterator[Any], needed: Sequence[str], known: Sequence[str]) -> Sheet:
    places, troubles = _head(next(rows, ()), needed, known)
    if troubles:
        raise Unreadable(troubles)
    lines = []
    for number, row in enumerate(rows, 2):
        if all(cell.value is None for cell in row):
            continue
        if number > MOST_LINES + 1:
            troubles.append(Trouble(number, "", f"行数过多，最多 {MOST_LINES} 行"))
            break
        cells: dict[str, str] = {}
        before = len(troubles)
        for title, at in places.items():
            cell = row[at] if at < len(row) else None
            text, trouble = _text(cell)
            cells[title] = text
            if trouble:
                troubles.append(Trouble(number, title, trouble))
        if any(cells.values()) or len(troubles) > before:
            lines.append(Line(number, cells))
    return Sheet(lines, troubles)


def _head(
    row: Sequence[Any], needed: Sequence[str], known: Sequence[str]
) -> tuple[dict[str, int], list[Trouble]]:
    places: dict[str, int] = {}
    troubles = []
    for at, cell in enumerate(row):
        title, _ = _text(cell)
        if title not in {*needed, *known}:
            continue
        if title in places:
            troubles.append(Trouble(1, title, "这一列出现了两次"))
        places[title] = at
    missing = [title for title in needed if title not in places]
    troubles += [Trouble(1, title, "缺少这一列") for title in missing]
    return places, troubles


def _text(cell: Any) -> tuple[str, str]:
    """A cell's text, and what is wrong with it (empty when nothing is)."""
    value = None if cell is None else cell.value
    if value is None:
        return "", ""
    if cell.data_type == "f":
        return "", "单元格中是公式，请改为值"
    if cell.data_type == "e":
        return "", "单元格中是错误值"
    if isinstance(value, bool):
        return ("是" if value else "否"), ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    text = as_typed(str(value))
    if len(text) > MAX_CELL:
        return "", f"内容过长，最多 {MAX_CELL} 个字"
    return text, ""


def _opened(data: bytes) -> Any:
    """The workbook, from a copy that we have unpacked ourselves."""
    if len(data) > MOST_BYTES:
        raise _no(f"文件过大，最大 {MOST_BYTES // 2**20} MB")
    if data.startswith(OLD_EXCEL):
        raise _no("这是旧版 .xls 文件或加密文件，请另存为不加密的 .xlsx 后再导入")
    clean = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(clean, "w") as copy:
            _copy(packed, copy)
        return load_workbook(clean, read_only=True, data_only=False, keep_links=False)
    except Unreadable:
        raise
    except (
        zipfile.BadZipFile, zlib.error, InvalidFileException, NotImplementedError, OSError,
        EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, SyntaxError,
        RuntimeError,
    ) as error:  # fmt: skip
        # The ways in which zipfile, expat and openpyxl say that it is no .xlsx.
        raise _broken() from error


def _copy(packed: zipfile.ZipFile, copy: zipfile.ZipFile) -> None:
    """Unpack piece by piece and count: what a zip says of its own sizes may be a lie."""
    parts = packed.infolist()
    names = [part.filename for part in parts]
    if len(parts) > MOST_FILES or len(set(names)) != len(names):
        raise _no("文件结构不正常，请另存为 .xlsx 后再导入")
    for name in names:
        for words, sentence in REFUSED_PARTS.items():
            if words in name.lower():
                raise _no(sentence)
    left = MOST_UNPACKED
    for part in parts:
        whole = io.BytesIO()
        with packed.open(part) as source:
            while piece := source.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise _no("文件展开后过大，请减少内容后再导入")
                whole.write(piece)
        content = whole.getvalue()
        _no_grammar(content)
        copy.writestr(part.filename, content)


def _no_grammar(content: bytes) -> None:
    """A document type could name other files, or grow without end; no table needs one."""
    if (
        b"<!DOCTYPE" in content
        or b"<!ENTITY" in content
        or content[:2] in (b"\xff\xfe", b"\xfe\xff")
    ):
        raise _no("文件结构不正常，请另存为 .xlsx 后再导入")
    if b"macroEnabled" in content:
        raise _no("文件中有宏，请另存为不含宏的 .xlsx 后再导入")


def _no(sentence: str) -> Unreadable:
    return Unreadable([Trouble(None, "", sentence)])


def _broken() -> Unreadable:
    return _no("无法读取，请确认是 .xlsx 文件，并且没有损坏")
