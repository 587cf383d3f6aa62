"""A year's notice of days off as a table (CSV): read whole, or refused with every bad line. Pure.

Columns 日期 and 类型 (放假, 上班 or 半天), one day a line; further columns are not read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import date

from tickets.kept import Mistake, Mistaken
from workdays.days import LENT_TO_NEW_YEAR, Kind
from workdays.law import SATURDAY

MOST_LINES = 400
MOST_CELL = 200
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("off", "放假", "休息", "休", "调休放假"), "off"),
    **dict.fromkeys(("work", "上班", "班", "调休上班", "补班"), "work"),
    **dict.fromkeys(("half", "半天", "半日", "上午上班"), "half"),
}
HEADS = frozenset({"日期", "day", "date"})
DAY = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?")


def read(text: str, year: int, *, country: bool, known: Mapping[date, Kind]) -> dict[date, Kind]:
    """The days that a notice names.

    Args:
        text: the file; a first line of headings may stand in it.
        year: the year it is for; days of the last of the December before may be in it.
        country: of the whole country, as against a region's own days.
        known: what holds without this notice on days that the country names, for regions.

    Raises:
        Mistaken: with every bad line; `field` is the line's number, or `file`.
    """
    found: dict[date, Kind] = {}
    wrong: list[Mistake] = []
    lines = _lines(text)
    for number, cells in lines:
        try:
            day, kind = _line(cells, year)
            _sensible(day, kind, found, known)
            found[day] = kind
        except _BadLine as bad:
            wrong.append(Mistake(str(number), bad.sentence))
    if country and found.get(date(year, 1, 1)) != "off" and not wrong:
        wrong.append(Mistake("file", f"没有 {year} 年 1 月 1 日放假，这不是一份完整的年度安排"))
    if not found and not wrong:
        wrong.append(Mistake("file", "文件里没有日期"))
    if wrong:
        raise Mistaken(*wrong)
    return found


class _BadLine(Exception):
    def __init__(self, sentence: str) -> None:
        super().__init__("a bad line")
        self.sentence = sentence


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Numbered lines with something in them, without the headings."""
    if "\0" in text:
        raise Mistaken(Mistake("file", "这不是 CSV 文本文件"))
    reader = csv.reader(text.removeprefix("\ufeff").splitlines(), strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                lines.append((reader.line_num, stripped))
            if len(lines) > MOST_LINES + 1:
                raise Mistaken(Mistake("file", f"超过 {MOST_LINES} 行，一年的安排没有这么多天"))
    except csv.Error:
        raise Mistaken(Mistake(str(reader.line_num), "引号没有成对")) from None
    if lines and lines[0][1][0].lower() in HEADS:
        del lines[0]
    return lines


def _line(cells: list[str], year: int) -> tuple[date, Kind]:
    if len(cells) < 2:
        raise _BadLine("应有日期和类型两列")
    shown = cells[0][:20]
    written = DAY.fullmatch(cells[0])
    if written is None:
        raise _BadLine(f"日期“{shown}”应写成 {year}-01-01 的样子")
    try:
        day = date(*(int(part) for part in written.groups()))
    except ValueError:
        raise _BadLine(f"日期“{shown}”不存在") from None
    lent = day.year == year - 1 and (day.month, day.day) >= LENT_TO_NEW_YEAR
    if day.year != year and not lent:
        raise _BadLine(f"日期“{shown}”不在 {year} 年")
    kind = KINDS.get(cells[1].lower())
    if kind is None:
        raise _BadLine(f"类型“{cells[1][:20]}”应为放假、上班或半天")
    return day, kind


def _sensible(
    day: date, kind: Kind, found: Mapping[date, Kind], known: Mapping[date, Kind]
) -> None:
    """Each day once; a make-up day on a day that is worked anyway is a slip of the pen."""
    if day in found:
        raise _BadLine(f"“{day.isoformat()}”重复")
    if kind != "work" or day.isoweekday() >= SATURDAY or known.get(day, "work") != "work":
        return
    raise _BadLine(f"“{day.isoformat()}”本来就是工作日，不会是调休上班的日子")
