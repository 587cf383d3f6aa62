"""Notices are written here, in the transaction of the move that causes them; workers send them.

A row names whom it is for and which text it has; where that is reached is looked up when it is
sent, so that no address and no number lies in a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from sqlalchemy import Connection, insert, select

from config.channels import Notices, Team
from config.model import Settings
from config.notice_texts import ARGS, template_for
from db.clock import now_ms
from db.feed import publish
from db.models import outbox, ticket, ticket_contact, unit
from tickets.units import listed

TEAMS = frozenset({"dispatchers", "office", "supervisors", "business_office"})
PERSONS = frozenset({"unit", "unit_head", "caller"})
"""Recipients with an id of their own, as `unit:5`."""

_ONE_EACH = frozenset({"dingtalk", "webhook"})
"""A robot or hook gets a row of its own: each has an outcome of its own."""

NO_ADDRESS = "未登记可用的收件地址"

_LONGEST = 100
_MANY_DIGITS = re.compile(r"\d[\d -]{5,}\d")
_MOBILE = re.compile(r"1[3-9]\d\*{4}\d{4}")
_TICKET_NUMBER = re.compile(r"\d{8}-\d{5,}")


class Place(Protocol):
    """What is needed of `tickets.place.Place`."""

    @property
    def settings(self) -> Settings: ...


def put(
    conn: Connection,
    place: Place,
    *,
    template: str,
    to: str,
    ticket_id: int | None,
    args: Mapping[str, Any],
    key: str,
) -> None:
    """Write one row for each channel that this place has and the recipient is reached by.

    A recipient for whom channels are on but no address is known gives one failed row, so that a
    person sees it. With no channel on, and for a caller without a mobile number, nothing is written.

    Args:
        template: a name of `config.notice_texts.TEMPLATES`.
        to: `unit:5`, `unit_head:5`, `caller:17` (a ticket's id) or one of `TEAMS`.
        ticket_id: whose number the text shows.
        args: facts named in `config.notice_texts.ARGS`; times are epoch milliseconds. None is
            taken as not known.
        key: the same key never gives a second notice.

    Raises:
        ValueError: an unknown template, recipient or arg.
        TypeError: an arg that is neither a text nor a whole number.
    """
    role, who = _recipient(to)
    try:
        template_for(template, role)
    except KeyError:
        raise ValueError(f"no notice is called {template}") from None
    told = _checked(args)
    channels = place.settings.notices.channels_of(role)
    if not channels:
        return
    told |= _number_of(conn, ticket_id)
    if role == "caller" and not _has_mobile(conn, who):
        return  # told by telephone, as always
    row = {"template": template, "args": told, "ticket_id": ticket_id}
    reached = list(_reached(conn, place.settings.notices, channels, role, who))
    for channel, at in reached:
        recipient = to if at is None else f"{to}#{at}"
        own = f"{key}:{channel}:{recipient}"
        _write(conn, row | {"key": own, "channel": channel, "recipient": recipient})
    if not reached:
        lost = {"key": f"{key}:none:{to}", "channel": channels[0], "recipient": to}
        _write(conn, row | lost, error=NO_ADDRESS)


def _recipient(to: str) -> tuple[str, int]:
    role, _, number = to.partition(":")
    if (role in TEAMS and not number) or (role in PERSONS and number.isdigit()):
        return role, int(number or 0)
    raise ValueError("no recipient of notices")  # what was given could be a number


def _checked(args: Mapping[str, Any]) -> dict[str, Any]:
    """Only known facts, each short and without what could be a person's number.

    A name of facts is the program's and refused when it is wrong; a value can be a person's
    (the name of a unit), and must not stop the move that tells it.
    """
    told: dict[str, Any] = {}
    for name, value in args.items():
        if name not in ARGS:
            raise ValueError(f"not a fact of a notice: {name}")
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise TypeError(f"neither a text nor a whole number: {name}")
        told[name] = _harmless(value) if isinstance(value, str) else value
    return told


def _harmless(value: str) -> str:
    """Short, and digits that could be a number only where they are a ticket's."""
    kept = _TICKET_NUMBER.findall(value)
    parts = [_MANY_DIGITS.sub("…", part) for part in _TICKET_NUMBER.split(value)]
    joined = "".join(f"{part}{number}" for part, number in zip(parts, [*kept, ""], strict=True))
    return joined if len(joined) <= _LONGEST else joined[: _LONGEST - 1] + "…"


def _number_of(conn: Connection, ticket_id: int | None) -> dict[str, str]:
    if ticket_id is None:
        return {}
    number = conn.execute(select(ticket.c.number).where(ticket.c.id == ticket_id)).scalar_one()
    return {"number": number}


def _reached(
    conn: Connection, notices: Notices, channels: tuple[str, ...], role: str, who: int
) -> Iterator[tuple[str, int | None]]:
    """The channels that this recipient has an address for; one SMS for each of several numbers."""
    if role in TEAMS:
        team = notices.team_of(role)
        if team is not None:
            yield from _of_team(team, channels)
    elif role == "caller":
        yield from ((channel, None) for channel in channels)
    else:
        yield from _of_unit(conn, channels, role, who)


def _of_team(team: Team, channels: tuple[str, ...]) -> Iterator[tuple[str, int | None]]:
    for channel in channels:
        if channel == "sms":
            yield from ((channel, at) for at in range(len(team.sms)))
        elif getattr(team, channel):
            yield channel, None


def _of_unit(
    conn: Connection, channels: tuple[str, ...], role: str, unit_id: int
) -> Iterator[tuple[str, int | None]]:
    """The channels of a unit. Its head is reached at `head_…`, or else where the unit is."""
    found = conn.execute(
        select(unit.c.addresses, unit.c.duty_sealed).where(unit.c.id == unit_id)
    ).one_or_none()
    if found is None:
        return
    kept = found.addresses or {}
    for channel in channels:
        own = kept.get(f"head_{channel}") if role == "unit_head" else None
        said = listed(own or kept.get(channel) or "")
        if channel == "sms":
            if found.duty_sealed:
                yield channel, None
        elif channel in _ONE_EACH and len(said) > 1:
            yield from ((channel, at) for at in range(len(said)))
        elif said:
            yield channel, None


def _has_mobile(conn: Connection, ticket_id: int) -> bool:
    """Whether the caller can get an SMS; the masked number shows its kind."""
    kept = conn.execute(
        select(
            ticket_contact.c.number_sealed, ticket_contact.c.number_masked, ticket.c.caller_masked
        )
        .select_from(ticket)
        .outerjoin(ticket_contact, ticket_contact.c.ticket_id == ticket.c.id)
        .where(ticket.c.id == ticket_id)
    ).one()
    masked = kept.number_masked if kept.number_sealed else kept.caller_masked
    return bool(masked and _MOBILE.fullmatch(masked))


def _write(conn: Connection, row: dict[str, Any], error: str | None = None) -> None:
    # Writers take turns (db.engine), so nobody else can be writing the same key; the database
    # refuses it all the same.
    if conn.execute(select(outbox.c.id).where(outbox.c.key == row["key"])).first():
        return
    at_ms = now_ms()
    state = "waiting" if error is None else "failed"
    row_id = conn.execute(
        insert(outbox).returning(outbox.c.id),
        {
            **row,
            "state": state,
            "tries": 0,
            "next_ms": at_ms,
            "created_ms": at_ms,
            "done_ms": None if error is None else at_ms,
            "error": error,
        },
    ).scalar_one()
    publish(conn, "outbox", row_id, {"id": row_id, "state": state})
