"""Whether a person may do a move, and if not, by which rule and what would be allowed instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tickets.rules import fields
from tickets.rules.facts import KINDS, Actor, Facts, Known, Limits
from tickets.rules.fields import Mistake
from tickets.rules.guards import GUARDS
from tickets.rules.states import POOR, STATES
from tickets.rules.table import BY_NAME, MOVES, Move


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a move is not allowed, and the clause that says so."""

    message: str
    basis: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A move that may be done: `move` is the row of the table that is carried out."""

    asked: Move
    move: Move
    form: Mapping[str, Any]


class Refused(Exception):
    """A rule stands in the way; `allowed` is what this person could do instead."""

    def __init__(self, reasons: list[Reason], allowed: list[Move]) -> None:
        super().__init__("a rule stands in the way")
        self.reasons = reasons
        self.allowed = allowed


class Unfit(Exception):
    """The form is not filled in as it must be."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__(f"mistakes in {', '.join(m.field for m in mistakes)}")
        self.mistakes = mistakes


def reasons_against(move: Move, facts: Facts, actor: Actor, limits: Limits) -> list[Reason]:
    """Why this person can't do this now, before any form is filled in; empty when she can."""
    if not actor.kinds(facts) & set(move.who):
        who = "、".join(KINDS[kind] for kind in move.who)
        return [Reason(f"由{who}办理", move.basis)]
    if facts.state not in move.sources:
        states = "、".join(STATES[state] for state in move.sources)
        found = STATES[facts.state]
        return [Reason(f"工单现在是“{found}”，须在“{states}”时才能{move.label}", move.basis)]
    found_reasons = []
    for name in move.guards:
        guard = GUARDS[name]
        if guard.of_form:
            continue
        words = guard.check(facts, {}, Known(), limits)
        if words:
            found_reasons.append(Reason(words, guard.basis))
    return found_reasons


def possible(facts: Facts, actor: Actor, limits: Limits) -> list[Move]:
    """What this person may do with the ticket now, in the order of the table."""
    return [move for move in MOVES if not reasons_against(move, facts, actor, limits)]


def decide(
    name: str, facts: Facts, actor: Actor, form: Mapping[str, Any], known: Known, limits: Limits
) -> Decision:
    """The move that is to be carried out.

    Raises:
        KeyError: there is no move of that name.
        Refused: a rule stands in the way.
        Unfit: the form has mistakes; all of them at once.
    """
    asked = BY_NAME[name]
    reasons = reasons_against(asked, facts, actor, limits)
    if reasons:
        raise Refused(reasons, possible(facts, actor, limits))
    values, mistakes = fields.read(asked.fields, form)
    if not mistakes:
        for guard in (GUARDS[n] for n in asked.guards if GUARDS[n].of_form):
            words = guard.check(facts, values, known, limits)
            if words:
                mistakes.append(Mistake(guard.field or "", words))
    if mistakes:
        raise Unfit(mistakes)
    return Decision(asked, _carried_out(asked, facts, values, limits), values)


def _carried_out(asked: Move, facts: Facts, form: Mapping[str, Any], limits: Limits) -> Move:
    """A follow-up leads where the rating says; every other move is itself."""
    if asked.name != "follow_up":
        return asked
    stars = form.get("stars")
    if stars is None:
        # A rectification's follow-up is always made: it never ends for want of an answer.
        over = facts.tries + 1 >= limits.follow_up_tries and not facts.rectified  # Q二(二)4
        return BY_NAME["settle"] if over else asked
    if stars > POOR:
        return BY_NAME["settle"]
    if facts.rectified:
        return asked  # Y二(五): it waits for the report, and never goes back to the unit
    following = "again" if facts.round == 1 else "escalate"  # Y二(五)
    return BY_NAME[following]
