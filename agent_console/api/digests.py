"""Digests of suggestions: a month's gathered, a quarter's signed and reported (Q二(二)1).

A report leaves the reporter out: neither caller nor company, and no digits that could be a number.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, func, select

from agent_console.api.fields import MAX_VERSION, NO_NUL, Page, Size, head
from agent_console.api.kept import as_problems
from agent_console.api.masking import without_numbers
from agent_console.api.ticket_view import Seer
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import forbidden, not_found
from agent_console.roles import STAFF
from db.models import ticket
from tickets import classes, digests, scope
from tickets.reporting import Period, holding
from tickets.rules.facts import Actor

operations = Operations("digests")

MONTHS, QUARTERS = 15, 6
"""So many are listed at most, the running one among them, back to the first ticket."""
Act = Literal["save", "keep", "submit", "sign", "send_back"]
SIGNS = frozenset({"sign", "send_back"})


class DigestPath(msgspec.Struct, forbid_unknown_fields=True):
    period: Annotated[str, Meta(pattern=r"^20\d\d-(Q[1-4]|0[1-9]|1[0-2])$")]


class DigestAct(msgspec.Struct, forbid_unknown_fields=True):
    """`version` as it was read. `text` for save; `answer` for send_back."""

    act: Act
    version: Annotated[int, Meta(ge=0, le=MAX_VERSION)]
    text: Annotated[str, Meta(max_length=20_000, pattern=NO_NUL)] = ""
    answer: Annotated[str, Meta(max_length=2_000, pattern=NO_NUL)] = ""


class DigestPages(msgspec.Struct, forbid_unknown_fields=True):
    page: Page = 1
    size: Size = 20


class DigestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A period in the list. `over`: it has ended; `due`: it waits for the office."""

    period: str
    label: str
    quarter: bool
    state: str
    number: str | None
    total: int
    over: bool
    due: bool


class DigestList(msgspec.Struct, frozen=True):
    items: list[DigestRow]


class ClassCount(msgspec.Struct, frozen=True):
    label: str
    count: int
    before: int
    """In the period of the same length before."""


class MonthPart(msgspec.Struct, frozen=True):
    """A month of a quarter's report, as it was gathered."""

    period: str
    label: str
    state: str
    total: int
    text: str


class DigestShown(msgspec.Struct, frozen=True, kw_only=True):
    """A period's digest. `may` are the acts that this person can do now."""

    period: str
    label: str
    quarter: bool
    title: str
    state: str
    version: int
    text: str
    letter: str
    """The text as it leaves the house."""
    answer: str
    number: str | None
    drafted_by: str | None
    drafted_ms: int | None
    ended_by: str | None
    ended_ms: int | None
    over: bool
    total: int
    settled: int
    total_before: int
    classes: list[ClassCount]
    months: list[MonthPart]
    may: list[Act]
    from_label: str


class Suggestion(msgspec.Struct, frozen=True):
    """One ticket of a digest; nothing of who suggested it."""

    id: int
    number: str
    created_ms: int
    class_label: str | None
    state: str
    text_head: str
    answer_head: str


class SuggestionPage(msgspec.Struct, frozen=True):
    items: list[Suggestion]
    total: int
    page: int
    size: int


@operations.add("GET", "/digests", "Months and quarters of suggestions", roles=STAFF)
async def list_digests(context: Context) -> DigestList:
    return await context.parts.database.read(_listed, Seer.of(context))


@operations.add("GET", "/digests/{period}", "A month's or quarter's digest", roles=STAFF)
async def read_digest(context: Context, *, path: DigestPath) -> DigestShown:
    return await context.parts.database.read(_shown, Seer.of(context), _period(path))


@operations.add(
    "POST", "/digests/{period}", "Write, keep, submit, sign or send back a digest",
    roles=STAFF, problems=(409, 422),
)  # fmt: skip
async def act_on_digest(context: Context, *, path: DigestPath, body: DigestAct) -> DigestShown:
    seer, period = Seer.of(context), _period(path)
    with as_problems("汇总"):
        return await context.parts.database.write(_done, seer, period, body)


@operations.add(
    "GET", "/digests/{period}/tickets", "The suggestions of a month or quarter", roles=STAFF
)
async def list_suggestions(
    context: Context, *, path: DigestPath, query: DigestPages
) -> SuggestionPage:
    return await context.parts.database.read(_suggestions, Seer.of(context), _period(path), query)


def _period(path: DigestPath) -> Period:
    try:
        return digests.of_key(path.period)
    except ValueError:
        raise not_found("这个月份或季度") from None


def _reader(conn: Connection, seer: Seer) -> Actor:
    actor = seer.actor(conn)
    if not actor.duties & digests.READS:
        raise forbidden("意见建议汇总由热线办、督办人员和签发人办理")
    return actor


