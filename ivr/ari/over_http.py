"""Requests over plain HTTP: each on a connection of its own, so one that waits for a channel
holds up nothing but itself."""

import asyncio
from typing import Any

import aiohttp
from yarl import URL

from .encoding import Query, authorization, encode_body, encode_query
from .errors import ConnectionLost, RequestTimeout
from .operations import Operation

# Asterisk drops a connection idle for 15 s (session_keep_alive); a request sent at that very
# moment would be lost, so let go well before.
_IDLE_LIMIT = 5.0


class Http:
    """Connections to the HTTP side of one Asterisk."""

    def __init__(self, url: str, username: str, password: str, connections: int) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": authorization(username, password)}
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self, operation: Operation[Any], path: str, query: Query | None, body: Any, timeout: float
    ) -> tuple[int, bytes]:
        """Status and body of the answer."""
        asked = encode_query(operation, query)
        url = URL(f"{self._url}/{path}{'?' if asked else ''}{asked}", encoded=True)
        data = None if body is None else encode_body(body)
        headers = None if body is None else {"Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(timeout),
                self._open_session().request(
                    operation.method, url, data=data, headers=headers
                ) as response,
            ):
                return response.status, await response.read()
        except TimeoutError:
            raise RequestTimeout(f"{operation!r}: no answer within {timeout:.1f} s") from None
        except (aiohttp.ClientError, OSError) as exc:
            raise ConnectionLost(f"{operation!r}: {type(exc).__name__}") from None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                connector=aiohttp.TCPConnector(
                    limit=self._connections, keepalive_timeout=_IDLE_LIMIT
                ),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
