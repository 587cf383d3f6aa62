"""A conversation of several people, as a pure object: what happened goes in, what to do comes out.

Every participant is a leg. A call has one bridge; a leg is in it, or outside with music
(held), or ringing, or hearing the announcement. So who hears whom is never a question:
those who are in hear each other, nobody else hears them. The caller is taken out for a
consultation, and the recording, which hangs on his channel, holds nothing of it.

`conversation_table.decide` looks an event up by the state the conversation is in; a cell is
a move (`conversation_moves`) or the sentence with which a person is refused.
docs/conversation.md draws the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

Role = Literal["caller", "agent", "other", "supervisor"]
Place = Literal["ringing", "announcing", "in", "held", "apart"]
Purpose = Literal["talk", "consult", "invite", "transfer", "recall", "come_back", "supervise"]
Kind = Literal["", "seat", "expert", "number", "emergency", "listen", "whisper", "barge"]

MOST_OTHERS = 3
"""Beside caller and agent; more could not tell each other apart."""

HUNG_UP = 16
NO_ANSWER = 19
"""Q.850: normal clearing; nobody picked up."""

STATES = {
    "talking": "通话中",
    "held": "保持",
    "asking": "呼叫专家",
    "consulting": "单独咨询",
    "aside": "专家等待",
    "inviting": "邀请加入",
    "conference": "三方通话",
    "left": "专家通话",
    "returning": "正在返回",
    "handing": "转接中",
    "recalling": "恢复座席",
    "lost": "等待座席恢复",
}


@dataclass(frozen=True, slots=True)
class Leg:
    """One participant. `id` is the channel; `label` is what screens show of him.

    `apart` is the place of a supervisor who listens: not in the bridge, heard by nobody.
    """

    id: str
    role: Role
    place: Place
    kind: Kind = ""
    label: str = ""
    seat_id: int | None = None
    expert_id: int | None = None
    account_id: int | None = None
    purpose: Purpose = "talk"
    muted: bool = False
    answered: bool = False
    since_ms: int = 0
    """When it came to the place where it is."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Who is on the call. `lost_seat` is the seat whose page is gone and is waited for."""

    legs: tuple[Leg, ...]
    owner_seat: int | None = None
    owner_label: str = ""
    lost_seat: int | None = None

    def leg(self, leg_id: str) -> Leg | None:
        return next((leg for leg in self.legs if leg.id == leg_id), None)

    @property
    def caller(self) -> Leg:
        return next(leg for leg in self.legs if leg.role == "caller")

    @property
    def agent(self) -> Leg | None:
        return next((leg for leg in self.legs if leg.role == "agent"), None)

    def others(self, *places: Place) -> list[Leg]:
        return [
            leg for leg in self.legs if leg.role == "other" and (not places or leg.place in places)
        ]

    @property
    def supervisors(self) -> list[Leg]:
        return [leg for leg in self.legs if leg.role == "supervisor"]

    @property
    def state(self) -> str:
        """One of STATES: everything that a button's meaning depends on."""
        agent, caller = self.agent, self.caller
        if agent is None:
            if self.others("in") and caller.place == "in":
                return "left"
            return "lost" if self.lost_seat is not None else "handing"
        if agent.place != "in":
            return "returning" if caller.place == "in" else "recalling"
        if caller.place == "in":
            if self.others("in"):
                return "conference"
            if self.others("ringing", "announcing"):
                return "inviting"
            return "aside" if self.others("held") else "talking"
        if self.others("in"):
            return "consulting"
        return "asking" if self.others("ringing", "announcing") else "held"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ring: `kind` and `value` as asked for, the rest as the performer found it."""

    kind: Literal["queue", "seat", "expert", "number", "emergency"]
    value: str
    label: str = ""
    seat_id: int | None = None
    expert_id: int | None = None
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What a person did or what happened. `leg` names whom it is about (a new leg's id is
    chosen before); `account` is the person at the screen.
    """

    name: str
    leg: str = ""
    target: Target | None = None
    cause: int = HUNG_UP
    account: int | None = None
    seat: int | None = None
    label: str = ""
    spare: str = ""
    """An id for a leg that this may bring about."""


# --- what is to be done ---


@dataclass(frozen=True, slots=True)
class Join:
    """Into the bridge (the music ends)."""

    leg: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Out of the bridge, to music; a sentence first when one is named."""

    leg: str
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Ring:
    leg: str
    target: Target


@dataclass(frozen=True, slots=True)
class RingSeat:
    """Ring a seat that answers by itself: its own person asked for it, or is coming back."""

    leg: str
    seat_id: int


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell who is about to join that the call is recorded, and who asks."""

    leg: str


@dataclass(frozen=True, slots=True)
class Mute:
    leg: str
    on: bool


@dataclass(frozen=True, slots=True)
class HangUp:
    leg: str
    reason: str = "normal"


@dataclass(frozen=True, slots=True)
class Supervise:
    """What a supervisor's leg is to do now: listen, whisper, barge; `target` is whom she hears."""

    leg: str
    how: str
    target: str


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the call's history."""

    kind: str
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """The call is over."""

    reason: str


@dataclass(frozen=True, slots=True)
class Requeue:
    """The caller waits again: in `queue` (None: where he was), at its head when it was our fault."""

    queue: str | None
    head: bool
    hint: str | None
    sentence: str


Action = Join | Hold | Ring | RingSeat | Announce | Mute | HangUp | Supervise | Note | End | Requeue


@dataclass(frozen=True, slots=True)
class Outcome:
    """The conversation as it stands now, what is to be done, and why legs ended, by leg."""

    conversation: Conversation
    actions: tuple[Action, ...]
    causes: dict[str, str]


