"""What the rules look at: a ticket as it stands, who acts, and what a form points at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "agent", "dispatcher", "office", "unit", "unit_head", "assist", "approver", "follow_up",
    "supervisor", "head", "system",
]  # fmt: skip

KINDS: dict[str, str] = {
    "agent": "话务员",
    "dispatcher": "派单员",
    "office": "热线办",
    "unit": "主办单位",
    "unit_head": "主办单位负责人",
    "assist": "协办单位",
    "approver": "审核人员",
    "follow_up": "回访人员",
    "supervisor": "督办人员",
    "head": "热线办主任",
    "system": "系统",
}
DUTIES: dict[str, str] = {
    "dispatch": "dispatcher",
    "office": "office",
    "approve": "approver",
    "follow_up": "follow_up",
    "supervise": "supervisor",
    "sign": "head",
}
"""What each duty makes a person at any ticket."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `unit_ids` are the person's own unit and those below it."""

    account_id: int | None
    role: str
    duties: frozenset[str] = frozenset()
    unit_ids: frozenset[int] = frozenset()
    head: bool = False

    def kinds(self, facts: Facts) -> frozenset[str]:
        """What this person is at this ticket; nothing at one that complains of her unit."""
        if self.role == "system":
            return frozenset({"system"})
        if facts.complained_unit_id in self.unit_ids:
            return frozenset()
        found = {DUTIES[duty] for duty in self.duties}
        if self.role in ("supervisor", "admin") or (
            self.role in ("agent", "expert") and facts.account_id in (None, self.account_id)
        ):
            found.add("agent")
        if facts.unit_id in self.unit_ids:
            found.add("unit")
            if self.head:
                found.add("unit_head")
        if any(part.unit_id in self.unit_ids for part in facts.assists):
            found.add("assist")
        return frozenset(found)


SYSTEM = Actor(None, "system")


@dataclass(frozen=True, slots=True)
class Assist:
    unit_id: int
    done: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish of the unit that waits for an answer."""

    id: int
    kind: str
    form: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Paper:
    id: int
    kind: str
    state: str
    round: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """A ticket as the rules see it, at `now_ms`."""

    id: int
    state: str
    now_ms: int
    account_id: int | None = None
    type: str | None = None
    content_class: str | None = None
    text: str = ""
    company: str = ""
    credit_code: str | None = None
    disposition: str | None = None
    has_contact: bool = True
    unit_id: int | None = None
    complained_unit_id: int | None = None
    barred: frozenset[int] = frozenset()
    """The unit complained of, those above it and those below it: none of them is its judge."""
    assists: tuple[Assist, ...] = ()
    difficulty: str | None = None
    round: int = 0
    ruled: bool = False
    rectified: bool = False
    special: bool = False
    returned: int = 0
    extended: int = 0
    tries: int = 0
    stars: int | None = None
    contacted: bool = False
    due_ms: int | None = None
    due_kind: str | None = None
    return_by_ms: int | None = None
    closed_ms: int | None = None
    today: str = ""
    """The day of `now_ms` at the place, YYYY-MM-DD."""
    asks: tuple[Ask, ...] = ()
    papers: tuple[Paper, ...] = ()
    needs_class: bool | None = True
    """Whether the chosen disposition needs type, class and text; None when none is chosen."""

    def ask(self, kind: str) -> Ask | None:
        return next((ask for ask in self.asks if ask.kind == kind), None)

    def waiting(self, kind: str) -> Paper | None:
        """The paper of this kind that waits for a signature."""
        return next((p for p in self.papers if p.kind == kind and p.state == "to_sign"), None)

    @property
    def failed_rectification(self) -> bool:
        """A rectification's follow-up was not satisfied: it goes to 23, never back to 18."""
        return (
            self.state == "to_follow_up"
            and self.rectified
            and self.stars is not None
            and self.stars <= 2
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What a form points at: units (whether each is open) and a ticket (its state)."""

    units: Mapping[int, bool] = field(default_factory=dict)
    tickets: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """The place's own figures that guards ask for; days unless the name says otherwise."""

    follow_up_tries: int = 3
    extension_most_days: int = 10
    archive_days: int = 30
    suspension: bool = False
