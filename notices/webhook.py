"""Signed webhooks of other systems: HMAC-SHA256 over time and body; a key tells a repetition."""

from __future__ import annotations

import hashlib
import hmac

import aiohttp
import msgspec

from config.channels import Webhook
from db.clock import now_ms
from notices.outcome import Notice, Outcome, refused, sent
from notices.posting import Broken, ask, new_session, of_status


class Hooks:
    """Posts to the hook that the recipient's address names; it promises to take a key once."""

    name = "webhook"
    idempotent = True

    def __init__(self, settings: Webhook) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = new_session()

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, notice: Notice) -> Outcome:
        assert self._session is not None  # noqa: S101 - started before it is used
        hook = self._settings.hook(notice.to[0])
        if hook is None:
            return refused("设置中没有该接收地址")
        body = msgspec.json.encode(
            {
                "id": notice.once,
                "template": notice.template,
                "label": notice.label,
                "ticket_number": notice.number or None,
                "text": notice.text,
                "at_ms": notice.at_ms,
            }
        )
        at = str(now_ms())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": notice.once,
            "X-Hotline-Timestamp": at,
            "X-Hotline-Signature": "sha256=" + sign(hook.secret, at, body),
        }
        try:
            answer = await ask(self._session, "POST", hook.url, headers=headers, data=body)
        except Broken as broken:
            return broken.outcome
        return of_status(answer) or sent()


def sign(secret: str, at: str, body: bytes) -> str:
    """HMAC-SHA256 over `<milliseconds>.<body>`, in hexadecimal digits."""
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
