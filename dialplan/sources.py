"""The machine's own package sources, read so that its own mirror serves us as well.

Both spellings of APT are understood: deb822 (`*.sources`) and one line an entry (`*.list`).
No mirror is known to this program: an address only ever comes from the machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

# Per-source options that say how far the machine's owner trusts a mirror.
_TRUST_OPTIONS = ("signed-by", "trusted", "check-valid-until", "allow-insecure", "allow-weak")
_NETWORK_SCHEMES = ("http://", "https://", "mirror://", "mirror+http", "file:", "copy:")


@dataclass(frozen=True, slots=True)
class Source:
    """One archive: where it is, what is taken from it, and how it is trusted."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    """Trust options in deb822's spelling, e.g. ("Signed-By", "/usr/share/keyrings/x.gpg")."""

    def with_suite(self, suite: str, components: tuple[str, ...] | None = None) -> Source:
        """The same archive, another suite of it."""
        return replace(self, suites=(suite,), components=components or self.components)

    def deb822(self) -> str:
        """The stanza that names this source alone."""
        lines = [
            "Types: deb",
            f"URIs: {' '.join(self.uris)}",
            f"Suites: {' '.join(self.suites)}",
            f"Components: {' '.join(self.components)}",
        ]
        lines += [f"{name}: {value}" for name, value in self.options]
        return "\n".join(lines) + "\n"


def machine_sources(etc: Path = Path("/etc/apt")) -> list[Source]:
    """Every enabled `deb` source of the machine, in APT's order; unreadable files are an OSError."""
    found: list[Source] = []
    main = etc / "sources.list"
    if main.is_file():
        found += parse_list(main.read_text(encoding="utf-8", errors="replace"))
    parts = etc / "sources.list.d"
    for path in sorted(parts.iterdir()) if parts.is_dir() else []:
        if path.suffix == ".list":
            found += parse_list(path.read_text(encoding="utf-8", errors="replace"))
        elif path.suffix == ".sources":
            found += parse_deb822(path.read_text(encoding="utf-8", errors="replace"))
    return found


def parse_list(text: str) -> list[Source]:
    """The `deb` lines of a one-line-an-entry file. Lines that are not understood are left out."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if match is None:
            continue
        options, uri, suite, components = match.groups()
        if uri.startswith(_NETWORK_SCHEMES):
            found.append(
                Source(
                    (uri,),
                    (suite,),
                    tuple(components.split()),
                    tuple(_trust_options(_list_options(options or ""))),
                )
            )
    return found


def _list_options(text: str) -> Iterator[tuple[str, str]]:
    for word in text.split():
        name, equals, value = word.partition("=")
        if equals:
            yield name, value.replace(",", " ")


def parse_deb822(text: str) -> list[Source]:
    """The enabled `deb` stanzas of a deb822 file."""
    found = []
    for fields in _stanzas(text):
        if "deb" not in fields.get("types", "").split():
            continue
        if fields.get("enabled", "yes").strip().lower() in ("no", "false", "0", "off"):
            continue
        uris = tuple(u for u in fields.get("uris", "").split() if u.startswith(_NETWORK_SCHEMES))
        if uris:
            found.append(
                Source(
                    uris,
                    tuple(fields.get("suites", "").split()),
                    tuple(fields.get("components", "").split()),
                    tuple(_trust_options(fields.items())),
                )
            )
    return found


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    last = ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield fields
            fields, last = {}, ""
        elif line[0] in " \t":
            # A continuation: an embedded key block keeps its lines.
            fields[last] = fields.get(last, "") + "\n" + line
        else:
            name, _, value = line.partition(":")
            last = name.strip().lower()
            fields[last] = value.strip()


def _trust_options(options: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in options:
        if name.lower() in _TRUST_OPTIONS:
            yield "-".join(word.capitalize() for word in name.split("-")), value


def archive_of(sources: Iterable[Source], codenames: set[str]) -> Source | None:
    """The source that carries the distribution itself, not its updates or a third party's."""
    names = (codenames | {"stable", "testing", "unstable", "sid"}) - {""}
    return next((s for s in sources if names & set(s.suites)), None)
