"""Which web pages are ours, and where a request really came from.

A page is ours when it was served from the address that the console listens on, or
from an origin that the settings name (a reverse proxy). Names of hosts count only when
they are in the settings: otherwise any site could point a name of its own at us.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from config.model import Console

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ANYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104


@dataclass(slots=True)
class Origins:
    """The origins of one console; `port` is the bound one."""

    console: Console
    port: int = 0

    def is_ours(self, origin: str) -> bool:
        """Whether an Origin header names a page of ours."""
        if origin in self.console.public_origins:
            return True
        scheme = "https" if self.console.tls_certificate else "http"
        try:
            parts = urlsplit(origin)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        except ValueError:
            return False
        if parts.scheme != scheme or port != self.port or parts.hostname is None:
            return False
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            return False
        return self._is_own_host(parts.hostname)

    def is_secure(self, request: web.Request) -> bool:
        """Whether the browser speaks TLS, with us or with a proxy in front."""
        return self.console.tls_certificate is not None or self.origin_of(request).startswith(
            "https://"
        )

    def origin_of(self, request: web.Request) -> str:
        """The origin of the page that asks; checked already for unsafe requests."""
        origin = request.headers.get("Origin", "")
        return origin if self.is_ours(origin) else f"{request.scheme}://{request.host}"

    def address_of(self, request: web.Request) -> str:
        """The address of the browser: a proxy of ours on this machine is believed."""
        peer = request.remote or ""
        if self.console.public_origins and peer in LOOPBACK:
            forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
            return forwarded or peer
        return peer

    def _is_own_host(self, host: str) -> bool:
        listen = self.console.listen.host
        if host == listen or (host in LOOPBACK and listen in LOOPBACK | ANYWHERE):
            return True
        return listen in ANYWHERE and _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
