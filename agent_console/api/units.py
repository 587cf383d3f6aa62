"""Units and classes as everybody may read them: to choose from, and to say what a ticket names."""

from __future__ import annotations

import msgspec

from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.roles import EVERYBODY
from tickets import classes, units

operations = Operations("units")


class WhichQuery(msgspec.Struct, forbid_unknown_fields=True):
    all: bool = False
    """Closed ones too: what an old ticket names may be closed by now."""


class UnitChoice(msgspec.Struct, frozen=True):
    id: int
    code: str
    name: str
    parent_id: int | None
    region: str
    open: bool
    version: int


class UnitChoices(msgspec.Struct, frozen=True):
    """The tree from the top: each right before those below it."""

    items: list[UnitChoice]


class ClassRow(msgspec.Struct, frozen=True):
    """A class; the periods are a law's own, in working days (`pass_on_days`) and natural days."""

    code: str
    parent: str | None
    label: str
    place: int
    open: bool
    pass_on_days: int | None
    handle_days: int | None
    handle_most_days: int | None
    basis: str
    version: int


class ClassRows(msgspec.Struct, frozen=True):
    """The tree from the top: each right before those below it."""

    items: list[ClassRow]


@operations.add("GET", "/units", "Units to choose from", roles=EVERYBODY)
async def list_units(context: Context, *, query: WhichQuery) -> UnitChoices:
    found = await context.parts.database.read(units.all_units, closed=query.all)
    return UnitChoices([msgspec.convert(one, UnitChoice, from_attributes=True) for one in found])


@operations.add("GET", "/classes", "Classes to choose from", roles=EVERYBODY)
async def list_classes(context: Context, *, query: WhichQuery) -> ClassRows:
    found = await context.parts.database.read(classes.all_classes, closed=query.all)
    return ClassRows([shown_class(one) for one in found])


def shown_class(found: classes.TicketClass) -> ClassRow:
    return msgspec.convert(found, ClassRow, from_attributes=True)
