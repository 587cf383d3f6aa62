"""SMS over any gateway that takes one message a request; its shape is a setting."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

from config.channels import SmsHttp
from notices.outcome import Notice, Outcome, code_of, later, refused, sent, unknown
from notices.posting import Answer, Broken, ask, new_session, of_status

_PLACE = re.compile(r"\{(to|text|key)\}")


class SmsGateway:
    """Sends to one mobile number."""

    name = "sms"

    def __init__(self, settings: SmsHttp, sign: str) -> None:
        self._settings = settings
        self._sign = sign
        self._session: aiohttp.ClientSession | None = None
        self.idempotent = settings.idempotent

    async def start(self) -> None:
        self._session = new_session()

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, notice: Notice) -> Outcome:
        assert self._session is not None  # noqa: S101 - started before it is used
        words = {"to": notice.to[0], "text": signed(self._sign, notice.text), "key": notice.once}
        filled = _fill(self._settings.body, words)
        headers = _fill(self._settings.headers, words)
        data: bytes | dict[str, str] = filled
        if self._settings.form == "json":
            data = msgspec.json.encode(filled)
            headers = {"Content-Type": "application/json; charset=utf-8"} | headers
        try:
            answer = await ask(
                self._session, "POST", self._settings.url, headers=headers, data=data
            )
        except Broken as broken:
            return broken.outcome
        return of_status(answer) or self._said(answer)

    def _said(self, answer: Answer) -> Outcome:
        settings = self._settings
        told = answer.json()
        reference = field_of(told, settings.reference_field)
        kept = code_of(reference) if isinstance(reference, str | int) else None
        if not settings.success_field:
            return sent(kept)
        value = field_of(told, settings.success_field)
        if value is None or isinstance(value, dict | list):
            return unknown("短信网关答复无法识别")
        word = str(value).lower() if isinstance(value, bool) else str(value)
        if word in settings.success_values:
            return sent(kept)
        sentence = f"（代码 {code_of(word)}）"
        if word in settings.later_values:
            return later(f"短信网关暂不受理{sentence}")
        return refused(f"短信网关拒绝发送{sentence}")


def signed(sign: str, text: str) -> str:
    """The text as a message: the sender's name stands before it."""
    return f"【{sign}】{text}" if sign else text


def field_of(told: object, path: str) -> Any:
    """A field of an answer, `a.b` within `a`; None when it is not there."""
    for name in path.split(".") if path else ():
        if not isinstance(told, dict):
            return None
        told = told.get(name)
    return told if path else None


def _fill(form: Mapping[str, str], words: Mapping[str, str]) -> dict[str, str]:
    return {
        name: _PLACE.sub(lambda found: words[found.group(1)], value) for name, value in form.items()
    }
