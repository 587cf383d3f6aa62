"""CMPP 2.0 on the wire (China Mobile, 2002): its messages as bytes, and back. No I/O.

A message is a header of 12 octets (total length, command, sequence) and a body of fixed fields in
network order; texts are filled up with NUL.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from typing import Any

VERSION = 0x20
HEADER = struct.Struct("!III")
MOST_OCTETS = 4096
"""A longer message is none of this protocol."""

CONNECT, CONNECT_RESP = 0x00000001, 0x80000001
TERMINATE, TERMINATE_RESP = 0x00000002, 0x80000002
SUBMIT, SUBMIT_RESP = 0x00000004, 0x80000004
DELIVER, DELIVER_RESP = 0x00000005, 0x80000005
ACTIVE_TEST, ACTIVE_TEST_RESP = 0x00000008, 0x80000008

UCS2 = 8
CHARGED = 2
"""The enterprise pays, never the citizen."""
FREE = b"01"

_CONNECT = struct.Struct("!6s16sBI")
_CONNECT_RESP = struct.Struct("!B16sB")
_SUBMIT_HEAD = struct.Struct("!8sBBBB10sB21sBBB6s2s6s17s17s21sB")
_DELIVER_HEAD = struct.Struct("!8s21s10sBBB21sBB")
_REPORT = struct.Struct("!8s7s10s10s21sI")
_ID_AND_RESULT = struct.Struct("!8sB")


class Malformed(Exception):
    """Bytes that are no message of this protocol."""


@dataclass(frozen=True, slots=True)
class Pdu:
    command: int
    sequence: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Submit:
    """One message to one number."""

    service_id: str
    source_addr: str
    src_id: str
    to: str = field(repr=False)
    content: bytes = field(repr=False)
    total: int = 1
    number: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report: the message's id as hexadecimal digits, and its state (DELIVRD, …)."""

    message_id: str
    state: str


def packed(command: int, sequence: int, body: bytes = b"") -> bytes:
    return HEADER.pack(HEADER.size + len(body), command, sequence) + body


def length_of(header: bytes) -> tuple[int, int, int]:
    """Octets of the body, command and sequence of a header.

    Raises:
        Malformed: a length that no message has.
    """
    total, command, sequence = HEADER.unpack(header)
    if not HEADER.size <= total <= MOST_OCTETS:
        raise Malformed(f"a message of {total} octets")
    return total - HEADER.size, command, sequence


def authenticator(source_addr: str, secret: str, timestamp: int) -> bytes:
    """MD5 over Source_Addr, nine octets of 0, the secret, and the time as MMDDHHMMSS."""
    said = source_addr.encode() + bytes(9) + secret.encode() + f"{timestamp:010d}".encode()
    return hashlib.md5(said, usedforsecurity=False).digest()


def gateway_authenticator(status: int, client: bytes, secret: str) -> bytes:
    """By which the gateway shows that it knows the secret too."""
    said = bytes([status]) + client + secret.encode()
    return hashlib.md5(said, usedforsecurity=False).digest()


def connect(source_addr: str, secret: str, timestamp: int) -> bytes:
    proof = authenticator(source_addr, secret, timestamp)
    return _CONNECT.pack(source_addr.encode(), proof, VERSION, timestamp)


def read_connect_resp(body: bytes) -> tuple[int, bytes, int]:
    """Status, the gateway's authenticator, its version."""
    status, proof, version = _unpack(_CONNECT_RESP, body)
    return int(status), bytes(proof), int(version)


def submit(message: Submit) -> bytes:
    """The body of a SUBMIT. A message in parts carries its UDH; a report is asked for of the last
    part alone, for a telephone gets all or none."""
    head = _SUBMIT_HEAD.pack(
        bytes(8), message.total, message.number, int(message.number == message.total), 0,
        message.service_id.encode(), CHARGED, b"", 0, int(message.total > 1), UCS2,
        message.source_addr.encode(), FREE, b"0", b"", b"", message.src_id.encode(), 1,
    )  # fmt: skip
    to = message.to.encode().ljust(21, b"\0")
    return head + to + bytes([len(message.content)]) + message.content + bytes(8)


def read_submit_resp(body: bytes) -> tuple[str, int]:
    """The message's id as hexadecimal digits, and the result (0: taken)."""
    message_id, result = _unpack(_ID_AND_RESULT, body)
    return bytes(message_id).hex(), int(result)


def read_deliver(body: bytes) -> tuple[bytes, Report | None]:
    """The id of a DELIVER, and its report; None for a message that somebody wrote to us."""
    if len(body) < _DELIVER_HEAD.size:
        raise Malformed(f"a DELIVER of {len(body)} octets")
    fields = _DELIVER_HEAD.unpack_from(body)
    message_id, reports, length = bytes(fields[0]), fields[7], fields[8]
    if reports != 1:
        return message_id, None
    content = body[_DELIVER_HEAD.size : _DELIVER_HEAD.size + length]
    of, state, *_ = _unpack(_REPORT, content)
    return message_id, Report(bytes(of).hex(), text(bytes(state)))


def deliver_resp(message_id: bytes, result: int) -> bytes:
    return _ID_AND_RESULT.pack(message_id, result)


def text(filled: bytes) -> str:
    """A text that was filled up."""
    return filled.split(b"\0", 1)[0].decode("ascii", errors="replace").strip()


def _unpack(form: struct.Struct, body: bytes) -> tuple[Any, ...]:
    if len(body) != form.size:
        raise Malformed(f"a body of {len(body)} octets, expected {form.size}")
    return form.unpack(body)
