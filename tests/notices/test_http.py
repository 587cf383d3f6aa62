"""What is particular to each far end that speaks HTTP, and to mail."""

from __future__ import annotations

import zoneinfo
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from aiohttp import web

from notices import zwding
from notices.dingtalk import DingTalkRobot
from notices.email import Mail
from notices.outcome import Channel, Notice, code_of
from notices.sms_http import SmsGateway, field_of
from notices.webhook import Hooks
from notices.zwding import Zwd
from tests.notices import places
from tests.notices.places import notice, notices_with
from tests.support.gateways.http import DingTalkGroup, GovernmentDing, HttpGateway, SmsGate
from tests.support.gateways.mail import MailServer

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")


@asynccontextmanager
async def started(channel: Channel) -> AsyncIterator[Channel]:
    await channel.start()
    try:
        yield channel
    finally:
        await channel.stop()


class Fixed(HttpGateway):
    """Answers as it is told."""

    def __init__(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__()
        self._answer = (status, body, headers)

    async def handle(self, request: web.Request) -> web.Response:
        await request.read()
        status, body, headers = self._answer
        return web.Response(status=status, body=body, headers=headers)


# --- 钉钉 ---


def robots(url: str) -> DingTalkRobot:
    return DingTalkRobot(notices_with(**places.dingtalk(url)).dingtalk)


async def test_given_a_wrong_secret_then_the_robot_s_own_error_is_told() -> None:
    async with (
        DingTalkGroup("token-group", "another") as server,
        started(robots(server.url)) as channel,
    ):
        outcome = await channel.send(notice(to=("group",)))
    assert (outcome.kind, server.taken) == ("refused", [])
    assert outcome.error == "钉钉机器人安全设置不符，请核对加签密钥和服务器时间"


async def test_given_a_robot_that_is_not_set_then_nothing_is_asked() -> None:
    async with (
        DingTalkGroup("token-group", "SECmade-up") as server,
        started(robots(server.url)) as channel,
    ):
        outcome = await channel.send(notice(to=("nobody",)))
        assert (outcome.kind, server.asked) == ("refused", 0)


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b'{"errcode":-1,"errmsg":"x"}', "later", "钉钉系统繁忙"),
        (b'{"errcode":130101}', "later", "钉钉机器人发送过于频繁"),
        (b'{"errcode":999999,"errmsg":"13800007777"}', "refused", "钉钉拒绝发送（错误代码 999999）"),
        (
            b'{"errcode":"13800007777"}', "refused", "钉钉拒绝发送（错误代码 无法识别的代码）"
        ),
        (b"<html>", "unknown", "钉钉答复无法识别"),
        (b"[]", "unknown", "钉钉答复无法识别"),
    ],
)  # fmt: skip
async def test_each_answer_of_a_robot(body: bytes, kind: str, error: str) -> None:
    async with Fixed(200, body) as server, started(robots(server.url)) as channel:
        outcome = await channel.send(notice(to=("group",)))
    assert (outcome.kind, outcome.error) == (kind, error)
    if kind == "later":
        assert outcome.wait_s >= 60


# --- any far end ---


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "later"), (503, "later"), (400, "refused"), (404, "refused"), (302, "refused"),
     (500, "unknown"), (502, "unknown"), (504, "unknown")],
)  # fmt: skip
async def test_each_status(status: int, kind: str) -> None:
    async with (
        Fixed(status, headers={"Retry-After": "90", "Location": "/other"}) as server,
        started(Hooks(notices_with(**places.webhook(server.url)).webhook)) as channel,
    ):
        outcome = await channel.send(notice(to=("platform",)))
    assert outcome.kind == kind
    assert server.asked == 1
    if kind == "later":
        assert outcome.wait_s == 90


@pytest.mark.parametrize(("wait", "wanted"), [("soon", 0), ("-5", 0), ("999999", 3600), ("7", 7)])
async def test_a_wait_is_taken_within_reason(wait: str, wanted: float) -> None:
    async with (
        Fixed(503, headers={"Retry-After": wait}) as server,
        started(Hooks(notices_with(**places.webhook(server.url)).webhook)) as channel,
    ):
        outcome = await channel.send(notice(to=("platform",)))
    assert outcome.wait_s == wanted


