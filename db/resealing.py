"""Every row that holds something sealed or hashed, carried over to the newest key.

Each function takes one batch in one transaction and tells where it stopped. A row's seal
and hash change together, with every hash elsewhere that was made from it, so that a stop at
any point leaves each row whole under one of the two keys; what lies under the newest one
already is passed over when it begins again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Table, Text, bindparam, cast, func, select, update

from db.models import blocked_number, call, expert, request, ticket, ticket_contact, unit
from db.sealed import CannotOpen, Sealer

BATCH = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A table with sealed columns; `hashed` is the column that `by` (a sealed one) was hashed to."""

    table: Table
    sealed: tuple[str, ...]
    by: str | None = None
    hashed: str | None = None

    @property
    def key(self) -> Column[Any]:
        return next(iter(self.table.primary_key.columns))


PLACES = (
    Place(call, ("caller_sealed",), "caller_sealed", "caller_hash"),
    Place(ticket_contact, ("name_sealed", "number_sealed"), "number_sealed", "number_hash"),
    Place(expert, ("number_sealed",)),
    Place(unit, ("duty_sealed",)),
)
FOLLOWING = {("ticket", "caller_hash"), ("blocked_number", "caller_hash")}
"""Hashes without a seal beside them: they go with the call or contact they were made from."""


class Batch(NamedTuple):
    """What became of a batch: the last key seen (None: nothing is left), rows changed."""

    last: Any
    changed: int
    unreadable: int


Door = Callable[[Connection, Sealer, Any, int], Batch]


@dataclass(slots=True)
class _Work:
    """Changes of one batch, gathered before they are written."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    """Old to new."""
    of_tickets: list[dict[str, Any]] = field(default_factory=list)
    unreadable: int = 0


def doors() -> list[tuple[str, Door]]:
    """What has to be walked through, by name, in any order."""

    def of(place: Place) -> Door:
        return lambda conn, sealer, after, most: _carry(conn, place, sealer, after, most)

    return [*((place.table.name, of(place)) for place in PLACES), ("request", _requests)]


def _carry(conn: Connection, place: Place, sealer: Sealer, after: Any, most: int) -> Batch:
    names = (*place.sealed, *((place.hashed,) if place.hashed else ()))
    columns = [place.table.c[name] for name in names]
    wanted = select(place.key.label("row_key"), *columns).order_by(place.key).limit(most)
    if after is not None:
        wanted = wanted.where(place.key > after)
    found = conn.execute(wanted).all()
    work = _Work()
    for row in found:
        _turn(place, sealer, row._mapping, work)
    _write(conn, place, names, work)
    return Batch(found[-1].row_key if found else None, len(work.rows), work.unreadable)


def _turn(place: Place, sealer: Sealer, row: Any, work: _Work) -> None:
    """What one row becomes; a row that no key opens stays as it is."""
    held = {name: row[name] for name in place.sealed if row[name] is not None}
    if not held or all(sealer.is_newest(sealed) for sealed in held.values()):
        return
    try:
        opened = {name: sealer.open(sealed) for name, sealed in held.items()}
    except CannotOpen:
        work.unreadable += 1
        return
    values: dict[str, str | None] = {f"to_{name}": None for name in place.sealed}
    values |= {f"to_{name}": sealer.seal(text) for name, text in opened.items()}
    if place.hashed and place.by:
        old, number = row[place.hashed], opened.get(place.by)
        new = old if number is None else sealer.find(number)
        values[f"to_{place.hashed}"] = new
        if old is not None and new != old:
            work.hashes[old] = new
            work.of_tickets.append({"of_row": row["row_key"], "new": new})
    work.rows.append({"of_row": row["row_key"], **values})


def _write(conn: Connection, place: Place, names: Sequence[str], work: _Work) -> None:
    if not work.rows:
        return
    changed = update(place.table).where(place.key == bindparam("of_row"))
    conn.execute(changed.values({name: bindparam(f"to_{name}") for name in names}), work.rows)
    if work.of_tickets:
        theirs = ticket.c.call_id == bindparam("of_row")
        if place.table is ticket_contact:
            theirs = (ticket.c.id == bindparam("of_row")) & ticket.c.call_id.is_(None)
        conn.execute(
            update(ticket).where(theirs).values(caller_hash=bindparam("new")), work.of_tickets
        )
    _follow(conn, work.hashes)


def _follow(conn: Connection, hashes: dict[str, str]) -> None:
    """Blocked numbers keep a hash alone: it goes with the first call that shows what it was."""
    if not hashes:
        return
    blocked = set(conn.execute(select(blocked_number.c.caller_hash)).scalars())
    for old in blocked & hashes.keys():
        conn.execute(
            update(blocked_number)
            .where(blocked_number.c.caller_hash == old)
            .values(caller_hash=hashes[old])
        )


def _requests(conn: Connection, sealer: Sealer, after: Any, most: int) -> Batch:
    """Numbers that were typed to be called lie sealed in the request."""
    wanted = select(request.c.id, request.c.args).where(
        cast(request.c.args, Text).contains('"sealed"')
    )
    if after is not None:
        wanted = wanted.where(request.c.id > after)
    found = conn.execute(wanted.order_by(request.c.id).limit(most)).all()
    changed = unreadable = 0
    for row in found:
        target = row.args.get("target")
        sealed = target.get("sealed") if isinstance(target, dict) else None
        if not isinstance(sealed, str) or sealer.is_newest(sealed):
            continue
        try:
            new = sealer.seal(sealer.open(sealed))
        except CannotOpen:
            unreadable += 1
            continue
        args = {**row.args, "target": {**target, "sealed": new}}
        conn.execute(update(request).where(request.c.id == row.id).values(args=args))
        changed += 1
    return Batch(found[-1].id if found else None, changed, unreadable)


def withheld(conn: Connection, old: Sealer, new: Sealer) -> None:
    """Tickets of nobody's number: the hash of no number is known without any row."""
    conn.execute(
        update(ticket).where(ticket.c.caller_hash == old.find("")).values(caller_hash=new.find(""))
    )


def left(conn: Connection, sealer: Sealer) -> int:
    """Values that are not under the newest key."""
    total = 0
    for place in PLACES:
        for name in place.sealed:
            column = place.table.c[name]
            total += conn.execute(
                select(func.count())
                .select_from(place.table)
                .where(column.is_not(None), ~column.startswith(f"{sealer.key_id}."))
            ).scalar_one()
    return total


def lost(conn: Connection) -> int:
    """Blocked numbers that no call of ours shows: they would not be recognised any more."""
    known = select(call.c.id).where(call.c.caller_hash == blocked_number.c.caller_hash).exists()
    found: int = conn.execute(
        select(func.count()).select_from(blocked_number).where(~known)
    ).scalar_one()
    return found


def foreign(conn: Connection, sealer: Sealer) -> bool:
    """Whether the newest call was sealed under a key that is not here."""
    newest = select(call.c.caller_sealed).order_by(call.c.started_ms.desc()).limit(1)
    sealed = conn.execute(newest).scalar_one_or_none()
    return sealed is not None and not sealer.knows(sealed)
