"""Settings as a tree whose every value knows the source it came from, and how two are laid over
each other.

A later source wins key by key. Lists of plain values are replaced as a whole. In a list of tables
an entry is found again by its `name` (menu keys by `key`, choices by `code`): its fields override
those of the entry below, an entry with a new name is added at the end, and `remove = true` takes
the entry away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.errors import Mistake

IDENTITIES = ("name", "key", "code")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was written. Relative paths in it begin at `base`."""

    name: str
    base: Path
    shipped: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    value: object
    source: Source


@dataclass(frozen=True, slots=True)
class Branch:
    items: dict[str, Node]
    source: Source

    @property
    def identity(self) -> tuple[str, object] | None:
        """The field and value that tell this entry of a list from the others."""
        for field in IDENTITIES:
            node = self.items.get(field)
            if isinstance(node, Leaf) and isinstance(node.value, str):
                return field, node.value
        return None


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of tables."""

    rows: list[Branch]
    source: Source


Node = Leaf | Branch | Rows


def plant(document: Mapping[str, object], source: Source) -> Branch:
    """The tree of a parsed TOML document."""
    return Branch({key: _node(value, source) for key, value in document.items()}, source)


def _node(value: object, source: Source) -> Node:
    if isinstance(value, Mapping):
        return plant(value, source)
    if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        return Rows([plant(row, source) for row in value], source)
    return Leaf(value, source)


def overlay(below: Branch, above: Branch, mistakes: list[Mistake], path: str = "") -> Branch:
    """`above` laid over `below`; entries written twice in `above` are recorded as mistakes."""
    items = dict(below.items)
    for key, node in above.items.items():
        under = items.get(key)
        if isinstance(node, Branch) and isinstance(under, Branch):
            items[key] = overlay(under, node, mistakes, f"{path}{key}.")
        elif isinstance(node, Rows):
            kept = under.rows if isinstance(under, Rows) else []
            items[key] = _overlay_rows(kept, node, mistakes, f"{path}{key}")
        else:
            items[key] = node
    return Branch(items, above.source)


def _overlay_rows(below: list[Branch], above: Rows, mistakes: list[Mistake], path: str) -> Rows:
    rows: list[Branch | None] = [*below]
    places = {row.identity: at for at, row in enumerate(below) if row.identity}
    seen: set[tuple[str, object]] = set()
    for row in above.rows:
        identity = row.identity
        if identity is None:
            rows.append(row)
            continue
        field, value = identity
        entry = f'{path}["{value}"]'
        if identity in seen:
            mistakes.append(
                Mistake(row.source.name, entry, f"the {field} a second time", "each entry once")
            )
            continue
        seen.add(identity)
        at = places.get(identity)
        if _is_removal(row):
            if at is None:
                mistakes.append(
                    Mistake(row.source.name, entry, "remove = true", "an entry that exists")
                )
            else:
                rows[at] = None
        elif at is None:
            rows.append(row)
        else:
            rows[at] = overlay(below[at], row, mistakes, f"{entry}.")
    return Rows([row for row in rows if row is not None], above.source)


def _is_removal(row: Branch) -> bool:
    node = row.items.get("remove")
    return isinstance(node, Leaf) and node.value is True
