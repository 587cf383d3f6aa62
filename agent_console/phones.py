"""Browser telephones in Asterisk: pushed for one sign-in, taken away at sign-out.

The password exists in this process for as long as a request lasts, in Asterisk's
memory, and in the browser's; it is written to no file, database or log.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from typing import Literal

import aiohttp
import msgspec

from agent_console.problem import unavailable
from config.model import Asterisk

log = logging.getLogger("hotline.console.phones")

LIMIT_S = 4.0
"""How long Asterisk may take for one of the requests."""
OK = 200
NOT_FOUND = 404
PASSWORD_BYTES = 18

Context = Literal["from-seat", "from-citizen"]

# 8 kHz all the way from the trunk to the recording: nothing is transcoded or resampled.
CODECS = "alaw,ulaw"


class Away(Exception):
    """Asterisk did not answer, or refused."""


class Phones:
    """Pushes and removes telephones over ARI's HTTP.

    Args:
        http: a client session; not closed here.
        asterisk: where it is and as whom.
        password: ARI's password.
    """

    def __init__(self, http: aiohttp.ClientSession, asterisk: Asterisk, password: str) -> None:
        self._http = http
        self._base = f"http://{asterisk.host}:{asterisk.http_port}/ari/"
        known_as = base64.b64encode(f"{asterisk.user}:{password}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {known_as}",
            "Content-Type": "application/json",
        }
        self._timeout = aiohttp.ClientTimeout(total=LIMIT_S)
        self._locks: dict[str, asyncio.Lock] = {}

    async def push(self, endpoint: str, context: Context, caller: str) -> str:
        """Make the telephone, or give the one that is there a new password.

        Args:
            endpoint: its name in Asterisk, letters, digits and hyphens.
            context: what it may dial.
            caller: the number it shows, digits.

        Returns:
            The password.

        Raises:
            Problem: 503, Asterisk is away.
        """
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        lock = self._locks.setdefault(endpoint, asyncio.Lock())
        try:
            async with lock:
                for kind, fields in objects(endpoint, context, caller, password).items():
                    await self._put(kind, endpoint, fields)
        except Away:
            raise unavailable("话务平台暂时无法连接，请稍后再试", "asterisk-away") from None
        return password

    async def remove(self, endpoint: str) -> bool:
        """Take the telephone away; a call on it goes on. False when Asterisk is away."""
        async with self._locks.setdefault(endpoint, asyncio.Lock()):
            for kind in ("endpoint", "aor", "auth"):
                try:
                    await self._request("DELETE", kind, endpoint, None)
                except Away:
                    log.warning("a telephone could not be taken away; its password is not kept")
                    return False
        return True

    async def ping(self) -> None:
        """Ask Asterisk whether it is there; raises Away."""
        await self._send("GET", "asterisk/ping", None)

    async def _put(self, kind: str, name: str, fields: dict[str, str]) -> None:
        body: dict[str, object] = {
            "fields": [{"attribute": a, "value": v} for a, v in fields.items()]
        }
        await self._request("PUT", kind, name, body)

    async def _request(
        self, method: str, kind: str, name: str, body: dict[str, object] | None
    ) -> None:
        await self._send(method, f"asterisk/config/dynamic/res_pjsip/{kind}/{name}", body)

    async def _send(self, method: str, path: str, body: dict[str, object] | None) -> None:
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


def objects(
    endpoint: str, context: Context, caller: str, password: str
) -> dict[str, dict[str, str]]:
    """What Asterisk is given for one telephone, in the order in which it must come."""
    return {
        "auth": {"auth_type": "userpass", "username": endpoint, "password": password},
        # A new sign-in takes the place of a page that was forgotten elsewhere.
        "aor": {"max_contacts": "1", "remove_existing": "yes", "qualify_frequency": "0"},
        "endpoint": {
            "auth": endpoint,
            "aors": endpoint,
            "context": context,
            "transport": "transport-ws",
            "disallow": "all",
            "allow": CODECS,
            "webrtc": "yes",
            "media_encryption": "dtls",
            "dtls_auto_generate_cert": "yes",
            "dtmf_mode": "rfc4733",
            "direct_media": "no",
            "rtp_keepalive": "15",
            "callerid": f"<{caller}>",
            "from_user": "",
        },
    }
