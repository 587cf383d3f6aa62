"""What is alike: open tickets of the same number, company or wording, and repeat complaints."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from db.models import ticket

DAY_MS = 24 * 3600 * 1000
NOT_COUNTED = ("draft", "rejected", "merged")
"""States of what was never a matter of its own."""


def repeats(conn: Connection, row: Row[Any], repeat_days: int) -> int:
    """How many earlier tickets of this matter there are: same number or company, same class.

    Args:
        row: a ticket's whole row.
        repeat_days: natural days back from its making (Q三(二): 重复投诉).
    """
    same = _same(row)
    if not same or row.content_class is None:
        return 0
    found = select(func.count()).where(
        or_(*same),
        ticket.c.content_class == row.content_class,
        ticket.c.id != row.id,
        ticket.c.created_ms <= row.created_ms,
        ticket.c.created_ms > row.created_ms - repeat_days * DAY_MS,
        ticket.c.state.not_in(NOT_COUNTED),
    )
    return int(conn.execute(found.select_from(ticket)).scalar_one())


def _same(row: Row[Any]) -> list[ColumnElement[bool]]:
    """By what a ticket is of the same people; a caller who shows no number is nobody's."""
    found: list[ColumnElement[bool]] = []
    if any(c.isdigit() for c in row.caller_masked):
        found.append(ticket.c.caller_hash == row.caller_hash)
    if row.credit_code:
        found.append(ticket.c.credit_code == row.credit_code)
    if row.company.strip():
        found.append(ticket.c.company == row.company)
    return found
