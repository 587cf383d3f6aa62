"""As much of Asterisk's HTTP server as the console speaks to: ARI's push, ping, and /ws."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import WSMsgType, web

Key = tuple[str, str]


class FakeAsterisk:
    """Keeps what was pushed; its SIP socket hands frames to the test and back.

    `away` makes every answer a 503; `refuses` names a kind that is answered with 400.
    """

    def __init__(self) -> None:
        self.port = 0
        self.pushed: dict[Key, dict[str, str]] = {}
        self.asked: list[tuple[str, str]] = []
        self.away = False
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.sockets: list[web.WebSocketResponse] = []
        self.joined = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        base = "/ari/asterisk/config/dynamic/res_pjsip/{kind}/{name}"
        app.router.add_put(base, self._put)
        app.router.add_delete(base, self._delete)
        app.router.add_get("/ari/asterisk/ping", self._ping)
        app.router.add_get("/ws", self._ws)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        for socket in self.sockets:
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _check(self, request: web.Request) -> None:
        self.asked.append((request.method, request.path))
        if self.away:
            raise web.HTTPServiceUnavailable
        if not request.headers.get("Authorization", "").startswith("Basic "):
            raise web.HTTPUnauthorized

    async def _put(self, request: web.Request) -> web.Response:
        self._check(request)
        body: Any = await request.json()
        fields = {f["attribute"]: f["value"] for f in body["fields"]}
        self.pushed[request.match_info["kind"], request.match_info["name"]] = fields
        return web.json_response([])

    async def _delete(self, request: web.Request) -> web.Response:
        self._check(request)
        key = (request.match_info["kind"], request.match_info["name"])
        if self.pushed.pop(key, None) is None:
            raise web.HTTPNotFound
        return web.Response(status=204)

    async def _ping(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.json_response({"ping": "pong"})

    async def _ws(self, request: web.Request) -> web.WebSocketResponse:
        if self.away:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        self.sockets.append(socket)
        self.joined.set()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.heard.put_nowait(message.data)
        return socket
