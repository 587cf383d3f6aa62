"""The form of a ticket: what may be written into it, by whom, and when it is complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row

from agent_console.api import ticket_texts
from agent_console.api.ticket_conflicts import (
    gone,
    move_refused,
    not_editable,
    outdated,
    unfit,
)
from agent_console.api.ticket_view import Seer, may_edit, seen_row
from agent_console.auth import Account
from agent_console.problem import FieldError, Problem, forbidden, refused
from agent_console.roles import HEADS
from config import model
from floor import seats
from tickets import classes, credit_code, moving, rules, store, units
from tickets.rules.decide import Refused, Unfit
from tickets.rules.facts import Actor
from tickets.units import REGION

MOVE_TO = {"closed": "answer", "rejected": "reject", "to_dispatch": "submit"}
"""The move that carries out a disposition, by the state that the place says it leads to."""


def edit(
    conn: Connection, seer: Seer, ticket_id: int, version: int, fields: dict[str, Any]
) -> None:
    """Save fields; a Problem says what stands in the way, and then nothing was changed."""
    actor = seer.actor(conn)
    row = _changeable(conn, seer, actor, ticket_id, version)
    fields = {**fields, **_cleaned(fields)}
    errors = list(wrong(conn, seer.place.settings.tickets, row, fields))
    named = ticket_texts.in_fields(conn, seer, row, fields)
    errors += [FieldError(m.field, m.message) for m in named.mistakes]
    if errors:
        raise Problem(
            422, "请检查所填内容", code="form-unfit", errors=tuple(errors), more=named.more
        )
    if fields:
        try:
            store.edit(conn, ticket_id, version, seer.who.id, fields)
        except store.NotEditable:
            raise not_editable() from None


def complete(
    conn: Connection, seer: Seer, ticket_id: int, version: int, form: Mapping[str, Any]
) -> None:
    """Carry out the disposition of a draft; with it the wrap-up of its call ends."""
    actor = seer.actor(conn)
    row = _changeable(conn, seer, actor, ticket_id, version)
    if row.state != "draft":
        raise refused("工单已经提交", "ticket-complete")
    place = seer.place.settings.tickets
    chosen = next((d for d in place.dispositions if d.code == row.disposition), None)
    filled = {name: getattr(row, name) for name in store.FIELDS}
    missing = rules.what_is_missing(filled, needs_class=chosen.needs_class if chosen else None)
    errors = [FieldError(m.field, m.message) for m in missing]
    if row.credit_code and (words := credit_code.wrong(row.credit_code)):
        errors.append(FieldError("credit_code", words))
    if errors or chosen is None:
        raise Problem(422, "工单还没有填写完整", code="form-incomplete", errors=tuple(errors))
    do(conn, seer, ticket_id, version, MOVE_TO[chosen.state], form)


def do(
    conn: Connection, seer: Seer, ticket_id: int, version: int, name: str, form: Mapping[str, Any]
) -> None:
    """One move by this person; what stands in the way is a Problem."""
    actor = seer.actor(conn)
    row = seen_row(conn, actor, ticket_id)
    if row is None:
        raise gone()
    named = ticket_texts.in_move(conn, seer, row, name, form)
    try:
        done = moving.move(
            conn, seer.place, actor, ticket_id, version, name, form, further=named.mistakes
        )
    except store.Outdated:
        raise outdated(conn, seer, ticket_id, version) from None
    except moving.NoSuchMove:
        errors = (FieldError("move", "没有这种操作"),)
        raise Problem(422, "没有这种操作", code="unknown-move", errors=errors) from None
    except Refused as error:
        raise move_refused(error) from None
    except Unfit as error:
        raise unfit(error, named.more) from None
    if row.state == "draft" and done.complete:
        _end_wrap_up(conn, seer.who, row.call_id)


def _changeable(
    conn: Connection, seer: Seer, actor: Actor, ticket_id: int, version: int
) -> Row[Any]:
    """The ticket, if this person may change it as it stands; else the problem that says why."""
    row = seen_row(conn, actor, ticket_id)
    if row is None:
        raise gone()
    if row.state == "draft" and not may_edit(actor, row):
        raise forbidden("这张工单由其他座席办理，不能修改")
    others = actor.role not in HEADS and not actor.duties and row.account_id != seer.who.id
    if others and row.account_id is not None:
        raise forbidden("这张工单由其他座席办理，不能修改")
    if row.version != version:
        raise outdated(conn, seer, ticket_id, version)
    if row.state != "draft" and row.state not in store.EDITABLE:
        raise not_editable() if row.unit_id else _complete()
    if not may_edit(actor, row):
        raise _complete()
    return row


def _complete() -> Problem:
    return refused("工单已经提交，不能再修改", "ticket-complete")


def _cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is typed with spaces around it, or in small letters."""
    found: dict[str, Any] = {}
    if isinstance(fields.get("region"), str):
        found["region"] = fields["region"].strip()
    if isinstance(fields.get("credit_code"), str):
        found["credit_code"] = credit_code.clean(fields["credit_code"]) or None
    return found


def wrong(
    conn: Connection, place: model.Tickets, row: Row[Any], fields: Mapping[str, Any]
) -> tuple[FieldError, ...]:
    """Everything that can't stand as it was filled in."""
    errors = list(unknown_codes(conn, place, row, fields))
    region = fields.get("region")
    if region and not REGION.fullmatch(region):
        errors.append(FieldError("region", "应为行政区划代码（2、4、6、9 或 12 位数字），或留空"))
    code = fields.get("credit_code")
    # A draft is saved while it is typed, and half a code is no mistake yet.
    if code is not None and row.state != "draft" and (words := credit_code.wrong(code)):
        errors.append(FieldError("credit_code", words))
    complained = fields.get("complained_unit_id")
    if complained is not None and units.get(conn, complained) is None:
        errors.append(FieldError("complained_unit_id", "没有这个单位"))
    if row.complete:
        filled = {n: fields.get(n, getattr(row, n)) for n in store.FIELDS}
        chosen = next((d for d in place.dispositions if d.code == row.disposition), None)
        missing = rules.what_is_missing(filled, needs_class=chosen.needs_class if chosen else True)
        named = {error.field for error in errors}
        errors += [FieldError(m.field, m.message) for m in missing
                   if m.field in fields and m.field not in named]  # fmt: skip
        if "disposition" in fields and fields["disposition"] != row.disposition:
            errors.append(FieldError("disposition", "工单已提交，处理方式不能再改"))
    return tuple(errors)


def unknown_codes(
    conn: Connection, place: model.Tickets, row: Row[Any], fields: Mapping[str, Any]
) -> tuple[FieldError, ...]:
    """Choices that this place does not offer (any more); what stands already may stay."""
    # An empty table: this place has never kept classes of its own.
    of_table = classes.open_codes(conn)
    known = {
        "type": {c.code for c in place.types},
        "content_class": of_table or {c.code for c in place.classes},
        "disposition": {d.code for d in place.dispositions},
    }
    return tuple(
        FieldError(name, "没有这个选项")
        for name, codes in known.items()
        if fields.get(name) is not None
        and fields[name] not in codes
        and fields[name] != getattr(row, name)
    )


def _end_wrap_up(conn: Connection, who: Account, call_id: str | None) -> None:
    """With the form complete, the wrap-up of its call has nothing left to wait for."""
    seat = seats.of_account(conn, who.id)
    if seat is not None and seat.state == "wrap_up" and seat.call_id == call_id:
        seats.end_wrap_up(conn, seat.id)
