"""Asterisk's side of ARI, small and obedient: a real server on a real socket that refuses,
stalls, breaks off and reorders as a test wants it."""

import asyncio
import base64
import contextlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web


@dataclass
class Asked:
    """A request that has come, over either road."""

    road: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    request_id: str = ""


@dataclass
class Answer:
    status: int = 204
    body: Any = None
    reason: str = "Reason"


Handler = Callable[[Asked], Answer | None]


def answer_all(_asked: Asked) -> Answer:
    return Answer()


class FakeAsterisk:
    def __init__(self) -> None:
        self.handler: Handler = answer_all
        """What is answered; None stalls. ``reply`` can answer later."""
        self.refusals: deque[int] = deque()
        """Statuses with which the next handshakes are refused."""
        self.deaf = False
        """Reads and answers nothing at all, pings neither."""
        self.asked: list[Asked] = []
        self.handshakes: list[web.Request] = []
        self.sockets: list[web.WebSocketResponse] = []
        self._arrivals: asyncio.Queue[Asked] = asyncio.Queue()
        self._connections: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self._release_http = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ari"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/ari/events", self._serve_socket)
        app.router.add_route("*", "/ari/{path:.*}", self._serve_http)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self._release_http.set()
        self.break_off()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # --- what the test does ---

    async def next_asked(self) -> Asked:
        return await self._arrivals.get()

    async def next_connection(self) -> web.WebSocketResponse:
        return await self._connections.get()

    async def send(self, event: dict[str, Any]) -> None:
        await self.send_text(json.dumps(event))

    async def send_text(self, text: str) -> None:
        await self.sockets[-1].send_str(text)

    async def reply(self, asked: Asked, answer: Answer) -> None:
        message: dict[str, Any] = {
            "type": "RESTResponse",
            "transaction_id": "",
            "request_id": asked.request_id,
            "status_code": answer.status,
            "reason_phrase": answer.reason,
            "uri": asked.path,
            "application": "test",
        }
        if answer.body is not None:
            message["content_type"] = "application/json"
            message["message_body"] = json.dumps(answer.body)
        await self.send(message)

    def write_raw(self, data: bytes) -> None:
        transport = self.handshakes[-1].transport
        assert transport is not None
        transport.write(data)

    def break_off(self) -> None:
        """Drop every WebSocket without a word."""
        for request in self.handshakes:
            if isinstance(request.transport, asyncio.Transport):
                request.transport.abort()

    async def say_good_bye(self) -> None:
        await self.sockets[-1].close()

    def drop_http(self) -> None:
        """Break every HTTP request that stalls."""
        self._release_http.set()

    # --- serving ---

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        if self.refusals:
            return web.Response(status=self.refusals.popleft())
        socket = web.WebSocketResponse(autoping=not self.deaf)
        await socket.prepare(request)
        self.handshakes.append(request)
        self.sockets.append(socket)
        self._connections.put_nowait(socket)
        with contextlib.suppress(ConnectionError):
            async for message in socket:
                if message.type is WSMsgType.TEXT and not self.deaf:
                    await self._take(json.loads(message.data))
        return socket

    async def _take(self, message: dict[str, Any]) -> None:
        assert message["type"] == "RESTRequest"
        body = message.get("message_body")
        asked = Asked(
            "websocket",
            message["method"],
            message["uri"],
            {pair["name"]: pair["value"] for pair in message.get("query_strings", [])},
            None if body is None else json.loads(body),
            message["request_id"],
        )
        answer = self._note(asked)
        if answer is not None:
            await self.reply(asked, answer)

    async def _serve_http(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        asked = Asked(
            "http",
            request.method,
            request.raw_path.removeprefix("/ari/").partition("?")[0],
            dict(request.query),
            json.loads(body) if body else None,
        )
        answer = self._note(asked)
        if answer is None:
            await self._release_http.wait()
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        if answer.body is None:
            return web.Response(status=answer.status)
        return web.json_response(answer.body, status=answer.status)

    def _note(self, asked: Asked) -> Answer | None:
        self.asked.append(asked)
        self._arrivals.put_nowait(asked)
        return self.handler(asked)


def credentials(request: web.Request) -> str:
    kind, _, encoded = request.headers["Authorization"].partition(" ")
    assert kind == "Basic"
    return base64.b64decode(encoded).decode()
