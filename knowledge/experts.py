"""Experts of the departments: who knows what, whether one may be rung now, and where.

An expert is a plain telephone (`ring` "number": sealed at rest, masked on screens) or sits
at a seat of ours (`ring` "seat"). Every change goes through a door that tells the feed
(topic `expert`). (Q二(二)1: 三方通话 with the experts of the departments.)
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from db.clock import now_ms
from db.feed import publish
from db.models import call, expert, leg, seat

Light = Literal["free", "busy", "off"]
Ring = Literal["number", "seat"]

FIELDS = (
    "account_id",
    "seat_id",
    "name",
    "department",
    "topics",
    "number_sealed",
    "number_masked",
    "on_duty",
    "until_ms",
    "ring",
)
IN_A_CALL = ("reserved", "ringing", "talking")
_FREE_FIRST = {"free": 0, "busy": 1, "off": 2}


class Expert(msgspec.Struct, frozen=True, gc=False):
    """An expert as the directory has it; `on_duty` counts until `until_ms`, if set."""

    id: int
    account_id: int | None
    seat_id: int | None
    name: str
    department: str
    topics: list[str]
    number_masked: str | None
    on_duty: bool
    until_ms: int | None
    ring: Ring
    since_ms: int
    version: int

    def on_duty_at(self, at_ms: int) -> bool:
        return self.on_duty and (self.until_ms is None or self.until_ms > at_ms)


class Reach(msgspec.Struct, frozen=True, gc=False):
    """How to bring an expert onto a call.

    `ring` says which: "seat" with `seat_id`, or "number" with `number_sealed` (to be opened
    by `db.sealed.Sealer`). `on_duty` is as of now.
    """

    name: str
    department: str
    ring: Ring
    seat_id: int | None
    number_sealed: str | None
    number_masked: str | None
    on_duty: bool

    @property
    def label(self) -> str:
        """What screens show: 张三（市场监管局）."""
        return f"{self.name}（{self.department}）" if self.department else self.name


class Shown(msgspec.Struct, frozen=True, gc=False):
    """An expert with the light, as screens get it."""

    expert: Expert
    light: Light
    on_duty: bool

    def told(self) -> dict[str, Any]:
        """As the feed and the API carry it."""
        found = msgspec.structs.asdict(self.expert)
        del found["since_ms"]
        return {**found, "on_duty": self.on_duty, "light": self.light}


class NoSuchExpert(Exception):
    """There is no expert of that id."""


class Outdated(Exception):
    """Somebody changed the entry meanwhile; `current` is how it stands."""

    def __init__(self, current: Expert) -> None:
        super().__init__("the entry was changed meanwhile")
        self.current = current


class NoWay(Exception):
    """The entry would ring where nothing is: a seat or a number is missing or taken."""


_columns = [expert.c[name] for name in Expert.__struct_fields__]


def get(conn: Connection, expert_id: int) -> Expert | None:
    row = conn.execute(select(*_columns).where(expert.c.id == expert_id)).one_or_none()
    return Expert(*row) if row else None


def of_account(conn: Connection, account_id: int) -> Expert | None:
    """The entry of the person who is signed in."""
    row = conn.execute(select(*_columns).where(expert.c.account_id == account_id)).one_or_none()
    return Expert(*row) if row else None


def reach(conn: Connection, expert_id: int) -> Reach | None:
    """How to ring this expert; None when there is no such entry."""
    row = conn.execute(
        select(
            expert.c.name, expert.c.department, expert.c.ring, expert.c.seat_id,
            expert.c.number_sealed, expert.c.number_masked, expert.c.on_duty,
            expert.c.until_ms,
        ).where(expert.c.id == expert_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    on_duty = row.on_duty and (row.until_ms is None or row.until_ms > now_ms())
    return Reach(*row[:6], on_duty=on_duty)


def shown(conn: Connection, found: Expert) -> Shown:
    """One entry with its light."""
    return _lit(conn, [found])[0]


def listed(conn: Connection, words: str = "") -> list[Shown]:
    """The directory: those whose name, department or topics hold every word; free ones first."""
    wanted = words.casefold().split()
    rows = conn.execute(select(*_columns).order_by(expert.c.department, expert.c.name, expert.c.id))
    fitting = [e for e in (Expert(*row) for row in rows) if _fits(e, wanted)]
    return sorted(_lit(conn, fitting), key=lambda one: _FREE_FIRST[one.light])


def _fits(one: Expert, wanted: list[str]) -> bool:
    said = " ".join((one.name, one.department, *one.topics)).casefold()
    return all(word in said for word in wanted)


def _lit(conn: Connection, experts: list[Expert]) -> list[Shown]:
    at_ms = now_ms()
    busy = _on_a_call(conn)
    states: dict[int, tuple[str, bool]] = {
        row.id: (row.state, row.phone_ready)
        for row in conn.execute(
            select(seat.c.id, seat.c.state, seat.c.phone_ready).where(
                seat.c.id.in_({e.seat_id for e in experts if e.seat_id is not None})
            )
        )
    }
    return [
        Shown(one, _light(one, at_ms, one.id in busy, states), one.on_duty_at(at_ms))
        for one in experts
    ]


def _light(one: Expert, at_ms: int, busy: bool, states: dict[int, tuple[str, bool]]) -> Light:
    if busy:
        return "busy"
    if not one.on_duty_at(at_ms):
        return "off"
    if one.ring == "number":
        return "free"
    state, phone_ready = states.get(one.seat_id or 0, ("offline", False))
    if state in IN_A_CALL:
        return "busy"
    return "free" if phone_ready and state != "offline" else "off"


def _on_a_call(conn: Connection) -> set[int]:
    """The experts with an open leg on a call that goes on."""
    found = conn.execute(
        select(leg.c.expert_id)
        .join(call, call.c.id == leg.c.call_id)
        .where(call.c.ended_ms.is_(None), leg.c.ended_ms.is_(None), leg.c.expert_id.is_not(None))
    )
    return set(found.scalars())


def create(conn: Connection, **fields: Any) -> Shown:
    """A new entry of the directory. `fields` are of FIELDS; name, department and ring are needed.

    Raises:
        NoWay: `ring` names a seat or a number that is not given, or the account or seat is
            not there or has an entry already.
    """
    _known(fields)
    values = {
        "topics": [], "on_duty": False, **fields, "since_ms": now_ms(), "version": 1,
    }  # fmt: skip
    try:
        made: int = conn.execute(insert(expert).returning(expert.c.id), values).scalar_one()
    except IntegrityError as error:
        raise NoWay from error
    return tell(conn, made)


def change(conn: Connection, expert_id: int, version: int | None = None, **fields: Any) -> Shown:
    """Change fields of an entry; against `version` when one is given.

    Raises:
        NoSuchExpert, Outdated, NoWay: nothing was changed.
    """
    _known(fields)
    wanted = expert.c.id == expert_id
    if version is not None:
        wanted &= expert.c.version == version
    moved = {"since_ms": now_ms()} if "on_duty" in fields else {}
    try:
        row = conn.execute(
            update(expert)
            .where(wanted)
            .values({**fields, **moved, "version": expert.c.version + 1})
            .returning(expert.c.id)
        ).one_or_none()
    except IntegrityError as error:
        raise NoWay from error
    if row is None:
        current = get(conn, expert_id)
        if current is None:
            raise NoSuchExpert(str(expert_id))
        raise Outdated(current)
    return tell(conn, expert_id)


def tell(conn: Connection, expert_id: int) -> Shown:
    """Say on the feed how the entry stands: also when a leg of the expert began or ended.

    Raises NoSuchExpert.
    """
    found = get(conn, expert_id)
    if found is None:
        raise NoSuchExpert(str(expert_id))
    told = shown(conn, found)
    publish(conn, "expert", expert_id, told.told())
    return told


def _known(fields: dict[str, Any]) -> None:
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"not fields of an expert: {', '.join(sorted(unknown))}")
