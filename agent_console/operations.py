"""Each operation of the API, declared once.

The declaration (method, path, roles, the structs in the handler's own annotations,
problems) makes the route, the validation and the OpenAPI document, so that the three
can't differ. A handler is `async def(context, *, path, query, body) -> answer`, with
only those of the keywords that it needs; the answer is a struct, None (204), or a
response of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web

from agent_console.context import Context
from agent_console.forms import Form
from agent_console.problem import Problem, forbidden

Handler = Callable[..., Awaitable[Any]]
FORMS = ("path", "query", "body")
MAX_BODY = 256 * 1024
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Media:
    """An answer that is not JSON: its content types and its statuses."""

    content_types: tuple[str, ...]
    statuses: tuple[int, ...] = (200,)


@dataclass(frozen=True, slots=True)
class Operation:
    """One declared operation; `roles` None means that nobody needs to be signed in."""

    method: str
    path: str
    summary: str
    tag: str
    handler: Handler
    roles: frozenset[str] | None
    problems: dict[int, type[msgspec.Struct] | None]
    answers: tuple[type[msgspec.Struct], ...]
    may_be_empty: bool
    media: Media | None
    socket: bool
    forms: dict[str, Form[Any]] = field(default_factory=dict)
    key: bool = False
    """True: a platform of somebody else's asks, with a bearer key; no session counts there."""

    @property
    def name(self) -> str:
        return self.handler.__name__

    async def serve(self, context: Context) -> web.StreamResponse:
        """Check who asks and what was sent, run the handler, write the answer."""
        if self.roles is not None and context.account.role not in self.roles:
            raise forbidden("您的角色没有这项权限")
        arguments: dict[str, Any] = {}
        request = context.request
        if "path" in self.forms:
            arguments["path"] = self.forms["path"].read_text(request.match_info.items())
        if "query" in self.forms:
            arguments["query"] = self.forms["query"].read_text(request.query.items())
        elif request.query:
            arguments |= _no_query(request)
        if "body" in self.forms:
            form = self.forms["body"]
            arguments["body"] = form.read_body(await _json_body(request, form.needed))
        answer = await self.handler(context, **arguments)
        return answer if isinstance(answer, web.StreamResponse) else context.reply(answer)


def _no_query(request: web.Request) -> dict[str, Any]:
    Form(NoQuery).read_text(request.query.items())
    return {}


class NoQuery(msgspec.Struct, forbid_unknown_fields=True):
    """An operation that takes no query says so instead of ignoring one."""


async def _json_body(request: web.Request, needed: bool) -> bytes:
    if not needed and not request.body_exists:
        return b"{}"
    if request.content_type != "application/json":
        raise Problem(415, "请以 application/json 发送", code="not-json")
    return await request.read()


class Operations:
    """The operations of one noun."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.all: list[Operation] = []

    def add(
        self,
        method: str,
        path: str,
        summary: str,
        *,
        roles: frozenset[str] | None,
        problems: tuple[int, ...] | dict[int, type[msgspec.Struct] | None] = (),
        media: Media | None = None,
        socket: bool = False,
        key: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare a handler. `problems` are the statuses that only it can answer with."""
        said = problems if isinstance(problems, dict) else dict.fromkeys(problems)

        def declare(handler: Handler) -> Handler:
            hints = get_type_hints(handler, include_extras=True)
            answers, may_be_empty = _answers(hints["return"])
            forms: dict[str, Form[Any]] = {w: Form(hints[w]) for w in FORMS if w in hints}
            self.all.append(
                Operation(
                    method, path, summary, self.tag, handler, roles, dict(said), answers,
                    may_be_empty, media, socket, forms, key,
                )
            )  # fmt: skip
            return handler

        return declare


def _answers(hint: Any) -> tuple[tuple[type[msgspec.Struct], ...], bool]:
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    structs = tuple(k for k in kinds if isinstance(k, type) and issubclass(k, msgspec.Struct))
    return structs, NoneType in kinds
