"""What the doors of the administration have in common: their refusals, and how a change is kept."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from db import audit
from db.feed import publish


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with one field of what was typed; `message` is for the person."""

    field: str
    message: str


class Mistaken(Exception):
    """Nothing was changed: these fields can't stand as they are. All of them at once."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__(", ".join(mistake.field for mistake in mistakes))
        self.mistakes = mistakes


class Outdated(Exception):
    """Somebody changed the row meanwhile; `current` is how it stands."""

    def __init__(self, current: Any) -> None:
        super().__init__("the row was changed meanwhile")
        self.current = current


class Missing(Exception):
    """There is no such row."""


class InUse(Exception):
    """The present state of things does not allow it; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__("in use")
        self.sentence = sentence


def keep(
    conn: Connection,
    by: int | None,
    topic: str,
    key: str | int,
    act: str,
    detail: dict[str, Any],
    told: dict[str, Any],
) -> None:
    """Keep who did it (nobody: the start of the house), and tell the pages that watch."""
    if by is not None:
        audit.note(conn, by, f"{topic}_{act}", f"{topic}:{key}", detail)
    publish(conn, topic, key, told)
