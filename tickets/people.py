"""What a person may do with tickets: duties of her own or of her role, and her units."""

from __future__ import annotations

from sqlalchemy import Connection, select

from db.models import account, account_duty, unit, unit_member
from tickets.rules.facts import Actor

BY_ROLE: dict[str, frozenset[str]] = {
    "supervisor": frozenset({"dispatch", "office", "approve", "follow_up", "supervise"}),
}
"""Duties of who has none of her own."""


def actor_of(conn: Connection, account_id: int, role: str) -> Actor:
    """Who acts, as the rules know her."""
    own = frozenset(
        conn.execute(
            select(account_duty.c.duty).where(account_duty.c.account_id == account_id)
        ).scalars()
    )
    duties = own or BY_ROLE.get(role, frozenset())
    if role != "unit":
        return Actor(account_id, role, duties)
    member = conn.execute(
        select(unit_member.c.unit_id, unit_member.c.head).where(
            unit_member.c.account_id == account_id
        )
    ).one_or_none()
    if member is None:
        return Actor(account_id, role)
    return Actor(account_id, role, frozenset(), below(conn, member.unit_id), member.head)


def below(conn: Connection, unit_id: int) -> frozenset[int]:
    """A unit and every unit under it."""
    tree = select(unit.c.id).where(unit.c.id == unit_id).cte("tree", recursive=True)
    tree = tree.union(select(unit.c.id).join(tree, unit.c.parent_id == tree.c.id))
    return frozenset(conn.execute(select(tree.c.id)).scalars())


def lineage(conn: Connection, unit_id: int | None) -> frozenset[int]:
    """A unit, every unit above it and every unit below it; nothing for None."""
    if unit_id is None:
        return frozenset()
    up = select(unit.c.id, unit.c.parent_id).where(unit.c.id == unit_id).cte("up", recursive=True)
    up = up.union(select(unit.c.id, unit.c.parent_id).join(up, unit.c.id == up.c.parent_id))
    return below(conn, unit_id) | frozenset(conn.execute(select(up.c.id)).scalars())


def with_duty(conn: Connection, duty: str) -> list[int]:
    """The accounts that have a duty, of their own or by role; none that is disabled."""
    own = select(account_duty.c.account_id)
    roles = [role for role, duties in BY_ROLE.items() if duty in duties]
    found = select(account.c.id).where(
        account.c.disabled.is_(False),
        account.c.id.in_(own.where(account_duty.c.duty == duty))
        | (account.c.role.in_(roles) & account.c.id.not_in(own)),
    )
    return list(conn.execute(found.order_by(account.c.id)).scalars())
