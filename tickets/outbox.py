"""Notices are written here, in the transaction of the move that causes them; workers send them.

A row names whom it is for and which text it has; where that is reached is looked up when it is
sent, so that no address and no number lies in a row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Row, Select, insert, select

from config.channels import Notices, Team
from config.model import Settings
from config.notice_texts import ARGS, template_for
from db.clock import now_ms
from db.feed import publish_all
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


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice to be written.

    `template` is a name of `config.notice_texts.TEMPLATES`; `to` is `unit:5`, `unit_head:5`,
    `caller:17` (a ticket's id) or one of `TEAMS`; the text shows the number of `ticket_id`.
    `args` are facts named in `config.notice_texts.ARGS`; times are epoch milliseconds, None is
    taken as not known. The same `key` never gives a second notice.
    """

    template: str
    to: str
    ticket_id: int | None
    args: Mapping[str, Any]
    key: str


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
    """Write one notice: `put_all` of one `Draft`."""
    put_all(conn, place, [Draft(template, to, ticket_id, args, key)])


def put_all(conn: Connection, place: Place, drafts: Sequence[Draft]) -> None:
    """Write one row for each channel that this place has and the recipient is reached by.

    A recipient for whom channels are on but no address is known gives one failed row, so that a
    person sees it. With no channel on, and for a caller without a mobile number, nothing is
    written. However many they are, it takes a handful of statements.

    Raises:
        ValueError: an unknown template, recipient or arg; nothing was written.
        TypeError: an arg that is neither a text nor a whole number; the same.
    """
    notices = place.settings.notices
    wanted = [(draft, *_read(draft)) for draft in drafts]
    wanted = [one for one in wanted if notices.channels_of(one[1])]
    if not wanted:
        return
    known = _known(conn, [(draft, role, who) for draft, role, who, _ in wanted])
    rows: dict[str, dict[str, Any]] = {}
    for draft, role, who, told in wanted:
        if role == "caller" and not known.mobile(who):
            continue  # told by telephone, as always
        if draft.ticket_id is not None:
            told["number"] = known.numbers[draft.ticket_id]
        for row in _rows(draft, told, notices, list(_reached(notices, known, role, who)), role):
            rows.setdefault(row["key"], row)
    _write(conn, rows)


def _read(draft: Draft) -> tuple[str, int, dict[str, Any]]:
    """Kind of recipient and his id, and the facts; or what is wrong with it."""
    role, who = _recipient(draft.to)
    try:
        template_for(draft.template, role)
    except KeyError:
        raise ValueError(f"no notice is called {draft.template}") from None
    return role, who, _checked(draft.args)


def _rows(
    draft: Draft,
    told: dict[str, Any],
    notices: Notices,
    reached: list[tuple[str, int | None]],
    role: str,
) -> Iterator[dict[str, Any]]:
    """One for each way that he is reached by, or the one that says that there is none."""
    row = {"template": draft.template, "args": told, "ticket_id": draft.ticket_id, "error": None}
    for channel, at in reached:
        recipient = draft.to if at is None else f"{draft.to}#{at}"
        own = f"{draft.key}:{channel}:{recipient}"
        yield {**row, "key": own, "channel": channel, "recipient": recipient}
    if not reached:
        key, channel = f"{draft.key}:none:{draft.to}", notices.channels_of(role)[0]
        yield {**row, "key": key, "channel": channel, "recipient": draft.to, "error": NO_ADDRESS}


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


@dataclass(frozen=True, slots=True)
class _Known:
    """Of tickets and units, by their ids, what notices to them need."""

    numbers: Mapping[int, str]
    masked: Mapping[int, str | None]
    units: Mapping[int, Row[Any]]

    def mobile(self, ticket_id: int) -> bool:
        """Whether the caller can get an SMS; the masked number shows its kind."""
        masked = self.masked[ticket_id]
        return bool(masked and _MOBILE.fullmatch(masked))


def _known(conn: Connection, wanted: Sequence[tuple[Draft, str, int]]) -> _Known:
    shown = {draft.ticket_id for draft, _, _ in wanted} - {None}
    callers = {who for _, role, who in wanted if role == "caller"}
    units = {who for _, role, who in wanted if role in ("unit", "unit_head")}
    numbers: dict[int, str] = {}
    if shown:
        asked = select(ticket.c.id, ticket.c.number).where(ticket.c.id.in_(shown))
        numbers = {row.id: row.number for row in conn.execute(asked)}
    addressed: dict[int, Row[Any]] = {}
    if units:
        places: Select[Any] = select(unit.c.id, unit.c.addresses, unit.c.duty_sealed)
        addressed = {row.id: row for row in conn.execute(places.where(unit.c.id.in_(units)))}
    return _Known(numbers, _masked(conn, callers) if callers else {}, addressed)


def _masked(conn: Connection, ticket_ids: Collection[int]) -> dict[int, str | None]:
    """The number at which the caller of each ticket is reached, as it is shown."""
    asked = (
        select(
            ticket.c.id,
            ticket_contact.c.number_sealed,
            ticket_contact.c.number_masked,
            ticket.c.caller_masked,
        )
        .select_from(ticket)
        .outerjoin(ticket_contact, ticket_contact.c.ticket_id == ticket.c.id)
        .where(ticket.c.id.in_(ticket_ids))
    )
    return {
        row.id: row.number_masked if row.number_sealed else row.caller_masked
        for row in conn.execute(asked)
    }


def _reached(
    notices: Notices, known: _Known, role: str, who: int
) -> Iterator[tuple[str, int | None]]:
    """The channels that this recipient has an address for; one SMS for each of several numbers."""
    channels = notices.channels_of(role)
    if role in TEAMS:
        team = notices.team_of(role)
        if team is not None:
            yield from _of_team(team, channels)
    elif role == "caller":
        yield from ((channel, None) for channel in channels)
    elif who in known.units:
        yield from _of_unit(known.units[who], channels, role)


def _of_team(team: Team, channels: tuple[str, ...]) -> Iterator[tuple[str, int | None]]:
    for channel in channels:
        if channel == "sms":
            yield from ((channel, at) for at in range(len(team.sms)))
        elif getattr(team, channel):
            yield channel, None


def _of_unit(
    found: Row[Any], channels: tuple[str, ...], role: str
) -> Iterator[tuple[str, int | None]]:
    """The channels of a unit. Its head is reached at `head_…`, or else where the unit is."""
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


def _write(conn: Connection, rows: Mapping[str, dict[str, Any]]) -> None:
    """By their keys; those that are there already stay as they are."""
    # Writers take turns (db.engine), so nobody else can be writing the same key; the database
    # refuses it all the same.
    there = set(conn.execute(select(outbox.c.key).where(outbox.c.key.in_(rows))).scalars())
    at_ms = now_ms()
    new = [
        {
            **row,
            "state": "waiting" if row["error"] is None else "failed",
            "tries": 0,
            "next_ms": at_ms,
            "created_ms": at_ms,
            "done_ms": None if row["error"] is None else at_ms,
        }
        for key, row in rows.items()
        if key not in there
    ]
    if not new:
        return
    made = conn.execute(insert(outbox).returning(outbox.c.id, outbox.c.state), new)
    publish_all(conn, "outbox", {row.id: {"id": row.id, "state": row.state} for row in made})
