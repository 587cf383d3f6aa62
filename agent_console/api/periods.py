"""The periods of this place: what they are, which clause asks for them, who set them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from agent_console.api.fields import NO_NUL
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem, not_found
from agent_console.roles import EVERYBODY
from tickets import periods
from tickets.kept import Missing, Mistaken

operations = Operations("clocks")

ADMIN = frozenset({"admin"})


class ShownPeriod(msgspec.Struct, frozen=True):
    """One period; `at_ms` and `by` are null while the settings' figure (`default`) holds."""

    name: str
    label: str
    value: int
    default: int
    low: int
    high: int
    unit: str
    basis: str
    at_ms: int | None
    by: str | None


class Periods(msgspec.Struct, frozen=True):
    items: list[ShownPeriod]


class PeriodPath(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=64, pattern=NO_NUL)]


class SetPeriod(msgspec.Struct, forbid_unknown_fields=True):
    value: Annotated[int, Meta(ge=0, le=10_000)] | None
    """None: back to the settings' figure."""


@operations.add("GET", "/admin/periods", "The periods of this place", roles=EVERYBODY)
async def read_periods(context: Context) -> Periods:
    found = await context.parts.database.read(periods.read, context.parts.settings)
    return Periods([_shown(one) for one in found])


@operations.add(
    "PATCH",
    "/admin/periods/{name}",
    "Set a period; terms that are running keep theirs",
    roles=ADMIN,
    problems=(404, 422),
)
async def set_period(context: Context, *, path: PeriodPath, body: SetPeriod) -> ShownPeriod:
    parts = context.parts
    try:
        set_to = await parts.database.write(
            periods.put, parts.settings, context.account.id, path.name, body.value
        )
    except Missing:
        raise not_found("这项时限") from None
    except Mistaken as mistaken:
        errors = tuple(FieldError(one.field, one.message) for one in mistaken.mistakes)
        raise Problem(422, errors[0].message, code="out-of-bounds", errors=errors) from None
    return _shown(set_to)


def _shown(one: periods.Period) -> ShownPeriod:
    said = periods.SAID[one.name]
    return ShownPeriod(
        name=one.name,
        label=said.label,
        value=one.value,
        default=one.default,
        low=one.low,
        high=one.high,
        unit=said.unit,
        basis=said.basis,
        at_ms=one.at_ms,
        by=one.by,
    )
