"""Robots of 钉钉 groups: each message is signed (加签); 20 a minute, kept by `notices.pace`."""

from __future__ import annotations

import base64
import hashlib
import hmac

import aiohttp
import msgspec

from config.channels import DingTalk
from db.clock import now_ms
from notices.outcome import Notice, Outcome, code_of, later, refused, sent, unknown
from notices.posting import Broken, ask, new_session, of_status

TOO_FAST_S = 600.0
"""A robot that was asked too often is silent for ten minutes."""
RETRY_S = 61.0
"""`notices.pace` counts a row once, so its next try must lie in another minute."""

_LATER = {
    "-1": ("钉钉系统繁忙", RETRY_S),
    "130101": ("钉钉机器人发送过于频繁", TOO_FAST_S),
    "410100": ("钉钉机器人发送过于频繁", TOO_FAST_S),
    "90018": ("钉钉接口调用过于频繁", RETRY_S),
}
_REFUSED = {
    "310000": "钉钉机器人安全设置不符，请核对加签密钥和服务器时间",
    "300001": "钉钉机器人令牌不存在",
    "300005": "钉钉机器人令牌不存在",
    "400101": "钉钉机器人令牌不存在",
    "400102": "钉钉机器人已停用",
    "400013": "钉钉群已解散",
    "400105": "钉钉机器人不支持的消息类型",
    "400106": "钉钉机器人不存在",
    "430101": "消息中含不安全的链接",
    "430102": "消息中含不合适的文本",
    "430103": "消息中含不合适的图片",
    "430104": "消息内容不合适",
}


class DingTalkRobot:
    """Sends to the robot that the recipient's address names."""

    name = "dingtalk"
    idempotent = False

    def __init__(self, settings: DingTalk) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = new_session()

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, notice: Notice) -> Outcome:
        assert self._session is not None  # noqa: S101 - started before it is used
        robot = self._settings.robot(notice.to[0])
        if robot is None:
            return refused("设置中没有该钉钉机器人")
        at = str(now_ms())
        params = {"access_token": robot.token, "timestamp": at, "sign": sign(robot.secret, at)}
        body = {"msgtype": "text", "text": {"content": notice.text}}
        try:
            answer = await ask(
                self._session, "POST", self._settings.url, params=params,
                headers={"Content-Type": "application/json; charset=utf-8"},
                data=msgspec.json.encode(body),
            )  # fmt: skip
        except Broken as broken:
            return _slowly(broken.outcome)
        wrong = of_status(answer)
        return _slowly(wrong) if wrong else _said(answer.json())


def sign(secret: str, at: str) -> str:
    """Base64 of HMAC-SHA256 over `timestamp\\nsecret` under the secret; not yet URL-encoded."""
    digest = hmac.new(secret.encode(), f"{at}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _said(told: object) -> Outcome:
    if not isinstance(told, dict) or "errcode" not in told:
        return unknown("钉钉答复无法识别")
    code = str(told["errcode"])
    if code == "0":
        return sent()
    if code in _LATER:
        return later(*_LATER[code])
    return refused(_REFUSED.get(code, f"钉钉拒绝发送（错误代码 {code_of(code)}）"))


def _slowly(outcome: Outcome) -> Outcome:
    if outcome.kind == "later":
        return later(outcome.error or "", max(outcome.wait_s, RETRY_S))
    return outcome
