"""What a channel is given to send, and what it says came of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Literal, Protocol

Kind = Literal["sent", "later", "refused", "unknown"]

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
_MANY_DIGITS = re.compile(r"\d{7,}")


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice, ready to be sent. What is not for logs is kept out of its repr."""

    id: int
    key: str = field(repr=False)
    template: str
    label: str
    text: str = field(repr=False)
    number: str
    """The ticket's; empty for a notice of no ticket."""
    at_ms: int
    to: tuple[str, ...] = field(repr=False)
    """Addresses in this channel: accounts, numbers, or the name of a robot or hook."""

    @property
    def once(self) -> str:
        """The same for each try of this notice, 32 hexadecimal digits."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try; `error` is a Chinese sentence without an address or a number.

    `unknown`: it broke off after the message may have been taken. `wait_s`: the least time
    before the next try, as the far end wants it.
    """

    kind: Kind
    error: str | None = None
    wait_s: float = 0.0
    reference: str | None = None


def sent(reference: str | None = None) -> Outcome:
    return Outcome("sent", reference=reference)


def later(error: str, wait_s: float = 0.0) -> Outcome:
    """Not sent, and another try may succeed."""
    return Outcome("later", error, wait_s)


def refused(error: str) -> Outcome:
    """Not sent, and another try would be refused as well."""
    return Outcome("refused", error)


def unknown(error: str) -> Outcome:
    """Sent or not: nobody can say."""
    return Outcome("unknown", error)


class Channel(Protocol):
    """A way out of the house."""

    name: str
    idempotent: bool
    """The far end takes the same notice once however often it is sent."""

    async def start(self) -> None: ...

    async def send(self, notice: Notice) -> Outcome: ...

    async def stop(self) -> None: ...


def code_of(value: object) -> str:
    """A code of the far end, fit to be shown: it could hold anything, a number of ours too."""
    text = str(value)
    if _CODE.fullmatch(text) and not _MANY_DIGITS.search(text):
        return text
    return "无法识别的代码"
