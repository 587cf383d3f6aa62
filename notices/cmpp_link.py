"""One connection to a CMPP gateway: signed in, read from, tested while idle, ended properly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from config.channels import Cmpp
from notices import cmpp_pdu as pdu
from notices.cmpp_pdu import Malformed, Pdu, Report

log = logging.getLogger("hotline.notices.cmpp")

TESTS_UNANSWERED = 3
"""So many tests without an answer, and the line is taken for dead (N of the specification)."""
END_S = 2.0
"""How long the answer to TERMINATE is waited for."""
LAST_SEQUENCE = 0x7FFFFFFF
_STATUS = {
    1: "消息结构错误",
    2: "企业代码不正确",
    3: "认证未通过",
    4: "版本不支持",
}

Reported = Callable[[Report], Awaitable[bool]]
"""Keeps a delivery report; False when it can't be kept now, and is to come again."""


class NoLine(Exception):
    """There is no connection; nothing was sent on it. The text is a Chinese sentence."""


class LineLost(Exception):
    """The connection broke, or stayed silent, after something was sent on it."""


class Link:
    """A connection that is signed in. `gone` is set when it is no longer of use."""

    def __init__(
        self,
        settings: Cmpp,
        reported: Reported,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.gone = asyncio.Event()
        self._settings = settings
        self._reported = reported
        self._reader = reader
        self._writer = writer
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._window = asyncio.Semaphore(settings.window)
        self._keeping: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None
        self._testing: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: Cmpp, reported: Reported) -> Link:
        """Connect and sign in.

        Raises:
            NoLine: the gateway can't be reached, refuses, or is another than it says.
        """
        try:
            async with asyncio.timeout(settings.answer_s):
                reader, writer = await asyncio.open_connection(settings.host, settings.port)
        except (OSError, TimeoutError):
            raise NoLine("无法连接短信网关") from None
        link = cls(settings, reported, reader, writer)
        try:
            async with asyncio.timeout(settings.answer_s):
                await link._sign_in()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, Malformed):
            await link._hang_up()
            raise NoLine("短信网关未答复登录") from None
        except BaseException:
            await link._hang_up()
            raise
        link._reading = asyncio.create_task(link._read(), name="notices-cmpp-read")
        link._testing = asyncio.create_task(link._test(), name="notices-cmpp-test")
        return link

    async def submit(self, message: pdu.Submit) -> tuple[str, int]:
        """Send a message; its id at the gateway, and the result (0: taken).

        Raises:
            NoLine: the line was gone before anything was sent.
            LineLost: it broke, or no answer came in time, after it was sent.
        """
        async with self._window:
            if self.gone.is_set():
                raise NoLine("短信网关连接已断开")
            answer = await self._ask(pdu.SUBMIT, pdu.submit(message))
        try:
            return pdu.read_submit_resp(answer)
        except Malformed:
            raise LineLost from None

    async def close(self) -> None:
        """End with TERMINATE, if the gateway still listens."""
        if not self.gone.is_set():
            with contextlib.suppress(LineLost, TimeoutError):
                async with asyncio.timeout(END_S):
                    await self._ask(pdu.TERMINATE, b"")
        for task in (self._reading, self._testing, *self._keeping):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await self._hang_up()

    async def _sign_in(self) -> None:
        settings = self._settings
        timestamp = int(datetime.now().astimezone().strftime("%m%d%H%M%S"))
        asked = pdu.connect(settings.source_addr, settings.secret, timestamp)
        self._writer.write(pdu.packed(pdu.CONNECT, self._next(), asked))
        await self._writer.drain()
        answer = await self._next_pdu()
        if answer.command != pdu.CONNECT_RESP:
            raise Malformed("not an answer to CONNECT")
        status, proof, _ = pdu.read_connect_resp(answer.body)
        if status != 0:
            said = _STATUS.get(status, f"代码 {status}")
            raise NoLine(f"短信网关拒绝登录（{said}）")
        own = pdu.authenticator(settings.source_addr, settings.secret, timestamp)
        if proof != pdu.gateway_authenticator(status, own, settings.secret):
            raise NoLine("短信网关身份核对未通过")

    async def _ask(self, command: int, body: bytes) -> bytes:
        """Send, and wait for the answer of that sequence."""
        sequence = self._next()
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        try:
            self._writer.write(pdu.packed(command, sequence, body))
            async with asyncio.timeout(self._settings.answer_s):
                await self._writer.drain()
                return await answer
        except (OSError, TimeoutError):
            raise LineLost from None
        finally:
            self._waiting.pop(sequence, None)
            # Whatever was set and is not waited for any more.
            answer.cancel()

    async def _read(self) -> None:
        try:
            while True:
                await self._take(await self._next_pdu())
        except (OSError, asyncio.IncompleteReadError):
            log.warning("the gateway closed the line")
        except Malformed as error:
            log.warning("the gateway sent what is no message: %s", error)
        finally:
            self._lost()

    async def _next_pdu(self) -> Pdu:
        header = await self._reader.readexactly(pdu.HEADER.size)
        length, command, sequence = pdu.length_of(header)
        return Pdu(command, sequence, await self._reader.readexactly(length))

    async def _take(self, message: Pdu) -> None:
        if message.command in (pdu.SUBMIT_RESP, pdu.ACTIVE_TEST_RESP, pdu.TERMINATE_RESP):
            answer = self._waiting.get(message.sequence)
            if answer is not None and not answer.done():
                answer.set_result(message.body)
        elif message.command == pdu.ACTIVE_TEST:
            await self._answer(pdu.ACTIVE_TEST_RESP, message.sequence, b"\0")
        elif message.command == pdu.DELIVER:
            keeping = asyncio.create_task(self._keep(message), name="notices-cmpp-report")
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)
        elif message.command == pdu.TERMINATE:
            await self._answer(pdu.TERMINATE_RESP, message.sequence, b"")
            raise OSError("the gateway ends the line")

    async def _keep(self, message: Pdu) -> None:
        """Answer a DELIVER once what it reports is kept; what people write to us is let go."""
        try:
            message_id, report = pdu.read_deliver(message.body)
        except Malformed as error:
            log.warning("the gateway delivered what is no report: %s", error)
            await self._answer(pdu.DELIVER_RESP, message.sequence, pdu.deliver_resp(bytes(8), 1))
            return
        kept = report is None or await self._reported(report)
        body = pdu.deliver_resp(message_id, 0 if kept else 9)
        await self._answer(pdu.DELIVER_RESP, message.sequence, body)

    async def _answer(self, command: int, sequence: int, body: bytes) -> None:
        with contextlib.suppress(OSError):
            self._writer.write(pdu.packed(command, sequence, body))
            await self._writer.drain()

    async def _test(self) -> None:
        """A silent line is tested; one that does not answer is given up."""
        missed = 0
        while missed < TESTS_UNANSWERED:
            await asyncio.sleep(self._settings.active_test_s)
            try:
                await self._ask(pdu.ACTIVE_TEST, b"")
                missed = 0
            except LineLost:
                missed += 1
        log.warning("the gateway does not answer any more")
        self._lost()

    def _lost(self) -> None:
        self.gone.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(LineLost())

    def _next(self) -> int:
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        return self._sequence

    async def _hang_up(self) -> None:
        self._lost()
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(END_S):
                await self._writer.wait_closed()
