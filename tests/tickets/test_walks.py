"""Anything that people may do, in any order: the database agrees, and what must hold holds.

A seeded walk takes one possible move after another, with forms of every sort; each step is
checked against the invariants of the order. What the rules allow the database must carry out.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from db.models import ticket, ticket_event, ticket_term
from tests.db.databases import plain_sqlite
from tests.tickets.filled import filled
from tests.tickets.town import PLACE, Town, drafted, row, town
from tickets import moving, reading, store
from tickets.rules.decide import Unfit, possible
from tickets.rules.facts import SYSTEM, Actor
from tickets.rules.states import ENDED, UNDER_WAY
from tickets.rules.table import Move

STEPS = 60
WALKS, QUICK_WALKS = 40, 8
SLOW = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(QUICK_WALKS, WALKS)]
LATE_MS = 60 * 24 * 3600 * 1000


def everybody(there: Town) -> list[Actor]:
    units = [there.unit, there.unit_head, there.other]
    return [there.agent, *units, *there.duties.values(), SYSTEM]


def form_of(move: Move, there: Town, dice: random.Random) -> dict[str, Any]:
    """Good, odd and bad forms."""
    more: dict[str, Any] = {}
    for field in move.fields:
        match field.kind:
            case "unit":
                more[field.name] = dice.choice([there.lead, there.lead, there.side])
            case "units":
                more[field.name] = dice.choice([[], [there.side]])
            case "stars":
                more[field.name] = dice.choice([1, 2, 3, 5, None])
            case "flag":
                more[field.name] = dice.random() < 0.8
            case "choice":
                more[field.name] = dice.choice(field.choices)[0]
            case "choices":
                more[field.name] = dice.choice([[], [dice.choice(field.choices)[0]]])
    if move.name == "follow_up":
        more["reached"] = more["stars"] is not None
    return filled(move, **more)


def holds(conn: Connection, ticket_id: int, before: Any, after: Any) -> None:
    """The invariants, after every step."""
    if after.state in ("to_accept", "in_progress", "to_approve", "to_follow_up", "rectifying"):
        assert after.unit_id is not None
    if before.state != after.state:
        newest = conn.execute(
            select(ticket_event)
            .where(ticket_event.c.ticket_id == ticket_id, ticket_event.c.kind == "moved")
            .order_by(ticket_event.c.id.desc())
        ).first()
        assert newest is not None
        assert (newest.from_state, newest.to_state) == (before.state, after.state)
    if after.move == "again" and before.state == "to_follow_up":
        assert after.unit_id == before.unit_id
    if before.rectified:
        # Y二(五): from a rectification there is no way back to an ordinary round.
        assert after.rectified
        assert after.state not in ("to_accept", "in_progress", "supervision_review")
    assert after.round <= 2
    assert after.version == before.version + 1
    t = ticket_term.c
    opened = select(t.due_ms).where(t.ticket_id == ticket_id, t.ended_ms.is_(None))
    due = sorted(conn.execute(opened).scalars())
    if after.state in ENDED:
        assert due == []
        assert after.due_ms is None
    elif after.state != "suspended":
        assert after.due_ms == (due[0] if due else None)
        assert due, f"nothing is due in {after.state}"


@pytest.mark.parametrize("seed", [*range(QUICK_WALKS), *SLOW])
def test_whatever_people_do_the_order_holds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(seed)
    limits = type(PLACE).limits
    monkeypatch.setattr(
        type(PLACE),
        "limits",
        lambda place, conn: _switched(limits(place, conn)),
    )
    with plain_sqlite() as conn:
        there = town(conn)
        ticket_id = drafted(conn, there, type=dice.choice(["complaint", "consult"])).id
        for _ in range(STEPS):
            if not step(conn, there, ticket_id, dice):
                break


def _switched(limits: Any) -> Any:
    from dataclasses import replace

    return replace(limits, suspension=True, archive_days=0)


def step(conn: Connection, there: Town, ticket_id: int, dice: random.Random) -> bool:
    before = row(conn, ticket_id)
    if dice.random() < 0.1 and before.state in UNDER_WAY:
        _late(conn, ticket_id)
        before = row(conn, ticket_id)
    limits = PLACE.limits(conn)
    facts = reading.facts(conn, PLACE, before, before.updated_ms + 1)
    open_to = [
        (who, move) for who in everybody(there) for move in possible(facts, who, limits)
        if move.name not in ("merge", "settle", "again", "escalate", "note")
    ]  # fmt: skip
    if not open_to:
        assert before.state == "archived"
        return False
    who, move = dice.choice(open_to)
    try:
        moving.move(
            conn, PLACE, who, ticket_id, before.version, move.name, form_of(move, there, dice)
        )  # fmt: skip
    except Unfit:
        assert row(conn, ticket_id) == before
        return True
    holds(conn, ticket_id, before, row(conn, ticket_id))
    return True


def _late(conn: Connection, ticket_id: int) -> None:
    """Time goes by: what is open is overdue."""
    open_terms = (ticket_term.c.ticket_id == ticket_id) & ticket_term.c.ended_ms.is_(None)
    found = conn.execute(select(ticket_term.c.due_ms).where(open_terms)).scalars().all()
    if not found:
        return
    conn.execute(update(ticket_term).where(open_terms).values(due_ms=min(found) - LATE_MS))
    state = row(conn, ticket_id).state
    if state != "suspended":
        late = {"due_ms": min(found) - LATE_MS}
        conn.execute(update(ticket).where(ticket.c.id == ticket_id).values(late))


def test_a_walk_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holds the check itself: a door that forgets the history is noticed."""
    with plain_sqlite() as conn:
        there = town(conn)
        made = drafted(conn, there)
        before = row(conn, made.id)
        conn.exec_driver_sql("DROP TRIGGER ticket_keeps_history")
        version = store.get(conn, made.id)
        assert version is not None
        moving.move(conn, PLACE, there.agent, made.id, version.version, "submit", {})
        with pytest.raises(AssertionError):
            holds(conn, made.id, before, row(conn, made.id))
