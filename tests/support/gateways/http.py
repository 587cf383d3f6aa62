"""Far ends that speak HTTP: 钉钉's robots, 浙政钉, a gateway for SMS, a receiver of webhooks.

Each verifies a request as the real one does, written from its documentation and not with the
code under test; `taken` are the messages that people would see.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Any, Self

import msgspec
from aiohttp import web

from tests.support.gateways.faults import Faulty

HOUR_MS = 3600 * 1000


@dataclass
class Taken:
    """A message that was taken: to whom, what it says, and its key if it has one."""

    to: str
    text: str
    key: str = ""


class HttpGateway(Faulty):
    """Serves `handle` on a free port, and does wrong what `fault` says."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Taken] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.released.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def handle(self, request: web.Request) -> web.Response:
        raise NotImplementedError

    def exempt(self, request: web.Request) -> bool:
        """Whether this request is served whatever the fault."""
        return False

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.exempt(request):
            return await self.handle(request)
        self.asked += 1
        if self.fault == "break_before":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        answer = await self.handle(request)
        if self.fault == "break_after":
            assert request.transport is not None
            request.transport.abort()
        if self.fault == "stall":
            await self.released.wait()
        return answer


class DingTalkGroup(HttpGateway):
    """A robot of a group: access_token, timestamp and sign in the query, errors in the body."""

    def __init__(self, token: str, secret: str) -> None:
        super().__init__()
        self._token = token
        self._secret = secret

    async def handle(self, request: web.Request) -> web.Response:
        query = request.query
        if query.get("access_token") != self._token:
            return _json({"errcode": 300005, "errmsg": "token is not exist"})
        at = query.get("timestamp", "0")
        if abs(time.time() * 1000 - int(at)) > HOUR_MS:
            return _json({"errcode": 310000, "errmsg": "invalid timestamp"})
        said = hmac.new(self._secret.encode(), f"{at}\n{self._secret}".encode(), hashlib.sha256)
        if query.get("sign") != base64.b64encode(said.digest()).decode():
            return _json({"errcode": 310000, "errmsg": "sign not match"})
        if self.fault == "refuse":
            return _json({"errcode": 400013, "errmsg": "群已被解散"})
        if self.fault == "later":
            return _json({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"})
        body = msgspec.json.decode(await request.read())
        assert body["msgtype"] == "text"
        self.taken.append(Taken(self._token, body["text"]["content"]))
        return _json({"errcode": 0, "errmsg": "ok"})


class GovernmentDing(HttpGateway):
    """浙政钉: every request is signed by the application; a token lasts for a number of uses."""

    def __init__(self, app_key: str, app_secret: str, tenant_id: str) -> None:
        super().__init__()
        self._app_key = app_key
        self._app_secret = app_secret
        self._tenant_id = tenant_id
        self.tokens = 0
        self.refuse_token = False
        self.shown: list[Taken] = []
        """What people saw: the same text comes to the same person once a day."""

    def exempt(self, request: web.Request) -> bool:
        return request.path == "/gettoken.json"

    def forget_tokens(self) -> None:
        """All tokens handed out so far are worth nothing any more."""
        self.tokens += 1

    async def handle(self, request: web.Request) -> web.Response:
        params = dict(request.query) if request.method == "GET" else dict(await request.post())
        if not self._signed(request, {name: str(value) for name, value in params.items()}):
            return _json({"Code": "Forbidden.Signature", "Message": "signature wrong"}, 403)
        if request.path == "/gettoken.json":
            return self._token(params)
        assert request.method == "POST"
        assert request.path == "/message/workNotification"
        return self._work_notice({name: str(value) for name, value in params.items()})

    def _signed(self, request: web.Request, params: dict[str, str]) -> bool:
        headers = request.headers
        if headers.get("X-Hmac-Auth-Version") != "1.0" or headers.get("apiKey") != self._app_key:
            return False
        joined = "&".join(sorted(f"{name}={value}" for name, value in params.items()))
        lines = [
            request.method,
            headers["X-Hmac-Auth-Timestamp"],
            headers["X-Hmac-Auth-Nonce"],
            request.path,
            joined,
        ]
        said = hmac.new(self._app_secret.encode(), "\n".join(lines).encode(), hashlib.sha256)
        return headers["X-Hmac-Auth-Signature"] == base64.b64encode(said.digest()).decode()

    def _token(self, params: dict[str, Any]) -> web.Response:
        given = (params.get("appkey"), params.get("appsecret"))
        if self.refuse_token or given != (self._app_key, self._app_secret):
            return _json({"success": False, "content": {"success": False},
                          "bizErrorCode": "OPF-B001-05-16-0001"})  # fmt: skip
        self.tokens += 1
        data = {"accessToken": f"token-{self.tokens}", "expiresIn": 7200}
        return _json({"success": True, "content": {"success": True, "data": data}})

    def _work_notice(self, params: dict[str, str]) -> web.Response:
        if params["access_token"] != f"token-{self.tokens}":
            return _json({"success": False, "message": "access_token invalid"})
        assert params["tenantId"] == self._tenant_id
        if len(params["msg"].encode()) > 2048:
            return _json({"success": False, "bizErrorCode": "MSG-TOO-LONG", "message": "超长"})
        if self.fault == "refuse":
            return _json({"success": False, "bizErrorCode": "OPF-B001-05-12-0003",
                          "message": "接收人不存在"})  # fmt: skip
        if self.fault == "later":
            return _json({"Code": "Throttling", "Message": "slow down"}, 429)
        if any(taken.key == params["bizMsgId"] for taken in self.taken):
            return _json({"success": False, "message": "业务消息id重复"})
        text = msgspec.json.decode(params["msg"])["text"]["content"]
        for person in params["receiverIds"].split(","):
            new = Taken(person, text, params["bizMsgId"])
            self.taken.append(new)
            if not any((old.to, old.text) == (person, text) for old in self.shown):
                self.shown.append(new)
        return _json({"success": True, "content": {"success": True, "msgId": "m-1"}})


class SmsGate(HttpGateway):
    """A gateway as providers have them: JSON or a form, an API key, a code in the answer."""

    def __init__(self, api_key: str, form: str = "json") -> None:
        super().__init__()
        self._api_key = api_key
        self._form = form

    async def handle(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Api-Key") != self._api_key:
            return _json({"result": {"code": "E401"}})
        if self._form == "json":
            assert request.content_type == "application/json"
            body = msgspec.json.decode(await request.read())
        else:
            body = dict(await request.post())
        if self.fault == "refuse":
            # Gateways say the number back; it must not be kept.
            return _json({"result": {"code": "E102", "message": f"{body['mobile']} 号码错误"}})
        if self.fault == "later":
            return _json({"result": {"code": "E503"}})
        if not any(taken.key == body["sn"] for taken in self.taken):
            self.taken.append(Taken(body["mobile"], body["content"], body["sn"]))
        return _json({"result": {"code": "OK", "id": "a-1"}})


class HookReceiver(HttpGateway):
    """Another system: it verifies time and signature, and takes an Idempotency-Key once."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret
        self.keys: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        at = request.headers["X-Hotline-Timestamp"]
        if abs(time.time() * 1000 - int(at)) > 300_000:
            return _json({"error": "too old"}, 401)
        said = hmac.new(self._secret.encode(), at.encode() + b"." + body, hashlib.sha256)
        if request.headers["X-Hotline-Signature"] != f"sha256={said.hexdigest()}":
            return _json({"error": "signature"}, 401)
        if self.fault == "refuse":
            return _json({"error": "no such thing"}, 422)
        if self.fault == "later":
            return web.Response(status=503, headers={"Retry-After": "120"})
        key = request.headers["Idempotency-Key"]
        self.keys.append(key)
        if not any(taken.key == key for taken in self.taken):
            told = msgspec.json.decode(body)
            assert told["id"] == key
            self.taken.append(Taken("hook", told["text"], key))
        return web.Response(status=204)


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )
