"""The way of the browser's telephone: `/sip` handed on to Asterisk's own WebSocket.

No browser reaches Asterisk's HTTP port. A connection belongs to one telephone
(`endpoint`) and ends with the session that opened it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

import aiohttp
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from agent_console.phones import http_address
from agent_console.problem import Problem, unavailable
from agent_console.sip_text import MAX_MESSAGE, NotAllowed, check
from config.model import Asterisk

log = logging.getLogger("hotline.console.sip")

PROTOCOL: Final = "sip"
CONNECT_S = 5.0
IDLE_S = 20 * 60.0
"""Twice the time after which a telephone registers again."""
PING_S = 25.0
"""A browser that is gone without a word is noticed within two of these."""
CLOSE_S = 2.0
SIGNED_OUT = 4401
"""Close code: the session is over."""

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


class SipWay:
    """Carries the SIP of browsers to Asterisk and back.

    Args:
        http: a client session; not closed here.
        asterisk: where its HTTP server is.
    """

    def __init__(self, http: aiohttp.ClientSession, asterisk: Asterisk) -> None:
        self._http = http
        self._url = f"ws://{http_address(asterisk)}/ws"
        self._open: dict[web.WebSocketResponse, str] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def carry(
        self, request: web.Request, endpoint: str, session_id: str
    ) -> web.WebSocketResponse:
        """Serve one browser until either side ends.

        Raises:
            Problem: 426 not a WebSocket of subprotocol sip, 503 Asterisk is away.
        """
        browser = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            heartbeat=PING_S,
            max_msg_size=MAX_MESSAGE,
            compress=False,
            timeout=CLOSE_S,
        )
        if not browser.can_prepare(request).ok or not _offers_sip(request):
            raise Problem(
                426, "请使用 WebSocket 连接，子协议为 sip", code="websocket-needed",
                headers={"Upgrade": "websocket"},
            )  # fmt: skip
        async with contextlib.AsyncExitStack() as stack:
            asterisk = await self._reach()
            stack.push_async_callback(asterisk.close)
            await browser.prepare(request)
            self._open[browser] = session_id
            stack.callback(self._open.pop, browser, None)
            await _join(browser, asterisk, endpoint)
        return browser

    async def end_session(self, session_id: str) -> None:
        """Close what this session opened."""
        await self._close_all(
            [b for b, owner in self._open.items() if owner == session_id], SIGNED_OUT, b"signed out"
        )

    async def stop(self) -> None:
        """The console goes down: the browsers connect again when it is back."""
        await self._close_all(list(self._open), WSCloseCode.GOING_AWAY, b"restarting")

    def sessions(self) -> set[str]:
        """Whose telephones are connected."""
        return set(self._open.values())

    async def _close_all(
        self, browsers: list[web.WebSocketResponse], code: int, message: bytes
    ) -> None:
        await asyncio.gather(*(b.close(code=code, message=message) for b in browsers))

    async def _reach(self) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(CONNECT_S):
                return await self._http.ws_connect(
                    self._url,
                    protocols=(PROTOCOL,),
                    max_msg_size=MAX_MESSAGE,
                    autoping=True,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("Asterisk's telephone socket did not answer: %s", type(error).__name__)
            raise unavailable("话务平台暂时无法连接，请稍后再试", "asterisk-away") from None


def _offers_sip(request: web.Request) -> bool:
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    return PROTOCOL in [name.strip() for name in offered.split(",")]


async def _join(
    browser: web.WebSocketResponse, asterisk: aiohttp.ClientWebSocketResponse, endpoint: str
) -> None:
    """Both directions until one of them ends, then close both."""
    directions = [
        asyncio.create_task(_from_browser(browser, asterisk, endpoint), name="sip-up"),
        asyncio.create_task(_from_asterisk(asterisk, browser), name="sip-down"),
    ]
    try:
        done, _ = await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        code, reason = next(iter(done)).result()
    finally:
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
    await browser.close(code=code, message=reason.encode())


async def _from_browser(
    browser: web.WebSocketResponse, asterisk: aiohttp.ClientWebSocketResponse, endpoint: str
) -> tuple[int, str]:
    while True:
        message = await _receive(browser)
        if message is None:
            return WSCloseCode.GOING_AWAY, "idle for too long"
        if message.type is WSMsgType.TEXT:
            text: str = message.data
            try:
                check(text, endpoint)
            except NotAllowed as refusal:
                log.warning("a message of %s was refused: %s", endpoint, refusal.reason)
                return WSCloseCode.POLICY_VIOLATION, refusal.reason
            if not await _send(asterisk, text):
                return WSCloseCode.TRY_AGAIN_LATER, "the telephone system is away"
        elif message.type is WSMsgType.BINARY:
            return WSCloseCode.UNSUPPORTED_DATA, "text frames only"
        else:
            return WSCloseCode.OK, "closed"


async def _from_asterisk(
    asterisk: aiohttp.ClientWebSocketResponse, browser: web.WebSocketResponse
) -> tuple[int, str]:
    while True:
        message = await asterisk.receive()
        if message.type is WSMsgType.TEXT:
            sent = await _send(browser, message.data)
        elif message.type is WSMsgType.BINARY:
            sent = await _send(browser, message.data.decode("utf-8", "replace"))
        else:
            return WSCloseCode.TRY_AGAIN_LATER, "the telephone system is away"
        if not sent:
            return WSCloseCode.OK, "closed"


async def _receive(browser: web.WebSocketResponse) -> WSMessage | None:
    try:
        return await browser.receive(timeout=IDLE_S)
    except TimeoutError:
        return None


async def _send(socket: Socket, text: str) -> bool:
    """Send and wait until there is room; False when the other side is gone."""
    try:
        await socket.send_str(text)
    except (ConnectionError, RuntimeError):
        return False
    return True
