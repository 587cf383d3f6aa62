"""Calls as the API shows them, and what may be asked of one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from agent_console.api.fields import NO_NUL, Code, RowId

Verb = Literal[
    "hold", "resume", "hang_up", "pause_recording", "resume_recording", "send_digits",
    "consult", "invite", "emergency", "cancel", "back", "swap", "join", "mute", "unmute", "drop",
    "leave", "come_back", "transfer", "listen", "whisper", "barge", "take_over", "stop", "move",
]  # fmt: skip

Digits = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[0-9A-D*#]+$")]
LegId = Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL)]
Typed = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]


class Target(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whom to bring in: a queue by name, a seat or an expert by id, a number as typed."""

    kind: Literal["queue", "seat", "expert", "number"]
    value: Typed | RowId


class Args(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What a verb needs besides; which verb needs what is in `call_requests.NEEDS`."""

    digits: Digits | None = None
    target: Target | None = None
    number: Code | None = None
    leg: LegId | None = None
    queue: Code | None = None
    head: bool | None = None


class CallRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    verb: Verb
    args: Args = Args()


class Outcome(msgspec.Struct, frozen=True):
    outcome: str


class Party(msgspec.Struct, frozen=True):
    """One who is on the call now; `place` says where: ringing, announcing, in, held, apart."""

    leg: str
    role: str
    kind: str
    label: str
    seat_id: int | None
    expert_id: int | None
    place: str
    muted: bool
    since_ms: int


class CardRecording(msgspec.Struct, frozen=True):
    id: int
    state: str
    paused: bool
    problem: str | None


class EarlierCall(msgspec.Struct, frozen=True):
    call_id: str
    started_ms: int
    queue_label: str | None
    end_reason: str | None
    seat_name: str | None
    ticket_id: int | None
    ticket_number: str | None


class EarlierTicket(msgspec.Struct, frozen=True):
    id: int
    number: str
    state: str
    type: str | None
    company: str
    text_head: str
    created_ms: int


class CallCard(msgspec.Struct, frozen=True):
    """What pops up with a call.

    `auto_answer`: my telephone rings because I am coming back, called out or listen in, and
    answers by itself. `my_leg` is the newest leg of my seat. `hint` is what the agent before
    me, or the system, leaves to know.
    """

    call_id: str
    stage: str
    line: str
    line_label: str
    queue: str | None
    queue_label: str | None
    caller_masked: str
    started_ms: int
    queued_ms: int | None
    talk_ms: int | None
    ended_ms: int | None
    ticket_id: int | None
    held: bool
    direction: str
    state: str | None
    parties: list[Party]
    hint: str | None
    is_owner: bool
    my_leg: str | None
    auto_answer: bool
    recording: CardRecording | None
    earlier_calls: list[EarlierCall]
    earlier_tickets: list[EarlierTicket]


class CallEvent(msgspec.Struct, frozen=True):
    at_ms: int
    kind: str
    detail: dict[str, Any]


class Leg(msgspec.Struct, frozen=True):
    id: str
    role: str
    kind: str | None
    label: str | None
    seat_name: str | None
    started_ms: int
    answered_ms: int | None
    ended_ms: int | None
    cause: str | None


class Span(msgspec.Struct, frozen=True):
    """What a leg was doing from when to when; `to_ms` null while it does."""

    leg_id: str
    seat_name: str | None
    what: str
    from_ms: int
    to_ms: int | None


class Asked(msgspec.Struct, frozen=True):
    """A button that was pressed, and what came of it; `detail` is the sentence of a refusal."""

    at_ms: int
    verb: str
    who: str | None
    state: str
    detail: str | None


class CallWithHistory(msgspec.Struct, frozen=True):
    call_id: str
    stage: str
    line: str
    line_label: str
    queue: str | None
    queue_label: str | None
    caller_masked: str
    seat_id: int | None
    owner_seat_id: int | None
    direction: str
    state: str | None
    head: bool
    hint: str | None
    started_ms: int
    queued_ms: int | None
    talk_ms: int | None
    ended_ms: int | None
    end_reason: str | None
    held: bool
    recording_paused: bool
    ticket_id: int | None
    ticket_number: str | None
    parties: list[Party]
    events: list[CallEvent]
    legs: list[Leg]
    spans: list[Span]
    requests: list[Asked]
