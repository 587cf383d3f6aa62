"""Trees kept as rows with a parent: order, what lies below and above, and no circles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

K = TypeVar("K", int, str)

DEEPEST = 8
"""Deeper trees are a mistake of whoever types them."""


def above(parents: Mapping[K, K | None], start: K) -> list[K]:
    """`start` and all that it lies in, the nearest first; a circle is gone round once."""
    found: list[K] = []
    at: K | None = start
    while at is not None and at not in found:
        found.append(at)
        at = parents.get(at)
    return found


def below(parents: Mapping[K, K | None], starts: Iterable[K]) -> set[K]:
    """`starts` and all that lies in them."""
    inside = children(parents)
    found: set[K] = set()
    todo = list(starts)
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += inside.get(one, [])
    return found


def children(parents: Mapping[K, K | None]) -> dict[K | None, list[K]]:
    """Who lies directly in whom, in the order of `parents`."""
    inside: dict[K | None, list[K]] = {}
    for one, parent in parents.items():
        inside.setdefault(parent, []).append(one)
    return inside


def in_order(parents: Mapping[K, K | None]) -> list[K]:
    """Each right before what lies in it; siblings stay in the order of `parents`."""
    inside = children(parents)
    roots = [one for one, parent in parents.items() if parent is None or parent not in parents]
    found: list[K] = []
    todo = roots[::-1]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += inside.get(one, [])[::-1]
    return found


def what_is_wrong(parents: Mapping[K, K | None], one: K | None, parent: K) -> str:
    """Why `one` (None: a new row) can't lie in `parent`, as a sentence; empty when it can."""
    if parent not in parents:
        return "没有这个上级"
    way = above(parents, parent)
    if one is not None and one in way:
        return "上级不能是它自己或它的下级"
    height = 1 if one is None else _height(parents, one)
    if len(way) + height > DEEPEST:
        return f"层级过深，最多 {DEEPEST} 级"
    return ""


def _height(parents: Mapping[K, K | None], one: K) -> int:
    inside = below(parents, [one])
    return max(above(parents, lowest).index(one) for lowest in inside) + 1
