"""The seat of the person who is signed in: its telephone and its state."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from agent_console import pages
from agent_console.api.fields import NO_NUL, Code
from agent_console.api.shown_seat import Seat, shown
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import FieldError, Problem, not_found, refused
from agent_console.roles import EVERYBODY, STAFF
from floor import seats
from tickets import store

operations = Operations("seat")


class PhoneAccess(msgspec.Struct, frozen=True):
    """What JsSIP needs; the password counts until the next sign-in or sign-out."""

    endpoint: str
    password: str
    uri: str
    ws: str


class GoAvailable(msgspec.Struct, forbid_unknown_fields=True):
    microphone: bool


class Pause(msgspec.Struct, forbid_unknown_fields=True):
    reason: Code


@operations.add("GET", "/seat", "My seat", roles=EVERYBODY, problems=(404,))
async def read_seat(context: Context) -> Seat:
    return shown(await own_seat(context))


class Page(msgspec.Struct, forbid_unknown_fields=True):
    """The random id that a page gave itself: the same for as long as it lives."""

    page: Annotated[str, Meta(max_length=64, pattern=NO_NUL)] = ""


@operations.add(
    "POST", "/seat/phone", "A telephone for this sign-in", roles=EVERYBODY, problems=(404,)
)
async def make_phone(context: Context, *, body: Page) -> PhoneAccess:
    seat = await own_seat(context)
    # Before the telephone: a caller of the page before is taken care of when it registers.
    await context.parts.database.write(
        pages.asked_for_telephone, seat.id, body.page, context.parts.now_ms()
    )
    password = await context.services.phones.push(seat.endpoint, "from-seat")
    return access(context, seat.endpoint, password)


@operations.add("POST", "/seat/bye", "My page is closing", roles=EVERYBODY, problems=(404,))
async def say_goodbye(context: Context, *, body: Page) -> None:
    """Sent with `fetch(…, {keepalive: true})`, so the session's token is in its header.

    A beacon could not carry the token; it would have needed an exception from the check of
    forged requests, and a forged good-bye takes a citizen out of a talk.
    """
    seat = await own_seat(context)
    await context.parts.database.write(
        pages.said_goodbye, seat.id, body.page, context.parts.now_ms()
    )


@operations.add("POST", "/seat/available", "Go available (示闲)", roles=STAFF, problems=(404, 409))
async def go_available(context: Context, *, body: GoAvailable) -> Seat:
    if not body.microphone:
        raise refused("没有可用的麦克风，请允许浏览器使用麦克风后再示闲", "microphone-missing")
    seat = await own_seat(context)
    return shown(await context.parts.database.write(_available, seat.id))


@operations.add("POST", "/seat/pause", "Pause (示忙)", roles=STAFF, problems=(404, 409, 422))
async def pause(context: Context, *, body: Pause) -> Seat:
    if body.reason not in {c.code for c in context.parts.settings.pause_reasons}:
        errors = (FieldError("reason", "请选择示忙原因"),)
        raise Problem(422, "请选择示忙原因", code="unknown-reason", errors=errors)
    seat = await own_seat(context)
    return shown(await context.parts.database.write(moved, seats.pause, seat.id, body.reason))


@operations.add("POST", "/seat/offline", "Go offline (离线)", roles=EVERYBODY, problems=(404, 409))
async def go_offline(context: Context) -> Seat:
    seat = await own_seat(context)
    return shown(await context.parts.database.write(moved, seats.go_offline, seat.id))


@operations.add("POST", "/seat/wrap-up/end", "End wrap-up", roles=EVERYBODY, problems=(404, 409))
async def end_wrap_up(context: Context) -> Seat:
    seat = await own_seat(context)
    return shown(await context.parts.database.write(_wrapped_up, seat.id))


async def own_seat(context: Context) -> seats.Seat:
    """The seat of who is signed in, or 404."""
    found = await context.parts.database.read(seats.of_account, context.account.id)
    if found is None:
        raise not_found("您的座席，请联系管理员分配")
    return found


def access(context: Context, endpoint: str, password: str) -> PhoneAccess:
    """Where a browser's telephone registers: this console's own address."""
    origin = context.services.origins.origin_of(context.request)
    host = context.parts.settings.asterisk.host
    host = f"[{host}]" if ":" in host else host
    ws = origin.replace("http", "ws", 1) + "/sip"
    return PhoneAccess(endpoint, password, f"sip:{endpoint}@{host}", ws)


def _available(conn: Connection, seat_id: int) -> seats.Seat:
    found = seats.get(conn, seat_id)
    if found is not None and found.state == "available":
        return found
    if found is not None and not found.phone_ready:
        raise refused("话机尚未注册，请检查网络后再示闲", "phone-not-ready")
    if found is not None and found.state == "wrap_up":
        return _wrapped_up(conn, seat_id)
    return moved(conn, seats.go_available, seat_id)


def _wrapped_up(conn: Connection, seat_id: int) -> seats.Seat:
    """Wrap-up ends by hand when its form is complete; else its time runs on."""
    found = seats.get(conn, seat_id)
    if found is None or found.state != "wrap_up":
        raise refused("现在不在小结中", "not-in-wrap-up")
    ticket = store.of_call(conn, found.call_id) if found.call_id else None
    if ticket is not None and not ticket.complete:
        raise refused("工单还没有填写完整，请填写后提交", "form-incomplete")
    return moved(conn, seats.end_wrap_up, seat_id)


def moved(conn: Connection, door: Any, seat_id: int, *args: Any) -> seats.Seat:
    """Run a door of a seat; Problem 409 says in which state the seat is."""
    try:
        stands: seats.Seat = door(conn, seat_id, *args)
    except seats.NotNow as refusal:
        state = seats.LABELS[refusal.seat.state] if refusal.seat else "不存在"
        raise refused(f"座席现在是「{state}」，不能这样做", "not-now") from None
    return stands
