"""For citizens, without signing in: bringing a matter forward, and how it stands."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from agent_console import slowdown, waiting_files
from agent_console.api import matters
from agent_console.api.fields import NO_NUL
from agent_console.api.matters import Sent
from agent_console.api.public_files import LOST_FILE, FileId, FormKey, of_form, slow_down
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.parts import Parts
from agent_console.problem import FieldError, Problem
from agent_console.public_texts import PRIVACY, PUBLIC_TEXTS
from agent_console.waiting_files import Waiting
from tickets import attachments, intake, standing, texts
from tickets.contacts import Reporter
from tickets.place import Place
from tickets.standing import Step

operations = Operations("public")


class Choice(msgspec.Struct, frozen=True):
    code: str
    label: str


class FileRules(msgspec.Struct, frozen=True):
    """What may come with a matter, told before anything is sent; `most` 0: no file."""

    most: int
    most_mb: int
    kinds: list[str]


class PublicForm(msgspec.Struct, frozen=True):
    """What the page needs to show its form; `open` False: none is taken here."""

    open: bool
    types: list[Choice]
    classes: list[Choice]
    regions: list[Choice]
    privacy: str
    """The place's own words, or the shipped ones."""
    files: FileRules
    hotline_label: str
    zone: str
    most_text: int


class Submission(Sent, forbid_unknown_fields=True, kw_only=True):
    """A matter of the web's page.

    `key` is the page's own random id: sent again after a broken network, it gives the same
    ticket. `website` is a field that no person sees; who fills it in is a program.
    """

    agreed: bool
    key: FormKey
    files: Annotated[list[FileId], Meta(max_length=20)] = msgspec.field(default_factory=list)
    """Those that were sent before (`POST /public/files`) and are to hang on the ticket."""
    website: Annotated[str, Meta(max_length=200, pattern=NO_NUL)] = ""


class Submitted(msgspec.Struct, frozen=True):
    number: str


class StatusQuestion(msgspec.Struct, forbid_unknown_fields=True):
    number: Annotated[str, Meta(min_length=1, max_length=32, pattern=NO_NUL)]
    last4: Annotated[str, Meta(pattern=r"^[0-9]{4}$", min_length=4, max_length=4)]


class PublicStatus(msgspec.Struct, frozen=True):
    number: str
    state_label: str
    received_ms: int
    steps: list[Step]
    unit_name: str | None
    answer: str | None
    due_ms: int | None
    zone: str


@operations.add("GET", "/public/form", "What the citizen's form offers", roles=None)
async def read_public_form(context: Context) -> PublicForm:
    parts = context.parts
    offered, own = await context.parts.database.read(_offered, parts)
    intake_of = parts.settings.intake
    return PublicForm(
        open=parts.settings.intake.web_form,
        types=[Choice(t.code, t.label) for t in parts.settings.tickets.types],
        classes=[Choice(code, label) for code, label in offered.classes.items()],
        regions=[Choice(code, label) for code, label in offered.regions.items()],
        privacy=own or PUBLIC_TEXTS[PRIVACY].text,
        files=FileRules(intake_of.web_files, intake_of.web_file_mb, list(attachments.OF_STRANGERS)),
        hotline_label=parts.settings.lines[0].label,
        zone=parts.settings.zone,
        most_text=matters.MOST_TEXT,
    )


@operations.add(
    "POST", "/public/tickets", "Bring a matter forward", roles=None, problems=(404, 422, 429)
)
async def submit_matter(context: Context, *, body: Submission) -> Submitted:
    parts = context.parts
    if not parts.settings.intake.web_form:
        raise Problem(404, "这里不受理网上诉求，请拨打 12345", code="closed")
    offered = await parts.database.read(matters.choices, parts)
    files, lost = await of_form(parts, body.key, body.files)
    if lost:
        made = await parts.database.read(intake.of_foreign, intake.WEB_FORM, body.key)
        if made is not None:
            files, lost = [], []  # sent again: they hang on the ticket already
    matter, reporter = matters.checked(parts, offered, body, [*_of_a_program(body), *lost])
    await slow_down(context, slowdown.keys_of_form(context.address), "提交次数较多")
    kept = await asyncio.to_thread(_keep, parts, body.key, files)
    number = await parts.database.write(_take, parts, matter, reporter, body.key, kept)
    await asyncio.to_thread(waiting_files.forget, parts.settings.attached, body.key)
    return Submitted(number)


@operations.add("POST", "/public/status", "How a ticket stands", roles=None, problems=(404, 429))
async def read_status(context: Context, *, body: StatusQuestion) -> PublicStatus:
    parts = context.parts
    number = body.number.strip()
    keys = slowdown.keys_of_status(number, context.address)
    await slow_down(context, keys, "查询次数较多")
    found = await parts.database.read(standing.look, parts.sealer, number, body.last4)
    if found is None:
        # One sentence for both: whether there is such a ticket is nobody's business.
        raise Problem(404, "工单编号或电话后四位不正确，请核对后再试", code="no-match")
    await parts.database.write(slowdown.take_back, keys, parts.now_ms())
    return PublicStatus(
        found.number,
        found.state_label,
        found.received_ms,
        found.steps,
        found.unit_name,
        found.answer,
        found.due_ms,
        parts.settings.zone,
    )


def _of_a_program(body: Submission) -> list[FieldError]:
    errors = []
    if not body.agreed:
        errors.append(FieldError("agreed", "请先阅读并同意隐私说明"))
    if body.website:
        errors.append(FieldError("website", "请不要填写这一项"))
    return errors


def _offered(conn: Connection, parts: Parts) -> tuple[matters.Choices, str | None]:
    return matters.choices(conn, parts), texts.body(conn, PRIVACY)


def _keep(parts: Parts, key: str, files: list[Waiting]) -> list[Waiting] | None:
    """The files, once they lie where those of tickets do; None when they went meanwhile."""
    try:
        waiting_files.keep(parts.settings.attached, key, files)
    except FileNotFoundError:
        return None
    return files


def _take(
    conn: Connection,
    parts: Parts,
    matter: intake.Matter,
    reporter: Reporter,
    key: str,
    files: list[Waiting] | None,
) -> str:
    made, again = intake.take(
        conn,
        Place(parts.settings),
        matter,
        reporter,
        source="web",
        key_id=intake.WEB_FORM,
        foreign_id=key,
    )
    if again:
        return made.number
    if files is None:
        raise Problem(422, LOST_FILE, errors=(FieldError("files", LOST_FILE),))
    for at, one in enumerate(files, start=1):
        attachments.add(
            conn,
            ticket_id=made.id,
            # What a citizen calls a file may be his name: units read it.
            name=f"网上提交附件{at}.{one.kind}",
            extension=one.kind,
            size_bytes=one.size_bytes,
            sha256=waiting_files.sha256_of(one.id),
            account_id=None,
            unit_id=None,
            most=max(parts.settings.intake.attachments, len(files)),
        )
    return made.number
