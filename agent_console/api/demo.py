"""The citizen's test telephone (demo mode only; nobody signs in for it)."""

from __future__ import annotations

import secrets

import msgspec

from agent_console.api.seat import access
from agent_console.citizens import COOKIE, HOLDS_MS
from agent_console.context import Context
from agent_console.operations import Operations
from agent_console.problem import not_found

operations = Operations("demo")


class CitizenPhone(msgspec.Struct, frozen=True):
    endpoint: str
    password: str
    uri: str
    ws: str
    dial: str


@operations.add("POST", "/demo/phone", "A citizen's test telephone", roles=None, problems=(404,))
async def make_citizen_phone(context: Context) -> CitizenPhone:
    settings, services = context.parts.settings, context.services
    if not settings.console.demo:
        raise not_found("测试电话，演示模式没有打开")
    old = services.citizens.forget(context.request.cookies.get(COOKIE, ""))
    token, made, gone = services.citizens.issue(context.parts.now_ms())
    for citizen in [old, *gone] if old else gone:
        await services.sip.end_session(citizen.holder)
        await services.phones.remove(citizen.endpoint)
    password = await services.phones.push(made.endpoint, "from-citizen", _made_up_number())
    context.set_cookie(COOKIE, token, HOLDS_MS // 1000)
    found = access(context, made.endpoint, password)
    dial = settings.lines[0].numbers[0]
    # A browser may hold a session as well: the address says which telephone it means.
    ws = f"{found.ws}?as=citizen"
    return CitizenPhone(found.endpoint, found.password, found.uri, ws, dial)


def _made_up_number() -> str:
    """A caller's number that belongs to nobody."""
    return f"1380000{secrets.randbelow(10_000):04d}"
