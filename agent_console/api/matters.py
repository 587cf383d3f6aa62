"""What a matter from outside must have, whoever sends it: the form of the web or a platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from agent_console.api.fields import NO_NUL, Code
from agent_console.api.unmask import MAX_NAME, MAX_NUMBER
from agent_console.parts import Parts
from agent_console.problem import FieldError, Problem
from tickets import classes, contacts, credit_code, unnamed
from tickets.contacts import Reporter
from tickets.intake import Matter
from tickets.rules import MAX_COMPANY

LEAST_TEXT, MOST_TEXT = 5, 5_000
MAX_REGION = 50

Name = Annotated[str, Meta(max_length=MAX_NAME, pattern=NO_NUL)]
Number = Annotated[str, Meta(max_length=MAX_NUMBER, pattern=NO_NUL)]
Company = Annotated[str, Meta(max_length=MAX_COMPANY, pattern=NO_NUL)]
Region = Annotated[str, Meta(max_length=MAX_REGION, pattern=NO_NUL)]
Words = Annotated[str, Meta(max_length=MOST_TEXT, pattern=NO_NUL)]
CreditCode = Annotated[str, Meta(max_length=40, pattern=NO_NUL)]


class Sent(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What both ways have in common."""

    type: Code
    text: Words
    name: Name
    number: Number
    content_class: Code | None = None
    company: Company = ""
    credit_code: CreditCode | None = None
    region: Region = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the place offers just now."""

    classes: dict[str, str]
    regions: dict[str, str]


def choices(conn: Connection, parts: Parts) -> Choices:
    """Classes and regions, by code."""
    labels = {c.code: c.label for c in classes.all_classes(conn)}
    if not labels:
        labels = {c.code: c.label for c in parts.settings.tickets.classes}
    return Choices(labels, {r.code: r.label for r in parts.settings.tickets.regions})


def checked(
    parts: Parts, offered: Choices, sent: Sent, further: list[FieldError] | None = None
) -> tuple[Matter, Reporter]:
    """The matter and who brings it, or 422 with everything that is wrong at once."""
    errors = [*(further or ()), *_mistakes(parts, offered, sent)]
    kept = parts.keep_number(sent.number) if sent.number.strip() else None
    if kept is None:
        errors.append(FieldError("number", "请填写能够接听的电话号码"))
    if errors or kept is None:
        raise Problem(422, "请检查填写的内容", code="matter-incomplete", errors=tuple(errors))
    company = " ".join(sent.company.split())
    reporting = unnamed.Reporter((sent.number,), name=sent.name, company=company)
    matter = Matter(
        type=sent.type,
        # Units read the text: what he left for us alone must not stand there.
        text=unnamed.without(reporting, sent.text.strip()).text,
        content_class=sent.content_class or None,
        company=company,
        credit_code=_code(sent) or None,
        region=sent.region.strip(),
    )
    sealed = contacts.name_sealed(parts.sealer, sent.name)
    reporter = Reporter(sealed, kept.sealed, parts.caller_hash(sent.number), kept.masked)
    return matter, reporter


def _mistakes(parts: Parts, offered: Choices, sent: Sent) -> list[FieldError]:
    errors = []
    if sent.type not in {t.code for t in parts.settings.tickets.types}:
        errors.append(FieldError("type", "请选择诉求类型"))
    if sent.content_class and sent.content_class not in offered.classes:
        errors.append(FieldError("content_class", "没有这个选项"))
    if len(sent.text.strip()) < LEAST_TEXT:
        errors.append(FieldError("text", f"请写明诉求内容，至少 {LEAST_TEXT} 个字"))
    if not sent.name.strip():
        errors.append(FieldError("name", "请填写姓名"))
    region = sent.region.strip()
    if region and offered.regions and region not in offered.regions:
        errors.append(FieldError("region", "没有这个选项"))
    wrong = credit_code.wrong(_code(sent)) if _code(sent) else None
    if wrong:
        errors.append(FieldError("credit_code", wrong))
    return errors


def _code(sent: Sent) -> str:
    return credit_code.clean(sent.credit_code or "")
