"""The WebSocket of live changes."""

from __future__ import annotations

import msgspec
from aiohttp import web

from agent_console.api.fields import Moment
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.roles import EVERYBODY

operations = Operations("live")


class Since(msgspec.Struct, forbid_unknown_fields=True):
    since: Moment | None = None
    """The last change that the screen saw; without it, from now on."""


@operations.add("GET", "/live", "Live changes", roles=EVERYBODY, socket=True)
async def watch_live(context: Context, *, query: Since) -> web.WebSocketResponse:
    return await context.services.hub.watch(context.request, context.session, query.since)
