"""The built web application: files by name, and its page for every room's address."""

from __future__ import annotations

import secrets
from pathlib import Path

from aiohttp import web

from agent_console.middleware import policy
from agent_console.problem import not_found, unavailable

PAGE = "index.html"
ASSETS = "assets"
"""Where the build puts what carries a hash of itself in its name."""
NONCE = "__CSP_NONCE__"
"""Replaced in the page at each delivery (a `<meta>` that scripts may read)."""
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


class WebApplication:
    """Serves `dist` of the web build; only names that were found there, so no path can leave it."""

    def __init__(self, dist: Path) -> None:
        self._dist = dist
        self._page = dist / PAGE
        self._built: list[int] = []
        self._files: dict[str, Path] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A file, or the page; 404 for the name of a file that is not there."""
        self._look()
        file = self._files.get(request.path)
        if file is not None:
            hashed = request.path.startswith(f"/{ASSETS}/")
            cache = FOREVER if hashed else ASK_AGAIN
            return web.FileResponse(file, headers={"Cache-Control": cache})
        last = request.path.rsplit("/", 1)[-1]
        if "." in last or request.path.startswith("/api/"):
            raise not_found("这个地址")
        return self._deliver_page()

    def _look(self) -> None:
        """Read the names again when the application was built anew."""
        try:
            built = [path.stat().st_mtime_ns for path in (self._page, self._dist / ASSETS)]
        except FileNotFoundError:
            return
        if built == self._built:
            return
        self._built = built
        self._files = {
            f"/{path.relative_to(self._dist).as_posix()}": path
            for path in sorted(self._dist.rglob("*"))
            if path.is_file() and path != self._page
        }

    def _deliver_page(self) -> web.Response:
        try:
            page = self._page.read_text("utf-8")
        except FileNotFoundError:
            raise unavailable("网页尚未构建，请先运行 make web", "web-not-built") from None
        nonce = secrets.token_urlsafe(16) if NONCE in page else ""
        return web.Response(
            text=page.replace(NONCE, nonce),
            content_type="text/html",
            headers={"Cache-Control": ASK_AGAIN, "Content-Security-Policy": policy(nonce)},
        )
