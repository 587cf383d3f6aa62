"""Problem documents (RFC 9457): what a client hears when something can't be done.

`type` is a URN that code can branch on, `title` and `detail` are for the person in
front of the screen. Neither ever holds a trace, a number or a name.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

CONTENT_TYPE = "application/problem+json"
URN = "urn:hotline:problem:"

TITLES = {
    400: "请求有误",
    401: "请先登录",
    403: "没有权限",
    404: "没有找到",
    405: "不支持这种操作",
    409: "现在不能这样做",
    411: "缺少内容长度",
    413: "内容过大",
    415: "内容格式不对",
    416: "请求的片段不存在",
    417: "不支持的请求头",
    421: "地址不对",
    422: "内容不完整",
    426: "需要 WebSocket 连接",
    429: "操作过于频繁",
    500: "系统出错",
    503: "暂时不可用",
    504: "等待超时",
}


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field of what was sent."""

    field: str
    message: str


class ProblemDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The body of every answer that is not a success."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Problem(Exception):
    """Raised where something can't be done; the middleware turns it into a document.

    Args:
        status: HTTP status.
        detail: a Chinese sentence for the person; default is the title of the status.
        code: the last part of the URN; default is named after the status.
        errors: one entry a field.
        more: further members of the document (a 409's `current`).
        headers: further headers of the answer (`Retry-After`).
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        code: str = "",
        errors: tuple[FieldError, ...] = (),
        more: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        title = TITLES.get(status, HTTPStatus(status).phrase)
        super().__init__(f"{status} {code}")
        self.status = status
        self.detail = detail or title
        self.title = title
        self.code = code or HTTPStatus(status).phrase.lower().replace(" ", "-").replace("'", "")
        self.errors = errors
        self.more = more or {}
        self.headers = headers or {}

    def response(self) -> web.Response:
        """The answer that carries this problem."""
        document: dict[str, Any] = {
            "type": URN + self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = self.errors
        return web.Response(
            status=self.status,
            body=msgspec.json.encode(document | self.more),
            content_type=CONTENT_TYPE,
            headers=self.headers,
        )


def invalid(*errors: FieldError) -> Problem:
    """400: what was sent does not have the form it should have."""
    named = "、".join(error.field for error in errors)
    return Problem(400, f"请检查：{named}", code="invalid", errors=errors)


def not_found(what: str) -> Problem:
    return Problem(404, f"没有找到{what}", code="not-found")


def forbidden(detail: str, code: str = "forbidden") -> Problem:
    return Problem(403, detail, code=code)


def refused(detail: str, code: str = "refused") -> Problem:
    """409: the present state of things does not allow it; `detail` says why."""
    return Problem(409, detail, code=code)


def unavailable(detail: str, code: str = "unavailable") -> Problem:
    return Problem(503, detail, code=code, headers={"Retry-After": "5"})
