"""Requests to a far end over HTTP, and what each way of failing means."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from notices.outcome import Outcome, later, refused, unknown

CONNECT_S = 8.0
MOST_BYTES = 65_536
_OK = range(200, 300)
NOT_NOW = frozenset({408, 425, 429, 503})
"""The far end says that it did nothing, and that a later try may succeed."""
LONGEST_WAIT_S = 3600.0


class Broken(Exception):
    """No answer of use; `outcome` says what is known."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.error)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    wait_s: float

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


def new_session() -> aiohttp.ClientSession:
    """A client whose every request has a connection of its own.

    On a kept one the far end's hanging up looks as if the request had broken off.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
        headers={"User-Agent": "hotline-12345"},
    )


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    data: bytes | Mapping[str, str] | None = None,
) -> Answer:
    """Ask, and read the answer to its end, at most `MOST_BYTES`.

    Raises:
        Broken: with what is known of the message. No message of a library is passed on: it could
            hold the address, and with it a token or a number.
    """
    try:
        async with session.request(
            method, url, headers=headers, params=params, data=data, allow_redirects=False
        ) as answer:
            body = await answer.content.read(MOST_BYTES)
            return Answer(answer.status, body, _wait(answer.headers.get("Retry-After")))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise Broken(later("无法连接对方服务器")) from None
    except aiohttp.InvalidURL:
        raise Broken(refused("渠道地址设置有误")) from None
    except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError):
        raise Broken(unknown("连接中断，未收到答复")) from None


def of_status(answer: Answer) -> Outcome | None:
    """What the status alone says; None for a success."""
    if answer.status in _OK:
        return None
    if answer.status in NOT_NOW:
        return later(f"对方暂不受理（HTTP {answer.status}）", answer.wait_s)
    if answer.status >= 500:
        return unknown(f"对方服务器出错（HTTP {answer.status}）")
    return refused(f"对方拒绝（HTTP {answer.status}）")


def _wait(retry_after: str | None) -> float:
    if retry_after is None or not retry_after.isascii() or not retry_after.isdigit():
        return 0.0
    return min(float(retry_after), LONGEST_WAIT_S)
