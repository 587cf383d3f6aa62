"""All operations of the API, gathered, and the routes that serve them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache

import msgspec
from aiohttp import web

from agent_console.api import (
    admin_catalogue,
    admin_classes,
    admin_intake_keys,
    admin_people,
    admin_texts,
    admin_units,
    alike,
    attachments,
    calendar,
    call_requests,
    calls,
    demo,
    desks,
    digests,
    experts,
    export,
    figures,
    floor,
    intake,
    lists,
    live,
    messages,
    missed,
    notices,
    outbound,
    papers,
    periods,
    public,
    public_files,
    recordings,
    seat,
    seats,
    session,
    sip,
    staffing,
    ticket_preview,
    tickets,
    trace,
    units,
    unmask,
)
from agent_console.api import settings as settings_api
from agent_console.context import SERVICES, Context
from agent_console.openapi import document
from agent_console.operations import Operation
from agent_console.static import WebApplication

BASE = "/api/v1"

OPERATIONS: tuple[Operation, ...] = (
    *session.operations.all,
    *settings_api.operations.all,
    *seat.operations.all,
    *calls.operations.all,
    *call_requests.operations.all,
    *outbound.operations.all,
    *experts.operations.all,
    *seats.operations.all,
    *messages.operations.all,
    *missed.operations.all,
    *tickets.operations.all,
    *alike.operations.all,
    *ticket_preview.operations.all,
    *desks.operations.all,
    *papers.operations.all,
    *lists.operations.all,
    *digests.operations.all,
    *export.operations.all,
    *trace.operations.all,
    *unmask.operations.all,
    *attachments.operations.all,
    *recordings.operations.all,
    *public.operations.all,
    *public_files.operations.all,
    *intake.operations.all,
    *floor.operations.all,
    *figures.operations.all,
    *staffing.operations.all,
    *calendar.operations.all,
    *periods.operations.all,
    *units.operations.all,
    *admin_units.operations.all,
    *admin_people.operations.all,
    *admin_classes.operations.all,
    *admin_catalogue.operations.all,
    *admin_texts.operations.all,
    *admin_intake_keys.operations.all,
    *notices.operations.all,
    *live.operations.all,
    *demo.operations.all,
)


def add_routes(app: web.Application, site: WebApplication) -> None:
    """The API, the sockets, the health page, and the web application for the rest."""
    for operation in OPERATIONS:
        app.router.add_route(operation.method, BASE + operation.path, _handler(operation))
    app.router.add_get(f"{BASE}/openapi.json", _describe, allow_head=False)
    app.router.add_get("/healthz", _healthz, allow_head=False)
    app.router.add_get("/sip", sip.serve, allow_head=False)
    app.router.add_route("*", "/api/{rest:.*}", _nothing_here)
    app.router.add_get("/{path:.*}", site.serve)


@cache
def _described() -> bytes:
    """The OpenAPI document; made when somebody first asks, it takes a while."""
    return msgspec.json.encode(document(OPERATIONS, BASE))


async def _describe(_: web.Request) -> web.Response:
    return web.Response(body=_described(), content_type="application/json")


def _handler(operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await operation.serve(Context(request))

    return handle


async def _healthz(request: web.Request) -> web.Response:
    found = await request.app[SERVICES].health.look()
    return web.Response(
        status=200 if found.ok else 503,
        body=msgspec.json.encode(found),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def _nothing_here(request: web.Request) -> web.Response:
    """No such path (404), or no such method there (405)."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical.startswith(BASE):
            allowed |= (await resource.resolve(request))[1]
    if allowed:
        raise web.HTTPMethodNotAllowed(request.method, sorted(allowed))
    raise web.HTTPNotFound
