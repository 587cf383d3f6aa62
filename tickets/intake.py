"""Matters that come by the web and from other platforms: one way to a ticket for both.

A matter becomes a draft and is submitted in one transaction, so that nothing half taken in is
ever seen; what is sent a second time gives the same ticket.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, Select, insert, select, update

from db import audit
from db.clock import now_ms
from db.models import account, intake_key, intake_seen, ticket
from tickets import contacts, moving, store
from tickets.contacts import Reporter
from tickets.place import Place
from tickets.rules.facts import SYSTEM

Source = Literal["web", "intake"]

WEB_FORM = 0
"""Stands for the page of the web where other platforms have the id of their key."""
PREFIX = "hk_"
USED_EVERY_MS = 60 * 1000
ON = "to_dispatch"


class Matter(msgspec.Struct, frozen=True):
    """What somebody brings forward; codes are those of the place, checked by the caller."""

    type: str
    text: str
    content_class: str | None = None
    company: str = ""
    credit_code: str | None = None
    region: str = ""


class IntakeKey(msgspec.Struct, frozen=True):
    """A key of another platform, as an administrator sees it."""

    id: int
    name: str
    created_ms: int
    created_by: str
    used_ms: int | None
    closed_ms: int | None


class NoSuchKey(Exception):
    """There is no such key, or it is closed already."""


def take(
    conn: Connection,
    place: Place,
    matter: Matter,
    reporter: Reporter,
    *,
    source: Source,
    key_id: int,
    foreign_id: str,
) -> tuple[store.Ticket, bool]:
    """A ticket for this matter, on its way to be dispatched.

    Args:
        reporter: with a number; without one nobody could be asked again.
        key_id: whose key it came by; `WEB_FORM` for the page.
        foreign_id: the sender's own name for it.

    Returns:
        The ticket, and whether it was there already (then nothing was changed).
    """
    known = of_foreign(conn, key_id, foreign_id)
    if known is not None:
        return known, True
    if reporter.number_hash is None or reporter.number_masked is None:
        raise ValueError("a matter from outside needs a number to ring back")
    made = store.draft(
        conn,
        call_id=None,
        source=source,
        caller_hash=reporter.number_hash,
        caller_masked=reporter.number_masked,
        account_id=None,
        zone=place.zone,
    )
    conn.execute(
        update(ticket)
        .where(ticket.c.id == made.id)
        .values(**msgspec.to_builtins(matter), disposition=_passed_on(place))
    )
    contacts.keep(conn, made.id, reporter)
    submitted = moving.move(conn, place, SYSTEM, made.id, made.version, "submit", {})
    conn.execute(
        insert(intake_seen), {"key_id": key_id, "foreign_id": foreign_id, "ticket_id": made.id}
    )
    return submitted, False


def of_foreign(conn: Connection, key_id: int, foreign_id: str) -> store.Ticket | None:
    """The ticket that was made for this id of that sender."""
    found = select(intake_seen.c.ticket_id).where(
        intake_seen.c.key_id == key_id, intake_seen.c.foreign_id == foreign_id
    )
    ticket_id = conn.execute(found).scalar_one_or_none()
    return None if ticket_id is None else store.get(conn, ticket_id)


def make_key(conn: Connection, name: str, by: int) -> tuple[IntakeKey, str]:
    """A key for a platform: its row, and the key itself, which is kept nowhere."""
    key = PREFIX + secrets.token_urlsafe(32)
    values = {
        "name": name,
        "key_hash": _hash(key),
        "created_ms": now_ms(),
        "created_by": by,
    }
    key_id = conn.execute(insert(intake_key).returning(intake_key.c.id), values).scalar_one()
    audit.note(conn, by, "intake_key_made", f"intake_key:{key_id}", {"name": name})
    return _one(conn, key_id), key


def close_key(conn: Connection, key_id: int, by: int) -> IntakeKey:
    """From now on nothing comes by this key. Raises NoSuchKey."""
    closed = conn.execute(
        update(intake_key)
        .where(intake_key.c.id == key_id, intake_key.c.closed_ms.is_(None))
        .values(closed_ms=now_ms())
    )
    if closed.rowcount == 0:
        raise NoSuchKey(str(key_id))
    audit.note(conn, by, "intake_key_closed", f"intake_key:{key_id}")
    return _one(conn, key_id)


def keys(conn: Connection) -> list[IntakeKey]:
    """Every key there was, the newest first."""
    rows = conn.execute(_listed().order_by(intake_key.c.id.desc()))
    return [_shown(row) for row in rows]


def by_key(conn: Connection, key: str) -> IntakeKey | None:
    """Whose key this is; None when it is nobody's or closed."""
    row = conn.execute(
        _listed().where(intake_key.c.key_hash == _hash(key), intake_key.c.closed_ms.is_(None))
    ).one_or_none()
    return _shown(row) if row else None


def used(conn: Connection, key: IntakeKey, at_ms: int) -> None:
    """Something came by this key; kept to the minute."""
    if key.used_ms is None or key.used_ms < at_ms - USED_EVERY_MS:
        conn.execute(update(intake_key).where(intake_key.c.id == key.id).values(used_ms=at_ms))


def _one(conn: Connection, key_id: int) -> IntakeKey:
    row = conn.execute(_listed().where(intake_key.c.id == key_id)).one_or_none()
    if row is None:
        raise NoSuchKey(str(key_id))
    return _shown(row)


def _listed() -> Select[Any]:
    return select(
        intake_key.c.id,
        intake_key.c.name,
        intake_key.c.created_ms,
        account.c.name.label("created_by"),
        intake_key.c.used_ms,
        intake_key.c.closed_ms,
    ).join(account, account.c.id == intake_key.c.created_by)


def _shown(row: Row[Any]) -> IntakeKey:
    return IntakeKey(**row._mapping)


def _hash(key: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def _passed_on(place: Place) -> str | None:
    """The disposition that sends a matter on."""
    chosen = place.settings.tickets.dispositions
    return next((d.code for d in chosen if d.state == ON), None)
