"""For other platforms, with a key of their own: a matter in, and how it stands."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from agent_console.api import matters
from agent_console.api.matters import Sent
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.parts import Parts
from agent_console.problem import Problem, not_found
from tickets import intake, standing
from tickets.contacts import Reporter
from tickets.intake import IntakeKey, Matter
from tickets.place import Place

operations = Operations("intake")

SCHEME = "bearer "
ForeignId = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[0-9A-Za-z._:-]+$")]


class ForeignMatter(Sent, forbid_unknown_fields=True, kw_only=True):
    """A matter that a platform took; `foreign_id` is its own id for it."""

    foreign_id: ForeignId


class ForeignPath(msgspec.Struct, forbid_unknown_fields=True):
    foreign_id: ForeignId


class IntakeState(msgspec.Struct, frozen=True):
    """How a platform's ticket stands; `repeated`: it was there already, nothing was changed."""

    foreign_id: str
    number: str
    state_label: str
    received_ms: int
    answer: str | None
    unit_name: str | None
    due_ms: int | None
    repeated: bool


@operations.add(
    "POST", "/intake/v1/tickets", "Take a platform's matter", roles=None, key=True, problems=(422,)
)
async def take_matter(context: Context, *, body: ForeignMatter) -> IntakeState:
    parts = context.parts
    key = await _key(context)
    offered = await parts.database.read(matters.choices, parts)
    matter, reporter = matters.checked(parts, offered, body)
    return await parts.database.write(_take, parts, key, matter, reporter, body.foreign_id)


@operations.add(
    "GET",
    "/intake/v1/tickets/{foreign_id}",
    "How a platform's ticket stands",
    roles=None,
    key=True,
    problems=(404,),
)
async def read_matter(context: Context, *, path: ForeignPath) -> IntakeState:
    key = await _key(context)
    found = await context.parts.database.read(_read, key, path.foreign_id)
    if found is None:
        raise not_found("这件诉求")
    return found


async def _key(context: Context) -> IntakeKey:
    """Whose request this is, by its key alone."""
    said = context.request.headers.get("Authorization", "")
    key = None
    if said.lower().startswith(SCHEME):
        given = said[len(SCHEME) :].strip()
        key = await context.parts.database.read(intake.by_key, given)
    if key is None:
        raise Problem(
            401,
            "密钥无效或已停用",
            code="intake-key",
            headers={"WWW-Authenticate": 'Bearer realm="intake"'},
        )
    return key


def _take(
    conn: Connection,
    parts: Parts,
    key: IntakeKey,
    matter: Matter,
    reporter: Reporter,
    foreign_id: str,
) -> IntakeState:
    _, repeated = intake.take(
        conn,
        Place(parts.settings),
        matter,
        reporter,
        source="intake",
        key_id=key.id,
        foreign_id=foreign_id,
    )
    intake.used(conn, key, parts.now_ms())
    found = _read(conn, key, foreign_id, repeated)
    assert found is not None  # noqa: S101 - it was written a moment ago, in this transaction
    return found


def _read(
    conn: Connection, key: IntakeKey, foreign_id: str, repeated: bool = True
) -> IntakeState | None:
    made = intake.of_foreign(conn, key.id, foreign_id)
    now = standing.of_ticket(conn, made.id) if made else None
    if now is None:
        return None
    return IntakeState(
        foreign_id=foreign_id,
        number=now.number,
        state_label=now.state_label,
        received_ms=now.received_ms,
        answer=now.answer,
        unit_name=now.unit_name,
        due_ms=now.due_ms,
        repeated=repeated,
    )
