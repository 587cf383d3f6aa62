"""The outbox as the workers use it: doors that take a row, and say what came of it.

A row is taken with a compare-and-set and belongs to its taker until `taken_until_ms`. One whose
taker died is tried again only when its channel takes a notice once; else nobody can say whether
it went out, and a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from config.notice_texts import in_place
from db.clock import now_ms
from db.feed import publish
from db.models import outbox, place_text, ticket
from notices.outcome import Outcome

UNKNOWN = "结果未知"
"""Begins the error of a notice of which nobody can say whether it went out."""
DIED = f"{UNKNOWN}：发送进程中断，请核实后决定是否重发"
STALE = "滞留时间过长，内容可能已过时，未发送"
CHANNEL_OFF = "该渠道已停用，未发送"
SETTLED = ("sent", "dropped")
OVER = ("closed", "rejected", "merged", "terminated", "archived")
"""States of a ticket in which nothing is told of it any more."""
WHAT_TO_DO = "，请核实后决定是否重发"


@dataclass(frozen=True, slots=True)
class Row:
    """A taken row, with the ticket's number and the place's own text of its template."""

    id: int
    key: str
    channel: str
    recipient: str
    template: str
    args: dict[str, Any]
    ticket_id: int | None
    tries: int
    created_ms: int
    number: str
    own_text: str | None


May = Callable[[Connection, str], bool]
"""Whether a row to this recipient may go out now; a channel with a limit hands one in."""


def due(conn: Connection, channel: str, most: int) -> list[int]:
    """The rows of a channel that are to go out now, oldest first."""
    found = (
        select(outbox.c.id)
        .where(
            outbox.c.state == "waiting",
            outbox.c.channel == channel,
            outbox.c.next_ms <= now_ms(),
        )
        .order_by(outbox.c.next_ms, outbox.c.id)
        .limit(most)
    )
    return list(conn.execute(found).scalars())


def take(
    conn: Connection, ids: Sequence[int], worker: str, hold_ms: int, may: May | None = None
) -> list[Row]:
    """Take those of the rows that nobody else has taken meanwhile."""
    taken = []
    for row_id in ids:
        if may is not None and not _allowed(conn, row_id, may):
            continue
        row = conn.execute(
            update(outbox)
            .where(outbox.c.id == row_id, outbox.c.state == "waiting")
            .values(
                state="sending",
                tries=outbox.c.tries + 1,
                taken_by=worker,
                taken_until_ms=now_ms() + hold_ms,
            )
            .returning(outbox)
        ).one_or_none()
        if row is not None:
            taken.append(_row(conn, row))
    return taken


def disturbing(conn: Connection, channel: str, until_ms: int) -> list[int]:
    """Rows to citizens that would go out before `until_ms`."""
    found = select(outbox.c.id).where(
        outbox.c.state == "waiting",
        outbox.c.next_ms < until_ms,
        outbox.c.channel == channel,
        outbox.c.recipient.startswith("caller:"),
    )
    return list(conn.execute(found.limit(200)).scalars())


def hold_back(conn: Connection, ids: Sequence[int], until_ms: int, why: str) -> None:
    """Rows that `disturbing` found wait until then, and say why."""
    for row_id in ids:
        still = and_(outbox.c.id == row_id, outbox.c.state == "waiting")
        values = {"next_ms": until_ms, "error": why}
        if conn.execute(update(outbox).where(still).values(values)).rowcount:
            _tell(conn, row_id, "waiting")


def prune(conn: Connection, before_ms: int, most: int) -> int:
    """Remove rows that were sent or let go before then, at most `most`; how many it were.

    A key must go on standing for as long as its notice could be written again: rows of tickets
    that are not over stay, and those of no ticket, a few a month. What failed waits for a person.
    """
    gone = (
        select(outbox.c.id)
        .join(ticket, ticket.c.id == outbox.c.ticket_id)
        .where(
            outbox.c.state.in_(SETTLED),
            outbox.c.next_ms < before_ms,  # for the index: a row is settled when it was due
            outbox.c.done_ms < before_ms,
            ticket.c.state.in_(OVER),
        )
        .order_by(outbox.c.next_ms)
        .limit(most)
    )
    ids = list(conn.execute(gone).scalars())
    if ids:
        conn.execute(delete(outbox).where(outbox.c.id.in_(ids), outbox.c.state.in_(SETTLED)))
    return len(ids)


def give_back(conn: Connection, taken: Sequence[Row], worker: str) -> None:
    """Rows that were taken and surely not sent wait again, as if nothing had been."""
    for row in taken:
        mine = and_(
            outbox.c.id == row.id,
            outbox.c.taken_by == worker,
            outbox.c.state == "sending",
            outbox.c.tries == row.tries,
        )
        values = {"state": "waiting", "taken_by": None, "tries": row.tries - 1}
        if conn.execute(update(outbox).where(mine).values(values)).rowcount:
            _tell(conn, row.id, "waiting")


def settle(conn: Connection, row: Row, worker: str, outcome: Outcome, again_ms: int | None) -> bool:
    """Write down what came of a try; False when the row is no longer this worker's.

    Args:
        again_ms: when to try again; None: never.
    """
    at_ms = now_ms()
    values: dict[str, Any] = {"error": outcome.error}
    if outcome.kind == "sent":
        values |= {"state": "sent", "reference": outcome.reference, "done_ms": at_ms}
    elif again_ms is not None:
        values |= {"state": "waiting", "next_ms": again_ms, "taken_by": None}
    else:
        values |= {"state": "failed", "done_ms": at_ms}
    # One who was given up for dead may still say what came of it.
    mine = and_(
        outbox.c.id == row.id,
        outbox.c.taken_by == worker,
        outbox.c.tries == row.tries,
        outbox.c.state.in_(("sending", "failed")),
    )
    changed = conn.execute(update(outbox).where(mine).values(values)).rowcount == 1
    if changed:
        _tell(conn, row.id, values["state"])
    return changed


def overdue(conn: Connection, channels: Collection[str], stale_ms: int) -> list[int]:
    """Rows that need `clear`: their taker died, their channel is off, or they are too old."""
    found = select(outbox.c.id).where(
        or_(_abandoned(), and_(outbox.c.state == "waiting", _hopeless(channels, stale_ms)))
    )
    return list(conn.execute(found.limit(200)).scalars())


def clear(
    conn: Connection,
    ids: Sequence[int],
    channels: Collection[str],
    idempotent: Collection[str],
    tries: int,
    stale_ms: int,
) -> None:
    """See to rows that `overdue` found.

    Args:
        channels: those that are on.
        idempotent: those that take a notice once.
        tries: so often a row is tried.
        stale_ms: how long a row may wait.
    """
    for row_id in ids:
        one = outbox.c.id == row_id
        at_ms = now_ms()
        again = and_(outbox.c.channel.in_(idempotent), outbox.c.tries < tries)
        for condition, values in (
            (and_(_abandoned(), again), {"state": "waiting", "next_ms": at_ms, "taken_by": None}),
            (_abandoned(), {"state": "failed", "error": DIED, "done_ms": at_ms}),
            (
                and_(outbox.c.state == "waiting", outbox.c.channel.not_in(channels)),
                {"state": "failed", "error": CHANNEL_OFF, "done_ms": at_ms},
            ),
            (
                and_(outbox.c.state == "waiting", _hopeless(channels, stale_ms)),
                {"state": "failed", "error": STALE, "done_ms": at_ms},
            ),
        ):
            if conn.execute(update(outbox).where(one, condition).values(values)).rowcount:
                _tell(conn, row_id, str(values["state"]))
                break


def report(conn: Connection, channel: str, reference: str, error: str) -> bool:
    """The network says later that a message did not arrive; False when no row is of this name."""
    row = conn.execute(
        select(outbox.c.id, outbox.c.state).where(
            outbox.c.reference == reference, outbox.c.channel == channel
        )
    ).first()
    if row is None:
        return False
    if row.state == "sent" and error:
        values = {"state": "failed", "error": error, "done_ms": now_ms()}
        conn.execute(update(outbox).where(outbox.c.id == row.id).values(values))
        _tell(conn, row.id, "failed")
    return True


def again(conn: Connection, row_id: int) -> bool:
    """A person has it sent again; False when it is not one that failed or was dropped."""
    row = conn.execute(
        select(outbox.c.channel, outbox.c.taken_until_ms).where(outbox.c.id == row_id)
    ).one_or_none()
    if row is None:
        return False
    # The limit of a robot counts a row once a minute (notices.pace).
    soonest = (row.taken_until_ms or 0) if row.channel == "dingtalk" else 0
    values = {"state": "waiting", "tries": 0, "next_ms": max(now_ms(), soonest)}
    return _moved(
        conn,
        row_id,
        ("failed", "dropped"),
        values | {"taken_by": None, "error": None, "done_ms": None},
    )


def drop(conn: Connection, row_id: int) -> bool:
    """A person says that it need not be sent; False when it is out, or on its way."""
    return _moved(conn, row_id, ("waiting", "failed"), {"state": "dropped", "done_ms": now_ms()})


def _moved(conn: Connection, row_id: int, sources: tuple[str, ...], values: dict[str, Any]) -> bool:
    one = and_(outbox.c.id == row_id, outbox.c.state.in_(sources))
    changed = conn.execute(update(outbox).where(one).values(values)).rowcount == 1
    if changed:
        _tell(conn, row_id, values["state"])
    return changed


def _allowed(conn: Connection, row_id: int, may: May) -> bool:
    recipient = conn.execute(
        select(outbox.c.recipient).where(outbox.c.id == row_id, outbox.c.state == "waiting")
    ).scalar_one_or_none()
    return recipient is not None and may(conn, recipient)


def _row(conn: Connection, row: Any) -> Row:
    number = conn.execute(
        select(ticket.c.number).where(ticket.c.id == row.ticket_id)
    ).scalar_one_or_none()
    role = row.recipient.partition(":")[0].partition("#")[0]
    names = {in_place(f"{row.template}@{role}"): 0, in_place(row.template): 1}
    own = conn.execute(
        select(place_text.c.name, place_text.c.body).where(place_text.c.name.in_(names))
    ).all()
    body = min(own, key=lambda text: names[text.name]).body if own else None
    return Row(
        row.id, row.key, row.channel, row.recipient, row.template, row.args, row.ticket_id,
        row.tries, row.created_ms, number or "", body,
    )  # fmt: skip


def _abandoned() -> ColumnElement[bool]:
    return and_(outbox.c.state == "sending", outbox.c.taken_until_ms < now_ms())


def _hopeless(channels: Collection[str], stale_ms: int) -> ColumnElement[bool]:
    # Counted from when it was to go out: a person may send an old one again.
    return or_(outbox.c.channel.not_in(channels), outbox.c.next_ms < now_ms() - stale_ms)


def _tell(conn: Connection, row_id: int, state: str) -> None:
    publish(conn, "outbox", row_id, {"id": row_id, "state": state})
