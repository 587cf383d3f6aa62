"""Papers: those that wait for a signature, and each as a letter to print.

Letters leave the reporter out: neither the caller nor the company nor what he said is in one.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, select

from agent_console.api import ticket_details as details
from agent_console.api.fields import RowPath
from agent_console.api.masking import without_numbers
from agent_console.api.ticket_parts import Paper
from agent_console.api.ticket_view import Seer
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import not_found
from agent_console.roles import DESKS, STAFF
from db.models import ticket, ticket_paper, unit
from tickets import classes
from tickets.papers import ADDRESSED
from tickets.rules.states import CAUSES

operations = Operations("papers")

State = Literal["to_sign", "signed", "sent_back", "kept"]
BODY_LABELS = {
    "text": "内容", "issue": "争议焦点", "present": "参加单位和人员", "basis": "各方依据",
    "ruling": "研判结论", "unit_id": "裁定承办单位", "within_duty": "是否属承办单位职责范围",
    "causes": "认定情形", "evidence": "认定依据",
}  # fmt: skip


class PaperQuery(msgspec.Struct, forbid_unknown_fields=True):
    state: State = "to_sign"


class PaperRow(Paper, frozen=True, kw_only=True):
    """A paper in a list, with its ticket."""

    ticket_id: int
    ticket_number: str
    ticket_state: str
    unit_name: str | None


class PaperList(msgspec.Struct, frozen=True):
    items: list[PaperRow]


class Paragraph(msgspec.Struct, frozen=True):
    label: str
    text: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A paper to print."""

    id: int
    kind: str
    title: str
    number: str | None
    state: str
    to: str
    from_label: str
    about: list[Paragraph]
    """Which matter: number, class, unit, round, dates. Nothing of the reporter."""
    paragraphs: list[Paragraph]
    drafted_by: str | None
    drafted_ms: int
    signed_by: str | None
    signed_ms: int | None
    ticket_id: int
    ticket_number: str
    zone: str


@operations.add("GET", "/papers", "Papers in a state", roles=STAFF)
async def list_papers(context: Context, *, query: PaperQuery) -> PaperList:
    return await context.parts.database.read(_in_state, Seer.of(context), query.state)


@operations.add("GET", "/papers/{id}", "A paper to print", roles=DESKS, problems=(404,))
async def read_paper(context: Context, *, path: RowPath) -> Letter:
    found = await context.parts.database.read(_letter, Seer.of(context), path.id)
    if found is None:
        raise not_found("这份文件")
    return found


def _in_state(conn: Connection, seer: Seer, state: str) -> PaperList:
    actor = seer.actor(conn)
    found = details.papers_where(conn, actor, ticket_paper.c.state == state)
    of = _tickets(conn, {ticket_id for ticket_id, _ in found})
    return PaperList(
        [
            PaperRow(
                **msgspec.structs.asdict(paper),
                ticket_id=ticket_id,
                ticket_number=of[ticket_id].number,
                ticket_state=of[ticket_id].state,
                unit_name=of[ticket_id].unit_name,
            )
            for ticket_id, paper in found
        ]
    )


def _tickets(conn: Connection, ids: set[int]) -> dict[int, Any]:
    rows = conn.execute(
        select(
            ticket.c.id, ticket.c.number, ticket.c.state, ticket.c.round, ticket.c.content_class,
            ticket.c.created_ms, unit.c.name.label("unit_name"),
        )
        .outerjoin(unit, unit.c.id == ticket.c.unit_id)
        .where(ticket.c.id.in_(ids))
    )  # fmt: skip
    return {row.id: row for row in rows}


def _letter(conn: Connection, seer: Seer, paper_id: int) -> Letter | None:
    actor = seer.actor(conn)
    found = details.papers_where(conn, actor, ticket_paper.c.id == paper_id)
    if not found:
        return None
    ticket_id, paper = found[0]
    of = _tickets(conn, {ticket_id})[ticket_id]
    settings = seer.place.settings
    label = settings.lines[0].label if settings.lines else "12345"
    about = [
        Paragraph("工单编号", of.number),
        Paragraph("事项类别", classes.all_labels(conn).get(of.content_class) or "未分类"),
        Paragraph("承办单位", of.unit_name or "未派单"),
        Paragraph("办理轮次", f"第 {of.round} 次" if of.round else "未派单"),
    ]
    return Letter(
        id=paper.id,
        kind=paper.kind,
        title=paper.label,
        number=paper.number,
        state=paper.state,
        to=ADDRESSED.get(paper.kind) or of.unit_name or "",
        from_label=label,
        about=about,
        paragraphs=_paragraphs(conn, paper),
        drafted_by=paper.drafted_by,
        drafted_ms=paper.drafted_ms,
        signed_by=paper.signed_by,
        signed_ms=paper.signed_ms,
        ticket_id=ticket_id,
        ticket_number=of.number,
        zone=settings.zone,
    )


def _paragraphs(conn: Connection, paper: Paper) -> list[Paragraph]:
    """What was written, part by part; digits that could be somebody's number are hidden."""
    return [
        Paragraph(BODY_LABELS[name], without_numbers(_words(conn, name, value)))
        for name, value in paper.body.items()
        if name in BODY_LABELS and value is not None
    ]


def _words(conn: Connection, name: str, value: Any) -> str:
    match name:
        case "unit_id":
            asked = select(unit.c.name).where(unit.c.id == value)
            return str(conn.execute(asked).scalar() or "")
        case "within_duty":
            return "属于" if value else "不属于"
        case "causes":
            return "、".join(CAUSES.get(one, one) for one in value) or "无"
    return str(value)
