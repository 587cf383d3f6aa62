"""Tickets as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from agent_console.api.fields import MAX_VERSION, NO_NUL, Code, Moment, Page, Size
from agent_console.problem import FieldError
from tickets.rules import MAX_COMPANY, MAX_TEXT

Version = Annotated[int, Meta(ge=1, le=MAX_VERSION)]
OptionalCode = Code | None | UnsetType


class TicketQuery(msgspec.Struct, forbid_unknown_fields=True):
    q: Annotated[str, Meta(max_length=100, pattern=NO_NUL)] = ""
    state: Code = ""
    type: Code = ""
    content_class: Code = ""
    disposition: Code = ""
    mine: bool = False
    incomplete: bool = False
    from_ms: Moment | None = None
    to_ms: Moment | None = None
    page: Page = 1
    size: Size = 20


class TicketEdit(msgspec.Struct, forbid_unknown_fields=True):
    """The fields that are to change, against the version that the person saw."""

    version: Version
    type: OptionalCode = UNSET
    content_class: OptionalCode = UNSET
    company: Annotated[str, Meta(max_length=MAX_COMPANY, pattern=NO_NUL)] | UnsetType = UNSET
    text: Annotated[str, Meta(max_length=MAX_TEXT, pattern=NO_NUL)] | UnsetType = UNSET
    disposition: OptionalCode = UNSET


class TicketVersion(msgspec.Struct, forbid_unknown_fields=True):
    version: Version


class TicketRow(msgspec.Struct, frozen=True):
    id: int
    number: str
    state: str
    type: str | None
    content_class: str | None
    company: str
    text_head: str
    disposition: str | None
    complete: bool
    agent_name: str | None
    caller_masked: str
    created_ms: int
    updated_ms: int


class TicketPage(msgspec.Struct, frozen=True):
    items: list[TicketRow]
    total: int
    page: int
    size: int


class TimelineEntry(msgspec.Struct, frozen=True):
    at_ms: int
    kind: str
    who: str | None
    detail: dict[str, Any]


class RecordingMark(msgspec.Struct, frozen=True):
    at_ms: int
    kind: str


class TicketRecording(msgspec.Struct, frozen=True):
    id: int
    state: str
    length_ms: int | None
    size_bytes: int | None
    format: str | None
    marks: list[RecordingMark]
    problem: str | None
    may_hear: bool


class Ticket(msgspec.Struct, frozen=True):
    id: int
    number: str
    version: int
    state: str
    type: str | None
    content_class: str | None
    company: str
    text: str
    disposition: str | None
    complete: bool
    call_id: str | None
    source: str
    agent_name: str | None
    account_id: int | None
    caller_masked: str
    created_ms: int
    updated_ms: int
    timeline: list[TimelineEntry]
    recordings: list[TicketRecording]


class TicketConflict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The 409 of a ticket: `current` is how it stands when the version was old."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
    current: Ticket | None = None
