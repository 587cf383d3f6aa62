"""What a person may be: login, role, unit, duties, skills. Pure but for a look at her unit."""

from __future__ import annotations

import re
from typing import get_args

from sqlalchemy import Connection

from agent_console.people import Wish
from agent_console.roles import Role
from tickets import units
from tickets.kept import Mistake

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
DUTIES = {
    "dispatch": "派单",
    "office": "热线办",
    "approve": "答复认定",
    "follow_up": "回访",
    "supervise": "督办",
    "sign": "签发",
}
ON_DUTY = frozenset({"agent", "supervisor"})
"""Roles that may have duties; the administrator keeps the house and handles no ticket."""
WITH_SKILLS = frozenset({"agent", "expert", "supervisor"})
"""Roles whose telephone callers may be offered to; others' is for calls of their own."""
WORST_LEVEL = 9


def what_is_wrong(
    conn: Connection, before: Wish | None, wish: Wish, queues: frozenset[str]
) -> list[Mistake]:
    """Why a person can't be as wished."""
    found = []
    if not wish.name.strip():
        found.append(Mistake("name", "请填写姓名"))
    if wish.role not in get_args(Role):
        found.append(Mistake("role", "没有这个角色"))
    return [
        *found,
        *_wrong_unit(conn, before, wish),
        *_wrong_duties(wish),
        *_wrong_skills(before, wish, queues),
    ]


def _wrong_unit(conn: Connection, before: Wish | None, wish: Wish) -> list[Mistake]:
    if wish.role != "unit":
        found = [Mistake("unit_id", "只有承办单位人员属于单位")] if wish.unit_id else []
        return [
            *found,
            *([Mistake("head", "只有承办单位人员可以是单位负责人")] if wish.head else []),
        ]
    if wish.unit_id is None:
        return [Mistake("unit_id", "请选择所属单位")]
    there = units.get(conn, wish.unit_id)
    if there is None:
        return [Mistake("unit_id", "没有这个单位")]
    stays = before is not None and before.unit_id == wish.unit_id
    return [] if there.open or stays else [Mistake("unit_id", "该单位已停用")]


def _wrong_duties(wish: Wish) -> list[Mistake]:
    if wish.duties - set(DUTIES):
        return [Mistake("duties", "没有这项职责")]
    if wish.duties and wish.role not in ON_DUTY:
        return [Mistake("duties", "只有话务员和班长可以承担工单职责")]
    if "sign" in wish.duties and wish.role != "supervisor":
        # Y二(五): letters are signed by the head of the hotline.
        return [Mistake("duties", "签发职责只能由班长角色（热线办主任）承担")]
    return []


def _wrong_skills(before: Wish | None, wish: Wish, queues: frozenset[str]) -> list[Mistake]:
    if wish.skills is None:
        if before is not None and before.skills is not None:
            return [Mistake("skills", "座席设立后不能撤销，可以清空技能")]
        return []
    if set(wish.skills) - queues:
        return [Mistake("skills", "没有这个队列")]
    if any(not 1 <= level <= WORST_LEVEL for level in wish.skills.values()):
        return [Mistake("skills", f"技能级别应为 1 到 {WORST_LEVEL}")]
    if wish.skills and wish.role not in WITH_SKILLS:
        return [Mistake("skills", "这个角色的座席不接听来电，不能有技能")]
    return []
