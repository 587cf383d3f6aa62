"""Notices of the supervisors: to everybody on the floor, or to one seat; and who has read them."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, insert, literal, null, select

from db.clock import now_ms
from db.feed import publish
from db.models import account, floor_message, floor_message_read, seat

NEWEST = 20


class Message(msgspec.Struct, frozen=True, gc=False):
    """A notice; `to_seat_id` None is to everybody, `read_ms` None when it is unread by who asks."""

    id: int
    text: str
    from_name: str
    to_seat_id: int | None
    at_ms: int
    read_ms: int | None


class NoSuchSeat(Exception):
    """There is no seat of that id."""


_said = (
    select(
        floor_message.c.id, floor_message.c.text, account.c.name, floor_message.c.to_seat_id,
        floor_message.c.at_ms,
    )
    .join(account, account.c.id == floor_message.c.account_id)
)  # fmt: skip


def send(conn: Connection, account_id: int, text: str, to_seat_id: int | None = None) -> Message:
    """Say something to everybody, or to one seat.

    The feed carries `to_account_id` besides, so that a notice to one is told to that person.

    Raises NoSuchSeat.
    """
    to_account_id = None
    if to_seat_id is not None:
        owner = select(seat.c.account_id).where(seat.c.id == to_seat_id)
        to_account_id = conn.execute(owner).scalar_one_or_none()
        if to_account_id is None:
            raise NoSuchSeat(str(to_seat_id))
    made: int = conn.execute(
        insert(floor_message).returning(floor_message.c.id),
        {"at_ms": now_ms(), "account_id": account_id, "text": text, "to_seat_id": to_seat_id},
    ).scalar_one()
    said = _said.add_columns(null()).where(floor_message.c.id == made)
    message = Message(*conn.execute(said).one())
    told: dict[str, Any] = msgspec.structs.asdict(message)
    del told["read_ms"]
    publish(conn, "message", made, {**told, "to_account_id": to_account_id})
    return message


def of_account(
    conn: Connection, account_id: int, sees_all: bool, limit: int = NEWEST
) -> list[Message]:
    """The newest notices that concern this person, newest first.

    Args:
        sees_all: heads see those to single seats as well.
    """
    mine = floor_message_read.c.account_id == account_id
    found = (
        _said.add_columns(floor_message_read.c.at_ms)
        .outerjoin(
            floor_message_read, (floor_message_read.c.message_id == floor_message.c.id) & mine
        )
        .order_by(floor_message.c.id.desc())
    )
    if not sees_all:
        found = found.where(_concerns(account_id))
    return [Message(*row) for row in conn.execute(found.limit(limit))]


def mark_read(conn: Connection, message_id: int, account_id: int, sees_all: bool) -> bool:
    """This person has read it; twice is as good as once. False when it is not hers to read."""
    wanted = select(literal(1)).where(floor_message.c.id == message_id)
    if not sees_all:
        wanted = wanted.where(_concerns(account_id))
    if conn.execute(wanted).first() is None:
        return False
    mine = select(literal(1)).where(
        floor_message_read.c.message_id == message_id,
        floor_message_read.c.account_id == account_id,
    )
    if conn.execute(mine).first() is None:
        row = {"message_id": message_id, "account_id": account_id, "at_ms": now_ms()}
        conn.execute(insert(floor_message_read), row)
    return True


def _concerns(account_id: int) -> Any:
    own = select(seat.c.id).where(seat.c.account_id == account_id)
    return floor_message.c.to_seat_id.is_(None) | floor_message.c.to_seat_id.in_(own)
