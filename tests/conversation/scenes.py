"""A representative conversation for every state, made as people make it; several where it matters."""

from __future__ import annotations

from collections.abc import Sequence

from ivr import conversation as c
from ivr.conversation import Conversation, Event, Outcome
from ivr.conversation_table import decide
from tests.conversation.world import (
    BUSY,
    COLLEAGUE,
    EXPERT,
    GONE,
    POLICE,
    SEAT,
    SUPERVISOR,
    first_two,
)

ASKED = Event("consult", leg="expert", target=EXPERT, account=101)
INVITED = Event("invite", leg="expert", target=EXPERT, account=101)
READY = (Event("party_answered", leg="expert"), Event("party_ready", leg="expert"))
COLLEAGUE_ASKED = (
    Event("consult", leg="colleague", target=SEAT, account=101),
    Event("party_answered", leg="colleague"),
)
LOST = Event("agent_lost", leg="agent", cause=GONE)
TRANSFERRED = Event("transfer", leg="expert", target=EXPERT, account=101)
BARGED = (
    Event("barge", leg="boss", seat=SUPERVISOR, account=190, label="班长"),
    Event("supervisor_answered", leg="boss"),
)
LISTENS = (
    Event("listen", leg="boss", seat=SUPERVISOR, account=190, label="班长"),
    Event("supervisor_answered", leg="boss"),
)

SCENES: dict[str, Sequence[Event]] = {
    "talking": (),
    "talking, a supervisor listens": LISTENS,
    "talking, a supervisor has barged in": BARGED,
    "held": (Event("hold", account=101),),
    "asking": (ASKED,),
    "consulting": (ASKED, *READY),
    "consulting a colleague": COLLEAGUE_ASKED,
    "consulting, a second is rung": (
        ASKED,
        *READY,
        Event("consult", leg="second", target=POLICE, account=101),
    ),
    "aside": (ASKED, *READY, Event("swap", account=101)),
    "inviting": (INVITED,),
    "conference": (INVITED, *READY),
    "conference, one waits": (
        ASKED,
        *READY,
        Event("swap", account=101),
        Event("emergency", leg="second", target=POLICE, account=101),
        Event("party_answered", leg="second"),
        Event("party_ready", leg="second"),
    ),
    "left": (INVITED, *READY, Event("leave", account=101)),
    "left, the agent is lost": (INVITED, *READY, LOST),
    "left, a second is rung": (
        INVITED,
        *READY,
        Event("invite", leg="colleague", target=SEAT, account=101),
        Event("leave", account=101),
    ),
    "returning": (
        INVITED,
        *READY,
        Event("leave", account=101),
        Event("come_back", leg="again", account=101),
    ),
    "handing": (TRANSFERRED,),
    "handing to a colleague": (Event("transfer", leg="colleague", target=SEAT, account=101),),
    "recalling": (
        TRANSFERRED,
        Event("party_gone", leg="expert", cause=BUSY, spare="again"),
    ),
    "recalling the lost": (LOST, Event("agent_back", spare="again")),
    "lost": (LOST,),
    "lost, the expert waits": (ASKED, *READY, LOST),
}


def scene(name: str) -> Conversation:
    """The conversation of that name."""
    now = first_two()
    for event in SCENES[name]:
        outcome = decide(now, event, 0)
        assert isinstance(outcome, Outcome)
        now = outcome.conversation
    assert now.state == name.partition(",")[0].split()[0]
    return now


def tries(now: Conversation) -> list[Event]:
    """Each event of the table once, about whom it concerns most; twice where the cause matters."""
    buttons = [
        Event(name, account=101)
        for name in ("hold", "resume", "cancel", "back", "swap", "join", "leave", "hang_up")
    ]
    ringing = [Event(name, leg="new", target=EXPERT, account=101) for name in ("consult", "invite")]
    other = next((leg.id for leg in now.others()), "nobody")
    hers = now.agent.id if now.agent is not None else "nobody"
    by_boss = {"seat": SUPERVISOR, "account": 190, "label": "班长"}
    return [
        *buttons,
        *ringing,
        Event("emergency", leg="new", target=POLICE, account=101),
        Event("transfer", leg="new", target=SEAT, account=101),
        Event("come_back", leg="new", account=101),
        *(Event(name, leg=other, account=101) for name in ("mute", "unmute", "drop")),
        *(
            Event(name, leg="new", **by_boss)  # type: ignore[arg-type]
            for name in ("listen", "whisper", "barge", "take_over", "stop")
        ),
        Event("party_answered", leg=other),
        Event("party_ready", leg=other),
        Event("party_gone", leg=other, cause=c.HUNG_UP, spare="spare"),
        Event("party_gone", leg=other, cause=GONE, spare="spare"),
        Event("agent_gone", leg=hers),
        Event("agent_lost", leg=hers, cause=GONE),
        Event("agent_back", spare="spare"),
        Event("agent_answered", leg=hers),
        Event("agent_not_answered", leg=hers, cause=c.NO_ANSWER),
        Event("grace_over", cause=c.NO_ANSWER, spare="spare"),
        Event("caller_gone", leg="caller"),
        Event("supervisor_answered", leg="boss"),
        Event("supervisor_gone", leg="boss", cause=c.HUNG_UP),
    ]


__all__ = ["COLLEAGUE", "SCENES", "scene", "tries"]
