"""Tickets as the API takes and shows them: the list, one ticket, its changes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from agent_console.api.fields import MAX_VERSION, NO_NUL, Code, Moment, Page, RowId, Size
from agent_console.api.ticket_parts import (
    Asked,
    Assisting,
    Attached,
    Contact,
    Left,
    Link,
    Listed,
    Paper,
    PossibleMove,
    Rating,
    Reason,
    RefusedMove,
    Term,
    UnitRef,
)
from agent_console.problem import FieldError
from tickets.desks import Name
from tickets.rules import MAX_COMPANY, MAX_TEXT

Version = Annotated[int, Meta(ge=1, le=MAX_VERSION)]
OptionalCode = Code | None | UnsetType
MAX_REGION, MAX_CREDIT_CODE = 12, 32


class TicketFilter(msgspec.Struct, forbid_unknown_fields=True):
    """Which tickets; all that is said must hold."""

    desk: Name | None = None
    q: Annotated[str, Meta(max_length=100, pattern=NO_NUL)] = ""
    state: Code = ""
    type: Code = ""
    content_class: Code = ""
    """The class and those below it."""
    disposition: Code = ""
    difficulty: Code = ""
    unit_id: RowId | None = None
    """The unit and those below it, as lead."""
    late: bool = False
    special: bool = False
    repeated: bool = False
    """Those of people or companies who came before; for units it says nothing."""
    mine: bool = False
    incomplete: bool = False
    from_ms: Moment | None = None
    to_ms: Moment | None = None
    order: Literal["newest", "due", "repeats"] | None = None
    """Left out: a desk by what ends first, else the newest first."""


class TicketQuery(TicketFilter, forbid_unknown_fields=True):
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
    region: Annotated[str, Meta(max_length=MAX_REGION, pattern=NO_NUL)] | UnsetType = UNSET
    credit_code: (
        Annotated[str, Meta(max_length=MAX_CREDIT_CODE, pattern=NO_NUL)] | UnsetType | None
    ) = UNSET
    complained_unit_id: RowId | UnsetType | None = UNSET


class TicketDone(msgspec.Struct, forbid_unknown_fields=True):
    """The form is complete; `form` is what the disposition's move asks for (reason, told)."""

    version: Version
    form: dict[str, Any] = {}


class TicketMove(msgspec.Struct, forbid_unknown_fields=True):
    """One move of the table, against the version that the person saw."""

    version: Version
    move: Code
    form: dict[str, Any] = {}


class TicketPreview(msgspec.Struct, forbid_unknown_fields=True):
    """A move that is thought of; its form may still be half empty."""

    move: Code
    form: dict[str, Any] = {}


class TicketRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    number: str
    state: str
    type: str | None
    content_class: str | None
    class_label: str | None
    company: str
    text_head: str
    disposition: str | None
    complete: bool
    agent_name: str | None
    caller_masked: str
    created_ms: int
    updated_ms: int
    unit_id: int | None
    unit_name: str | None
    due_ms: int | None
    due_kind: str | None
    due_provisional: bool
    left: Left | None
    round: int
    repeats: int | None
    """Earlier matters of the same person or company; None for units."""
    special: bool
    difficulty: str | None
    stars: int | None


class TicketPage(msgspec.Struct, frozen=True):
    items: list[TicketRow]
    total: int
    more: bool
    """There are more than `total` says: nobody counts further."""
    page: int
    size: int


class TimelineEntry(msgspec.Struct, frozen=True):
    at_ms: int
    kind: str
    who: str | None
    detail: dict[str, Any]
    move: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    why: str | None = None
    done_on: str | None = None


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


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket with all that hangs on it, as one person may see it."""

    id: int
    number: str
    version: int
    state: str
    type: str | None
    content_class: str | None
    class_label: str | None
    company: str
    credit_code: str | None
    region: str
    text: str
    disposition: str | None
    complete: bool
    call_id: str | None
    source: str
    agent_name: str | None
    account_id: int | None
    caller_masked: str
    contact: Contact
    created_ms: int
    updated_ms: int
    closed_ms: int | None
    unit: UnitRef | None
    assists: list[Assisting]
    complained_unit_id: int | None
    """None for units, as is the name."""
    complained_unit_name: str | None
    difficulty: str | None
    round: int
    ruled: bool
    rectified: bool
    special: bool
    returned: int
    extended: int
    repeats: int | None
    tries: int
    stars: int | None
    reply_internal: str | None
    reply_public: str | None
    due_ms: int | None
    due_kind: str | None
    due_provisional: bool
    left: Left | None
    terms: list[Term]
    asks: list[Asked]
    papers: list[Paper]
    ratings: list[Rating]
    lists: list[Listed]
    attachments: list[Attached]
    links: list[Link]
    editable: bool
    """Whether this person may change the fields of the form now."""
    moves: list[PossibleMove]
    refused: list[RefusedMove]
    timeline: list[TimelineEntry]
    recordings: list[TicketRecording]


class ChangeSince(msgspec.Struct, frozen=True):
    """What somebody did after the person saw the ticket."""

    at_ms: int
    who: str | None
    words: str


class MoveRef(msgspec.Struct, frozen=True):
    name: str
    label: str


class TicketConflict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The 409 of a ticket.

    `version-old`: `current` is how it stands, `changes` what others did meanwhile.
    `move-refused`: `reasons` are the rules in the way, `allowed` what could be done instead.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
    current: Ticket | None = None
    changes: list[ChangeSince] = []
    reasons: list[Reason] = []
    allowed: list[MoveRef] = []


class PreviewedTerm(msgspec.Struct, frozen=True):
    kind: str
    label: str
    due_ms: int
    provisional: bool


class PreviewedTerms(msgspec.Struct, frozen=True):
    terms: list[PreviewedTerm]


class UnitQuery(msgspec.Struct, forbid_unknown_fields=True, rename={"content_class": "class"}):
    content_class: Code = ""
    region: Annotated[str, Meta(max_length=MAX_REGION, pattern=NO_NUL)] = ""


class SuggestedUnit(msgspec.Struct, frozen=True):
    """Whom the dispatch catalogue names; None when it names nobody."""

    unit: UnitRef | None
    assisting: list[UnitRef]
