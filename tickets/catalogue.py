"""The dispatch catalogue (派单目录): whose matter a class is in a region.

A line says class × region → lead unit and assisting units. What is asked climbs: the class
itself before the one that it lies in, and for each class the narrowest region that holds the
asked one (a village in its town, its county, its city; the empty region holds all).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from db.models import dispatch_rule, ticket_class, unit
from tickets import classes
from tickets.kept import Missing, Mistake, Mistaken, Outdated, keep
from tickets.units import REGION

MOST_ASSISTING = 10
COUNTY = 6
"""Digits of a county's code; a city's may be written with two noughts behind it."""


class Rule(msgspec.Struct, frozen=True, gc=False):
    """One line of the catalogue."""

    class_code: str
    region: str
    unit_id: int
    assisting: list[int]
    version: int

    @property
    def key(self) -> tuple[str, str]:
        return self.class_code, self.region

    def says(self, other: Rule) -> bool:
        """Whether it names the same units."""
        return (self.unit_id, self.assisting) == (other.unit_id, other.assisting)


class Suggestion(msgspec.Struct, frozen=True, gc=False):
    """Whom the catalogue names; `class_code` and `region` are those of the line that did."""

    unit_id: int
    unit_name: str
    assisting: list[int]
    class_code: str
    region: str


class Moved(Exception):
    """Units or classes were changed while lines that name them were on their way."""


class Change(msgspec.Struct, frozen=True):
    """What an import does to a line: there was none before, or is none after, or it says other."""

    before: Rule | None
    after: Rule | None


class TakenIn(msgspec.Struct, frozen=True):
    """What an import changed; `changes` in the order of the file, then what goes."""

    added: int
    changed: int
    removed: int
    unchanged: int
    changes: list[Change]


_columns = [dispatch_rule.c[name] for name in Rule.__struct_fields__]


def within(region: str) -> str:
    """The part of a region's code that says where: 450900 and 4509 are the same city."""
    if region.isdecimal() and len(region) == COUNTY:
        while region.endswith("00"):
            region = region[:-2]
    return region


def around(region: str) -> list[str]:
    """The codes of a region and of all that it lies in, as a line may write them."""
    here = within(region)
    codes = {region, ""} | {here[:n] for n in (2, 4, 6, 9, 12) if n <= len(here)}
    return sorted(codes | {code.ljust(COUNTY, "0") for code in codes if len(code) in (2, 4)})


def suggest(conn: Connection, class_code: str | None, region: str) -> Suggestion | None:
    """The unit that the catalogue has for this matter; None when it has none.

    Units that are closed are passed over, as lead and as assisting ones.
    """
    way = classes.upwards(conn, class_code) if class_code else []
    if not way:
        return None
    rows = conn.execute(
        select(*_columns, unit.c.name)
        .join(unit, unit.c.id == dispatch_rule.c.unit_id)
        .where(
            dispatch_rule.c.class_code.in_(way),
            dispatch_rule.c.region.in_(around(region)),
            unit.c.open,
        )
    )

    def nearness(row: Any) -> tuple[int, int, str]:
        return way.index(row.class_code), -len(within(row.region)), row.region

    best = min(rows, key=nearness, default=None)
    if best is None:
        return None
    open_now = _open_units(conn)
    helping = [one for one in best.assisting if one in open_now]
    return Suggestion(best.unit_id, best.name, helping, best.class_code, best.region)


def all_rules(conn: Connection) -> list[Rule]:
    """The whole catalogue, by class in the tree's order, then by region."""
    place = {one.code: n for n, one in enumerate(classes.all_classes(conn, closed=True))}
    found = [Rule(*row) for row in conn.execute(select(*_columns))]
    return sorted(found, key=lambda rule: (place[rule.class_code], rule.region))


def get(conn: Connection, class_code: str, region: str) -> Rule | None:
    row = conn.execute(select(*_columns).where(*_at(class_code, region))).one_or_none()
    return Rule(*row) if row else None


def put(
    conn: Connection,
    by: int | None,
    class_code: str,
    region: str,
    unit_id: int,
    assisting: list[int],
    version: int | None = None,
) -> Rule:
    """Add a line (no `version`), or change the one that stands at `version`.

    Raises:
        Missing: there is no such line to change. Outdated: it stands at another version, or
        is there already. Mistaken: every field that can't stand as it is.
    """
    before = get(conn, class_code, region)
    if version is not None and before is None:
        raise Missing
    if before is not None and before.version != version:
        raise Outdated(before)
    wrong = what_is_wrong(known(conn), class_code, region, unit_id, assisting)
    if wrong:
        raise Mistaken(*wrong)
    _write(conn, before, Rule(class_code, region, unit_id, assisting, 1))
    act = "changed" if before else "added"
    detail = {"unit_id": unit_id, "assisting": assisting}
    keep(conn, by, "catalogue", f"{class_code}/{region}", act, detail, _told(class_code, region))
    made = get(conn, class_code, region)
    if made is None:
        raise Missing
    return made


def remove(
    conn: Connection, by: int | None, class_code: str, region: str, version: int | None = None
) -> None:
    """Take a line away, when it stands at `version` (None: however it stands).

    Raises:
        Missing, Outdated: it is as it was.
    """
    found = get(conn, class_code, region)
    if found is None:
        raise Missing
    if version is not None and found.version != version:
        raise Outdated(found)
    conn.execute(delete(dispatch_rule).where(*_at(class_code, region)))
    detail = {"unit_id": found.unit_id}
    told = _told(class_code, region)
    keep(conn, by, "catalogue", f"{class_code}/{region}", "removed", detail, told)


def take_in(
    conn: Connection, by: int | None, lines: Sequence[Rule], *, whole: bool, trial: bool = False
) -> TakenIn:
    """Take in many lines at once; their versions do not matter.

    Args:
        lines: each class and region once.
        whole: the lines are the catalogue, what is not among them goes; False: they are
            added to it, or take the place of lines of the same class and region.
        trial: change nothing, only say what would change.

    Raises:
        Moved: a line names what is gone or closed since the lines were checked.
    """
    place = known(conn)
    if any(what_is_wrong(place, *line.key, line.unit_id, line.assisting) for line in lines):
        raise Moved
    before = {rule.key: rule for rule in all_rules(conn)}
    added = [line for line in lines if line.key not in before]
    changed = [line for line in lines if line.key in before and not line.says(before[line.key])]
    named = {line.key for line in lines}
    gone = [key for key in before if key not in named] if whole else []
    unchanged = len(lines) - len(added) - len(changed)
    counted = TakenIn(len(added), len(changed), len(gone), unchanged, _changes(before, lines, gone))
    if not trial and (added or changed or gone):
        _write_many(conn, added, changed, gone)
        detail = msgspec.structs.asdict(counted) | {"whole": whole}
        del detail["changes"]
        keep(conn, by, "catalogue", "*", "taken_in", detail, {"class_code": None, "region": None})
    return counted


def _changes(
    before: dict[tuple[str, str], Rule], lines: Sequence[Rule], gone: Sequence[tuple[str, str]]
) -> list[Change]:
    said = [(before.get(line.key), line) for line in lines]
    other = [Change(old, line) for old, line in said if old is None or not old.says(line)]
    return other + [Change(before[key], None) for key in gone]


def _write_many(
    conn: Connection, added: list[Rule], changed: list[Rule], gone: list[tuple[str, str]]
) -> None:
    """In as few statements as there are kinds: who waits for the writer waits for a moment only."""
    if added:
        conn.execute(insert(dispatch_rule), [msgspec.structs.asdict(line) for line in added])
    at = (dispatch_rule.c.class_code == bindparam("at_class"),
          dispatch_rule.c.region == bindparam("at_region"))  # fmt: skip
    if changed:
        values = {
            "unit_id": bindparam("lead"),
            "assisting": bindparam("helping"),
            "version": dispatch_rule.c.version + 1,
        }
        rows = [
            {"at_class": line.class_code, "at_region": line.region, "lead": line.unit_id,
             "helping": line.assisting}
            for line in changed
        ]  # fmt: skip
        conn.execute(update(dispatch_rule).where(*at).values(values), rows)
    if gone:
        keys = [{"at_class": code, "at_region": region} for code, region in gone]
        conn.execute(delete(dispatch_rule).where(*at), keys)


class Known(msgspec.Struct, frozen=True):
    """Classes and units that a line may name."""

    classes: frozenset[str]
    units: frozenset[int]


def known(conn: Connection) -> Known:
    codes = conn.execute(select(ticket_class.c.code)).scalars()
    return Known(frozenset(codes), frozenset(_open_units(conn)))


def what_is_wrong(
    place: Known, class_code: str, region: str, unit_id: int, assisting: list[int]
) -> list[Mistake]:
    """Why a line can't stand. Pure."""
    found = []
    if class_code not in place.classes:
        found.append(Mistake("class_code", "没有这个分类"))
    if not REGION.fullmatch(region):
        found.append(Mistake("region", "应为行政区划代码（2、4、6、9 或 12 位数字），或留空"))
    if unit_id not in place.units:
        found.append(Mistake("unit_id", "没有这个单位，或单位已停用"))
    if len(set(assisting)) != len(assisting) or unit_id in assisting:
        found.append(Mistake("assisting", "协办单位不能重复，也不能是主办单位"))
    if len(assisting) > MOST_ASSISTING:
        found.append(Mistake("assisting", f"协办单位最多 {MOST_ASSISTING} 个"))
    if any(one not in place.units for one in assisting):
        found.append(Mistake("assisting", "协办单位中有不存在或已停用的单位"))
    return found


def _write(conn: Connection, before: Rule | None, line: Rule) -> None:
    values = {"unit_id": line.unit_id, "assisting": line.assisting}
    if before is None:
        key = {"class_code": line.class_code, "region": line.region}
        conn.execute(insert(dispatch_rule), {**key, **values, "version": 1})
    else:
        changed = update(dispatch_rule).where(*_at(*before.key))
        conn.execute(changed.values({**values, "version": before.version + 1}))


def _at(class_code: str, region: str) -> tuple[Any, Any]:
    return dispatch_rule.c.class_code == class_code, dispatch_rule.c.region == region


def _told(class_code: str, region: str) -> dict[str, Any]:
    return {"class_code": class_code, "region": region}


def _open_units(conn: Connection) -> set[int]:
    return set(conn.execute(select(unit.c.id).where(unit.c.open)).scalars())
