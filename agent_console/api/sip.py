"""Who may use `/sip`: a signed-in person with a seat, or the holder of a test telephone."""

from __future__ import annotations

from aiohttp import web

from agent_console.citizens import COOKIE
from agent_console.context import Context
from agent_console.problem import Problem
from floor import seats


async def serve(request: web.Request) -> web.WebSocketResponse:
    """The browser's telephone, carried to Asterisk."""
    context = Context(request)
    endpoint, owner = await _whose(context)
    return await context.services.sip.carry(request, endpoint, owner)


async def _whose(context: Context) -> tuple[str, str]:
    """The endpoint that this browser may be, and the session with which it ends.

    A page that holds both cookies says with `?as=citizen` that it is the test telephone.
    """
    citizen = context.services.citizens.find(
        context.request.cookies.get(COOKIE, ""), context.parts.now_ms()
    )
    as_citizen = context.request.query.get("as") == "citizen"
    if context.signed_in is not None and not (as_citizen and citizen):
        found = await context.parts.database.read(seats.of_account, context.account.id)
        if found is not None:
            return found.endpoint, context.session.id
    if citizen is not None:
        return citizen.endpoint, citizen.holder
    if context.signed_in is not None:
        raise Problem(403, "您没有座席，不能使用话机", code="no-seat")
    raise Problem(401, "请先登录", code="signed-out")
