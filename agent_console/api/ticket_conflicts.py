"""What stands in the way of a change of a ticket, as problems that a person can act on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from agent_console.api import ticket_queries as queries
from agent_console.api.ticket_parts import Reason
from agent_console.api.ticket_shapes import ChangeSince, MoveRef, TicketConflict
from agent_console.api.ticket_view import Seer, full
from agent_console.problem import FieldError, Problem, not_found, refused
from tickets.rules.clauses import in_words
from tickets.rules.decide import Refused, Unfit
from tickets.rules.states import STATES
from tickets.rules.table import BY_NAME

CONFLICT: dict[int, type[msgspec.Struct] | None] = {404: None, 409: TicketConflict, 422: None}
MOST_CHANGES = 50
FIELD_LABELS = {
    "type": "诉求类型", "content_class": "内容分类", "company": "企业名称", "text": "诉求内容",
    "disposition": "处理方式", "region": "所属区域", "credit_code": "统一社会信用代码",
    "complained_unit_id": "被投诉单位",
}  # fmt: skip


def gone() -> Problem:
    return not_found("这张工单")


def outdated(conn: Connection, seer: Seer, ticket_id: int, seen: int) -> Problem:
    """Somebody changed it: how it stands, and what others did since the version that was seen."""
    current = full(conn, seer, ticket_id)
    if current is None:
        return gone()
    # Each change of the version wrote one line of the history.
    count = min(max(current.version - seen, 0), MOST_CHANGES)
    rows = queries.last_steps(conn, ticket_id, count)
    changes = [ChangeSince(row.at_ms, row.name, words_of(row, seer)) for row in rows]
    more = {"current": current, "changes": changes}
    return Problem(409, "工单已被修改，请核对后再保存", code="version-old", more=more)


def words_of(row: Row[tuple[object, ...]], seer: Seer) -> str:
    """A change in words: what was done, where it led, and why."""
    if row.kind == "edited":
        return f"修改了{edited(row.detail.get('what', ()), of_unit=seer.who.role == 'unit')}"
    if row.kind == "handed_over":
        return "移交给其他座席"
    move = BY_NAME.get(row.move)
    if move is None:
        return "修改了工单"
    if seer.who.role == "unit" and move.name in queries.OF_THE_HOTLINE:
        return "更新了工单"
    to = f"，工单转为“{STATES[row.to_state]}”" if row.to_state in STATES else ""
    why = f"：{row.why}" if row.why else ""
    return f"{move.label}{to}{why}"


def edited(what: Iterable[str], *, of_unit: bool = False) -> str:
    """The labels of fields; a unit is not told that somebody is complained of."""
    hidden = queries.HIDDEN_FIELDS if of_unit else frozenset()
    return "、".join(FIELD_LABELS.get(n, n) for n in what if n not in hidden) or "内容"


def move_refused(error: Refused) -> Problem:
    """A rule stands in the way: which, and what could be done instead."""
    more = {
        "reasons": [Reason(r.message, in_words(r.basis)) for r in error.reasons],
        "allowed": [MoveRef(move.name, move.label) for move in error.allowed],
    }
    detail = "；".join(reason.message for reason in error.reasons)
    return Problem(409, detail, code="move-refused", more=more)


def unfit(error: Unfit, more: dict[str, Any] | None = None) -> Problem:
    """Every mistake by its field; `more` as in a Problem."""
    errors = tuple(FieldError(m.field, m.message) for m in error.mistakes)
    return Problem(422, "请检查填写的内容", code="form-unfit", errors=errors, more=more)


def not_editable() -> Problem:
    return refused("承办单位已收到工单，内容不能再修改", "ticket-passed-on")
