"""Draws the table of a conversation as docs/conversation.md shows it.

`python -m tests.conversation.drawing` writes it there anew, between its marks.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from ivr import conversation as c
from ivr.conversation import STATES, Outcome
from ivr.conversation_moves import nothing
from ivr.conversation_table import HAPPENINGS, TABLE
from tests.conversation.world import SUPERVISING, Step, everything

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conversation.md"

AGENT_THERE = ("talking", "held", "asking", "consulting", "aside", "inviting", "conference")
AGENT_AWAY = tuple(state for state in STATES if state not in AGENT_THERE)

WORDS = {
    "hold": "保持",
    "resume": "取消保持",
    "consult": "咨询",
    "invite": "邀请",
    "emergency": "紧急呼叫",
    "cancel": "取消呼叫",
    "back": "返回来电人",
    "swap": "切换",
    "join": "三方通话",
    "mute": "静音",
    "unmute": "取消静音",
    "drop": "移除",
    "leave": "退出通话",
    "transfer": "转接",
    "come_back": "返回通话",
    "hang_up": "挂机",
    "listen": "监听",
    "whisper": "密语",
    "barge": "强插",
    "take_over": "接管",
    "stop": "停止",
    "party_answered": "who was rung picked up",
    "party_ready": "the notice to him has ended",
    "party_gone": "he went, or did not come",
    "agent_gone": "the agent's telephone hung up",
    "agent_lost": "the agent's page is gone",
    "agent_back": "her telephone is there again",
    "agent_answered": "she picked up",
    "agent_not_answered": "she did not pick up",
    "grace_over": "her time to come back is over",
    "caller_gone": "the caller hung up",
    "supervisor_answered": "the supervisor picked up",
    "supervisor_gone": "the supervisor went",
}

GROUPS: dict[str, tuple[str, ...]] = {
    "buttons": tuple(name for name in TABLE if name not in HAPPENINGS and name not in SUPERVISING),
    "supervisor": SUPERVISING,
    "happenings": tuple(name for name in TABLE if name in HAPPENINGS),
}


def led_to(made: Step) -> str:
    """Where a step leads, in a word."""
    outcome = made.came_of_it
    assert isinstance(outcome, Outcome)
    for action in outcome.actions:
        if isinstance(action, c.End):
            return "the end"
        if isinstance(action, c.Requeue):
            return "the queue's head" if action.head else "the queue"
    return outcome.conversation.state


@functools.cache
def _by_cell() -> dict[tuple[str, str], list[Step]]:
    cells: dict[tuple[str, str], list[Step]] = {}
    for made in everything():
        cells.setdefault((made.event.name, made.before.state), []).append(made)
    return cells


def cell(event: str, state: str) -> str:
    """One cell: the refusal, or the move and wherever it can lead."""
    found = TABLE[event][state]
    if isinstance(found, str):
        return found
    if found is nothing:
        return "—"
    steps = _by_cell().get((event, state), [])
    leads = {led_to(made) for made in steps if not isinstance(made.came_of_it, str)}
    if not steps:
        # It can't come to that: nobody is there to whom it could happen.
        return "—"
    order = [*STATES, "the queue", "the queue's head", "the end"]
    move = f"`{found.__name__}`"
    if not leads:
        return "；".join(
            sorted({made.came_of_it for made in steps if isinstance(made.came_of_it, str)})
        )
    if leads == {state}:
        return f"{move}, stays"
    return f"{move} → {', '.join(sorted(leads, key=order.index))}"


def matrix(events: Sequence[str], states: Sequence[str]) -> list[str]:
    """A table of cells, with a head."""
    head = [f"`{state}` {STATES[state]}" for state in states]
    lines = [f"| | {' | '.join(head)} |", "| --- |" + " --- |" * len(states)]
    for event in events:
        cells = [cell(event, state) for state in states]
        lines.append(f"| `{event}` {WORDS[event]} | {' | '.join(cells)} |")
    return lines


def sentences() -> list[str]:
    """What a move itself may refuse, by event."""
    found: dict[str, set[str]] = {}
    for made in everything():
        of_table = TABLE[made.event.name][made.before.state]
        if isinstance(made.came_of_it, str) and not isinstance(of_table, str):
            found.setdefault(made.event.name, set()).add(made.came_of_it)
    lines = ["| | may also be refused with |", "| --- | --- |"]
    lines.extend(
        f"| `{event}` {WORDS[event]} | {'；'.join(sorted(found[event]))} |"
        for event in TABLE
        if event in found
    )
    return lines


def arrows() -> list[str]:
    """The ways between states, drawn; who merely asks twice stays where he is."""
    ways: dict[tuple[str, str], list[str]] = {}
    for made in everything():
        if isinstance(made.came_of_it, str) or made.event.name == "caller_gone":
            continue
        before, after = made.before.state, led_to(made)
        if before == after or made.before.supervisors or len(made.before.others()) > 1:
            continue
        names = ways.setdefault((before, after), [])
        if made.event.name not in names:
            names.append(made.event.name)
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> talking"]
    ids = {"the end": "[*]", "the queue": "queue", "the queue's head": "queue"}
    drawn: dict[tuple[str, str], list[str]] = {}
    for (before, after), names in ways.items():
        drawn.setdefault((before, ids.get(after, after)), []).extend(names)
    for before in STATES:
        for (start, end), names in drawn.items():
            if start == before:
                told = ", ".join(sorted(set(names), key=list(TABLE).index))
                lines.append(f"    {start} --> {end}: {told}")
    return [*lines, "    queue --> [*]", "```"]


PARTS = ("diagram", "sentences", *(f"{n} {who}" for n in GROUPS for who in ("there", "away")))
"""The names of everything that is drawn."""


@functools.cache
def parts() -> dict[str, str]:
    """Everything that is drawn, by the name of its mark."""
    drawn: dict[str, list[str]] = {"diagram": arrows(), "sentences": sentences()}
    for name, events in GROUPS.items():
        drawn[f"{name} there"] = matrix(events, AGENT_THERE)
        drawn[f"{name} away"] = matrix(events, AGENT_AWAY)
    return {name: "\n".join(lines) for name, lines in drawn.items()}


def marked(name: str) -> tuple[str, str]:
    return f"<!-- drawn: {name} -->\n", "<!-- end -->"


def drawn_in(page: str, name: str) -> str:
    """What stands on a page between the marks of that name."""
    begin, end = marked(name)
    _, found, after = page.partition(begin)
    assert found, f"no mark {name}"
    return after.partition(end)[0]


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, text in parts().items():
        begin, end = marked(name)
        page = page.replace(begin + drawn_in(page, name) + end, begin + text + "\n" + end)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
