"""What was suggested: gathered each month, analysed and reported each quarter (Q二(二)1).

每月一汇总，每季一上报. A month's digest is written and kept by the hotline's office; a quarter's is
drafted there, signed by the head, and gets a number. Until then its figures are counted anew;
from then on they stand as they stood.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from db.models import account, digest, ticket
from tickets import numbers
from tickets.duplicates import NOT_COUNTED
from tickets.kept import InUse, Mistake, Mistaken, Outdated, keep
from tickets.place import Place
from tickets.reporting import Period, holding, parse
from tickets.rules.facts import Actor

TYPE = "suggestion"
GATHERS, SIGNS = "office", "sign"
READS = frozenset({GATHERS, SIGNS, "supervise"})
"""Duties: who writes digests, who signs a quarter's, who reads them."""
PREFIX = "建议分析"


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How many suggestions of a class; `label` as it was called then."""

    code: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The suggestions of a period: all, those that are answered, and by class, most first."""

    total: int
    settled: int
    classes: tuple[ClassCount, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """A period's digest as it stands; version 0: nobody has written anything yet."""

    period: Period
    state: str
    text: str
    figures: Figures
    number: str | None
    answer: str
    drafted_by: str | None
    drafted_ms: int | None
    ended_by: str | None
    ended_ms: int | None
    version: int


def within(period: Period, place: Place) -> ColumnElement[bool]:
    """The condition on `ticket` that holds for the suggestions of a period."""
    t = ticket.c
    return (
        (t.type == TYPE)
        & (t.created_ms >= period.begins_ms(place.zone))
        & (t.created_ms < period.ends_ms(place.zone))
        & t.state.not_in(NOT_COUNTED)
    )


def counted(conn: Connection, place: Place, period: Period, labels: dict[str, str]) -> Figures:
    """The figures of a period as tickets are now."""
    t = ticket.c
    rows = conn.execute(
        select(t.content_class, func.count(), func.count(t.closed_ms))
        .where(within(period, place))
        .group_by(t.content_class)
    ).all()
    classes = [ClassCount(code or "", labels.get(code, "未分类"), n) for code, n, _ in rows]
    classes.sort(key=lambda one: (-one.count, one.code))
    return Figures(sum(row[1] for row in rows), sum(row[2] for row in rows), tuple(classes))


def total(conn: Connection, place: Place, period: Period) -> int:
    """How many suggestions a period has."""
    asked = select(func.count()).select_from(ticket).where(within(period, place))
    return int(conn.execute(asked).scalar_one())


def read(conn: Connection, place: Place, period: Period, labels: dict[str, str]) -> Digest:
    """A period's digest; one that nobody began is an empty draft."""
    drafter, ender = account.alias("drafter"), account.alias("ender")
    row = conn.execute(
        select(digest, drafter.c.name.label("drafter"), ender.c.name.label("ender"))
        .outerjoin(drafter, drafter.c.id == digest.c.drafted_by)
        .outerjoin(ender, ender.c.id == digest.c.ended_by)
        .where(digest.c.period == period.key)
    ).one_or_none()
    if row is None:
        figures = counted(conn, place, period, labels)
        return Digest(period, "draft", "", figures, None, "", None, None, None, None, 0)
    figures = _kept_figures(row) or counted(conn, place, period, labels)
    return Digest(
        period, row.state, row.text, figures, row.number, row.answer, row.drafter,
        row.drafted_ms, row.ender, row.ended_ms, row.version,
    )  # fmt: skip


def _kept_figures(row: Row[Any]) -> Figures | None:
    return None if row.figures is None else msgspec.convert(row.figures, Figures)


def save(conn: Connection, who: Actor, period: Period, version: int, text: str, at_ms: int) -> None:
    """Write the draft. What is with the head or ended can't be written on."""
    row = _at(conn, period, version)
    if row is not None and row.state != "draft":
        raise InUse("已提请签发或已存档，不能再修改")
    values = {"text": text, "drafted_by": who.account_id, "drafted_ms": at_ms}
    if row is None:
        first = {"period": period.key, "state": "draft", "answer": "", "version": 1}
        conn.execute(insert(digest), values | first)
    else:
        _change(conn, row, values)
    _told(conn, who, period, "saved")


def end_month(
    conn: Connection, place: Place, who: Actor, period: Period, version: int,
    labels: dict[str, str], at_ms: int,
) -> None:  # fmt: skip
    """Keep a month's digest (存档), with its figures as they are now."""
    if period.quarter:
        raise InUse("季度报告须提请签发")
    row = _written(conn, place, period, version, at_ms)
    figures = asdict(counted(conn, place, period, labels))
    ended = {"state": "kept", "figures": figures, "ended_by": who.account_id, "ended_ms": at_ms}
    _change(conn, row, ended)
    _told(conn, who, period, "kept")


def submit(
    conn: Connection, place: Place, who: Actor, period: Period, version: int, at_ms: int
) -> None:
    """Ask the head to sign a quarter's report; its three months must be kept."""
    if not period.quarter:
        raise InUse("月度汇总写好后存档，不需要签发")
    row = _written(conn, place, period, version, at_ms)
    keys = [month.key for month in period.months()]
    kept = select(digest.c.period).where(digest.c.period.in_(keys), digest.c.state == "kept")
    done = set(conn.execute(kept).scalars())
    if missing := [month.label for month in period.months() if month.key not in done]:
        raise InUse(f"{'、'.join(missing)}的月度汇总还没有存档")
    _change(conn, row, {"state": "to_sign", "answer": ""})
    _told(conn, who, period, "submitted")


def sign(
    conn: Connection, place: Place, who: Actor, period: Period, version: int,
    labels: dict[str, str], at_ms: int,
) -> None:  # fmt: skip
    """Sign a quarter's report: it gets its number and is reported."""
    row = _to_sign(conn, period, version)
    year = numbers.day_of(at_ms, place.zone)[:4]
    number = f"{PREFIX}〔{year}〕{numbers.next_of(conn, f'digest-{year}')}号"
    figures = asdict(counted(conn, place, period, labels))
    ended = {"state": "signed", "figures": figures, "number": number}
    _change(conn, row, ended | {"ended_by": who.account_id, "ended_ms": at_ms})
    _told(conn, who, period, "signed")


def send_back(conn: Connection, who: Actor, period: Period, version: int, answer: str) -> None:
    """The head wants it otherwise, and says how."""
    row = _to_sign(conn, period, version)
    if not answer.strip():
        raise Mistaken(Mistake("answer", "请填写退回的理由"))
    _change(conn, row, {"state": "draft", "answer": answer.strip()})
    _told(conn, who, period, "sent_back")


def waiting(conn: Connection, place: Place, who: Actor, at_ms: int) -> int:
    """How many digests wait for this person: to be written, or to be signed."""
    found = 0
    if GATHERS in who.duties:
        found += len(due(conn, place, at_ms))
    if SIGNS in who.duties:
        asked = select(func.count()).where(digest.c.state == "to_sign")
        found += int(conn.execute(asked).scalar_one())
    return found


def due(conn: Connection, place: Place, at_ms: int) -> list[Period]:
    """The periods that are over and wait for the office, the oldest first.

    From the first ticket of the house on; a month without a suggestion is gathered as well.
    """
    began_ms = first_ms(conn)
    if began_ms is None:
        return []
    begun = select(digest.c.period).where(digest.c.state != "draft")
    done = set(conn.execute(begun).scalars())
    found = []
    for quarter in (False, True):
        period = holding(began_ms, place.zone, quarter=quarter)
        while period.ends_ms(place.zone) <= at_ms:
            if period.key not in done:
                found.append(period)
            period = period.after()
    return found


def first_ms(conn: Connection) -> int | None:
    """When the first ticket of the house was made: nothing before it is gathered."""
    found: int | None = conn.execute(select(func.min(ticket.c.created_ms))).scalar()
    return found


def known(conn: Connection) -> dict[str, tuple[str, str | None]]:
    """State and number of every digest that was begun, by the key of its period."""
    rows = conn.execute(select(digest.c.period, digest.c.state, digest.c.number))
    return {row.period: (row.state, row.number) for row in rows}


def of_key(key: str) -> Period:
    """The period of a key, of a year that there can be."""
    period = parse(key)
    if not 2000 <= period.year <= 2100:
        raise ValueError("no year of ours")
    return period


def _at(conn: Connection, period: Period, version: int) -> Row[Any] | None:
    """The row as the person saw it."""
    row = conn.execute(select(digest).where(digest.c.period == period.key)).one_or_none()
    if (row.version if row is not None else 0) != version:
        raise Outdated(period)
    return row


def _written(conn: Connection, place: Place, period: Period, version: int, at_ms: int) -> Row[Any]:
    """A draft that can be ended: the period is over and something is written."""
    row = _at(conn, period, version)
    if row is not None and row.state != "draft":
        raise InUse("已提请签发或已存档")
    if at_ms < period.ends_ms(place.zone):
        raise InUse(f"{period.label}还没有结束")
    if row is None or not row.text.strip():
        raise Mistaken(Mistake("text", "请先填写内容并保存"))
    return row


def _to_sign(conn: Connection, period: Period, version: int) -> Row[Any]:
    row = _at(conn, period, version)
    if row is None or row.state != "to_sign":
        raise InUse("这份报告没有提请签发")
    return row


def _change(conn: Connection, row: Row[Any], values: dict[str, Any]) -> None:
    changed = {**values, "version": row.version + 1}
    conn.execute(update(digest).where(digest.c.id == row.id).values(changed))


def _told(conn: Connection, who: Actor, period: Period, act: str) -> None:
    keep(conn, who.account_id, "digest", period.key, act, {}, {"period": period.key})
