"""The directory of experts, and an expert's own page."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Connection

from agent_console.api import expert_queries as queries
from agent_console.api.fields import MAX_VERSION, NO_NUL, Moment, RowId, RowPath, head
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.parts import Parts
from agent_console.problem import FieldError, Problem, not_found, refused
from agent_console.roles import EXPERTS, HEADS, STAFF
from db import audit
from floor import seats
from knowledge import experts

operations = Operations("experts")

Name = Annotated[str, Meta(min_length=1, max_length=50, pattern=NO_NUL)]
Department = Annotated[str, Meta(max_length=100, pattern=NO_NUL)]
Topics = Annotated[list[Name], Meta(max_length=20)]
Number = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]
Ring = Literal["number", "seat"]
Version = Annotated[int, Meta(ge=1, le=MAX_VERSION)]


class ExpertQuery(msgspec.Struct, forbid_unknown_fields=True):
    q: Annotated[str, Meta(max_length=100, pattern=NO_NUL)] = ""


class Expert(msgspec.Struct, frozen=True):
    """An expert as screens get it; the light: free, busy (on a call), off (not to be rung)."""

    id: int
    account_id: int | None
    seat_id: int | None
    name: str
    department: str
    topics: list[str]
    number_masked: str | None
    on_duty: bool
    until_ms: int | None
    ring: str
    version: int
    light: Literal["free", "busy", "off"]


class ExpertList(msgspec.Struct, frozen=True):
    items: list[Expert]


class NewExpert(msgspec.Struct, forbid_unknown_fields=True):
    """`ring` left out: the number when there is one, else the seat."""

    name: Name
    department: Department = ""
    topics: Topics = []
    number: Number | None = None
    seat_id: RowId | None = None
    account_id: RowId | None = None
    on_duty: bool = True
    until_ms: Moment | None = None
    ring: Ring | None = None


class ExpertEdit(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change; `version`, when given, is the one that the person saw."""

    version: Version | None = None
    name: Name | UnsetType = UNSET
    department: Department | UnsetType = UNSET
    topics: Topics | UnsetType = UNSET
    number: Number | UnsetType | None = UNSET
    seat_id: RowId | UnsetType | None = UNSET
    account_id: RowId | UnsetType | None = UNSET
    on_duty: bool | UnsetType = UNSET
    until_ms: Moment | UnsetType | None = UNSET
    ring: Ring | UnsetType = UNSET


class OwnEdit(msgspec.Struct, forbid_unknown_fields=True):
    """What an expert says of herself: on duty, until when, where to ring."""

    on_duty: bool | UnsetType = UNSET
    until_ms: Moment | UnsetType | None = UNSET
    number: Number | UnsetType = UNSET
    ring: Ring | UnsetType = UNSET


class AskedTicket(msgspec.Struct, frozen=True):
    """A ticket that an expert was asked about: of a call on which she was."""

    ticket_id: int
    number: str
    state: str
    text_head: str
    company: str
    call_id: str
    asked_ms: int
    asked_by: str | None


class AskedTickets(msgspec.Struct, frozen=True):
    items: list[AskedTicket]


@operations.add("GET", "/experts", "Experts of the departments", roles=STAFF)
async def list_experts(context: Context, *, query: ExpertQuery) -> ExpertList:
    found = await context.parts.database.read(experts.listed, query.q)
    return ExpertList([shown(one) for one in found])


@operations.add("POST", "/experts", "Add an expert", roles=HEADS, problems=(422,))
async def add_expert(context: Context, *, body: NewExpert) -> Expert:
    fields = {
        name: getattr(body, name)
        for name in ("name", "department", "topics", "seat_id", "account_id", "on_duty", "until_ms")
    } | _number(context.parts, body.number)
    fields["ring"] = body.ring or ("number" if body.number else "seat")
    return shown(await context.parts.database.write(_add, context.account.id, fields))


@operations.add("PATCH", "/experts/{id}", "Change an expert", roles=HEADS, problems=(404, 409, 422))
async def change_expert(context: Context, *, path: RowPath, body: ExpertEdit) -> Expert:
    fields = _given(context.parts, body)
    return shown(
        await context.parts.database.write(
            _change, path.id, context.account.id, body.version, fields
        )
    )


