"""Cell by cell: what every event makes of a representative conversation of every state.

`cells.txt` is the table: a line for each event that changes something. It is read, not
written, here; `python -m tests.conversation.test_cells` prints what the code makes of it,
to be looked at line by line before any of it goes into the file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr import conversation as c
from ivr.conversation import STATES, Conversation, Event, Outcome
from ivr.conversation_table import HAPPENINGS, TABLE
from tests.conversation.drawing import led_to
from tests.conversation.scenes import SCENES, scene, tries
from tests.conversation.world import step

TABLE_FILE = Path(__file__).with_name("cells.txt")


def told(action: c.Action) -> str:
    """An action in few words."""
    match action:
        case c.Hold(leg, sentence):
            return f"hold {leg}" + (f" ({sentence})" if sentence else "")
        case c.Mute(leg, on):
            return f"{'mute' if on else 'unmute'} {leg}"
        case c.HangUp(leg):
            return f"hang up {leg}"
        case c.RingSeat(leg, seat_id):
            return f"ring seat {seat_id} as {leg}"
        case c.Supervise(leg, how, target):
            return f"{leg} {how}s {target}"
        case c.End(reason):
            return f"end {reason}"
        case c.Requeue(queue, _, hint, sentence):
            hinted = ", hint" if hint else ""
            return f"queue {queue or 'as before'} ({sentence}{hinted})"
        case c.Join(leg) | c.Ring(leg) | c.Announce(leg):
            return f"{type(action).__name__.lower()} {leg}"
        case _:
            raise AssertionError(f"no words for {action}")


def line(now: Conversation, event: Event) -> str | None:
    """What an event does, in a line; None when it is refused or changes nothing."""
    made = step(now, event)
    if not isinstance(made.came_of_it, Outcome):
        return None
    outcome = made.came_of_it
    actions = [told(one) for one in outcome.actions if not isinstance(one, c.Note)]
    if outcome.conversation == now and not actions:
        return None
    why = f" [cause {event.cause}]" if event.name == "party_gone" else ""
    causes = "".join(f"; {leg}: {cause}" for leg, cause in outcome.causes.items())
    return f"{event.name}{why} -> {led_to(made)}: {', '.join(actions) or '-'}{causes}"


def lines_of(name: str) -> list[str]:
    now = scene(name)
    return [text for event in tries(now) if (text := line(now, event)) is not None]


def expected() -> dict[str, list[str]]:
    """The table by scene."""
    found: dict[str, list[str]] = {}
    for text in TABLE_FILE.read_text(encoding="utf-8").splitlines():
        if text.startswith("# "):
            found[text[2:]] = []
        elif text:
            found[list(found)[-1]].append(text)
    return found


@pytest.mark.parametrize("name", list(SCENES))
def test_every_cell_does_what_the_table_says(name: str) -> None:
    assert lines_of(name) == expected()[name]


def test_every_state_has_a_scene_and_every_scene_is_in_the_table() -> None:
    assert {scene(name).state for name in SCENES} == set(STATES)
    assert list(expected()) == list(SCENES)


def test_every_event_is_tried_in_every_scene() -> None:
    for name in SCENES:
        assert {event.name for event in tries(scene(name))} == set(TABLE), name


@pytest.mark.parametrize("state", list(STATES))
def test_a_refusal_is_told_in_its_words_and_changes_nothing(state: str) -> None:
    now = scene(state)
    for event in tries(now):
        cell = TABLE[event.name][state]
        if isinstance(cell, str):
            assert event.name not in HAPPENINGS
            assert step(now, event).came_of_it == cell


if __name__ == "__main__":
    for each in SCENES:
        print(f"# {each}", *lines_of(each), sep="\n", end="\n\n")
