"""People and what they may do: account, role, unit, duties, seat. Doors of the administrator.

An account has no version of its own: what screens send back is a fingerprint of all that can be
changed of a person, which her units, duties and seat belong to. Accounts are never removed, for
histories name them; they are closed.
"""

from __future__ import annotations

import re
import zlib
from typing import Any, get_args

import msgspec
from sqlalchemy import Connection, delete, func, insert, or_, select, update

from agent_console import auth, pages
from agent_console.accounts import add_account
from agent_console.roles import Role
from db.models import account, account_duty, unit, unit_member
from floor import loans, seats
from tickets import units
from tickets.kept import InUse, Missing, Mistake, Mistaken, Outdated, keep

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


class Wish(msgspec.Struct, frozen=True):
    """All that can be said of a person. `skills` None: no seat; {}: a telephone alone."""

    name: str
    role: str
    unit_id: int | None = None
    head: bool = False
    duties: frozenset[str] = frozenset()
    skills: dict[str, int] | None = None
    open: bool = True

    @property
    def version(self) -> int:
        """A fingerprint: another one as soon as anything of it is another."""
        said = [
            self.name, self.role, self.unit_id, self.head, sorted(self.duties),
            sorted(self.skills.items()) if self.skills is not None else None, self.open,
        ]  # fmt: skip
        return (zlib.crc32(msgspec.json.encode(said)) & 0x7FFFFFFE) + 1


class Person(msgspec.Struct, frozen=True):
    """A person as the administrator sees her."""

    id: int
    login: str
    created_ms: int
    unit_name: str | None
    seat_id: int | None
    wish: Wish

    def told(self) -> dict[str, Any]:
        """As the feed carries it."""
        return {"id": self.id, "version": self.wish.version}


class Changed(msgspec.Struct, frozen=True):
    """A change that was made: the sessions it ended, and the telephone that goes with them."""

    person: Person
    sessions: list[str]
    endpoint: str | None


def listed(conn: Connection, words: str = "", unit_id: int | None = None) -> list[Person]:
    """Everybody whose login, name or unit holds every word; the open ones first."""
    asked = _select()
    for word in words.split():
        asked = asked.where(
            or_(*(c.icontains(word, autoescape=True) for c in (account.c.login, account.c.name,
                                                               unit.c.name)))
        )  # fmt: skip
    if unit_id is not None:
        asked = asked.where(unit_member.c.unit_id == unit_id)
    return _people(conn, asked.order_by(account.c.disabled, account.c.login))


def get(conn: Connection, account_id: int) -> Person | None:
    found = _people(conn, _select().where(account.c.id == account_id))
    return found[0] if found else None


def _select() -> Any:
    return (
        select(
            account.c.id, account.c.login, account.c.name, account.c.role, account.c.disabled,
            account.c.created_ms, unit_member.c.unit_id, unit_member.c.head,
            unit.c.name.label("unit_name"),
        )
        .outerjoin(unit_member, unit_member.c.account_id == account.c.id)
        .outerjoin(unit, unit.c.id == unit_member.c.unit_id)
    )  # fmt: skip


def _people(conn: Connection, asked: Any) -> list[Person]:
    rows = list(conn.execute(asked))
    ids = [row.id for row in rows]
    duties: dict[int, set[str]] = {}
    chosen = select(account_duty).where(account_duty.c.account_id.in_(ids))
    for row in conn.execute(chosen):
        duties.setdefault(row.account_id, set()).add(row.duty)
    of_account = {seat.account_id: seat for seat in seats.all_seats(conn)}
    lent = loans.open_of(conn)
    found = []
    for row in rows:
        seat = of_account.get(row.id)
        wish = Wish(
            row.name, row.role, row.unit_id, bool(row.head), frozenset(duties.get(row.id, ())),
            _own_skills(seat, lent) if seat else None, not row.disabled,
        )  # fmt: skip
        seat_id = seat.id if seat else None
        found.append(Person(row.id, row.login, row.created_ms, row.unit_name, seat_id, wish))
    return found


def _own_skills(seat: seats.Seat, lent: list[loans.Loan]) -> dict[str, int]:
    """Without what is lent for a time."""
    own = dict(seat.skills)
    for loan in lent:
        if loan.seat_id == seat.id:
            own.pop(loan.queue, None)
            if loan.own_level is not None:
                own[loan.queue] = loan.own_level
    return own


def create(
    conn: Connection, by: int, login: str, wish: Wish, password_hash: str, queues: frozenset[str]
) -> Person:
    """A new person with account, unit, duties and seat.

    Args:
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


def _kept(conn: Connection, by: int, account_id: int, act: str, detail: dict[str, Any]) -> Person:
    found = get(conn, account_id)
    if found is None:
        raise Missing
    keep(conn, by, "person", account_id, act, detail, found.told())
    return found
