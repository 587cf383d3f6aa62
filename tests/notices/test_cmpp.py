"""CMPP 2.0 against a gateway that holds to the specification, and one that does not."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import Database
from notices import cmpp as channel_module
from notices import cmpp_pdu, cmpp_text, rows
from notices.cmpp import CmppSms
from notices.cmpp_link import Link, NoLine
from notices.cmpp_pdu import Malformed, Report, Submit
from notices.outcome import Outcome, sent
from tests.notices import places
from tests.notices.places import REPORTER, all_rows, cmpp_of, notice, put, row_when, working
from tests.support.gateways.cmpp import CmppGateway

SIGN = "12345热线"


@asynccontextmanager
async def gateway() -> AsyncIterator[CmppGateway]:
    async with CmppGateway("901234", "made-up") as server:
        yield server


class Reports:
    """Takes delivery reports; what it answers can be scripted."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.answers: list[bool | None] = []

    async def __call__(self, message_id: str, error: str) -> bool | None:
        self.told.append((message_id, error))
        return self.answers.pop(0) if self.answers else True


@asynccontextmanager
async def sms(
    server: CmppGateway, reports: Reports | None = None, **more: Any
) -> AsyncIterator[CmppSms]:
    made = CmppSms(cmpp_of(server.port, **more), SIGN, reports or Reports())
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def until(condition: Callable[[], Any], what: str = "it") -> None:
    try:
        async with asyncio.timeout(places.LIMIT_S):
            while not condition():  # noqa: ASYNC110 - what is waited for lies in the gateway
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that went is opened again without a wait, a report looked for as quickly."""
    monkeypatch.setattr(channel_module, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(channel_module, "RACE_WAIT_S", 0.01)


# --- signing in ---


async def test_given_the_right_secret_then_one_line_carries_all_messages() -> None:
    async with gateway() as server, sms(server) as channel:
        for _ in range(3):
            assert (await channel.send(notice())).kind == "sent"
        assert (server.signed_in, len(server.taken)) == (1, 3)
    assert server.terminated == 1, "the line ends with TERMINATE"


@pytest.mark.parametrize(
    ("own", "error"),
    [
        ({"secret": "wrong"}, "短信网关拒绝登录（认证未通过）"),
        ({"source_addr": "000000"}, "短信网关拒绝登录（企业代码不正确）"),
    ],
)
async def test_given_it_is_refused_then_the_notice_waits_and_says_why(
    own: dict[str, Any], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "LINE_S", 0.01)
    async with gateway() as server:
        channel = CmppSms(replace(cmpp_of(server.port), **own), SIGN, Reports())
        await channel.start()
        await until(lambda: "拒绝" in channel._why, "the refusal")
        outcome = await channel.send(notice())
        await channel.stop()
    assert (outcome.kind, outcome.error) == ("later", error)
    assert server.taken == []


async def test_given_a_gateway_that_does_not_know_the_secret_then_nothing_is_sent_to_it() -> None:
    async with gateway() as server:
        server.liar = True
        with pytest.raises(NoLine, match="身份核对未通过"):
            await Link.open(cmpp_of(server.port), _kept)


async def _kept(_: Report) -> bool:
    return True


async def test_given_a_gateway_that_hangs_up_at_connect_then_there_is_no_line() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(39)
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NoLine, match="未答复登录"):
        await Link.open(cmpp_of(port), _kept)
    server.close()
    await server.wait_closed()


# --- messages ---


async def test_given_a_short_text_then_one_message_lies_on_the_wire_as_the_book_has_it() -> None:
    async with gateway() as server, sms(server) as channel:
        outcome = await channel.send(notice("您的诉求已受理。"))
        (message,) = server.taken
    assert message.text == "【12345热线】您的诉求已受理。"
    assert (message.to, message.src_id, message.source) == (REPORTER, "1069012345", "901234")
    assert (message.service_id, message.fmt, message.report, message.udhi) == ("hotline", 8, 1, 0)
    assert (message.total, message.number) == (1, 1)
    assert outcome == sent(message.id.hex())


async def test_given_a_long_text_then_its_parts_are_joined_by_their_headers() -> None:
    text = "第" * 200
    async with gateway() as server, sms(server) as channel:
        outcome = await channel.send(notice(text))
        parts = server.taken
    assert "".join(part.text for part in parts) == f"【12345热线】{text}"
    assert [(part.total, part.number, part.udhi) for part in parts] == [
        (4, number, 1) for number in (1, 2, 3, 4)
    ]
    assert {part.content[:3] for part in parts} == {b"\x05\x00\x03"}
    assert len({part.content[3] for part in parts}) == 1
    assert [(part.content[4], part.content[5]) for part in parts] == [(4, n) for n in (1, 2, 3, 4)]
    # The last part's report stands for all.
    assert [part.report for part in parts] == [0, 0, 0, 1]
    assert outcome.reference == parts[-1].id.hex()


async def test_given_a_text_beyond_ten_parts_then_it_is_refused_before_it_is_sent() -> None:
    async with gateway() as server, sms(server) as channel:
        outcome = await channel.send(notice("长" * 700))
        assert (outcome.kind, server.asked) == ("refused", 0)


@given(
    st.text(st.characters(codec="utf-8"), max_size=600),
    st.integers(0, 1000),
)
def test_parts_are_whole_characters_and_give_the_text_back(text: str, reference: int) -> None:
    raw = text.encode("utf-16-be")
    if len(raw) > cmpp_text.PART * cmpp_text.MOST_PARTS - 40:
        return
    made = cmpp_text.parts(text, reference)
    assert all(len(part) <= cmpp_text.ONE for part in made)
    bodies = made if len(made) == 1 else [part[6:] for part in made]
    assert "".join(body.decode("utf-16-be") for body in bodies) == text
    if len(made) > 1:
        assert [tuple(part[:6]) for part in made] == [
            (5, 0, 3, reference % 256, len(made), number + 1) for number in range(len(made))
        ]


@pytest.mark.parametrize(
    ("result", "kind", "error"),
    [
        (1, "refused", "短信网关拒绝发送（消息结构错误）"),
        (6, "refused", "短信网关拒绝发送（超过最大信息长度）"),
        (8, "later", "短信网关流量控制"),
        (77, "refused", "短信网关拒绝发送（代码 77）"),
    ],
)
async def test_each_result_of_submit(result: int, kind: str, error: str) -> None:
    async with gateway() as server, sms(server) as channel:
        server.results = [result]
        outcome = await channel.send(notice())
    assert (outcome.kind, outcome.error) == (kind, error)


@pytest.mark.parametrize("result", [8, 7])
async def test_given_a_later_part_is_refused_then_the_text_is_not_begun_again(result: int) -> None:
    async with gateway() as server, sms(server) as channel:
        server.results = [0, result]
        outcome = await channel.send(notice("第" * 100))
    assert outcome.kind == "refused"
    assert outcome.error
    assert outcome.error.startswith("长短信只发出一部分")


# --- the window ---


async def test_given_a_window_then_no_more_messages_are_under_way_than_it_has() -> None:
    async with gateway() as server, sms(server, window=3) as channel:
        server.holding = True
        sending = [asyncio.create_task(channel.send(notice())) for _ in range(7)]
        await until(lambda: len(server.taken) == 3, "the window to be full")
        await asyncio.sleep(0)
        assert server.most_open == 3
        server.answer_all()
        outcomes = await asyncio.gather(*sending)
    assert {outcome.kind for outcome in outcomes} == {"sent"}
    assert len({outcome.reference for outcome in outcomes}) == 7


# --- a line that goes ---


async def test_given_the_line_is_cut_then_it_is_opened_again_and_the_next_one_goes() -> None:
    async with gateway() as server, sms(server) as channel:
        assert (await channel.send(notice())).kind == "sent"
        server.cut()
        await until(lambda: server.signed_in == 2, "a second line")
        assert (await channel.send(notice())).kind == "sent"


async def test_given_the_gateway_is_gone_for_a_while_then_the_line_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with gateway() as server, sms(server) as channel:
        assert (await channel.send(notice())).kind == "sent"
        await server.close()
        await until(lambda: not channel.up, "the line to be gone")
        with monkeypatch.context() as short:
            short.setattr(channel_module, "LINE_S", 0.01)
            assert (await channel.send(notice())).kind == "later"
        await server.open()
        await until(lambda: server.signed_in == 2, "a second line")
        assert (await channel.send(notice())).kind == "sent"


@pytest.mark.parametrize("fault", ["break_before", "break_after", "stall"])
async def test_given_no_answer_then_nobody_can_say(fault: Any) -> None:
    limit_s = 0.5 if fault == "stall" else 10.0
    async with gateway() as server, sms(server, answer_s=limit_s) as channel:
        server.fault = fault
        await until(lambda: channel.up, "the line")
        outcome = await channel.send(notice())
        assert (outcome.kind, outcome.error) == ("unknown", "短信网关未答复")


async def test_given_bytes_that_are_no_message_then_the_line_is_left_for_a_new_one() -> None:
    async with gateway() as server, sms(server) as channel:
        assert (await channel.send(notice())).kind == "sent"
        await server.send_garbage()
        await until(lambda: server.signed_in == 2, "a second line")
        assert (await channel.send(notice())).kind == "sent"


async def test_given_the_gateway_ends_the_line_then_a_new_one_is_opened() -> None:
    async with gateway() as server, sms(server) as channel:
        assert (await channel.send(notice())).kind == "sent"
        await server.end_lines()
        await until(lambda: server.signed_in == 2, "a second line")


async def test_a_silent_line_is_tested_and_tests_of_the_gateway_are_answered() -> None:
    async with gateway() as server, sms(server, active_test_s=0.02) as channel:
        await until(lambda: server.tests >= 2, "two tests")
        await server.test()
        assert (await channel.send(notice())).kind == "sent"
        assert server.signed_in == 1


@pytest.mark.slow
async def test_given_tests_without_an_answer_then_the_line_is_given_up() -> None:
    async with gateway() as server:
        server.answers_tests = False
        async with sms(server, active_test_s=0.01, answer_s=0.3):
            await until(lambda: server.signed_in >= 2, "a second line")
    assert server.tests >= 3


# --- reports ---


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("DELIVRD", ""),
        ("UNDELIV", "网关回执：未送达（UNDELIV）"),
        ("MA:0001", "网关回执：未送达（MA:0001）"),
    ],
)
async def test_a_report_is_told_and_answered(state: str, error: str) -> None:
    reports = Reports()
    async with gateway() as server, sms(server, reports) as channel:
        outcome = await channel.send(notice())
        await server.deliver(server.taken[0].id, state, REPORTER)
        await until(lambda: server.reported, "the answer to DELIVER")
        assert reports.told == [(outcome.reference, error)]
        assert server.reported[0][1] == 0


async def test_given_the_database_is_away_then_the_gateway_is_asked_to_report_again() -> None:
    reports = Reports()
    reports.answers = [None]
    async with gateway() as server, sms(server, reports) as channel:
        await channel.send(notice())
        await server.deliver(server.taken[0].id, "UNDELIV", REPORTER)
        await until(lambda: server.reported, "the answer to DELIVER")
        assert server.reported[0][1] == 9


async def test_given_a_report_before_its_message_is_written_down_then_it_is_looked_for_again() -> (
    None
):
    reports = Reports()
    reports.answers = [False, False, True]
    async with gateway() as server, sms(server, reports) as channel:
        await channel.send(notice())
        await server.deliver(server.taken[0].id, "UNDELIV", REPORTER)
        await until(lambda: server.reported, "the answer to DELIVER")
        assert (len(reports.told), server.reported[0][1]) == (3, 0)


async def test_given_somebody_writes_to_us_then_it_is_answered_and_let_go() -> None:
    reports = Reports()
    async with gateway() as server, sms(server, reports) as channel:
        await channel.send(notice())
        await server.write_up("谢谢")
        await until(lambda: server.reported, "the answer to DELIVER")
    assert reports.told == []


async def test_given_undelivered_then_the_notice_that_was_sent_fails_and_says_so(
    database: Database,
) -> None:
    async with gateway() as server:
        settings = places.settings_with(**places.sms_cmpp(server.port))
        await database.write(places.furnish)
        await database.write(put, settings, to="caller:1", template="received")
        async with working(settings, database):
            row = await row_when(database, lambda row: row.state == "sent")
            assert row.reference == server.taken[0].id.hex()
            await server.deliver(server.taken[0].id, "UNDELIV", REPORTER)
            row = await row_when(database, lambda row: row.state == "failed")
    assert row.error == "网关回执：未送达（UNDELIV）"
    assert await database.write(rows.again, 1)


async def test_a_report_finds_its_own_notice_and_no_other(database: Database) -> None:
    settings = places.settings_with(**places.sms_cmpp(9))
    await database.write(places.furnish)
    for key in ("a", "b"):
        await database.write(put, settings, to="caller:1", template="received", key=key)
    one, two = await database.write(rows.take, [1, 2], "w", 1000)
    await database.write(rows.settle, one, "w", Outcome("sent", reference="00ab"), None)
    await database.write(rows.settle, two, "w", Outcome("sent", reference="00a"), None)
    assert not await database.write(rows.report, "sms", "0a", "x")
    assert not await database.write(rows.report, "email", "00ab", "x")
    assert await database.write(rows.report, "sms", "00ab", "")
    assert [row.state for row in await database.read(all_rows)] == ["sent", "sent"]
    assert await database.write(rows.report, "sms", "00ab", "未送达")
    first, second = await database.read(all_rows)
    assert (first.state, first.error, second.state) == ("failed", "未送达", "sent")


# --- bytes ---


def test_the_authenticator_is_the_one_of_the_specification() -> None:
    # Worked by hand: MD5("901234" + 9 NUL + "1234" + "0122013000").
    said = b"901234" + b"\0" * 9 + b"1234" + b"0122013000"
    wanted = hashlib.md5(said, usedforsecurity=False).digest()
    assert cmpp_pdu.authenticator("901234", "1234", 122013000) == wanted


@pytest.mark.parametrize("header", [b"\0" * 12, b"\xff" * 12, b"\0\0\0\x0b" + b"\0" * 8])
def test_lengths_that_no_message_has_are_refused(header: bytes) -> None:
    with pytest.raises(Malformed):
        cmpp_pdu.length_of(header)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_a_report_or_refused(body: bytes) -> None:
    try:
        _, report = cmpp_pdu.read_deliver(body)
    except Malformed:
        return
    assert report is None or len(report.message_id) == 16


def test_what_is_not_for_logs_is_in_no_repr() -> None:
    message = Submit("s", "901234", "1069", REPORTER, "诉求".encode("utf-16-be"))
    assert REPORTER not in repr(message)
    assert REPORTER not in repr(notice())
