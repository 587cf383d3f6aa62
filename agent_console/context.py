"""What a handler works with: the request, who is signed in, the parts, the services."""

from __future__ import annotations

import msgspec
from aiohttp import web

from agent_console.auth import Account, SignedIn
from agent_console.parts import Parts
from agent_console.problem import Problem
from agent_console.services import Services

SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
SIGNED_IN: web.RequestKey[SignedIn] = web.RequestKey("signed_in", SignedIn)


class Context:
    """One request as a handler sees it."""

    __slots__ = ("_cookies", "request", "services", "signed_in")

    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.services = request.app[SERVICES]
        self.signed_in: SignedIn | None = request.get(SIGNED_IN)
        self._cookies: list[tuple[str, str, int]] = []

    @property
    def parts(self) -> Parts:
        return self.services.parts

    @property
    def session(self) -> SignedIn:
        """Who is signed in, or 401."""
        if self.signed_in is None:
            raise Problem(401, "请先登录", code="signed-out")
        return self.signed_in

    @property
    def account(self) -> Account:
        return self.session.account

    def set_cookie(self, name: str, value: str, max_age_s: int) -> None:
        """A cookie that no script can read and no other site can send."""
        self._cookies.append((name, value, max_age_s))

    def drop_cookie(self, name: str) -> None:
        self._cookies.append((name, "", 0))

    def reply(self, answer: msgspec.Struct | None) -> web.Response:
        """The answer as JSON; None is 204."""
        if answer is None:
            response = web.Response(status=204)
        else:
            response = web.Response(
                body=msgspec.json.encode(answer), content_type="application/json"
            )
        for name, value, max_age_s in self._cookies:
            response.set_cookie(
                name,
                value,
                max_age=max_age_s,
                httponly=True,
                samesite="Strict",
                secure=self.secure,
                path="/",
            )
        return response

    @property
    def secure(self) -> bool:
        """Whether the browser came by TLS, here or at a proxy of ours."""
        return self.services.origins.is_secure(self.request)

    @property
    def address(self) -> str:
        """Where the request came from, as far as it can be trusted."""
        return self.services.origins.address_of(self.request)
