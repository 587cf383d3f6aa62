"""What hangs on a ticket and changes with its moves: wishes, parts of others, papers, lists."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from db.models import (
    ticket_ask,
    ticket_assist,
    ticket_list,
    ticket_paper,
    ticket_rating,
)
from tickets import numbers
from tickets.place import Place
from tickets.rules.effects import Effects
from tickets.rules.facts import Actor

PAPER_NUMBERS = {
    "minutes": "营商研判",
    "rectification_letter": "营商整改",
    "special_report": "营商专报",
    "discipline_report": "营商报纪",
}
"""What a paper's number begins with; the others have none."""


def change(
    conn: Connection, place: Place, row: Row[Any], who: Actor, effects: Effects, at_ms: int
) -> list[str]:
    """Carry out what a move says of them; returns what was made or signed, as `paper:ID`."""
    _ask(conn, row, who, effects, at_ms)
    _assist(conn, row, who, effects, at_ms)
    touched = _papers(conn, place, row, who, effects, at_ms)
    _rate(conn, row, who, effects, at_ms)
    return [f"paper:{paper_id}" for paper_id in touched]


def withdraw_asks(conn: Connection, ticket_id: int) -> None:
    """The ticket moved on: what was asked before has no answer any more."""
    conn.execute(
        update(ticket_ask)
        .where(ticket_ask.c.ticket_id == ticket_id, ticket_ask.c.open.is_(True))
        .values(open=None)
    )


def enlist(conn: Connection, row: Row[Any], effects: Effects, at_ms: int) -> None:
    """Onto the living lists (差评, 责任, 整改) and off them: Q二(二)4."""
    of_ticket = (ticket_list.c.ticket_id == row.id) & ticket_list.c.closed_ms.is_(None)
    open_lists = set(conn.execute(select(ticket_list.c.list).where(of_ticket)).scalars())
    for name in effects.enlist:
        if name not in open_lists:
            conn.execute(
                insert(ticket_list),
                {
                    "list": name,
                    "ticket_id": row.id,
                    "unit_id": row.unit_id,
                    "round": row.round,
                    "opened_ms": at_ms,
                    "note": effects.why[:500],
                },
            )
    if effects.delist:
        gone = of_ticket & ticket_list.c.list.in_(effects.delist)
        conn.execute(update(ticket_list).where(gone).values(closed_ms=at_ms))


def _ask(conn: Connection, row: Row[Any], who: Actor, effects: Effects, at_ms: int) -> None:
    if effects.ask is not None:
        kind, form = effects.ask
        conn.execute(
            insert(ticket_ask),
            {
                "ticket_id": row.id,
                "kind": kind,
                "round": row.round,
                "form": dict(form),
                "asked_by": who.account_id,
                "asked_ms": at_ms,
                "open": True,
            },
        )
    if effects.answer is not None:
        kind, agreed, words = effects.answer
        conn.execute(
            update(ticket_ask)
            .where(
                ticket_ask.c.ticket_id == row.id,
                ticket_ask.c.kind == kind,
                ticket_ask.c.open.is_(True),
            )
            .values(
                open=None, agreed=agreed, answer=words, answered_by=who.account_id,
                answered_ms=at_ms,
            )
        )  # fmt: skip


def _assist(conn: Connection, row: Row[Any], who: Actor, effects: Effects, at_ms: int) -> None:
    of_ticket = ticket_assist.c.ticket_id == row.id
    if effects.assisting is not None:
        conn.execute(delete(ticket_assist).where(of_ticket))
        for unit_id in effects.assisting:
            asked = {"ticket_id": row.id, "unit_id": unit_id, "asked_ms": at_ms}
            conn.execute(insert(ticket_assist), asked)
    if effects.assist_text is not None:
        conn.execute(
            update(ticket_assist)
            .where(
                of_ticket,
                ticket_assist.c.unit_id.in_(sorted(who.unit_ids)),
                ticket_assist.c.done_ms.is_(None),
            )
            .values(done_ms=at_ms, text=effects.assist_text, account_id=who.account_id)
        )


def _papers(
    conn: Connection, place: Place, row: Row[Any], who: Actor, effects: Effects, at_ms: int
) -> list[int]:
    touched: list[int] = []
    for new in effects.papers:
        number = _number(conn, place, new.kind, at_ms) if new.state == "kept" else None
        touched.append(
            conn.execute(
                insert(ticket_paper).returning(ticket_paper.c.id),
                {
                    "ticket_id": row.id,
                    "kind": new.kind,
                    "round": row.round,
                    "number": number,
                    "body": dict(new.body),
                    "state": new.state,
                    "drafted_by": who.account_id,
                    "drafted_ms": at_ms,
                },
            ).scalar_one()
        )
    waiting = (ticket_paper.c.ticket_id == row.id) & (ticket_paper.c.state == "to_sign")
    for kind in effects.sign:
        signed = conn.execute(
            update(ticket_paper)
            .where(waiting, ticket_paper.c.kind == kind)
            .values(state="signed", signed_by=who.account_id, signed_ms=at_ms)
            .returning(ticket_paper.c.id)
        ).scalars()
        for paper_id in list(signed):
            number = _number(conn, place, kind, at_ms)
            conn.execute(
                update(ticket_paper).where(ticket_paper.c.id == paper_id).values(number=number)
            )
            touched.append(paper_id)
    if effects.send_back:
        conn.execute(
            update(ticket_paper).where(waiting).values(state="sent_back", answer=effects.why)
        )
    return touched


def _number(conn: Connection, place: Place, kind: str, at_ms: int) -> str | None:
    """A paper's number of the year (文号), gapless."""
    prefix = PAPER_NUMBERS.get(kind)
    if prefix is None:
        return None
    year = numbers.day_of(at_ms, place.zone)[:4]
    return f"{prefix}〔{year}〕{numbers.next_of(conn, f'{kind}-{year}')}号"


def _rate(conn: Connection, row: Row[Any], who: Actor, effects: Effects, at_ms: int) -> None:
    if effects.rating is not None:
        conn.execute(
            insert(ticket_rating),
            {
                **effects.rating,
                "ticket_id": row.id,
                "round": row.round,
                "rectified": row.rectified,
                "unit_id": row.unit_id,
                "account_id": who.account_id,
                "at_ms": at_ms,
            },
        )
