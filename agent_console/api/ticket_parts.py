"""What hangs on a ticket, as screens see it."""

from __future__ import annotations

from typing import Any

import msgspec


class Left(msgspec.Struct, frozen=True):
    """Working time to a deadline, or since it when late; `words` for screens."""

    days: int
    hours: int
    minutes: int
    late: bool
    words: str


class UnitRef(msgspec.Struct, frozen=True):
    id: int
    name: str


class Contact(msgspec.Struct, frozen=True):
    """The reporter, masked."""

    name_masked: str
    number_masked: str
    has_number: bool


class Assisting(msgspec.Struct, frozen=True):
    unit_id: int
    unit_name: str
    asked_ms: int
    done_ms: int | None
    text: str | None


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A term; `met` is None while it runs and when it was never judged."""

    kind: str
    label: str
    round: int
    unit_name: str | None
    from_ms: int
    days: int
    natural: bool
    due_ms: int
    first_due_ms: int
    provisional: bool
    ended_ms: int | None
    met: bool | None
    late: Left | None
    """How late it was met, or is by now, in working time; None when it is not."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A wish of the unit; `agreed` is None while it waits and when it was overtaken."""

    id: int
    kind: str
    form: dict[str, Any]
    asked_by: str | None
    asked_ms: int
    open: bool
    agreed: bool | None
    answer: str | None
    answered_by: str | None
    answered_ms: int | None


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    kind: str
    label: str
    number: str | None
    state: str
    round: int
    body: dict[str, Any]
    drafted_by: str | None
    drafted_ms: int
    signed_by: str | None
    signed_ms: int | None
    answer: str | None


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    at_ms: int
    round: int
    rectified: bool
    stars: int | None
    """None: not reached, it stands as not rated."""
    how: str
    text: str
    by: str | None


class Listed(msgspec.Struct, frozen=True):
    list: str
    round: int
    opened_ms: int
    closed_ms: int | None


class Attached(msgspec.Struct, frozen=True):
    id: int
    name: str
    media: str
    size_bytes: int
    by: str | None
    at_ms: int
    may_remove: bool
    """Whether this person may take it off again."""


class Link(msgspec.Struct, frozen=True):
    """Another ticket: `merged_into`, or `merged_from`."""

    id: int
    number: str
    state: str
    kind: str


class Choice(msgspec.Struct, frozen=True):
    value: str | int
    label: str


class MoveField(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to fill in; `suggested` is the value to begin with."""

    name: str
    label: str
    kind: str
    required: bool
    most: int
    hint: str
    choices: list[Choice]
    suggested: str | int | list[int] | None


class PossibleMove(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    label: str
    effect: str
    basis: str
    to: str | None
    """The state that follows; None for an act."""
    fields: list[MoveField]


class Reason(msgspec.Struct, frozen=True):
    message: str
    basis: str
    """The clause, as an official names it."""


class RefusedMove(msgspec.Struct, frozen=True):
    name: str
    label: str
    reasons: list[Reason]
