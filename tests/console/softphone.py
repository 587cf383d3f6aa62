"""As much of a browser's telephone as is needed to register: SIP text over `/sip`."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field

import aiohttp


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def message(
    method: str, endpoint: str, *more: str, to: str = "", host: str = "127.0.0.1",
    cseq: int = 1, call: str = "call-1", body: str = "",
) -> str:  # fmt: skip
    """A well-formed request of this telephone."""
    lines = [
        f"{method} sip:{host} SIP/2.0",
        f"Via: SIP/2.0/WS made-up.invalid;branch=z9hG4bK{secrets.token_hex(6)}",
        "Max-Forwards: 70",
        f"From: <sip:{endpoint}@{host}>;tag={secrets.token_hex(4)}",
        f"To: <sip:{to or endpoint}@{host}>",
        f"Call-ID: {call}",
        f"CSeq: {cseq} {method}",
        f"Contact: <sip:{endpoint}@made-up.invalid;transport=ws>;expires=120",
        *more,
        f"Content-Length: {len(body.encode())}",
    ]
    return "\r\n".join(lines) + "\r\n\r\n" + body


@dataclass
class Softphone:
    """Registers with a digest, as JsSIP does."""

    socket: aiohttp.ClientWebSocketResponse
    endpoint: str
    password: str
    host: str = "127.0.0.1"
    call: str = field(default_factory=lambda: secrets.token_hex(8))

    async def register(self) -> int:
        """The last status that Asterisk answers with."""
        status, text = await self._ask(message("REGISTER", self.endpoint, call=self.call))
        if status != 401:
            return status
        realm = re.search(r'realm="([^"]*)"', text)
        nonce = re.search(r'nonce="([^"]*)"', text)
        assert realm
        assert nonce
        uri = f"sip:{self.host}"
        ha1 = md5(f"{self.endpoint}:{realm[1]}:{self.password}")
        proof = md5(f"{ha1}:{nonce[1]}:00000001:abcd:auth:{md5(f'REGISTER:{uri}')}")
        header = (
            f'Authorization: Digest username="{self.endpoint}", realm="{realm[1]}", '
            f'nonce="{nonce[1]}", uri="{uri}", response="{proof}", algorithm=MD5, '
            f'cnonce="abcd", qop=auth, nc=00000001'
        )
        return (
            await self._ask(message("REGISTER", self.endpoint, header, call=self.call, cseq=2))
        )[0]

    async def _ask(self, text: str) -> tuple[int, str]:
        await self.socket.send_str(text)
        while True:
            answer = await self.socket.receive_str(timeout=10)
            found = re.match(r"SIP/2\.0 (\d{3})", answer)
            if found and found[1] != "100":
                return int(found[1]), answer
