"""Work notices of 浙政钉 (专有钉钉): an application's key signs each request, a token opens it.

The same application shows the same text to the same person once a day, so the ticket's number
and the second are in each text; `bizMsgId` is taken once.
"""

from __future__ import annotations

import asyncio
import base64
import bisect
import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import aiohttp
import msgspec

from config.channels import Zwding
from db.clock import now_ms
from notices import texts
from notices.outcome import Notice, Outcome, code_of, later, refused, sent, unknown
from notices.posting import Answer, Broken, ask, new_session, of_status

TOKEN_PATH = "/gettoken.json"  # noqa: S105 - a path
SEND_PATH = "/message/workNotification"
MOST_BYTES = 2048
"""Of `msg`, the JSON around the text included."""
MOST_RECEIVERS = 1000
EARLY_S = 60.0
"""A token is fetched anew so long before it ends."""
BEIJING = timezone(timedelta(hours=8))


class Zwd:
    """Sends to the accounts (accountId) that the recipient's address lists."""

    name = "zwding"
    idempotent = True

    def __init__(
        self,
        settings: Zwding,
        zone: tzinfo,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._zone = zone
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._token: tuple[str, float] | None = None
        self._fetching = asyncio.Lock()

    async def start(self) -> None:
        self._session = new_session()

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, notice: Notice) -> Outcome:
        if len(notice.to) > MOST_RECEIVERS:
            return refused(f"收件人超过{MOST_RECEIVERS}个")
        try:
            token = await self._get_token()
            answer = await self._ask("POST", SEND_PATH, {
                "access_token": token,
                "receiverIds": ",".join(notice.to),
                "tenantId": self._settings.tenant_id,
                "bizMsgId": notice.once,
                "msg": message(notice, self._zone),
            })  # fmt: skip
        except Broken as broken:
            return broken.outcome
        return self._said(answer)

    async def _get_token(self) -> str:
        """The token, fetched when there is none or it is about to end."""
        async with self._fetching:
            if self._token is not None and self._clock() < self._token[1]:
                return self._token[0]
            try:
                answer = await self._ask("GET", TOKEN_PATH, {
                    "appkey": self._settings.app_key, "appsecret": self._settings.app_secret,
                })  # fmt: skip
            except Broken as broken:
                # Whatever became of that request: no notice was sent with it.
                raise Broken(later(broken.outcome.error or "")) from None
            told = _content(answer.json())
            data = told.get("data") if isinstance(told, dict) else None
            if answer.status != 200 or not isinstance(data, dict) or not data.get("accessToken"):
                raise Broken(later(f"浙政钉未发放令牌（{_code(answer)}），请核对应用密钥", 60.0))
            lasts = data.get("expiresIn")
            seconds = float(lasts) if isinstance(lasts, int | float) else 7200.0
            self._token = (str(data["accessToken"]), self._clock() + max(seconds - EARLY_S, 1.0))
            return self._token[0]

    async def _ask(self, method: str, path: str, params: dict[str, str]) -> Answer:
        assert self._session is not None  # noqa: S101 - started before it is used
        settings = self._settings
        signed = headers(method, path, params, settings.app_key, settings.app_secret)
        url = settings.url.rstrip("/") + path
        if method == "GET":
            return await ask(self._session, method, url, params=params, headers=signed)
        return await ask(self._session, method, url, data=params, headers=signed)

    def _said(self, answer: Answer) -> Outcome:
        told = answer.json()
        if isinstance(told, dict) and told.get("success") is True:
            content = _content(told)
            message_id = content.get("msgId") if isinstance(content, dict) else content
            return sent(code_of(message_id) if message_id else None)
        said = str(told.get("message") or told.get("Message") or told.get("bizErrorMessage") or "") \
            if isinstance(told, dict) else ""  # fmt: skip
        if "重复" in said:
            return sent()  # an earlier try was taken, its answer lost
        if "token" in said.lower() or answer.status == 401:
            self._token = None
            return later("浙政钉令牌失效", 1.0)
        wrong = of_status(answer)
        if wrong is not None:
            return wrong
        if not isinstance(told, dict):
            return unknown("浙政钉答复无法识别")
        if "限流" in said or "频繁" in said or "Throttl" in str(told.get("Code", "")):
            return later("浙政钉接口限流", 60.0)
        return refused(f"浙政钉拒绝发送（{_code(answer)}）")


def message(notice: Notice, zone: tzinfo) -> str:
    """The `msg` of a text, at most `MOST_BYTES` of UTF-8; what is too long loses its end, and
    keeps the ticket's number and the time."""
    whole = _msg(texts.unlike(notice.text, notice.number, notice.at_ms, zone))
    if len(whole.encode()) <= MOST_BYTES:
        return whole
    tail = texts.unlike("", notice.number, notice.at_ms, zone)

    def too_long(most: int) -> bool:
        return len(_msg(texts.cut(notice.text, most) + tail).encode()) > MOST_BYTES

    # JSON writes some characters longer than they are, so the length is looked for.
    most = bisect.bisect_left(range(1, MOST_BYTES), True, key=too_long)
    return _msg(texts.cut(notice.text, most) + tail)


def _msg(text: str) -> str:
    return msgspec.json.encode({"msgtype": "text", "text": {"content": text}}).decode()


def headers(
    method: str, path: str, params: dict[str, str], app_key: str, app_secret: str
) -> dict[str, str]:
    """The signature of a request: HMAC-SHA256 over method, time, nonce, path and sorted
    parameters, a line each, in Base64."""
    at = datetime.fromtimestamp(now_ms() / 1000, UTC).astimezone(BEIJING)
    timestamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+08:00"
    nonce = f"{now_ms()}{secrets.randbelow(9000) + 1000}"
    signed = "\n".join((method, timestamp, nonce, path, joined(params)))
    digest = hmac.new(app_secret.encode(), signed.encode(), hashlib.sha256).digest()
    mac = f"{uuid.getnode():012x}"
    return {
        "X-Hmac-Auth-Timestamp": timestamp,
        "X-Hmac-Auth-Version": "1.0",
        "X-Hmac-Auth-Nonce": nonce,
        "apiKey": app_key,
        "X-Hmac-Auth-Signature": base64.b64encode(digest).decode(),
        "X-Hmac-Auth-IP": "127.0.0.1",
        "X-Hmac-Auth-MAC": ":".join(mac[at : at + 2] for at in range(0, 12, 2)),
    }


def joined(params: dict[str, str]) -> str:
    """Parameters as they are signed: sorted, not encoded."""
    return "&".join(sorted(f"{name}={value}" for name, value in params.items()))


def _content(told: object) -> Any:
    return told.get("content") if isinstance(told, dict) else None


def _code(answer: Answer) -> str:
    told = answer.json()
    if isinstance(told, dict):
        for name in ("bizErrorCode", "errorCode", "Code", "code"):
            if told.get(name):
                return f"错误代码 {code_of(told[name])}"
    return f"HTTP {answer.status}"