def _listed(conn: Connection, seer: Seer) -> DigestList:
    _reader(conn, seer)
    zone = seer.place.zone
    known = digests.known(conn)
    first_ms = digests.first_ms(conn) or seer.now_ms
    due = {period.key for period in digests.due(conn, seer.place, seer.now_ms)}
    items = []
    for quarter, most in ((False, MONTHS), (True, QUARTERS)):
        period = holding(seer.now_ms, zone, quarter=quarter)
        for _ in range(most):
            state, number = known.get(period.key, ("draft", None))
            items.append(
                DigestRow(
                    period=period.key,
                    label=period.label,
                    quarter=quarter,
                    state=state,
                    number=number,
                    total=digests.total(conn, seer.place, period),
                    over=period.ends_ms(zone) <= seer.now_ms,
                    due=period.key in due,
                )
            )
            if period.begins_ms(zone) <= first_ms:
                break
            period = period.before()
    return DigestList(items)


def _shown(conn: Connection, seer: Seer, period: Period) -> DigestShown:
    actor = _reader(conn, seer)
    labels = classes.all_labels(conn)
    found = digests.read(conn, seer.place, period, labels)
    earlier = digests.counted(conn, seer.place, period.before(), labels)
    before = {one.code: one.count for one in earlier.classes}
    over = period.ends_ms(seer.place.zone) <= seer.now_ms
    settings = seer.place.settings
    kind = "分析报告" if period.quarter else "汇总"
    return DigestShown(
        period=period.key,
        label=period.label,
        quarter=period.quarter,
        title=f"{period.label}营商环境意见建议{kind}",
        state=found.state,
        version=found.version,
        text=found.text,
        letter=without_numbers(found.text),
        answer=found.answer,
        number=found.number,
        drafted_by=found.drafted_by,
        drafted_ms=found.drafted_ms,
        ended_by=found.ended_by,
        ended_ms=found.ended_ms,
        over=over,
        total=found.figures.total,
        settled=found.figures.settled,
        total_before=earlier.total,
        classes=[
            ClassCount(one.label, one.count, before.get(one.code, 0))
            for one in found.figures.classes
        ],
        months=_months(conn, seer, period, labels) if period.quarter else [],
        may=_may(actor, found, over),
        from_label=settings.lines[0].label if settings.lines else "12345",
    )


def _months(
    conn: Connection, seer: Seer, quarter: Period, labels: dict[str, str]
) -> list[MonthPart]:
    parts = [digests.read(conn, seer.place, month, labels) for month in quarter.months()]
    return [
        MonthPart(one.period.key, one.period.label, one.state, one.figures.total, one.text)
        for one in parts
    ]


def _may(actor: Actor, found: digests.Digest, over: bool) -> list[Act]:
    if found.state == "draft" and digests.GATHERS in actor.duties:
        ending: Act = "submit" if found.period.quarter else "keep"
        return ["save", ending] if over else ["save"]
    if found.state == "to_sign" and digests.SIGNS in actor.duties:
        return ["sign", "send_back"]
    return []


def _done(conn: Connection, seer: Seer, period: Period, body: DigestAct) -> DigestShown:
    actor = _reader(conn, seer)
    needed = digests.SIGNS if body.act in SIGNS else digests.GATHERS
    if needed not in actor.duties:
        whose = "签发人" if body.act in SIGNS else "热线办"
        raise forbidden(f"这一步由{whose}办理")
    place, version, at_ms = seer.place, body.version, seer.now_ms
    match body.act:
        case "save":
            digests.save(conn, actor, period, version, body.text.strip(), at_ms)
        case "keep":
            labels = classes.all_labels(conn)
            digests.end_month(conn, place, actor, period, version, labels, at_ms)
        case "submit":
            digests.submit(conn, place, actor, period, version, at_ms)
        case "sign":
            labels = classes.all_labels(conn)
            digests.sign(conn, place, actor, period, version, labels, at_ms)
        case "send_back":
            digests.send_back(conn, actor, period, version, body.answer)
    return _shown(conn, seer, period)


def _suggestions(
    conn: Connection, seer: Seer, period: Period, query: DigestPages
) -> SuggestionPage:
    actor = _reader(conn, seer)
    t = ticket.c
    wanted = (digests.within(period, seer.place), scope.visible(actor))
    total = conn.execute(select(func.count()).select_from(ticket).where(*wanted)).scalar_one()
    rows = conn.execute(
        select(t.id, t.number, t.created_ms, t.content_class, t.state, t.text, t.reply_public)
        .where(*wanted)
        .order_by(t.created_ms.desc(), t.id.desc())
        .limit(query.size)
        .offset((query.page - 1) * query.size)
    )
    labels = classes.all_labels(conn)
    items = [
        Suggestion(
            row.id, row.number, row.created_ms, labels.get(row.content_class), row.state,
            head(without_numbers(row.text)), head(without_numbers(row.reply_public or "")),
        )
        for row in rows
    ]  # fmt: skip
    return SuggestionPage(items, total, query.page, query.size)
