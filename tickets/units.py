"""Units (承办单位): a tree, each with its region, its duty contact and where notices reach it.

The duty contact's number is sealed before it comes here and shown masked. Every change is
against the version that the person saw, is kept in the audit and told on the feed (`unit`).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, or_, select, update

from db.models import account, dispatch_rule, ticket, ticket_assist, unit, unit_member
from tickets import tree
from tickets.kept import InUse, Missing, Mistake, Mistaken, Outdated, keep
from tickets.rules.states import OPEN

FIELDS = (
    "code",
    "name",
    "parent_id",
    "region",
    "open",
    "duty_name",
    "duty_sealed",
    "duty_masked",
    "addresses",
)
CHANNELS = ("zwding", "head_zwding", "email", "head_email", "dingtalk", "webhook")
"""Where notices reach a unit and its head. SMS goes to the duty contact's sealed number."""
MOST_ADDRESSES = 20
MAX_ADDRESS = 254
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
REGION = re.compile(r"([1-9]\d(\d{2}|\d{4}|\d{7}|\d{10})?)?", re.ASCII)
"""Codes of GB/T 2260 and, for towns and villages, GB/T 10114; empty: the whole place."""
EMAIL = re.compile(r"[^@\s,;<>\"()]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
TOKEN = re.compile(r"[^\s\x00-\x1f]{1,100}")


class Unit(msgspec.Struct, frozen=True, gc=False):
    """A unit as it stands. `addresses`: one or more (split by 、or commas) a channel."""

    id: int
    code: str
    name: str
    parent_id: int | None
    region: str
    open: bool
    duty_name: str
    duty_masked: str | None
    addresses: dict[str, Any]
    version: int

    def told(self) -> dict[str, Any]:
        """As the feed carries it."""
        return {n: getattr(self, n) for n in ("id", "code", "name", "parent_id", "open", "version")}


_columns = [unit.c[name] for name in Unit.__struct_fields__]


def get(conn: Connection, unit_id: int) -> Unit | None:
    row = conn.execute(select(*_columns).where(unit.c.id == unit_id)).one_or_none()
    return Unit(*row) if row else None


def by_code(conn: Connection, code: str) -> Unit | None:
    row = conn.execute(select(*_columns).where(unit.c.code == code)).one_or_none()
    return Unit(*row) if row else None


def all_units(conn: Connection, *, closed: bool = False) -> list[Unit]:
    """The tree from the top, each unit right before those below it; siblings by code."""
    found = [Unit(*row) for row in conn.execute(select(*_columns).order_by(unit.c.code))]
    by_id = {one.id: one for one in found}
    ordered = (by_id[i] for i in tree.in_order({one.id: one.parent_id for one in found}))
    return [one for one in ordered if closed or one.open]


def names(conn: Connection) -> dict[int, str]:
    """Every unit's name by id, closed ones too: what a ticket names may be closed by now."""
    return {row.id: row.name for row in conn.execute(select(unit.c.id, unit.c.name))}


def below(conn: Connection, unit_ids: set[int] | frozenset[int]) -> frozenset[int]:
    """These units and all below them."""
    return frozenset(tree.below(_parents(conn), unit_ids)) if unit_ids else frozenset()


def duty_sealed(conn: Connection, unit_id: int) -> str | None:
    """The duty contact's number, to be opened by `db.sealed`; None when there is none."""
    asked = select(unit.c.duty_sealed).where(unit.c.id == unit_id)
    sealed: str | None = conn.execute(asked).scalar_one_or_none()
    return sealed


def open_tickets(conn: Connection, unit_id: int | None = None) -> dict[int, int]:
    """How many open tickets each unit has, as the lead or with a part not done yet."""
    under_way = ticket.c.state.in_(OPEN)
    led = select(ticket.c.unit_id, ticket.c.id).where(ticket.c.unit_id.is_not(None), under_way)
    helped = (
        select(ticket_assist.c.unit_id, ticket.c.id)
        .join(ticket, ticket.c.id == ticket_assist.c.ticket_id)
        .where(ticket_assist.c.done_ms.is_(None), under_way)
    )
    if unit_id is not None:
        led = led.where(ticket.c.unit_id == unit_id)
        helped = helped.where(ticket_assist.c.unit_id == unit_id)
    both = led.union(helped).subquery()
    counted = select(both.c.unit_id, func.count()).group_by(both.c.unit_id)
    return {row[0]: row[1] for row in conn.execute(counted)}


def create(conn: Connection, /, by: int | None, **fields: Any) -> Unit:
    """A new unit; `code` and `name` are needed, `by` is the administrator.

    Raises:
        Mistaken: every field that can't stand as it is.
    """
    given = {
        "parent_id": None, "region": "", "open": True, "duty_name": "", "duty_sealed": None,
        "duty_masked": None, "addresses": {}, **_known(fields),
    }  # fmt: skip
    _check(conn, None, given)
    row = conn.execute(insert(unit).returning(*_columns), {**given, "version": 1}).one()
    made = Unit(*row)
    keep(conn, by, "unit", made.id, "added", {"name": made.name}, made.told())
    return made


def change(conn: Connection, /, by: int | None, unit_id: int, version: int, **fields: Any) -> Unit:
    """Change fields of the unit that stands at `version`.

    Raises:
        Missing, Outdated, Mistaken: nothing was changed.
        InUse: it is to be closed, and still has tickets, units or the catalogue's matters.
    """
    before = get(conn, unit_id)
    if before is None:
        raise Missing
    if before.version != version:
        raise Outdated(before)
    given = _known(fields)
    whole = {**msgspec.structs.asdict(before), "duty_sealed": None, **given}
    _check(conn, before, whole)
    if before.open and not whole["open"]:
        _may_close(conn, unit_id)
    row = conn.execute(
        update(unit)
        .where(unit.c.id == unit_id, unit.c.version == version)
        .values({**given, "version": version + 1})
        .returning(*_columns)
    ).one()
    changed = Unit(*row)
    what = sorted(set(given) - {"duty_sealed"})
    keep(conn, by, "unit", unit_id, "changed", {"what": what}, changed.told())
    return changed


def remove(conn: Connection, by: int | None, unit_id: int, version: int) -> None:
    """Take away a unit that was never used (made by mistake).

    Raises:
        Missing, Outdated, InUse: it is still there.
    """
    found = get(conn, unit_id)
    if found is None:
        raise Missing
    if found.version != version:
        raise Outdated(found)
    used = [words for words, asked in _uses(unit_id).items() if conn.execute(asked).first()]
    if used:
        raise InUse(f"该单位已有{'、'.join(used)}，不能删除，可以停用")
    conn.execute(unit.delete().where(unit.c.id == unit_id))
    keep(conn, by, "unit", unit_id, "removed", {"name": found.name}, {"id": unit_id, "gone": True})


def _uses(unit_id: int) -> dict[str, Any]:
    """What would point at nothing, and a query that finds one of it."""
    own = or_(ticket.c.unit_id == unit_id, ticket.c.complained_unit_id == unit_id)
    return {
        "工单": select(ticket.c.id).where(own).limit(1),
        "协办记录": select(ticket_assist.c.ticket_id).where(ticket_assist.c.unit_id == unit_id),
        "下级单位": select(unit.c.id).where(unit.c.parent_id == unit_id).limit(1),
        "人员": select(unit_member.c.account_id).where(unit_member.c.unit_id == unit_id).limit(1),
        "派单目录": select(dispatch_rule.c.region).where(dispatch_rule.c.unit_id == unit_id),
    }


def _may_close(conn: Connection, unit_id: int) -> None:
    inside = select(func.count()).where(unit.c.parent_id == unit_id, unit.c.open)
    if count := conn.execute(inside.select_from(unit)).scalar_one():
        raise InUse(f"该单位还有 {count} 个在用的下级单位，请先停用或调整其上级")
    if count := open_tickets(conn, unit_id).get(unit_id, 0):
        raise InUse(f"该单位还有 {count} 件未办结工单（含协办），请先办结或改派，再停用")
    ruled = select(func.count()).where(dispatch_rule.c.unit_id == unit_id)
    if count := conn.execute(ruled.select_from(dispatch_rule)).scalar_one():
        raise InUse(f"派单目录中还有 {count} 项由该单位主办，请先改派，再停用")


def members(conn: Connection, unit_id: int) -> list[int]:
    """The accounts of its people who may sign in."""
    rows = conn.execute(
        select(unit_member.c.account_id)
        .join(account, account.c.id == unit_member.c.account_id)
        .where(unit_member.c.unit_id == unit_id, account.c.disabled.is_(False))
        .order_by(unit_member.c.account_id)
    )
    return list(rows.scalars())


def _check(conn: Connection, before: Unit | None, whole: dict[str, Any]) -> None:
    found = [
        *_words(whole),
        *_place(conn, before, whole),
        *wrong_addresses(whole["addresses"]),
    ]
    if before is None or whole["code"] != before.code:
        taken = by_code(conn, str(whole.get("code", "")))
        if taken is not None:
            found.append(Mistake("code", "这个代码已被其他单位使用"))
    if found:
        raise Mistaken(*found)


def _words(whole: dict[str, Any]) -> list[Mistake]:
    found = []
    if not CODE.fullmatch(str(whole.get("code", ""))):
        found.append(Mistake("code", "应为 1 到 32 个字母、数字或 _ . -，以字母或数字开头"))
    if not str(whole.get("name", "")).strip():
        found.append(Mistake("name", "请填写单位名称"))
    if not REGION.fullmatch(whole["region"]):
        found.append(Mistake("region", "应为行政区划代码（2、4、6、9 或 12 位数字），或留空"))
    return found


def _place(conn: Connection, before: Unit | None, whole: dict[str, Any]) -> list[Mistake]:
    """Where it lies in the tree."""
    parent_id = whole["parent_id"]
    if parent_id is None:
        return []
    wrong = tree.what_is_wrong(_parents(conn), before.id if before else None, parent_id)
    if wrong:
        return [Mistake("parent_id", wrong)]
    parent = get(conn, parent_id)
    if whole["open"] and parent is not None and not parent.open:
        return [Mistake("parent_id", "上级单位已停用")]
    return []


def wrong_addresses(addresses: dict[str, Any]) -> list[Mistake]:
    """What of a unit's addresses can't be one."""
    found = [Mistake(f"addresses.{n}", "没有这个渠道") for n in addresses if n not in CHANNELS]
    for channel in CHANNELS:
        given = listed(addresses.get(channel, ""))
        shape, sentence = _SHAPES[channel]
        if len(given) > MOST_ADDRESSES:
            found.append(Mistake(f"addresses.{channel}", f"最多 {MOST_ADDRESSES} 个"))
        elif any(len(one) > MAX_ADDRESS or not shape.fullmatch(one) for one in given):
            found.append(Mistake(f"addresses.{channel}", sentence))
    return found


_ZWDING = (TOKEN, "应为浙政钉的接收人编号，多个用逗号分隔")
_EMAIL = (EMAIL, "应为电子邮箱地址，多个用逗号分隔")
_SHAPES = {
    "zwding": _ZWDING,
    "head_zwding": _ZWDING,
    "email": _EMAIL,
    "head_email": _EMAIL,
    "dingtalk": (TOKEN, "应为设置中钉钉机器人的名称"),
    "webhook": (TOKEN, "应为设置中推送地址的名称"),
}


def listed(address: Any) -> list[str]:
    """The addresses in what was typed: split at commas, semicolons and 、."""
    parts = address if isinstance(address, list) else re.split(r"[,，;；、\n]", str(address))
    return [str(part).strip() for part in parts if str(part).strip()]


def _parents(conn: Connection) -> dict[int, int | None]:
    rows = conn.execute(select(unit.c.id, unit.c.parent_id).order_by(unit.c.code))
    return {row.id: row.parent_id for row in rows}


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"not fields of a unit: {', '.join(sorted(unknown))}")
    return {n: v.strip() if isinstance(v, str) and n == "name" else v for n, v in fields.items()}
