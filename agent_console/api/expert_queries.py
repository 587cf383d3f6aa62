"""What an expert was asked about: pure selects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from db.models import account, expert, leg, seat, ticket

NEWEST = 50


def asked_tickets(conn: Connection, account_id: int) -> list[Row[Any]]:
    """Tickets of calls on which this person had a leg, the last asked first.

    The leg is hers by the entry in the directory, by the seat or by the account. Who asked
    is the person whose ticket it is.
    """
    own_entry = select(expert.c.id).where(expert.c.account_id == account_id)
    own_seat = select(seat.c.id).where(seat.c.account_id == account_id)
    asked = (
        select(leg.c.call_id, func.max(leg.c.started_ms).label("asked_ms"))
        .where(
            or_(
                leg.c.expert_id.in_(own_entry),
                leg.c.seat_id.in_(own_seat),
                leg.c.account_id == account_id,
            )
        )
        .group_by(leg.c.call_id)
        .subquery()
    )
    return list(
        conn.execute(
            select(
                ticket.c.id, ticket.c.number, ticket.c.state, ticket.c.text, ticket.c.company,
                asked.c.call_id, asked.c.asked_ms, account.c.name,
            )
            .join(asked, asked.c.call_id == ticket.c.call_id)
            .outerjoin(account, account.c.id == ticket.c.account_id)
            .order_by(asked.c.asked_ms.desc(), ticket.c.id.desc())
            .limit(NEWEST)
        )
    )  # fmt: skip