# --- 浙政钉 ---


def government(url: str, **more: Any) -> Zwd:
    return Zwd(replace(notices_with(**places.zwding(url)).zwding, **more), ZONE)


async def test_one_token_serves_many_notices_and_a_lost_one_is_fetched_anew() -> None:
    async with (
        GovernmentDing("key-1", "made-up", "t1") as server,
        started(government(server.url)) as channel,
    ):
        for at in range(3):
            one = replace(notice(to=("acc-1",)), key=f"k{at}")
            assert (await channel.send(one)).kind == "sent"
        assert server.tokens == 1
        server.forget_tokens()
        four = replace(notice(to=("acc-1",)), key="k4")
        assert (await channel.send(four)).kind == "later"
        assert (await channel.send(four)).kind == "sent"
        assert server.tokens == 3


async def test_given_a_token_that_ends_then_it_is_fetched_before_that() -> None:
    now = [0.0]
    async with GovernmentDing("key-1", "made-up", "t1") as server:
        settings = notices_with(**places.zwding(server.url)).zwding
        async with started(Zwd(settings, ZONE, clock=lambda: now[0])) as channel:
            await channel.send(replace(notice(to=("acc-1",)), key="a"))
            now[0] = 7200 - 61.0
            await channel.send(replace(notice(to=("acc-1",)), key="b"))
            assert server.tokens == 1
            now[0] = 7200 - 59.0
            await channel.send(replace(notice(to=("acc-1",)), key="c"))
            assert server.tokens == 2


async def test_given_a_wrong_app_secret_then_nothing_is_sent_and_it_is_tried_later() -> None:
    async with (
        GovernmentDing("key-1", "made-up", "t1") as server,
        started(government(server.url, app_secret="wrong")) as channel,
    ):
        outcome = await channel.send(notice(to=("acc-1",)))
    assert (outcome.kind, server.taken) == ("later", [])
    assert outcome.error
    assert "未发放令牌" in outcome.error


async def test_given_the_same_notice_twice_then_it_is_taken_once_and_stands_as_sent() -> None:
    async with (
        GovernmentDing("key-1", "made-up", "t1") as server,
        started(government(server.url)) as channel,
    ):
        assert (await channel.send(notice(to=("acc-1",)))).kind == "sent"
        assert (await channel.send(notice(to=("acc-1",)))).kind == "sent"
    assert len(server.taken) == 1


async def test_given_two_notices_of_the_same_words_then_people_see_both() -> None:
    async with (
        GovernmentDing("key-1", "made-up", "t1") as server,
        started(government(server.url)) as channel,
    ):
        one = notice(to=("acc-1",))
        two = replace(one, key="k2", at_ms=one.at_ms + 60_000)
        assert (await channel.send(one)).kind == (await channel.send(two)).kind == "sent"
    assert len(server.shown) == 2


@pytest.mark.parametrize("text", ["字" * 3000, '"' * 3000, "\n" * 3000, "𠮷" * 800, "短"])
def test_a_message_has_at_most_2048_bytes_and_keeps_its_number(text: str) -> None:
    made = zwding.message(notice(text), ZONE)
    assert len(made.encode()) <= 2048
    content = msgspec.json.decode(made)["text"]["content"]
    assert places.TICKET_NUMBER in content
    assert content.startswith(text[:5])


# --- SMS over HTTP ---


async def test_the_text_carries_the_sender_s_name_and_the_key_is_the_same_each_time() -> None:
    async with SmsGate("made-up") as server:
        sms = notices_with(**places.sms_http(server.url)).sms
        async with started(SmsGateway(sms.http, sms.sign)) as channel:
            outcome = await channel.send(notice("您的诉求已受理。{to}"))
            await channel.send(notice("您的诉求已受理。{to}"))
        (taken,) = server.taken
    assert taken.text == "【12345热线】您的诉求已受理。{to}"
    assert (taken.to, outcome.reference) == (places.REPORTER, "a-1")


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"", "unknown"), (b"{}", "unknown"), (b'{"result":[]}', "unknown"),
     (b'{"result":{"code":{}}}', "unknown"), (b'{"result":{"code":true}}', "refused")],
)  # fmt: skip
async def test_each_answer_of_a_gateway(body: bytes, kind: str) -> None:
    async with Fixed(200, body) as server:
        sms = notices_with(**places.sms_http(server.url)).sms
        async with started(SmsGateway(sms.http, sms.sign)) as channel:
            assert (await channel.send(notice())).kind == kind


