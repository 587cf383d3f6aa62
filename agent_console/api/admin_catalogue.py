"""The dispatch catalogue, for the administrator: line by line, and as a whole in .xlsx."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Connection

from agent_console import spreadsheets
from agent_console.api import catalogue_sheet as sheet
from agent_console.api.admin_classes import ClassCode
from agent_console.api.admin_units import Region, Version
from agent_console.api.changing import MOST_LISTED, Changing
from agent_console.api.fields import RowId
from agent_console.api.kept import as_problems
from agent_console.context import Context
from agent_console.operations import Media, Operations
from agent_console.problem import FieldError, Problem, refused
from agent_console.roles import ADMINS, HEADS
from agent_console.spreadsheets import Unreadable
from tickets import catalogue, classes, units
from tickets.kept import Outdated

operations = Operations("admin-catalogue")

TAKEN = (spreadsheets.CONTENT_TYPE, "application/octet-stream")


class Line(msgspec.Struct, frozen=True):
    """A line of the catalogue: class × region → lead and assisting units."""

    class_code: str
    class_label: str
    region: str
    unit_id: int
    unit_name: str
    assisting: list[int]
    assisting_names: list[str]
    version: int


class Lines(msgspec.Struct, frozen=True):
    items: list[Line]


class LineWish(msgspec.Struct, forbid_unknown_fields=True):
    """A new line, or (with `version`) what the line of this class and region is to say."""

    class_code: ClassCode
    unit_id: RowId
    region: Region = ""
    assisting: Annotated[list[RowId], Meta(max_length=catalogue.MOST_ASSISTING)] = []
    version: Version | None = None


class LinePath(msgspec.Struct, forbid_unknown_fields=True):
    class_code: ClassCode


class LineQuery(msgspec.Struct, forbid_unknown_fields=True):
    """`version` is the one that the person saw."""

    region: Region = ""
    version: Version | None = None


class ImportQuery(msgspec.Struct, forbid_unknown_fields=True):
    whole: bool = False
    """The file is the catalogue: lines that it does not have go."""
    trial: bool = False
    """Only look: nothing is kept, and what would change is listed."""


class TakenIn(msgspec.Struct, frozen=True):
    """How many lines; of a trial also the first MOST_LISTED of those that would change."""

    added: int
    changed: int
    removed: int
    unchanged: int
    changes: list[Changing] | UnsetType = UNSET


@operations.add("GET", "/admin/catalogue", "The dispatch catalogue", roles=HEADS)
async def list_lines(context: Context) -> Lines:
    return Lines(await context.parts.database.read(_all))


@operations.add(
    "POST", "/admin/catalogue", "Add or change a line", roles=ADMINS, problems=(404, 409, 422)
)
async def put_line(context: Context, *, body: LineWish) -> Line:
    with as_problems("派单目录项", _as_it_stands):
        return await context.parts.database.write(_put, context.account.id, body)


@operations.add(
    "DELETE", "/admin/catalogue/{class_code}", "Take a line away", roles=ADMINS,
    problems=(404, 409),
)  # fmt: skip
async def remove_line(context: Context, *, path: LinePath, query: LineQuery) -> None:
    with as_problems("派单目录项", _as_it_stands):
        await context.parts.database.write(
            _remove, context.account.id, path.class_code, query.region, query.version
        )


@operations.add(
    "GET", "/admin/catalogue/export", "The catalogue as .xlsx", roles=HEADS,
    media=Media((spreadsheets.CONTENT_TYPE,)),
)  # fmt: skip
async def export_catalogue(context: Context) -> web.StreamResponse:
    lines, place = await context.parts.database.read(_all_and_place)
    content = await asyncio.to_thread(sheet.written, lines, place)
    headers = {"Content-Disposition": 'attachment; filename="dispatch-catalogue.xlsx"'}
    return web.Response(body=content, content_type=spreadsheets.CONTENT_TYPE, headers=headers)


@operations.add(
    "POST",
    "/admin/catalogue/import",
    "Take in an .xlsx",
    roles=ADMINS,
    problems=(409, 413, 415, 422),
)
async def import_catalogue(context: Context, *, query: ImportQuery) -> TakenIn:
    """All lines or none; the body is the file itself."""
    data = await _file(context.request)
    database = context.parts.database
    try:
        read = await asyncio.to_thread(sheet.read, data)
        place = await database.read(_place)
        rules = await asyncio.to_thread(sheet.rules, read, place)
        counted = await database.write(
            catalogue.take_in, context.account.id, rules, whole=query.whole, trial=query.trial
        )
    except Unreadable as unreadable:
        errors = tuple(FieldError(one.where, one.message) for one in unreadable.troubles)
        sentence = f"文件中有 {len(errors)} 处问题，没有导入任何内容"
        raise Problem(
            422, sentence, code="import-refused", errors=errors, more={"rows": unreadable.lines}
        ) from None
    except catalogue.Moved:
        raise refused("单位或分类刚刚被修改，请重新导入", "place-moved") from None
    told = TakenIn(counted.added, counted.changed, counted.removed, counted.unchanged)
    if not query.trial:
        return told
    names = {one.id: one.name for one in place.units}
    listed = counted.changes[:MOST_LISTED]
    return msgspec.structs.replace(
        told, changes=[_in_words(one, place.labels, names) for one in listed]
    )


async def _file(request: web.Request) -> bytes:
    """The body, not a byte more than may come."""
    if not request.body_exists:
        raise Problem(422, "请选择要导入的 .xlsx 文件", code="no-file")
    if request.content_type not in TAKEN:
        raise Problem(415, "请发送 .xlsx 文件", code="not-xlsx")
    most = spreadsheets.MOST_BYTES
    data = bytearray()
    async for piece in request.content.iter_chunked(spreadsheets.PIECE):
        data += piece
        if len(data) > most:
            raise Problem(413, f"文件过大，最大 {most // 2**20} MB", code="too-big")
    return bytes(data)


def _in_words(change: catalogue.Change, labels: dict[str, str], names: dict[int, str]) -> Changing:
    def units_of(rule: catalogue.Rule | None) -> str:
        if rule is None:
            return ""
        helping = "、".join(names.get(one, "") for one in rule.assisting)
        return names.get(rule.unit_id, "") + (f"（协办：{helping}）" if helping else "")

    rule = change.after or change.before
    if rule is None:
        raise ValueError("a change of nothing")
    where = labels[rule.class_code] + (f"（{rule.region}）" if rule.region else "")
    return Changing(where, units_of(change.before), units_of(change.after))


def _put(conn: Connection, by: int, body: LineWish) -> Line:
    try:
        made = catalogue.put(
            conn, by, body.class_code, body.region, body.unit_id, body.assisting, body.version
        )
    except Outdated as old:
        raise Outdated(_shown(conn, old.current)) from None
    return _shown(conn, made)


def _remove(conn: Connection, by: int, class_code: str, region: str, version: int | None) -> None:
    try:
        catalogue.remove(conn, by, class_code, region, version)
    except Outdated as old:
        raise Outdated(_shown(conn, old.current)) from None


def _shown(conn: Connection, rule: catalogue.Rule) -> Line:
    return shown(rule, classes.all_labels(conn), units.names(conn))


def _as_it_stands(line: Line) -> Line:
    return line


def _all(conn: Connection) -> list[Line]:
    labels, names = classes.all_labels(conn), units.names(conn)
    return [shown(rule, labels, names) for rule in catalogue.all_rules(conn)]


def _all_and_place(conn: Connection) -> tuple[list[catalogue.Rule], sheet.Place]:
    return catalogue.all_rules(conn), _place(conn)


def _place(conn: Connection) -> sheet.Place:
    return sheet.Place(classes.all_labels(conn), units.all_units(conn, closed=True))


def shown(rule: catalogue.Rule, labels: dict[str, str], names: dict[int, str]) -> Line:
    helping = [names.get(one, "") for one in rule.assisting]
    return Line(
        rule.class_code, labels[rule.class_code], rule.region, rule.unit_id,
        names[rule.unit_id], rule.assisting, helping, rule.version,
    )  # fmt: skip
