"""Where a recipient is reached: looked up at the moment of sending, sealed until then."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from config.channels import Notices
from db.models import call, ticket, ticket_contact, unit

MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_ACCOUNTS = re.compile(r"[\s,;，；、]+")
_ONE_EACH = frozenset({"dingtalk", "webhook"})
"""Channels of which a notice goes to one robot or hook at a time: each has an outcome of its own."""


@dataclass(frozen=True, slots=True)
class Found:
    """Addresses as they are, and numbers that are still sealed."""

    open: tuple[str, ...] = field(default=(), repr=False)
    sealed: tuple[str, ...] = field(default=(), repr=False)


def role_of(recipient: str) -> str:
    """The kind of recipient: `unit` of `unit:5`, `supervisors` of `supervisors#2`."""
    return re.split("[:#]", recipient, maxsplit=1)[0]


def find(conn: Connection, notices: Notices, channel: str, recipient: str) -> Found:
    """Where this recipient is reached by this channel; nothing when it no longer is."""
    name, _, at = recipient.partition("#")
    role, _, who = name.partition(":")
    if role == "caller":
        return Found(sealed=_caller(conn, int(who))) if channel == "sms" else Found()
    if role in ("unit", "unit_head"):
        found = _unit(conn, channel, int(who), head=role == "unit_head")
        if channel in _ONE_EACH:
            return Found(open=found.open[int(at or 0) :][:1])
        return found
    team = notices.team_of(role)
    if team is None:
        return Found()
    if channel == "sms":
        return Found(open=team.sms[int(at or 0) :][:1])
    there: tuple[str, ...] | str | None = getattr(team, channel)
    return Found(open=(there,) if isinstance(there, str) else there or ())


def mobile(number: str) -> str | None:
    """The eleven digits of a mobile number; None for any other."""
    found = MOBILE.fullmatch(number)
    return found.group(1) if found else None


def _unit(conn: Connection, channel: str, unit_id: int, *, head: bool) -> Found:
    row = conn.execute(
        select(unit.c.addresses, unit.c.duty_sealed, unit.c.open).where(unit.c.id == unit_id)
    ).one_or_none()
    if row is None:
        return Found()
    if channel == "sms":
        return Found(sealed=(row.duty_sealed,) if row.duty_sealed else ())
    kept = row.addresses or {}
    said = (head and kept.get(f"head_{channel}")) or kept.get(channel) or ""
    typed = "，".join(map(str, said)) if isinstance(said, list) else str(said)
    return Found(open=tuple(part for part in _ACCOUNTS.split(typed) if part))


def _caller(conn: Connection, ticket_id: int) -> tuple[str, ...]:
    kept = conn.execute(
        select(ticket_contact.c.number_sealed, call.c.caller_sealed)
        .select_from(ticket)
        .outerjoin(ticket_contact, ticket_contact.c.ticket_id == ticket.c.id)
        .outerjoin(call, call.c.id == ticket.c.call_id)
        .where(ticket.c.id == ticket_id)
    ).one_or_none()
    found = kept and (kept.number_sealed or kept.caller_sealed)
    return (found,) if found else ()
