"""The wording that letters begin with (整改函, 专报, 上报材料): the place's own, or the shipped one.

Whoever drafts a letter gets it filled in for her ticket and writes on from there. Nothing of the
reporter is among what can be filled in, his company neither: it may be who complained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from config.model import Settings
from db.models import ticket, ticket_class, unit
from tickets import texts
from tickets.rules.states import PAPERS

FIELDS = {
    "number": "工单编号",
    "unit": "承办单位",
    "class": "内容分类",
    "received": "受理日期",
    "round": "办理轮次",
    "date": "今天的日期",
    "hotline": "热线名称",
}
"""What may be filled in, and its Chinese name."""

SHIPPED = {
    # Y二(五)
    "rectification_letter": (
        "{unit}：\n"
        "{received}，{hotline}受理工单{number}（{class}）并交由贵单位办理。经第{round}轮办理，"
        "来电人仍不满意。经督办研判，认定该事项属于贵单位职责范围，办理中存在以下问题：\n\n"
        "请贵单位在收到本函后限期整改，报送整改报告，并向来电人作出答复。整改后将再次回访，"
        "仍未落实的，将按规定上报纪委监委。"
    ),
    # Y二(四)
    "special_report": (
        "工单{number}（{class}）于{received}受理，承办单位：{unit}。"
        "该事项疑难复杂，有关情况报告如下：\n\n一、基本情况\n\n二、办理过程和难点\n\n三、建议"
    ),
    # Y二(五)
    "discipline_report": (
        "工单{number}（{class}）于{received}受理，承办单位：{unit}。经下达整改函并回访，"
        "整改仍未落实。现将有关材料上报：\n\n一、诉求和办理经过\n\n二、督办认定意见\n\n三、整改和回访情况"
    ),
}
OF_FIELDS = {
    ("draft_finding", "letter"): "rectification_letter",
    ("flag_special", "text"): "special_report",
    ("draft_report", "text"): "discipline_report",
}
"""The moves' fields in which a letter is drafted."""
MOST = 2_000
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def in_place(kind: str) -> str:
    """The name of a letter's text in `place_text`."""
    return f"letter.{kind}"


def label(kind: str) -> str:
    return PAPERS[kind]


def begun(
    conn: Connection, settings: Settings, ticket_id: int, move: str, field: str, at_ms: int
) -> str | None:
    """What a letter begins with that is drafted in this field for this ticket.

    Args:
        at_ms: now.

    Returns:
        None when no letter is drafted in that field, or there is no such ticket.
    """
    kind = OF_FIELDS.get((move, field))
    asked = (
        select(ticket, unit.c.name.label("unit_name"), ticket_class.c.label)
        .outerjoin(unit, unit.c.id == ticket.c.unit_id)
        .outerjoin(ticket_class, ticket_class.c.code == ticket.c.content_class)
        .where(ticket.c.id == ticket_id)
    )
    row = conn.execute(asked).one_or_none() if kind else None
    if kind is None or row is None:
        return None
    zone = ZoneInfo(settings.zone)
    values = {
        "number": row.number,
        "unit": row.unit_name or "",
        "class": row.label or "",
        "received": _day(row.created_ms, zone),
        "round": str(row.round) if row.round else "",
        "date": _day(at_ms, zone),
        "hotline": settings.lines[0].label if settings.lines else "12345",
    }
    return drafted(conn, kind, values)


def _day(at_ms: int, zone: ZoneInfo) -> str:
    day = datetime.fromtimestamp(at_ms / 1000, zone)
    return f"{day.year}年{day.month}月{day.day}日"


def drafted(conn: Connection, kind: str, values: Mapping[str, str]) -> str:
    """What a letter of this kind begins with; a field without a value is left blank to be filled.

    Args:
        kind: one of SHIPPED.
        values: by names of FIELDS, in words as they are to stand there.
    """
    text = texts.body(conn, in_place(kind)) or SHIPPED[kind]
    return PLACEHOLDER.sub(lambda found: values.get(found[1]) or "____", text)


def wrong(text: str) -> list[str]:
    """What is wrong with a wording of the place's own, a Chinese sentence each."""
    found = [
        f"没有“{{{name}}}”这个填写项" for name in PLACEHOLDER.findall(text) if name not in FIELDS
    ]
    bare = PLACEHOLDER.sub("", text)
    if "{" in bare or "}" in bare:
        found.append("花括号没有成对")
    if not text.strip():
        found.append("内容不能为空")
    if len(text) > MOST:
        found.append(f"内容最多 {MOST} 字，现有 {len(text)} 字")
    return found
