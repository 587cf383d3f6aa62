"""Settings from the shipped file, the place's own file and the environment; later wins.

`hotline.toml` is the path given, else `HOTLINE_CONFIG`, else `./hotline.toml` when it is there.
`HOTLINE_<SECTION>_<KEY>` reaches the plain keys of the five sections of `ENVIRONMENT_SECTIONS`;
those of `[hotline]` have a short form too: `HOTLINE_VAR` is `HOTLINE_HOTLINE_VAR`.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from config import checks, machines, manning, notices, sections
from config.clocks import clocks as read_clocks
from config.errors import Mistake, SettingsError
from config.model import Settings
from config.reader import Table
from config.tree import Branch, Leaf, Rows, Source, overlay, plant

DEFAULT = Path(__file__).with_name("default.toml")
ENVIRONMENT_SECTIONS = ("hotline", "console", "asterisk", "announcements", "recording")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings, or SettingsError with every mistake found.

    `path` names the place's file; without it the environment or the working directory does.
    """
    mistakes: list[Mistake] = []
    place = _place(path, environ)
    base = place.parent if place else Path.cwd()
    tree = plant(_parse(DEFAULT, mistakes), Source(DEFAULT.name, base, shipped=True))
    if place:
        own = plant(_parse(place, mistakes), Source(str(place), base))
        tree = overlay(tree, own, mistakes)
    tree = overlay(tree, _from_environment(tree, environ, mistakes), mistakes)
    with Table(tree, "", mistakes) as root:
        settings = _read(root, _names(tree), place or DEFAULT)
    if mistakes:
        raise SettingsError(tuple(mistakes))
    return settings