class Refused(Exception):
    """It can't be done now; the text is the sentence for the screen."""


class Turn:
    """One event being worked in: the legs as they come to stand, the actions in their order."""

    def __init__(self, before: Conversation, event: Event, at_ms: int) -> None:
        self.before = before
        self.event = event
        self.at_ms = at_ms
        self.now = before
        self.actions: list[Action] = []
        self.causes: dict[str, str] = {}

    def do(self, *actions: Action) -> None:
        self.actions.extend(actions)

    def note(self, kind: str, **detail: object) -> None:
        if self.event.account is not None:
            detail["by"] = self.event.account
        self.do(Note(kind, detail))

    def change(self, leg: Leg, **values: object) -> Leg:
        if "place" in values and values["place"] != leg.place:
            values["since_ms"] = self.at_ms
        changed = replace(leg, **values)  # type: ignore[arg-type]
        legs = tuple(changed if one.id == leg.id else one for one in self.now.legs)
        self.now = replace(self.now, legs=legs)
        return changed

    def join(self, leg: Leg) -> None:
        if leg.place != "in":
            self.change(leg, place="in")
            self.do(Join(leg.id))

    def hold(self, leg: Leg, sentence: str | None = None) -> None:
        if leg.place != "held":
            self.change(leg, place="held")
            self.do(Hold(leg.id, sentence))

    def add(self, leg: Leg) -> Leg:
        leg = replace(leg, since_ms=self.at_ms)
        self.now = replace(self.now, legs=(*self.now.legs, leg))
        return leg

    def remove(self, leg: Leg, cause: str, *, hang_up: bool = True) -> None:
        self.now = replace(self.now, legs=tuple(x for x in self.now.legs if x.id != leg.id))
        self.causes[leg.id] = cause
        if hang_up:
            self.do(HangUp(leg.id))

    def let_all_go(self, legs: list[Leg], cause: str) -> None:
        for leg in legs:
            self.remove(leg, cause)

    def agent(self) -> Leg:
        agent = self.now.agent
        if agent is None:
            raise Refused("座席不在通话中")
        return agent

    def named(self) -> Leg:
        """The leg that the event is about; a person is told when it is not there any more."""
        leg = self.now.leg(self.event.leg)
        if leg is None or leg.role == "supervisor":
            raise Refused("该方已经不在通话中")
        return leg

    def ring(self, purpose: Purpose) -> None:
        target = self.event.target
        if target is None or target.kind == "queue":
            raise Refused("请选择专家、座席或号码")
        if len(self.now.others()) >= MOST_OTHERS:
            raise Refused("通话人数已到上限")
        if self.now.others("ringing", "announcing"):
            raise Refused("已有一方正在呼叫，请先等待或取消")
        if self._is_there(target):
            raise Refused("对方已经在本次通话中")
        kind = target.kind
        self.add(
            Leg(
                id=self.event.leg,
                role="other",
                place="ringing",
                kind=kind,
                label=target.label,
                seat_id=target.seat_id,
                expert_id=target.expert_id,
                account_id=target.account_id,
                purpose=purpose,
            )
        )
        self.do(Ring(self.event.leg, target))
        self.note("party_rung", leg=self.event.leg, who=kind, label=target.label, why=purpose)

    def _is_there(self, target: Target) -> bool:
        return any(
            (target.seat_id is not None and leg.seat_id == target.seat_id)
            or (target.expert_id is not None and leg.expert_id == target.expert_id)
            for leg in self.now.legs
        )

    def ring_owner(self, leg_id: str, purpose: Purpose) -> None:
        """Ring the seat whose call this is; it answers by itself."""
        seat_id = self.now.owner_seat
        if seat_id is None:
            raise Refused("本次通话没有负责座席")
        self.add(
            Leg(
                id=leg_id,
                role="agent",
                place="ringing",
                kind="seat",
                label=self.now.owner_label,
                seat_id=seat_id,
                purpose=purpose,
            )
        )
        self.do(RingSeat(leg_id, seat_id))

    def keep_listening(self) -> None:
        """Supervisors who listen follow the agent, and stay with the caller when he goes."""
        target = listened_to(self.now)
        over = any(isinstance(action, (End, Requeue)) for action in self.actions)
        if over or target == listened_to(self.before):
            return
        for leg in self.now.supervisors:
            if leg.place == "apart" and self.before.leg(leg.id) is not None:
                self.do(Supervise(leg.id, leg.kind, target))

    def outcome(self) -> Outcome:
        return Outcome(self.now, tuple(self.actions), self.causes)


Move = Callable[[Turn], None]
Cell = Move | str


def listened_to(conversation: Conversation) -> str:
    """The channel that a supervisor hears: the agent's, or the caller's when no agent is there."""
    agent = conversation.agent
    return agent.id if agent is not None and agent.place == "in" else conversation.caller.id


def activity(conversation: Conversation, leg: Leg) -> str | None:
    """What a leg is doing, for the sums of times: talk, hold, consult, listen; None before it
    is on the line. An agent's `talk` is with the caller, his `consult` with others while the
    caller is held, his `hold` alone.
    """
    if leg.place in ("ringing", "announcing"):
        return None
    if leg.place == "apart":
        return "listen"
    if leg.place == "held":
        return "hold"
    if leg.role == "caller":
        alone = not any(x.place == "in" and x.id != leg.id for x in conversation.legs)
        return "hold" if alone else "talk"
    if conversation.caller.place == "in":
        return "talk"
    alone = not any(x.place == "in" and x.id != leg.id for x in conversation.legs)
    return "hold" if alone else "consult"
