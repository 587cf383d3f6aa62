"""People added and changed: the doors of the administrator and of `hotline accounts`."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from agent_console import auth, pages
from agent_console.accounts import add_account
from agent_console.people import Person, Wish, get
from agent_console.people_rules import LOGIN, what_is_wrong
from db.models import account, account_duty, unit_member
from floor import loans, seats
from tickets import units
from tickets.kept import InUse, Missing, Mistake, Mistaken, Outdated, keep


class Changed(msgspec.Struct, frozen=True):
    """A change that was made: the sessions it ended, and the telephone that goes with them."""

    person: Person
    sessions: list[str]
    endpoint: str | None


def create(
    conn: Connection,
    by: int | None,
    login: str,
    wish: Wish,
    password_hash: str,
    queues: frozenset[str],
) -> Person:
    """A new person with account, unit, duties and seat.

    Args:
        by: the administrator; None from the command line, which no account says.
        queues: the names of this place's queues.

    Raises:
        Mistaken: every field that can't stand as it is.
    """
    wrong = what_is_wrong(conn, None, wish, queues)
    if not LOGIN.fullmatch(login):
        wrong.insert(0, Mistake("login", "应为 2 到 32 个小写字母、数字或 . _ -，以字母或数字开头"))
    elif conn.execute(select(account.c.id).where(account.c.login == login)).first():
        wrong.insert(0, Mistake("login", "这个登录名已被使用"))
    if wrong:
        raise Mistaken(*wrong)
    made = add_account(conn, login, wish.name, wish.role, password_hash)
    _furnish(conn, made, None, wish)
    return _kept(conn, by, made, "added", {"login": login, "role": wish.role})


def change(
    conn: Connection,
    by: int,
    account_id: int,
    version: int,
    wish: Wish,
    queues: frozenset[str],
) -> Changed:
    """Make a person what is wished, when she stands at `version`.

    Another role or unit, and closing, end her sessions: what is on her screens is no longer hers.

    Raises:
        Missing, Outdated, Mistaken: nothing was changed.
        InUse: the house or a unit would be left without anybody, or she is in a call.
    """
    before = get(conn, account_id)
    if before is None:
        raise Missing
    if before.wish.version != version:
        raise Outdated(before)
    wrong = what_is_wrong(conn, before.wish, wish, queues)
    if wrong:
        raise Mistaken(*wrong)
    _may_go(conn, by, before, wish)
    conn.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(name=wish.name, role=wish.role, disabled=not wish.open)
    )
    _furnish(conn, account_id, before.wish, wish)
    what = [n for n in Wish.__struct_fields__ if getattr(before.wish, n) != getattr(wish, n)]
    sessions = auth.close_all_of(conn, account_id) if _other_screens(before.wish, wish) else []
    endpoint = _leave_seat(conn, before) if sessions or not wish.open else None
    person = _kept(conn, by, account_id, "changed", {"what": what})
    return Changed(person, sessions, endpoint)


def renew_password(
    conn: Connection, by: int, account_id: int, password_hash: str, but: str
) -> Changed:
    """A new password, which ends her sessions.

    Args:
        but: the session that asks, which goes on: else nobody would get to see the password.

    Raises:
        Missing: no such account. InUse: she is in a call.
    """
    before = get(conn, account_id)
    if before is None:
        raise Missing
    _not_in_a_call(conn, account_id)
    conn.execute(
        update(account).where(account.c.id == account_id).values(password_hash=password_hash)
    )
    sessions = auth.close_all_of(conn, account_id, but)
    endpoint = _leave_seat(conn, before) if sessions else None
    person = _kept(conn, by, account_id, "password_renewed", {})
    return Changed(person, sessions, endpoint)


def _may_go(conn: Connection, by: int, before: Person, wish: Wish) -> None:
    """Whether the house can do without what she was."""
    was = before.wish
    leaves_admin = was.role == "admin" and (wish.role != "admin" or not wish.open)
    if leaves_admin and before.id == by:
        raise InUse("不能停用自己的账号，也不能改掉自己的管理员角色")
    if leaves_admin and was.open and not _others(conn, before.id):
        raise InUse("这是最后一个可登录的管理员，请先设立另一个管理员")
    if was.unit_id is not None and was.open and (wish.unit_id != was.unit_id or not wish.open):
        others = [one for one in units.members(conn, was.unit_id) if one != before.id]
        count = units.open_tickets(conn, was.unit_id).get(was.unit_id, 0)
        if count and not others:
            raise InUse(
                f"{before.unit_name}还有 {count} 件未办结工单，且没有其他可登录的人员，"
                "请先为该单位设立另一名经办人"
            )
    if _other_screens(was, wish):
        _not_in_a_call(conn, before.id)


def _not_in_a_call(conn: Connection, account_id: int) -> None:
    """A caller is not to lose the agent because something is kept differently."""
    seat = seats.of_account(conn, account_id)
    if seat is not None and seat.state in pages.IN_A_CALL:
        raise InUse("该人员正在通话，请在通话结束后再修改")


def _others(conn: Connection, account_id: int) -> bool:
    found = select(func.count()).select_from(account)
    found = found.where(account.c.role == "admin", account.c.disabled.is_(False))
    return bool(conn.execute(found.where(account.c.id != account_id)).scalar_one())


def _other_screens(before: Wish, wish: Wish) -> bool:
    return (before.role, before.unit_id, before.open) != (wish.role, wish.unit_id, wish.open)


def _leave_seat(conn: Connection, person: Person) -> str | None:
    """Her seat goes offline; the endpoint of the telephone that is to be taken down."""
    seat = seats.of_account(conn, person.id)
    if seat is None:
        return None
    if seat.state != "offline":
        seats.go_offline(conn, seat.id, "signed_out")
    return seat.endpoint


def _furnish(conn: Connection, account_id: int, before: Wish | None, wish: Wish) -> None:
    """Unit, duties and seat of a person whose account is there."""
    if before is None or (before.unit_id, before.head) != (wish.unit_id, wish.head):
        conn.execute(delete(unit_member).where(unit_member.c.account_id == account_id))
        if wish.unit_id is not None:
            member = {"account_id": account_id, "unit_id": wish.unit_id, "head": wish.head}
            conn.execute(insert(unit_member), member)
    if before is None or before.duties != wish.duties:
        conn.execute(delete(account_duty).where(account_duty.c.account_id == account_id))
        for duty in sorted(wish.duties):
            conn.execute(insert(account_duty), {"account_id": account_id, "duty": duty})
    if wish.skills is None:
        return
    if before is None or before.skills is None:
        seats.create(conn, account_id, wish.name, wish.skills)
    elif before.skills != wish.skills:
        seat = seats.of_account(conn, account_id)
        if seat is not None:
            loans.set_skills(conn, seat.id, wish.skills)


def _kept(
    conn: Connection, by: int | None, account_id: int, act: str, detail: dict[str, Any]
) -> Person:
    found = get(conn, account_id)
    if found is None:
        raise Missing
    keep(conn, by, "person", account_id, act, detail, found.told())
    return found
