"""What the console asks about calls: pure selects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, exists, select

from db.models import account, call, call_event, leg, leg_span, request, seat, ticket

MOST_EARLIER = 20


def row_of(conn: Connection, call_id: str) -> Row[Any] | None:
    """A call with all its columns and its ticket's number."""
    return conn.execute(
        select(call, ticket.c.number.label("ticket_number"))
        .outerjoin(ticket, ticket.c.id == call.c.ticket_id)
        .where(call.c.id == call_id)
    ).one_or_none()


def events_of(conn: Connection, call_id: str) -> list[Row[Any]]:
    return list(
        conn.execute(
            select(call_event.c.at_ms, call_event.c.kind, call_event.c.detail)
            .where(call_event.c.call_id == call_id)
            .order_by(call_event.c.at_ms, call_event.c.id)
        )
    )


def legs_of(conn: Connection, call_id: str) -> list[Row[Any]]:
    return list(
        conn.execute(
            select(leg, seat.c.name.label("seat_name"))
            .outerjoin(seat, seat.c.id == leg.c.seat_id)
            .where(leg.c.call_id == call_id)
            .order_by(leg.c.started_ms, leg.c.id)
        )
    )


def spans_of(conn: Connection, call_id: str) -> list[Row[Any]]:
    """What each leg was doing from when to when, in the order of time."""
    return list(
        conn.execute(
            select(
                leg_span.c.leg_id, seat.c.name, leg_span.c.what, leg_span.c.from_ms,
                leg_span.c.to_ms,
            )
            .outerjoin(seat, seat.c.id == leg_span.c.seat_id)
            .where(leg_span.c.call_id == call_id)
            .order_by(leg_span.c.from_ms, leg_span.c.id)
        )
    )  # fmt: skip


def requests_of(conn: Connection, call_id: str) -> list[Row[Any]]:
    """Every button that was pressed for the call, oldest first."""
    return list(
        conn.execute(
            select(
                request.c.created_ms, request.c.verb, account.c.name, request.c.state,
                request.c.outcome,
            )
            .outerjoin(account, account.c.id == request.c.account_id)
            .where(request.c.call_id == call_id)
            .order_by(request.c.id)
        )
    )  # fmt: skip


def earlier_calls(conn: Connection, caller_hash: str, but: str) -> list[Row[Any]]:
    """The last calls of the same number, newest first."""
    return list(
        conn.execute(
            select(
                call.c.id, call.c.started_ms, call.c.queue, call.c.end_reason, call.c.ticket_id,
                seat.c.name.label("seat_name"), ticket.c.number.label("ticket_number"),
            )
            .outerjoin(seat, seat.c.id == call.c.seat_id)
            .outerjoin(ticket, ticket.c.id == call.c.ticket_id)
            .where(call.c.caller_hash == caller_hash, call.c.id != but)
            .order_by(call.c.started_ms.desc())
            .limit(MOST_EARLIER)
        )
    )  # fmt: skip


def earlier_tickets(conn: Connection, caller_hash: str, but: int | None) -> list[Row[Any]]:
    """The last tickets of the same number, newest first."""
    return list(
        conn.execute(
            select(
                ticket.c.id, ticket.c.number, ticket.c.state, ticket.c.type, ticket.c.company,
                ticket.c.text, ticket.c.created_ms,
            )
            .where(ticket.c.caller_hash == caller_hash, ticket.c.id != (but or 0))
            .order_by(ticket.c.created_ms.desc())
            .limit(MOST_EARLIER)
        )
    )  # fmt: skip


def took_part(conn: Connection, call_id: str, account_id: int) -> bool:
    """Whether this person spoke on the call, or its ticket is hers."""
    spoke = exists().where(
        leg.c.call_id == call_id,
        leg.c.answered_ms.is_not(None),
        leg.c.seat_id == seat.c.id,
        seat.c.account_id == account_id,
    )
    owns = exists().where(ticket.c.call_id == call_id, ticket.c.account_id == account_id)
    found: bool | None = conn.execute(select(spoke | owns)).scalar()
    return bool(found)
