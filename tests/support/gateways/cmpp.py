"""A gateway of China Mobile's that speaks CMPP 2.0, written from the specification alone."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import struct
from dataclasses import dataclass, field
from typing import Self

from tests.support.gateways.faults import Faulty

HEADER = struct.Struct(">3I")


@dataclass
class Message:
    """A SUBMIT as it lay on the wire."""

    sequence: int
    id: bytes
    total: int
    number: int
    report: int
    service_id: str
    udhi: int
    fmt: int
    source: str
    src_id: str
    to: str
    content: bytes
    text: str = field(init=False)

    def __post_init__(self) -> None:
        body = self.content[6:] if self.udhi else self.content
        self.text = body.decode("utf-16-be")


def text_of(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("ascii")


class CmppGateway(Faulty):
    """One port; each connection signs in before anything else."""

    def __init__(self, source: str, secret: str) -> None:
        super().__init__()
        self.taken: list[Message] = []
        self.port = 0
        self.results: list[int] = []
        """Results of the next SUBMITs; 0 when none is left."""
        self.state = ""
        """The state that is reported for each message that is taken; empty: none."""
        self.liar = False
        """True: another gateway than it says; it does not know the secret."""
        self.answers_tests = True
        self.holding = False
        """True: SUBMITs are kept unanswered until `answer_all`."""
        self.most_open = 0
        self.tests = 0
        self.terminated = 0
        self.signed_in = 0
        self.reported: list[tuple[bytes, int]] = []
        """Id and result of each DELIVER_RESP."""
        self._source = source
        self._secret = secret
        self._held: list[tuple[asyncio.StreamWriter, Message]] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._sequence = 0
        self._ids = 0

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_: object) -> None:
        self.released.set()
        await self.close()

    async def close(self) -> None:
        """Gone: every line is cut, none is taken."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    def answer_all(self) -> None:
        """Answer what was held, last first: sequences need not come back in order."""
        self.holding = False
        for writer, message in reversed(self._held):
            self._answer_submit(writer, message)
        self._held.clear()

    async def test(self) -> None:
        """The gateway tests its lines."""
        for writer in tuple(self._writers):
            self._send(writer, 8, self._next(), b"")

    async def deliver(self, message_id: bytes, state: str, to: str) -> None:
        """Report what became of a message, over whatever line there is."""
        for writer in tuple(self._writers):
            report = message_id + state.encode().ljust(7, b"\0")
            report += b"2611220900" * 2 + to.encode().ljust(21, b"\0") + struct.pack(">I", 1)
            await self._deliver(writer, report, reports=1)

    async def write_up(self, text: str) -> None:
        """A citizen writes to the access number."""
        for writer in tuple(self._writers):
            await self._deliver(writer, text.encode("utf-16-be"), reports=0)

    async def send_garbage(self) -> None:
        for writer in tuple(self._writers):
            writer.write(b"\xff" * 12)

    async def end_lines(self) -> None:
        """TERMINATE from the gateway's side."""
        for writer in tuple(self._writers):
            self._send(writer, 2, self._next(), b"")

    # --- the line ---

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                total, command, sequence = HEADER.unpack(await reader.readexactly(12))
                body = await reader.readexactly(total - 12)
                if not self._take(writer, command, sequence, body):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def _take(self, writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes) -> bool:
        """Whether the line goes on."""
        if command == 1:
            return self._connect(writer, sequence, body)
        if command == 4:
            return self._submit(writer, sequence, body)
        if command == 8:
            self.tests += 1
            if self.answers_tests:
                self._send(writer, 0x80000008, sequence, b"\0")
        elif command == 0x80000005:
            self.reported.append((body[:8], body[8]))
        elif command == 2:
            self.terminated += 1
            self._send(writer, 0x80000002, sequence, b"")
            return False
        elif command == 0x80000002:
            return False
        return True

    def _connect(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> bool:
        assert len(body) == 27, "CONNECT has 27 octets of body"
        source, proof, version = text_of(body[:6]), body[6:22], body[22]
        (timestamp,) = struct.unpack(">I", body[23:])
        said = self._source.encode() + bytes(9) + self._secret.encode() + b"%010d" % timestamp
        status = 0
        if source != self._source:
            status = 2
        elif proof != hashlib.md5(said).digest():  # noqa: S324 - as the protocol has it
            status = 3
        elif version > 0x20:
            status = 4
        secret = "another" if self.liar else self._secret
        back = hashlib.md5(bytes([status]) + proof + secret.encode()).digest()  # noqa: S324
        self._send(writer, 0x80000001, sequence, bytes([status]) + back + b"\x20")
        self.signed_in += status == 0
        return status == 0

    def _submit(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> bool:
        self.asked += 1
        if self.fault == "break_before":
            writer.transport.abort()
            return False
        self._ids += 1
        length = body[138]
        assert len(body) == 139 + length + 8, "the fixed fields of a SUBMIT have 147 octets"
        assert body[116] == 1, "to one number"
        assert (body[22], body[53:55]) == (2, b"01"), "the citizen must not be charged"
        message = Message(
            sequence,
            struct.pack(">Q", self._ids),
            total=body[8],
            number=body[9],
            report=body[10],
            service_id=text_of(body[12:22]),
            udhi=body[45],
            fmt=body[46],
            source=text_of(body[47:53]),
            src_id=text_of(body[95:116]),
            to=text_of(body[117:138]),
            content=body[139 : 139 + length],
        )
        result = self.results.pop(0) if self.results else 0
        if self.fault == "refuse":
            result = 7
        elif self.fault == "later":
            result = 8
        if result:
            self._send(writer, 0x80000004, sequence, message.id + bytes([result]))
            return True
        self.taken.append(message)
        if self.fault == "break_after":
            # In the middle of the answer.
            writer.write(HEADER.pack(21, 0x80000004, sequence) + message.id[:3])
            return False
        if self.fault == "stall":
            return True
        if self.holding:
            self._held.append((writer, message))
            self.most_open = max(self.most_open, len(self._held))
            return True
        self._answer_submit(writer, message)
        return True

    def _answer_submit(self, writer: asyncio.StreamWriter, message: Message) -> None:
        self._send(writer, 0x80000004, message.sequence, message.id + b"\0")

    async def _deliver(self, writer: asyncio.StreamWriter, content: bytes, reports: int) -> None:
        self._ids += 1
        body = struct.pack(">Q", self._ids) + bytes(21) + bytes(10) + b"\0\0\x08"
        body += (
            b"13800000000".ljust(21, b"\0") + bytes([reports, len(content)]) + content + bytes(8)
        )
        self._send(writer, 5, self._next(), body)

    def _send(self, writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes) -> None:
        writer.write(HEADER.pack(12 + len(body), command, sequence) + body)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence
