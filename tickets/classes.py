"""Classes of matters (内容分类): a tree with codes, and the periods that a law sets for some.

The seven of Y二(二) come from the settings into an empty table; the administrator's tree grows
below them. A law's period holds for the class and all below it that name none of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from db.models import dispatch_rule, ticket, ticket_class
from tickets import tree
from tickets.kept import InUse, Missing, Mistake, Mistaken, Outdated, keep

PERIODS = ("pass_on_days", "handle_days", "handle_most_days")
FIELDS = ("code", "parent", "label", "place", "open", *PERIODS, "basis")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MAX_LABEL = 60
MAX_BASIS = 200
MAX_DAYS = 366

ARREARS = "arrears"
ARREARS_PERIODS = {
    # 《保障中小企业款项支付条例》: passed on within 10 working days, handled within 30 days,
    # at most 90.
    "pass_on_days": 10,
    "handle_days": 30,
    "handle_most_days": 90,
    "basis": "《保障中小企业款项支付条例》",
}


class Chosen(Protocol):
    """A choice of the settings."""

    @property
    def code(self) -> str: ...
    @property
    def label(self) -> str: ...


class TicketClass(msgspec.Struct, frozen=True, gc=False):
    """A class as it stands; `place` orders it among its siblings, periods are None without a law."""

    code: str
    parent: str | None
    label: str
    place: int
    open: bool
    pass_on_days: int | None
    handle_days: int | None
    handle_most_days: int | None
    basis: str
    version: int

    def told(self) -> dict[str, Any]:
        """As the feed carries it."""
        return {n: getattr(self, n) for n in ("code", "parent", "label", "open", "version")}


class Legal(msgspec.Struct, frozen=True, gc=False):
    """A law's own periods: working days to pass on, natural days to handle and at most."""

    pass_on_days: int | None
    handle_days: int | None
    handle_most_days: int | None
    basis: str


_columns = [ticket_class.c[name] for name in TicketClass.__struct_fields__]


def seed(conn: Connection, choices: Iterable[Chosen]) -> bool:
    """Fill an empty table with the place's classes; False when there are classes already."""
    if conn.execute(select(ticket_class.c.code).limit(1)).first():
        return False
    for n, choice in enumerate(choices):
        law = ARREARS_PERIODS if choice.code == ARREARS else {}
        create(conn, None, code=choice.code, label=choice.label, place=n, **law)
    return True


def get(conn: Connection, code: str) -> TicketClass | None:
    row = conn.execute(select(*_columns).where(ticket_class.c.code == code)).one_or_none()
    return TicketClass(*row) if row else None


def all_classes(conn: Connection, *, closed: bool = False) -> list[TicketClass]:
    """The tree from the top, each class right before those below it."""
    asked = select(*_columns).order_by(ticket_class.c.place, ticket_class.c.code)
    found = {row.code: TicketClass(*row) for row in conn.execute(asked)}
    ordered = tree.in_order({one.code: one.parent for one in found.values()})
    return [found[code] for code in ordered if closed or found[code].open]


def all_labels(conn: Connection) -> dict[str, str]:
    """Every class's label by code, closed ones too: old tickets are shown with theirs."""
    asked = select(ticket_class.c.code, ticket_class.c.label)
    return {row.code: row.label for row in conn.execute(asked)}


def open_codes(conn: Connection) -> frozenset[str]:
    """What may be chosen for a ticket now."""
    asked = select(ticket_class.c.code).where(ticket_class.c.open)
    return frozenset(conn.execute(asked).scalars())


def upwards(conn: Connection, code: str) -> list[str]:
    """The class and those it lies in, the nearest first; [] when there is no such class."""
    parents = _parents(conn)
    return tree.above(parents, code) if code in parents else []


def below(conn: Connection, code: str) -> frozenset[str]:
    """The class and all below it: what a filter by class means."""
    return frozenset(tree.below(_parents(conn), [code]))


def legal(conn: Connection, code: str | None) -> Legal | None:
    """The periods of the law that names this class or the nearest above it; None without one."""
    if code is None:
        return None
    at: str | None = code
    for _ in range(tree.DEEPEST):
        found = get(conn, at) if at is not None else None
        if found is None:
            return None
        if any(getattr(found, name) is not None for name in PERIODS):
            return Legal(found.pass_on_days, found.handle_days, found.handle_most_days, found.basis)
        at = found.parent
    return None


def create(conn: Connection, /, by: int | None, **fields: Any) -> TicketClass:
    """A new class; `code` and `label` are needed. Without a `place` it stands last.

    Raises:
        Mistaken: every field that can't stand as it is.
    """
    given = {
        "parent": None, "open": True, **dict.fromkeys(PERIODS), "basis": "", **_known(fields),
    }  # fmt: skip
    if given.get("place") is None:
        given["place"] = _last(conn, given["parent"]) + 1
    _check(conn, None, given)
    row = conn.execute(insert(ticket_class).returning(*_columns), {**given, "version": 1}).one()
    made = TicketClass(*row)
    keep(conn, by, "class", made.code, "added", {"label": made.label}, made.told())
    return made


def change(
    conn: Connection, /, by: int | None, code: str, version: int, **fields: Any
) -> TicketClass:
    """Change fields of the class that stands at `version`; its code stays for good.

    Raises:
        Missing, Outdated, Mistaken: nothing was changed.
        InUse: it is to be closed, and classes below it are open.
    """
    before = get(conn, code)
    if before is None:
        raise Missing
    if before.version != version:
        raise Outdated(before)
    given = _known(fields)
    if given.pop("code", code) != code:
        raise Mistaken(Mistake("code", "分类代码不能修改"))
    whole = {**msgspec.structs.asdict(before), **given}
    _check(conn, before, whole)
    if before.open and not whole["open"]:
        _may_close(conn, code)
    row = conn.execute(
        update(ticket_class)
        .where(ticket_class.c.code == code, ticket_class.c.version == version)
        .values({**given, "version": version + 1})
        .returning(*_columns)
    ).one()
    changed = TicketClass(*row)
    keep(conn, by, "class", code, "changed", {"what": sorted(given)}, changed.told())
    return changed


def remove(conn: Connection, by: int | None, code: str, version: int) -> None:
    """Take away a class that was never used.

    Raises:
        Missing, Outdated, InUse: it is still there.
    """
    found = get(conn, code)
    if found is None:
        raise Missing
    if found.version != version:
        raise Outdated(found)
    used = [words for words, asked in _uses(code).items() if conn.execute(asked.limit(1)).first()]
    if used:
        raise InUse(f"该分类已有{'、'.join(used)}，不能删除，可以停用")
    conn.execute(ticket_class.delete().where(ticket_class.c.code == code))
    told = {"code": code, "gone": True}
    keep(conn, by, "class", code, "removed", {"label": found.label}, told)


def _uses(code: str) -> dict[str, Any]:
    """What would point at nothing, and a query that finds it."""
    return {
        "工单": select(ticket.c.id).where(ticket.c.content_class == code),
        "下级分类": select(ticket_class.c.code).where(ticket_class.c.parent == code),
        "派单目录": select(dispatch_rule.c.region).where(dispatch_rule.c.class_code == code),
    }


def _may_close(conn: Connection, code: str) -> None:
    inside = select(func.count()).where(ticket_class.c.parent == code, ticket_class.c.open)
    if count := conn.execute(inside.select_from(ticket_class)).scalar_one():
        raise InUse(f"该分类还有 {count} 个在用的下级分类，请先停用或调整其上级")
    others = select(func.count()).where(ticket_class.c.code != code, ticket_class.c.open)
    if not conn.execute(others.select_from(ticket_class)).scalar_one():
        raise InUse("这是最后一个在用的分类，停用后无法登记工单")


def _check(conn: Connection, before: TicketClass | None, whole: dict[str, Any]) -> None:
    found = [*_words(whole), *wrong_periods(whole)]
    if before is None and get(conn, str(whole.get("code", ""))) is not None:
        found.append(Mistake("code", "这个代码已被其他分类使用"))
    if whole["parent"] is not None:
        own = before.code if before else None
        wrong = tree.what_is_wrong(_parents(conn), own, whole["parent"])
        above = get(conn, whole["parent"])
        if not wrong and whole["open"] and above is not None and not above.open:
            wrong = "上级分类已停用"
        if wrong:
            found.append(Mistake("parent", wrong))
    if found:
        raise Mistaken(*found)


def _words(whole: dict[str, Any]) -> list[Mistake]:
    found = []
    if not CODE.fullmatch(str(whole.get("code", ""))):
        found.append(Mistake("code", "应为 1 到 64 个字母、数字或 _ . -，以字母或数字开头"))
    if not 0 < len(str(whole.get("label", "")).strip()) <= MAX_LABEL:
        found.append(Mistake("label", f"请填写名称，最多 {MAX_LABEL} 个字"))
    if len(whole["basis"]) > MAX_BASIS:
        found.append(Mistake("basis", f"最多 {MAX_BASIS} 个字"))
    return found


def wrong_periods(whole: dict[str, Any]) -> list[Mistake]:
    """What of a class's legal periods can't be."""
    found = [
        Mistake(name, f"应为 1 到 {MAX_DAYS} 之间的整数，或留空")
        for name in PERIODS
        if whole[name] is not None and not 1 <= whole[name] <= MAX_DAYS
    ]
    handle, most = whole["handle_days"], whole["handle_most_days"]
    if most is not None and (handle is None or most < handle):
        found.append(Mistake("handle_most_days", "最长期限不能短于办理期限"))
    named = any(whole[name] is not None for name in PERIODS)
    if named and not whole["basis"].strip():
        found.append(Mistake("basis", "有法定期限时请填写依据"))
    return found


def _last(conn: Connection, parent: str | None) -> int:
    siblings = ticket_class.c.parent.is_(None) if parent is None else (
        ticket_class.c.parent == parent
    )  # fmt: skip
    found = select(func.coalesce(func.max(ticket_class.c.place), -1)).where(siblings)
    last: int = conn.execute(found).scalar_one()
    return last


def _parents(conn: Connection) -> dict[str, str | None]:
    asked = select(ticket_class.c.code, ticket_class.c.parent)
    rows = conn.execute(asked.order_by(ticket_class.c.place, ticket_class.c.code))
    return {row.code: row.parent for row in rows}


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"not fields of a class: {', '.join(sorted(unknown))}")
    return fields
