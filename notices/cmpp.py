"""SMS over CMPP 2.0: one line to the gateway, kept up, and what its answers mean."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Awaitable, Callable

from config.channels import Cmpp
from notices import cmpp_pdu, cmpp_text
from notices.cmpp_link import LineLost, Link, NoLine
from notices.cmpp_pdu import Report
from notices.outcome import Notice, Outcome, code_of, later, refused, sent, unknown
from notices.sms_http import signed

log = logging.getLogger("hotline.notices.cmpp")

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
LINE_S = 5.0
"""How long a notice waits for the line to come up."""
FLOW_CONTROL = 8
FLOW_WAIT_S = 5.0
ARRIVED = frozenset({"DELIVRD", "ACCEPTD"})
RACE_TRIES = 6
RACE_WAIT_S = 0.5
"""A report can be here before its message's id is written down."""

_RESULTS = {
    1: "消息结构错误",
    2: "命令字错误",
    3: "消息序号重复",
    4: "消息长度错误",
    5: "资费代码错误",
    6: "超过最大信息长度",
    7: "业务代码错误",
    9: "网关其他错误",
}

Reports = Callable[[str, str], Awaitable[bool | None]]
"""Takes a message's id and an error (empty: it arrived). True: kept; False: no such message yet;
None: can't be kept now."""


class CmppSms:
    """Sends to one mobile number. The protocol has no key: what broke off is not sent again."""

    name = "sms"
    idempotent = False

    def __init__(self, settings: Cmpp, sign: str, reports: Reports) -> None:
        self._settings = settings
        self._sign = sign
        self._reports = reports
        self._link: Link | None = None
        self._why = "尚未连接短信网关"
        self._changed = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._reference = secrets.randbelow(256)

    @property
    def up(self) -> bool:
        """Whether there is a line that is signed in."""
        return self._link is not None and not self._link.gone.is_set()

    async def start(self) -> None:
        """Begin to connect; goes on by itself until `stop`."""
        self._keeping = asyncio.create_task(self._keep(), name="notices-cmpp-keep")

    async def stop(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._link is not None:
            await self._link.close()

    async def send(self, notice: Notice) -> Outcome:
        self._reference = (self._reference + 1) % 256
        try:
            contents = cmpp_text.parts(signed(self._sign, notice.text), self._reference)
        except ValueError:
            return refused("短信内容过长")
        link = await self._line()
        if link is None:
            return later(self._why)
        taken = ""
        for number, content in enumerate(contents, start=1):
            try:
                message_id, result = await link.submit(
                    cmpp_pdu.Submit(
                        self._settings.service_id, self._settings.source_addr,
                        self._settings.src_id, notice.to[0], content, len(contents), number,
                    )
                )  # fmt: skip
            except NoLine:
                if taken:
                    return unknown("长短信只发出一部分，连接断开")
                return later("短信网关连接已断开")
            except LineLost:
                return unknown("短信网关未答复")
            if result != 0:
                return _not_taken(result, partly=bool(taken))
            taken = message_id
        return sent(taken)

    async def _line(self) -> Link | None:
        """The line, as soon as it is up; None when that takes too long."""
        try:
            async with asyncio.timeout(LINE_S):
                while (link := self._link) is None or link.gone.is_set():
                    self._changed.clear()
                    await self._changed.wait()
                return link
        except TimeoutError:
            return None

    async def _keep(self) -> None:
        """Hold a line to the gateway: reports come over it at any time."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                self._link = await Link.open(self._settings, self._reported)
            except NoLine as error:
                self._link, self._why = None, str(error)
                log.warning("no line to the gateway; trying again")
            else:
                wait_s = FIRST_WAIT_S
                log.info("the line to the gateway is up")
                self._changed.set()
                await self._link.gone.wait()
                self._why = "短信网关连接已断开"
                await self._link.close()
                self._link = None
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _reported(self, report: Report) -> bool:
        error = ""
        if report.state not in ARRIVED:
            error = f"网关回执：未送达（{code_of(report.state)}）"
        for _ in range(RACE_TRIES):
            kept = await self._reports(report.message_id, error)
            if kept is None:
                return False
            if kept:
                return True
            await asyncio.sleep(RACE_WAIT_S)
        log.info("a delivery report for no notice of ours")
        return True


def _not_taken(result: int, *, partly: bool) -> Outcome:
    if partly:
        return refused(f"长短信只发出一部分（{_RESULTS.get(result, f'代码 {result}')}）")
    if result == FLOW_CONTROL:
        return later("短信网关流量控制", FLOW_WAIT_S)
    return refused(f"短信网关拒绝发送（{_RESULTS.get(result, f'代码 {result}')}）")
