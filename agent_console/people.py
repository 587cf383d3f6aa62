"""People and what they may do: account, role, unit, duties, seat; as the administrator sees them.

An account has no version of its own: what screens send back is a fingerprint of all that can be
changed of a person, which her units, duties and seat belong to. Accounts are never removed, for
histories name them; they are closed. What may be wished is in `people_rules`, what is done about
it in `people_doors`.
"""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select

from db.models import account, account_duty, unit, unit_member
from floor import loans, seats


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
