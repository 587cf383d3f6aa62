"""Who reported: name and number, kept apart from the ticket, sealed, found by a keyed hash.

Nothing here is ever written into a history, a notice or the feed. Opening needs the sealer, a
reason and a row of the audit.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from db import audit
from db.clock import now_ms
from db.models import audit as audit_table
from db.models import call, ticket, ticket_contact
from db.sealed import CannotOpen, Sealer
from tickets import store

HOUR_MS = 3600 * 1000
UNMASKED = "unmasked"
HIDDEN = "**"


class Reporter(msgspec.Struct, frozen=True):
    """A reporter as the row holds him; each part may be missing."""

    name_sealed: str | None = None
    number_sealed: str | None = None
    number_hash: str | None = None
    number_masked: str | None = None


class Masked(msgspec.Struct, frozen=True):
    """A reporter as screens show him."""

    name_masked: str
    number_masked: str
    has_number: bool


class Opened(msgspec.Struct, frozen=True):
    """A reporter in clear: for the person who gave a reason, and nobody else."""

    name: str
    number: str


class NoReporter(Exception):
    """Nobody is known behind this ticket."""


class TooMany(Exception):
    """This person has opened as many as one may within an hour; `wait_ms` until the next."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__("too many reporters were opened")
        self.wait_ms = wait_ms


_columns = [ticket_contact.c[name] for name in Reporter.__struct_fields__]


def keep(conn: Connection, ticket_id: int, reporter: Reporter) -> None:
    """Put a reporter beside a ticket; parts that are None stay as they were.

    A ticket without a call is found by its reporter's number, as others are by their caller's.
    """
    given = {
        name: value
        for name in Reporter.__struct_fields__
        if (value := getattr(reporter, name)) is not None
    }
    if exists(conn, ticket_id):
        if given:
            conn.execute(
                update(ticket_contact)
                .where(ticket_contact.c.ticket_id == ticket_id)
                .values(**given, at_ms=now_ms())
            )
    else:
        values = {name: given.get(name) for name in Reporter.__struct_fields__}
        conn.execute(insert(ticket_contact), {"ticket_id": ticket_id, "at_ms": now_ms(), **values})
    if reporter.number_hash is not None:
        conn.execute(
            update(ticket)
            .where(ticket.c.id == ticket_id, ticket.c.call_id.is_(None))
            .values(caller_hash=reporter.number_hash, caller_masked=reporter.number_masked)
        )


def from_call(conn: Connection, ticket_id: int) -> None:
    """The caller of a ticket's call becomes its reporter, unless a number is there already."""
    row = conn.execute(
        select(call.c.caller_sealed, call.c.caller_hash, call.c.caller_masked)
        .join(ticket, ticket.c.call_id == call.c.id)
        .where(ticket.c.id == ticket_id)
    ).one_or_none()
    if row is None or not _shows_digits(row.caller_masked):
        return
    known = of_ticket(conn, ticket_id)
    if known is None or known.number_sealed is None:
        keep(conn, ticket_id, Reporter(None, *row))


def of_ticket(conn: Connection, ticket_id: int) -> Reporter | None:
    """The reporter as he is kept; None when nobody is known."""
    row = conn.execute(
        select(*_columns).where(ticket_contact.c.ticket_id == ticket_id)
    ).one_or_none()
    return Reporter(*row) if row else None


def exists(conn: Connection, ticket_id: int) -> bool:
    """Whether there is a reporter, with a name or a number."""
    found = select(ticket_contact.c.ticket_id).where(ticket_contact.c.ticket_id == ticket_id)
    return conn.execute(found).first() is not None


def reachable(conn: Connection, ticket_id: int) -> bool:
    """Whether there is a number at which the reporter can be called."""
    found = of_ticket(conn, ticket_id)
    return found is not None and found.number_sealed is not None


def masked(sealer: Sealer, reporter: Reporter | None) -> Masked:
    """As screens show him: 张**, 138****1234; empty where nothing is known."""
    if reporter is None:
        return Masked("", "", False)
    name = _opened(sealer, reporter.name_sealed)
    shown = name[:1] + HIDDEN if name else ""
    return Masked(shown, reporter.number_masked or "", reporter.number_sealed is not None)


def open_contact(
    conn: Connection,
    sealer: Sealer,
    ticket_id: int,
    account_id: int,
    reason: str,
    *,
    most_an_hour: int,
) -> Opened:
    """The reporter in clear, for a reason that is kept: an audit row and a line of the history.

    Args:
        reason: in the person's own words; it goes into the audit only, which no unit sees.
        most_an_hour: so many openings one person has within an hour.

    Raises:
        NoReporter: nobody is known, or he can't be opened any more.
        TooMany: see there; nothing was opened.
    """
    reporter = of_ticket(conn, ticket_id)
    if reporter is None or (reporter.name_sealed is None and reporter.number_sealed is None):
        raise NoReporter(str(ticket_id))
    at_ms = now_ms()
    _slow_down(conn, account_id, at_ms, most_an_hour)
    audit.note(conn, account_id, UNMASKED, f"ticket:{ticket_id}", {"reason": reason})
    # Who looked, and that she did; why is for the audit alone.
    store.note(conn, ticket_id, UNMASKED, account_id, {})
    return Opened(_opened(sealer, reporter.name_sealed), _opened(sealer, reporter.number_sealed))


def name_sealed(sealer: Sealer, name: str) -> str | None:
    """A name as it may lie in a row; None for an empty one."""
    plain = " ".join(name.split())
    return sealer.seal(plain) if plain else None


def _slow_down(conn: Connection, account_id: int, at_ms: int, most: int) -> None:
    of_hers = (
        audit_table.c.account_id == account_id,
        audit_table.c.act == UNMASKED,
        audit_table.c.at_ms > at_ms - HOUR_MS,
    )
    count, oldest = conn.execute(
        select(func.count(), func.min(audit_table.c.at_ms)).where(*of_hers)
    ).one()
    if count >= most:
        raise TooMany(int(oldest) + HOUR_MS - at_ms)


def _shows_digits(masked_number: str) -> bool:
    """A caller who withholds his number is kept with words in its place."""
    return any(letter.isdecimal() for letter in masked_number)


def _opened(sealer: Sealer, sealed: str | None) -> str:
    if sealed is None:
        return ""
    try:
        return sealer.open(sealed)
    except CannotOpen as error:
        raise NoReporter("sealed under a key that is not here") from error
