"""Units, for the administrator: tree, region, duty contact, addresses for notices."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Connection

from agent_console.api.fields import MAX_VERSION, NO_NUL, RowId, RowPath
from agent_console.api.kept import as_problems, checked
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.parts import Parts
from agent_console.roles import ADMINS, HEADS
from config.channels import Notices
from tickets import units
from tickets.kept import Mistake

operations = Operations("admin-units")

UnitCode = Annotated[str, Meta(min_length=1, max_length=32, pattern=NO_NUL)]
UnitName = Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL)]
Region = Annotated[str, Meta(max_length=12, pattern=NO_NUL)]
DutyName = Annotated[str, Meta(max_length=50, pattern=NO_NUL)]
Number = Annotated[str, Meta(max_length=64, pattern=NO_NUL)]
Address = Annotated[str, Meta(max_length=2000, pattern=NO_NUL)]
Channel = Annotated[str, Meta(min_length=1, max_length=32, pattern=NO_NUL)]
Addresses = Annotated[dict[Channel, Address], Meta(max_length=10)]
Version = Annotated[int, Meta(ge=1, le=MAX_VERSION)]


class VersionQuery(msgspec.Struct, forbid_unknown_fields=True):
    version: Version


class KeptUnit(msgspec.Struct, frozen=True):
    """A unit with all that the administrator keeps of it; the duty number is masked."""

    id: int
    code: str
    name: str
    parent_id: int | None
    region: str
    open: bool
    duty_name: str
    duty_masked: str | None
    addresses: dict[str, str]
    version: int
    open_tickets: int


class KeptUnits(msgspec.Struct, frozen=True):
    items: list[KeptUnit]


class NewUnit(msgspec.Struct, forbid_unknown_fields=True):
    code: UnitCode
    name: UnitName
    parent_id: RowId | None = None
    region: Region = ""
    open: bool = True
    duty_name: DutyName = ""
    duty_number: Number = ""
    addresses: Addresses = {}


class UnitEdit(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change. `duty_number` "" removes the number; `addresses` are sent whole."""

    version: Version
    code: UnitCode | UnsetType = UNSET
    name: UnitName | UnsetType = UNSET
    parent_id: RowId | UnsetType | None = UNSET
    region: Region | UnsetType = UNSET
    open: bool | UnsetType = UNSET
    duty_name: DutyName | UnsetType = UNSET
    duty_number: Number | UnsetType = UNSET
    addresses: Addresses | UnsetType = UNSET


@operations.add("GET", "/admin/units", "All units", roles=HEADS)
async def list_kept_units(context: Context) -> KeptUnits:
    return KeptUnits(await context.parts.database.read(_all))


@operations.add("POST", "/admin/units", "Add a unit", roles=ADMINS, problems=(409, 422))
async def add_unit(context: Context, *, body: NewUnit) -> KeptUnit:
    fields, mistakes = _given(context.parts, body)
    with as_problems("单位"):
        return await context.parts.database.write(_add, context.account.id, fields, mistakes)


@operations.add(
    "PATCH", "/admin/units/{id}", "Change a unit", roles=ADMINS, problems=(404, 409, 422)
)
async def change_unit(context: Context, *, path: RowPath, body: UnitEdit) -> KeptUnit:
    fields, mistakes = _given(context.parts, body)
    with as_problems("单位", shown):
        return await context.parts.database.write(
            _change, context.account.id, path.id, body.version, fields, mistakes
        )


@operations.add(
    "DELETE", "/admin/units/{id}", "Remove a unit never used", roles=ADMINS, problems=(404, 409)
)
async def remove_unit(context: Context, *, path: RowPath, query: VersionQuery) -> None:
    with as_problems("单位", shown):
        await context.parts.database.write(units.remove, context.account.id, path.id, query.version)


def shown(found: units.Unit, open_tickets: int = 0) -> KeptUnit:
    addresses = {name: "，".join(units.listed(at)) for name, at in found.addresses.items()}
    same = {n: getattr(found, n) for n in units.Unit.__struct_fields__ if n != "addresses"}
    return KeptUnit(**same, addresses=addresses, open_tickets=open_tickets)


def _given(parts: Parts, body: NewUnit | UnitEdit) -> tuple[dict[str, Any], list[Mistake]]:
    """The fields that were sent, the number sealed, and what is wrong with them by the settings."""
    names = (n for n in body.__struct_fields__ if n not in ("version", "duty_number"))
    fields = {name: value for name in names if (value := getattr(body, name)) is not UNSET}
    mistakes = []
    if isinstance(body.duty_number, str):
        sealed, masked, mistake = _number(parts, body.duty_number.strip())
        fields |= {"duty_sealed": sealed, "duty_masked": masked}
        mistakes += mistake
    if "addresses" in fields:
        fields["addresses"] = {n: at.strip() for n, at in fields["addresses"].items() if at.strip()}
        mistakes += _unknown_names(parts.settings.notices, fields["addresses"])
    return fields, mistakes


def _number(parts: Parts, typed: str) -> tuple[str | None, str | None, list[Mistake]]:
    if not typed:
        return None, None, []
    kept = parts.keep_number(typed)
    if kept is None:
        return None, None, [Mistake("duty_number", "这个号码无法拨打，请核对后再试")]
    return kept.sealed, kept.masked, []


def _unknown_names(notices: Notices, addresses: dict[str, str]) -> list[Mistake]:
    """Robots and hooks are named in the settings, where their secrets are."""
    known = {
        "dingtalk": {robot.name for robot in notices.dingtalk.robots},
        "webhook": {hook.name for hook in notices.webhook.hooks},
    }
    return [
        Mistake(f"addresses.{channel}", "设置中没有这个名称")
        for channel, names in known.items()
        if set(units.listed(addresses.get(channel, ""))) - names
    ]


def _add(conn: Connection, by: int, fields: dict[str, Any], mistakes: list[Mistake]) -> KeptUnit:
    return shown(checked(mistakes, lambda: units.create(conn, by, **fields)))


def _change(
    conn: Connection,
    by: int,
    unit_id: int,
    version: int,
    fields: dict[str, Any],
    mistakes: list[Mistake],
) -> KeptUnit:
    changed = checked(mistakes, lambda: units.change(conn, by, unit_id, version, **fields))
    return shown(changed, units.open_tickets(conn, unit_id).get(unit_id, 0))


def _all(conn: Connection) -> list[KeptUnit]:
    counts = units.open_tickets(conn)
    return [shown(one, counts.get(one.id, 0)) for one in units.all_units(conn, closed=True)]
