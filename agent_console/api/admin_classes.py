"""Classes of matters, for the administrator: tree, codes, the periods of a law."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from agent_console.api.admin_units import Version, VersionQuery
from agent_console.api.fields import NO_NUL
from agent_console.api.kept import as_problems
from agent_console.api.units import ClassRow, ClassRows, shown_class
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.roles import ADMINS, HEADS
from tickets import classes

operations = Operations("admin-classes")

ClassCode = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]
Label = Annotated[str, Meta(min_length=1, max_length=classes.MAX_LABEL, pattern=NO_NUL)]
Place = Annotated[int, Meta(ge=0, le=10_000)]
Days = Annotated[int, Meta(ge=1, le=classes.MAX_DAYS)]
Basis = Annotated[str, Meta(max_length=classes.MAX_BASIS, pattern=NO_NUL)]


class CodePath(msgspec.Struct, forbid_unknown_fields=True):
    code: ClassCode


class NewClass(msgspec.Struct, forbid_unknown_fields=True):
    """`place` left out: behind its siblings."""

    code: ClassCode
    label: Label
    parent: ClassCode | None = None
    place: Place | None = None
    open: bool = True
    pass_on_days: Days | None = None
    handle_days: Days | None = None
    handle_most_days: Days | None = None
    basis: Basis = ""


class ClassEdit(msgspec.Struct, forbid_unknown_fields=True):
    version: Version
    label: Label | UnsetType = UNSET
    parent: ClassCode | UnsetType | None = UNSET
    place: Place | UnsetType = UNSET
    open: bool | UnsetType = UNSET
    pass_on_days: Days | UnsetType | None = UNSET
    handle_days: Days | UnsetType | None = UNSET
    handle_most_days: Days | UnsetType | None = UNSET
    basis: Basis | UnsetType = UNSET


@operations.add("GET", "/admin/classes", "All classes", roles=HEADS)
async def list_kept_classes(context: Context) -> ClassRows:
    found = await context.parts.database.read(classes.all_classes, closed=True)
    return ClassRows([shown_class(one) for one in found])


@operations.add("POST", "/admin/classes", "Add a class", roles=ADMINS, problems=(422,))
async def add_class(context: Context, *, body: NewClass) -> ClassRow:
    with as_problems("分类"):
        made = await context.parts.database.write(
            classes.create, context.account.id, **msgspec.structs.asdict(body)
        )
    return shown_class(made)


@operations.add(
    "PATCH", "/admin/classes/{code}", "Change a class", roles=ADMINS, problems=(404, 409, 422)
)
async def change_class(context: Context, *, path: CodePath, body: ClassEdit) -> ClassRow:
    names = (n for n in body.__struct_fields__ if n != "version")
    fields: dict[str, Any] = {
        name: value for name in names if (value := getattr(body, name)) is not UNSET
    }
    with as_problems("分类", shown_class):
        changed = await context.parts.database.write(
            classes.change, context.account.id, path.code, body.version, **fields
        )
    return shown_class(changed)


@operations.add(
    "DELETE", "/admin/classes/{code}", "Remove a class never used", roles=ADMINS,
    problems=(404, 409),
)  # fmt: skip
async def remove_class(context: Context, *, path: CodePath, query: VersionQuery) -> None:
    with as_problems("分类", shown_class):
        await context.parts.database.write(
            classes.remove, context.account.id, path.code, query.version
        )
