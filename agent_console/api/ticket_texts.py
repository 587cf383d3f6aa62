"""What people type about a ticket, searched for its reporter before it is kept (保密)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from agent_console.api.ticket_view import Seer
from tickets import unnamed
from tickets.rules.fields import Mistake
from tickets.rules.table import BY_NAME
from tickets.unnamed import Clean

TYPED = frozenset({"text", "long_text"})
HANDED_ON = frozenset({"answer", "reject", "submit", "dispatch", "rule"})
"""Moves after which others read the matter; a name may have been kept after it was written."""


@dataclass(frozen=True, slots=True)
class Named:
    """Texts in which the reporter stands, by field, each with how it could stand instead."""

    found: Mapping[str, Clean]
    words: Mapping[str, str]

    @property
    def mistakes(self) -> list[Mistake]:
        return [Mistake(field, self.words[field]) for field in self.found]

    @property
    def more(self) -> dict[str, Any]:
        """For the problem document: what the page offers to put there."""
        texts = {field: one.text for field, one in self.found.items()}
        return {"instead": texts} if texts else {}


def in_fields(conn: Connection, seer: Seer, row: Row[Any], fields: Mapping[str, Any]) -> Named:
    """The ticket's own form, as it is to be saved."""
    texts = {n: fields[n] for n in ("text", "company") if isinstance(fields.get(n), str)}
    if not any(texts.values()):
        return Named({}, {})
    reporter = unnamed.known_of(conn, seer.sealer, row, in_clear=seer.who.role != "unit")
    reporter = replace(reporter, company=fields.get("company", row.company))
    found = unnamed.cleaned(reporter, {n: t for n, t in texts.items() if n == "text"})
    # A business may be called after him, and its name is needed.
    plain = replace(reporter, name="")
    found |= unnamed.cleaned(plain, {n: t for n, t in texts.items() if n == "company"})
    return Named(found, {n: unnamed.sentence(one) for n, one in found.items()})


def in_move(
    conn: Connection, seer: Seer, row: Row[Any], name: str, form: Mapping[str, Any]
) -> Named:
    """A move's own texts, and the matter when the move hands it on."""
    move = BY_NAME.get(name)
    texts = {
        field.name: form[field.name]
        for field in (move.fields if move else ())
        if field.kind in TYPED and isinstance(form.get(field.name), str)
    }
    matter = {"text": row.text} if name in HANDED_ON and row.text else {}
    if not texts and not matter:
        return Named({}, {})
    reporter = unnamed.known_of(conn, seer.sealer, row, in_clear=seer.who.role != "unit")
    found = unnamed.cleaned(reporter, matter | texts)
    words = {n: unnamed.sentence(one) for n, one in found.items()}
    if "text" in words and "text" not in texts:
        words["text"] = f"诉求内容{words['text']}"
    return Named(found, words)
