"""A seat as the API shows it."""

from __future__ import annotations

from typing import Any

import msgspec

from agent_console.auth import Account
from agent_console.live_messages import PRIVATE_OF_A_SEAT
from agent_console.roles import HEADS
from floor import seats


class Skill(msgspec.Struct, frozen=True):
    queue: str
    level: int


class Seat(msgspec.Struct, frozen=True):
    id: int
    account_id: int
    name: str
    state: str
    since_ms: int
    reason: str | None
    call_id: str | None
    phone_ready: bool
    skills: list[Skill]
    wrap_up_until_ms: int | None
    after_call: str | None


def shown(found: seats.Seat) -> Seat:
    """All of it: for the seat's own person, and for heads."""
    return msgspec.convert(found.shown(), Seat)


def shown_to(found: seats.Seat, who: Account) -> Seat:
    """As much of it as this person may see."""
    if who.role in HEADS or found.account_id == who.id:
        return shown(found)
    hidden: dict[str, Any] = dict.fromkeys(PRIVATE_OF_A_SEAT)
    return msgspec.convert(found.shown() | hidden, Seat)
