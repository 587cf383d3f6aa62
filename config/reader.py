"""Typed readers of one table. A reader never raises: it records the mistake and hands out a value
of the right type, so that one reading finds every mistake there is."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from config.errors import Mistake
from config.tree import Branch, Leaf, Node, Rows
from config.words import NAME, NAME_SAYS, UNPRINTABLE, as_date, describe, row_label

C = TypeVar("C", bound=str)


class Table:
    """One table of the settings. Leaving the `with` block reports the keys nobody asked for."""

    def __init__(
        self, branch: Branch, path: str, mistakes: list[Mistake], *, muted: bool = False
    ) -> None:
        self._branch = branch
        self._path = path
        self._mistakes = mistakes
        self._muted = muted
        self._known: set[str] = set()
        self._wrong: set[str] = set()

    @property
    def shipped(self) -> bool:
        """Whether the place wrote nothing into this table."""
        return self._branch.source.shipped

    @property
    def base(self) -> Path:
        """Where relative paths of this table begin."""
        return self._branch.source.base

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            return
        for key, node in self._branch.items.items():
            if key in self._known:
                continue
            near = difflib.get_close_matches(key, self._known, n=1)
            hint = f'"{near[0]}"' if near else "one of " + ", ".join(sorted(self._known))
            self._say(node.source.name, key, "an unknown key", hint)

    # -- mistakes

    def mistake(self, key: str, found: str, expected: str) -> None:
        """Record a mistake at `key` of this table."""
        self._wrong.add(key)
        node = self._branch.items.get(key)
        # The shipped file is never wrong: what stands beside the key is.
        at = self._branch if node is None or node.source.shipped else node
        self._say(at.source.name, key, found, expected)

    def fine(self, *keys: str) -> bool:
        """Whether no mistake was found at these keys, so that a check across them makes sense."""
        return self._wrong.isdisjoint(keys)

    def _say(self, file: str, key: str, found: str, expected: str) -> None:
        if not self._muted:
            shown = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else describe(key)
            self._mistakes.append(Mistake(file, self._path + shown, found, expected))

    def _leaf(self, key: str, expected: str, default: object) -> Leaf | None:
        """The plain value of a key; None, and a mistake unless there is a default, without one."""
        self._known.add(key)
        node = self._branch.items.get(key)
        if isinstance(node, Leaf):
            return node
        if node is not None:
            kind = "a table" if isinstance(node, Branch) else "a list of tables"
            self.mistake(key, kind, expected)
        elif default is None:
            self.mistake(key, "nothing", expected)
        return None

    # -- plain values

    def text(
        self,
        key: str,
        expected: str = "a line of text",
        *,
        pattern: re.Pattern[str] | None = None,
        empty: bool = False,
        secret: bool = False,
        default: str | None = None,
    ) -> str:
        """One line of text; "" only where `empty` allows it. A secret is never shown."""
        leaf = self._leaf(key, expected, default)
        if leaf is None:
            return default or ""
        value = leaf.value
        if isinstance(value, str) and (value.strip() or (empty and value == "")):
            fits = value == "" or pattern is None or pattern.fullmatch(value)
            if fits and not UNPRINTABLE.search(value):
                return value
        self.mistake(key, "something hidden here" if secret else describe(value), expected)
        return default or ""

    def optional(
        self,
        key: str,
        expected: str,
        *,
        pattern: re.Pattern[str] | None = None,
        secret: bool = False,
    ) -> str | None:
        """As `text`; empty or missing is None."""
        value = self.text(key, expected, pattern=pattern, empty=True, secret=secret, default="")
        return value or None

    def name(self, key: str = "name") -> str:
        return self.text(key, NAME_SAYS, pattern=NAME)

    def reference(
        self, key: str, kind: str, known: Collection[str], default: str | None = None
    ) -> str:
        """The name of something written elsewhere in the settings."""
        value = self.text(key, f"the name of {kind}", pattern=NAME, default=default)
        if value and value not in known and self.fine(key):
            near = difflib.get_close_matches(value, known, n=3, cutoff=0.5)
            names = ", ".join(near or sorted(known)[:8]) or "none is written"
            self.mistake(key, describe(value), f"the name of {kind} ({names})")
        return value

    def maybe_reference(self, key: str, kind: str, known: Collection[str]) -> str | None:
        """As `reference`; empty or missing is None."""
        node = self._branch.items.get(key)
        if node is None or (isinstance(node, Leaf) and node.value == ""):
            self._known.add(key)
            return None
        return self.reference(key, kind, known)

    def choice(self, key: str, choices: tuple[C, ...], default: C | None = None) -> C:
        expected = "one of " + ", ".join(choices)
        leaf = self._leaf(key, expected, default)
        if leaf is None:
            return default or choices[0]
        found = next((choice for choice in choices if choice == leaf.value), None)
        if found is None:
            self.mistake(key, describe(leaf.value), expected)
        return found or choices[0]

    def flag(self, key: str, default: bool | None = None) -> bool:
        leaf = self._leaf(key, "true or false", default)
        if leaf is not None and isinstance(leaf.value, bool):
            return leaf.value
        if leaf is not None:
            self.mistake(key, describe(leaf.value), "true or false")
        return bool(default)

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        expected = f"a whole number from {low} to {high}"
        leaf = self._leaf(key, expected, default)
        if leaf is None:
            return low if default is None else default
        value = leaf.value
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.mistake(key, describe(value), expected)
        return low

    def seconds(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A duration; a whole number is as good as one with a point."""
        expected = f"seconds from {low:g} to {high:g}"
        leaf = self._leaf(key, expected, default)
        if leaf is None:
            return low if default is None else default
        value = leaf.value
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        self.mistake(key, describe(value), expected)
        return low

    def share(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A part of a whole, 0.95 for 95 %."""
        expected = f"a share from {low:g} to {high:g}"
        leaf = self._leaf(key, expected, default)
        if leaf is None:
            return low if default is None else default
        value = leaf.value
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        self.mistake(key, describe(value), expected)
        return low

    def path(self, key: str, expected: str) -> Path | None:
        """A path, made absolute from where it was written; None when empty."""
        value = self.optional(key, expected)
        node = self._branch.items.get(key)
        if value is None or node is None:
            return None
        return Path(node.source.base, value).absolute()

    def directory(self, key: str, expected: str) -> Path:
        """As `path`, and it must be there."""
        found = self.path(key, expected)
        if found is None and self.fine(key):
            self.mistake(key, "nothing", expected)
        return found or self.base

    def clock(self, key: str, default: dt.time | None = None) -> dt.time:
        """A time of day, "08:30" or 08:30:00; "24:00" is the end of the day."""
        expected = 'a time of day such as "08:30"'
        leaf = self._leaf(key, expected, default)
        if leaf is None:
            return default or dt.time()
        value = leaf.value
        if isinstance(value, dt.time):
            return value
        if value == "24:00":
            return dt.time.max
        if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
            return dt.time.fromisoformat(value)
        self.mistake(key, describe(value), expected)
        return dt.time()

    # -- lists

    def _list(self, key: str, expected: str, default: object) -> list[object]:
        leaf = self._leaf(key, expected, default)
        if leaf is None:
            return []
        if isinstance(leaf.value, list):
            return leaf.value
        self.mistake(key, describe(leaf.value), expected)
        return []

    def texts(
        self,
        key: str,
        pattern: re.Pattern[str],
        expected: str,
        *,
        default: tuple[str, ...] | None = None,
    ) -> tuple[str, ...]:
        """A list of texts, each matching, none twice."""
        good: list[str] = []
        for item in self._list(key, f"a list, each {expected}", default):
            if not isinstance(item, str) or not pattern.fullmatch(item):
                self.mistake(key, describe(item), f"each {expected}")
            elif item in good:
                self.mistake(key, f"{describe(item)} twice", "each once")
            else:
                good.append(item)
        return tuple(good) if key in self._branch.items or default is None else default

    def integers(self, key: str, low: int, high: int, default: tuple[int, ...]) -> tuple[int, ...]:
        """A list of whole numbers, none twice, in rising order."""
        expected = f"whole numbers from {low} to {high}"
        good: set[int] = set()
        for item in self._list(key, f"a list of {expected}", default):
            if isinstance(item, bool) or not isinstance(item, int) or not low <= item <= high:
                self.mistake(key, describe(item), expected)
            elif item in good:
                self.mistake(key, f"{item} twice", "each once")
            else:
                good.add(item)
        return tuple(sorted(good)) if key in self._branch.items else default

    def dates(self, key: str) -> tuple[dt.date, ...]:
        """A list of dates, 2026-12-31 with or without quotes."""
        good: set[dt.date] = set()
        for item in self._list(key, 'a list of dates such as "2026-12-31"', ()):
            day = as_date(item)
            if day is None:
                self.mistake(key, describe(item), 'dates such as "2026-12-31"')
            else:
                good.add(day)
        return tuple(sorted(good))

    # -- tables below

    def table(self, key: str) -> Table:
        """The table of that name; an empty, silent one when it is missing or no table."""
        self._known.add(key)
        node: Node | None = self._branch.items.get(key)
        path = f"{self._path}{key}."
        if isinstance(node, Branch):
            return Table(node, path, self._mistakes, muted=self._muted)
        found = "nothing" if node is None else "a value" if isinstance(node, Leaf) else "a list"
        self.mistake(key, found, f"a table [{key}]")
        return Table(Branch({}, self._branch.source), path, self._mistakes, muted=True)

    def rows(self, key: str, *, least: int = 0) -> Iterator[Table]:
        """The tables of a list, at least so many; each reports its unknown keys when left."""
        self._known.add(key)
        node = self._branch.items.get(key)
        found: list[Branch] = []
        if isinstance(node, Rows):
            found = node.rows
        elif node is not None and not (isinstance(node, Leaf) and node.value == []):
            value = describe(node.value) if isinstance(node, Leaf) else "a table"
            self.mistake(key, value, f"a list of tables [[{key}]]")
            return
        if len(found) < least:
            self.mistake(key, f"{len(found)} entries", f"at least {least}")
        for at, branch in enumerate(found):
            label = row_label(self._path + key, branch, at)
            with Table(branch, label + ".", self._mistakes, muted=self._muted) as row:
                yield row

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys of a table that is a free dictionary."""
        return tuple(self._branch.items)
