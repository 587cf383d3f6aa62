"""The dispatch catalogue as a sheet: its columns, its lines from rules and rules from its lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from agent_console import spreadsheets
from agent_console.spreadsheets import Column, Line, Sheet, Trouble, Unreadable
from tickets import catalogue
from tickets.catalogue import Known, Rule
from tickets.units import Unit

CLASS, CLASS_NAME, REGION = "分类代码", "分类名称", "区域代码"
UNIT, UNIT_NAME = "主办单位代码", "主办单位"
HELPING, HELPING_NAMES = "协办单位代码", "协办单位"
COLUMNS = (
    Column(CLASS, 24),
    Column(CLASS_NAME, 36),
    Column(REGION, 14),
    Column(UNIT, 20),
    Column(UNIT_NAME, 28),
    Column(HELPING, 28),
    Column(HELPING_NAMES, 40),
)
NEEDED = (CLASS, REGION)
KNOWN = tuple(column.title for column in COLUMNS if column.title not in NEEDED)
FIELDS = {"class_code": CLASS, "region": REGION, "unit_id": UNIT, "assisting": HELPING}
BETWEEN = "；"


class Place(msgspec.Struct, frozen=True):
    """What lines may name: labels of classes by code, and all units."""

    labels: dict[str, str]
    units: list[Unit]

    @property
    def known(self) -> Known:
        opened = frozenset(one.id for one in self.units if one.open)
        return Known(frozenset(self.labels), opened)


def written(rules: Sequence[Rule], place: Place) -> bytes:
    """The .xlsx of these lines; blocking."""
    of = {one.id: one for one in place.units}
    rows = (
        (
            rule.class_code,
            place.labels[rule.class_code],
            rule.region,
            of[rule.unit_id].code,
            of[rule.unit_id].name,
            BETWEEN.join(of[one].code for one in rule.assisting if one in of),
            BETWEEN.join(of[one].name for one in rule.assisting if one in of),
        )
        for rule in rules
    )
    return spreadsheets.written("派单目录", COLUMNS, rows)


def read(data: bytes) -> Sheet:
    """What a file holds; raises Unreadable. Blocking."""
    return spreadsheets.read(data, NEEDED, KNOWN)


def rules(sheet: Sheet, place: Place) -> list[Rule]:
    """The rules that lines say; each unit by its code, or by its name where no code stands.

    Raises:
        Unreadable: all that is wrong in any line, in the order of the lines.
    """
    finder = _Finder(place.units)
    known = place.known
    unread = {(trouble.line, trouble.column) for trouble in sheet.troubles}
    troubles = list(sheet.troubles)
    found: list[Rule] = []
    first: dict[tuple[str, str], int] = {}
    for line in sheet.lines:
        rule, wrong = _rule(line, finder, known)
        if rule is not None:
            before = first.setdefault(rule.key, line.number)
            if before != line.number:
                wrong = [Trouble(line.number, CLASS, f"与第 {before} 行的分类和区域重复")]
            found.append(rule)
        troubles += [one for one in wrong if (one.line, one.column) not in unread]
    if troubles:
        raise Unreadable(sorted(troubles, key=lambda one: one.line or 0), len(sheet.lines))
    return found


class _Finder:
    """Finds units by what stands in a line."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._by_code = {one.code: one for one in units}
        self._by_name: dict[str, list[Unit]] = {}
        for one in units:
            self._by_name.setdefault(one.name, []).append(one)

    def find(self, code: str, name: str) -> tuple[Unit | None, str]:
        """The unit, or a sentence that says why there is none."""
        if code:
            found = self._by_code.get(code)
            if found is None:
                return None, f"没有代码为“{code}”的单位"
            if name and name != found.name:
                return None, f"代码“{code}”的单位名称是“{found.name}”，与所填“{name}”不符"
            return found, ""
        named = self._by_name.get(name, [])
        if len(named) > 1:
            return None, f"有 {len(named)} 个单位名为“{name}”，请填写代码"
        return (named[0], "") if named else (None, f"没有名为“{name}”的单位")


def _rule(line: Line, finder: _Finder, known: Known) -> tuple[Rule | None, list[Trouble]]:
    """What a line says, and all that is wrong with it."""
    cells = {title: line.cells.get(title, "") for title in (*NEEDED, *KNOWN)}
    lead, helping, wrong = _units(line.number, cells, finder)
    # A unit that was not found is 0, and has been told already in words of its own.
    told = {field for field, ids in (("unit_id", [lead]), ("assisting", helping)) if 0 in ids}
    mistakes = catalogue.what_is_wrong(known, cells[CLASS], cells[REGION], lead, helping)
    wrong += [
        Trouble(line.number, FIELDS[mistake.field], mistake.message)
        for mistake in mistakes
        if mistake.field not in told
    ]
    rule = Rule(cells[CLASS], cells[REGION], lead, helping, 1)
    return (None if wrong else rule), wrong


def _units(
    number: int, cells: dict[str, str], finder: _Finder
) -> tuple[int, list[int], list[Trouble]]:
    """The lead unit and the assisting ones of a line; 0 for one that is not there."""
    wrong: list[Trouble] = []

    def find(code: str, name: str, column: str) -> int:
        found, sentence = finder.find(code, name)
        if sentence:
            wrong.append(Trouble(number, column, sentence))
        return found.id if found is not None else 0

    if cells[UNIT] or cells[UNIT_NAME]:
        lead = find(cells[UNIT], cells[UNIT_NAME], UNIT if cells[UNIT] else UNIT_NAME)
    else:
        lead = 0
        wrong.append(Trouble(number, UNIT, "请填写主办单位"))
    codes, names = split(cells[HELPING]), split(cells[HELPING_NAMES])
    if not codes:
        return lead, [find("", name, HELPING_NAMES) for name in names], wrong
    if names and len(names) != len(codes):
        wrong.append(Trouble(number, HELPING_NAMES, "个数与协办单位代码不同"))
        names = []
    pairs = zip(codes, names or [""] * len(codes), strict=True)
    return lead, [find(code, name, HELPING) for code, name in pairs], wrong


def split(text: str) -> list[str]:
    """Several in one cell: between semicolons, commas or 、."""
    return [part.strip() for part in re.split(r"[;；,，、\n]", text) if part.strip()]
