"""Browser telephones in Asterisk: pushed for one sign-in, taken away at sign-out.

The password exists in this process for as long as a request lasts, in Asterisk's
memory, and in the browser's; it is written to no file, database or log.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Any, Literal

import aiohttp
import msgspec

from agent_console.problem import unavailable
from config.model import Asterisk
from dialplan.phones import browser_phone

log = logging.getLogger("hotline.console.phones")

LIMIT_S = 4.0
"""How long Asterisk may take for one of the requests."""
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
OK = 200
NOT_FOUND = 404
PASSWORD_BYTES = 18

Context = Literal["from-seat", "from-citizen"]


class Away(Exception):
    """Asterisk did not answer, or refused."""


def http_address(asterisk: Asterisk) -> str:
    """Host and port where this machine finds Asterisk's HTTP server."""
    host = EVERYWHERE.get(asterisk.host, asterisk.host)
    return f"[{host}]:{asterisk.http_port}" if ":" in host else f"{host}:{asterisk.http_port}"


class Phones:
    """Pushes and removes telephones over ARI's HTTP.

    Args:
        http: a client session; not closed here.
        asterisk: where it is and as whom.
        password: ARI's password.
    """

    def __init__(self, http: aiohttp.ClientSession, asterisk: Asterisk, password: str) -> None:
        self._http = http
        self._asterisk = asterisk
        self._base = f"http://{http_address(asterisk)}/ari/"
        self._headers = {
            "Authorization": aiohttp.encode_basic_auth(asterisk.user, password),
            "Content-Type": "application/json",
        }
        self._timeout = aiohttp.ClientTimeout(total=LIMIT_S)
        self._locks: dict[str, asyncio.Lock] = {}

    async def push(self, endpoint: str, context: Context, caller: str | None = None) -> str:
        """Make the telephone, or give the one that is there a new password.

        Args:
            endpoint: its name in Asterisk, letters, digits and hyphens.
            context: what it may dial.
            caller: the number it calls from, digits; None for a telephone that only answers.

        Returns:
            The password.

        Raises:
            Problem: 503, Asterisk is away.
        """
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        pushed = browser_phone(self._asterisk, endpoint, password, context=context)
        try:
            async with self._locks.setdefault(endpoint, asyncio.Lock()):
                for one in pushed:
                    body: dict[str, Any] = one.body
                    if one.kind == "endpoint" and caller is not None:
                        body["fields"].append({"attribute": "callerid", "value": f"<{caller}>"})
                    await self._send("PUT", one.path, body)
        except Away:
            raise unavailable("话务平台暂时无法连接，请稍后再试", "asterisk-away") from None
        return password

    async def remove(self, endpoint: str) -> bool:
        """Take the telephone away; a call on it goes on. False when Asterisk is away."""
        pushed = browser_phone(self._asterisk, endpoint, "", context="from-seat")
        async with self._locks.setdefault(endpoint, asyncio.Lock()):
            for one in reversed(pushed):
                try:
                    await self._send("DELETE", one.path, None)
                except Away:
                    log.warning("a telephone could not be taken away; its password is not kept")
                    return False
        self._locks.pop(endpoint, None)
        return True

    async def ping(self) -> None:
        """Ask Asterisk whether it is there; raises Away."""
        await self._send("GET", "asterisk/ping", None)

    async def _send(self, method: str, path: str, body: dict[str, Any] | None) -> None:
        data = msgspec.json.encode(body) if body is not None else None
        try:
            async with self._http.request(
                method,
                self._base + path,
                data=data,
                timeout=self._timeout,
                headers=self._headers,
            ) as answer:
                gone = method == "DELETE" and answer.status == NOT_FOUND
                if answer.status // 100 * 100 != OK and not gone:
                    log.error("Asterisk answered %s %s with %d", method, path, answer.status)
                    raise Away
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("Asterisk did not answer: %s", type(error).__name__)
            raise Away from error
