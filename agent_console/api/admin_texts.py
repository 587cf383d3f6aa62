"""Wording of notices, letters and the public page, for the administrator: the place's own over the shipped one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from agent_console.api.fields import NO_NUL
from agent_console.api.kept import wrong
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import not_found
from agent_console.public_texts import PUBLIC_TEXTS
from agent_console.roles import ADMINS, HEADS
from config import notice_texts
from tickets import letters, texts
from tickets.kept import Mistake

operations = Operations("admin-texts")

Body = Annotated[str, Meta(max_length=10_000, pattern=NO_NUL)]


class TextPath(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL)]


class TextEdit(msgspec.Struct, forbid_unknown_fields=True):
    """Empty or null: the shipped text counts again."""

    body: Body | None


class TextField(msgspec.Struct, frozen=True):
    """What `{name}` in a text is filled in with."""

    name: str
    label: str


class PlaceText(msgspec.Struct, frozen=True):
    """A text as it counts now; `by` and `at_ms` only when it is the place's own."""

    name: str
    label: str
    group: str
    body: str
    default: str
    most: int
    fields: list[TextField]
    at_ms: int | None
    by: str | None


class PlaceTexts(msgspec.Struct, frozen=True):
    items: list[PlaceText]


@dataclass(frozen=True, slots=True)
class Shipped:
    """A text that came with the release, and what may stand in one of the place's own."""

    label: str
    group: str
    text: str
    most: int
    fields: dict[str, str]
    wrong: Callable[[str], list[str]]


def _shipped() -> dict[str, Shipped]:
    facts = {name: told[0] for name, told in notice_texts.ARGS.items()}
    known = {
        notice_texts.in_place(name): Shipped(
            one.label, "通知", one.text, notice_texts.MOST, facts, notice_texts.wrong
        )
        for name, one in notice_texts.TEMPLATES.items()
    }
    known |= {
        name: Shipped(one.label, "网页", one.text, one.most, {}, one.wrong)
        for name, one in PUBLIC_TEXTS.items()
    }
    return known | {
        letters.in_place(kind): Shipped(
            letters.label(kind), "文书", text, letters.MOST, letters.FIELDS, letters.wrong
        )
        for kind, text in letters.SHIPPED.items()
    }


SHIPPED = _shipped()


@operations.add(
    "GET", "/admin/texts", "Wording of notices, letters and the public page", roles=HEADS
)
async def list_texts(context: Context) -> PlaceTexts:
    own = await context.parts.database.read(texts.all_texts)
    return PlaceTexts([shown(name, own.get(name)) for name in SHIPPED])


@operations.add(
    "PATCH", "/admin/texts/{name}", "Change a wording", roles=ADMINS, problems=(404, 422)
)
async def set_text(context: Context, *, path: TextPath, body: TextEdit) -> PlaceText:
    shipped = SHIPPED.get(path.name)
    if shipped is None:
        raise not_found("这个文本")
    text = (body.body or "").strip()
    if text and (found := shipped.wrong(text)):
        raise wrong(*(Mistake("body", sentence) for sentence in found))
    kept = await context.parts.database.write(_set, context.account.id, path.name, text)
    return shown(path.name, kept)


def shown(name: str, own: texts.Kept | None) -> PlaceText:
    shipped = SHIPPED[name]
    fields = [TextField(*field) for field in shipped.fields.items()]
    return PlaceText(
        name, shipped.label, shipped.group, own.body if own else shipped.text, shipped.text,
        shipped.most, fields, own.at_ms if own else None, own.by if own else None,
    )  # fmt: skip


def _set(conn: Connection, by: int, name: str, text: str) -> texts.Kept | None:
    if text in ("", SHIPPED[name].text):
        texts.drop(conn, by, name)
    else:
        texts.put(conn, by, name, text)
    return texts.all_texts(conn).get(name)