@operations.add("GET", "/expert", "My own entry", roles=EXPERTS, problems=(404,))
async def read_own_expert(context: Context) -> Expert:
    return shown(await context.parts.database.read(_own, context.account.id))


@operations.add(
    "PATCH", "/expert", "My duty, and where to ring me", roles=EXPERTS, problems=(404, 409, 422)
)
async def change_own_expert(context: Context, *, body: OwnEdit) -> Expert:
    fields = _given(context.parts, body)
    return shown(await context.parts.database.write(_change_own, context.account.id, fields))


@operations.add("GET", "/expert/tickets", "Tickets I was asked about", roles=EXPERTS)
async def list_asked_tickets(context: Context) -> AskedTickets:
    rows = await context.parts.database.read(queries.asked_tickets, context.account.id)
    return AskedTickets(
        [
            AskedTicket(
                r.id, r.number, r.state, head(r.text), r.company, r.call_id, r.asked_ms, r.name
            )
            for r in rows
        ]
    )


def shown(found: experts.Shown) -> Expert:
    return msgspec.convert(found.told(), Expert)


def _given(parts: Parts, body: ExpertEdit | OwnEdit) -> dict[str, Any]:
    """The fields that were sent, with a number sealed."""
    names = (n for n in body.__struct_fields__ if n not in ("version", "number"))
    fields = {name: value for name in names if (value := getattr(body, name)) is not UNSET}
    if body.number is not UNSET:
        fields |= _number(parts, body.number)
    if fields.get("on_duty") is False and "until_ms" not in fields:
        # An hour said for an earlier duty means nothing for the next one.
        fields["until_ms"] = None
    return fields


def _number(parts: Parts, typed: str | None) -> dict[str, Any]:
    if typed is None:
        return {"number_sealed": None, "number_masked": None}
    kept = parts.keep_number(typed)
    if kept is None:
        sentence = "这个号码无法拨打，请核对后再试"
        errors = (FieldError("number", sentence),)
        raise Problem(422, sentence, code="no-such-number", errors=errors)
    return {"number_sealed": kept.sealed, "number_masked": kept.masked}


def _own(conn: Connection, account_id: int) -> experts.Shown:
    found = experts.of_account(conn, account_id)
    if found is None:
        raise not_found("您的专家资料，请联系班长登记")
    return experts.shown(conn, found)


def _add(conn: Connection, by: int, fields: dict[str, Any]) -> experts.Shown:
    _seat_of_account(conn, fields)
    try:
        made = experts.create(conn, **fields)
    except experts.NoWay:
        raise _no_way() from None
    audit.note(conn, by, "expert_added", f"expert:{made.expert.id}")
    return made


def _change(
    conn: Connection, expert_id: int, by: int, version: int | None, fields: dict[str, Any]
) -> experts.Shown:
    changed = _changed(conn, expert_id, version, fields)
    what = sorted(set(fields) - {"number_sealed"})
    audit.note(conn, by, "expert_changed", f"expert:{expert_id}", {"what": what})
    return changed


def _change_own(conn: Connection, account_id: int, fields: dict[str, Any]) -> experts.Shown:
    found = _own(conn, account_id).expert
    if fields.get("ring") == "seat":
        fields["account_id"] = account_id
        _seat_of_account(conn, fields)
    return _changed(conn, found.id, None, fields)


def _changed(
    conn: Connection, expert_id: int, version: int | None, fields: dict[str, Any]
) -> experts.Shown:
    try:
        return experts.change(conn, expert_id, version, **fields)
    except experts.NoSuchExpert:
        raise not_found("这位专家") from None
    except experts.Outdated:
        raise refused("专家资料已被修改，请核对后再保存", "version-old") from None
    except experts.NoWay:
        raise _no_way() from None


def _seat_of_account(conn: Connection, fields: dict[str, Any]) -> None:
    """Somebody with an account is rung at her own seat."""
    account_id = fields.get("account_id")
    if fields.get("ring") == "seat" and fields.get("seat_id") is None and account_id is not None:
        own = seats.of_account(conn, account_id)
        fields["seat_id"] = own.id if own else None


def _no_way() -> Problem:
    return Problem(
        422,
        "请填写可以拨打的号码，或选择一个还没有登记专家的座席账号",
        code="no-way",
        errors=(FieldError("ring", "没有对应的号码或座席"),),
    )