def _place(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    if path is not None:
        return path.absolute()
    if environ.get("HOTLINE_CONFIG"):
        return Path(environ["HOTLINE_CONFIG"]).absolute()
    here = Path("hotline.toml").absolute()
    return here if here.exists() else None


def _parse(path: Path, mistakes: list[Mistake]) -> dict[str, object]:
    found = ""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        found = error.strerror or "an unreadable file"
    except UnicodeDecodeError as error:
        found = f"a byte that is no UTF-8 (at byte {error.start})"
    except RecursionError:
        found = "brackets nested too deep"
    except ValueError as error:  # tomllib's own error, which tells line and column
        found = str(error)
    mistakes.append(Mistake(str(path), "", found, "a readable TOML file"))
    return {}


def _from_environment(tree: Branch, environ: Mapping[str, str], mistakes: list[Mistake]) -> Branch:
    """What the environment sets, converted to the types of the values it stands over."""
    known = _variables(tree)
    items: dict[str, Branch] = {}
    for variable, text in sorted(environ.items()):
        if variable not in known:
            _unknown_variable(variable, list(known), mistakes)
            continue
        section, key, like = known[variable]
        source = Source(f"environment {variable}", Path.cwd())
        branch = items.setdefault(section, Branch({}, _source(tree, section)))
        branch.items[key] = Leaf(_convert(text, like), source)
    return Branch(dict(items), tree.source)


def _source(tree: Branch, section: str) -> Source:
    node = tree.items.get(section)
    return node.source if node else tree.source


def _variables(tree: Branch) -> dict[str, tuple[str, str, object]]:
    """Every variable understood: its section, key and the shipped value whose type it has."""
    shipped = plant(_parse(DEFAULT, []), tree.source)
    known: dict[str, tuple[str, str, object]] = {}
    for section in ENVIRONMENT_SECTIONS:
        branch = shipped.items.get(section)
        for key, leaf in branch.items.items() if isinstance(branch, Branch) else ():
            if isinstance(leaf, Leaf):
                known[f"HOTLINE_{section}_{key}".upper()] = (section, key, leaf.value)
                if section == "hotline":
                    known[f"HOTLINE_{key}".upper()] = (section, key, leaf.value)
    return known


def _unknown_variable(variable: str, known: list[str], mistakes: list[Mistake]) -> None:
    """Other HOTLINE_ variables may serve other ends; one nearly right is a slip of the pen."""
    if not variable.startswith("HOTLINE_") or variable == "HOTLINE_CONFIG":
        return
    of_section = variable.removeprefix("HOTLINE_").partition("_")[0].lower()
    near = difflib.get_close_matches(variable, known, n=1, cutoff=0.85)
    if near or of_section in ENVIRONMENT_SECTIONS:
        hint = near[0] if near else f"a key of [{of_section}]"
        mistakes.append(Mistake("environment", variable, "an unknown variable", hint))


def _convert(text: str, like: object) -> object:
    """The text as the type of `like`; unchanged where it does not fit, for the reader to refuse."""
    if isinstance(like, bool):
        low = text.strip().lower()
        return True if low in _TRUE else False if low in _FALSE else text
    if isinstance(like, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return type(like)(text) if isinstance(like, int | float) else text
    except ValueError:
        return text


def _names(tree: Branch) -> sections.Names:
    texts: set[str] = set()
    table = tree.items.get("announcements")
    if isinstance(table, Branch):
        branch = table.items.get("texts")
        texts.update(branch.items if isinstance(branch, Branch) else ())
        texts.update(sections.recorded_names(Table(table, "", [], muted=True).path("recorded", "")))
    return sections.Names(
        queues=_row_names(tree, "queues"),
        hours=_row_names(tree, "hours"),
        announcements=frozenset(texts),
    )


def _row_names(tree: Branch, key: str) -> frozenset[str]:
    node = tree.items.get(key)
    rows = node.rows if isinstance(node, Rows) else []
    return frozenset(str(row.identity[1]) for row in rows if row.identity)


def _read(root: Table, names: sections.Names, source: Path) -> Settings:
    """All sections; cross-checks run on what could be read."""
    with root.table("hotline") as hotline:
        var = hotline.directory("var", "the directory for all state")
        zone = hotline.text("zone", "a zone of the time zone database")
        database_url = machines.database_url(hotline)
        checks.zone(hotline, zone)
    with root.table("console") as console_table, root.table("asterisk") as asterisk_table:
        console = machines.console(console_table)
        asterisk = machines.asterisk(asterisk_table)
        checks.ports((console_table, console), (asterisk_table, asterisk))
        checks.tls(console_table, console.tls_certificate, console.tls_key)
    trunks = tuple(machines.trunk(row) for row in root.rows("trunks", least=1))
    lines = [(row, sections.line(row, names)) for row in root.rows("lines", least=1)]
    checks.numbers(lines)
    hours = tuple(sections.hours(row, names) for row in root.rows("hours"))
    queues = [(row, sections.queue(row, names)) for row in root.rows("queues", least=1)]
    checks.overflow(queues)
    with root.table("announcements") as table:
        announcements = sections.announcements(table)
    with root.table("recording") as table:
        recording = sections.recording(table)
    with root.table("talk") as table:
        talk = sections.talk(table, [trunk.name for trunk in trunks])
    with root.table("tickets") as table:
        tickets = sections.tickets(table)
    with root.table("seats") as table:
        pause_reasons = sections.choices(table, "pause_reasons")
    with root.table("staffing") as table:
        staffing = manning.staffing(table, names)
    with root.table("alarms") as table:
        alarms = manning.alarms(table)
    with root.table("notices") as table:
        told = notices.notices(table)
    with root.table("clocks") as table:
        clocks = read_clocks(table)
    with root.table("intake") as table:
        intake = sections.intake(table)
    return Settings(
        var=var,
        database_url=database_url,
        zone=zone,
        console=console,
        asterisk=asterisk,
        trunks=trunks,
        lines=tuple(line for _, line in lines),
        hours=hours,
        queues=tuple(queue for _, queue in queues),
        announcements=announcements,
        recording=recording,
        talk=talk,
        tickets=tickets,
        pause_reasons=pause_reasons,
        staffing=staffing,
        alarms=alarms,
        notices=told,
        clocks=clocks,
        intake=intake,
        source=source,
    )
