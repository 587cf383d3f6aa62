"""What every request passes: problems as documents, headers, session, forgery check."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from agent_console import auth
from agent_console.context import SERVICES, SIGNED_IN
from agent_console.openapi import COOKIE, CSRF_HEADER
from agent_console.operations import SAFE
from agent_console.problem import Problem, forbidden, unavailable
from db.engine import DatabaseUnavailable

log = logging.getLogger("hotline.console")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
API = "/api/"
INTAKE = "/api/v1/intake/"
FOR_NOBODY = ("/session", "/demo/phone")
PUBLIC = "/api/v1/public/"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "microphone=(self), autoplay=(self), camera=(), display-capture=(), geolocation=(), "
        "payment=(), usb=()"
    ),
}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; "
    # Attributes only: Element Plus places its pop-ups with them.
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HSTS = "max-age=31536000"


def policy(nonce: str = "") -> str:
    """The Content-Security-Policy; a nonce lets one page's own style elements in."""
    return CSP.format(nonce=f" 'nonce-{nonce}'" if nonce else "")


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure as a problem document, every request as a line without its query."""
    began = time.perf_counter()
    try:
        response = await handler(request)
    except Problem as problem:
        response = problem.response()
    except DatabaseUnavailable:
        response = unavailable("数据库暂时无法使用，请稍后再试", "database-away").response()
    except web.HTTPException as error:
        response = _of_aiohttp(error)
    except (ConnectionResetError, TimeoutError) as error:
        log.info("a client left during its request: %s", type(error).__name__)
        raise
    except Exception:
        number = secrets.token_hex(4)
        log.exception("request %s %s failed, id %s", request.method, _route(request), number)
        response = Problem(500, f"系统出错，请把编号 {number} 告诉管理员", code="fault").response()
    took_ms = (time.perf_counter() - began) * 1000
    log.debug("%s %s %d %.1f ms", request.method, _route(request), response.status, took_ms)
    return response


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, sockets included (a signal, so that nothing escapes it)."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", policy())
    if request.path.startswith(API) or response.status >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
    if request.app[SERVICES].origins.console.tls_certificate is not None:
        response.headers.setdefault("Strict-Transport-Security", HSTS)


@web.middleware
async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the session of the cookie; keep it in use."""
    token = request.cookies.get(COOKIE)
    if token and _needs_session(request):
        services = request.app[SERVICES]
        database, now_ms = services.parts.database, services.parts.now_ms()
        found = await database.read(auth.find_session, auth.token_hash(token), now_ms)
        if found is not None:
            request[SIGNED_IN] = found
            if found.seen_ms < now_ms - auth.SEEN_EVERY_MS:
                await database.write(auth.touch, [found.id], now_ms)
    return await handler(request)


@web.middleware
async def not_forged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Unsafe requests and sockets come from a page of ours, with the session's token."""
    socket = "websocket" in request.headers.get("Upgrade", "").lower()
    if request.method in SAFE and not socket:
        return await handler(request)
    if _by_platform(request):
        return await handler(request)
    origin = request.headers.get("Origin", "")
    if not request.app[SERVICES].origins.is_ours(origin):
        raise forbidden("请求不是从本系统的页面发出的", "foreign-origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise forbidden("请求不是从本系统的页面发出的", "foreign-origin")
    session = request.get(SIGNED_IN)
    if (
        request.method not in SAFE
        and session is not None
        and not session.csrf_fits(request.headers.get(CSRF_HEADER, ""))
        and _needs_token(request)
    ):
        raise forbidden("页面已过期，请刷新后再试", "csrf")
    return await handler(request)


def _needs_session(request: web.Request) -> bool:
    return request.path.startswith(API) or request.path == "/sip"


def _by_platform(request: web.Request) -> bool:
    """A program with a key of its own, and no browser: those say where a request comes from.

    What such a request may do hangs on its key alone; a session is not even looked at there.
    """
    resource = request.match_info.route.resource
    path = resource.canonical if resource else ""
    told = ("Origin", "Cookie", "Sec-Fetch-Site")
    return path.startswith(INTAKE) and not any(name in request.headers for name in told)


def _needs_token(request: web.Request) -> bool:
    """Signing in over an old session, and what citizens do, act for nobody's session."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource else ""
    for_nobody = request.method == "POST" and path.endswith(FOR_NOBODY)
    return not (for_nobody or path.startswith(PUBLIC))


def _of_aiohttp(error: web.HTTPException) -> web.StreamResponse:
    if error.status < 400:
        return error
    kept = {k: v for k, v in error.headers.items() if k in ("Allow", "Retry-After")}
    return Problem(error.status, headers=kept).response()


def _route(request: web.Request) -> str:
    """The declared path, never what was asked for: that may hold a number."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(unknown)"
