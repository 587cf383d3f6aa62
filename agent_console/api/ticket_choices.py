"""What a person may do with a ticket now, each move with its fields, and what not and why."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from agent_console.api.ticket_parts import (
    Choice,
    MoveField,
    PossibleMove,
    Reason,
    RefusedMove,
)
from config.model import Settings
from tickets import catalogue, letters, units
from tickets.rules import decide
from tickets.rules.clauses import in_words
from tickets.rules.facts import Actor, Facts, Limits
from tickets.rules.fields import Field
from tickets.rules.table import MOVES, Move

BETWEEN = " / "


class Choices:
    """Fills in the choices of moves' fields for one ticket; units are read when first needed."""

    def __init__(
        self, conn: Connection, settings: Settings, actor: Actor, facts: Facts, region: str
    ) -> None:
        self._conn = conn
        self._settings = settings
        self._actor = actor
        self._facts = facts
        self._region = region
        self._units: list[Choice] | None = None
        self._suggested: catalogue.Suggestion | None = None

    def possible(self, limits: Limits) -> list[PossibleMove]:
        """The moves that this person may do now."""
        return [self._shown(move) for move in decide.possible(self._facts, self._actor, limits)]

    def refused(self, limits: Limits) -> list[RefusedMove]:
        """Moves of the present state that she may not do; to units only those of units."""
        found = []
        for move in MOVES:
            if self._facts.state not in move.sources or move.who == ("system",):
                continue
            hers = self._actor.kinds(self._facts) & set(move.who)
            if self._actor.role == "unit" and not hers:
                continue
            reasons = decide.reasons_against(move, self._facts, self._actor, limits)
            if reasons:
                said = [Reason(r.message, in_words(r.basis)) for r in reasons]
                found.append(RefusedMove(move.name, move.label, said))
        return found

    def _shown(self, move: Move) -> PossibleMove:
        return PossibleMove(
            name=move.name,
            label=move.label,
            effect=move.effect,
            basis=in_words(move.basis),
            to=move.to,
            fields=[self._field(move, field) for field in move.fields],
        )

    def _field(self, move: Move, field: Field) -> MoveField:
        choices = [_choice(field, *pair) for pair in field.choices]
        suggested: str | int | list[int] | None = None
        if field.kind in ("unit", "units"):
            choices = self._open_units()
            # A unit is not told whom the catalogue names, only asked whom it thinks of.
            if self._suggested is not None and self._actor.role != "unit":
                line = self._suggested
                suggested = line.unit_id if field.kind == "unit" else self._without(line.assisting)
        elif field.name == "difficulty":
            suggested = self._facts.difficulty
        elif (move.name, field.name) in letters.OF_FIELDS:
            suggested = letters.begun(
                self._conn, self._settings, self._facts.id, move.name, field.name,
                self._facts.now_ms,
            )  # fmt: skip
        return MoveField(
            name=field.name,
            label=field.label,
            kind=field.kind,
            required=field.required,
            most=field.most,
            hint=field.hint,
            choices=choices,
            suggested=suggested or None,
        )

    def _without(self, ids: Sequence[int]) -> list[int]:
        return [i for i in ids if i not in self._facts.barred]

    def _open_units(self) -> list[Choice]:
        """Open units with the way to each, the suggested first; none that may not judge itself."""
        if self._units is None:
            hide = frozenset() if self._actor.role == "unit" else self._facts.barred
            all_of_them = with_ways(units.all_units(self._conn))
            found = [choice for choice in all_of_them if choice.value not in hide]
            line = catalogue.suggest(self._conn, self._facts.content_class, self._region)
            if line is not None and line.unit_id not in self._facts.barred:
                self._suggested = line
                if self._actor.role != "unit":
                    found.sort(key=lambda choice: choice.value != line.unit_id)
            self._units = found
        return self._units


def with_ways(found: Sequence[units.Unit]) -> list[Choice]:
    """Units as a flat list, each named with those above it: 市场监管局 / 注册科."""
    by_id = {one.id: one for one in found}

    def way(one: units.Unit) -> str:
        names, at, seen = [one.name], one.parent_id, {one.id}
        while at in by_id and at not in seen:
            names.append(by_id[at].name)
            seen.add(at)
            at = by_id[at].parent_id
        return BETWEEN.join(reversed(names))

    return [Choice(one.id, way(one)) for one in found]


def _choice(field: Field, value: str, label: str) -> Choice:
    return Choice(int(value) if field.kind == "stars" else value, label)