async def test_given_no_field_of_success_then_a_2xx_is_one() -> None:
    async with Fixed(202, b"queued") as server:
        sms = notices_with(**places.sms_http(server.url)).sms
        http = replace(sms.http, success_field="", reference_field="")
        async with started(SmsGateway(http, sms.sign)) as channel:
            assert (await channel.send(notice())).kind == "sent"


def test_fields_within_fields() -> None:
    told = {"a": {"b": 1}, "c": "x"}
    assert [field_of(told, path) for path in ("a.b", "c", "c.d", "", "z")] == [
        1,
        "x",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("value", ["13800007777", "x" * 41, "号码", "a b", "", {"a": 1}])
def test_what_could_be_a_number_or_a_sentence_is_no_code(value: object) -> None:
    assert code_of(value) == "无法识别的代码"


# --- mail ---


async def test_a_mail_says_what_it_is_and_has_the_same_id_each_time() -> None:
    async with MailServer("hotline", "made-up") as server:
        settings = notices_with(**places.email(server.port)).email
        channel = Mail(settings, 20.0, server.context)
        one = notice(to=("a@example.cn", "b@example.cn"))
        assert (await channel.send(one)).kind == "sent"
        assert (await channel.send(one)).kind == "sent"
        first, second = server.taken
    assert first["Subject"] == "工单通知：派单 20261122-00001"
    assert first.get_content().strip() == one.text
    assert (first["From"], first["To"]) == ("12345@example.cn", "a@example.cn, b@example.cn")
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert server.to[0] == ["a@example.cn", "b@example.cn"]


@pytest.mark.parametrize(
    ("own", "error"),
    [
        ({"password": "wrong"}, "邮件服务器登录被拒（535）"),
        ({"security": "none", "login": ""}, "邮件服务器不接受发件人（530）"),
    ],
)
async def test_given_wrong_settings_then_nothing_is_sent(own: dict[str, Any], error: str) -> None:
    async with MailServer("hotline", "made-up") as server:
        settings = replace(notices_with(**places.email(server.port)).email, **own)
        outcome = await Mail(settings, 20.0, server.context).send(notice(to=("a@example.cn",)))
    assert (outcome.error, server.taken) == (error, [])


async def test_given_a_certificate_nobody_vouches_for_then_no_password_is_sent() -> None:
    async with MailServer("hotline", "made-up") as server:
        settings = notices_with(**places.email(server.port)).email
        outcome = await Mail(settings, 20.0).send(notice(to=("a@example.cn",)))
    assert (outcome.kind, outcome.error) == ("later", "邮件服务器证书核对未通过")
    assert server.asked == 0


async def test_given_the_line_breaks_before_the_mail_then_it_is_tried_later() -> None:
    async with MailServer("hotline", "made-up") as server:
        server.fault = "break_before"
        settings = notices_with(**places.email(server.port)).email
        outcome = await Mail(settings, 20.0, server.context).send(notice(to=("a@example.cn",)))
    assert (outcome.kind, server.taken) == ("later", [])


async def test_given_one_of_two_recipients_is_refused_then_none_gets_it() -> None:
    class Picky(MailServer):
        async def handle_RCPT(self, *given: Any) -> str:  # noqa: N802 - its name
            if given[3].startswith("b@"):
                return "550 no such mailbox"
            return await super().handle_RCPT(*given)

    async with Picky("hotline", "made-up") as server:
        settings = notices_with(**places.email(server.port)).email
        one: Notice = notice(to=("a@example.cn", "b@example.cn"))
        outcome = await Mail(settings, 20.0, server.context).send(one)
    assert (outcome.kind, outcome.error) == ("refused", "邮件服务器不接受收件人（550）")
    assert server.taken == []
